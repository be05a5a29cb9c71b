//! Products of narrow floating-point numbers summed in single precision: FMLAL and its family (FEAT_FHM) from
//! halves, and BFloat16 (FEAT_BF16). A BFloat16 number is the upper half of a single.

use ir::eval::lanes;
use ir::fp::{self, Env, Format, flags};
use ir::{Lane, NanRule, Round, VecArgs};

use super::request::{Request, kind, map_float};

/// Words, v[2] plus the products of the low halves of v[0] and v[1], rounded once (Arm ARM, FPMulAddH).
pub extern "C" fn halves_onto(args: &mut VecArgs) {
    let (n, m) = (args.v[0], args.v[1]);
    let request = Request::of(args);
    let mut env = request.env(args);
    let d = args.v[2];
    args.v[0] = lanes::build(Lane::S, |i| {
        let factor = |v| widen(request, lanes::get(v, Lane::H, i));
        fp::mul_add(&mut env, Format::F32, factor(n), factor(m), lanes::get(d, Lane::S, i))
    });
    args.raised |= env.raised;
}

/// A half as a single, a signalling NaN still signalling: the sum looks at all operands before it picks a NaN.
fn widen(request: Request, bits: u64) -> u64 {
    let (sign, exponent, fraction) = (bits >> 15, bits >> 10 & 31, bits & 0x3ff);
    let magnitude = match (exponent, fraction) {
        (0, 0) => 0,
        (0, _) if request.flush_half => 0,
        (0, _) => {
            let by = fraction.leading_zeros() as u64 - 53;
            (113 - by) << 23 | (fraction << by & 0x3ff) << 13
        }
        (31, _) => 0xff << 23 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    sign << 31 | magnitude
}

/// The factors are the odd lanes.
pub const TOP: i64 = kind(1);

/// Words, v[2] plus the products of the even (or with [`TOP`] the odd) BFloat16 lanes of v[0] and v[1].
pub extern "C" fn bf16_onto(args: &mut VecArgs) {
    map_float(args, |env, _, request, [n, m, d]| {
        let factor = |bits: u64| if request.has(TOP) { bits & 0xffff_0000 } else { bits << 16 & 0xffff_0000 };
        fp::mul_add(env, Format::F32, factor(n), factor(m), d)
    });
}

/// The environment of BFloat16 dot products: to odd, flushing, default NaNs, no exceptions (Arm ARM, BFMul, BFAdd).
fn dot_env(request: Request, args: &VecArgs) -> Env {
    Env { round: Round::Zero, flush: true, nan: NanRule::Canonical, raised: 0, ..request.env(args) }
}

/// An operation rounded to odd, where an overflow is an infinity.
fn to_odd(env: Env, op: impl FnOnce(&mut Env) -> u64) -> u64 {
    let mut env = env;
    let bits = op(&mut env);
    match env.raised {
        raised if raised & flags::OVERFLOW != 0 => Format::F32.infinity(bits & Format::F32.sign_bit() != 0),
        raised if raised & flags::INEXACT != 0 => bits | 1,
        _ => bits,
    }
}

/// Two products of BFloat16 numbers added to `sum`.
fn dot_onto(env: Env, sum: u64, n: u64, m: u64) -> u64 {
    let product = |n, m| to_odd(env, |env| fp::mul(env, Format::F32, n, m));
    let low = product(n << 16 & 0xffff_0000, m << 16 & 0xffff_0000);
    let high = product(n & 0xffff_0000, m & 0xffff_0000);
    let both = to_odd(env, |env| fp::add(env, Format::F32, low, high));
    to_odd(env, |env| fp::add(env, Format::F32, sum, both))
}

/// Words, BFDOT: v[2] plus two products each.
pub extern "C" fn bf16_dot(args: &mut VecArgs) {
    let env = dot_env(Request::of(args), args);
    let [n, m, d] = args.v;
    let word = |v, i| lanes::get(v, Lane::S, i);
    args.v[0] = lanes::build(Lane::S, |i| dot_onto(env, word(d, i), word(n, i), word(m, i)));
}

/// BFMMLA: v[2] plus the 2x2 product of v[0]'s two rows of four with v[1]'s.
pub extern "C" fn bf16_matrix(args: &mut VecArgs) {
    let env = dot_env(Request::of(args), args);
    let [n, m, d] = args.v;
    let word = |v, i| lanes::get(v, Lane::S, i);
    args.v[0] = lanes::build(Lane::S, |i| {
        let (row, column) = (i / 2 * 2, i % 2 * 2);
        (0..2).fold(word(d, i), |sum, k| dot_onto(env, sum, word(n, row + k), word(m, column + k)))
    });
}

/// Singles to BFloat16 in the low 64 bits, or the lowest alone (Arm ARM, FPConvertBF).
pub extern "C" fn to_bf16(args: &mut VecArgs) {
    let request = Request::of(args);
    let mut env = request.env(args);
    let n = args.v[0];
    args.v[0] = (0..request.count)
        .fold(0, |result, i| result | (narrow(&mut env, lanes::get(n, Lane::S, i)) as u128) << (16 * i));
    args.raised |= env.raised;
}

/// A single rounded to its upper half: both have the same exponents.
fn narrow(env: &mut Env, bits: u64) -> u64 {
    let (negative, magnitude) = (bits >> 31 != 0, bits & 0x7fff_ffff);
    if magnitude > 0x7f80_0000 {
        if magnitude & 0x40_0000 == 0 {
            env.raise(flags::INVALID);
        }
        return if env.nan == NanRule::Canonical { 0x7fc0 } else { bits >> 16 | 0x40 };
    }
    let tiny = magnitude < 0x80_0000 && magnitude != 0;
    if tiny && env.flush {
        env.raise(flags::DENORMAL);
        return bits >> 16 & 0x8000;
    }
    let (kept, rest) = (bits >> 16, bits & 0xffff);
    let up = match env.round {
        Round::Dynamic | Round::NearestEven => rest > 0x8000 || rest == 0x8000 && kept & 1 != 0,
        Round::NearestAway => rest >= 0x8000,
        Round::Up => rest != 0 && !negative,
        Round::Down => rest != 0 && negative,
        Round::Zero => false,
    };
    let result = kept + up as u64;
    if rest != 0 {
        env.raise(flags::INEXACT | if tiny { flags::UNDERFLOW } else { 0 });
        if result & 0x7fff == 0x7f80 {
            env.raise(flags::OVERFLOW);
        }
    }
    result
}
