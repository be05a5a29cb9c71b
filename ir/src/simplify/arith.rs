//! Arithmetic, logic and shifts.

use super::{Folded, View, compare, constant, extend, rounds, unary, with_const, words};
use crate::block::{Inst, Val};
use crate::ops::{Effect, Op};
use crate::types::{Lane, Ty};

/// Folds an op of two operands.
pub(super) fn fold(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let [a, b, _] = inst.args;
    if a == b {
        return same_operands(inst);
    }
    if inst.ty == Ty::V128 {
        return match inst.op {
            Op::And => mask_of_shifted(view, inst),
            Op::AndNot => masked_by_const(view, inst),
            Op::Or | Op::Xor => {
                rotated_lanes(view, a, b).or_else(|| rotated_lanes(view, b, a)).or_else(|| rounds::keyed(view, inst))
            }
            _ => None,
        };
    }
    match (view.as_const(a), view.as_const(b)) {
        (Some(_), Some(_)) => view.evaluate(inst),
        (None, Some(c)) => with_right_const(view, inst, a, c).or_else(|| logic(view, inst)),
        (Some(0), None) if inst.op == Op::Sub => Some(Folded::Keep(unary(Op::Neg, inst.ty, b))),
        (Some(c), None) if matches!(inst.op, Op::Add | Op::Mul | Op::And | Op::Or | Op::Xor) => {
            let inst = Inst { args: [b, a, Val::NONE], ..*inst };
            Some(with_right_const(view, &inst, b, c).unwrap_or(Folded::Keep(inst)))
        }
        (None, None) if matches!(inst.op, Op::Add | Op::Or | Op::Xor) => {
            rotation(view, inst, a, b).or_else(|| rotation(view, inst, b, a)).or_else(|| logic(view, inst))
        }
        _ => logic(view, inst),
    }
}

fn logic(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    if matches!(inst.op, Op::And | Op::Or | Op::Xor | Op::AndNot) { words::fold(view, inst) } else { None }
}

/// x op x
fn same_operands(inst: &Inst) -> Option<Folded> {
    match inst.op {
        Op::And | Op::Or => Some(Folded::Value(inst.args[0])),
        Op::Sub | Op::Xor | Op::AndNot if inst.ty == Ty::V128 => {
            Some(Folded::Keep(Inst { op: Op::VConst, args: [Val::NONE; 3], ..*inst }))
        }
        Op::Sub | Op::Xor | Op::AndNot => Some(Folded::Const(0)),
        _ => None,
    }
}

/// `a op c`; `a` is no constant.
fn with_right_const(view: &View<'_>, inst: &Inst, a: Val, c: i64) -> Option<Folded> {
    match (inst.op, c) {
        (Op::Add | Op::Sub | Op::Or | Op::Xor | Op::AndNot, 0) => Some(Folded::Value(a)),
        (Op::Mul | Op::And, 0) => Some(Folded::Const(0)),
        (Op::Mul | Op::UDiv, 1) => Some(Folded::Value(a)),
        (Op::URem, 1) => Some(Folded::Const(0)),
        (Op::And, -1) => Some(Folded::Value(a)),
        (Op::Or, -1) => Some(Folded::Const(-1)),
        (Op::Xor, -1) => {
            let inst = unary(Op::Not, inst.ty, a);
            Some(words::fold(view, &inst).unwrap_or(Folded::Keep(inst)))
        }
        (Op::Xor, 1) => compare::not_extended(view, a),
        (Op::And, 0xff) => Some(extended(view, unary(Op::Ext8U, inst.ty, a))),
        (Op::And, 0xffff) => Some(extended(view, unary(Op::Ext16U, inst.ty, a))),
        (Op::Add, _) => add(view, inst, a, c),
        (Op::Sub, _) => add(view, inst, a, c.wrapping_neg()),
        (Op::And, _) => and(view, inst, a, c),
        (Op::AndNot, _) => Some(with_const(Inst { op: Op::And, ..*inst }, !c)),
        (Op::Mul | Op::UDiv | Op::URem, _) if c > 0 && c & (c - 1) == 0 => Some(power_of_two(inst, c)),
        _ => None,
    }
}

