//! Soft floating point in integer arithmetic: bit-exact results and exceptions for both NaN rules, all
//! rounding modes and flushing, for the interpreter and for emitted code's slow paths (which run with
//! the guest's modes in MXCSR, so that host floating point is out of the question).
//!
//! Every operation takes bits and yields bits; what it raises is added to [`Env::raised`]. The shape is
//! that of the Arm ARM's shared pseudocode: unpack, treat NaNs, compute exactly, round once and pack.

mod arith;
mod compare;
mod convert;
mod minmax;
mod nan;
mod number;
mod round;
pub mod vector;

pub use arith::{add, div, mul, mul_add, sqrt, sub};
pub use compare::{Order, compare, holds, nzcv};
pub use convert::{IntWidth, NanTo, convert, from_i64, from_u64, round_to_integral, to_int};
pub use minmax::{NumRule, max, maxnum, min, minnum};

use crate::types::{FpControl, Lane, NanRule, Round, Ty, Underflow};

/// The exceptions, at their places in MXCSR (Intel SDM 1, 10.2.3).
pub mod flags {
    /// Invalid operation.
    pub const INVALID: u32 = 1;
    /// A denormal operand was flushed to zero (Arm's IDC). The host also sets it for those that were not:
    /// it means something only while flushing is on.
    pub const DENORMAL: u32 = 2;
    /// Division of a finite number by zero.
    pub const DIVIDE: u32 = 4;
    /// Overflow.
    pub const OVERFLOW: u32 = 8;
    /// Underflow: tiny and inexact.
    pub const UNDERFLOW: u32 = 16;
    /// Inexact.
    pub const INEXACT: u32 = 32;
    /// All of them.
    pub const ALL: u32 = 63;
}

/// When a result counts as tiny, and thereby what raises underflow or is flushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tininess {
    /// Before rounding, as Arm demands; flushing raises underflow alone (Arm ARM, FPRound).
    BeforeRounding,
    /// After rounding as if the exponent had no limit: RISC-V and the host; flushing raises inexact too.
    AfterRounding,
}

impl Tininess {
    /// What holds in a block.
    pub const fn of(underflow: Underflow) -> Tininess {
        match underflow {
            Underflow::Host => Tininess::AfterRounding,
            Underflow::Before | Underflow::Evaluated => Tininess::BeforeRounding,
        }
    }
}

/// What arithmetic depends on, and what it raised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Env {
    /// Which NaN a result is.
    pub nan: NanRule,
    /// The rounding mode; [`Round::Dynamic`] stands for nearest, ties to even.
    pub round: Round,
    /// Whether denormal f32 and f64 operands and results become zeros.
    pub flush: bool,
    /// When a result is tiny.
    pub tiny: Tininess,
    /// The exceptions raised so far, [`flags`].
    pub raised: u32,
}

impl Env {
    /// The environment of emitted code: tininess as the host has it.
    pub const fn new(nan: NanRule, control: FpControl) -> Env {
        Env { nan, round: control.round, flush: control.flush, tiny: Tininess::AfterRounding, raised: 0 }
    }

    /// The same from MXCSR: rounding in bits 14 and 13, flushing in bit 15.
    pub const fn from_mxcsr(nan: NanRule, mxcsr: u32) -> Env {
        Env::new(nan, FpControl::from_mxcsr(mxcsr))
    }

    /// With this rounding, where an instruction says its own.
    pub const fn rounding(mut self, round: Round) -> Env {
        if !matches!(round, Round::Dynamic) {
            self.round = round;
        }
        self
    }

    /// Adds exceptions.
    pub const fn raise(&mut self, flags: u32) {
        self.raised |= flags;
    }
}

/// A binary interchange format (IEEE 754-2019, 3.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    exp_bits: u32,
    frac_bits: u32,
}

impl Format {
    /// Half precision.
    pub const F16: Format = Format { exp_bits: 5, frac_bits: 10 };
    /// BFloat16: single precision with a shorter fraction.
    pub const BF16: Format = Format { exp_bits: 8, frac_bits: 7 };
    /// Single precision.
    pub const F32: Format = Format { exp_bits: 8, frac_bits: 23 };
    /// Double precision.
    pub const F64: Format = Format { exp_bits: 11, frac_bits: 52 };

    /// The format of a floating-point type; every other type counts as `F64`.
    pub const fn of(ty: Ty) -> Format {
        match ty {
            Ty::F16 => Format::F16,
            Ty::F32 => Format::F32,
            _ => Format::F64,
        }
    }

    /// The format of a lane; a byte has none and counts as a double-word.
    pub const fn of_lane(lane: Lane) -> Format {
        match lane {
            Lane::H => Format::F16,
            Lane::S => Format::F32,
            Lane::B | Lane::D => Format::F64,
        }
    }

    /// Bits of a number.
    pub const fn bits(self) -> u32 {
        1 + self.exp_bits + self.frac_bits
    }

    const fn bias(self) -> i32 {
        (1 << (self.exp_bits - 1)) - 1
    }

    /// The exponent of the smallest normal number.
    const fn min_exp(self) -> i32 {
        1 - self.bias()
    }

    /// The exponent field of infinities and NaNs.
    const fn exp_max(self) -> u64 {
        (1 << self.exp_bits) - 1
    }

    const fn frac_mask(self) -> u64 {
        (1 << self.frac_bits) - 1
    }

    const fn quiet_bit(self) -> u64 {
        1 << (self.frac_bits - 1)
    }

    /// The sign bit.
    pub const fn sign_bit(self) -> u64 {
        1 << (self.exp_bits + self.frac_bits)
    }

    /// A zero.
    pub const fn zero(self, negative: bool) -> u64 {
        if negative { self.sign_bit() } else { 0 }
    }

    /// An infinity.
    pub const fn infinity(self, negative: bool) -> u64 {
        self.exp_max() << self.frac_bits | self.zero(negative)
    }

    /// The default, canonical NaN.
    pub const fn default_nan(self) -> u64 {
        self.infinity(false) | self.quiet_bit()
    }

    /// The finite number with the largest magnitude.
    const fn largest(self, negative: bool) -> u64 {
        self.infinity(negative) - 1
    }

    const fn is_nan(self, bits: u64) -> bool {
        bits & (self.sign_bit() - 1) > self.infinity(false)
    }

    const fn is_signalling(self, bits: u64) -> bool {
        self.is_nan(bits) && bits & self.quiet_bit() == 0
    }
}
