//! Floating-point lanes.

use super::float::{num_rule, rounded};
use super::lanes::{build, get, get_signed, map};
use super::vector::all_ones;
use crate::block::Inst;
use crate::fp::vector::{map1, map2, map3};
use crate::fp::{self, Env, Format, IntWidth, NanTo, Order};
use crate::ops::Op;
use crate::types::{Lane, Round};

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, v: [u128; 3], env: &mut Env) -> u128 {
    let [a, b, _] = v;
    let lane = Lane::from_u8(inst.aux);
    let sign = Format::of_lane(lane).sign_bit();
    let rule = num_rule(inst.imm);
    match inst.op {
        Op::VFAdd => map2(env, lane, a, b, fp::add),
        Op::VFSub => map2(env, lane, a, b, fp::sub),
        Op::VFMul => map2(env, lane, a, b, fp::mul),
        Op::VFDiv => map2(env, lane, a, b, fp::div),
        Op::VFSqrt => map1(env, lane, a, fp::sqrt),
        Op::VFMulAdd => map3(env, lane, v, fp::mul_add),
        Op::VFMin => map2(env, lane, a, b, fp::min),
        Op::VFMax => map2(env, lane, a, b, fp::max),
        Op::VFMinNum => map2(env, lane, a, b, |env, format, x, y| fp::minnum(env, format, x, y, rule)),
        Op::VFMaxNum => map2(env, lane, a, b, |env, format, x, y| fp::maxnum(env, format, x, y, rule)),
        Op::VFNeg => map(lane, a, |x| x ^ sign),
        Op::VFAbs => map(lane, a, |x| x & !sign),
        Op::VFCmpEq => compare(env, lane, a, b, false, |order| order == Order::Equal),
        Op::VFCmpGe => compare(env, lane, a, b, true, |order| matches!(order, Order::Greater | Order::Equal)),
        Op::VFCmpGt => compare(env, lane, a, b, true, |order| order == Order::Greater),
        _ => conversion(inst, a, lane, env),
    }
}

fn compare(env: &mut Env, lane: Lane, a: u128, b: u128, signal: bool, holds: impl Fn(Order) -> bool) -> u128 {
    map2(env, lane, a, b, |env, format, x, y| all_ones(holds(fp::compare(env, format, x, y, signal))))
}

fn conversion(inst: &Inst, a: u128, lane: Lane, env: &mut Env) -> u128 {
    let format = Format::of_lane(lane);
    let half = Lane::from_u8((lane as u8).saturating_sub(1));
    let half_format = Format::of_lane(half);
    let round = Round::from_u8((inst.imm & 7) as u8);
    let to_int = |env: &mut Env, signed| {
        let to = IntWidth { bits: lane.bits(), signed };
        rounded(env, round, |env| map1(env, lane, a, |env, f, x| fp::to_int(env, f, x, to, NanTo::Zero)))
    };
    match inst.op {
        Op::VFRound => {
            let exact = inst.imm & 8 != 0;
            rounded(env, round, |env| map1(env, lane, a, |env, f, x| fp::round_to_integral(env, f, x, exact)))
        }
        Op::VFToS => to_int(env, true),
        Op::VFToU => to_int(env, false),
        Op::VSToF => build(lane, |i| fp::from_i64(env, format, get_signed(a, lane, i))),
        Op::VUToF => build(lane, |i| fp::from_u64(env, format, get(a, lane, i))),
        Op::VFCvtUp => build(lane, |i| fp::convert(env, half_format, format, get(a, half, i))),
        Op::VFCvtDown => build(half, |i| match i < lane.count() {
            true => fp::convert(env, format, half_format, get(a, lane, i)),
            false => 0,
        }),
        _ => super::not_evaluated(inst),
    }
}
