//! Half-precision arithmetic (FEAT_FP16), an operation to each number: for what the IR has no op for, and while FZ16 is
//! set.

use ir::eval::lanes;
use ir::fp::{self, Env, Format, IntWidth, NanTo, NumRule, flags};
use ir::{Lane, Op, Round, VecArgs};

use super::estimate;
use super::request::{Request, kind, map_float};

macro_rules! operations {
    ($( $(#[$meta:meta])* $name:ident = $number:literal; )*) => {
        $( $(#[$meta])* pub const $name: i64 = kind($number); )*
    };
}

operations! {
    /// v[0] + v[1]
    ADD = 0;
    /// v[0] - v[1]
    SUB = 1;
    /// v[0] v[1]
    MUL = 2;
    /// v[0] / v[1]
    DIV = 3;
    /// FMAX
    MAX = 4;
    /// FMIN
    MIN = 5;
    /// FMAXNM
    MAXNUM = 6;
    /// FMINNM
    MINNUM = 7;
    /// FMULX
    MULX = 8;
    /// FRECPS
    RECPS = 9;
    /// FRSQRTS
    RSQRTS = 10;
    /// v[0] v[1] + v[2], rounded once
    MULADD = 11;
    /// Square root of v[0].
    SQRT = 12;
    /// All ones where v[0] = v[1].
    EQ = 13;
    /// All ones where v[0] >= v[1].
    GE = 14;
    /// All ones where v[0] > v[1].
    GT = 15;
}

/// The IR's ops for an operation, on lanes and on a scalar, as far as it has them.
pub fn ops(operation: i64) -> Option<(Op, Option<Op>)> {
    Some(match operation {
        ADD => (Op::VFAdd, Some(Op::FAdd)),
        SUB => (Op::VFSub, Some(Op::FSub)),
        MUL => (Op::VFMul, Some(Op::FMul)),
        DIV => (Op::VFDiv, Some(Op::FDiv)),
        MAX => (Op::VFMax, Some(Op::FMax)),
        MIN => (Op::VFMin, Some(Op::FMin)),
        MAXNUM => (Op::VFMaxNum, Some(Op::FMaxNum)),
        MINNUM => (Op::VFMinNum, Some(Op::FMinNum)),
        MULADD => (Op::VFMulAdd, Some(Op::FMulAdd)),
        SQRT => (Op::VFSqrt, Some(Op::FSqrt)),
        EQ => (Op::VFCmpEq, None),
        GE => (Op::VFCmpGe, None),
        GT => (Op::VFCmpGt, None),
        _ => return None,
    })
}

/// v[0] to an integral number; the rounding is added, and [`EXACT`].
pub const ROUND: i64 = kind(32);
/// Inexact is raised.
pub const EXACT: i64 = kind(8);

/// A rounding mode as part of a call's kind.
pub const fn rounding(round: Round) -> i64 {
    kind(round as i64)
}

/// Lane by lane, an operation on halves.
pub extern "C" fn arithmetic(args: &mut VecArgs) {
    map_float(args, |env, _, request, v| {
        let flush = request.flush_half;
        let rounds = request.number() < EQ / kind(1);
        flushing(env, flush, rounds, v, |env, v| operate(env, request, v))
    });
}

/// A denormal operand as FZ16 has it: zero, without an exception.
fn flushed(flush: bool, bits: u64) -> u64 {
    let denormal = bits & 0x7c00 == 0;
    if flush && denormal { bits & 0x8000 } else { bits }
}

/// An operation on halves, denormals flushed before it and, where it rounds, behind it.
pub(super) fn flushing(
    env: &mut Env,
    flush: bool,
    rounds: bool,
    v: [u64; 3],
    op: impl FnOnce(&mut Env, [u64; 3]) -> u64,
) -> u64 {
    let mut inner = Env { raised: 0, ..*env };
    let result = op(&mut inner, v.map(|bits| flushed(flush, bits)));
    finish(env, inner, flush && rounds, result)
}

/// A rounded result as FZ16 has it: zero with underflow where it was tiny before rounding.
fn finish(env: &mut Env, inner: Env, flush: bool, result: u64) -> u64 {
    let denormal = result & 0x7c00 == 0 && result & 0x3ff != 0;
    if flush && (denormal || inner.raised & flags::UNDERFLOW != 0) {
        env.raise(inner.raised & !flags::INEXACT | flags::UNDERFLOW);
        return result & 0x8000;
    }
    env.raise(inner.raised);
    result
}

fn operate(env: &mut Env, request: Request, [a, b, c]: [u64; 3]) -> u64 {
    const F16: Format = Format::F16;
    let mask = |holds: bool| if holds { u64::MAX } else { 0 };
    match kind(request.number()) {
        ADD => fp::add(env, F16, a, b),
        SUB => fp::sub(env, F16, a, b),
        MUL => fp::mul(env, F16, a, b),
        DIV => fp::div(env, F16, a, b),
        MAX => fp::max(env, F16, a, b),
        MIN => fp::min(env, F16, a, b),
        MAXNUM => fp::maxnum(env, F16, a, b, NumRule::Ieee2008),
        MINNUM => fp::minnum(env, F16, a, b, NumRule::Ieee2008),
        MULX => estimate::multiply_extended(env, F16, a, b),
        RECPS => estimate::reciprocal_step(env, F16, a, b),
        RSQRTS => estimate::reciprocal_root_step(env, F16, a, b),
        MULADD => fp::mul_add(env, F16, a, b, c),
        SQRT => fp::sqrt(env, F16, a),
        EQ => mask(fp::compare(env, F16, a, b, false) == fp::Order::Equal),
        GE => mask(matches!(fp::compare(env, F16, a, b, true), fp::Order::Greater | fp::Order::Equal)),
        GT => mask(fp::compare(env, F16, a, b, true) == fp::Order::Greater),
        _ => round_to_integral(env, request, a),
    }
}

fn round_of(request: Request) -> Round {
    Round::from_u8((request.number() & 7) as u8)
}

fn round_to_integral(env: &mut Env, request: Request, bits: u64) -> u64 {
    let mut inner = env.rounding(round_of(request));
    let result = fp::round_to_integral(&mut inner, Format::F16, bits, request.has(EXACT));
    env.raise(inner.raised);
    result
}

/// The integer is signed.
pub const SIGNED: i64 = kind(8);
/// Integers have 32 bits, not 16.
pub const WORD: i64 = kind(16);
/// Integers have 64 bits.
pub const DOUBLE_WORD: i64 = kind(32);

/// The number of bits behind the point of a fixed-point integer, as part of a call's constant.
pub const fn fraction(bits: i64) -> i64 {
    bits << 16
}

/// The width of a call's integers, and the scale that the fraction bits stand for, 2^`sign` each.
fn integer_format(args: &VecArgs, request: Request, sign: i64) -> (IntWidth, u64) {
    let bits = match () {
        _ if request.has(DOUBLE_WORD) => 64,
        _ if request.has(WORD) => 32,
        _ => 16,
    };
    let fraction = (args.imm >> 16) as i64;
    let scale = ((1023 + sign * fraction) as u64) << 52;
    (IntWidth { bits, signed: request.has(SIGNED) }, scale)
}

/// Halves to integers: every lane, or the lowest to an integer in the low 64 bits. Doubles hold every
/// half exactly, scaled too.
pub extern "C" fn to_int(args: &mut VecArgs) {
    let request = Request::of(args);
    let (width, scale) = integer_format(args, request, 1);
    let mut env = Env { flush: false, ..request.env(args).rounding(round_of(request)) };
    let mut convert = |bits: u64| {
        let double = fp::convert(&mut env, Format::F16, Format::F64, flushed(request.flush_half, bits));
        let scaled = fp::mul(&mut env, Format::F64, double, scale);
        fp::to_int(&mut env, Format::F64, scaled, width, NanTo::Zero)
    };
    let n = args.v[0];
    args.v[0] = match request.count {
        1 => convert(n as u16 as u64) as u128,
        _ => lanes::build(Lane::H, |i| convert(lanes::get(n, Lane::H, i))),
    };
    args.raised |= env.raised;
}

/// Integers to halves: every lane, or the one in the low 64 bits.
pub extern "C" fn from_int(args: &mut VecArgs) {
    let request = Request::of(args);
    let (width, scale) = integer_format(args, request, -1);
    let env = Env { flush: false, ..request.env(args) };
    let mut outer = Env { raised: 0, ..env };
    let mut convert = |bits: u64| {
        let mut inner = env;
        let double = exact_double(&mut inner, bits, width);
        let scaled = fp::mul(&mut inner, Format::F64, double, scale);
        let half = fp::convert(&mut inner, Format::F64, Format::F16, scaled);
        finish(&mut outer, inner, request.flush_half, half)
    };
    let n = args.v[0];
    args.v[0] = match request.count {
        1 => convert(n as u64) as u128,
        _ => lanes::build(Lane::H, |i| convert(lanes::get(n, Lane::H, i))),
    };
    args.raised |= outer.raised;
}

/// The integer as a double that rounds to the same half: of those that a double can't hold, the low twelve bits
/// become one that is set where any of them was.
fn exact_double(env: &mut Env, bits: u64, width: IntWidth) -> u64 {
    let unused = 64 - width.bits;
    let negative = width.signed && (bits << unused) as i64 <= -1;
    let magnitude =
        if negative { ((bits << unused) as i64 >> unused).unsigned_abs() } else { bits << unused >> unused };
    let short = match magnitude >> 52 {
        0 => magnitude,
        _ => magnitude & !0xfff | ((magnitude & 0xfff != 0) as u64) << 12,
    };
    fp::from_u64(env, Format::F64, short) | (negative as u64) << 63
}
