//! Scalar floating point in half precision (FEAT_FP16; Arm ARM C4.1.96, `ptype` 11). What is exact goes by way of
//! single precision.

use ir::{Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use super::fp_compare::{compare_values, conditional};
use super::fp_convert::fraction_bits;
use super::fp_data::expand_f16;
use super::simd_half::{operate, rounded};
use crate::cpu;
use crate::fields::Word;
use crate::float::{self, constant};
use crate::helpers::{self, half, request};
use crate::regs::{reg, set_reg};
use crate::state::{NZCV, v};
use crate::vector::{Shape, extract, from_i64, truncate};

instructions! {
    /// Data processing, compare and select.
    pub ROWS: cpu::FPHP;
    fmov_h   "00011110 111 000000 10000 nnnnn ddddd" |b, f: Word| move_half(b, f);
    fabs_h   "00011110 111 000001 10000 nnnnn ddddd" |b, f: Word| with_sign(b, f, |b, bits| b.bin_imm(Op::And, Ty::I64, bits, 0x7fff));
    fneg_h   "00011110 111 000010 10000 nnnnn ddddd" |b, f: Word| with_sign(b, f, |b, bits| b.bin_imm(Op::Xor, Ty::I64, bits, 0x8000));
    fsqrt_h  "00011110 111 000011 10000 nnnnn ddddd" |b, f: Word| one(b, f, half::SQRT);
    frintn_h "00011110 111 001000 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestEven, 0);
    frintp_h "00011110 111 001001 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Up, 0);
    frintm_h "00011110 111 001010 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Down, 0);
    frintz_h "00011110 111 001011 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Zero, 0);
    frinta_h "00011110 111 001100 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestAway, 0);
    frintx_h "00011110 111 001110 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, half::EXACT);
    frinti_h "00011110 111 001111 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, 0);
    fmul_h   "00011110 111 mmmmm 0000 10 nnnnn ddddd" |b, f: Word| two(b, f, half::MUL);
    fdiv_h   "00011110 111 mmmmm 0001 10 nnnnn ddddd" |b, f: Word| two(b, f, half::DIV);
    fadd_h   "00011110 111 mmmmm 0010 10 nnnnn ddddd" |b, f: Word| two(b, f, half::ADD);
    fsub_h   "00011110 111 mmmmm 0011 10 nnnnn ddddd" |b, f: Word| two(b, f, half::SUB);
    fmax_h   "00011110 111 mmmmm 0100 10 nnnnn ddddd" |b, f: Word| two(b, f, half::MAX);
    fmin_h   "00011110 111 mmmmm 0101 10 nnnnn ddddd" |b, f: Word| two(b, f, half::MIN);
    fmaxnm_h "00011110 111 mmmmm 0110 10 nnnnn ddddd" |b, f: Word| two(b, f, half::MAXNUM);
    fminnm_h "00011110 111 mmmmm 0111 10 nnnnn ddddd" |b, f: Word| two(b, f, half::MINNUM);
    fnmul_h  "00011110 111 mmmmm 1000 10 nnnnn ddddd" |b, f: Word| negated_product(b, f);
    fmadd_h  "00011111 110 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, false, false);
    fmsub_h  "00011111 110 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, false, true);
    fnmadd_h "00011111 111 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, true, true);
    fnmsub_h "00011111 111 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, true, false);
    fcmp_h       "00011110 111 mmmmm 00 1000 nnnnn 00000" |b, f: Word| compare(b, f, false, false);
    fcmp_zero_h  "00011110 111 xxxxx 00 1000 nnnnn 01000" |b, f: Word| compare(b, f, true, false);
    fcmpe_h      "00011110 111 mmmmm 00 1000 nnnnn 10000" |b, f: Word| compare(b, f, false, true);
    fcmpe_zero_h "00011110 111 xxxxx 00 1000 nnnnn 11000" |b, f: Word| compare(b, f, true, true);
    fccmp_h  "00011110 111 mmmmm cccc 01 nnnnn 0 ffff" |b, f: Word| conditional_compare(b, f, false);
    fccmpe_h "00011110 111 mmmmm cccc 01 nnnnn 1 ffff" |b, f: Word| conditional_compare(b, f, true);
    fcsel_h  "00011110 111 mmmmm cccc 11 nnnnn ddddd" |b, f: Word| select(b, f);
    fmov_imm_h "00011110 111 iiiiiiii 100 00000 ddddd" |b, f: Word| immediate(b, f);
}

instructions! {
    /// Conversions to and from integers and fixed-point numbers, and moves of bits.
    pub CONVERT: cpu::FPHP;
    fcvtns_h "s0011110 111 00 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestEven, half::SIGNED);
    fcvtnu_h "s0011110 111 00 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestEven, 0);
    fcvtas_h "s0011110 111 00 100 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestAway, half::SIGNED);
    fcvtau_h "s0011110 111 00 101 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::NearestAway, 0);
    fcvtps_h "s0011110 111 01 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Up, half::SIGNED);
    fcvtpu_h "s0011110 111 01 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Up, 0);
    fcvtms_h "s0011110 111 10 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Down, half::SIGNED);
    fcvtmu_h "s0011110 111 10 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Down, 0);
    fcvtzs_h "s0011110 111 11 000 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Zero, half::SIGNED);
    fcvtzu_h "s0011110 111 11 001 000000 nnnnn ddddd" |b, f: Word| to_int(b, f, Round::Zero, 0);
    scvtf_h  "s0011110 111 00 010 000000 nnnnn ddddd" |b, f: Word| from_int(b, f, Op::SToF);
    ucvtf_h  "s0011110 111 00 011 000000 nnnnn ddddd" |b, f: Word| from_int(b, f, Op::UToF);
    fcvtzs_fixed_h "s0011110 110 11 000 ffffff nnnnn ddddd" |b, f: Word| to_fixed(b, f, half::SIGNED);
    fcvtzu_fixed_h "s0011110 110 11 001 ffffff nnnnn ddddd" |b, f: Word| to_fixed(b, f, 0);
    scvtf_fixed_h  "s0011110 110 00 010 ffffff nnnnn ddddd" |b, f: Word| with_fraction(b, f, half::SIGNED, from_fixed);
    ucvtf_fixed_h  "s0011110 110 00 011 ffffff nnnnn ddddd" |b, f: Word| with_fraction(b, f, 0, from_fixed);
    fmov_r_h "s0011110 111 00 110 000000 nnnnn ddddd" |b, f: Word| bits_to_general(b, f);
    fmov_h_r "s0011110 111 00 111 000000 nnnnn ddddd" |b, f: Word| bits_from_general(b, f);
}

/// The half in Vn, zeros above.
fn get(b: &mut Lower, n: u32) -> Val {
    let whole = b.get(v(n));
    truncate(b, Shape::Scalar, Lane::H, whole)
}

/// The half in Vn as a single, which is exact; a denormal is zero where the mode flushes them.
fn get_single(b: &mut Lower, n: u32) -> Val {
    let half = float::get(b, Ty::F16, n);
    widen(b, half)
}

fn widen(b: &mut Lower, half: Val) -> Val {
    let single = b.fcvt(Ty::F32, Ty::F16, half);
    if b.mode.0 & crate::FLUSH16.0 == 0 {
        return single;
    }
    let magnitude = b.un(Op::FAbs, Ty::F32, single);
    let bits = b.un(Op::Bitcast, Ty::I32, magnitude);
    let smallest = b.i32(0x3880_0000);
    let tiny = b.icmp(ir::Icond::LtU, Ty::I32, bits, smallest);
    let zero = constant(b, Ty::F32, 0);
    b.select(Ty::F32, tiny, zero, single)
}

fn call(b: &mut Lower, kind: i64, args: [Val; 3]) -> Val {
    operate(b, Shape::Scalar, kind, args)
}

fn move_half(b: &mut Lower, f: Word) {
    let n = get(b, f.rn());
    b.put(v(f.rd()), n);
}

/// FABS, FNEG: bits alone.
fn with_sign(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Val) -> Val) {
    let n = b.get(v(f.rn()));
    let bits = extract(b, Ty::I64, Lane::H, n, 0);
    let bits = op(b, bits);
    let result = from_i64(b, bits);
    b.put(v(f.rd()), result);
}

