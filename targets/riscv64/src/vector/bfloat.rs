//! BFloat16 in vectors (unprivileged ISA, chapter BF16): a number is the upper half of a single.

use ir::{Lane, Op, Round, Ty, Val};
use target::Lower;

use super::active::blend;
use super::constant::{splat, vector};
use super::float::soft;
use crate::float::host_rounds_to_even;
use crate::helpers::float_lanes::FloatOp;

/// One, as a single.
pub const ONE: u64 = 0x3f80_0000;

/// The low lanes as singles, signalling NaNs as such.
pub fn widened(b: &mut Lower, val: Val) -> Val {
    let zero = vector(b, 0);
    b.vbin(Op::VZip1, Lane::H, zero, val)
}

/// The low lanes converted to singles; a product with one quiets NaNs.
pub fn to_single(b: &mut Lower, val: Val) -> Val {
    let (wide, one) = (widened(b, val), splat(b, Lane::S, ONE));
    b.vbin(Op::VFMul, Lane::S, wide, one)
}

/// Singles rounded to the low lanes.
pub fn from_single(b: &mut Lower, round: Round, val: Val) -> Val {
    if round == Round::Dynamic && host_rounds_to_even(b) {
        raise(b, val);
        return to_even(b, val);
    }
    soft(b, FloatOp::ToBf16, Lane::S, Lane::H, round, [val, Val::NONE, Val::NONE])
}

/// The upper halves, rounded to nearest even: a carry out of the fraction counts the exponent up, to infinity at last.
fn to_even(b: &mut Lower, val: Val) -> Val {
    const CANONICAL_NAN: u64 = 0x7fc0 << 16;
    let (up, one, nan) = (splat(b, Lane::S, 0x7fff), splat(b, Lane::S, 1), splat(b, Lane::S, CANONICAL_NAN));
    let odd = b.vimm(Op::VShrU, Lane::S, val, 16);
    let odd = b.and(Ty::V128, odd, one);
    let sum = b.vbin(Op::VAdd, Lane::S, val, up);
    let sum = b.vbin(Op::VAdd, Lane::S, sum, odd);
    let magnitude = magnitude(b, val);
    let infinity = splat(b, Lane::S, 0x7f80_0000);
    let is_nan = b.vbin(Op::VCmpGtS, Lane::S, magnitude, infinity);
    let rounded = blend(b, is_nan, nan, sum);
    let upper = b.vimm(Op::VShrU, Lane::S, rounded, 16);
    b.vun(Op::VNarrow, Lane::S, upper)
}

fn magnitude(b: &mut Lower, val: Val) -> Val {
    let bits = splat(b, Lane::S, 0x7fff_ffff);
    b.and(Ty::V128, val, bits)
}

/// Raises what rounding to BFloat16 raises, by a product that is inexact, overflows and underflows just where that does. A
/// number of up to 8 bits times 1 + 2^-16 has up to 24, any other has more. What would overflow or be tiny in the one
/// format alone has another number in its place.
fn raise(b: &mut Lower, val: Val) {
    const FACTOR: u64 = ONE | 1 << 7;
    /// The least number that rounds to infinity, and what the product takes for it: the greatest.
    const OVERFLOWS: u64 = 0x7f7f_8000;
    const GREATEST: u64 = 0x7f7f_ffff;
    /// The least number that rounds to a normal one, the least normal one, and what the product takes for those between.
    const NOT_TINY: u64 = 0x007f_c000;
    const NORMAL: u64 = 0x0080_0000;
    const INEXACT: u64 = ONE | 1;
    let mut operand = magnitude(b, val);
    for (from, to, instead) in [(OVERFLOWS, GREATEST + 1, GREATEST), (NOT_TINY, NORMAL, INEXACT)] {
        let (below, to) = (splat(b, Lane::S, from - 1), splat(b, Lane::S, to));
        let (above, under) = (b.vbin(Op::VCmpGtS, Lane::S, operand, below), b.vbin(Op::VCmpGtS, Lane::S, to, operand));
        let between = b.and(Ty::V128, above, under);
        let instead = splat(b, Lane::S, instead);
        operand = blend(b, between, instead, operand);
    }
    let factor = splat(b, Lane::S, FACTOR);
    b.vbin(Op::VFMul, Lane::S, operand, factor);
}