fn extended(view: &View<'_>, inst: Inst) -> Folded {
    extend::fold(view, &inst).unwrap_or(Folded::Keep(inst))
}

/// a + c, where a may be an address or itself a sum with a constant.
fn add(view: &View<'_>, inst: &Inst, a: Val, c: i64) -> Option<Folded> {
    let before = view.inst(a);
    if before.op == Op::Addr {
        return Some(Folded::Keep(Inst { imm: before.imm.wrapping_add(c), ..*before }));
    }
    let (base, offset) = view.as_offset(a)?;
    let inst = Inst { op: Op::Add, args: [base, Val::NONE, Val::NONE], ..*inst };
    let sum = constant(inst.ty, offset.wrapping_add(c)).imm;
    Some(if sum == 0 { Folded::Value(base) } else { with_const(inst, sum) })
}

/// (x & c1) & c
fn and(view: &View<'_>, inst: &Inst, a: Val, c: i64) -> Option<Folded> {
    let before = view.inst(a);
    if before.op != Op::And {
        return None;
    }
    let both = view.as_const(before.args[1])? & c;
    Some(with_const(Inst { args: before.args, ..*inst }, both))
}

/// Lanes that were shifted, masked to what a shift leaves of them.
fn mask_of_shifted(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let (shifted, mask) = (view.inst(inst.args[0]), view.inst(inst.args[1]));
    if mask.op != Op::VConst || !matches!(shifted.op, Op::VShrU | Op::VShl) {
        return None;
    }
    let bits = Lane::from_u8(shifted.aux).bits();
    let all = u64::MAX >> (64 - bits);
    let left = match shifted.op {
        Op::VShrU => all.unbounded_shr(shifted.imm as u32),
        _ => all.unbounded_shl(shifted.imm as u32) & all,
    };
    let everywhere = (0..64).step_by(bits as usize).fold(0, |sum, at| sum | left << at);
    (everywhere & !mask.imm as u64 == 0).then_some(Folded::Value(inst.args[0]))
}

/// Bits cleared by a constant: the host's own operation for that inverts what it has in a register.
fn masked_by_const(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let mask = view.inst(inst.args[1]);
    let inverted = Inst { imm: !mask.imm, ..*mask };
    (mask.op == Op::VConst).then_some(Folded::After {
        first: inverted,
        inst: Inst { op: Op::And, ..*inst },
        operand: 1,
    })
}

/// Lanes of (x << n) | (x >> width - n), for machines without rotations of lanes.
fn rotated_lanes(view: &View<'_>, a: Val, b: Val) -> Option<Folded> {
    let (left, right) = (view.inst(a), view.inst(b));
    let is_pair = left.op == Op::VShl && right.op == Op::VShrU && (left.aux, left.args) == (right.aux, right.args);
    let lane = Lane::from_u8(left.aux);
    let rotates = is_pair && lane != Lane::B && left.imm != 0 && left.imm + right.imm == lane.bits() as i64;
    rotates.then_some(Folded::Keep(Inst { op: Op::VRol, ..*left }))
}

/// (x << n) + (x >> width - n), for machines without rotations; also of 32 bits in sign-extended registers.
fn rotation(view: &View<'_>, inst: &Inst, a: Val, b: Val) -> Option<Folded> {
    let (left, right) = match (view.inst(a), view.inst(b)) {
        (high, low) if high.op == Op::Sext32 && low.op == Op::Zext32 => {
            (view.inst(high.args[0]), view.inst(low.args[0]))
        }
        both => both,
    };
    let ty = left.ty;
    let is_pair = left.op == Op::Shl && right.op == Op::Shr && ty == right.ty;
    let is_pair = is_pair && is_same(view, left.args[0], right.args[0]);
    if !is_pair || view.as_const(left.args[1])? + view.as_const(right.args[1])? != ty.bytes() as i64 * 8 {
        return None;
    }
    let rotated = Inst { op: Op::Ror, args: right.args, ..*right };
    match (inst.ty, ty) {
        (Ty::I64, Ty::I32) => {
            Some(Folded::After { first: rotated, inst: unary(Op::Sext32, Ty::I32, Val::NONE), operand: 0 })
        }
        _ => Some(Folded::Keep(rotated)),
    }
}

