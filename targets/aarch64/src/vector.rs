//! Vector registers as the Advanced SIMD groups read and write them: which lanes an instruction has, how
//! much of the register it works on, and the cumulative saturation flag.

use ir::{Lane, Op, Ty, Val};
use target::Lower;

use crate::fields::Word;
use crate::state::{QC, v};

/// How much of the registers an instruction works on. Whatever lies above in the destination becomes zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// The lowest lane: the "Advanced SIMD scalar" groups.
    Scalar,
    /// 64 bits.
    Half,
    /// 128 bits.
    Full,
}

/// Bytes, half-words and words.
pub const BHS: &[Lane] = &[Lane::B, Lane::H, Lane::S];
/// Every integer lane.
pub const BHSD: &[Lane] = &[Lane::B, Lane::H, Lane::S, Lane::D];
/// Half-words and words.
pub const HS: &[Lane] = &[Lane::H, Lane::S];
/// Bytes and half-words.
pub const BH: &[Lane] = &[Lane::B, Lane::H];
/// Bytes alone.
pub const B: &[Lane] = &[Lane::B];
/// Double-words alone: most integer scalar forms.
pub const D: &[Lane] = &[Lane::D];

/// The shape of an Advanced SIMD data-processing instruction: bit 28 tells the scalar groups (Arm ARM C4.1.96).
pub fn shape(f: Word) -> Shape {
    match (f.bit(28), f.q()) {
        (true, _) => Shape::Scalar,
        (false, false) => Shape::Half,
        (false, true) => Shape::Full,
    }
}

/// The lane that the size field says, where the instruction is allocated for it. A vector of one double-word is not.
pub fn lane(f: Word, allowed: &[Lane]) -> Option<Lane> {
    let lane = Lane::from_u8(f.size() as u8);
    (allowed.contains(&lane) && has_lane(f, lane)).then_some(lane)
}

/// The floating-point lane that bit 22 says.
pub fn float_lane(f: Word) -> Option<Lane> {
    let lane = if f.bit(22) { Lane::D } else { Lane::S };
    has_lane(f, lane).then_some(lane)
}

fn has_lane(f: Word, lane: Lane) -> bool {
    lane != Lane::D || shape(f) != Shape::Half
}

/// Writes Vd: what is above the instruction's shape becomes zero.
pub fn put(b: &mut Lower, f: Word, lane: Lane, val: Val) {
    let val = truncate(b, shape(f), lane, val);
    b.put(v(f.rd()), val);
}

/// The part of `val` that the shape covers, zeros above.
pub fn truncate(b: &mut Lower, shape: Shape, lane: Lane, val: Val) -> Val {
    match (shape, lane) {
        (Shape::Full, _) => val,
        (Shape::Half, _) | (Shape::Scalar, Lane::D) => zext(b, Ty::F64, val),
        (Shape::Scalar, Lane::S) => zext(b, Ty::F32, val),
        (Shape::Scalar, Lane::H) => zext(b, Ty::F16, val),
        (Shape::Scalar, Lane::B) => {
            let byte = b.op(Op::VExtractU, Ty::I64, Lane::B as u8, [val, Val::NONE, Val::NONE], 0);
            from_i64(b, byte)
        }
    }
}

/// The low 64 bits, zeros above.
pub fn low64(b: &mut Lower, val: Val) -> Val {
    zext(b, Ty::F64, val)
}

fn zext(b: &mut Lower, ty: Ty, val: Val) -> Val {
    let low = b.un(Op::VLow, ty, val);
    b.un(Op::VZext, ty, low)
}

/// An integer in the low 64 bits, zeros above.
pub fn from_i64(b: &mut Lower, val: Val) -> Val {
    let double = b.un(Op::Bitcast, Ty::F64, val);
    b.un(Op::VZext, Ty::F64, double)
}

