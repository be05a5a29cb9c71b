//! Conversions between formats and to and from integers.

use super::number::{Class, Number, unpack};
use super::round::{pack, round_off};
use super::{Env, Format, flags, nan};
use crate::types::NanRule;

/// The integer type a conversion yields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntWidth {
    /// Its bits, up to 64.
    pub bits: u32,
    /// Whether it is signed.
    pub signed: bool,
}

impl IntWidth {
    fn max(self) -> u64 {
        u64::MAX >> (64 - self.bits + self.signed as u32)
    }

    /// The magnitude of the minimum.
    fn min_magnitude(self) -> u64 {
        if self.signed { 1 << (self.bits - 1) } else { 0 }
    }

    fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    fn saturated(self, negative: bool) -> u64 {
        if negative { self.min_magnitude() } else { self.max() }
    }
}

/// What a NaN converts to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NanTo {
    /// Arm.
    Zero,
    /// RISC-V.
    Max,
}

/// Between formats (Arm ARM, FPConvert).
pub fn convert(env: &mut Env, from: Format, to: Format, bits: u64) -> u64 {
    let n = unpack(env, from, bits);
    match n.class {
        Class::Finite => pack(env, to, n.negative, n.exp, n.sig),
        Class::Zero => to.zero(n.negative),
        Class::Infinite => to.infinity(n.negative),
        Class::Nan => {
            if from.is_signalling(bits) {
                env.raise(flags::INVALID);
            }
            match env.nan {
                NanRule::Canonical => to.default_nan(),
                NanRule::Propagate => {
                    // The payload keeps its most significant bits.
                    let payload = (bits & from.frac_mask()) << (63 - from.frac_bits) >> (63 - to.frac_bits);
                    to.infinity(n.negative) | payload | to.quiet_bit()
                }
            }
        }
    }
}

/// To a floating-point number.
pub fn from_u64(env: &mut Env, format: Format, value: u64) -> u64 {
    from_magnitude(env, format, false, value)
}

/// To a floating-point number.
pub fn from_i64(env: &mut Env, format: Format, value: i64) -> u64 {
    from_magnitude(env, format, value < 0, value.unsigned_abs())
}

fn from_magnitude(env: &mut Env, format: Format, negative: bool, value: u64) -> u64 {
    if value == 0 {
        return 0;
    }
    let zeros = value.leading_zeros();
    pack(env, format, negative, 63 - zeros as i32, value << zeros)
}

/// To an integer, rounded by the environment's mode, saturating with invalid; in the low bits of the
/// result, zero above them (Arm ARM, FPToFixed).
pub fn to_int(env: &mut Env, format: Format, bits: u64, to: IntWidth, nan_to: NanTo) -> u64 {
    let n = unpack(env, format, bits);
    match n.class {
        Class::Zero => return 0,
        Class::Finite => {}
        Class::Infinite => {
            env.raise(flags::INVALID);
            return to.saturated(n.negative);
        }
        Class::Nan => {
            env.raise(flags::INVALID);
            return if nan_to == NanTo::Max { to.max() } else { 0 };
        }
    }
    let limit = if n.negative { to.min_magnitude() } else { to.max() };
    match integral(env, n) {
        Some((magnitude, inexact)) if magnitude <= limit => {
            if inexact {
                env.raise(flags::INEXACT);
            }
            if n.negative { magnitude.wrapping_neg() & to.mask() } else { magnitude }
        }
        _ => {
            env.raise(flags::INVALID);
            to.saturated(n.negative)
        }
    }
}

/// The magnitude rounded to an integer and whether that was inexact; `None` from 2 to the power 64 on.
fn integral(env: &Env, n: Number) -> Option<(u64, bool)> {
    match n.exp {
        64.. => None,
        63 => Some((n.sig, false)),
        0..63 => Some(round_off(env.round, n.negative, n.sig, 63 - n.exp as u32)),
        // Below one: the leading one becomes bit 62 of a fraction of 63 bits, or a sticky bit further down.
        -1 => Some(round_off(env.round, n.negative, n.sig >> 1 | n.sig & 1, 63)),
        _ => Some(round_off(env.round, n.negative, 1, 63)),
    }
}

/// To an integral number in the environment's mode; inexact is raised where `exact` says so (Arm ARM, FPRoundInt).
pub fn round_to_integral(env: &mut Env, format: Format, bits: u64, exact: bool) -> u64 {
    let n = unpack(env, format, bits);
    match n.class {
        Class::Nan => return nan::process(env, format, &[bits]).unwrap_or(format.default_nan()),
        Class::Zero => return format.zero(n.negative),
        Class::Infinite => return bits,
        Class::Finite if n.exp >= format.frac_bits as i32 => return bits,
        Class::Finite => {}
    }
    let (magnitude, inexact) = integral(env, n).unwrap_or((n.sig, false));
    if inexact && exact {
        env.raise(flags::INEXACT);
    }
    // Integers below 2 to the power of the precision convert exactly.
    if magnitude == 0 { format.zero(n.negative) } else { from_magnitude(env, format, n.negative, magnitude) }
}