/// Whether two values are one, or computed alike within two steps: instructions on words each take their own low halves.
fn is_same(view: &View<'_>, a: Val, b: Val) -> bool {
    let alike = |left: Val, right: Val, args: &dyn Fn(Val, Val) -> bool| {
        let (x, y) = (view.inst(left), view.inst(right));
        let is_one = (x.op, x.ty, x.aux, x.imm) == (y.op, y.ty, y.aux, y.imm) && x.op.info().effect == Effect::Pure;
        is_one && x.args.iter().zip(y.args).all(|(&x, y)| x == y || x.is_some() && y.is_some() && args(x, y))
    };
    a == b || alike(a, b, &|a, b| alike(a, b, &|_, _| false))
}

fn power_of_two(inst: &Inst, c: i64) -> Folded {
    match inst.op {
        Op::URem => with_const(Inst { op: Op::And, ..*inst }, c - 1),
        op => {
            let op = if op == Op::Mul { Op::Shl } else { Op::Shr };
            with_const(Inst { op, ..*inst }, c.trailing_zeros() as i64)
        }
    }
}

/// Folds a shift or rotation.
pub(super) fn shift(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let [a, b, _] = inst.args;
    let width = inst.ty.bytes() as i64 * 8;
    let Some(count) = view.as_const(b) else { return unmasked_count(view, inst, b, width) };
    if view.as_const(a).is_some() {
        return view.evaluate(inst);
    }
    let count = count & (width - 1);
    if count == 0 {
        return Some(Folded::Value(a));
    }
    let before = view.inst(a);
    let first = match before.op {
        Op::Shl | Op::Shr => view.as_const(before.args[1])? & (width - 1),
        _ => return None,
    };
    match (before.op, inst.op) {
        (first_op, op) if first_op == op && first + count < width => {
            Some(with_const(Inst { args: before.args, ..*inst }, first + count))
        }
        (first_op, op) if first_op == op => Some(Folded::Const(0)),
        (Op::Shl, op) if first == count => shifted_out_and_in(op, inst.ty, before.args[0], width - count),
        _ => None,
    }
}

/// A count that is masked to the width: shifts do that themselves.
fn unmasked_count(view: &View<'_>, inst: &Inst, b: Val, width: i64) -> Option<Folded> {
    let count = view.inst(b);
    if count.op != Op::And || view.as_const(count.args[1])? & (width - 1) != width - 1 {
        return None;
    }
    Some(Folded::Keep(Inst { args: [inst.args[0], count.args[0], Val::NONE], ..*inst }))
}

/// x shifted left and back, which extends its low `bits`.
fn shifted_out_and_in(op: Op, ty: Ty, x: Val, bits: i64) -> Option<Folded> {
    let extend = match (op, bits) {
        (Op::Shr, 8) => Op::Ext8U,
        (Op::Sar, 8) => Op::Ext8S,
        (Op::Shr, 16) => Op::Ext16U,
        (Op::Sar, 16) => Op::Ext16S,
        (Op::Shr | Op::Sar, 32) => {
            let op = if op == Op::Shr { Op::Zext32 } else { Op::Sext32 };
            let first = unary(Op::Trunc, Ty::I64, x);
            return Some(Folded::After { first, inst: unary(op, Ty::I32, Val::NONE), operand: 0 });
        }
        _ => return None,
    };
    Some(Folded::Keep(unary(extend, ty, x)))
}
