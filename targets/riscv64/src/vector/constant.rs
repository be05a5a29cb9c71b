//! Constant vectors.

use ir::eval::lanes::build;
use ir::{Lane, Op, Ty, Val};
use target::Lower;

/// Any constant.
pub fn vector(b: &mut Lower, value: u128) -> Val {
    let (low, high) = (value as u64, (value >> 64) as u64);
    let below = b.vconst(low);
    if low == high {
        return below;
    }
    let above = b.vconst(high);
    b.vbin(Op::VZip1, Lane::D, below, above)
}

/// Every lane is `value`.
pub fn splat(b: &mut Lower, lane: Lane, value: u64) -> Val {
    let value = build(lane, |_| value);
    b.vconst(value as u64)
}

/// The numbers of a register's elements, the first of which is `first`.
pub fn numbers(b: &mut Lower, lane: Lane, first: u32) -> Val {
    let numbers = build(lane, |i| (first + i).into());
    vector(b, numbers)
}

/// A mask of all lanes below `count`.
pub fn below(b: &mut Lower, lane: Lane, count: u32) -> Val {
    let mask = build(lane, |i| if i < count { !0 } else { 0 });
    vector(b, mask)
}

/// All lanes are the low bits of the i64 `value`.
pub fn spread(b: &mut Lower, lane: Lane, value: Val) -> Val {
    b.op(Op::VSplat, Ty::I64, lane as u8, [value, Val::NONE, Val::NONE], 0)
}
