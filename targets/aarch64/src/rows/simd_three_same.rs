//! Advanced SIMD three registers of the same type, integer (Arm ARM C4.1.96). The scalar forms of the same
//! meanings are in `simd_scalar`.

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::simd_shift_reg;
use crate::cpu;
use crate::fields::Word;
use crate::state::v;
use crate::vector::{self, B, BHS, BHSD, HS, accumulate, binary, not, pairs, put, saturated, set_qc, shape, splat};

instructions! {
    /// The integer instructions of the group.
    pub ROWS: cpu::ASIMD;
    shadd           "0q0 01110 zz1 mmmmm 000001 nnnnn ddddd" |b, f: Word| halving_add(b, f, Op::VShrS);
    uhadd           "0q1 01110 zz1 mmmmm 000001 nnnnn ddddd" |b, f: Word| halving_add(b, f, Op::VShrU);
    srhadd          "0q0 01110 zz1 mmmmm 000101 nnnnn ddddd" |b, f: Word| rounding_halving_add(b, f, Op::VShrS);
    urhadd          "0q1 01110 zz1 mmmmm 000101 nnnnn ddddd" |b, f: Word| rounding_halving_add(b, f, Op::VShrU);
    shsub           "0q0 01110 zz1 mmmmm 001001 nnnnn ddddd" |b, f: Word| halving_sub(b, f, Op::VShrS);
    uhsub           "0q1 01110 zz1 mmmmm 001001 nnnnn ddddd" |b, f: Word| halving_sub(b, f, Op::VShrU);
    sqadd_vector    "0q0 01110 zz1 mmmmm 000011 nnnnn ddddd" |b, f: Word| saturating(b, f, Op::VQAddS, Op::VAdd);
    uqadd_vector    "0q1 01110 zz1 mmmmm 000011 nnnnn ddddd" |b, f: Word| saturating(b, f, Op::VQAddU, Op::VAdd);
    sqsub_vector    "0q0 01110 zz1 mmmmm 001011 nnnnn ddddd" |b, f: Word| saturating(b, f, Op::VQSubS, Op::VSub);
    uqsub_vector    "0q1 01110 zz1 mmmmm 001011 nnnnn ddddd" |b, f: Word| saturating(b, f, Op::VQSubU, Op::VSub);

    and_vector      "0q0 01110 001 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, _, n, m| b.and(Ty::V128, n, m));
    bic_vector      "0q0 01110 011 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, _, n, m| b.bin(Op::AndNot, Ty::V128, n, m));
    orr_vector      "0q0 01110 101 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, _, n, m| b.or(Ty::V128, n, m));
    orn_vector      "0q0 01110 111 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, _, n, m| { let m = not(b, m); b.or(Ty::V128, n, m) });
    eor_vector      "0q1 01110 001 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, _, n, m| b.xor(Ty::V128, n, m));
    bsl             "0q1 01110 011 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, vector::select);
    bit             "0q1 01110 101 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, d, n, m| vector::select(b, m, n, d));
    bif             "0q1 01110 111 mmmmm 000111 nnnnn ddddd" |b, f: Word| logical(b, f, |b, d, n, m| vector::select(b, m, d, n));

    cmgt_vector     "0q0 01110 zz1 mmmmm 001101 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VCmpGtS);
    cmhi_vector     "0q1 01110 zz1 mmmmm 001101 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VCmpGtU);
    cmge_vector     "0q0 01110 zz1 mmmmm 001111 nnnnn ddddd" |b, f: Word| greater_equal(b, f, Op::VCmpGtS);
    cmhs_vector     "0q1 01110 zz1 mmmmm 001111 nnnnn ddddd" |b, f: Word| greater_equal(b, f, Op::VCmpGtU);
    cmtst_vector    "0q0 01110 zz1 mmmmm 100011 nnnnn ddddd" |b, f: Word| compare_test(b, f);
    cmeq_vector     "0q1 01110 zz1 mmmmm 100011 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VCmpEq);

    sshl_vector     "0q0 01110 zz1 mmmmm 010001 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VShlVarS);
    ushl_vector     "0q1 01110 zz1 mmmmm 010001 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VShlVarU);
    sqshl_vector    "0q0 01110 zz1 mmmmm 010011 nnnnn ddddd" |b, f: Word| simd_shift_reg::saturating(b, f, simd_shift_reg::SIGNED);
    uqshl_vector    "0q1 01110 zz1 mmmmm 010011 nnnnn ddddd" |b, f: Word| simd_shift_reg::saturating(b, f, simd_shift_reg::UNSIGNED);
    srshl_vector    "0q0 01110 zz1 mmmmm 010101 nnnnn ddddd" |b, f: Word| simd_shift_reg::rounding(b, f, simd_shift_reg::SIGNED);
    urshl_vector    "0q1 01110 zz1 mmmmm 010101 nnnnn ddddd" |b, f: Word| simd_shift_reg::rounding(b, f, simd_shift_reg::UNSIGNED);
    sqrshl_vector   "0q0 01110 zz1 mmmmm 010111 nnnnn ddddd" |b, f: Word| simd_shift_reg::saturating_rounding(b, f, simd_shift_reg::SIGNED);
    uqrshl_vector   "0q1 01110 zz1 mmmmm 010111 nnnnn ddddd" |b, f: Word| simd_shift_reg::saturating_rounding(b, f, simd_shift_reg::UNSIGNED);

    smax_vector     "0q0 01110 zz1 mmmmm 011001 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VMaxS);
    umax_vector     "0q1 01110 zz1 mmmmm 011001 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VMaxU);
    smin_vector     "0q0 01110 zz1 mmmmm 011011 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VMinS);
    umin_vector     "0q1 01110 zz1 mmmmm 011011 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VMinU);
    sabd            "0q0 01110 zz1 mmmmm 011101 nnnnn ddddd" |b, f: Word| binary(b, f, BHS, |b, l, n, m| difference(b, l, SIGNED, n, m));
    uabd            "0q1 01110 zz1 mmmmm 011101 nnnnn ddddd" |b, f: Word| binary(b, f, BHS, |b, l, n, m| difference(b, l, UNSIGNED, n, m));
    saba            "0q0 01110 zz1 mmmmm 011111 nnnnn ddddd" |b, f: Word| accumulate(b, f, BHS, Op::VAdd, |b, l, n, m| difference(b, l, SIGNED, n, m));
    uaba            "0q1 01110 zz1 mmmmm 011111 nnnnn ddddd" |b, f: Word| accumulate(b, f, BHS, Op::VAdd, |b, l, n, m| difference(b, l, UNSIGNED, n, m));

    add_vector      "0q0 01110 zz1 mmmmm 100001 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VAdd);
    sub_vector      "0q1 01110 zz1 mmmmm 100001 nnnnn ddddd" |b, f: Word| plain(b, f, BHSD, Op::VSub);
    mla             "0q0 01110 zz1 mmmmm 100101 nnnnn ddddd" |b, f: Word| accumulate(b, f, BHS, Op::VAdd, |b, l, n, m| b.vbin(Op::VMul, l, n, m));
    mls             "0q1 01110 zz1 mmmmm 100101 nnnnn ddddd" |b, f: Word| accumulate(b, f, BHS, Op::VSub, |b, l, n, m| b.vbin(Op::VMul, l, n, m));
    mul_vector      "0q0 01110 zz1 mmmmm 100111 nnnnn ddddd" |b, f: Word| plain(b, f, BHS, Op::VMul);
    pmul            "0q1 01110 zz1 mmmmm 100111 nnnnn ddddd" |b, f: Word| binary(b, f, B, |b, _, n, m| b.bin(Op::VPmul, Ty::V128, n, m));

    smaxp           "0q0 01110 zz1 mmmmm 101001 nnnnn ddddd" |b, f: Word| pairwise(b, f, BHS, Op::VMaxS);
    umaxp           "0q1 01110 zz1 mmmmm 101001 nnnnn ddddd" |b, f: Word| pairwise(b, f, BHS, Op::VMaxU);
    sminp           "0q0 01110 zz1 mmmmm 101011 nnnnn ddddd" |b, f: Word| pairwise(b, f, BHS, Op::VMinS);
    uminp           "0q1 01110 zz1 mmmmm 101011 nnnnn ddddd" |b, f: Word| pairwise(b, f, BHS, Op::VMinU);
    addp_vector     "0q0 01110 zz1 mmmmm 101111 nnnnn ddddd" |b, f: Word| pairwise(b, f, BHSD, Op::VAdd);
    sqdmulh_vector  "0q0 01110 zz1 mmmmm 101101 nnnnn ddddd" |b, f: Word| doubling_high(b, f, false);
    sqrdmulh_vector "0q1 01110 zz1 mmmmm 101101 nnnnn ddddd" |b, f: Word| doubling_high(b, f, true);
}

