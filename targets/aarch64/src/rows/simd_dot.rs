//! Advanced SIMD three-register extension of integers (Arm ARM C4.1.96): dot products and matrix products of
//! bytes, rounding doubling multiply-accumulate, and their forms by element.

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::simd_indexed::{element, same};
use crate::cpu;
use crate::fields::Word;
use crate::helpers::{self, simd_shift};
use crate::state::v;
use crate::vector::{HS, binary, put, set_qc, shape};

instructions! {
    /// FEAT_DotProd.
    pub DOT: cpu::ASIMDDP;
    sdot         "0q0 01110 100 mmmmm 100101 nnnnn ddddd" |b, f: Word| dot_vector(b, f, BOTH_SIGNED);
    udot         "0q1 01110 100 mmmmm 100101 nnnnn ddddd" |b, f: Word| dot_vector(b, f, BOTH_UNSIGNED);
    sdot_element "0q0 01111 10LM mmmm 1110 H0 nnnnn ddddd" |b, f: Word| dot_element(b, f, BOTH_SIGNED);
    udot_element "0q1 01111 10LM mmmm 1110 H0 nnnnn ddddd" |b, f: Word| dot_element(b, f, BOTH_UNSIGNED);
}

instructions! {
    /// FEAT_I8MM.
    pub MATRIX: cpu::I8MM;
    usdot         "0q0 01110 100 mmmmm 100111 nnnnn ddddd" |b, f: Word| dot_vector(b, f, UNSIGNED_SIGNED);
    usdot_element "0q0 01111 10LM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| dot_element(b, f, UNSIGNED_SIGNED);
    sudot_element "0q0 01111 00LM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| dot_element(b, f, SIGNED_UNSIGNED);
    smmla         "010 01110 100 mmmmm 101001 nnnnn ddddd" |b, f: Word| matrix(b, f, BOTH_SIGNED);
    ummla         "011 01110 100 mmmmm 101001 nnnnn ddddd" |b, f: Word| matrix(b, f, BOTH_UNSIGNED);
    usmmla        "010 01110 100 mmmmm 101011 nnnnn ddddd" |b, f: Word| matrix(b, f, UNSIGNED_SIGNED);
}

instructions! {
    /// FEAT_RDM.
    pub ROUNDING_DOUBLING: cpu::ASIMDRDM;
    sqrdmlah_vector         "0q1 01110 zz0 mmmmm 100001 nnnnn ddddd" |b, f: Word| rounding_vector(b, f, 0);
    sqrdmlsh_vector         "0q1 01110 zz0 mmmmm 100011 nnnnn ddddd" |b, f: Word| rounding_vector(b, f, simd_shift::SUBTRACT);
    sqrdmlah_scalar         "011 11110 zz0 mmmmm 100001 nnnnn ddddd" |b, f: Word| rounding_vector(b, f, 0);
    sqrdmlsh_scalar         "011 11110 zz0 mmmmm 100011 nnnnn ddddd" |b, f: Word| rounding_vector(b, f, simd_shift::SUBTRACT);
    sqrdmlah_element        "0q1 01111 zzLM mmmm 1101 H0 nnnnn ddddd" |b, f: Word| rounding_element(b, f, 0);
    sqrdmlsh_element        "0q1 01111 zzLM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| rounding_element(b, f, simd_shift::SUBTRACT);
    sqrdmlah_element_scalar "011 11111 zzLM mmmm 1101 H0 nnnnn ddddd" |b, f: Word| rounding_element(b, f, 0);
    sqrdmlsh_element_scalar "011 11111 zzLM mmmm 1111 H0 nnnnn ddddd" |b, f: Word| rounding_element(b, f, simd_shift::SUBTRACT);
}

/// The ops that widen the low and high bytes of n and m.
type Signs = [(Op, Op); 2];
const S: (Op, Op) = (Op::VExtLoS, Op::VExtHiS);
const U: (Op, Op) = (Op::VExtLoU, Op::VExtHiU);
const BOTH_SIGNED: Signs = [S, S];
const BOTH_UNSIGNED: Signs = [U, U];
const UNSIGNED_SIGNED: Signs = [U, S];
const SIGNED_UNSIGNED: Signs = [S, U];

/// Sums of neighbouring products of bytes, in the words of two vectors: products fit half-words.
fn product_pairs(b: &mut Lower, signs: Signs, n: Val, m: Val) -> [Val; 2] {
    let pair = if signs == BOTH_UNSIGNED { Op::VAddPairU } else { Op::VAddPairS };
    let [(n_low, n_high), (m_low, m_high)] = signs;
    [(n_low, m_low), (n_high, m_high)].map(|(extend_n, extend_m)| {
        let (n, m) = (b.vun(extend_n, Lane::B, n), b.vun(extend_m, Lane::B, m));
        let products = b.vbin(Op::VMul, Lane::H, n, m);
        b.vun(pair, Lane::H, products)
    })
}

/// Sums of neighbouring words of x, then of y.
fn add_pairs(b: &mut Lower, [x, y]: [Val; 2]) -> Val {
    let (even, odd) = (b.vbin(Op::VUzp1, Lane::S, x, y), b.vbin(Op::VUzp2, Lane::S, x, y));
    b.vbin(Op::VAdd, Lane::S, even, odd)
}

/// Vd plus, for each word, the four products of its bytes.
fn dot(b: &mut Lower, f: Word, signs: Signs, m: Val) {
    let (d, n) = (b.get(v(f.rd())), b.get(v(f.rn())));
    let pairs = product_pairs(b, signs, n, m);
    let sums = add_pairs(b, pairs);
    let result = b.vbin(Op::VAdd, Lane::S, d, sums);
    put(b, f, Lane::S, result);
}

fn dot_vector(b: &mut Lower, f: Word, signs: Signs) {
    let m = b.get(v(f.rm()));
    dot(b, f, signs, m);
}

fn dot_element(b: &mut Lower, f: Word, signs: Signs) {
    let m = element(b, Lane::S, f.rm(), f.bits(11, 1) << 1 | f.bits(21, 1));
    dot(b, f, signs, m);
}

/// Vd plus the 2x2 product of Vn's two rows of eight bytes with Vm's.
fn matrix(b: &mut Lower, f: Word, signs: Signs) {
    let (d, n, m) = (b.get(v(f.rd())), b.get(v(f.rn())), b.get(v(f.rm())));
    let rows = [0, 1].map(|row| {
        let row = b.vimm(Op::VDup, Lane::D, n, row);
        let pairs = product_pairs(b, signs, row, m);
        add_pairs(b, pairs)
    });
    let sums = add_pairs(b, rows);
    let result = b.vbin(Op::VAdd, Lane::S, d, sums);
    b.put(v(f.rd()), result);
}

/// SQRDMLAH, SQRDMLSH: rare enough for a call.
fn rounding(b: &mut Lower, f: Word, kind: i64, lane: Lane, n: Val, m: Val) -> Val {
    let d = b.get(v(f.rd()));
    let request = kind | simd_shift::SATURATE | lane as i64;
    let over = b.call_vec(helpers::VRDM, Ty::V128, [n, m, d], request | simd_shift::OVERFLOW);
    set_qc(b, shape(f), lane, over);
    b.call_vec(helpers::VRDM, Ty::V128, [n, m, d], request)
}

fn rounding_vector(b: &mut Lower, f: Word, kind: i64) {
    binary(b, f, HS, |b, lane, n, m| rounding(b, f, kind, lane, n, m));
}

fn rounding_element(b: &mut Lower, f: Word, kind: i64) {
    same(b, f, |b, lane, n, m| rounding(b, f, kind, lane, n, m));
}
