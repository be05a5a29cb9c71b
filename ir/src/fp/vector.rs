//! The operations lane by lane, over 128-bit vectors.

use super::{Env, Format};
use crate::types::Lane;

/// The low bits of lane `index`.
pub fn lane(value: u128, lane: Lane, index: u32) -> u64 {
    let bits = lane.bits();
    (value >> (index * bits)) as u64 & (u64::MAX >> (64 - bits))
}

/// A vector from its lanes, as `f` gives them.
pub fn build(lane: Lane, mut f: impl FnMut(u32) -> u64) -> u128 {
    let bits = lane.bits();
    let mask = u64::MAX >> (64 - bits);
    (0..lane.count()).fold(0, |value, i| value | ((f(i) & mask) as u128) << (i * bits))
}

/// `f` on every lane.
pub fn map1(env: &mut Env, l: Lane, a: u128, f: impl Fn(&mut Env, Format, u64) -> u64) -> u128 {
    let format = Format::of_lane(l);
    build(l, |i| f(env, format, lane(a, l, i)))
}

/// `f` on every pair of lanes.
pub fn map2(env: &mut Env, l: Lane, a: u128, b: u128, f: impl Fn(&mut Env, Format, u64, u64) -> u64) -> u128 {
    let format = Format::of_lane(l);
    build(l, |i| f(env, format, lane(a, l, i), lane(b, l, i)))
}

/// `f` on every triple of lanes.
pub fn map3(env: &mut Env, l: Lane, v: [u128; 3], f: impl Fn(&mut Env, Format, u64, u64, u64) -> u64) -> u128 {
    let format = Format::of_lane(l);
    build(l, |i| f(env, format, lane(v[0], l, i), lane(v[1], l, i), lane(v[2], l, i)))
}
