//! Pairs of ops that undo each other, and copies of constants.

use super::{Folded, View};
use crate::block::{Inst, Val};
use crate::eval::lanes::ones;
use crate::ops::Op;
use crate::types::Lane;

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
        Op::FUnbox => undone(view, inst, Op::FBox),
        Op::VSplat => {
            let pattern = splat(Lane::from_u8(inst.aux), view.as_const(a)?);
            Some(Folded::Keep(Inst { op: Op::VConst, ty: inst.result(), aux: 0, args: [Val::NONE; 3], imm: pattern }))
        }
        _ => None,
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
