//! Instruction rows, in files by the manual's extensions.

mod a;
mod b;
mod c;
mod d;
mod f;
mod i;
mod m;
mod v_bfloat;
mod v_bits;
mod v_compare;
mod v_config;
mod v_convert;
mod v_crypto;
mod v_fixed;
mod v_float;
mod v_integer;
mod v_mask;
mod v_memory;
mod v_permute;
mod v_reduce;
mod v_sm3;
mod v_widen;
mod z;
mod zfa;
mod zfbfmin;
mod zfh;
pub mod zicsr;
mod zk;

pub(crate) use i::is_link;
pub use z::CACHE_BLOCK;

use target::decode::key;
use target::{Decoder, Table};

/// Every table.
pub static TABLES: &[Table] = &[
    i::COMPUTE,
    i::JUMPS,
    i::MEMORY,
    i::SYSTEM,
    i::ZIHINTPAUSE,
    i::ZIFENCEI,
    m::M,
    a::ZALRSC,
    a::ZAAMO,
    a::ZABHA,
    a::ZACAS,
    a::ZACAS_ZABHA,
    a::ZAWRS,
    f::F_ROWS,
    d::D_ROWS,
    zfh::HALVES,
    zfh::ZFHMIN,
    zfh::ZFH,
    zfbfmin::ZFBFMIN,
    zfa::ZFA,
    zfa::ZFA_ZFH,
    zicsr::ZICSR,
    z::ZICOND,
    z::ZIMOP,
    z::ZICBOM,
    z::ZICBOZ,
    b::ZBA,
    b::ZBB,
    b::ZBB_ZBKB,
    b::ZBKB,
    b::ZBS,
    b::ZBC_ZBKC,
    b::ZBC,
    b::ZBKX,
    zk::ZKND,
    zk::ZKNE,
    zk::ZKND_ZKNE,
    zk::ZKNH,
    zk::ZKSED,
    zk::ZKSH,
    v_config::CONFIG,
    v_memory::UNIT,
    v_memory::STRIDED,
    v_memory::INDEXED,
    v_memory::SEGMENTS,
    v_memory::WHOLE,
    v_integer::INTEGER,
    v_integer::MERGE,
    v_integer::MULTIPLY,
    v_compare::COMPARE,
    v_compare::CARRY,
    v_widen::WIDEN_ADD,
    v_widen::WIDEN_MULTIPLY,
    v_widen::EXTEND,
    v_widen::NARROW,
    v_fixed::SATURATE,
    v_fixed::ROUND,
    v_fixed::CLIP,
    v_float::FLOAT,
    v_float::FUSED,
    v_float::SIGNS,
    v_float::FLOAT_COMPARE,
    v_float::FLOAT_WIDEN,
    v_convert::CONVERT,
    v_bfloat::ZVFBFMIN,
    v_bfloat::ZVFBFWMA,
    v_reduce::REDUCE,
    v_reduce::FLOAT_REDUCE,
    v_mask::LOGIC,
    v_mask::BITS,
    v_permute::SCALAR,
    v_permute::SLIDE,
    v_permute::GATHER,
    v_bits::ZVKB,
    v_bits::ZVBB,
    v_bits::ZVBC,
    v_crypto::ZVKNED,
    v_crypto::ZVKNHA,
    v_crypto::ZVKG,
    v_crypto::ZVKSED,
    v_sm3::ZVKSH,
    c::MEMORY,
    c::MEMORY_D,
    c::JUMPS,
    c::COMPUTE,
    c::ZCB,
    c::ZCB_ZBB,
    c::ZCB_ZBA,
    c::ZCMOP,
];

/// Opcode and funct3, and of funct7 what tells most rows apart.
const KEY32: u32 = key([2, 3, 4, 5, 6, 12, 13, 14, 25, 28, 30]);
const ENTRIES32: usize = Decoder::<KEY32, 0>::entries(TABLES, 32);
/// The decoder of 32-bit instructions.
pub static DECODER32: Decoder<KEY32, ENTRIES32> = Decoder::new(TABLES, 32);

/// Quadrant, funct3, and the fields that take its place.
const KEY16: u32 = key([0, 1, 13, 14, 15, 12, 11, 10, 6, 5, 2]);
const ENTRIES16: usize = Decoder::<KEY16, 0>::entries(TABLES, 16);
/// The decoder of compressed instructions.
pub static DECODER16: Decoder<KEY16, ENTRIES16> = Decoder::new(TABLES, 16);
