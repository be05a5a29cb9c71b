//! Vectors as lanes.

use crate::types::Lane;

/// Lane `index`, zero-extended.
#[inline]
pub fn get(value: u128, lane: Lane, index: u32) -> u64 {
    let bits = lane.bits();
    (value >> (index * bits)) as u64 & ones(lane)
}

/// Lane `index`, sign-extended.
#[inline]
pub fn get_signed(value: u128, lane: Lane, index: u32) -> i64 {
    sign_extend(get(value, lane, index), lane)
}

/// The low lane's worth of `value`, sign-extended.
#[inline]
pub fn sign_extend(value: u64, lane: Lane) -> i64 {
    let unused = 64 - lane.bits();
    (value << unused) as i64 >> unused
}

/// A lane of ones.
pub const fn ones(lane: Lane) -> u64 {
    u64::MAX >> (64 - lane.bits())
}

/// `value` with lane `index` replaced.
pub fn set(value: u128, lane: Lane, index: u32, new: u64) -> u128 {
    let shift = index * lane.bits();
    value & !((ones(lane) as u128) << shift) | ((new & ones(lane)) as u128) << shift
}

/// A vector whose lanes are the low bits of what `f` gives.
#[inline]
pub fn build(lane: Lane, mut f: impl FnMut(u32) -> u64) -> u128 {
    let half = lane.count() / 2;
    let mut half_of = |first: u32| {
        (first..first + half)
            .rev()
            .fold(0, |word, i| if half == 1 { f(i) } else { word << lane.bits() | f(i) & ones(lane) })
    };
    half_of(0) as u128 | (half_of(half) as u128) << 64
}

/// `f` on every lane.
#[inline]
pub fn map(lane: Lane, a: u128, f: impl Fn(u64) -> u64) -> u128 {
    build(lane, |i| f(get(a, lane, i)))
}

/// `f` on every pair of lanes.
#[inline]
pub fn zip(lane: Lane, a: u128, b: u128, f: impl Fn(u64, u64) -> u64) -> u128 {
    build(lane, |i| f(get(a, lane, i), get(b, lane, i)))
}

/// `f` on every pair of lanes, sign-extended.
#[inline]
pub fn zip_signed(lane: Lane, a: u128, b: u128, f: impl Fn(i64, i64) -> i64) -> u128 {
    build(lane, |i| f(get_signed(a, lane, i), get_signed(b, lane, i)) as u64)
}

/// `value` clamped to what a signed lane holds.
pub fn saturate_signed(value: i128, lane: Lane) -> u64 {
    let max = (ones(lane) >> 1) as i128;
    value.clamp(-max - 1, max) as u64
}

/// `value` clamped to what an unsigned lane holds.
pub fn saturate_unsigned(value: i128, lane: Lane) -> u64 {
    value.clamp(0, ones(lane) as i128) as u64
}
