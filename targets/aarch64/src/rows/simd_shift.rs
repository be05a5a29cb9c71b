//! Advanced SIMD shift by immediate (Arm ARM C4.1.96). An immh of 0 is the group of modified immediates.
//! The meanings serve the scalar forms in `simd_scalar` too.

use ir::{Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use super::fp_convert::fixed_limits;
use super::simd_two_misc::{self as misc, Narrowing, narrow_saturating, put_narrow};
use crate::cpu;
use crate::fields::Word;
use crate::float::{operand, power_of_two};
use crate::state::v;
use crate::vector::{Shape, not, put, select, set_qc, shape, splat};

instructions! {
    /// Shifts, and conversions with a fixed point.
    pub ROWS: cpu::ASIMD;
    sshr_vector         "0q0 011110 hhhh bbb 000001 nnnnn ddddd" unless "0q0 011110 0000 bbb 000001 nnnnn ddddd" |b, f: Word| right(b, f, Op::VShrS);
    ushr_vector         "0q1 011110 hhhh bbb 000001 nnnnn ddddd" unless "0q1 011110 0000 bbb 000001 nnnnn ddddd" |b, f: Word| right(b, f, Op::VShrU);
    ssra_vector         "0q0 011110 hhhh bbb 000101 nnnnn ddddd" unless "0q0 011110 0000 bbb 000101 nnnnn ddddd" |b, f: Word| right_onto(b, f, Op::VShrS);
    usra_vector         "0q1 011110 hhhh bbb 000101 nnnnn ddddd" unless "0q1 011110 0000 bbb 000101 nnnnn ddddd" |b, f: Word| right_onto(b, f, Op::VShrU);
    srshr_vector        "0q0 011110 hhhh bbb 001001 nnnnn ddddd" unless "0q0 011110 0000 bbb 001001 nnnnn ddddd" |b, f: Word| rounding_right(b, f, Op::VShrS);
    urshr_vector        "0q1 011110 hhhh bbb 001001 nnnnn ddddd" unless "0q1 011110 0000 bbb 001001 nnnnn ddddd" |b, f: Word| rounding_right(b, f, Op::VShrU);
    srsra_vector        "0q0 011110 hhhh bbb 001101 nnnnn ddddd" unless "0q0 011110 0000 bbb 001101 nnnnn ddddd" |b, f: Word| rounding_right_onto(b, f, Op::VShrS);
    ursra_vector        "0q1 011110 hhhh bbb 001101 nnnnn ddddd" unless "0q1 011110 0000 bbb 001101 nnnnn ddddd" |b, f: Word| rounding_right_onto(b, f, Op::VShrU);
    sri_vector          "0q1 011110 hhhh bbb 010001 nnnnn ddddd" unless "0q1 011110 0000 bbb 010001 nnnnn ddddd" |b, f: Word| right_insert(b, f);
    shl_vector          "0q0 011110 hhhh bbb 010101 nnnnn ddddd" unless "0q0 011110 0000 bbb 010101 nnnnn ddddd" |b, f: Word| left(b, f);
    sli_vector          "0q1 011110 hhhh bbb 010101 nnnnn ddddd" unless "0q1 011110 0000 bbb 010101 nnnnn ddddd" |b, f: Word| left_insert(b, f);
    sqshlu_imm_vector   "0q1 011110 hhhh bbb 011001 nnnnn ddddd" unless "0q1 011110 0000 bbb 011001 nnnnn ddddd" |b, f: Word| saturating_left(b, f, Saturation::SignedToUnsigned);
    sqshl_imm_vector    "0q0 011110 hhhh bbb 011101 nnnnn ddddd" unless "0q0 011110 0000 bbb 011101 nnnnn ddddd" |b, f: Word| saturating_left(b, f, Saturation::Signed);
    uqshl_imm_vector    "0q1 011110 hhhh bbb 011101 nnnnn ddddd" unless "0q1 011110 0000 bbb 011101 nnnnn ddddd" |b, f: Word| saturating_left(b, f, Saturation::Unsigned);
    shrn                "0q0 011110 hhhh bbb 100001 nnnnn ddddd" unless "0q0 011110 0000 bbb 100001 nnnnn ddddd" |b, f: Word| right_narrow(b, f, false);
    rshrn               "0q0 011110 hhhh bbb 100011 nnnnn ddddd" unless "0q0 011110 0000 bbb 100011 nnnnn ddddd" |b, f: Word| right_narrow(b, f, true);
    sqshrun_vector      "0q1 011110 hhhh bbb 100001 nnnnn ddddd" unless "0q1 011110 0000 bbb 100001 nnnnn ddddd" |b, f: Word| saturating_right_narrow(b, f, misc::TO_UNSIGNED, Op::VShrS, false);
    sqrshrun_vector     "0q1 011110 hhhh bbb 100011 nnnnn ddddd" unless "0q1 011110 0000 bbb 100011 nnnnn ddddd" |b, f: Word| saturating_right_narrow(b, f, misc::TO_UNSIGNED, Op::VShrS, true);
    sqshrn_vector       "0q0 011110 hhhh bbb 100101 nnnnn ddddd" unless "0q0 011110 0000 bbb 100101 nnnnn ddddd" |b, f: Word| saturating_right_narrow(b, f, misc::SIGNED, Op::VShrS, false);
    sqrshrn_vector      "0q0 011110 hhhh bbb 100111 nnnnn ddddd" unless "0q0 011110 0000 bbb 100111 nnnnn ddddd" |b, f: Word| saturating_right_narrow(b, f, misc::SIGNED, Op::VShrS, true);
    uqshrn_vector       "0q1 011110 hhhh bbb 100101 nnnnn ddddd" unless "0q1 011110 0000 bbb 100101 nnnnn ddddd" |b, f: Word| saturating_right_narrow(b, f, misc::UNSIGNED, Op::VShrU, false);
    uqrshrn_vector      "0q1 011110 hhhh bbb 100111 nnnnn ddddd" unless "0q1 011110 0000 bbb 100111 nnnnn ddddd" |b, f: Word| saturating_right_narrow(b, f, misc::UNSIGNED, Op::VShrU, true);
    sshll               "0q0 011110 hhhh bbb 101001 nnnnn ddddd" unless "0q0 011110 0000 bbb 101001 nnnnn ddddd" |b, f: Word| left_long(b, f, Op::VExtLoS, Op::VExtHiS);
    ushll               "0q1 011110 hhhh bbb 101001 nnnnn ddddd" unless "0q1 011110 0000 bbb 101001 nnnnn ddddd" |b, f: Word| left_long(b, f, Op::VExtLoU, Op::VExtHiU);
    scvtf_fixed_vector  "0q0 011110 hhhh bbb 111001 nnnnn ddddd" unless "0q0 011110 0000 bbb 111001 nnnnn ddddd", "0q0 011110 001x bbb 111001 nnnnn ddddd" |b, f: Word| from_fixed(b, f, Op::VSToF);
    ucvtf_fixed_vector  "0q1 011110 hhhh bbb 111001 nnnnn ddddd" unless "0q1 011110 0000 bbb 111001 nnnnn ddddd", "0q1 011110 001x bbb 111001 nnnnn ddddd" |b, f: Word| from_fixed(b, f, Op::VUToF);
    fcvtzs_fixed_vector "0q0 011110 hhhh bbb 111111 nnnnn ddddd" unless "0q0 011110 0000 bbb 111111 nnnnn ddddd", "0q0 011110 001x bbb 111111 nnnnn ddddd" |b, f: Word| to_fixed(b, f, Op::VFToS);
    fcvtzu_fixed_vector "0q1 011110 hhhh bbb 111111 nnnnn ddddd" unless "0q1 011110 0000 bbb 111111 nnnnn ddddd", "0q1 011110 001x bbb 111111 nnnnn ddddd" |b, f: Word| to_fixed(b, f, Op::VFToU);
}

/// The lane that the highest bit of immh says, and immh:immb.
fn fields(f: Word) -> Option<(Lane, u32)> {
    let immh = f.bits(19, 4);
    (immh != 0).then(|| (Lane::from_u8(immh.ilog2() as u8), f.bits(16, 7)))
}

/// A lane that the instruction's shape holds; scalar shifts have double-words alone.
fn shift_lane(f: Word) -> Option<(Lane, u32)> {
    fields(f).filter(|&(lane, _)| match shape(f) {
        Shape::Scalar => lane == Lane::D,
        Shape::Half => lane != Lane::D,
        Shape::Full => true,
    })
}

/// A lane that narrows or lengthens: none is as wide as a double-word.
fn narrow_lane(f: Word) -> Option<(Lane, u32)> {
    fields(f).filter(|&(lane, _)| lane != Lane::D)
}

/// Right shifts count down from twice the lane's width.
fn right_amount(lane: Lane, imm: u32) -> i64 {
    (2 * lane.bits() - imm) as i64
}

/// Left shifts count up from the lane's width.
fn left_amount(lane: Lane, imm: u32) -> i64 {
    (imm - lane.bits()) as i64
}

/// Vd = op(Vn, the right shift's amount).
fn by_right(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val, i64) -> Val) {
    let Some((lane, imm)) = shift_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let result = op(b, lane, n, right_amount(lane, imm));
    put(b, f, lane, result);
}

