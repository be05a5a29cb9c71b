//! Scalar floating point.

use super::mask;
use crate::block::Inst;
use crate::fp::{self, Env, Format, IntWidth, NanTo, NumRule};
use crate::ops::Op;
use crate::types::{FCond, Round, Ty};

/// `f` with rounding `round`, unless that is the dynamic one.
pub(super) fn rounded<T>(env: &mut Env, round: Round, f: impl FnOnce(&mut Env) -> T) -> T {
    let mut inner = env.rounding(round);
    let result = f(&mut inner);
    env.raise(inner.raised);
    result
}

/// The rule that the constant of `fminnum` and its like stands for.
pub(super) fn num_rule(imm: i64) -> NumRule {
    if imm == 0 { NumRule::Ieee2008 } else { NumRule::Ieee2019 }
}

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, from: Ty, v: [u128; 3], env: &mut Env) -> u128 {
    let format = Format::of(inst.ty);
    let [a, b, c] = v.map(|value| value as u64);
    let round = Round::from_u8(inst.aux);
    let bits = match inst.op {
        Op::FAdd => fp::add(env, format, a, b),
        Op::FSub => fp::sub(env, format, a, b),
        Op::FMul => fp::mul(env, format, a, b),
        Op::FDiv => fp::div(env, format, a, b),
        Op::FSqrt => fp::sqrt(env, format, a),
        Op::FMulAdd => fp::mul_add(env, format, a, b, c),
        Op::FMin => fp::min(env, format, a, b),
        Op::FMax => fp::max(env, format, a, b),
        Op::FMinNum => fp::minnum(env, format, a, b, num_rule(inst.imm)),
        Op::FMaxNum => fp::maxnum(env, format, a, b, num_rule(inst.imm)),
        Op::FNeg => a ^ format.sign_bit(),
        Op::FAbs => a & !format.sign_bit(),
        Op::FRound => rounded(env, round, |env| fp::round_to_integral(env, format, a, inst.imm != 0)),
        Op::FCvt => fp::convert(env, Format::of(Ty::from_u8(inst.aux)), format, a),
        Op::FToS | Op::FToU => {
            let to = IntWidth { bits: inst.ty.bytes() * 8, signed: inst.op == Op::FToS };
            let nan_to = if inst.imm != 0 { NanTo::Max } else { NanTo::Zero };
            rounded(env, round, |env| fp::to_int(env, Format::of(from), a, to, nan_to))
        }
        Op::SToF => rounded(env, round, |env| fp::from_i64(env, format, signed(from, a))),
        Op::UToF => rounded(env, round, |env| fp::from_u64(env, format, a)),
        Op::FCmp => fp::holds(env, format, FCond::from_u8(inst.aux), a, b) as u64,
        Op::Bitcast | Op::VZext | Op::VLow => (v[0] & mask(inst.ty)) as u64,
        Op::FBox => a | boxing(inst.ty),
        Op::FUnbox if a & boxing(inst.ty) == boxing(inst.ty) => a & !boxing(inst.ty),
        Op::FUnbox => format.default_nan(),
        _ => return super::not_evaluated(inst),
    };
    bits as u128
}

/// The ones above a NaN-boxed value (RISC-V unprivileged, 21.2).
fn boxing(ty: Ty) -> u64 {
    !mask(ty) as u64
}

fn signed(ty: Ty, value: u64) -> i64 {
    if ty == Ty::I32 { value as i32 as i64 } else { value as i64 }
}
