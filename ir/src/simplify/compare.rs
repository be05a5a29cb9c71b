//! Comparisons and selections.

use super::{Folded, View, constant, unary};
use crate::block::{Inst, Val};
use crate::ops::Op;
use crate::types::{Cond, Icond, Ty};

/// The comparison with its operands exchanged.
const fn swapped(cond: Icond) -> Icond {
    match cond {
        Icond::Eq | Icond::Ne => cond,
        Icond::LtS => Icond::GtS,
        Icond::LeS => Icond::GeS,
        Icond::GtS => Icond::LtS,
        Icond::GeS => Icond::LeS,
        Icond::LtU => Icond::GtU,
        Icond::LeU => Icond::GeU,
        Icond::GtU => Icond::LtU,
        Icond::GeU => Icond::LeU,
    }
}

/// The comparison that holds where `cond` does not.
const fn negated(cond: Icond) -> Icond {
    match cond {
        Icond::Eq => Icond::Ne,
        Icond::Ne => Icond::Eq,
        Icond::LtS => Icond::GeS,
        Icond::LeS => Icond::GtS,
        Icond::GtS => Icond::LeS,
        Icond::GeS => Icond::LtS,
        Icond::LtU => Icond::GeU,
        Icond::LeU => Icond::GtU,
        Icond::GtU => Icond::LeU,
        Icond::GeU => Icond::LtU,
    }
}

/// Folds a comparison.
pub(super) fn icmp(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let [a, b, _] = inst.args;
    let cond = Icond::from_u8(inst.aux);
    if a == b {
        let holds = matches!(cond, Icond::Eq | Icond::LeS | Icond::GeS | Icond::LeU | Icond::GeU);
        return Some(Folded::Const(holds as i64));
    }
    match (view.as_const(a), view.as_const(b)) {
        (Some(_), Some(_)) => view.evaluate(inst),
        (None, Some(c)) => with_const(view, *inst, cond, c),
        (Some(c), None) => {
            let inst = Inst { args: [b, a, Val::NONE], aux: swapped(cond) as u8, ..*inst };
            Some(with_const(view, inst, swapped(cond), c).unwrap_or(Folded::Keep(inst)))
        }
        (None, None) => None,
    }
}

/// `x cond c`; x is no constant.
fn with_const(view: &View<'_>, mut inst: Inst, cond: Icond, c: i64) -> Option<Folded> {
    match (cond, c) {
        (Icond::LtU, 0) => Some(Folded::Const(0)),
        (Icond::GeU, 0) => Some(Folded::Const(1)),
        (Icond::Ne | Icond::GtU, 0) => with_zero(view, inst, Icond::Ne),
        (Icond::Eq | Icond::LeU, 0) => with_zero(view, inst, Icond::Eq),
        (Icond::LtU, 1) => {
            if let Some(folded) = truth(view, inst.args[0], Icond::Eq) {
                return Some(folded);
            }
            inst.aux = Icond::Eq as u8;
            Some(Folded::After { first: constant(inst.ty, 0), inst, operand: 1 })
        }
        _ => None,
    }
}

/// x = 0 or x != 0
fn with_zero(view: &View<'_>, inst: Inst, cond: Icond) -> Option<Folded> {
    let simpler = (inst.aux != cond as u8).then_some(Folded::Keep(Inst { aux: cond as u8, ..inst }));
    truth(view, inst.args[0], cond).or(simpler)
}

/// Whether x is (`Ne`) or is not (`Eq`) true, where it is a truth value.
fn truth(view: &View<'_>, x: Val, cond: Icond) -> Option<Folded> {
    // Extending a truth value keeps it.
    let truth = view.operand_of(Op::Zext32, x).unwrap_or(x);
    let made = view.inst(truth);
    match cond {
        Icond::Ne => is_truth(made.op).then_some(Folded::Value(truth)),
        _ => not(made).map(Folded::Keep),
    }
}

/// Whether an op yields 0 or 1.
pub(super) const fn is_truth(op: Op) -> bool {
    matches!(op, Op::Icmp | Op::Cond | Op::FCmp)
}

/// x ^ 1, where x is an extended truth value.
pub(super) fn not_extended(view: &View<'_>, x: Val) -> Option<Folded> {
    let first = not(view.inst(view.operand_of(Op::Zext32, x)?))?;
    Some(Folded::After { first, inst: unary(Op::Zext32, Ty::I32, Val::NONE), operand: 0 })
}

/// The truth value that `made` is not.
fn not(made: &Inst) -> Option<Inst> {
    let aux = match made.op {
        Op::Icmp => negated(Icond::from_u8(made.aux)) as u8,
        // Conditions come in pairs (Arm ARM C1.2.4); the last pair always holds.
        Op::Cond if Cond::from_u8(made.aux) as u8 >= Cond::Al as u8 => return None,
        Op::Cond => made.aux ^ 1,
        _ => return None,
    };
    Some(Inst { aux, ..*made })
}

/// Folds a selection.
pub(super) fn select(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let [cond, a, b] = inst.args;
    if a == b {
        return Some(Folded::Value(a));
    }
    if let Some(truth) = view.as_const(cond) {
        return Some(Folded::Value(if truth != 0 { a } else { b }));
    }
    let made = view.inst(cond);
    if !is_truth(made.op) {
        return None;
    }
    match (view.as_const(a)?, view.as_const(b)?, inst.ty) {
        (1, 0, Ty::I32) => Some(Folded::Value(cond)),
        (1, 0, _) => Some(Folded::Keep(unary(Op::Zext32, Ty::I32, cond))),
        (0, 1, Ty::I32) => not(made).map(Folded::Keep),
        (0, 1, _) => {
            let first = not(made)?;
            Some(Folded::After { first, inst: unary(Op::Zext32, Ty::I32, Val::NONE), operand: 0 })
        }
        _ => None,
    }
}