/// SSHR, USHR.
pub fn right(b: &mut Lower, f: Word, shift: Op) {
    by_right(b, f, |b, lane, n, amount| b.vimm(shift, lane, n, amount));
}

/// SSRA, USRA.
pub fn right_onto(b: &mut Lower, f: Word, shift: Op) {
    let d = b.get(v(f.rd()));
    by_right(b, f, |b, lane, n, amount| {
        let shifted = b.vimm(shift, lane, n, amount);
        b.vbin(Op::VAdd, lane, d, shifted)
    });
}

/// n shifted right, and up by the last bit that fell out: no sum to overflow.
fn rounded(b: &mut Lower, lane: Lane, shift: Op, n: Val, amount: i64) -> Val {
    let shifted = b.vimm(shift, lane, n, amount);
    let last = b.vimm(Op::VShrU, lane, n, amount - 1);
    let one = splat(b, lane, 1);
    let up = b.and(Ty::V128, last, one);
    b.vbin(Op::VAdd, lane, shifted, up)
}

/// SRSHR, URSHR.
pub fn rounding_right(b: &mut Lower, f: Word, shift: Op) {
    by_right(b, f, |b, lane, n, amount| rounded(b, lane, shift, n, amount));
}

/// SRSRA, URSRA.
pub fn rounding_right_onto(b: &mut Lower, f: Word, shift: Op) {
    let d = b.get(v(f.rd()));
    by_right(b, f, |b, lane, n, amount| {
        let shifted = rounded(b, lane, shift, n, amount);
        b.vbin(Op::VAdd, lane, d, shifted)
    });
}

