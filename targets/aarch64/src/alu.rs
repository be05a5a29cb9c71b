//! What the immediate and register forms of an integer instruction have in common.

use ir::{Icond, Op, Ty, Val};
use target::Lower;

use crate::fields::Word;
use crate::regs::{set_reg, set_reg_sp};
use crate::state::NZCV;

/// A member of the add and subtract family: the result's op, and the flags' where it sets them.
#[derive(Clone, Copy)]
pub struct AddSub(Op, Option<Op>);

pub const ADD: AddSub = AddSub(Op::Add, None);
pub const ADDS: AddSub = AddSub(Op::Add, Some(Op::AddF));
pub const SUB: AddSub = AddSub(Op::Sub, None);
pub const SUBS: AddSub = AddSub(Op::Sub, Some(Op::SubF));

impl AddSub {
    /// Writes the result to Rd, where 31 is the stack pointer unless flags are set.
    pub fn apply_sp(self, b: &mut Lower, f: Word, a: Val, c: Val) {
        match self.1 {
            Some(_) => self.apply(b, f, a, c),
            None => {
                let result = b.bin(self.0, f.sf(), a, c);
                set_reg_sp(b, f.sf(), f.rd(), result);
            }
        }
    }

    /// Writes the result to Rd, where 31 discards it.
    pub fn apply(self, b: &mut Lower, f: Word, a: Val, c: Val) {
        let ty = f.sf();
        if let Some(flags) = self.1 {
            let flags = b.bin(flags, ty, a, c);
            b.put(NZCV, flags);
        }
        if f.rd() != 31 {
            let result = b.bin(self.0, ty, a, c);
            set_reg(b, ty, f.rd(), result);
        }
    }
}

/// A member of the logical family.
#[derive(Clone, Copy)]
pub struct Logic {
    op: Op,
    /// The second operand is inverted.
    invert: bool,
    flags: bool,
}

pub const AND: Logic = Logic { op: Op::And, invert: false, flags: false };
pub const BIC: Logic = Logic { op: Op::And, invert: true, flags: false };
pub const ORR: Logic = Logic { op: Op::Or, invert: false, flags: false };
pub const ORN: Logic = Logic { op: Op::Or, invert: true, flags: false };
pub const EOR: Logic = Logic { op: Op::Xor, invert: false, flags: false };
pub const EON: Logic = Logic { op: Op::Xor, invert: true, flags: false };
pub const ANDS: Logic = Logic { op: Op::And, invert: false, flags: true };
pub const BICS: Logic = Logic { op: Op::And, invert: true, flags: true };

impl Logic {
    /// The result, with the flags set where the member does.
    pub fn apply(self, b: &mut Lower, ty: Ty, a: Val, c: Val) -> Val {
        let result = match (self.op, self.invert) {
            (Op::And, true) => b.bin(Op::AndNot, ty, a, c),
            (op, true) => {
                let inverted = b.un(Op::Not, ty, c);
                b.bin(op, ty, a, inverted)
            }
            (op, false) => b.bin(op, ty, a, c),
        };
        if self.flags {
            let flags = b.un(Op::LogicF, ty, result);
            b.put(NZCV, flags);
        }
        result
    }
}

/// Rd becomes `a` where it compares to `c` as `wins` says, else `c`.
pub fn min_max(b: &mut Lower, f: Word, wins: Icond, a: Val, c: Val) {
    let first = b.icmp(wins, f.sf(), a, c);
    let result = b.select(f.sf(), first, a, c);
    set_reg(b, f.sf(), f.rd(), result);
}
