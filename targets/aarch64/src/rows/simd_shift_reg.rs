//! The meanings of shifts by register that round or saturate (Arm ARM, SRSHL, SQSHL, SQRSHL and their unsigned forms), for
//! vectors and scalars.

use ir::{Lane, Op, Ty, Val};
use target::Lower;

use crate::fields::Word;
use crate::vector::{BHSD, binary, not, select, set_qc, shape, splat};

/// The shifts by register without rounding or saturation.
pub type Shift = Op;
/// SSHL
pub const SIGNED: Shift = Op::VShlVarS;
/// USHL
pub const UNSIGNED: Shift = Op::VShlVarU;

/// SRSHL, URSHL.
pub fn rounding(b: &mut Lower, f: Word, shift: Shift) {
    binary(b, f, BHSD, |b, lane, n, m| rounded(b, lane, shift, n, m));
}

/// SQSHL, UQSHL by register.
pub fn saturating(b: &mut Lower, f: Word, shift: Shift) {
    binary(b, f, BHSD, |b, lane, n, m| {
        let shifted = b.vbin(shift, lane, n, m);
        saturated(b, f, lane, shift, [n, m], shifted, shifted)
    });
}

/// SQRSHL, UQRSHL.
pub fn saturating_rounding(b: &mut Lower, f: Word, shift: Shift) {
    binary(b, f, BHSD, |b, lane, n, m| {
        let shifted = b.vbin(shift, lane, n, m);
        let rounded = rounded(b, lane, shift, n, m);
        saturated(b, f, lane, shift, [n, m], shifted, rounded)
    });
}

/// The count, its sign at the top of the lane.
fn count_at_top(b: &mut Lower, lane: Lane, m: Val) -> Val {
    let above = lane.bits() as i64 - 8;
    if above == 0 { m } else { b.vimm(Op::VShl, lane, m, above) }
}

/// n shifted, and where that was to the right up by the last bit that fell out: the one that a shift by one less leaves
/// lowest.
fn rounded(b: &mut Lower, lane: Lane, shift: Shift, n: Val, m: Val) -> Val {
    let shifted = b.vbin(shift, lane, n, m);
    let one = splat(b, lane, 1);
    let less = b.vbin(Op::VAdd, lane, m, one);
    let last = b.vbin(shift, lane, n, less);
    let count = count_at_top(b, lane, m);
    let is_right = b.vimm(Op::VShrU, lane, count, lane.bits() as i64 - 1);
    let up = b.and(Ty::V128, last, is_right);
    b.vbin(Op::VAdd, lane, shifted, up)
}

/// `result`, saturated where `shifted`, n to the left by m, does not come back to n.
fn saturated(b: &mut Lower, f: Word, lane: Lane, shift: Shift, [n, m]: [Val; 2], shifted: Val, result: Val) -> Val {
    let top = lane.bits() as i64 - 1;
    let back = b.vun(Op::VNeg, lane, m);
    let again = b.vbin(shift, lane, shifted, back);
    let is_same = b.vbin(Op::VCmpEq, lane, again, n);
    let count = count_at_top(b, lane, m);
    // Right shifts do not saturate.
    let is_right = b.vimm(Op::VShrS, lane, count, top);
    let fits = b.or(Ty::V128, is_same, is_right);
    let over = not(b, fits);
    set_qc(b, shape(f), lane, over);
    if shift == UNSIGNED {
        return b.or(Ty::V128, result, over);
    }
    let sign = b.vimm(Op::VShrS, lane, n, top);
    let max = splat(b, lane, (1 << top) - 1);
    let nearest = b.bin(Op::Xor, Ty::V128, sign, max);
    select(b, over, nearest, result)
}
