//! Logic on words that were extended to 64 bits, as RISC-V keeps them: done on the words, so that the extensions
//! before it are needed by nobody, and the words themselves by what follows.

use super::compare::is_truth;
use super::extend::{Extension, absorbs, made_extended};
use super::{Folded, View};
use crate::block::{Inst, Val};
use crate::ops::Op;
use crate::types::Ty;

const SIGNED: Extension = Extension { bits: 32, signed: true };
const UNSIGNED: Extension = Extension { bits: 32, signed: false };

/// Logic of 64 bits where both operands are words, one of them extended by its sign for this.
pub(super) fn fold(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let [a, b, _] = inst.args;
    let has_fresh = is_fresh_word(view, a) || b.is_some() && is_fresh_word(view, b);
    if inst.ty != Ty::I64 || !has_fresh {
        return None;
    }
    let both = |outer| is_extended(view, a, outer) && (!b.is_some() || is_extended(view, b, outer));
    let extend = match inst.op {
        Op::And if is_extended(view, a, UNSIGNED) || is_extended(view, b, UNSIGNED) => Op::Zext32,
        _ if both(SIGNED) => Op::Sext32,
        _ => return None,
    };
    Some(Folded::Words { op: inst.op, args: [a, b], extend: Some(extend) })
}

/// The low half of `x`, where that is logic on a word.
pub(super) fn low_half(view: &View<'_>, x: Val) -> Option<Folded> {
    let made = view.inst(x);
    let [a, b, _] = made.args;
    let is_logic = matches!(made.op, Op::And | Op::Or | Op::Xor | Op::AndNot);
    // The other operand may be one that its slot no longer holds: mostly nobody wants the 64 bits then, and where
    // somebody does it costs a move.
    let pays = is_logic && made.ty == Ty::I64 && (is_fresh_word(view, a) || is_fresh_word(view, b));
    pays.then_some(Folded::Words { op: made.op, args: [a, b], extend: None })
}

/// Whether `val` is a word, extended by its sign, that is at hand still.
fn is_fresh_word(view: &View<'_>, val: Val) -> bool {
    match view.operand_of(Op::Sext32, val) {
        Some(word) => !view.is_stale(view.operand_of(Op::Trunc, word).unwrap_or(word)),
        None => false,
    }
}

/// Whether extending the low half of `val` by `outer` yields `val`.
fn is_extended(view: &View<'_>, val: Val, outer: Extension) -> bool {
    if let Some(c) = view.as_const(val) {
        return if outer.signed { c == c as i32 as i64 } else { c == c as u32 as i64 };
    }
    let made = view.inst(val);
    let is_positive = made.op == Op::Zext32 && {
        let word = view.inst(made.args[0]);
        is_truth(word.op) || super::extend::is_positive(view, made.args[0])
    };
    is_positive || made_extended(view, val).is_some_and(|inner| absorbs(inner, outer))
}