/// Lane `index`, zero-extended to `ty`.
pub fn extract(b: &mut Lower, ty: Ty, lane: Lane, val: Val, index: u32) -> Val {
    b.op(Op::VExtractU, ty, lane as u8, [val, Val::NONE, Val::NONE], index as i64)
}

/// The high 64 bits as the low ones; the rest is not of interest.
pub fn high_half(b: &mut Lower, val: Val) -> Val {
    b.vimm(Op::VDup, Lane::D, val, 1)
}

/// `value` in every lane of 64 bits.
pub const fn replicate(lane: Lane, value: u64) -> u64 {
    match lane {
        Lane::B => (value & 0xff) * 0x0101_0101_0101_0101,
        Lane::H => (value & 0xffff) * 0x0001_0001_0001_0001,
        Lane::S => (value & 0xffff_ffff) * 0x0000_0001_0000_0001,
        Lane::D => value,
    }
}

/// A constant in every lane.
pub fn splat(b: &mut Lower, lane: Lane, value: u64) -> Val {
    b.vconst(replicate(lane, value))
}

/// Zeros.
pub fn zero(b: &mut Lower) -> Val {
    b.vconst(0)
}

/// Bits of `yes` where the mask is set, else of `no`.
pub fn select(b: &mut Lower, mask: Val, yes: Val, no: Val) -> Val {
    let yes = b.and(Ty::V128, yes, mask);
    let no = b.bin(Op::AndNot, Ty::V128, no, mask);
    b.or(Ty::V128, yes, no)
}

/// All bits inverted.
pub fn not(b: &mut Lower, val: Val) -> Val {
    b.un(Op::Not, Ty::V128, val)
}

/// The even and odd lanes of n and m side by side, as pairwise instructions pair them. For 64 bits both
/// halves of the result are the same, so that arithmetic on the upper one raises nothing new.
pub fn pairs(b: &mut Lower, f: Word, lane: Lane) -> (Val, Val) {
    let (mut n, mut m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    if shape(f) == Shape::Half {
        n = b.vbin(Op::VZip1, Lane::D, n, m);
        m = n;
    }
    (b.vbin(Op::VUzp1, lane, n, m), b.vbin(Op::VUzp2, lane, n, m))
}

/// Sets FPSR.QC where `difference`, cut to the result's shape, is not zero. The slot keeps the bits
/// themselves: whoever reads FPSR tests them.
pub fn set_qc(b: &mut Lower, shape: Shape, lane: Lane, difference: Val) {
    let difference = truncate(b, shape, lane, difference);
    let before = b.get(QC);
    let after = b.or(Ty::V128, before, difference);
    b.put(QC, after);
}

/// The saturated result; sets QC where it differs from the plain one.
pub fn saturated(b: &mut Lower, shape: Shape, lane: Lane, saturated: Val, plain: Val) -> Val {
    let difference = b.xor(Ty::V128, saturated, plain);
    set_qc(b, shape, lane, difference);
    saturated
}

/// Vd = op(Vn).
pub fn unary(b: &mut Lower, f: Word, lanes: &[Lane], op: impl FnOnce(&mut Lower, Lane, Val) -> Val) {
    let Some(lane) = lane(f, lanes) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let result = op(b, lane, n);
    put(b, f, lane, result);
}

/// Vd = op(Vn, Vm).
pub fn binary(b: &mut Lower, f: Word, lanes: &[Lane], op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val) {
    let Some(lane) = lane(f, lanes) else { return b.undefined() };
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    let result = op(b, lane, n, m);
    put(b, f, lane, result);
}

/// Vd = Vd `with` op(Vn, Vm).
pub fn accumulate(
    b: &mut Lower,
    f: Word,
    lanes: &[Lane],
    with: Op,
    op: impl FnOnce(&mut Lower, Lane, Val, Val) -> Val,
) {
    let d = b.get(v(f.rd()));
    binary(b, f, lanes, |b, lane, n, m| {
        let term = op(b, lane, n, m);
        b.vbin(with, lane, d, term)
    });
}
