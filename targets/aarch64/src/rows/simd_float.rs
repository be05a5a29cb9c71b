//! Advanced SIMD floating point: three registers of the same type and two-register miscellaneous
//! (Arm ARM C4.1.96), and their scalar forms. Single and double precision.

use ir::{HelperId, Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use super::simd_two_misc::{long_operand, put_narrow};
use crate::ALTERNATIVE_HALF;
use crate::cpu;
use crate::fields::Word;
use crate::float::{self, binary, bits_of, operand, precision, unary};
use crate::helpers::{self, fp_round, request};
use crate::state::v;
use crate::vector::{Shape, float_lane, pairs, put, shape, truncate, zero};

instructions! {
    /// Three registers, vectors.
    pub THREE_SAME: cpu::ASIMD;
    fmaxnm_vector  "0q0 01110 0z1 mmmmm 110001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFMaxNum);
    fminnm_vector  "0q0 01110 1z1 mmmmm 110001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFMinNum);
    fmla_vector    "0q0 01110 0z1 mmmmm 110011 nnnnn ddddd" |b, f: Word| fused(b, f, false);
    fmls_vector    "0q0 01110 1z1 mmmmm 110011 nnnnn ddddd" |b, f: Word| fused(b, f, true);
    fadd_vector    "0q0 01110 0z1 mmmmm 110101 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFAdd);
    fsub_vector    "0q0 01110 1z1 mmmmm 110101 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFSub);
    fmulx_vector   "0q0 01110 0z1 mmmmm 110111 nnnnn ddddd" |b, f: Word| called(b, f, helpers::FMULX);
    fcmeq_vector   "0q0 01110 0z1 mmmmm 111001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFCmpEq);
    fmax_vector    "0q0 01110 0z1 mmmmm 111101 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFMax);
    fmin_vector    "0q0 01110 1z1 mmmmm 111101 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFMin);
    frecps_vector  "0q0 01110 0z1 mmmmm 111111 nnnnn ddddd" |b, f: Word| called(b, f, helpers::FRECPS);
    frsqrts_vector "0q0 01110 1z1 mmmmm 111111 nnnnn ddddd" |b, f: Word| called(b, f, helpers::FRSQRTS);
    fmaxnmp_vector "0q1 01110 0z1 mmmmm 110001 nnnnn ddddd" |b, f: Word| pairwise(b, f, Op::VFMaxNum);
    fminnmp_vector "0q1 01110 1z1 mmmmm 110001 nnnnn ddddd" |b, f: Word| pairwise(b, f, Op::VFMinNum);
    faddp_vector   "0q1 01110 0z1 mmmmm 110101 nnnnn ddddd" |b, f: Word| pairwise(b, f, Op::VFAdd);
    fabd_vector    "0q1 01110 1z1 mmmmm 110101 nnnnn ddddd" |b, f: Word| difference(b, f);
    fmul_vector    "0q1 01110 0z1 mmmmm 110111 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFMul);
    fcmge_vector   "0q1 01110 0z1 mmmmm 111001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFCmpGe);
    fcmgt_vector   "0q1 01110 1z1 mmmmm 111001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFCmpGt);
    facge_vector   "0q1 01110 0z1 mmmmm 111011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, Op::VFCmpGe);
    facgt_vector   "0q1 01110 1z1 mmmmm 111011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, Op::VFCmpGt);
    fmaxp_vector   "0q1 01110 0z1 mmmmm 111101 nnnnn ddddd" |b, f: Word| pairwise(b, f, Op::VFMax);
    fminp_vector   "0q1 01110 1z1 mmmmm 111101 nnnnn ddddd" |b, f: Word| pairwise(b, f, Op::VFMin);
    fdiv_vector    "0q1 01110 0z1 mmmmm 111111 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFDiv);
}

instructions! {
    /// Two registers, vectors.
    pub TWO_MISC: cpu::ASIMD;
    fcvtn             "0q0 01110 0z10000 10110 10 nnnnn ddddd" |b, f: Word| narrow(b, f);
    fcvtxn            "0q1 01110 0110000 10110 10 nnnnn ddddd" |b, f: Word| narrow_to_odd(b, f);
    fcvtl             "0q0 01110 0z10000 10111 10 nnnnn ddddd" |b, f: Word| lengthen(b, f);
    frintn_vector     "0q0 01110 0z10000 11000 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestEven, false);
    frintp_vector     "0q0 01110 1z10000 11000 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Up, false);
    frintm_vector     "0q0 01110 0z10000 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Down, false);
    frintz_vector     "0q0 01110 1z10000 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Zero, false);
    frinta_vector     "0q1 01110 0z10000 11000 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestAway, false);
    frintx_vector     "0q1 01110 0z10000 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, true);
    frinti_vector     "0q1 01110 1z10000 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, false);
    fcvtns_vector     "0q0 01110 0z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToS, Round::NearestEven);
    fcvtps_vector     "0q0 01110 1z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToS, Round::Up);
    fcvtms_vector     "0q0 01110 0z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToS, Round::Down);
    fcvtzs_vector     "0q0 01110 1z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToS, Round::Zero);
    fcvtas_vector     "0q0 01110 0z10000 11100 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToS, Round::NearestAway);
    fcvtnu_vector     "0q1 01110 0z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToU, Round::NearestEven);
    fcvtpu_vector     "0q1 01110 1z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToU, Round::Up);
    fcvtmu_vector     "0q1 01110 0z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToU, Round::Down);
    fcvtzu_vector     "0q1 01110 1z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToU, Round::Zero);
    fcvtau_vector     "0q1 01110 0z10000 11100 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::VFToU, Round::NearestAway);
    scvtf_vector      "0q0 01110 0z10000 11101 10 nnnnn ddddd" |b, f: Word| from_int(b, f, Op::VSToF);
    ucvtf_vector      "0q1 01110 0z10000 11101 10 nnnnn ddddd" |b, f: Word| from_int(b, f, Op::VUToF);
    fcmgt_zero_vector "0q0 01110 1z10000 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, Op::VFCmpGt);
    fcmge_zero_vector "0q1 01110 1z10000 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, Op::VFCmpGe);
    fcmeq_zero_vector "0q0 01110 1z10000 01101 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, Op::VFCmpEq);
    fcmle_zero_vector "0q1 01110 1z10000 01101 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, Op::VFCmpGe);
    fcmlt_zero_vector "0q0 01110 1z10000 01110 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, Op::VFCmpGt);
    fabs_vector       "0q0 01110 1z10000 01111 10 nnnnn ddddd" |b, f: Word| unary(b, f, |b, l, n| b.vun(Op::VFAbs, l, n));
    fneg_vector       "0q1 01110 1z10000 01111 10 nnnnn ddddd" |b, f: Word| unary(b, f, |b, l, n| b.vun(Op::VFNeg, l, n));
    fsqrt_vector      "0q1 01110 1z10000 11111 10 nnnnn ddddd" |b, f: Word| unary(b, f, |b, l, n| b.vun(Op::VFSqrt, l, n));
    urecpe_vector     "0q0 01110 1010000 11100 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::URECPE);
    ursqrte_vector    "0q1 01110 1010000 11100 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::URSQRTE);
    frecpe_vector     "0q0 01110 1z10000 11101 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::FRECPE);
    frsqrte_vector    "0q1 01110 1z10000 11101 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::FRSQRTE);
}

instructions! {
    /// FEAT_FRINTTS, vectors.
    pub INT_RANGE: cpu::FRINT;
    frint32z_vector "0q0 01110 0z10000 11110 10 nnnnn ddddd" |b, f: Word| round_in_range(b, f, fp_round::TO_32);
    frint64z_vector "0q0 01110 0z10000 11111 10 nnnnn ddddd" |b, f: Word| round_in_range(b, f, 0);
    frint32x_vector "0q1 01110 0z10000 11110 10 nnnnn ddddd" |b, f: Word| round_in_range(b, f, fp_round::TO_32 | fp_round::DYNAMIC);
    frint64x_vector "0q1 01110 0z10000 11111 10 nnnnn ddddd" |b, f: Word| round_in_range(b, f, fp_round::DYNAMIC);
}

instructions! {
    /// Scalar forms of both groups, and pairwise ones.
    pub SCALAR: cpu::ASIMD;
    fmulx_scalar      "010 11110 0z1 mmmmm 110111 nnnnn ddddd" |b, f: Word| called(b, f, helpers::FMULX);
    fcmeq_scalar      "010 11110 0z1 mmmmm 111001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFCmpEq);
    frecps_scalar     "010 11110 0z1 mmmmm 111111 nnnnn ddddd" |b, f: Word| called(b, f, helpers::FRECPS);
    frsqrts_scalar    "010 11110 1z1 mmmmm 111111 nnnnn ddddd" |b, f: Word| called(b, f, helpers::FRSQRTS);
    fcmge_scalar      "011 11110 0z1 mmmmm 111001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFCmpGe);
    facge_scalar      "011 11110 0z1 mmmmm 111011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, Op::VFCmpGe);
    fabd_scalar       "011 11110 1z1 mmmmm 110101 nnnnn ddddd" |b, f: Word| difference(b, f);
    fcmgt_scalar      "011 11110 1z1 mmmmm 111001 nnnnn ddddd" |b, f: Word| plain(b, f, Op::VFCmpGt);
    facgt_scalar      "011 11110 1z1 mmmmm 111011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, Op::VFCmpGt);
    fcvtxn_scalar     "011 11110 0110000 10110 10 nnnnn ddddd" |b, f: Word| narrow_to_odd(b, f);
    fcvtns_scalar     "010 11110 0z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToS, Round::NearestEven);
    fcvtps_scalar     "010 11110 1z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToS, Round::Up);
    fcvtms_scalar     "010 11110 0z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToS, Round::Down);
    fcvtzs_scalar     "010 11110 1z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToS, Round::Zero);
    fcvtas_scalar     "010 11110 0z10000 11100 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToS, Round::NearestAway);
    fcvtnu_scalar     "011 11110 0z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToU, Round::NearestEven);
    fcvtpu_scalar     "011 11110 1z10000 11010 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToU, Round::Up);
    fcvtmu_scalar     "011 11110 0z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToU, Round::Down);
    fcvtzu_scalar     "011 11110 1z10000 11011 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToU, Round::Zero);
    fcvtau_scalar     "011 11110 0z10000 11100 10 nnnnn ddddd" |b, f: Word| to_int_scalar(b, f, Op::FToU, Round::NearestAway);
    scvtf_scalar      "010 11110 0z10000 11101 10 nnnnn ddddd" |b, f: Word| from_int_scalar(b, f, Op::SToF);
    ucvtf_scalar      "011 11110 0z10000 11101 10 nnnnn ddddd" |b, f: Word| from_int_scalar(b, f, Op::UToF);
    fcmgt_zero_scalar "010 11110 1z10000 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, Op::VFCmpGt);
    fcmge_zero_scalar "011 11110 1z10000 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, Op::VFCmpGe);
    fcmeq_zero_scalar "010 11110 1z10000 01101 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, Op::VFCmpEq);
    fcmle_zero_scalar "011 11110 1z10000 01101 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, Op::VFCmpGe);
    fcmlt_zero_scalar "010 11110 1z10000 01110 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, Op::VFCmpGt);
    frecpe_scalar     "010 11110 1z10000 11101 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::FRECPE);
    frecpx_scalar     "010 11110 1z10000 11111 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::FRECPX);
    frsqrte_scalar    "011 11110 1z10000 11101 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, helpers::FRSQRTE);
    fmaxnmp_scalar    "011 11110 0z11000 01100 10 nnnnn ddddd" |b, f: Word| pair(b, f, Op::FMaxNum);
    fminnmp_scalar    "011 11110 1z11000 01100 10 nnnnn ddddd" |b, f: Word| pair(b, f, Op::FMinNum);
    faddp_scalar      "011 11110 0z11000 01101 10 nnnnn ddddd" |b, f: Word| pair(b, f, Op::FAdd);
    fmaxp_scalar      "011 11110 0z11000 01111 10 nnnnn ddddd" |b, f: Word| pair(b, f, Op::FMax);
    fminp_scalar      "011 11110 1z11000 01111 10 nnnnn ddddd" |b, f: Word| pair(b, f, Op::FMin);
}

/// One op of the IR.
fn plain(b: &mut Lower, f: Word, op: Op) {
    binary(b, f, |b, lane, n, m| b.vbin(op, lane, n, m));
}

/// A helper on two operands.
fn called(b: &mut Lower, f: Word, helper: ir::HelperId) {
    binary(b, f, |b, lane, n, m| {
        let request = request(b, shape(f), lane, 0);
        b.call_vec(helper, Ty::V128, [n, m, Val::NONE], request)
    });
}

/// A helper on one operand.
fn called_on_one(b: &mut Lower, f: Word, helper: ir::HelperId) {
    unary(b, f, |b, lane, n| {
        let request = request(b, shape(f), lane, 0);
        b.call_vec(helper, Ty::V128, [n, Val::NONE, Val::NONE], request)
    });
}

fn round_in_range(b: &mut Lower, f: Word, kind: i64) {
    unary(b, f, |b, lane, n| {
        let request = request(b, shape(f), lane, kind);
        b.call_vec(helpers::FRINT_RANGE, Ty::V128, [n, Val::NONE, Val::NONE], request)
    });
}

fn fused(b: &mut Lower, f: Word, negate: bool) {
    binary(b, f, |b, lane, n, m| multiply_onto(b, f, lane, negate, n, m));
}

/// FMLA, FMLS: the latter negates its first factor.
pub fn multiply_onto(b: &mut Lower, f: Word, lane: Lane, negate: bool, n: Val, m: Val) -> Val {
    let d = operand(b, f, lane, f.rd());
    let n = if negate { b.vun(Op::VFNeg, lane, n) } else { n };
    b.op(Op::VFMulAdd, Ty::V128, lane as u8, [n, m, d], 0)
}

fn pairwise(b: &mut Lower, f: Word, op: Op) {
    let Some(lane) = float_lane(f) else { return b.undefined() };
    let (even, odd) = pairs(b, f, lane);
    let result = b.vbin(op, lane, even, odd);
    put(b, f, lane, result);
}

/// The two low lanes of Vn.
fn pair(b: &mut Lower, f: Word, op: Op) {
    let (lane, ty) = (if f.bit(22) { Lane::D } else { Lane::S }, precision(f));
    let n = b.get(v(f.rn()));
    let first = b.un(Op::VLow, ty, n);
    let second = b.vimm(Op::VDup, lane, n, 1);
    let second = b.un(Op::VLow, ty, second);
    let result = b.bin(op, ty, first, second);
    float::set(b, ty, f.rd(), result);
}

fn difference(b: &mut Lower, f: Word) {
    binary(b, f, |b, lane, n, m| {
        let difference = b.vbin(Op::VFSub, lane, n, m);
        b.vun(Op::VFAbs, lane, difference)
    });
}

fn compare_magnitudes(b: &mut Lower, f: Word, op: Op) {
    binary(b, f, |b, lane, n, m| {
        let (n, m) = (b.vun(Op::VFAbs, lane, n), b.vun(Op::VFAbs, lane, m));
        b.vbin(op, lane, n, m)
    });
}

fn compare_zero(b: &mut Lower, f: Word, op: Op) {
    unary(b, f, |b, lane, n| {
        let zero = zero(b);
        b.vbin(op, lane, n, zero)
    });
}

fn zero_compared(b: &mut Lower, f: Word, op: Op) {
    unary(b, f, |b, lane, n| {
        let zero = zero(b);
        b.vbin(op, lane, zero, n)
    });
}

fn round(b: &mut Lower, f: Word, mode: Round, exact: bool) {
    unary(b, f, |b, lane, n| b.vimm(Op::VFRound, lane, n, mode as i64 + 8 * exact as i64));
}

fn to_int(b: &mut Lower, f: Word, op: Op, mode: Round) {
    unary(b, f, |b, lane, n| b.vimm(op, lane, n, mode as i64));
}

fn from_int(b: &mut Lower, f: Word, op: Op) {
    unary(b, f, |b, lane, n| b.vun(op, lane, n));
}

/// The integer stays in the vector register.
fn to_int_scalar(b: &mut Lower, f: Word, op: Op, mode: Round) {
    let ty = precision(f);
    let n = float::get(b, ty, f.rn());
    let integer = b.fround(op, bits_of(ty), mode, n, 0);
    let bits = b.un(Op::Bitcast, ty, integer);
    float::set(b, ty, f.rd(), bits);
}

fn from_int_scalar(b: &mut Lower, f: Word, op: Op) {
    let ty = precision(f);
    let bits = float::get(b, ty, f.rn());
    let integer = b.un(Op::Bitcast, bits_of(ty), bits);
    let result = b.fround(op, ty, Round::Dynamic, integer, 0);
    float::set(b, ty, f.rd(), result);
}

/// FCVTN from words to half-words or double-words to words.
fn narrow(b: &mut Lower, f: Word) {
    let lane = if f.bit(22) { Lane::D } else { Lane::S };
    let n = b.get(v(f.rn()));
    let result = match lane {
        Lane::S if b.mode.0 & ALTERNATIVE_HALF.0 != 0 => alternative(b, helpers::AHP_NARROW, n),
        _ => b.vun(Op::VFCvtDown, lane, n),
    };
    put_narrow(b, f, result);
}

/// FCVTXN: to words, rounding to odd.
fn narrow_to_odd(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let wide = if shape(f) == Shape::Scalar { Shape::Scalar } else { Shape::Full };
    let n = truncate(b, wide, Lane::D, n);
    let request = request(b, wide, Lane::D, 0);
    let result = b.call_vec(helpers::FCVTXN, Ty::V128, [n, Val::NONE, Val::NONE], request);
    put_narrow(b, f, result);
}

/// FCVTL to words or double-words.
fn lengthen(b: &mut Lower, f: Word) {
    let lane = if f.bit(22) { Lane::D } else { Lane::S };
    let n = long_operand(b, f, f.rn());
    let result = match lane {
        Lane::S if b.mode.0 & ALTERNATIVE_HALF.0 != 0 => alternative(b, helpers::AHP_WIDEN, n),
        _ => b.vun(Op::VFCvtUp, lane, n),
    };
    b.put(v(f.rd()), result);
}

/// Between four words and half-words of the alternative format.
fn alternative(b: &mut Lower, helper: HelperId, n: Val) -> Val {
    let request = request(b, Shape::Full, Lane::S, 0);
    b.call_vec(helper, Ty::V128, [n, Val::NONE, Val::NONE], request)
}
