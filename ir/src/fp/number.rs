//! Numbers taken apart.

use super::{Env, Format, flags};

/// What a bit pattern stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Zero,
    Finite,
    Infinite,
    Nan,
}

/// A number: `sig`, whose leading one is bit 63, times 2 to the power `exp` - 63. `exp` and `sig` mean
/// something for the class `Finite` only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub class: Class,
    pub negative: bool,
    pub exp: i32,
    pub sig: u64,
}

/// Takes `bits` apart (Arm ARM, FPUnpack). Half precision is never flushed: FZ and the host's DAZ do not
/// reach it.
pub(super) fn unpack(env: &mut Env, format: Format, bits: u64) -> Number {
    let negative = bits & format.sign_bit() != 0;
    let field = bits >> format.frac_bits & format.exp_max();
    let frac = bits & format.frac_mask();
    let special = |class| Number { class, negative, exp: 0, sig: 0 };
    if field == format.exp_max() {
        return special(if frac == 0 { Class::Infinite } else { Class::Nan });
    }
    if field != 0 {
        let sig = (frac | 1 << format.frac_bits) << (63 - format.frac_bits);
        return Number { class: Class::Finite, negative, exp: field as i32 - format.bias(), sig };
    }
    if frac == 0 {
        return special(Class::Zero);
    }
    if env.flush && format != Format::F16 {
        env.raise(flags::DENORMAL);
        return special(Class::Zero);
    }
    let zeros = frac.leading_zeros();
    let exp = format.min_exp() + (63 - zeros as i32) - format.frac_bits as i32;
    Number { class: Class::Finite, negative, exp, sig: frac << zeros }
}

/// `bits`, a denormal replaced by zero where the environment flushes.
pub(super) fn flushed(env: &mut Env, format: Format, bits: u64) -> u64 {
    let magnitude = bits & (format.sign_bit() - 1);
    if env.flush && format != Format::F16 && magnitude != 0 && magnitude <= format.frac_mask() {
        env.raise(flags::DENORMAL);
        return bits & format.sign_bit();
    }
    bits
}

/// `value` shifted right, the bits that fall out kept as a sticky lowest bit.
pub(super) fn shift_right_sticky(value: u128, by: u32) -> u128 {
    match by {
        0 => value,
        1..=127 => value >> by | (value << (128 - by) != 0) as u128,
        _ => (value != 0) as u128,
    }
}

/// The high half, the low half kept as a sticky lowest bit.
pub(super) fn high_sticky(value: u128) -> u64 {
    (value >> 64) as u64 | (value as u64 != 0) as u64
}
