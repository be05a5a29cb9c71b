//! Integer lanes, one by one.

use super::lanes::{self, build, get, get_signed, saturate_signed, saturate_unsigned, zip, zip_signed};
use crate::block::Inst;
use crate::ops::Op;
use crate::types::Lane;

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, [a, b, _]: [u128; 3]) -> u128 {
    let lane = Lane::from_u8(inst.aux);
    let imm = inst.imm as u32;
    match inst.op {
        Op::VAdd => zip(lane, a, b, u64::wrapping_add),
        Op::VSub => zip(lane, a, b, u64::wrapping_sub),
        Op::VMul => zip(lane, a, b, u64::wrapping_mul),
        Op::VNeg => lanes::map(lane, a, u64::wrapping_neg),
        Op::VAbs => build(lane, |i| get_signed(a, lane, i).unsigned_abs()),
        Op::VMinS => zip_signed(lane, a, b, i64::min),
        Op::VMinU => zip(lane, a, b, u64::min),
        Op::VMaxS => zip_signed(lane, a, b, i64::max),
        Op::VMaxU => zip(lane, a, b, u64::max),
        Op::VQAddS => saturating(lane, a, b, true, |x, y| x + y),
        Op::VQAddU => saturating(lane, a, b, false, |x, y| x + y),
        Op::VQSubS => saturating(lane, a, b, true, |x, y| x - y),
        Op::VQSubU => saturating(lane, a, b, false, |x, y| x - y),
        Op::VAvgU => zip(lane, a, b, |x, y| (x + y + 1) >> 1),
        Op::VCmpEq => zip(lane, a, b, |x, y| all_ones(x == y)),
        Op::VCmpGtS => zip_signed(lane, a, b, |x, y| all_ones(x > y) as i64),
        Op::VCmpGtU => zip(lane, a, b, |x, y| all_ones(x > y)),
        Op::VShl => lanes::map(lane, a, |x| shift_unsigned(lane, x, imm as i8)),
        Op::VShrU => lanes::map(lane, a, |x| shift_unsigned(lane, x, -(imm as i8))),
        Op::VShrS => lanes::map(lane, a, |x| shift_signed(lane, x, -(imm as i8))),
        Op::VRol => lanes::map(lane, a, |x| {
            shift_unsigned(lane, x, imm as i8) | shift_unsigned(lane, x, imm as i8 - lane.bits() as i8)
        }),
        Op::VShlVarU => zip(lane, a, b, |x, by| shift_unsigned(lane, x, by as i8)),
        Op::VShlVarS => zip(lane, a, b, |x, by| shift_signed(lane, x, by as i8)),
        _ => super::not_evaluated(inst),
    }
}

/// Ones in every bit where `truth` holds.
pub(super) fn all_ones(truth: bool) -> u64 {
    (truth as u64).wrapping_neg()
}

fn saturating(lane: Lane, a: u128, b: u128, signed: bool, f: impl Fn(i128, i128) -> i128) -> u128 {
    build(lane, |i| match signed {
        true => saturate_signed(f(get_signed(a, lane, i) as i128, get_signed(b, lane, i) as i128), lane),
        false => saturate_unsigned(f(get(a, lane, i) as i128, get(b, lane, i) as i128), lane),
    })
}

/// Left by `by`, right with zeros in where it is negative.
fn shift_unsigned(lane: Lane, value: u64, by: i8) -> u64 {
    match by.unsigned_abs() as u32 {
        count if count >= lane.bits() => 0,
        count if by < 0 => value >> count,
        count => value << count,
    }
}

/// Left by `by`, right with the sign in where it is negative.
fn shift_signed(lane: Lane, value: u64, by: i8) -> u64 {
    match by.unsigned_abs() as u32 {
        count if by < 0 => (lanes::sign_extend(value, lane) >> count.min(63)) as u64,
        _ => shift_unsigned(lane, value, by),
    }
}