/// An operation with a minimum and a maximum of one signedness.
pub type MinMax = (Op, Op);
/// Signed minimum and maximum.
pub const SIGNED: MinMax = (Op::VMinS, Op::VMaxS);
/// Unsigned minimum and maximum.
pub const UNSIGNED: MinMax = (Op::VMinU, Op::VMaxU);

/// One op of the IR.
pub fn plain(b: &mut Lower, f: Word, lanes: &[Lane], op: Op) {
    binary(b, f, lanes, |b, lane, n, m| b.vbin(op, lane, n, m));
}

/// A bitwise instruction over Vd, Vn and Vm.
fn logical(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Val, Val, Val) -> Val) {
    let (d, n, m) = (b.get(v(f.rd())), b.get(v(f.rn())), b.get(v(f.rm())));
    let result = op(b, d, n, m);
    put(b, f, Lane::B, result);
}

/// (n + m) >> 1 without overflow: n + m = 2 (n & m) + (n ^ m).
fn halving_add(b: &mut Lower, f: Word, shift: Op) {
    binary(b, f, BHS, |b, lane, n, m| {
        let both = b.and(Ty::V128, n, m);
        let one = b.xor(Ty::V128, n, m);
        let half = b.vimm(shift, lane, one, 1);
        b.vbin(Op::VAdd, lane, both, half)
    });
}