/// SRI: the bits above the shifted ones stay.
pub fn right_insert(b: &mut Lower, f: Word) {
    let d = b.get(v(f.rd()));
    by_right(b, f, |b, lane, n, amount| {
        let shifted = b.vimm(Op::VShrU, lane, n, amount);
        let kept = splat(b, lane, !(u64::MAX >> (64 - lane.bits())).unbounded_shr(amount as u32));
        let kept = b.and(Ty::V128, d, kept);
        b.or(Ty::V128, kept, shifted)
    });
}

/// SHL
pub fn left(b: &mut Lower, f: Word) {
    let Some((lane, imm)) = shift_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let result = b.vimm(Op::VShl, lane, n, left_amount(lane, imm));
    put(b, f, lane, result);
}

/// SLI: the bits below the shifted ones stay.
pub fn left_insert(b: &mut Lower, f: Word) {
    let Some((lane, imm)) = shift_lane(f) else { return b.undefined() };
    let amount = left_amount(lane, imm);
    let (d, n) = (b.get(v(f.rd())), b.get(v(f.rn())));
    let shifted = b.vimm(Op::VShl, lane, n, amount);
    let kept = splat(b, lane, (1 << amount) - 1);
    let kept = b.and(Ty::V128, d, kept);
    let result = b.or(Ty::V128, kept, shifted);
    put(b, f, lane, result);
}

/// How a left shift saturates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saturation {
    /// SQSHL
    Signed,
    /// UQSHL
    Unsigned,
    /// SQSHLU
    SignedToUnsigned,
}

