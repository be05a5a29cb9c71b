//! Folding of one instruction against the block before it: constants, identities, addressing modes. It
//! looks at the operands and their operands, never further, so that its cost per instruction is fixed.
//!
//! Constants are computed by [`eval`](crate::eval), as everywhere. Canonical forms for what follows: a
//! constant is the right operand of a commutative op, a comparison of truth values with 0 is the
//! comparison itself.

mod address;
mod arith;
mod compare;
mod extend;
mod move_ops;
mod rounds;
mod words;

use crate::block::{Block, Inst, Val};
use crate::eval;
use crate::ops::Op;
use crate::types::Ty;

/// What an instruction folds to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folded {
    /// A simpler form.
    Keep(Inst),
    /// An earlier value.
    Value(Val),
    /// An integer constant of the result's type.
    Const(i64),
    /// `first` is appended, and is the operand of `inst` with this index.
    After {
        /// The new operand.
        first: Inst,
        /// What takes it.
        inst: Inst,
        /// As which operand.
        operand: usize,
    },
    /// `op` of the low halves of `args`, extended by `extend` if that is to be.
    Words {
        /// Works on 32 bits.
        op: Op,
        /// Values of 64 bits; the second may be absent.
        args: [Val; 2],
        /// `zext32` or `sext32`.
        extend: Option<Op>,
    },
}

/// What folding sees: the block so far and which values slots hold.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The block.
    pub block: &'a Block,
    /// The value that each slot holds, where known.
    pub current: &'a [Val],
    /// By value: the slot it was read from or written to last, [`NO_SLOT`] for none.
    pub homes: &'a [u16],
}

/// No slot in [`View::homes`].
pub const NO_SLOT: u16 = u16::MAX;

impl View<'_> {
    fn as_const(&self, val: Val) -> Option<i64> {
        if val.is_some() { self.block.as_const(val) } else { None }
    }

    fn inst(&self, val: Val) -> &Inst {
        self.block.inst(val)
    }

    /// The operand of `val` if it is made by `op`.
    fn operand_of(&self, op: Op, val: Val) -> Option<Val> {
        let inst = self.inst(val);
        (inst.op == op).then_some(inst.args[0])
    }

    /// Whether the slot that `val` came from holds something else by now: a use would make a host
    /// register of its own necessary.
    fn is_stale(&self, val: Val) -> bool {
        match self.homes.get(val.index()) {
            Some(&NO_SLOT) | None => false,
            Some(&slot) => self.current[slot as usize] != val,
        }
    }

    /// `val` as an earlier value plus a constant, if it is one that is worth going back to.
    fn as_offset(&self, val: Val) -> Option<(Val, i64)> {
        let inst = self.inst(val);
        let imm = match inst.op {
            Op::Add => self.as_const(inst.args[1])?,
            Op::Sub => self.as_const(inst.args[1])?.wrapping_neg(),
            _ => return None,
        };
        (!self.is_stale(inst.args[0])).then_some((inst.args[0], imm))
    }

    /// The value of an op on constants.
    fn evaluate(&self, inst: &Inst) -> Option<Folded> {
        let mut values = [0; 3];
        for (value, &arg) in values.iter_mut().zip(&inst.args[..inst.op.info().args as usize]) {
            *value = self.as_const(arg)? as u64 as u128 & eval::mask(self.inst(arg).ty);
        }
        Some(Folded::Const(eval::int::eval(inst, values) as u64 as i64))
    }
}

/// An integer constant as an instruction.
fn constant(ty: Ty, imm: i64) -> Inst {
    let imm = if ty == Ty::I32 { imm as i32 as i64 } else { imm };
    Inst { op: Op::Const, ty, aux: 0, args: [Val::NONE; 3], imm }
}

/// `inst` with the constant `imm` as its second operand.
fn with_const(inst: Inst, imm: i64) -> Folded {
    Folded::After { first: constant(inst.ty, imm), inst, operand: 1 }
}

/// An op of one operand.
fn unary(op: Op, ty: Ty, a: Val) -> Inst {
    Inst { op, ty, aux: 0, args: [a, Val::NONE, Val::NONE], imm: 0 }
}

/// Whether [`fold`] knows anything about an op.
#[inline]
pub const fn may_fold(op: Op) -> bool {
    FOLDS[op as usize]
}

const FOLDS: [bool; Op::ALL.len()] = {
    let mut folds = [false; Op::ALL.len()];
    let mut i = 0;
    while i < Op::ALL.len() {
        folds[i] = !matches!(family(Op::ALL[i]), Family::None);
        i += 1;
    }
    folds
};

/// Which function folds an op.
enum Family {
    None,
    Arith,
    Shift,
    Extend,
    Compare,
    Select,
    Move,
    Aes,
    Lanes,
    /// Nothing but constants.
    Constants,
    Address,
    Exit,
}

const fn family(op: Op) -> Family {
    match op {
        Op::Add | Op::Sub | Op::Mul | Op::UDiv | Op::URem | Op::And | Op::Or | Op::Xor | Op::AndNot => Family::Arith,
        Op::Shl | Op::Shr | Op::Sar | Op::Ror => Family::Shift,
        Op::Zext32 | Op::Sext32 | Op::Trunc | Op::Ext8U | Op::Ext8S | Op::Ext16U | Op::Ext16S => Family::Extend,
        Op::Icmp => Family::Compare,
        Op::Select => Family::Select,
        Op::Not | Op::Neg | Op::FNeg | Op::Bitcast | Op::VLow | Op::VZext | Op::FUnbox | Op::VSplat | Op::Clz => {
            Family::Move
        }
        Op::Ctz | Op::Popcnt | Op::Bswap | Op::Rbit => Family::Constants,
        Op::MulHU | Op::MulHS | Op::MulHSU | Op::SDiv | Op::SRem => Family::Constants,
        Op::Load | Op::Store | Op::Prefetch => Family::Address,
        Op::ExitIf | Op::TrapIf => Family::Exit,
        Op::AesMix | Op::AesInvMix => Family::Aes,
        Op::VRev | Op::VZip1 | Op::VZip2 => Family::Lanes,
        _ => Family::None,
    }
}

/// What `inst`, which is about to be appended, folds to; `None` if it stays as it is.
#[inline]
pub fn fold(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    match family(inst.op) {
        Family::None => None,
        Family::Arith => arith::fold(view, inst),
        Family::Shift => arith::shift(view, inst),
        Family::Extend => extend::fold(view, inst),
        Family::Compare => compare::icmp(view, inst),
        Family::Select => compare::select(view, inst),
        Family::Move => move_ops::fold(view, inst),
        Family::Aes => rounds::aes(view, inst),
        Family::Lanes => move_ops::lanes(view, inst),
        Family::Constants => view.evaluate(inst),
        Family::Address => address::fold(view, inst),
        // An exit that is never taken.
        Family::Exit => (view.as_const(inst.args[0]) == Some(0)).then_some(Folded::Value(Val::NONE)),
    }
}
