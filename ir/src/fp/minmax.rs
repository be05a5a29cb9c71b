//! Minimum and maximum.

use super::compare::{Order, compare};
use super::number::flushed;
use super::{Env, Format, flags, nan};

/// What a NaN does to `minnum` and `maxnum`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumRule {
    /// A quiet NaN loses against a number, a signalling one makes a NaN (IEEE 754-2008 minNum; Arm FMINNM).
    Ieee2008,
    /// Any NaN loses against a number (IEEE 754-2019 minimumNumber; RISC-V FMIN).
    Ieee2019,
}

/// Minimum, -0 < +0; a NaN operand makes a NaN.
pub fn min(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    pick(env, format, a, b, Order::Less)
}

/// Maximum, -0 < +0; a NaN operand makes a NaN.
pub fn max(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    pick(env, format, a, b, Order::Greater)
}

/// Minimum of numbers, NaNs by `rule`.
pub fn minnum(env: &mut Env, format: Format, a: u64, b: u64, rule: NumRule) -> u64 {
    pick_number(env, format, a, b, rule, Order::Less)
}

/// Maximum of numbers, NaNs by `rule`.
pub fn maxnum(env: &mut Env, format: Format, a: u64, b: u64, rule: NumRule) -> u64 {
    pick_number(env, format, a, b, rule, Order::Greater)
}

/// The operand that is `wanted` beside the other.
fn pick(env: &mut Env, format: Format, a: u64, b: u64, wanted: Order) -> u64 {
    let (x, y) = (flushed(env, format, a), flushed(env, format, b));
    if let Some(bits) = nan::process(env, format, &[x, y]) {
        return bits;
    }
    match compare(env, format, x, y, false) {
        // Zeros of either sign: the minimum is negative if one is, the maximum only if both are.
        Order::Equal if wanted == Order::Less => x | y,
        Order::Equal => x & y,
        order if order == wanted => x,
        _ => y,
    }
}

fn pick_number(env: &mut Env, format: Format, a: u64, b: u64, rule: NumRule, wanted: Order) -> u64 {
    let (nan_a, nan_b) = (format.is_nan(a), format.is_nan(b));
    let signalling = format.is_signalling(a) || format.is_signalling(b);
    if nan_a == nan_b || signalling && rule == NumRule::Ieee2008 {
        return pick(env, format, a, b, wanted);
    }
    if signalling {
        env.raise(flags::INVALID);
    }
    flushed(env, format, if nan_a { b } else { a })
}
