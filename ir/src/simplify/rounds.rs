//! Rounds of ciphers, put together from the steps that guests have instructions for: hosts have whole rounds.

use super::{Folded, View};
use crate::block::{Inst, Val};
use crate::ops::Op;
use crate::types::Ty;

/// How far back the round of a key is looked for.
const NEAR: usize = 64;

/// The columns mixed behind a substitution.
pub(super) fn aes(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let (sub, round) = match inst.op {
        Op::AesMix => (Op::AesSub, Op::AesRound),
        _ => (Op::AesInvSub, Op::AesInvRound),
    };
    let state = view.operand_of(sub, inst.args[0]).filter(|&state| !view.is_stale(state))?;
    let no_key = Inst { op: Op::VConst, ty: Ty::V128, aux: 0, args: [Val::NONE; 3], imm: 0 };
    let inst = Inst { op: round, args: [state, Val::NONE, Val::NONE], ..*inst };
    Some(Folded::After { first: no_key, inst, operand: 1 })
}

/// A key added to a round without one, unless something in between can show the state without the key: then both would
/// be computed.
pub(super) fn keyed(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let [a, b, _] = inst.args;
    let with_key = |round: Val, key: Val| {
        let made = view.inst(round);
        let is_round = matches!(made.op, Op::AesRound | Op::AesInvRound);
        let is_hidden = || {
            let since = &view.block.insts[round.index() + 1..];
            since.len() <= NEAR && !since.iter().any(|inst| inst.op.info().effect.observes_state())
        };
        let fits = inst.op == Op::Xor && is_round && is_zero(view, made.args[1]) && !view.is_stale(made.args[0]);
        let fits = fits && is_hidden();
        fits.then(|| Folded::Keep(Inst { args: [made.args[0], key, Val::NONE], ..*made }))
    };
    with_key(a, b).or_else(|| with_key(b, a))
}

fn is_zero(view: &View<'_>, val: Val) -> bool {
    let inst = view.inst(val);
    inst.op == Op::VConst && inst.imm == 0
}
