//! Advanced SIMD two-register miscellaneous, integer (Arm ARM C4.1.96).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::helpers::{self, simd_shift};
use crate::state::v;
use crate::vector::{self, B, BH, BHS, BHSD, Shape, low64, not, put, saturated, shape, unary};

instructions! {
    /// The integer instructions of the group.
    pub ROWS: cpu::ASIMD;
    rev64            "0q0 01110 zz10000 00000 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHS, |b, l, n| b.vimm(Op::VRev, l, n, 8));
    rev32_vector     "0q1 01110 zz10000 00000 10 nnnnn ddddd" |b, f: Word| unary(b, f, BH, |b, l, n| b.vimm(Op::VRev, l, n, 4));
    rev16_vector     "0q0 01110 zz10000 00001 10 nnnnn ddddd" |b, f: Word| unary(b, f, B, |b, l, n| b.vimm(Op::VRev, l, n, 2));
    saddlp           "0q0 01110 zz10000 00010 10 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VAddPairS);
    uaddlp           "0q1 01110 zz10000 00010 10 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VAddPairU);
    sadalp           "0q0 01110 zz10000 00110 10 nnnnn ddddd" |b, f: Word| add_pairs_to(b, f, Op::VAddPairS);
    uadalp           "0q1 01110 zz10000 00110 10 nnnnn ddddd" |b, f: Word| add_pairs_to(b, f, Op::VAddPairU);
    suqadd_vector    "0q0 01110 zz10000 00011 10 nnnnn ddddd" |b, f: Word| mixed_sign_add(b, f, simd_shift::SIGNED);
    usqadd_vector    "0q1 01110 zz10000 00011 10 nnnnn ddddd" |b, f: Word| mixed_sign_add(b, f, 0);
    cls_vector       "0q0 01110 zz10000 00100 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHS, leading_signs);
    clz_vector       "0q1 01110 zz10000 00100 10 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VClz);
    cnt_vector       "0q0 01110 zz10000 00101 10 nnnnn ddddd" |b, f: Word| plain(b, f, B, Op::VCnt);
    not_vector       "0q1 01110 0010000 00101 10 nnnnn ddddd" |b, f: Word| unary(b, f, B, |b, _, n| not(b, n));
    rbit_vector      "0q1 01110 0110000 00101 10 nnnnn ddddd" |b, f: Word| reverse_bits(b, f);
    sqabs_vector     "0q0 01110 zz10000 00111 10 nnnnn ddddd" |b, f: Word| saturating_abs(b, f);
    sqneg_vector     "0q1 01110 zz10000 00111 10 nnnnn ddddd" |b, f: Word| saturating_neg(b, f);
    cmgt_zero_vector "0q0 01110 zz10000 01000 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHSD, greater_zero);
    cmge_zero_vector "0q1 01110 zz10000 01000 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHSD, greater_equal_zero);
    cmeq_zero_vector "0q0 01110 zz10000 01001 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHSD, equal_zero);
    cmle_zero_vector "0q1 01110 zz10000 01001 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHSD, less_equal_zero);
    cmlt_zero_vector "0q0 01110 zz10000 01010 10 nnnnn ddddd" |b, f: Word| unary(b, f, BHSD, less_zero);
    abs_vector       "0q0 01110 zz10000 01011 10 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VAbs);
    neg_vector       "0q1 01110 zz10000 01011 10 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VNeg);
    xtn              "0q0 01110 zz10000 10010 10 nnnnn ddddd" |b, f: Word| extract_narrow(b, f);
    sqxtun_vector    "0q1 01110 zz10000 10010 10 nnnnn ddddd" |b, f: Word| saturating_extract_narrow(b, f, TO_UNSIGNED);
    sqxtn_vector     "0q0 01110 zz10000 10100 10 nnnnn ddddd" |b, f: Word| saturating_extract_narrow(b, f, SIGNED);
    uqxtn_vector     "0q1 01110 zz10000 10100 10 nnnnn ddddd" |b, f: Word| saturating_extract_narrow(b, f, UNSIGNED);
    shll             "0q1 01110 zz10000 10011 10 nnnnn ddddd" |b, f: Word| shift_left_long(b, f);
}

/// One op of the IR.
pub fn plain(b: &mut Lower, f: Word, lanes: &[Lane], op: Op) {
    unary(b, f, lanes, |b, lane, n| b.vun(op, lane, n));
}

fn add_pairs_to(b: &mut Lower, f: Word, op: Op) {
    let d = b.get(v(f.rd()));
    unary(b, f, BHS, |b, lane, n| {
        let sums = b.vun(op, lane, n);
        b.vbin(Op::VAdd, lane.wider(), d, sums)
    });
}

/// SUQADD, USQADD: operands of unlike signs.
pub fn mixed_sign_add(b: &mut Lower, f: Word, kind: i64) {
    let d = b.get(v(f.rd()));
    unary(b, f, BHSD, |b, lane, n| {
        let sum = b.call_vec(helpers::VADD_MIXED, Ty::V128, [d, n, Val::NONE], kind | lane as i64);
        let plain = b.vbin(Op::VAdd, lane, d, n);
        saturated(b, shape(f), lane, sum, plain)
    });
}