fn one(b: &mut Lower, f: Word, kind: i64) {
    let n = get(b, f.rn());
    let result = call(b, kind, [n, Val::NONE, Val::NONE]);
    b.put(v(f.rd()), result);
}

fn round(b: &mut Lower, f: Word, mode: Round, exact: i64) {
    let n = get(b, f.rn());
    let result = rounded(b, Shape::Scalar, mode, exact, n);
    b.put(v(f.rd()), result);
}

fn two(b: &mut Lower, f: Word, kind: i64) {
    let (n, m) = (get(b, f.rn()), get(b, f.rm()));
    let result = call(b, kind, [n, m, Val::NONE]);
    b.put(v(f.rd()), result);
}

/// The half with its sign flipped.
fn negated(b: &mut Lower, val: Val) -> Val {
    let bits = b.i64(0x8000);
    let sign = from_i64(b, bits);
    b.xor(Ty::V128, val, sign)
}

fn negated_product(b: &mut Lower, f: Word) {
    let (n, m) = (get(b, f.rn()), get(b, f.rm()));
    let product = call(b, half::MUL, [n, m, Val::NONE]);
    let result = negated(b, product);
    b.put(v(f.rd()), result);
}

fn three(b: &mut Lower, f: Word, negate_addend: bool, negate_product: bool) {
    let (mut n, m, mut a) = (get(b, f.rn()), get(b, f.rm()), get(b, f.ra()));
    if negate_addend {
        a = negated(b, a);
    }
    if negate_product {
        n = negated(b, n);
    }
    let result = call(b, half::MULADD, [n, m, a]);
    b.put(v(f.rd()), result);
}

