//! Scalar floating-point registers, and vector ones whose lanes are floating-point numbers.

use ir::{Lane, Op, Ty, Val};
use target::Lower;

use crate::fields::Word;
use crate::state::v;
use crate::vector::{Shape, float_lane, put, shape, truncate};

/// Single or double precision by bit 22, the low bit of `ptype`.
pub fn precision(f: Word) -> Ty {
    if f.bit(22) { Ty::F64 } else { Ty::F32 }
}

/// The scalar in Vn.
pub fn get(b: &mut Lower, ty: Ty, n: u32) -> Val {
    let whole = b.get(v(n));
    b.un(Op::VLow, ty, whole)
}

/// Sets Vd to a scalar, zeros above.
pub fn set(b: &mut Lower, ty: Ty, d: u32, val: Val) {
    let whole = b.un(Op::VZext, ty, val);
    b.put(v(d), whole);
}

/// The integer type as wide as a floating-point one.
pub const fn bits_of(ty: Ty) -> Ty {
    match ty {
        Ty::F64 => Ty::I64,
        _ => Ty::I32,
    }
}

/// The number with these bits.
pub fn constant(b: &mut Lower, ty: Ty, bits: u64) -> Val {
    let bits = b.constant(bits_of(ty), bits as i64);
    b.un(Op::Bitcast, ty, bits)
}

/// The bits of 2 to the power `exponent` in a lane, which must be a normal number there.
pub const fn power_of_two(lane: Lane, exponent: i32) -> u64 {
    match lane {
        Lane::D => ((exponent + 1023) as u64) << 52,
        _ => ((exponent + 127) as u64) << 23,
    }
}

/// Vn for arithmetic: the lanes that the instruction does not have hold nothing that could raise an
/// exception, copies of the low ones or zeros.
pub fn operand(b: &mut Lower, f: Word, lane: Lane, n: u32) -> Val {
    let whole = b.get(v(n));
    match shape(f) {
        Shape::Full => whole,
        Shape::Half => b.vimm(Op::VDup, Lane::D, whole, 0),
        Shape::Scalar => truncate(b, Shape::Scalar, lane, whole),
    }
}

/// Vd = op(Vn) on single- or double-precision lanes.
pub fn unary(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val) -> Val) {
    let Some(lane) = float_lane(f) else { return b.undefined() };
    let n = operand(b, f, lane, f.rn());
    let result = op(b, lane, n);
    put(b, f, lane, result);
}

/// Vd = op(Vn, Vm) on single- or double-precision lanes.
pub fn binary(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let Some(lane) = float_lane(f) else { return b.undefined() };
    let (n, m) = (operand(b, f, lane, f.rn()), operand(b, f, lane, f.rm()));
    let result = op(b, lane, n, m);
    put(b, f, lane, result);
}
