//! Advanced SIMD three registers of different types (Arm ARM C4.1.96), and their scalar forms.

use ir::{Lane, Op, Val};
use target::{Lower, instructions};

use super::simd_three_same::{self as same, MinMax};
use super::simd_two_misc::put_narrow;
use crate::cpu;
use crate::fields::Word;
use crate::state::v;
use crate::vector::{self, BHS, HS, Shape, saturated, shape, splat};

instructions! {
    /// Lengthening, widening and narrowing instructions.
    pub ROWS: cpu::ASIMD;
    saddl          "0q0 01110 zz1 mmmmm 000000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| extended(b, l, SIGNED, Op::VAdd, n, m));
    uaddl          "0q1 01110 zz1 mmmmm 000000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| extended(b, l, UNSIGNED, Op::VAdd, n, m));
    saddw          "0q0 01110 zz1 mmmmm 000100 nnnnn ddddd" |b, f: Word| wide(b, f, SIGNED, Op::VAdd);
    uaddw          "0q1 01110 zz1 mmmmm 000100 nnnnn ddddd" |b, f: Word| wide(b, f, UNSIGNED, Op::VAdd);
    ssubl          "0q0 01110 zz1 mmmmm 001000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| extended(b, l, SIGNED, Op::VSub, n, m));
    usubl          "0q1 01110 zz1 mmmmm 001000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| extended(b, l, UNSIGNED, Op::VSub, n, m));
    ssubw          "0q0 01110 zz1 mmmmm 001100 nnnnn ddddd" |b, f: Word| wide(b, f, SIGNED, Op::VSub);
    usubw          "0q1 01110 zz1 mmmmm 001100 nnnnn ddddd" |b, f: Word| wide(b, f, UNSIGNED, Op::VSub);
    addhn          "0q0 01110 zz1 mmmmm 010000 nnnnn ddddd" |b, f: Word| high_narrow(b, f, Op::VAdd, false);
    raddhn         "0q1 01110 zz1 mmmmm 010000 nnnnn ddddd" |b, f: Word| high_narrow(b, f, Op::VAdd, true);
    sabal          "0q0 01110 zz1 mmmmm 010100 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VAdd, |b, l, n, m| difference(b, l, same::SIGNED, n, m));
    uabal          "0q1 01110 zz1 mmmmm 010100 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VAdd, |b, l, n, m| difference(b, l, same::UNSIGNED, n, m));
    subhn          "0q0 01110 zz1 mmmmm 011000 nnnnn ddddd" |b, f: Word| high_narrow(b, f, Op::VSub, false);
    rsubhn         "0q1 01110 zz1 mmmmm 011000 nnnnn ddddd" |b, f: Word| high_narrow(b, f, Op::VSub, true);
    sabdl          "0q0 01110 zz1 mmmmm 011100 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| difference(b, l, same::SIGNED, n, m));
    uabdl          "0q1 01110 zz1 mmmmm 011100 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| difference(b, l, same::UNSIGNED, n, m));
    smlal          "0q0 01110 zz1 mmmmm 100000 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VAdd, |b, l, n, m| b.vbin(Op::VMulLoS, l, n, m));
    umlal          "0q1 01110 zz1 mmmmm 100000 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VAdd, |b, l, n, m| b.vbin(Op::VMulLoU, l, n, m));
    smlsl          "0q0 01110 zz1 mmmmm 101000 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VSub, |b, l, n, m| b.vbin(Op::VMulLoS, l, n, m));
    umlsl          "0q1 01110 zz1 mmmmm 101000 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VSub, |b, l, n, m| b.vbin(Op::VMulLoU, l, n, m));
    smull          "0q0 01110 zz1 mmmmm 110000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| b.vbin(Op::VMulLoS, l, n, m));
    umull          "0q1 01110 zz1 mmmmm 110000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| b.vbin(Op::VMulLoU, l, n, m));
    sqdmlal_vector "0q0 01110 zz1 mmmmm 100100 nnnnn ddddd" |b, f: Word| doubling_onto(b, f, Op::VQAddS, Op::VAdd);
    sqdmlsl_vector "0q0 01110 zz1 mmmmm 101100 nnnnn ddddd" |b, f: Word| doubling_onto(b, f, Op::VQSubS, Op::VSub);
    sqdmull_vector "0q0 01110 zz1 mmmmm 110100 nnnnn ddddd" |b, f: Word| doubling(b, f);
    pmull          "0q0 01110 001 mmmmm 111000 nnnnn ddddd" |b, f: Word| long(b, f, BHS, |b, l, n, m| b.vbin(Op::VPmullLo, l, n, m));
    sqdmlal_scalar "010 11110 zz1 mmmmm 100100 nnnnn ddddd" |b, f: Word| doubling_onto(b, f, Op::VQAddS, Op::VAdd);
    sqdmlsl_scalar "010 11110 zz1 mmmmm 101100 nnnnn ddddd" |b, f: Word| doubling_onto(b, f, Op::VQSubS, Op::VSub);
    sqdmull_scalar "010 11110 zz1 mmmmm 110100 nnnnn ddddd" |b, f: Word| doubling(b, f);
}

instructions! {
    /// The 64-bit polynomial product has a feature of its own.
    pub POLYNOMIAL: cpu::PMULL;
    pmull_d "0q0 01110 111 mmmmm 111000 nnnnn ddddd" |b, f: Word| polynomial(b, f);
}

