//! Advanced SIMD across lanes (Arm ARM C4.1.96).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::state::v;
use crate::vector::{self, BHS, Shape, low64, shape};

instructions! {
    /// Sums, minima and maxima over the lanes of one register.
    pub ROWS: cpu::ASIMD;
    saddlv  "0q0 01110 zz11000 00011 10 nnnnn ddddd" |b, f: Word| across(b, f, |b, l, n| long_sum(b, l, Op::VAddPairS, n));
    uaddlv  "0q1 01110 zz11000 00011 10 nnnnn ddddd" |b, f: Word| across(b, f, |b, l, n| long_sum(b, l, Op::VAddPairU, n));
    smaxv   "0q0 01110 zz11000 01010 10 nnnnn ddddd" |b, f: Word| extreme(b, f, Op::VMaxS);
    umaxv   "0q1 01110 zz11000 01010 10 nnnnn ddddd" |b, f: Word| extreme(b, f, Op::VMaxU);
    sminv   "0q0 01110 zz11000 11010 10 nnnnn ddddd" |b, f: Word| extreme(b, f, Op::VMinS);
    uminv   "0q1 01110 zz11000 11010 10 nnnnn ddddd" |b, f: Word| extreme(b, f, Op::VMinU);
    addv    "0q0 01110 zz11000 11011 10 nnnnn ddddd" |b, f: Word| across(b, f, |b, l, n| b.vun(Op::VAddAcross, l, n));
    fmaxnmv "011 01110 0011000 01100 10 nnnnn ddddd" |b, f: Word| float_extreme(b, f, Op::VFMaxNum);
    fminnmv "011 01110 1011000 01100 10 nnnnn ddddd" |b, f: Word| float_extreme(b, f, Op::VFMinNum);
    fmaxv   "011 01110 0011000 01111 10 nnnnn ddddd" |b, f: Word| float_extreme(b, f, Op::VFMax);
    fminv   "011 01110 1011000 01111 10 nnnnn ddddd" |b, f: Word| float_extreme(b, f, Op::VFMin);
}

/// The lane of the size field; two words have no reduction.
fn lane_across(f: Word) -> Option<Lane> {
    vector::lane(f, BHS).filter(|&lane| lane != Lane::S || f.q())
}

/// A sum: op on Vn, zeros in its upper half for 64 bits, yields the result with zeros above.
fn across(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val) -> Val) {
    let Some(lane) = lane_across(f) else { return b.undefined() };
    let mut n = b.get(v(f.rn()));
    if shape(f) == Shape::Half {
        n = low64(b, n);
    }
    let result = op(b, lane, n);
    b.put(v(f.rd()), result);
}

/// Sums of pairs do not overflow twice the width, and neither does their sum.
fn long_sum(b: &mut Lower, lane: Lane, pair: Op, n: Val) -> Val {
    let sums = b.vun(pair, lane, n);
    if lane != Lane::S {
        return b.vun(Op::VAddAcross, lane.wider(), sums);
    }
    let high = vector::high_half(b, sums);
    let sum = b.vbin(Op::VAdd, Lane::D, sums, high);
    low64(b, sum)
}

/// Halves the number of lanes that count until one is left.
fn extreme(b: &mut Lower, f: Word, op: Op) {
    let Some(lane) = lane_across(f) else { return b.undefined() };
    let mut result = b.get(v(f.rn()));
    let mut bytes = if f.q() { 8 } else { 4 };
    while bytes >= lane.bits() as i64 / 8 {
        let upper = b.op(Op::VExt, Ty::V128, 0, [result, result, Val::NONE], bytes);
        result = b.vbin(op, lane, result, upper);
        bytes /= 2;
    }
    let result = vector::truncate(b, Shape::Scalar, lane, result);
    b.put(v(f.rd()), result);
}

/// Neighbours first, as the manual's Reduce pairs them: the order matters where NaNs meet.
fn float_extreme(b: &mut Lower, f: Word, op: Op) {
    let n = b.get(v(f.rn()));
    let (even, odd) = (b.vbin(Op::VUzp1, Lane::S, n, n), b.vbin(Op::VUzp2, Lane::S, n, n));
    let pairs = b.vbin(op, Lane::S, even, odd);
    let second = b.vimm(Op::VDup, Lane::S, pairs, 1);
    let first = b.vimm(Op::VDup, Lane::S, pairs, 0);
    let result = b.vbin(op, Lane::S, first, second);
    let result = vector::truncate(b, Shape::Scalar, Lane::S, result);
    b.put(v(f.rd()), result);
}
