//! Extensions and truncation.

use super::compare::is_truth;
use super::{Folded, View, unary, words};
use crate::block::{Inst, Val};
use crate::ops::Op;
use crate::types::{Access, Ty};

/// How an op extends: the bits it keeps, and whether by their sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Extension {
    pub bits: u32,
    pub signed: bool,
}

/// Of a truth value.
const TRUTH: Extension = Extension { bits: 1, signed: false };

const fn extension(op: Op) -> Option<Extension> {
    let (bits, signed) = match op {
        Op::Ext8U => (8, false),
        Op::Ext8S => (8, true),
        Op::Ext16U => (16, false),
        Op::Ext16S => (16, true),
        Op::Zext32 => (32, false),
        Op::Sext32 => (32, true),
        _ => return None,
    };
    Some(Extension { bits, signed })
}

/// How `val` was extended when it was made, if it was: by an op or by a load.
pub(super) fn made_extended(view: &View<'_>, val: Val) -> Option<Extension> {
    let inst = view.inst(val);
    let access = match inst.op {
        Op::Load if inst.ty.is_int() => Access::from_u8(inst.aux),
        op if is_truth(op) => return Some(TRUTH),
        Op::Zext32 if is_truth(view.inst(inst.args[0]).op) => return Some(TRUTH),
        op => return extension(op),
    };
    let signed = matches!(access, Access::S8 | Access::S16 | Access::S32);
    Some(Extension { bits: access.bytes() * 8, signed })
}

/// Whether extending by `outer` changes nothing about a value extended by `inner`.
pub(super) fn absorbs(inner: Extension, outer: Extension) -> bool {
    match (inner.signed, outer.signed) {
        (false, false) | (true, true) => inner.bits <= outer.bits,
        (false, true) => inner.bits < outer.bits,
        (true, false) => false,
    }
}

/// Folds an extension or a truncation.
pub(super) fn fold(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let a = inst.args[0];
    if view.as_const(a).is_some() {
        return view.evaluate(inst);
    }
    match inst.op {
        Op::Trunc => {
            let word = view.operand_of(Op::Zext32, a).or(view.operand_of(Op::Sext32, a)).map(Folded::Value);
            word.or_else(|| words::low_half(view, a))
        }
        Op::Sext32 if is_positive(view, a) => {
            let inst = unary(Op::Zext32, inst.ty, a);
            Some(from_32(view, &inst, a).unwrap_or(Folded::Keep(inst)))
        }
        Op::Zext32 | Op::Sext32 => from_32(view, inst, a),
        _ => narrow(view, inst, a),
    }
}

/// Whether the sign of a 32-bit value is clear: extending it by zeros often costs nothing.
pub(super) fn is_positive(view: &View<'_>, val: Val) -> bool {
    let inst = view.inst(val);
    match inst.op {
        Op::Shr => inst.ty == Ty::I32 && view.as_const(inst.args[1]).is_some_and(|count| count & 31 != 0),
        Op::Ext8U | Op::Ext16U => true,
        op => is_truth(op),
    }
}

/// zext32(trunc x), where x is extended so already.
fn from_32(view: &View<'_>, inst: &Inst, a: Val) -> Option<Folded> {
    let outer = extension(inst.op)?;
    let x = view.operand_of(Op::Trunc, a)?;
    absorbs(made_extended(view, x)?, outer).then_some(Folded::Value(x))
}

/// ext(ext x)
fn narrow(view: &View<'_>, inst: &Inst, a: Val) -> Option<Folded> {
    let (inner, outer) = (made_extended(view, a)?, extension(inst.op)?);
    if absorbs(inner, outer) {
        return Some(Folded::Value(a));
    }
    // An extension in the same type whose bits above the outer one's do not matter.
    let before = view.inst(a);
    let same_type = before.ty == inst.ty && before.op != Op::Load && before.result() != Ty::None;
    let skipped = same_type && outer.bits <= inner.bits && !matches!(before.op, Op::Zext32 | Op::Sext32);
    skipped.then_some(Folded::Keep(Inst { args: before.args, ..*inst }))
}