/// Bits below the sign that equal it: leading zeros of n ^ (n >> 1) are one more.
fn leading_signs(b: &mut Lower, lane: Lane, n: Val) -> Val {
    let shifted = b.vimm(Op::VShrS, lane, n, 1);
    let changes = b.xor(Ty::V128, n, shifted);
    let zeros = b.vun(Op::VClz, lane, changes);
    let ones = b.vconst(u64::MAX);
    b.vbin(Op::VAdd, lane, zeros, ones)
}

fn reverse_bits(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let reversed = b.un(Op::VRbit, Ty::V128, n);
    put(b, f, Lane::B, reversed);
}

/// SQNEG
pub fn saturating_neg(b: &mut Lower, f: Word) {
    unary(b, f, BHSD, |b, lane, n| {
        let zero = vector::zero(b);
        let (sat, plain) = (b.vbin(Op::VQSubS, lane, zero, n), b.vun(Op::VNeg, lane, n));
        saturated(b, shape(f), lane, sat, plain)
    });
}

/// SQABS
pub fn saturating_abs(b: &mut Lower, f: Word) {
    unary(b, f, BHSD, |b, lane, n| {
        let zero = vector::zero(b);
        let negated = b.vbin(Op::VQSubS, lane, zero, n);
        let (sat, plain) = (b.vbin(Op::VMaxS, lane, n, negated), b.vun(Op::VAbs, lane, n));
        saturated(b, shape(f), lane, sat, plain)
    });
}

/// n > 0
pub fn greater_zero(b: &mut Lower, lane: Lane, n: Val) -> Val {
    let zero = vector::zero(b);
    b.vbin(Op::VCmpGtS, lane, n, zero)
}

/// n >= 0
pub fn greater_equal_zero(b: &mut Lower, lane: Lane, n: Val) -> Val {
    let less = less_zero(b, lane, n);
    not(b, less)
}

/// n = 0
pub fn equal_zero(b: &mut Lower, lane: Lane, n: Val) -> Val {
    let zero = vector::zero(b);
    b.vbin(Op::VCmpEq, lane, n, zero)
}

/// n <= 0
pub fn less_equal_zero(b: &mut Lower, lane: Lane, n: Val) -> Val {
    let greater = greater_zero(b, lane, n);
    not(b, greater)
}

/// n < 0
pub fn less_zero(b: &mut Lower, lane: Lane, n: Val) -> Val {
    let zero = vector::zero(b);
    b.vbin(Op::VCmpGtS, lane, zero, n)
}

/// A narrowing op and the op that brings its low half back, so that a difference shows saturation.
pub type Narrowing = (Op, Op);
/// Signed to signed.
pub const SIGNED: Narrowing = (Op::VNarrowSS, Op::VExtLoS);
/// Signed to unsigned.
pub const TO_UNSIGNED: Narrowing = (Op::VNarrowSU, Op::VExtLoU);
/// Unsigned to unsigned.
pub const UNSIGNED: Narrowing = (Op::VNarrowUU, Op::VExtLoU);

fn extract_narrow(b: &mut Lower, f: Word) {
    let Some(lane) = narrow_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let narrow = b.vun(Op::VNarrow, lane.wider(), n);
    put_narrow(b, f, narrow);
}

/// SQXTN, SQXTUN, UQXTN.
pub fn saturating_extract_narrow(b: &mut Lower, f: Word, how: Narrowing) {
    let Some(lane) = narrow_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    narrow_saturating(b, f, lane, how, n);
}

/// The narrow lane of the size field.
fn narrow_lane(f: Word) -> Option<Lane> {
    (f.size() != 3).then(|| Lane::from_u8(f.size() as u8))
}

/// Narrows `wide` to lanes `lane`, saturating, into Vd; a scalar is one lane of it.
pub fn narrow_saturating(b: &mut Lower, f: Word, lane: Lane, (narrow, widen): Narrowing, wide: Val) {
    let scalar = shape(f) == Shape::Scalar;
    let wide = if scalar { vector::truncate(b, Shape::Scalar, lane.wider(), wide) } else { wide };
    let result = b.vun(narrow, lane.wider(), wide);
    let back = b.vun(widen, lane, result);
    saturated(b, Shape::Full, lane.wider(), back, wide);
    put_narrow(b, f, result);
}

/// Writes a narrowed result, whose upper half is zero: into the low half of Vd, or into its high half alone
/// (the instructions whose names end in 2). A scalar's other lanes are zero already.
pub fn put_narrow(b: &mut Lower, f: Word, narrow: Val) {
    let result = if shape(f) == Shape::Full {
        let d = b.get(v(f.rd()));
        b.vbin(Op::VZip1, Lane::D, d, narrow)
    } else {
        narrow
    };
    b.put(v(f.rd()), result);
}

/// The low half of Vn, or the high one for the instructions whose names end in 2.
pub fn long_operand(b: &mut Lower, f: Word, n: u32) -> Val {
    let n = b.get(v(n));
    if f.q() { vector::high_half(b, n) } else { low64(b, n) }
}

/// SHLL: the shift is the lane's width.
fn shift_left_long(b: &mut Lower, f: Word) {
    let Some(lane) = narrow_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let wide = b.vun(if f.q() { Op::VExtHiU } else { Op::VExtLoU }, lane, n);
    let shifted = b.vimm(Op::VShl, lane.wider(), wide, lane.bits() as i64);
    b.put(v(f.rd()), shifted);
}
