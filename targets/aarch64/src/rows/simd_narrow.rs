//! Advanced SIMD three-register extension of narrow floating-point numbers (Arm ARM C4.1.96): FMLAL (FEAT_FHM),
//! BFloat16 (FEAT_BF16) and complex arithmetic (FEAT_FCMA).

use ir::{HelperId, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::simd_half::half_element;
use super::simd_indexed::element;
use super::simd_two_misc::put_narrow;
use crate::cpu;
use crate::fields::Word;
use crate::float::operand;
use crate::helpers::{self, complex, narrow_products, request};
use crate::state::v;
use crate::vector::{self, Shape, put, shape, splat, truncate};

instructions! {
    /// FEAT_FHM.
    pub HALF_PRODUCTS: cpu::ASIMDFHM;
    fmlal_vector   "0q0 01110 001 mmmmm 111011 nnnnn ddddd" |b, f: Word| long_vector(b, f, 0, false);
    fmlsl_vector   "0q0 01110 101 mmmmm 111011 nnnnn ddddd" |b, f: Word| long_vector(b, f, 0, true);
    fmlal2_vector  "0q1 01110 001 mmmmm 110011 nnnnn ddddd" |b, f: Word| long_vector(b, f, 1, false);
    fmlsl2_vector  "0q1 01110 101 mmmmm 110011 nnnnn ddddd" |b, f: Word| long_vector(b, f, 1, true);
    fmlal_element  "0q0 01111 10LM mmmm 0000 H0 nnnnn ddddd" |b, f: Word| long_element(b, f, 0, false);
    fmlsl_element  "0q0 01111 10LM mmmm 0100 H0 nnnnn ddddd" |b, f: Word| long_element(b, f, 0, true);
    fmlal2_element "0q1 01111 10LM mmmm 1000 H0 nnnnn ddddd" |b, f: Word| long_element(b, f, 1, false);
    fmlsl2_element "0q1 01111 10LM mmmm 1100 H0 nnnnn ddddd" |b, f: Word| long_element(b, f, 1, true);
}

instructions! {
    /// FEAT_BF16; for BFMLALB and BFMLALT bit 30 says bottom or top.
    pub BFLOAT16: cpu::BF16;
    bfcvt          "00011110 011 000110 10000 nnnnn ddddd" |b, f: Word| to_bf16_scalar(b, f);
    bfcvtn         "0q0 01110 1010000 10110 10 nnnnn ddddd" |b, f: Word| to_bf16(b, f);
    bfdot_vector   "0q1 01110 010 mmmmm 111111 nnnnn ddddd" |b, f: Word| bf16_dot_vector(b, f);
    bfdot_element  "0q0 01111 01LM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| bf16_dot_element(b, f);
    bfmmla         "011 01110 010 mmmmm 111011 nnnnn ddddd" |b, f: Word| bf16_matrix(b, f);
    bfmlalb_vector  "001 01110 110 mmmmm 111111 nnnnn ddddd" |b, f: Word| bf16_vector(b, f, 0);
    bfmlalt_vector  "011 01110 110 mmmmm 111111 nnnnn ddddd" |b, f: Word| bf16_vector(b, f, narrow_products::TOP);
    bfmlalb_element "000 01111 11LM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| bf16_element(b, f, 0);
    bfmlalt_element "010 01111 11LM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| bf16_element(b, f, narrow_products::TOP);
}

instructions! {
    /// FEAT_FCMA.
    pub COMPLEX: cpu::FCMA;
    fcmla_vector  "0q1 01110 zz0 mmmmm 110rr1 nnnnn ddddd" |b, f: Word| complex_onto_vector(b, f);
    fcadd         "0q1 01110 zz0 mmmmm 111r01 nnnnn ddddd" |b, f: Word| complex_add(b, f);
    fcmla_element "0q1 01111 zzLM mmmm 0rr1 H0 nnnnn ddddd" |b, f: Word| complex_onto_element(b, f);
}

/// The halves of Vn or Vm that count, low: for 128 bits a half of the register, for 64 bits a quarter, twice.
fn part(b: &mut Lower, f: Word, n: u32, part: i64) -> Val {
    let n = b.get(v(n));
    b.vimm(Op::VDup, if f.q() { Lane::D } else { Lane::S }, n, part)
}

fn long(b: &mut Lower, f: Word, which: i64, negate: bool, m: Val) {
    let (mut n, d) = (part(b, f, f.rn(), which), operand(b, f, Lane::S, f.rd()));
    if negate {
        let signs = splat(b, Lane::H, 0x8000);
        n = b.xor(Ty::V128, n, signs);
    }
    let request = request(b, shape(f), Lane::S, 0);
    let result = b.call_vec(helpers::FMLAL, Ty::V128, [n, m, d], request);
    put(b, f, Lane::S, result);
}

fn long_vector(b: &mut Lower, f: Word, which: i64, negate: bool) {
    let m = part(b, f, f.rm(), which);
    long(b, f, which, negate, m);
}

fn long_element(b: &mut Lower, f: Word, which: i64, negate: bool) {
    let m = half_element(b, f);
    long(b, f, which, negate, m);
}

fn to_bf16_scalar(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let request = request(b, Shape::Scalar, Lane::S, 0);
    let result = b.call_vec(helpers::BFCVT, Ty::V128, [n, Val::NONE, Val::NONE], request);
    b.put(v(f.rd()), result);
}

fn to_bf16(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let request = request(b, Shape::Full, Lane::S, 0);
    let result = b.call_vec(helpers::BFCVT, Ty::V128, [n, Val::NONE, Val::NONE], request);
    put_narrow(b, f, result);
}

/// A helper on words of Vn, `m` and Vd.
fn on_words(b: &mut Lower, f: Word, shape: Shape, helper: HelperId, kind: i64, m: Val) {
    let (n, d) = (b.get(v(f.rn())), b.get(v(f.rd())));
    let request = request(b, Shape::Full, Lane::S, kind);
    let result = b.call_vec(helper, Ty::V128, [n, m, d], request);
    let result = truncate(b, shape, Lane::S, result);
    b.put(v(f.rd()), result);
}

fn bf16_dot_vector(b: &mut Lower, f: Word) {
    let m = b.get(v(f.rm()));
    on_words(b, f, shape(f), helpers::BFDOT, 0, m);
}

fn bf16_dot_element(b: &mut Lower, f: Word) {
    let m = element(b, Lane::S, f.rm(), f.bits(11, 1) << 1 | f.bits(21, 1));
    on_words(b, f, shape(f), helpers::BFDOT, 0, m);
}

fn bf16_matrix(b: &mut Lower, f: Word) {
    let m = b.get(v(f.rm()));
    on_words(b, f, Shape::Full, helpers::BFMMLA, 0, m);
}

fn bf16_vector(b: &mut Lower, f: Word, which: i64) {
    let m = b.get(v(f.rm()));
    on_words(b, f, Shape::Full, helpers::BFMLAL, which, m);
}

fn bf16_element(b: &mut Lower, f: Word, which: i64) {
    let m = half_element(b, f);
    on_words(b, f, Shape::Full, helpers::BFMLAL, which, m);
}

/// The lane of complex numbers; halves need FEAT_FP16.
fn complex_lane(b: &Lower, f: Word) -> Option<Lane> {
    let lane = vector::lane(f, &[Lane::H, Lane::S, Lane::D])?;
    (lane != Lane::H || b.has(cpu::ASIMDHP)).then_some(lane)
}

fn complex_add(b: &mut Lower, f: Word) {
    let Some(lane) = complex_lane(b, f) else { return b.undefined() };
    let (n, m) = (operand(b, f, lane, f.rn()), operand(b, f, lane, f.rm()));
    let quarters = if f.bit(12) { 3 } else { 1 };
    let request = request(b, shape(f), lane, complex::rotation(quarters));
    let result = b.call_vec(helpers::FCADD, Ty::V128, [n, m, Val::NONE], request);
    put(b, f, lane, result);
}

fn complex_onto(b: &mut Lower, f: Word, lane: Lane, quarters: u32, m: Val) {
    let (n, d) = (operand(b, f, lane, f.rn()), operand(b, f, lane, f.rd()));
    let request = request(b, shape(f), lane, complex::rotation(quarters));
    let result = b.call_vec(helpers::FCMLA, Ty::V128, [n, m, d], request);
    put(b, f, lane, result);
}

fn complex_onto_vector(b: &mut Lower, f: Word) {
    let Some(lane) = complex_lane(b, f) else { return b.undefined() };
    let m = operand(b, f, lane, f.rm());
    complex_onto(b, f, lane, f.bits(11, 2), m);
}

/// A pair of lanes is picked: H:L of halves, H of words.
fn complex_onto_element(b: &mut Lower, f: Word) {
    let (h, l) = (f.bits(11, 1), f.bits(21, 1));
    let (pair, index) = match (f.size(), f.q()) {
        (1, true) => (Lane::S, h << 1 | l),
        (1, false) if h == 0 => (Lane::S, l),
        (2, true) if l == 0 => (Lane::D, h),
        _ => return b.undefined(),
    };
    let Some(lane) = complex_lane(b, f) else { return b.undefined() };
    let m = b.get(v(f.rm()));
    let m = b.vimm(Op::VDup, pair, m, index as i64);
    complex_onto(b, f, lane, f.bits(13, 2), m);
}
