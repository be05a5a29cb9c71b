//! What the IR has no packed operation for, lane by lane or put together from others.

use ir::{Lane, Op, Ty, Val};
use target::Lower;

use super::constant;

/// A lane as an i64.
pub fn extract(b: &mut Lower, op: Op, lane: Lane, vector: Val, index: u32) -> Val {
    b.op(op, Ty::I64, lane as u8, [vector, Val::NONE, Val::NONE], index.into())
}

/// A lane set to the low bits of an i64.
pub fn insert(b: &mut Lower, lane: Lane, vector: Val, index: u32, val: Val) -> Val {
    b.op(Op::VInsert, Ty::V128, lane as u8, [vector, val, Val::NONE], index.into())
}

/// `f` on each pair of lanes as i64, extended as the two ops say.
pub fn zip(
    b: &mut Lower,
    lane: Lane,
    (extend_x, x): (Op, Val),
    (extend_y, y): (Op, Val),
    f: impl Fn(&mut Lower, Val, Val) -> Val,
) -> Val {
    let mut result = x;
    for i in 0..lane.count() {
        let (x, y) = (extract(b, extend_x, lane, x, i), extract(b, extend_y, lane, y, i));
        let val = f(b, x, y);
        result = insert(b, lane, result, i, val);
    }
    result
}

/// The low halves of products.
pub fn multiply(b: &mut Lower, lane: Lane, x: Val, y: Val) -> Val {
    if lane != Lane::D {
        return b.vbin(Op::VMul, lane, x, y);
    }
    zip(b, lane, (Op::VExtractU, x), (Op::VExtractU, y), |b, x, y| b.bin(Op::Mul, Ty::I64, x, y))
}

/// The high halves of products of these kinds of operands.
pub fn multiply_high(b: &mut Lower, lane: Lane, signs: Op, x: Val, y: Val) -> Val {
    let (low, high) = match (signs, lane) {
        (Op::MulHS, Lane::B | Lane::H | Lane::S) => (Op::VMulLoS, Op::VMulHiS),
        (Op::MulHU, Lane::B | Lane::H | Lane::S) => (Op::VMulLoU, Op::VMulHiU),
        _ => return multiply_high_one_by_one(b, lane, signs, x, y),
    };
    let (low, high) = (b.vbin(low, lane, x, y), b.vbin(high, lane, x, y));
    b.vbin(Op::VUzp2, lane, low, high)
}

fn multiply_high_one_by_one(b: &mut Lower, lane: Lane, signs: Op, x: Val, y: Val) -> Val {
    let extend_x = if signs == Op::MulHU { Op::VExtractU } else { Op::VExtractS };
    let extend_y = if signs == Op::MulHS { Op::VExtractS } else { Op::VExtractU };
    zip(b, lane, (extend_x, x), (extend_y, y), |b, x, y| match lane {
        Lane::D => b.bin(signs, Ty::I64, x, y),
        _ => {
            let product = b.bin(Op::Mul, Ty::I64, x, y);
            b.bin_imm(Op::Sar, Ty::I64, product, lane.bits().into())
        }
    })
}

/// Shifts by the lanes of `by`, of which the bits below the width count: left, or right with `signed`'s bits in.
pub fn shift(b: &mut Lower, lane: Lane, (op, right): (Op, bool), x: Val, by: Val) -> Val {
    let limit = constant::splat(b, lane, u64::from(lane.bits()) - 1);
    let by = b.and(Ty::V128, by, limit);
    let by = if right { b.vun(Op::VNeg, lane, by) } else { by };
    b.vbin(op, lane, x, by)
}

/// Lanes 'index' of the group's elements widened: those that register `i` of a group of twice the width holds.
pub fn widened(b: &mut Lower, lane: Lane, signed: bool, group: &[Val; 8], i: usize) -> Val {
    let op = match (signed, i % 2) {
        (true, 0) => Op::VExtLoS,
        (true, _) => Op::VExtHiS,
        (false, 0) => Op::VExtLoU,
        (false, _) => Op::VExtHiU,
    };
    b.vun(op, lane, group[i / 2])
}

/// Two registers cut to lanes of width `to` in one; the second may be absent.
pub fn narrowed(b: &mut Lower, to: Lane, low: Val, high: Val) -> Val {
    let high = if high.is_some() { high } else { low };
    b.vbin(Op::VUzp1, to, low, high)
}

/// Whether any bit of a vector is set, as an i32.
pub fn any(b: &mut Lower, vector: Val) -> Val {
    let (low, high) = (extract(b, Op::VExtractU, Lane::D, vector, 0), extract(b, Op::VExtractU, Lane::D, vector, 1));
    let both = b.or(Ty::I64, low, high);
    let zero = b.i64(0);
    b.icmp(ir::Icond::Ne, Ty::I64, both, zero)
}
