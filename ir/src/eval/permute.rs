//! Lanes moved about.

use super::lanes::{build, get, get_signed, set};
use super::mask;
use crate::block::Inst;
use crate::ops::Op;
use crate::types::Lane;

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, [a, b, _]: [u128; 3]) -> u128 {
    let lane = Lane::from_u8(inst.aux);
    let imm = inst.imm as u32;
    let count = lane.count();
    // Lane `i` of the pair, b above a.
    let pair = |i: u32| if i < count { get(a, lane, i) } else { get(b, lane, i - count) };
    let either = |i: u32, from: u32| get(if i.is_multiple_of(2) { a } else { b }, lane, from);
    match inst.op {
        Op::VZip1 => build(lane, |i| either(i, i / 2)),
        Op::VZip2 => build(lane, |i| either(i, (count + i) / 2)),
        Op::VUzp1 => build(lane, |i| pair(2 * i)),
        Op::VUzp2 => build(lane, |i| pair(2 * i + 1)),
        Op::VTrn1 => build(lane, |i| either(i, i & !1)),
        Op::VTrn2 => build(lane, |i| either(i, i | 1)),
        Op::VExt => extract_bytes(a, b, imm),
        Op::VRev => {
            let per_container = imm * 8 / lane.bits();
            build(lane, |i| get(a, lane, i ^ (per_container - 1)))
        }
        Op::VTbl => build(Lane::B, |i| match get(b, Lane::B, i) {
            index @ 0..16 => get(a, Lane::B, index as u32),
            _ => 0,
        }),
        Op::VSplat => build(lane, |_| a as u64),
        Op::VDup => build(lane, |_| get(a, lane, imm)),
        Op::VInsert => set(a, lane, imm, b as u64),
        Op::VInsLane => set(a, lane, imm & 15, get(b, lane, imm >> 8)),
        Op::VExtractU => get(a, lane, imm) as u128,
        Op::VExtractS => get_signed(a, lane, imm) as u64 as u128 & mask(inst.ty),
        _ => super::not_evaluated(inst),
    }
}

/// Bytes `first` to `first` + 15 of b:a.
fn extract_bytes(a: u128, b: u128, first: u32) -> u128 {
    match first {
        0 => a,
        16.. => b,
        _ => a >> (8 * first) | b << (128 - 8 * first),
    }
}