/// (n + m + 1) >> 1 without overflow: n + m = 2 (n | m) - (n ^ m).
fn rounding_halving_add(b: &mut Lower, f: Word, shift: Op) {
    binary(b, f, BHS, |b, lane, n, m| {
        if shift == Op::VShrU && lane != Lane::S {
            return b.vbin(Op::VAvgU, lane, n, m);
        }
        let any = b.or(Ty::V128, n, m);
        let one = b.xor(Ty::V128, n, m);
        let half = b.vimm(shift, lane, one, 1);
        b.vbin(Op::VSub, lane, any, half)
    });
}

/// (n - m) >> 1 without overflow: n - m = (n ^ m) - 2 (m & !n).
fn halving_sub(b: &mut Lower, f: Word, shift: Op) {
    binary(b, f, BHS, |b, lane, n, m| {
        let borrow = b.bin(Op::AndNot, Ty::V128, m, n);
        let one = b.xor(Ty::V128, n, m);
        let half = b.vimm(shift, lane, one, 1);
        b.vbin(Op::VSub, lane, half, borrow)
    });
}

/// A saturating operation beside its plain one.
pub fn saturating(b: &mut Lower, f: Word, sat: Op, plain: Op) {
    binary(b, f, BHSD, |b, lane, n, m| {
        let (sat, plain) = (b.vbin(sat, lane, n, m), b.vbin(plain, lane, n, m));
        saturated(b, shape(f), lane, sat, plain)
    });
}

/// n >= m, which is not m > n.
pub fn greater_equal(b: &mut Lower, f: Word, greater: Op) {
    binary(b, f, BHSD, |b, lane, n, m| {
        let less = b.vbin(greater, lane, m, n);
        not(b, less)
    });
}

/// All ones where n & m is not zero.
pub fn compare_test(b: &mut Lower, f: Word) {
    binary(b, f, BHSD, |b, lane, n, m| {
        let both = b.and(Ty::V128, n, m);
        let zero = vector::zero(b);
        let none = b.vbin(Op::VCmpEq, lane, both, zero);
        not(b, none)
    });
}

/// |n - m|, computed without a wider lane.
pub fn difference(b: &mut Lower, lane: Lane, (min, max): MinMax, n: Val, m: Val) -> Val {
    let (low, high) = (b.vbin(min, lane, n, m), b.vbin(max, lane, n, m));
    b.vbin(Op::VSub, lane, high, low)
}

fn pairwise(b: &mut Lower, f: Word, lanes: &[Lane], op: Op) {
    let Some(lane) = vector::lane(f, lanes) else { return b.undefined() };
    let (even, odd) = pairs(b, f, lane);
    let result = b.vbin(op, lane, even, odd);
    put(b, f, lane, result);
}

/// SQDMULH, SQRDMULH.
pub fn doubling_high(b: &mut Lower, f: Word, round: bool) {
    binary(b, f, HS, |b, lane, n, m| doubling_product_high(b, f, lane, round, n, m));
}

/// The high half of 2 n m. It saturates only where both are the minimum.
pub fn doubling_product_high(b: &mut Lower, f: Word, lane: Lane, round: bool, n: Val, m: Val) -> Val {
    let min = splat(b, lane, 1 << (lane.bits() - 1));
    let (n_min, m_min) = (b.vbin(Op::VCmpEq, lane, n, min), b.vbin(Op::VCmpEq, lane, m, min));
    let both = b.and(Ty::V128, n_min, m_min);
    set_qc(b, shape(f), lane, both);
    b.op(Op::VQDMulH, Ty::V128, lane as u8, [n, m, Val::NONE], round as i64)
}
