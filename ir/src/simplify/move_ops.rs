//! Pairs of ops that undo each other, and copies of constants.

use super::{Folded, View};
use crate::block::{Inst, Val};
use crate::eval::lanes::ones;
use crate::ops::Op;
use crate::types::{Access, Lane};

/// Folds an op of one operand.
pub(super) fn fold(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let a = inst.args[0];
    match inst.op {
        Op::Not | Op::Neg | Op::Clz if view.as_const(a).is_some() => view.evaluate(inst),
        Op::Not | Op::Neg | Op::FNeg | Op::Bitcast => view.operand_of(inst.op, a).map(Folded::Value),
        // How guests that can't count trailing zeros do it. Reversing costs so much that the operand's own register,
        // should its slot hold the reversed number by now, does not matter.
        Op::Clz => undone(view, inst, Op::Rbit).and_then(|of| match of {
            Folded::Value(of) => Some(Folded::Keep(Inst { op: Op::Ctz, args: [of, Val::NONE, Val::NONE], ..*inst })),
            _ => None,
        }),
        Op::VLow => undone(view, inst, Op::VZext),
        Op::VZext => {
            let low = view.inst(inst.args[0]);
            let is_zero = low.op == Op::VLow && zero_from(view, low.args[0], DEPTH) <= inst.ty.bytes();
            is_zero.then_some(Folded::Value(low.args[0]))
        }
        Op::FUnbox => undone(view, inst, Op::FBox),
        Op::VSplat => {
            let pattern = splat(Lane::from_u8(inst.aux), view.as_const(a)?);
            Some(Folded::Keep(Inst { op: Op::VConst, ty: inst.result(), aux: 0, args: [Val::NONE; 3], imm: pattern }))
        }
        _ => None,
    }
}

/// How many ops on lanes a look for zeros goes through.
const DEPTH: u32 = 2;

/// The byte of a vector from which on all are zero, as far as its latest ops tell: guests clear upper halves by each op
/// on a lower one.
fn zero_from(view: &View<'_>, val: Val, depth: u32) -> u32 {
    let inst = view.inst(val);
    let of = |arg: usize| if depth == 0 { 16 } else { zero_from(view, inst.args[arg], depth - 1) };
    let lane = Lane::from_u8(inst.aux).bits() / 8;
    match inst.op {
        Op::VZext => inst.ty.bytes(),
        Op::Load => Access::from_u8(inst.aux).bytes(),
        Op::VNarrow | Op::VNarrowSS | Op::VNarrowSU | Op::VNarrowUU => 8,
        Op::VConst if inst.imm == 0 => 0,
        Op::And => of(0).min(of(1)),
        Op::AndNot => of(0),
        Op::Or | Op::Xor => of(0).max(of(1)),
        Op::VShl | Op::VShrU | Op::VShrS | Op::VRol | Op::VNeg | Op::VAbs => of(0).next_multiple_of(lane),
        Op::VAdd | Op::VSub | Op::VMul => of(0).max(of(1)).next_multiple_of(lane),
        _ => 16,
    }
}

/// Lanes put back where they were.
pub(super) fn lanes(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let first = view.inst(inst.args[0]);
    let value = if inst.op == Op::VRev {
        (first.op == Op::VRev && (first.aux, first.imm) == (inst.aux, inst.imm)).then_some(first.args[0])
    } else {
        // The halves of two registers in turns, transposed again.
        let second = view.inst(inst.args[1]);
        let transposed = inst.aux == Lane::D as u8
            && (first.op, second.op) == (Op::VZip1, Op::VZip2)
            && (first.aux, second.aux) == (inst.aux, inst.aux)
            && first.args == second.args;
        transposed.then_some(first.args[(inst.op == Op::VZip2) as usize])
    };
    value.filter(|&value| !view.is_stale(value)).map(Folded::Value)
}

/// The operand of `first` behind this op, where both are of one type.
fn undone(view: &View<'_>, inst: &Inst, first: Op) -> Option<Folded> {
    let made = view.inst(inst.args[0]);
    (made.op == first && made.ty == inst.ty).then_some(Folded::Value(made.args[0]))
}

/// 64 bits of lanes that are all the low bits of `value`.
fn splat(lane: Lane, value: i64) -> i64 {
    // One in each lane.
    let units = u64::MAX / ones(lane);
    ((value as u64 & ones(lane)).wrapping_mul(units)) as i64
}
