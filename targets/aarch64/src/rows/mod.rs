//! Instruction rows, a file per group of the Arm ARM's encoding index (C4.1), and the decoder over all.

use target::decode::key;
use target::{Decoder, Table};

pub mod branches;
pub mod crc32;
pub mod crypto;
pub mod dp_imm;
pub mod dp_reg;
pub mod flags;
pub mod fp_compare;
pub mod fp_convert;
pub mod fp_data;
pub mod fp_half;
pub mod loadstore;
pub mod loadstore_atomic;
pub mod loadstore_mops;
pub mod loadstore_ordered;
pub mod loadstore_pair;
pub mod pauth;
pub mod sha512;
pub mod simd_across;
pub mod simd_copy;
pub mod simd_dot;
pub mod simd_float;
pub mod simd_half;
pub mod simd_imm;
pub mod simd_indexed;
pub mod simd_loadstore;
pub mod simd_narrow;
pub mod simd_permute;
pub mod simd_scalar;
pub mod simd_shift;
pub mod simd_shift_reg;
pub mod simd_three_diff;
pub mod simd_three_same;
pub mod simd_two_misc;
pub mod sysregs;
pub mod system;

/// All groups.
pub const GROUPS: &[Table] = &[
    dp_imm::ROWS,
    dp_imm::CSSC,
    branches::ROWS,
    branches::HBC,
    pauth::HINTS,
    pauth::BRANCHES,
    pauth::LOADS,
    pauth::DATA,
    pauth::GENERIC,
    flags::FLAGM,
    flags::FLAGM2,
    system::ROWS,
    system::DCPOP,
    system::DCPODP,
    system::SB,
    system::WFXT,
    system::DIT,
    system::SSBS,
    sysregs::ROWS,
    sysregs::ECV,
    sysregs::CPUID,
    sysregs::DIT,
    sysregs::SSBS,
    sysregs::RNG,
    loadstore::SCALED,
    loadstore::UNSCALED,
    loadstore::POST_INDEX,
    loadstore::UNPRIVILEGED,
    loadstore::PRE_INDEX,
    loadstore::REGISTER,
    loadstore::LITERAL,
    loadstore_mops::MOPS,
    loadstore_pair::ROWS,
    loadstore_ordered::ROWS,
    loadstore_ordered::LOR,
    loadstore_ordered::LRCPC,
    loadstore_ordered::ILRCPC,
    loadstore_ordered::LRCPC3,
    loadstore_atomic::ROWS,
    loadstore_atomic::LSE128,
    dp_reg::SHIFTED,
    dp_reg::ROWS,
    dp_reg::CSSC,
    crc32::ROWS,
    crypto::AES,
    crypto::SHA1,
    crypto::SHA256,
    sha512::SHA512,
    crypto::SHA3,
    crypto::SM3,
    crypto::SM4,
    fp_compare::ROWS,
    fp_convert::ROWS,
    fp_convert::JAVASCRIPT,
    fp_data::ROWS,
    fp_data::INT_RANGE,
    fp_half::ROWS,
    fp_half::CONVERT,
    simd_across::ROWS,
    simd_copy::ROWS,
    simd_dot::DOT,
    simd_dot::MATRIX,
    simd_dot::ROUNDING_DOUBLING,
    simd_float::THREE_SAME,
    simd_float::TWO_MISC,
    simd_float::INT_RANGE,
    simd_float::SCALAR,
    simd_half::THREE_SAME,
    simd_half::TWO_MISC,
    simd_half::SCALAR,
    simd_half::REST,
    simd_imm::ROWS,
    simd_indexed::ROWS,
    simd_indexed::SCALAR,
    simd_loadstore::MULTIPLE,
    simd_loadstore::SINGLE,
    simd_narrow::HALF_PRODUCTS,
    simd_narrow::BFLOAT16,
    simd_narrow::COMPLEX,
    simd_permute::ROWS,
    simd_scalar::ROWS,
    simd_shift::ROWS,
    simd_three_diff::ROWS,
    simd_three_diff::POLYNOMIAL,
    simd_three_same::ROWS,
    simd_two_misc::ROWS,
];

/// The bits that tell most rows apart, weighed by how often the rows occur in Debian's libc: a word meets 1.4
/// candidates.
const KEY: u32 = key([31, 30, 29, 27, 26, 25, 24, 23, 22, 14, 10]);

/// The decoder.
pub static DECODER: Decoder<KEY, { Decoder::<KEY, 0>::entries(GROUPS, 32) }> = Decoder::new(GROUPS, 32);
