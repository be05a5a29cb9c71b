//! Advanced SIMD vector and scalar by indexed element (Arm ARM C4.1.96): one factor is a lane of Vm.

use ir::{Inst, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::simd_float::multiply_onto;
use super::simd_three_diff::{doubling_product, doubling_sum, narrow_operand, put_long};
use super::simd_three_same::doubling_product_high;
use crate::cpu;
use crate::fields::Word;
use crate::float::{self, operand, precision};
use crate::helpers::{self, request};
use crate::state::v;
use crate::vector::{Shape, put, shape};

instructions! {
    /// Vectors.
    pub ROWS: cpu::ASIMD;
    mla_element      "0q1 01111 zzLM mmmm 0000 H0 nnnnn ddddd" |b, f: Word| onto(b, f, Op::VAdd);
    mls_element      "0q1 01111 zzLM mmmm 0100 H0 nnnnn ddddd" |b, f: Word| onto(b, f, Op::VSub);
    mul_element      "0q0 01111 zzLM mmmm 1000 H0 nnnnn ddddd" |b, f: Word| same(b, f, |b, l, n, m| b.vbin(Op::VMul, l, n, m));
    smlal_element    "0q0 01111 zzLM mmmm 0010 H0 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VAdd, Op::VMulLoS);
    umlal_element    "0q1 01111 zzLM mmmm 0010 H0 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VAdd, Op::VMulLoU);
    smlsl_element    "0q0 01111 zzLM mmmm 0110 H0 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VSub, Op::VMulLoS);
    umlsl_element    "0q1 01111 zzLM mmmm 0110 H0 nnnnn ddddd" |b, f: Word| long_onto(b, f, Op::VSub, Op::VMulLoU);
    smull_element    "0q0 01111 zzLM mmmm 1010 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| long_product(b, f, l, Op::VMulLoS, n, m));
    umull_element    "0q1 01111 zzLM mmmm 1010 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| long_product(b, f, l, Op::VMulLoU, n, m));
    sqdmlal_element  "0q0 01111 zzLM mmmm 0011 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| doubling_sum(b, f, l, (Op::VQAddS, Op::VAdd), n, m));
    sqdmlsl_element  "0q0 01111 zzLM mmmm 0111 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| doubling_sum(b, f, l, (Op::VQSubS, Op::VSub), n, m));
    sqdmull_element  "0q0 01111 zzLM mmmm 1011 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| doubling_product(b, f, l, n, m));
    sqdmulh_element  "0q0 01111 zzLM mmmm 1100 H0 nnnnn ddddd" |b, f: Word| same(b, f, |b, l, n, m| doubling_product_high(b, f, l, false, n, m));
    sqrdmulh_element "0q0 01111 zzLM mmmm 1101 H0 nnnnn ddddd" |b, f: Word| same(b, f, |b, l, n, m| doubling_product_high(b, f, l, true, n, m));
    fmla_element     "0q0 01111 1zLM mmmm 0001 H0 nnnnn ddddd" |b, f: Word| float(b, f, |b, l, n, m| multiply_onto(b, f, l, false, n, m));
    fmls_element     "0q0 01111 1zLM mmmm 0101 H0 nnnnn ddddd" |b, f: Word| float(b, f, |b, l, n, m| multiply_onto(b, f, l, true, n, m));
    fmul_element     "0q0 01111 1zLM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| float(b, f, |b, l, n, m| b.vbin(Op::VFMul, l, n, m));
    fmulx_element    "0q1 01111 1zLM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| float(b, f, |b, l, n, m| multiply_extended(b, f, l, n, m));
}

instructions! {
    /// Scalars.
    pub SCALAR: cpu::ASIMD;
    sqdmlal_element_scalar  "010 11111 zzLM mmmm 0011 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| doubling_sum(b, f, l, (Op::VQAddS, Op::VAdd), n, m));
    sqdmlsl_element_scalar  "010 11111 zzLM mmmm 0111 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| doubling_sum(b, f, l, (Op::VQSubS, Op::VSub), n, m));
    sqdmull_element_scalar  "010 11111 zzLM mmmm 1011 H0 nnnnn ddddd" |b, f: Word| long(b, f, |b, l, n, m| doubling_product(b, f, l, n, m));
    sqdmulh_element_scalar  "010 11111 zzLM mmmm 1100 H0 nnnnn ddddd" |b, f: Word| same(b, f, |b, l, n, m| doubling_product_high(b, f, l, false, n, m));
    sqrdmulh_element_scalar "010 11111 zzLM mmmm 1101 H0 nnnnn ddddd" |b, f: Word| same(b, f, |b, l, n, m| doubling_product_high(b, f, l, true, n, m));
    fmla_element_scalar     "010 11111 1zLM mmmm 0001 H0 nnnnn ddddd" |b, f: Word| scalar_onto(b, f, false);
    fmls_element_scalar     "010 11111 1zLM mmmm 0101 H0 nnnnn ddddd" |b, f: Word| scalar_onto(b, f, true);
    fmul_element_scalar     "010 11111 1zLM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| scalar(b, f, |b, ty, n, m| b.bin(Op::FMul, ty, n, m));
    fmulx_element_scalar    "011 11111 1zLM mmmm 1001 H0 nnnnn ddddd" |b, f: Word| float(b, f, |b, l, n, m| multiply_extended(b, f, l, n, m));
}

/// Lane `index` of V`m` in every lane.
pub fn element(b: &mut Lower, lane: Lane, m: u32, index: u32) -> Val {
    let m = b.get(v(m));
    let args = [m, Val::NONE, Val::NONE];
    // Products by the same element come together.
    b.emit_once(Inst { op: Op::VDup, ty: Ty::V128, aux: lane as u8, args, imm: index as i64 })
}

/// The products of the low or high half of Vn with an element. Words are spread to the even lanes, where the host
/// multiplies them, once for all products of the same register.
fn long_product(b: &mut Lower, f: Word, lane: Lane, op: Op, n: Val, m: Val) -> Val {
    if lane != Lane::S {
        return b.vbin(op, lane, n, m);
    }
    let n = b.get(v(f.rn()));
    let spread = if f.q() { Op::VZip2 } else { Op::VZip1 };
    let n = b.emit_once(Inst { op: spread, ty: Ty::V128, aux: lane as u8, args: [n, n, Val::NONE], imm: 0 });
    b.op(op, Ty::V128, lane as u8, [n, m, Val::NONE], 1)
}

/// The integer lane, and the element: H:L:M of V0 to V15 for half-words, H:L of any register for words.
pub fn integer_element(b: &mut Lower, f: Word) -> Option<(Lane, Val)> {
    let (h, l, m) = (f.bits(11, 1), f.bits(21, 1), f.bits(20, 1));
    match f.size() {
        1 => Some((Lane::H, element(b, Lane::H, f.bits(16, 4), h << 2 | l << 1 | m))),
        2 => Some((Lane::S, element(b, Lane::S, f.rm(), h << 1 | l))),
        _ => None,
    }
}

/// The floating-point lane, and the element: H:L for words, H for double-words.
fn float_element(b: &mut Lower, f: Word) -> Option<(Lane, Val)> {
    let (h, l) = (f.bits(11, 1), f.bits(21, 1));
    match (f.bit(22), l) {
        (false, _) => Some((Lane::S, element(b, Lane::S, f.rm(), h << 1 | l))),
        (true, 0) if shape(f) != Shape::Half => Some((Lane::D, element(b, Lane::D, f.rm(), h))),
        _ => None,
    }
}

/// Vd = op(Vn, element), as wide as the operands.
pub fn same(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let Some((lane, m)) = integer_element(b, f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let result = op(b, lane, n, m);
    put(b, f, lane, result);
}

fn onto(b: &mut Lower, f: Word, with: Op) {
    let d = b.get(v(f.rd()));
    same(b, f, |b, lane, n, m| {
        let product = b.vbin(Op::VMul, lane, n, m);
        b.vbin(with, lane, d, product)
    });
}

/// Vd = op(low or high half of Vn, element), twice as wide.
fn long(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let Some((lane, m)) = integer_element(b, f) else { return b.undefined() };
    let n = narrow_operand(b, f, f.rn());
    let result = op(b, lane, n, m);
    put_long(b, f, lane, result);
}

fn long_onto(b: &mut Lower, f: Word, with: Op, product: Op) {
    let d = b.get(v(f.rd()));
    long(b, f, |b, lane, n, m| {
        let product = long_product(b, f, lane, product, n, m);
        b.vbin(with, lane.wider(), d, product)
    });
}

fn float(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let Some((lane, m)) = float_element(b, f) else { return b.undefined() };
    let n = operand(b, f, lane, f.rn());
    // A scalar's other lanes are zeros: their product with any number is quiet, but not with infinity or a NaN.
    let m = crate::vector::truncate(b, if shape(f) == Shape::Scalar { Shape::Scalar } else { Shape::Full }, lane, m);
    let result = op(b, lane, n, m);
    put(b, f, lane, result);
}

/// A scalar product has scalar ops.
fn scalar(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Ty, Val, Val) -> Val) {
    let Some((_, m)) = float_element(b, f) else { return b.undefined() };
    let ty = precision(f);
    let (n, m) = (float::get(b, ty, f.rn()), b.un(Op::VLow, ty, m));
    let result = op(b, ty, n, m);
    float::set(b, ty, f.rd(), result);
}

/// FMLA, FMLS: the latter negates its first factor.
fn scalar_onto(b: &mut Lower, f: Word, negate: bool) {
    scalar(b, f, |b, ty, n, m| {
        let d = float::get(b, ty, f.rd());
        let n = if negate { b.un(Op::FNeg, ty, n) } else { n };
        b.tern(Op::FMulAdd, ty, n, m, d)
    });
}

fn multiply_extended(b: &mut Lower, f: Word, lane: Lane, n: Val, m: Val) -> Val {
    let request = request(b, shape(f), lane, 0);
    b.call_vec(helpers::FMULX, Ty::V128, [n, m, Val::NONE], request)
}
