//! Negation, absolute values, unsigned comparison.

use super::{lane, rows::*};
use crate::constants::{SIGN64, ZERO};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::{X0, X1};
use ir::{Inst, Lane, Op, Val};

impl Emitter<'_, '_> {
    pub(super) fn vector_arith(&mut self, val: Val, inst: &Inst) {
        match inst.op {
            Op::VNeg => self.vector_neg(val, inst),
            Op::VAbs => self.vector_abs(val, inst),
            _ => self.vector_above(val, inst),
        }
    }

    fn vector_neg(&mut self, val: Val, inst: &Inst) {
        let Some(sub) = PSUB[lane(inst) as usize] else { return self.evaluate(val) };
        let a = self.rm_src(inst.args[0]);
        self.vzero(X0);
        self.v3(sub, X0, X0, a);
        let allow = self.dying(inst.args[0]);
        let dst = self.def(val, allow);
        self.vmov(dst, X0);
    }

    fn vector_abs(&mut self, val: Val, inst: &Inst) {
        if let Some(op) = PABS[lane(inst) as usize] {
            let a = self.rm_src(inst.args[0]);
            let allow = self.dying(inst.args[0]);
            let dst = self.def(val, allow);
            return self.v2(op, dst, a);
        }
        // (a ^ sign) - sign
        let a = self.reg(inst.args[0]);
        let (gt, sub) = (rows_d(&PCMPGT), rows_d(&PSUB));
        self.vzero(X0);
        self.vrr(gt, X0, X0, a);
        self.vrr(PXOR, X1, a, X0);
        let allow = self.dying(inst.args[0]);
        let dst = self.def(val, allow);
        self.vrr(sub, dst, X1, X0);
    }

    /// Unsigned a > b: the minimum is not a; of double-words by flipping the signs.
    fn vector_above(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        let at = lane(inst) as usize;
        if let (Some(min), Some(eq)) = (PMINU[at], PCMPEQ[at]) {
            self.vrr(min, X0, a, b);
            self.vrr(eq, X0, X0, a);
            let dst = self.def_after(val, inst);
            self.v3(PXOR, dst, X0, self.pool(crate::constants::ONES));
        } else {
            debug_assert_eq!(lane(inst), Lane::D);
            self.v3(PXOR, X0, a, self.pool(SIGN64));
            self.v3(PXOR, X1, b, self.pool(SIGN64));
            let dst = self.def_after(val, inst);
            self.vrr(rows_d(&PCMPGT), dst, X0, X1);
        }
    }

    /// The result's register where all operands were read before.
    pub(super) fn def_after(&mut self, val: Val, inst: &Inst) -> u8 {
        let allow = self.dying_all(inst);
        self.def(val, allow)
    }

    /// `dst = all zeros` as an operand.
    pub(super) fn zero_rm(&self) -> Rm {
        self.pool(ZERO)
    }
}

/// The double-word instruction of a table that has one.
pub(super) const fn rows_d(table: &ByLane) -> super::Vop {
    match table[3] {
        Some(op) => op,
        None => panic!("the table has no double-word instruction"),
    }
}
