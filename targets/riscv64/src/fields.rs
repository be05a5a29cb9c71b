//! Fields of 32-bit instructions, by format (unprivileged ISA, RV32I, base instruction formats).

const fn bits(word: u32, low: u32, count: u32) -> u32 {
    word >> low & ((1 << count) - 1)
}

/// `word`'s bits from `low` up, sign-extended from its bit 31.
const fn signed(word: u32, low: u32) -> i64 {
    (word as i32 >> low) as i64
}

macro_rules! formats {
    ($( $(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty = $value:expr),* $(,)? } from $word:ident; )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty),* }

        impl From<u32> for $name {
            fn from($word: u32) -> $name {
                $name { $($field: $value),* }
            }
        }
    )* };
}

formats! {
    /// Register-register.
    R {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// First source.
        rs1: u32 = bits(w, 15, 5),
        /// Second source.
        rs2: u32 = bits(w, 20, 5),
    } from w;
    /// Register-register on a byte.
    Byte {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// First source.
        rs1: u32 = bits(w, 15, 5),
        /// Second source.
        rs2: u32 = bits(w, 20, 5),
        /// The byte of it.
        byte: u32 = bits(w, 30, 2),
    } from w;
    /// Register-immediate, loads, `jalr`.
    I {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// Source, or base address.
        rs1: u32 = bits(w, 15, 5),
        /// Immediate, displacement, shift count.
        imm: i64 = signed(w, 20),
    } from w;
    /// Stores.
    S {
        /// Base address.
        rs1: u32 = bits(w, 15, 5),
        /// What is stored.
        rs2: u32 = bits(w, 20, 5),
        /// Displacement.
        imm: i64 = signed(w, 25) << 5 | bits(w, 7, 5) as i64,
    } from w;
    /// Branches.
    B {
        /// First operand.
        rs1: u32 = bits(w, 15, 5),
        /// Second operand.
        rs2: u32 = bits(w, 20, 5),
        /// Displacement from the branch.
        imm: i64 = signed(w, 31) << 12 | (bits(w, 7, 1) << 11 | bits(w, 25, 6) << 5 | bits(w, 8, 4) << 1) as i64,
    } from w;
    /// `lui` and `auipc`.
    U {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// The immediate, in place.
        imm: i64 = signed(w, 12) << 12,
    } from w;
    /// `jal`.
    J {
        /// Where the return address goes.
        rd: u32 = bits(w, 7, 5),
        /// Displacement from the jump.
        imm: i64 = signed(w, 31) << 20 | (bits(w, 12, 8) << 12 | bits(w, 20, 1) << 11 | bits(w, 21, 10) << 1) as i64,
    } from w;
    /// Atomics.
    Amo {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// Address.
        rs1: u32 = bits(w, 15, 5),
        /// Operand.
        rs2: u32 = bits(w, 20, 5),
        /// Release: what came before is seen before it. (Acquire is what every x86 load is.)
        rl: bool = bits(w, 25, 1) != 0,
    } from w;
    /// `fence`.
    Fence {
        /// 8 for `fence.tso`.
        fm: u32 = bits(w, 28, 4),
        /// Which accesses before it are ordered: I, O, R, W from bit 3.
        pred: u32 = bits(w, 24, 4),
        /// Which after it.
        succ: u32 = bits(w, 20, 4),
    } from w;
    /// Control and status registers.
    Csr {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// Source, or a 5-bit immediate.
        rs1: u32 = bits(w, 15, 5),
        /// Number of the register.
        csr: u32 = bits(w, 20, 12),
    } from w;
    /// Floating point, up to three sources and a rounding mode.
    F {
        /// Destination.
        rd: u32 = bits(w, 7, 5),
        /// First source.
        rs1: u32 = bits(w, 15, 5),
        /// Second source.
        rs2: u32 = bits(w, 20, 5),
        /// Third source.
        rs3: u32 = bits(w, 27, 5),
        /// Rounding mode.
        rm: u32 = bits(w, 12, 3),
    } from w;
    /// Vector arithmetic (chapter V, vector arithmetic instruction encoding).
    V {
        /// Destination, v or x.
        vd: u32 = bits(w, 7, 5),
        /// First source: v, x, f or an immediate.
        vs1: u32 = bits(w, 15, 5),
        /// The same as a signed immediate.
        simm: i64 = ((w << 12) as i32 >> 27) as i64,
        /// Second source.
        vs2: u32 = bits(w, 20, 5),
        /// Whether only the elements are done whose bit of v0 is set.
        masked: bool = bits(w, 25, 1) == 0,
        /// Which kind of source the first is.
        source: Source = Source::of(bits(w, 12, 3)),
    } from w;
    /// Vector loads and stores (chapter V, vector load/store instruction encoding).
    VMem {
        /// Destination, or what is stored.
        vd: u32 = bits(w, 7, 5),
        /// Base address.
        rs1: u32 = bits(w, 15, 5),
        /// Stride in x, or indices in v.
        rs2: u32 = bits(w, 20, 5),
        /// Whether only the elements are done whose bit of v0 is set.
        masked: bool = bits(w, 25, 1) == 0,
        /// Whether it is a load.
        is_load: bool = bits(w, 5, 1) == 0,
        /// Fields of a segment.
        fields: u32 = bits(w, 29, 3) + 1,
    } from w;
    /// Configuration of vectors.
    Vset {
        /// Where the new vector length goes.
        rd: u32 = bits(w, 7, 5),
        /// The wanted length: x, or an immediate.
        rs1: u32 = bits(w, 15, 5),
        /// The type in x.
        rs2: u32 = bits(w, 20, 5),
        /// The type of `vsetvli`.
        zimm11: u64 = bits(w, 20, 11) as u64,
        /// The type of `vsetivli`.
        zimm10: u64 = bits(w, 20, 10) as u64,
    } from w;
}

/// Where a vector instruction has its first source (chapter V, OPIVV to OPMVX).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Vector registers.
    Vector,
    /// An integer register.
    X,
    /// A floating-point register.
    F,
    /// The field itself.
    Immediate,
}

impl Source {
    const fn of(funct3: u32) -> Source {
        match funct3 {
            0..=2 => Source::Vector,
            3 => Source::Immediate,
            5 => Source::F,
            _ => Source::X,
        }
    }
}

/// [`I`] with a shift count of 6 bits.
pub struct Shamt6(pub I);

impl From<u32> for Shamt6 {
    fn from(w: u32) -> Shamt6 {
        Shamt6(I { imm: bits(w, 20, 6) as i64, ..I::from(w) })
    }
}

/// [`I`] with a shift count of 5 bits.
pub struct Shamt5(pub I);

impl From<u32> for Shamt5 {
    fn from(w: u32) -> Shamt5 {
        Shamt5(I { imm: bits(w, 20, 5) as i64, ..I::from(w) })
    }
}