/// The ops that widen low and high lanes.
type Extension = (Op, Op);
const SIGNED: Extension = (Op::VExtLoS, Op::VExtHiS);
const UNSIGNED: Extension = (Op::VExtLoU, Op::VExtHiU);

/// A narrow operand: the low half of the register as it is, or the high one brought down.
pub fn narrow_operand(b: &mut Lower, f: Word, n: u32) -> Val {
    let n = b.get(v(n));
    if shape(f) == Shape::Full { vector::high_half(b, n) } else { n }
}

/// The narrow lane of the size field.
fn narrow_lane(f: Word, lanes: &[Lane]) -> Option<Lane> {
    Some(Lane::from_u8(f.size() as u8)).filter(|lane| lanes.contains(lane))
}

/// The shape of results twice as wide as the operands.
fn long_shape(f: Word) -> Shape {
    if shape(f) == Shape::Scalar { Shape::Scalar } else { Shape::Full }
}

/// Writes a result twice as wide as the operands: all of Vd, or one lane.
pub fn put_long(b: &mut Lower, f: Word, lane: Lane, result: Val) {
    let result = vector::truncate(b, long_shape(f), lane.wider(), result);
    b.put(v(f.rd()), result);
}

/// Vd = op on the low lanes of the operands, twice as wide.
fn long(b: &mut Lower, f: Word, lanes: &[Lane], op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let Some(lane) = narrow_lane(f, lanes) else { return b.undefined() };
    let (n, m) = (narrow_operand(b, f, f.rn()), narrow_operand(b, f, f.rm()));
    let result = op(b, lane, n, m);
    put_long(b, f, lane, result);
}

/// Vd = Vd `with` op on the low lanes of the operands.
fn long_onto(b: &mut Lower, f: Word, with: Op, op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let d = b.get(v(f.rd()));
    long(b, f, BHS, |b, lane, n, m| {
        let term = op(b, lane, n, m);
        b.vbin(with, lane.wider(), d, term)
    });
}

fn extended(b: &mut Lower, lane: Lane, (extend, _): Extension, op: Op, n: Val, m: Val) -> Val {
    let (n, m) = (b.vun(extend, lane, n), b.vun(extend, lane, m));
    b.vbin(op, lane.wider(), n, m)
}

/// Vd = Vn `op` the lanes of Vm, widened.
fn wide(b: &mut Lower, f: Word, (low, high): Extension, op: Op) {
    let Some(lane) = narrow_lane(f, BHS) else { return b.undefined() };
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    let m = b.vun(if f.q() { high } else { low }, lane, m);
    let result = b.vbin(op, lane.wider(), n, m);
    b.put(v(f.rd()), result);
}

/// |n - m|, which fits the narrow lane unsigned, widened.
fn difference(b: &mut Lower, lane: Lane, sign: MinMax, n: Val, m: Val) -> Val {
    let narrow = same::difference(b, lane, sign, n, m);
    b.vun(Op::VExtLoU, lane, narrow)
}

/// The high half of each wide sum or difference.
fn high_narrow(b: &mut Lower, f: Word, op: Op, round: bool) {
    let Some(lane) = narrow_lane(f, BHS) else { return b.undefined() };
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    let mut sum = b.vbin(op, lane.wider(), n, m);
    if round {
        let half = splat(b, lane.wider(), 1 << (lane.bits() - 1));
        sum = b.vbin(Op::VAdd, lane.wider(), sum, half);
    }
    let high = b.vimm(Op::VShrU, lane.wider(), sum, lane.bits() as i64);
    let narrow = b.vun(Op::VNarrow, lane.wider(), high);
    put_narrow(b, f, narrow);
}

/// SQDMULL
fn doubling(b: &mut Lower, f: Word) {
    long(b, f, HS, |b, lane, n, m| doubling_product(b, f, lane, n, m));
}

/// SQDMLAL, SQDMLSL: both the doubling and the sum saturate.
fn doubling_onto(b: &mut Lower, f: Word, sat: Op, plain: Op) {
    long(b, f, HS, |b, lane, n, m| doubling_sum(b, f, lane, (sat, plain), n, m));
}

/// 2 n m of the low lanes, saturated.
pub fn doubling_product(b: &mut Lower, f: Word, lane: Lane, n: Val, m: Val) -> Val {
    let product = b.vbin(Op::VMulLoS, lane, n, m);
    let sat = b.vbin(Op::VQAddS, lane.wider(), product, product);
    let plain = b.vbin(Op::VAdd, lane.wider(), product, product);
    saturated(b, long_shape(f), lane.wider(), sat, plain)
}

/// Vd plus or minus 2 n m, saturated twice.
pub fn doubling_sum(b: &mut Lower, f: Word, lane: Lane, (sat, plain): (Op, Op), n: Val, m: Val) -> Val {
    let product = doubling_product(b, f, lane, n, m);
    let d = b.get(v(f.rd()));
    let sat = b.vbin(sat, lane.wider(), d, product);
    let plain = b.vbin(plain, lane.wider(), d, product);
    saturated(b, long_shape(f), lane.wider(), sat, plain)
}

fn polynomial(b: &mut Lower, f: Word) {
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    let product = b.vbin(if f.q() { Op::VPmullHi } else { Op::VPmullLo }, Lane::D, n, m);
    b.put(v(f.rd()), product);
}