/// SQSHL, UQSHL, SQSHLU by immediate: what does not come back by the opposite shift saturates.
pub fn saturating_left(b: &mut Lower, f: Word, how: Saturation) {
    let valid = |&(lane, _): &(Lane, u32)| lane != Lane::D || shape(f) != Shape::Half;
    let Some((lane, imm)) = fields(f).filter(valid) else { return b.undefined() };
    let amount = left_amount(lane, imm);
    let n = b.get(v(f.rn()));
    let shifted = b.vimm(Op::VShl, lane, n, amount);
    let back = b.vimm(if how == Saturation::Signed { Op::VShrS } else { Op::VShrU }, lane, shifted, amount);
    let same = b.vbin(Op::VCmpEq, lane, back, n);
    let mut fits = same;
    let sign = b.vimm(Op::VShrS, lane, n, lane.bits() as i64 - 1);
    let limit = match how {
        Saturation::Unsigned => b.vconst(u64::MAX),
        Saturation::Signed => {
            let max = splat(b, lane, (1 << (lane.bits() - 1)) - 1);
            b.xor(Ty::V128, sign, max)
        }
        Saturation::SignedToUnsigned => {
            fits = b.bin(Op::AndNot, Ty::V128, fits, sign);
            not(b, sign)
        }
    };
    let result = select(b, fits, shifted, limit);
    let over = not(b, fits);
    set_qc(b, shape(f), lane, over);
    put(b, f, lane, result);
}

/// SHRN, RSHRN: carries out of the rounding are cut off with the rest.
fn right_narrow(b: &mut Lower, f: Word, round: bool) {
    let Some((lane, imm)) = narrow_lane(f) else { return b.undefined() };
    let amount = right_amount(lane, imm);
    let mut n = b.get(v(f.rn()));
    if round {
        let half = splat(b, lane.wider(), 1 << (amount - 1));
        n = b.vbin(Op::VAdd, lane.wider(), n, half);
    }
    let shifted = b.vimm(Op::VShrU, lane.wider(), n, amount);
    let narrow = b.vun(Op::VNarrow, lane.wider(), shifted);
    put_narrow(b, f, narrow);
}

/// SQSHRN and its family.
pub fn saturating_right_narrow(b: &mut Lower, f: Word, how: Narrowing, shift: Op, round: bool) {
    let Some((lane, imm)) = narrow_lane(f) else { return b.undefined() };
    let amount = right_amount(lane, imm);
    let n = b.get(v(f.rn()));
    let shifted = match round {
        true => rounded(b, lane.wider(), shift, n, amount),
        false => b.vimm(shift, lane.wider(), n, amount),
    };
    narrow_saturating(b, f, lane, how, shifted);
}

fn left_long(b: &mut Lower, f: Word, low: Op, high: Op) {
    let Some((lane, imm)) = narrow_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let wide = b.vun(if f.q() { high } else { low }, lane, n);
    let amount = left_amount(lane, imm);
    let result = if amount == 0 { wide } else { b.vimm(Op::VShl, lane.wider(), wide, amount) };
    b.put(v(f.rd()), result);
}

/// A fixed-point lane; half-words are FEAT_FP16's.
fn fixed_lane(f: Word) -> Option<(Lane, i32)> {
    let (lane, imm) = fields(f).filter(|&(lane, _)| lane == Lane::S || lane == Lane::D && shape(f) != Shape::Half)?;
    Some((lane, right_amount(lane, imm) as i32))
}

/// SCVTF, UCVTF: scaling is exact, as for general registers.
pub fn from_fixed(b: &mut Lower, f: Word, op: Op) {
    let Some((lane, fraction)) = fixed_lane(f) else { return b.undefined() };
    let n = operand(b, f, lane, f.rn());
    let whole = b.vun(op, lane, n);
    let scale = splat(b, lane, power_of_two(lane, -fraction));
    let result = b.vbin(Op::VFMul, lane, whole, scale);
    put(b, f, lane, result);
}

/// FCVTZS, FCVTZU: cut to a range that still saturates, so that scaling does not overflow.
pub fn to_fixed(b: &mut Lower, f: Word, op: Op) {
    let Some((lane, fraction)) = fixed_lane(f) else { return b.undefined() };
    let ((low, high), scale) = fixed_limits(lane, lane.bits() as i32, fraction);
    let n = operand(b, f, lane, f.rn());
    let (low, high, scale) = (splat(b, lane, low), splat(b, lane, high), splat(b, lane, scale));
    let n = b.vbin(Op::VFMax, lane, n, low);
    let n = b.vbin(Op::VFMin, lane, n, high);
    let scaled = b.vbin(Op::VFMul, lane, n, scale);
    let result = b.vimm(op, lane, scaled, Round::Zero as i64);
    put(b, f, lane, result);
}
