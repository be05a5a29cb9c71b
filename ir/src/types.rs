//! Types and small closed sets that parameterise ops.

/// Declares a fieldless enum that is stored in an instruction's `aux` byte and printed by name.
macro_rules! aux_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "variants whose names say it all have none")]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl $name {
            /// Every value, in the order of their encodings.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The name in the IR's text form.
            pub const fn name(self) -> &'static str { match self { $($name::$variant => $text),* } }
            /// The value with encoding `raw`; encodings beyond the last wrap to the first.
            #[inline]
            pub const fn from_u8(raw: u8) -> $name {
                if (raw as usize) < Self::ALL.len() { Self::ALL[raw as usize] } else { Self::ALL[0] }
            }
        }
    };
}

aux_enum! {
    /// The type of a value.
    ///
    /// The upper half of an `I32`'s host register is unspecified, and so are the upper lanes of an
    /// `F32`'s or `F64`'s: `zext32`, `sext32` and `vzext` give them a meaning.
    Ty {
        /// No value.
        None = "none",
        /// 32-bit integer; truth values are `I32` 0 or 1.
        I32 = "i32",
        /// 64-bit integer, addresses included.
        I64 = "i64",
        /// Half precision, only as the source or target of conversions; held like `F32`.
        F16 = "f16",
        /// Single precision.
        F32 = "f32",
        /// Double precision.
        F64 = "f64",
        /// 128-bit vector.
        V128 = "v128",
        /// Condition flags N, Z, C, V as AArch64 defines them.
        Flags = "flags",
    }
}

impl Ty {
    /// Whether values of this type live in a general register.
    #[inline]
    pub const fn is_int(self) -> bool {
        matches!(self, Ty::I32 | Ty::I64)
    }

    /// Whether values of this type live in a vector register.
    #[inline]
    pub const fn is_vec(self) -> bool {
        matches!(self, Ty::F16 | Ty::F32 | Ty::F64 | Ty::V128)
    }

    /// Size in bytes; flags are kept in four.
    #[inline]
    pub const fn bytes(self) -> u32 {
        match self {
            Ty::None => 0,
            Ty::F16 => 2,
            Ty::I32 | Ty::F32 | Ty::Flags => 4,
            Ty::I64 | Ty::F64 => 8,
            Ty::V128 => 16,
        }
    }
}

aux_enum! {
    /// The lanes of a vector op: bytes, half-words, words, double-words.
    Lane { B = "b", H = "h", S = "s", D = "d" }
}

impl Lane {
    /// Bits of a lane.
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }

    /// Lanes in 128 bits.
    pub const fn count(self) -> u32 {
        16 >> self as u32
    }

    /// The lane twice as wide; a double-word has none.
    pub const fn wider(self) -> Lane {
        Lane::from_u8(self as u8 + 1)
    }
}

aux_enum! {
    /// Conditions of integer comparisons.
    Icond {
        Eq = "eq", Ne = "ne", LtS = "lt", LeS = "le", GtS = "gt", GeS = "ge",
        LtU = "ltu", LeU = "leu", GtU = "gtu", GeU = "geu",
    }
}

aux_enum! {
    /// Conditions on NZCV, in the order of AArch64's encoding (Arm ARM C1.2.4); `Al` twice there.
    Cond {
        Eq = "eq", Ne = "ne", Hs = "hs", Lo = "lo", Mi = "mi", Pl = "pl", Vs = "vs", Vc = "vc",
        Hi = "hi", Ls = "ls", Ge = "ge", Lt = "lt", Gt = "gt", Le = "le", Al = "al", Nv = "nv",
    }
}

aux_enum! {
    /// Floating-point predicates that yield a truth value. The plain ones raise invalid only for
    /// signalling NaNs, those with `Sig` for every NaN. All are false on an unordered pair, but `Un`.
    FCond { Eq = "eq", Lt = "lt", Le = "le", Un = "un", EqSig = "eq.sig", LtSig = "lt.sig", LeSig = "le.sig" }
}

