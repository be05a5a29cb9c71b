//! Table: the extensions. A row is a constant for the instruction tables, the name, the smallest model that
//! has it, its bit in `hwprobe`'s IMA_EXT_0 (Linux 6.18, asm/hwprobe.h), whether Linux knows it, and what
//! it requires. The order is that of Linux' ISA string (arch/riscv/kernel/cpufeature.c).

use target::{Feature, FeatureDef, Features};

use super::model::Model;

/// What beside its name is told of an extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension {
    /// The smallest model that has it.
    pub from: Model,
    /// Bit of IMA_EXT_0.
    pub probe: Option<u8>,
    /// What must be there for it.
    pub requires: &'static [Feature],
}

/// AT_HWCAP has a bit for each extension of one letter.
const fn hwcap(name: &str) -> u64 {
    match name.as_bytes() {
        [letter] => 1 << (*letter - b'a'),
        _ => 0,
    }
}

macro_rules! probe_bit {
    (-) => {
        None
    };
    ($bit:literal) => {
        Some($bit)
    };
}

macro_rules! known {
    (linux) => {
        true
    };
    (hidden) => {
        false
    };
}

macro_rules! extensions {
    ($( $(#[$meta:meta])* $konst:ident $name:literal $from:ident $probe:tt $known:ident [$($requires:ident)*]; )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "counts the rows")]
        #[repr(u8)]
        enum Index { $($konst),* }
        $( $(#[$meta])* pub const $konst: Feature = Feature(Index::$konst as u8); )*

        /// The feature table, by number.
        pub const TABLE: &[FeatureDef] = &[$( FeatureDef {
            name: $name, hwcap: [hwcap($name), 0, 0], in_cpuinfo: known!($known),
        } ),*];

        /// What else there is to tell, by number.
        pub const EXTENSIONS: &[Extension] = &[$( Extension {
            from: Model::$from, probe: probe_bit!($probe), requires: &[$($requires),*],
        } ),*];
    };
}

extensions! {
    /// Base integer instructions.
    I "i" Rv64gc - linux [];
    /// Multiplication and division.
    M "m" Rv64gc - linux [];
    /// Atomics.
    A "a" Rv64gc - linux [];
    /// Single precision.
    F "f" Rv64gc - linux [ZICSR];
    /// Double precision.
    D "d" Rv64gc 0 linux [F];
    /// Compressed instructions.
    C "c" Rv64gc 1 linux [];
    /// Vectors of 128 bits.
    V "v" Rva23 2 linux [ZVE64D];
    /// Cache-block management.
    ZICBOM "zicbom" Rva22 55 linux [];
    /// Prefetch hints.
    ZICBOP "zicbop" Rva22 60 linux [];
    /// Cache-block zeroing.
    ZICBOZ "zicboz" Rva22 6 linux [];
    /// LR and SC make progress.
    ZICCRSE "ziccrse" Rva20 - linux [];
    /// Base counters.
    ZICNTR "zicntr" Rv64gc 50 linux [ZICSR];
    /// Conditional operations.
    ZICOND "zicond" Rva23 35 linux [];
    /// Control and status registers.
    ZICSR "zicsr" Rv64gc - linux [];
    /// Instruction-fetch fence.
    ZIFENCEI "zifencei" Rv64gc - linux [];
    /// Non-temporal locality hints.
    ZIHINTNTL "zihintntl" Rva23 29 linux [];
    /// Pause hint.
    ZIHINTPAUSE "zihintpause" Rva22 36 linux [];
    /// Event counters.
    ZIHPM "zihpm" Rv64gc 51 linux [ZICSR];
    /// May-be-operations.
    ZIMOP "zimop" Rva23 42 linux [];
    /// Atomic memory operations: a part of A.
    ZAAMO "zaamo" Rv64gc 56 linux [A];
    /// Atomic bytes and half-words.
    ZABHA "zabha" Max 58 linux [A];
    /// Compare and swap.
    ZACAS "zacas" Max 34 linux [A];
    /// Load-reserved and store-conditional: a part of A.
    ZALRSC "zalrsc" Rv64gc 57 linux [A];
    /// Misaligned accesses within 16 bytes are atomic.
    ZAMA16B "zama16b" Max - hidden [A];
    /// Waiting on a reservation.
    ZAWRS "zawrs" Rva23 48 linux [A];
    /// Additional floating-point instructions.
    ZFA "zfa" Rva23 32 linux [F];
    /// BFloat16: conversions, and moving its bits.
    ZFBFMIN "zfbfmin" Max 52 linux [F];
    /// Half precision.
    ZFH "zfh" Max 27 linux [ZFHMIN];
    /// Half precision: conversions only.
    ZFHMIN "zfhmin" Rva22 28 linux [F];
    /// Compressed instructions but floating-point ones: a part of C.
    ZCA "zca" Rv64gc 43 linux [C];
    /// More compressed instructions.
    ZCB "zcb" Rva23 44 linux [C];
    /// Compressed loads and stores of D: a part of C.
    ZCD "zcd" Rv64gc 45 linux [C D];
    /// Compressed may-be-operations.
    ZCMOP "zcmop" Rva23 47 linux [C];
    /// Address generation.
    ZBA "zba" Rva22 3 linux [];
    /// Basic bit manipulation.
    ZBB "zbb" Rva22 4 linux [];
    /// Carry-less multiplication.
    ZBC "zbc" Max 7 linux [];
    /// Bit manipulation for cryptography.
    ZBKB "zbkb" Max 8 linux [];
    /// Carry-less multiplication for cryptography.
    ZBKC "zbkc" Max 9 linux [];
    /// Crossbar permutations.
    ZBKX "zbkx" Max 10 linux [];
    /// Single bits.
    ZBS "zbs" Rva22 5 linux [];
    /// AES decryption.
    ZKND "zknd" Max 11 linux [];
    /// AES encryption.
    ZKNE "zkne" Max 12 linux [];
    /// SHA-2.
    ZKNH "zknh" Max 13 linux [];
    /// SM4.
    ZKSED "zksed" Max 14 linux [];
    /// SM3.
    ZKSH "zksh" Max 15 linux [];
    /// Data-independent execution latency.
    ZKT "zkt" Rva22 16 linux [];
    /// Total store ordering, which the host has.
    ZTSO "ztso" Max 33 linux [];
    /// Vectors: basic bit manipulation.
    ZVBB "zvbb" Rva23 17 linux [ZVKB];
    /// Vectors: carry-less multiplication.
    ZVBC "zvbc" Max 18 linux [V];
    /// Vectors: single precision and integers of 32 bits: a part of V.
    ZVE32F "zve32f" Rva23 38 linux [ZVE32X F];
    /// Vectors: integers of 32 bits: a part of V.
    ZVE32X "zve32x" Rva23 37 linux [ZICSR];
    /// Vectors: double precision: a part of V.
    ZVE64D "zve64d" Rva23 41 linux [ZVE64F D];
    /// Vectors: single precision and integers of 64 bits: a part of V.
    ZVE64F "zve64f" Rva23 40 linux [ZVE32F ZVE64X];
    /// Vectors: integers of 64 bits: a part of V.
    ZVE64X "zve64x" Rva23 39 linux [ZVE32X];
    /// Vectors: BFloat16, conversions.
    ZVFBFMIN "zvfbfmin" Max 53 linux [V];
    /// Vectors: BFloat16, products added to single precision.
    ZVFBFWMA "zvfbfwma" Max 54 linux [ZVFBFMIN ZFBFMIN];
    /// Vectors: half precision.
    ZVFH "zvfh" Max 30 linux [V ZVFHMIN ZFHMIN];
    /// Vectors: half precision, conversions only.
    ZVFHMIN "zvfhmin" Rva23 31 linux [V];
    /// Vectors: bit manipulation for cryptography.
    ZVKB "zvkb" Rva23 19 linux [V];
    /// Vectors: GCM.
    ZVKG "zvkg" Max 20 linux [V];
    /// Vectors: AES.
    ZVKNED "zvkned" Max 21 linux [V];
    /// Vectors: SHA-256.
    ZVKNHA "zvknha" Max 22 linux [V];
    /// Vectors: SHA-256 and SHA-512.
    ZVKNHB "zvknhb" Max 23 linux [ZVKNHA];
    /// Vectors: SM4.
    ZVKSED "zvksed" Max 24 linux [V];
    /// Vectors: SM3.
    ZVKSH "zvksh" Max 25 linux [V];
    /// Vectors: data-independent execution latency.
    ZVKT "zvkt" Rva23 26 linux [V];
    /// Pointer masking in user mode, which the kernel offers as Supm.
    SSNPM "ssnpm" Rva23 49 linux [];
    /// Instructions that two extensions share.
    ZBB_OR_ZBKB "zbb|zbkb" Max - hidden [];
    /// Instructions that two extensions share.
    ZBC_OR_ZBKC "zbc|zbkc" Max - hidden [];
    /// Instructions that two extensions share.
    ZKND_OR_ZKNE "zknd|zkne" Max - hidden [];
    /// Instructions that two extensions share.
    ZFHMIN_OR_ZFBFMIN "zfhmin|zfbfmin" Max - hidden [];
    /// Instructions that need two extensions.
    ZACAS_AND_ZABHA "zacas+zabha" Max - hidden [];
    /// Instructions that need two extensions.
    ZFA_AND_ZFH "zfa+zfh" Max - hidden [];
    /// Instructions that need two extensions.
    ZCB_AND_ZBB "zcb+zbb" Max - hidden [];
    /// Instructions that need two extensions.
    ZCB_AND_ZBA "zcb+zba" Max - hidden [];
}

/// Names that stand for several extensions.
pub const GROUPS: &[(&str, &[Feature])] = &[
    ("b", &[ZBA, ZBB, ZBS]),
    ("supm", &[SSNPM]),
    ("zkn", &[ZBKB, ZBKC, ZBKX, ZKND, ZKNE, ZKNH]),
    ("zks", &[ZBKB, ZBKC, ZBKX, ZKSED, ZKSH]),
];

/// Whether a row is an extension of its own, which can be chosen; others follow from two that can.
pub fn is_extension(feature: Feature) -> bool {
    !TABLE[feature.0 as usize].name.contains(['|', '+'])
}

/// The set with the rows that follow from it.
pub fn with_combinations(set: Features) -> Features {
    let combine = |all: Features, feature, holds: bool| if holds { all.with(feature) } else { all.without(feature) };
    let both = |a, b| set.has(a) && set.has(b);
    let either = |a, b| set.has(a) || set.has(b);
    let set = combine(set, ZBB_OR_ZBKB, either(ZBB, ZBKB));
    let set = combine(set, ZBC_OR_ZBKC, either(ZBC, ZBKC));
    let set = combine(set, ZKND_OR_ZKNE, either(ZKND, ZKNE));
    let set = combine(set, ZFHMIN_OR_ZFBFMIN, either(ZFHMIN, ZFBFMIN));
    let set = combine(set, ZACAS_AND_ZABHA, both(ZACAS, ZABHA));
    let set = combine(set, ZFA_AND_ZFH, both(ZFA, ZFH));
    let set = combine(set, ZCB_AND_ZBB, both(ZCB, ZBB));
    combine(set, ZCB_AND_ZBA, both(ZCB, ZBA))
}
