//! Conversions between floating-point formats, integers and fixed-point numbers (Arm ARM C4.1.96).

use ir::{Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use crate::ALTERNATIVE_HALF;
use crate::cpu;
use crate::fields::Word;
use crate::float::{bits_of, constant, get, power_of_two, precision, set};
use crate::helpers::{self, request};
use crate::regs::{reg, set_reg};
use crate::state::{NZCV, v};
use crate::vector::{Shape, extract};

instructions! {
    /// Single and double precision, and half precision as a storage format.
    pub ROWS: cpu::FP;
    fcvt_s_d     "00011110 011 000100 10000 nnnnn ddddd" |b, f: Word| format(b, f, Ty::F64, Ty::F32);
    fcvt_s_h     "00011110 111 000100 10000 nnnnn ddddd" |b, f: Word| format(b, f, Ty::F16, Ty::F32);
    fcvt_d_s     "00011110 001 000101 10000 nnnnn ddddd" |b, f: Word| format(b, f, Ty::F32, Ty::F64);
    fcvt_d_h     "00011110 111 000101 10000 nnnnn ddddd" |b, f: Word| format(b, f, Ty::F16, Ty::F64);
    fcvt_h_s     "00011110 001 000111 10000 nnnnn ddddd" |b, f: Word| format(b, f, Ty::F32, Ty::F16);
    fcvt_h_d     "00011110 011 000111 10000 nnnnn ddddd" |b, f: Word| format(b, f, Ty::F64, Ty::F16);

    fcvtns       "s0011110 0t1 00 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToS, Round::NearestEven);
    fcvtnu       "s0011110 0t1 00 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToU, Round::NearestEven);
    fcvtas       "s0011110 0t1 00 100 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToS, Round::NearestAway);
    fcvtau       "s0011110 0t1 00 101 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToU, Round::NearestAway);
    fcvtps       "s0011110 0t1 01 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToS, Round::Up);
    fcvtpu       "s0011110 0t1 01 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToU, Round::Up);
    fcvtms       "s0011110 0t1 10 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToS, Round::Down);
    fcvtmu       "s0011110 0t1 10 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToU, Round::Down);
    fcvtzs       "s0011110 0t1 11 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToS, Round::Zero);
    fcvtzu       "s0011110 0t1 11 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Op::FToU, Round::Zero);
    scvtf        "s0011110 0t1 00 010 000000 nnnnn ddddd" |b, f: Word| from_int(b, f, Op::SToF);
    ucvtf        "s0011110 0t1 00 011 000000 nnnnn ddddd" |b, f: Word| from_int(b, f, Op::UToF);

    fcvtzs_fixed "s0011110 0t0 11 000 ffffff nnnnn ddddd" |b, f: Word| to_fixed(b, f, Op::FToS);
    fcvtzu_fixed "s0011110 0t0 11 001 ffffff nnnnn ddddd" |b, f: Word| to_fixed(b, f, Op::FToU);
    scvtf_fixed  "s0011110 0t0 00 010 ffffff nnnnn ddddd" |b, f: Word| from_fixed(b, f, Op::SToF);
    ucvtf_fixed  "s0011110 0t0 00 011 ffffff nnnnn ddddd" |b, f: Word| from_fixed(b, f, Op::UToF);

    fmov_w_s     "00011110 001 00 110 000000 nnnnn ddddd" |b, f: Word| bits_to_general(b, f, Ty::F32);
    fmov_x_d     "10011110 011 00 110 000000 nnnnn ddddd" |b, f: Word| bits_to_general(b, f, Ty::F64);
    fmov_s_w     "00011110 001 00 111 000000 nnnnn ddddd" |b, f: Word| bits_from_general(b, f, Ty::F32);
    fmov_d_x     "10011110 011 00 111 000000 nnnnn ddddd" |b, f: Word| bits_from_general(b, f, Ty::F64);
    fmov_x_top   "10011110 101 01 110 000000 nnnnn ddddd" |b, f: Word| top_to_general(b, f);
    fmov_top_x   "10011110 101 01 111 000000 nnnnn ddddd" |b, f: Word| top_from_general(b, f);
}

instructions! {
    /// FEAT_JSCVT.
    pub JAVASCRIPT: cpu::JSCVT;
    fjcvtzs "00011110 011 11 110 000000 nnnnn ddddd" |b, f: Word| javascript(b, f);
}

fn format(b: &mut Lower, f: Word, from: Ty, to: Ty) {
    let n = get(b, from, f.rn());
    if b.mode.0 & ALTERNATIVE_HALF.0 != 0 && [from, to].contains(&Ty::F16) {
        let (helper, wide) = if from == Ty::F16 { (helpers::AHP_WIDEN, to) } else { (helpers::AHP_NARROW, from) };
        let request = request(b, Shape::Scalar, lane_of(wide), 0);
        let result = b.call_vec(helper, Ty::V128, [n, Val::NONE, Val::NONE], request);
        return b.put(v(f.rd()), result);
    }
    let result = b.fcvt(to, from, n);
    set(b, to, f.rd(), result);
}

fn to_int(b: &mut Lower, f: Word, op: Op, round: Round) {
    let n = get(b, precision(f), f.rn());
    let result = b.fround(op, f.sf(), round, n, 0);
    set_reg(b, f.sf(), f.rd(), result);
}

fn from_int(b: &mut Lower, f: Word, op: Op) {
    let ty = precision(f);
    let n = reg(b, f.sf(), f.rn());
    let result = b.fround(op, ty, Round::Dynamic, n, 0);
    set(b, ty, f.rd(), result);
}

/// The number of fraction bits, at most the integer's width.
pub fn fraction_bits(f: Word) -> Option<i32> {
    let bits = 64 - f.bits(10, 6) as i32;
    (bits <= f.sf().bytes() as i32 * 8).then_some(bits)
}

fn lane_of(ty: Ty) -> Lane {
    if ty == Ty::F64 { Lane::D } else { Lane::S }
}

/// Scaling by a power of two is exact, but for an overflow. To keep it from raising that, what is going to
/// saturate anyway is cut to a value that still does.
fn to_fixed(b: &mut Lower, f: Word, op: Op) {
    let Some(fraction) = fraction_bits(f) else { return b.undefined() };
    let ty = precision(f);
    let (limit, scale) = fixed_limits(lane_of(ty), f.sf().bytes() as i32 * 8, fraction);
    let n = get(b, ty, f.rn());
    let (low, high) = (constant(b, ty, limit.0), constant(b, ty, limit.1));
    let n = b.bin(Op::FMax, ty, n, low);
    let n = b.bin(Op::FMin, ty, n, high);
    let scale = constant(b, ty, scale);
    let scaled = b.bin(Op::FMul, ty, n, scale);
    let result = b.fround(op, f.sf(), Round::Zero, scaled, 0);
    set_reg(b, f.sf(), f.rd(), result);
}

/// For numbers in `lane` and integers of `width` bits with `fraction` of them behind the point: the range
/// beyond which all saturate, and the scale.
pub const fn fixed_limits(lane: Lane, width: i32, fraction: i32) -> ((u64, u64), u64) {
    let high = power_of_two(lane, width + 1 - fraction);
    let sign = 1 << (lane.bits() - 1);
    ((high | sign, high), power_of_two(lane, fraction))
}

/// The scaling is exact: no integer but zero comes near the smallest normal number.
fn from_fixed(b: &mut Lower, f: Word, op: Op) {
    let Some(fraction) = fraction_bits(f) else { return b.undefined() };
    let ty = precision(f);
    let n = reg(b, f.sf(), f.rn());
    let whole = b.fround(op, ty, Round::Dynamic, n, 0);
    let scale = constant(b, ty, power_of_two(lane_of(ty), -fraction));
    let result = b.bin(Op::FMul, ty, whole, scale);
    set(b, ty, f.rd(), result);
}

fn bits_to_general(b: &mut Lower, f: Word, ty: Ty) {
    let n = get(b, ty, f.rn());
    let bits = b.un(Op::Bitcast, bits_of(ty), n);
    set_reg(b, bits_of(ty), f.rd(), bits);
}

fn bits_from_general(b: &mut Lower, f: Word, ty: Ty) {
    let bits = reg(b, bits_of(ty), f.rn());
    let value = b.un(Op::Bitcast, ty, bits);
    set(b, ty, f.rd(), value);
}

fn top_to_general(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let top = extract(b, Ty::I64, Lane::D, n, 1);
    set_reg(b, Ty::I64, f.rd(), top);
}

fn top_from_general(b: &mut Lower, f: Word) {
    let (d, n) = (b.get(v(f.rd())), reg(b, Ty::I64, f.rn()));
    let result = b.op(Op::VInsert, Ty::V128, Lane::D as u8, [d, n, Val::NONE], 1);
    b.put(v(f.rd()), result);
}

/// The helper yields the integer in word 0 and NZCV in word 1.
fn javascript(b: &mut Lower, f: Word) {
    let n = get(b, Ty::F64, f.rn());
    let both = b.call_vec(helpers::FJCVTZS, Ty::V128, [n, Val::NONE, Val::NONE], 0);
    let result = extract(b, Ty::I32, Lane::S, both, 0);
    set_reg(b, Ty::I32, f.rd(), result);
    let nzcv = extract(b, Ty::I32, Lane::S, both, 1);
    let flags = b.un(Op::FromNzcv, Ty::I32, nzcv);
    b.put(NZCV, flags);
}