fn compare(b: &mut Lower, f: Word, with_zero: bool, signal: bool) {
    let n = get_single(b, f.rn());
    let m = if with_zero { constant(b, Ty::F32, 0) } else { get_single(b, f.rm()) };
    let flags = compare_values(b, Ty::F32, n, m, signal);
    b.put(NZCV, flags);
}

/// Where the condition fails nothing may be raised, not by the conversion either: it converts zeros then.
fn conditional_compare(b: &mut Lower, f: Word, signal: bool) {
    conditional(b, f, Ty::F32, signal, |b, holds, n| {
        let half = float::get(b, Ty::F16, n);
        let zero = b.vconst(0);
        let zero = b.un(Op::VLow, Ty::F16, zero);
        let half = b.select(Ty::F16, holds, half, zero);
        widen(b, half)
    });
}

fn select(b: &mut Lower, f: Word) {
    let (n, m) = (get(b, f.rn()), get(b, f.rm()));
    let flags = b.get(NZCV);
    let holds = b.cond(f.cond(), flags);
    let result = b.select(Ty::V128, holds, n, m);
    b.put(v(f.rd()), result);
}

fn immediate(b: &mut Lower, f: Word) {
    let bits = b.i64(expand_f16(f.bits(13, 8)) as i64);
    let result = from_i64(b, bits);
    b.put(v(f.rd()), result);
}

/// The width of the general register as part of a call's kind.
fn width(f: Word) -> i64 {
    if f.sf() == Ty::I64 { half::DOUBLE_WORD } else { half::WORD }
}

fn convert_to(b: &mut Lower, f: Word, kind: i64) {
    let n = get(b, f.rn());
    let request = request(b, Shape::Scalar, Lane::H, kind | width(f));
    let result = b.call_vec(helpers::HALF_TO_INT, Ty::V128, [n, Val::NONE, Val::NONE], request);
    let result = extract(b, f.sf(), if f.sf() == Ty::I64 { Lane::D } else { Lane::S }, result, 0);
    set_reg(b, f.sf(), f.rd(), result);
}

fn to_int(b: &mut Lower, f: Word, mode: Round, sign: i64) {
    let n = get_single(b, f.rn());
    let result = b.fround(if sign != 0 { Op::FToS } else { Op::FToU }, f.sf(), mode, n, 0);
    set_reg(b, f.sf(), f.rd(), result);
}

fn to_fixed(b: &mut Lower, f: Word, sign: i64) {
    let Some(fraction) = fraction_bits(f) else { return b.undefined() };
    convert_to(b, f, sign | half::rounding(Round::Zero) | half::fraction(fraction as i64));
}

fn with_fraction(b: &mut Lower, f: Word, sign: i64, then: fn(&mut Lower, Word, i64, i64)) {
    match fraction_bits(f) {
        Some(fraction) => then(b, f, sign, fraction as i64),
        None => b.undefined(),
    }
}

/// What a single does not hold exactly is too large for a half.
fn from_int(b: &mut Lower, f: Word, op: Op) {
    let n = reg(b, f.sf(), f.rn());
    let single = b.fround(op, Ty::F32, Round::Dynamic, n, 0);
    let result = b.fcvt(Ty::F16, Ty::F32, single);
    float::set(b, Ty::F16, f.rd(), result);
}

fn from_fixed(b: &mut Lower, f: Word, sign: i64, fraction: i64) {
    let n = reg(b, f.sf(), f.rn());
    let n = if f.sf() == Ty::I64 { n } else { b.zext32(n) };
    let request = request(b, Shape::Scalar, Lane::H, sign | width(f) | half::fraction(fraction));
    let n = from_i64(b, n);
    let result = b.call_vec(helpers::HALF_FROM_INT, Ty::V128, [n, Val::NONE, Val::NONE], request);
    b.put(v(f.rd()), result);
}

fn bits_to_general(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let bits = extract(b, f.sf(), Lane::H, n, 0);
    set_reg(b, f.sf(), f.rd(), bits);
}

fn bits_from_general(b: &mut Lower, f: Word) {
    let n = reg(b, Ty::I64, f.rn());
    let bits = b.un(Op::Ext16U, Ty::I64, n);
    let result = from_i64(b, bits);
    b.put(v(f.rd()), result);
}
