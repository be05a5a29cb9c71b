//! Lanes that change their width, products, and sums across.

use super::int::clmul;
use super::lanes::{build, get, get_signed, map, ones, saturate_signed, saturate_unsigned, zip, zip_signed};
use crate::block::Inst;
use crate::ops::Op;
use crate::types::Lane;

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, [a, b, _]: [u128; 3]) -> u128 {
    let lane = Lane::from_u8(inst.aux);
    // The first of the high lanes.
    let high = lane.count() / 2;
    match inst.op {
        Op::VExtLoS => build(lane.wider(), |i| get_signed(a, lane, i) as u64),
        Op::VExtLoU => build(lane.wider(), |i| get(a, lane, i)),
        Op::VExtHiS => build(lane.wider(), |i| get_signed(a, lane, high + i) as u64),
        Op::VExtHiU => build(lane.wider(), |i| get(a, lane, high + i)),
        Op::VNarrow => narrow(lane, |i, _| get(a, lane, i)),
        Op::VNarrowSS => narrow(lane, |i, to| saturate_signed(get_signed(a, lane, i) as i128, to)),
        Op::VNarrowSU => narrow(lane, |i, to| saturate_unsigned(get_signed(a, lane, i) as i128, to)),
        Op::VNarrowUU => narrow(lane, |i, to| saturate_unsigned(get(a, lane, i) as i128, to)),
        Op::VMulLoS if inst.imm == 1 => products_signed(lane, a, b, |i| 2 * i),
        Op::VMulLoS => products_signed(lane, a, b, |i| i),
        Op::VMulLoU if inst.imm == 1 => products(lane, a, b, |i| 2 * i),
        Op::VMulLoU => products(lane, a, b, |i| i),
        Op::VMulHiS => products_signed(lane, a, b, |i| high + i),
        Op::VMulHiU => products(lane, a, b, |i| high + i),
        Op::VQDMulH => zip_signed(lane, a, b, |x, y| {
            // The only product whose double overflows is that of the two minima.
            let half = (inst.imm as i128) << (lane.bits() - 1);
            saturate_signed((2 * x as i128 * y as i128 + half) >> lane.bits(), lane) as i64
        }),
        Op::VPmul => zip(Lane::B, a, b, |x, y| clmul(x, y) as u64),
        Op::VPmullLo => polynomial_products(lane, a, b, 0),
        Op::VPmullHi => polynomial_products(lane, a, b, high),
        Op::VCnt => map(lane, a, |x| x.count_ones() as u64),
        Op::VClz => map(lane, a, |x| (x.leading_zeros() - (64 - lane.bits())) as u64),
        Op::VRbit => map(Lane::B, a, |x| (x as u8).reverse_bits() as u64),
        Op::VAddAcross => {
            let sum = (0..lane.count()).fold(0u64, |sum, i| sum.wrapping_add(get(a, lane, i)));
            (sum & ones(lane)) as u128
        }
        Op::VAddPairS => build(lane.wider(), |i| (get_signed(a, lane, 2 * i) + get_signed(a, lane, 2 * i + 1)) as u64),
        Op::VAddPairU => build(lane.wider(), |i| get(a, lane, 2 * i) + get(a, lane, 2 * i + 1)),
        _ => super::not_evaluated(inst),
    }
}

/// Lanes of width `from` cut to half by `f`, in the low half.
fn narrow(from: Lane, f: impl Fn(u32, Lane) -> u64) -> u128 {
    let to = Lane::from_u8(from as u8 - 1);
    build(to, |i| if i < from.count() { f(i, to) } else { 0 })
}

/// The products of the lanes that `from` names.
fn products(lane: Lane, a: u128, b: u128, from: impl Fn(u32) -> u32) -> u128 {
    build(lane.wider(), |i| get(a, lane, from(i)) * get(b, lane, from(i)))
}

fn products_signed(lane: Lane, a: u128, b: u128, from: impl Fn(u32) -> u32) -> u128 {
    build(lane.wider(), |i| (get_signed(a, lane, from(i)) * get_signed(b, lane, from(i))) as u64)
}

fn polynomial_products(lane: Lane, a: u128, b: u128, first: u32) -> u128 {
    let product = |i: u32| clmul(get(a, lane, first + i), get(b, lane, first + i));
    if lane == Lane::D { product(0) } else { build(lane.wider(), |i| product(i) as u64) }
}
