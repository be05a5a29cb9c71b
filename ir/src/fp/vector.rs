//! The operations lane by lane, over 128-bit vectors.

use super::{Env, Format};
use crate::eval::lanes::{build, get};
use crate::types::Lane;

/// `f` on every lane.
pub fn map1(env: &mut Env, lane: Lane, a: u128, f: impl Fn(&mut Env, Format, u64) -> u64) -> u128 {
    let format = Format::of_lane(lane);
    build(lane, |i| f(env, format, get(a, lane, i)))
}

/// `f` on every pair of lanes.
pub fn map2(env: &mut Env, lane: Lane, a: u128, b: u128, f: impl Fn(&mut Env, Format, u64, u64) -> u64) -> u128 {
    let format = Format::of_lane(lane);
    build(lane, |i| f(env, format, get(a, lane, i), get(b, lane, i)))
}

/// `f` on every triple of lanes.
pub fn map3(env: &mut Env, lane: Lane, v: [u128; 3], f: impl Fn(&mut Env, Format, u64, u64, u64) -> u64) -> u128 {
    let format = Format::of_lane(lane);
    let [a, b, c] = v;
    build(lane, |i| f(env, format, get(a, lane, i), get(b, lane, i), get(c, lane, i)))
}