aux_enum! {
    /// How a result is rounded: as the guest's control register says, or as the instruction does.
    Round { Dynamic = "dyn", NearestEven = "rne", Down = "rdn", Up = "rup", Zero = "rtz", NearestAway = "rmm" }
}

aux_enum! {
    /// What a load reads or a store writes, and how a load extends it to its type. Loads of `V128`,
    /// `F32` and `F64` zero the rest of the vector.
    Access { U8 = "u8", S8 = "s8", U16 = "u16", S16 = "s16", U32 = "u32", S32 = "s32", B64 = "b64", B128 = "b128" }
}

impl Access {
    /// Bytes moved.
    #[inline]
    pub const fn bytes(self) -> u32 {
        match self {
            Access::U8 | Access::S8 => 1,
            Access::U16 | Access::S16 => 2,
            Access::U32 | Access::S32 => 4,
            Access::B64 => 8,
            Access::B128 => 16,
        }
    }
}

aux_enum! {
    /// How near memory is brought that is going to be accessed: a level of the caches, as near as what is used once had
    /// better be, or for a write.
    Near { First = "l1", Second = "l2", Third = "l3", Once = "once", Write = "write" }
}

aux_enum! {
    /// Atomic read-modify-write operations; the old value is the result.
    RmwOp {
        Swap = "swap", Add = "add", And = "and", Or = "or", Xor = "xor", Clear = "clear",
        MinS = "mins", MaxS = "maxs", MinU = "minu", MaxU = "maxu",
    }
}

aux_enum! {
    /// Which kind of values a helper call passes.
    CallArgs { Int = "int", Vec = "vec" }
}

aux_enum! {
    /// Which NaN an arithmetic result is.
    NanRule {
        /// Arm with FPCR.DN = 0: a signalling operand first, then the first quiet one (addend first
        /// in fused ops), quieted; the positive default NaN if no operand is one (Arm ARM, FPProcessNaNs).
        Propagate = "propagate",
        /// The positive default NaN always: RISC-V, and Arm with FPCR.DN = 1.
        Canonical = "canonical",
    }
}

aux_enum! {
    /// How arithmetic treats what lies below the normal range, where guests differ from the host.
    Underflow {
        /// As the host does: a result is tiny if it is so after rounding.
        Host = "host",
        /// A result is tiny if it is so before rounding (Arm ARM, FPRound). Only one that comes out as the least
        /// normal number can differ; code computes it again.
        Before = "before",
        /// So, and each denormal that is flushed is told by flags as Arm has them, which the host's say
        /// nothing about: code evaluates every operation.
        Evaluated = "evaluated",
    }
}

/// The floating-point control that holds while a block runs: what MXCSR is set to, and part of the
/// block's key where code depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FpControl {
    /// Rounding of ops that say [`Round::Dynamic`].
    pub round: Round,
    /// Whether denormal inputs and results are flushed to zero.
    pub flush: bool,
}

impl FpControl {
    /// What Rust code and a fresh guest run with.
    pub const DEFAULT: FpControl = FpControl { round: Round::NearestEven, flush: false };

    /// As MXCSR says: rounding in bits 14 and 13, flushing in bit 15 (Intel SDM 1, 10.2.3).
    pub const fn from_mxcsr(mxcsr: u32) -> FpControl {
        let round = match mxcsr >> 13 & 3 {
            0 => Round::NearestEven,
            1 => Round::Down,
            2 => Round::Up,
            _ => Round::Zero,
        };
        FpControl { round, flush: mxcsr >> 15 & 1 != 0 }
    }

    /// MXCSR with these modes, every exception masked and none raised. Nearest with ties away has no
    /// mode on the host: code for it is out of line, and the rest runs with ties to even.
    #[inline]
    pub const fn mxcsr(self) -> u32 {
        let round = match self.round {
            Round::Dynamic | Round::NearestEven | Round::NearestAway => 0,
            Round::Down => 1,
            Round::Up => 2,
            Round::Zero => 3,
        };
        // FTZ is bit 15, DAZ bit 6, the masks bits 12 to 7.
        round << 13 | (self.flush as u32) << 15 | (self.flush as u32) << 6 | 0x1f80
    }
}
