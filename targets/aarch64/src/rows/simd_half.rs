//! Advanced SIMD in half precision (FEAT_FP16; Arm ARM C4.1.96).

use ir::{HelperId, Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use super::fp_data::expand_f16;
use super::simd_imm::{imm8, set};
use super::simd_indexed::element;
use crate::fields::Word;
use crate::float::operand;
use crate::helpers::{self, half, request};
use crate::state::v;
use crate::vector::{self, Shape, pairs, put, replicate, shape, splat, zero};
use crate::{FLUSH16, cpu};

instructions! {
    /// Three registers.
    pub THREE_SAME: cpu::ASIMDHP;
    fmaxnm_vector_h  "0q0 01110 010 mmmmm 000001 nnnnn ddddd" |b, f: Word| called(b, f, half::MAXNUM);
    fmla_vector_h    "0q0 01110 010 mmmmm 000011 nnnnn ddddd" |b, f: Word| fused(b, f, false);
    fadd_vector_h    "0q0 01110 010 mmmmm 000101 nnnnn ddddd" |b, f: Word| called(b, f, half::ADD);
    fmulx_vector_h   "0q0 01110 010 mmmmm 000111 nnnnn ddddd" |b, f: Word| called(b, f, half::MULX);
    fcmeq_vector_h   "0q0 01110 010 mmmmm 001001 nnnnn ddddd" |b, f: Word| called(b, f, half::EQ);
    fmax_vector_h    "0q0 01110 010 mmmmm 001101 nnnnn ddddd" |b, f: Word| called(b, f, half::MAX);
    frecps_vector_h  "0q0 01110 010 mmmmm 001111 nnnnn ddddd" |b, f: Word| called(b, f, half::RECPS);
    fminnm_vector_h  "0q0 01110 110 mmmmm 000001 nnnnn ddddd" |b, f: Word| called(b, f, half::MINNUM);
    fmls_vector_h    "0q0 01110 110 mmmmm 000011 nnnnn ddddd" |b, f: Word| fused(b, f, true);
    fsub_vector_h    "0q0 01110 110 mmmmm 000101 nnnnn ddddd" |b, f: Word| called(b, f, half::SUB);
    fmin_vector_h    "0q0 01110 110 mmmmm 001101 nnnnn ddddd" |b, f: Word| called(b, f, half::MIN);
    frsqrts_vector_h "0q0 01110 110 mmmmm 001111 nnnnn ddddd" |b, f: Word| called(b, f, half::RSQRTS);
    fmaxnmp_vector_h "0q1 01110 010 mmmmm 000001 nnnnn ddddd" |b, f: Word| pairwise(b, f, half::MAXNUM);
    faddp_vector_h   "0q1 01110 010 mmmmm 000101 nnnnn ddddd" |b, f: Word| pairwise(b, f, half::ADD);
    fmul_vector_h    "0q1 01110 010 mmmmm 000111 nnnnn ddddd" |b, f: Word| called(b, f, half::MUL);
    fcmge_vector_h   "0q1 01110 010 mmmmm 001001 nnnnn ddddd" |b, f: Word| called(b, f, half::GE);
    facge_vector_h   "0q1 01110 010 mmmmm 001011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, half::GE);
    fmaxp_vector_h   "0q1 01110 010 mmmmm 001101 nnnnn ddddd" |b, f: Word| pairwise(b, f, half::MAX);
    fdiv_vector_h    "0q1 01110 010 mmmmm 001111 nnnnn ddddd" |b, f: Word| called(b, f, half::DIV);
    fminnmp_vector_h "0q1 01110 110 mmmmm 000001 nnnnn ddddd" |b, f: Word| pairwise(b, f, half::MINNUM);
    fabd_vector_h    "0q1 01110 110 mmmmm 000101 nnnnn ddddd" |b, f: Word| difference(b, f);
    fcmgt_vector_h   "0q1 01110 110 mmmmm 001001 nnnnn ddddd" |b, f: Word| called(b, f, half::GT);
    facgt_vector_h   "0q1 01110 110 mmmmm 001011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, half::GT);
    fminp_vector_h   "0q1 01110 110 mmmmm 001101 nnnnn ddddd" |b, f: Word| pairwise(b, f, half::MIN);
}

instructions! {
    /// Two registers.
    pub TWO_MISC: cpu::ASIMDHP;
    fcvtns_vector_h     "0q0 01110 0111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestEven, half::SIGNED);
    fcvtnu_vector_h     "0q1 01110 0111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestEven, 0);
    fcvtms_vector_h     "0q0 01110 0111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Down, half::SIGNED);
    fcvtmu_vector_h     "0q1 01110 0111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Down, 0);
    fcvtas_vector_h     "0q0 01110 0111100 11100 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestAway, half::SIGNED);
    fcvtau_vector_h     "0q1 01110 0111100 11100 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestAway, 0);
    fcvtps_vector_h     "0q0 01110 1111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Up, half::SIGNED);
    fcvtpu_vector_h     "0q1 01110 1111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Up, 0);
    fcvtzs_vector_h     "0q0 01110 1111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Zero, half::SIGNED);
    fcvtzu_vector_h     "0q1 01110 1111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Zero, 0);
    scvtf_vector_h      "0q0 01110 0111100 11101 10 nnnnn ddddd" |b, f: Word| from_int(b, f, half::SIGNED);
    ucvtf_vector_h      "0q1 01110 0111100 11101 10 nnnnn ddddd" |b, f: Word| from_int(b, f, 0);
    fcmgt_zero_vector_h "0q0 01110 1111100 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, half::GT);
    fcmge_zero_vector_h "0q1 01110 1111100 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, half::GE);
    fcmeq_zero_vector_h "0q0 01110 1111100 01101 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, half::EQ);
    fcmle_zero_vector_h "0q1 01110 1111100 01101 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, half::GE);
    fcmlt_zero_vector_h "0q0 01110 1111100 01110 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, half::GT);
    fabs_vector_h       "0q0 01110 1111100 01111 10 nnnnn ddddd" |b, f: Word| sign(b, f, Op::AndNot);
    fneg_vector_h       "0q1 01110 1111100 01111 10 nnnnn ddddd" |b, f: Word| sign(b, f, Op::Xor);
    frintn_vector_h     "0q0 01110 0111100 11000 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestEven, 0);
    frintm_vector_h     "0q0 01110 0111100 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Down, 0);
    frintp_vector_h     "0q0 01110 1111100 11000 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Up, 0);
    frintz_vector_h     "0q0 01110 1111100 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Zero, 0);
    frinta_vector_h     "0q1 01110 0111100 11000 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestAway, 0);
    frintx_vector_h     "0q1 01110 0111100 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, half::EXACT);
    frinti_vector_h     "0q1 01110 1111100 11001 10 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, 0);
    frecpe_vector_h     "0q0 01110 1111100 11101 10 nnnnn ddddd" |b, f: Word| estimated(b, f, helpers::FRECPE);
    frsqrte_vector_h    "0q1 01110 1111100 11101 10 nnnnn ddddd" |b, f: Word| estimated(b, f, helpers::FRSQRTE);
    fsqrt_vector_h      "0q1 01110 1111100 11111 10 nnnnn ddddd" |b, f: Word| called_on_one(b, f, half::SQRT);
}

instructions! {
    /// Scalar forms of both groups, and pairwise ones.
    pub SCALAR: cpu::ASIMDHP;
    fmulx_scalar_h      "010 11110 010 mmmmm 000111 nnnnn ddddd" |b, f: Word| called(b, f, half::MULX);
    fcmeq_scalar_h      "010 11110 010 mmmmm 001001 nnnnn ddddd" |b, f: Word| called(b, f, half::EQ);
    frecps_scalar_h     "010 11110 010 mmmmm 001111 nnnnn ddddd" |b, f: Word| called(b, f, half::RECPS);
    frsqrts_scalar_h    "010 11110 110 mmmmm 001111 nnnnn ddddd" |b, f: Word| called(b, f, half::RSQRTS);
    fcmge_scalar_h      "011 11110 010 mmmmm 001001 nnnnn ddddd" |b, f: Word| called(b, f, half::GE);
    facge_scalar_h      "011 11110 010 mmmmm 001011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, half::GE);
    fabd_scalar_h       "011 11110 110 mmmmm 000101 nnnnn ddddd" |b, f: Word| difference(b, f);
    fcmgt_scalar_h      "011 11110 110 mmmmm 001001 nnnnn ddddd" |b, f: Word| called(b, f, half::GT);
    facgt_scalar_h      "011 11110 110 mmmmm 001011 nnnnn ddddd" |b, f: Word| compare_magnitudes(b, f, half::GT);
    fcvtns_scalar_h     "010 11110 0111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestEven, half::SIGNED);
    fcvtnu_scalar_h     "011 11110 0111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestEven, 0);
    fcvtms_scalar_h     "010 11110 0111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Down, half::SIGNED);
    fcvtmu_scalar_h     "011 11110 0111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Down, 0);
    fcvtas_scalar_h     "010 11110 0111100 11100 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestAway, half::SIGNED);
    fcvtau_scalar_h     "011 11110 0111100 11100 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestAway, 0);
    fcvtps_scalar_h     "010 11110 1111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Up, half::SIGNED);
    fcvtpu_scalar_h     "011 11110 1111100 11010 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Up, 0);
    fcvtzs_scalar_h     "010 11110 1111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Zero, half::SIGNED);
    fcvtzu_scalar_h     "011 11110 1111100 11011 10 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Zero, 0);
    scvtf_scalar_h      "010 11110 0111100 11101 10 nnnnn ddddd" |b, f: Word| from_int(b, f, half::SIGNED);
    ucvtf_scalar_h      "011 11110 0111100 11101 10 nnnnn ddddd" |b, f: Word| from_int(b, f, 0);
    fcmgt_zero_scalar_h "010 11110 1111100 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, half::GT);
    fcmge_zero_scalar_h "011 11110 1111100 01100 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, half::GE);
    fcmeq_zero_scalar_h "010 11110 1111100 01101 10 nnnnn ddddd" |b, f: Word| compare_zero(b, f, half::EQ);
    fcmle_zero_scalar_h "011 11110 1111100 01101 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, half::GE);
    fcmlt_zero_scalar_h "010 11110 1111100 01110 10 nnnnn ddddd" |b, f: Word| zero_compared(b, f, half::GT);
    frecpe_scalar_h     "010 11110 1111100 11101 10 nnnnn ddddd" |b, f: Word| estimated(b, f, helpers::FRECPE);
    frsqrte_scalar_h    "011 11110 1111100 11101 10 nnnnn ddddd" |b, f: Word| estimated(b, f, helpers::FRSQRTE);
    frecpx_scalar_h     "010 11110 1111100 11111 10 nnnnn ddddd" |b, f: Word| estimated(b, f, helpers::FRECPX);
    fmaxnmp_scalar_h    "010 11110 0011000 01100 10 nnnnn ddddd" |b, f: Word| pair(b, f, half::MAXNUM);
    fminnmp_scalar_h    "010 11110 1011000 01100 10 nnnnn ddddd" |b, f: Word| pair(b, f, half::MINNUM);
    faddp_scalar_h      "010 11110 0011000 01101 10 nnnnn ddddd" |b, f: Word| pair(b, f, half::ADD);
    fmaxp_scalar_h      "010 11110 0011000 01111 10 nnnnn ddddd" |b, f: Word| pair(b, f, half::MAX);
    fminp_scalar_h      "010 11110 1011000 01111 10 nnnnn ddddd" |b, f: Word| pair(b, f, half::MIN);
}

instructions! {
    /// Across lanes, by element, fixed-point and immediate.
    pub REST: cpu::ASIMDHP;
    fmaxnmv_h              "0q0 01110 0011000 01100 10 nnnnn ddddd" |b, f: Word| across(b, f, half::MAXNUM);
    fminnmv_h              "0q0 01110 1011000 01100 10 nnnnn ddddd" |b, f: Word| across(b, f, half::MINNUM);
    fmaxv_h                "0q0 01110 0011000 01111 10 nnnnn ddddd" |b, f: Word| across(b, f, half::MAX);
    fminv_h                "0q0 01110 1011000 01111 10 nnnnn ddddd" |b, f: Word| across(b, f, half::MIN);
    fmla_element_h         "0q0 01111 00LM mmmm 0001 H0 nnnnn ddddd" |b, f: Word| fused_element(b, f, false);
    fmla_element_scalar_h  "010 11111 00LM mmmm 0001 H0 nnnnn ddddd" |b, f: Word| fused_element(b, f, false);
    fmls_element_h         "0q0 01111 00LM mmmm 0101 H0 nnnnn ddddd" |b, f: Word| fused_element(b, f, true);
    fmls_element_scalar_h  "010 11111 00LM mmmm 0101 H0 nnnnn ddddd" |b, f: Word| fused_element(b, f, true);
    fmul_element_h         "0q0 01111 00LM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| by_element(b, f, half::MUL);
    fmul_element_scalar_h  "010 11111 00LM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| by_element(b, f, half::MUL);
    fmulx_element_h        "0q1 01111 00LM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| by_element(b, f, half::MULX);
    fmulx_element_scalar_h "011 11111 00LM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| by_element(b, f, half::MULX);
    scvtf_fixed_vector_h   "0q0 011110 001b bbb 111001 nnnnn ddddd" |b, f: Word| from_fixed(b, f, half::SIGNED);
    scvtf_fixed_scalar_h   "010 111110 001b bbb 111001 nnnnn ddddd" |b, f: Word| from_fixed(b, f, half::SIGNED);
    ucvtf_fixed_vector_h   "0q1 011110 001b bbb 111001 nnnnn ddddd" |b, f: Word| from_fixed(b, f, 0);
    ucvtf_fixed_scalar_h   "011 111110 001b bbb 111001 nnnnn ddddd" |b, f: Word| from_fixed(b, f, 0);
    fcvtzs_fixed_vector_h  "0q0 011110 001b bbb 111111 nnnnn ddddd" |b, f: Word| to_fixed(b, f, half::SIGNED);
    fcvtzs_fixed_scalar_h  "010 111110 001b bbb 111111 nnnnn ddddd" |b, f: Word| to_fixed(b, f, half::SIGNED);
    fcvtzu_fixed_vector_h  "0q1 011110 001b bbb 111111 nnnnn ddddd" |b, f: Word| to_fixed(b, f, 0);
    fcvtzu_fixed_scalar_h  "011 111110 001b bbb 111111 nnnnn ddddd" |b, f: Word| to_fixed(b, f, 0);
    fmov_imm_vector_h      "0q0 0111100000 iii 1111 11 iiiii ddddd" |b, f: Word| immediate(b, f);
}

const H: Lane = Lane::H;

/// An operation on these operands; a scalar has zeros above.
pub fn operate(b: &mut Lower, shape: Shape, kind: i64, args: [Val; 3]) -> Val {
    match half::ops(kind).filter(|_| !flushes(b)) {
        // What is above a scalar may not raise anything.
        Some((_, Some(op))) if shape == Shape::Scalar => {
            let args = args.map(|arg| if arg.is_some() { b.un(Op::VLow, Ty::F16, arg) } else { arg });
            let result = b.op(op, Ty::F16, 0, args, 0);
            b.un(Op::VZext, Ty::F16, result)
        }
        Some((op, _)) => b.op(op, Ty::V128, H as u8, args, 0),
        None => {
            let request = request(b, shape, H, kind);
            b.call_vec(helpers::HALF, Ty::V128, args, request)
        }
    }
}

/// Whether the mode flushes denormal halves.
fn flushes(b: &Lower) -> bool {
    b.mode.0 & FLUSH16.0 != 0
}

/// `val`, zeros above a scalar, to integral numbers.
pub fn rounded(b: &mut Lower, shape: Shape, mode: Round, exact: i64, val: Val) -> Val {
    if flushes(b) {
        return operate(b, shape, half::ROUND | half::rounding(mode) | exact, [val, Val::NONE, Val::NONE]);
    }
    b.vimm(Op::VFRound, H, val, mode as i64 + if exact != 0 { 8 } else { 0 })
}

fn call(b: &mut Lower, f: Word, kind: i64, args: [Val; 3]) -> Val {
    operate(b, shape(f), kind, args)
}

fn called(b: &mut Lower, f: Word, kind: i64) {
    let (n, m) = (operand(b, f, H, f.rn()), operand(b, f, H, f.rm()));
    let result = call(b, f, kind, [n, m, Val::NONE]);
    put(b, f, H, result);
}

fn called_on_one(b: &mut Lower, f: Word, kind: i64) {
    let n = operand(b, f, H, f.rn());
    let result = call(b, f, kind, [n, Val::NONE, Val::NONE]);
    put(b, f, H, result);
}

/// The sign bits of all lanes.
fn signs(b: &mut Lower) -> Val {
    splat(b, H, 0x8000)
}

/// FABS, FNEG.
fn sign(b: &mut Lower, f: Word, op: Op) {
    let (n, signs) = (b.get(v(f.rn())), signs(b));
    let result = b.bin(op, Ty::V128, n, signs);
    put(b, f, H, result);
}

/// Vd plus or minus a product: FMLS negates its first factor.
fn multiply_onto(b: &mut Lower, f: Word, negate: bool, m: Val) {
    let (mut n, d) = (operand(b, f, H, f.rn()), operand(b, f, H, f.rd()));
    if negate {
        let signs = signs(b);
        n = b.xor(Ty::V128, n, signs);
    }
    let result = call(b, f, half::MULADD, [n, m, d]);
    put(b, f, H, result);
}

fn fused(b: &mut Lower, f: Word, negate: bool) {
    let m = operand(b, f, H, f.rm());
    multiply_onto(b, f, negate, m);
}

/// The element in every lane: H:L:M of V0 to V15.
pub fn half_element(b: &mut Lower, f: Word) -> Val {
    element(b, H, f.bits(16, 4), f.bits(11, 1) << 2 | f.bits(21, 1) << 1 | f.bits(20, 1))
}

fn fused_element(b: &mut Lower, f: Word, negate: bool) {
    let m = half_element(b, f);
    multiply_onto(b, f, negate, m);
}

fn by_element(b: &mut Lower, f: Word, kind: i64) {
    let (n, m) = (operand(b, f, H, f.rn()), half_element(b, f));
    let result = call(b, f, kind, [n, m, Val::NONE]);
    put(b, f, H, result);
}

fn pairwise(b: &mut Lower, f: Word, kind: i64) {
    let (even, odd) = pairs(b, f, H);
    let result = call(b, f, kind, [even, odd, Val::NONE]);
    put(b, f, H, result);
}

/// The two low lanes of Vn.
fn pair(b: &mut Lower, f: Word, kind: i64) {
    let n = b.get(v(f.rn()));
    let second = b.vimm(Op::VDup, H, n, 1);
    let result = call(b, f, kind, [n, second, Val::NONE]);
    put(b, f, H, result);
}

/// Neighbours first, as the manual's Reduce pairs them.
fn across(b: &mut Lower, f: Word, kind: i64) {
    let mut lanes = operand(b, f, H, f.rn());
    for _ in 0..if f.q() { 3 } else { 2 } {
        let (even, odd) = (b.vbin(Op::VUzp1, H, lanes, lanes), b.vbin(Op::VUzp2, H, lanes, lanes));
        lanes = call(b, f, kind, [even, odd, Val::NONE]);
    }
    let result = vector::truncate(b, Shape::Scalar, H, lanes);
    b.put(v(f.rd()), result);
}

fn difference(b: &mut Lower, f: Word) {
    let (n, m) = (operand(b, f, H, f.rn()), operand(b, f, H, f.rm()));
    let difference = call(b, f, half::SUB, [n, m, Val::NONE]);
    let signs = signs(b);
    let result = b.bin(Op::AndNot, Ty::V128, difference, signs);
    put(b, f, H, result);
}

fn compare_magnitudes(b: &mut Lower, f: Word, kind: i64) {
    let (n, m, signs) = (operand(b, f, H, f.rn()), operand(b, f, H, f.rm()), signs(b));
    let (n, m) = (b.bin(Op::AndNot, Ty::V128, n, signs), b.bin(Op::AndNot, Ty::V128, m, signs));
    let result = call(b, f, kind, [n, m, Val::NONE]);
    put(b, f, H, result);
}

fn compare_zero(b: &mut Lower, f: Word, kind: i64) {
    let (n, zero) = (operand(b, f, H, f.rn()), zero(b));
    let result = call(b, f, kind, [n, zero, Val::NONE]);
    put(b, f, H, result);
}

fn zero_compared(b: &mut Lower, f: Word, kind: i64) {
    let (n, zero) = (operand(b, f, H, f.rn()), zero(b));
    let result = call(b, f, kind, [zero, n, Val::NONE]);
    put(b, f, H, result);
}

fn round(b: &mut Lower, f: Word, mode: Round, exact: i64) {
    let n = operand(b, f, H, f.rn());
    let result = rounded(b, shape(f), mode, exact, n);
    put(b, f, H, result);
}

fn estimated(b: &mut Lower, f: Word, helper: HelperId) {
    convert(b, f, helper, 0);
}

fn convert(b: &mut Lower, f: Word, helper: HelperId, kind: i64) {
    let n = operand(b, f, H, f.rn());
    let request = request(b, shape(f), H, kind);
    let result = b.call_vec(helper, Ty::V128, [n, Val::NONE, Val::NONE], request);
    put(b, f, H, result);
}

fn to_int(b: &mut Lower, f: Word, mode: Round, sign: i64) {
    convert(b, f, helpers::HALF_TO_INT, sign | half::rounding(mode));
}

fn from_int(b: &mut Lower, f: Word, sign: i64) {
    let n = operand(b, f, H, f.rn());
    let result = b.vun(if sign != 0 { Op::VSToF } else { Op::VUToF }, H, n);
    put(b, f, H, result);
}

/// The bits behind the point: 32 less immh:immb.
fn fraction(f: Word) -> i64 {
    half::fraction(32 - f.bits(16, 7) as i64)
}

fn to_fixed(b: &mut Lower, f: Word, sign: i64) {
    convert(b, f, helpers::HALF_TO_INT, sign | half::rounding(Round::Zero) | fraction(f));
}

fn from_fixed(b: &mut Lower, f: Word, sign: i64) {
    convert(b, f, helpers::HALF_FROM_INT, sign | fraction(f));
}

fn immediate(b: &mut Lower, f: Word) {
    set(b, f, replicate(H, expand_f16(imm8(f) as u32) as u64));
}
