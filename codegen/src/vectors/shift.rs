//! Shifts of lanes.
//!
//! The host shifts no bytes, and double-words not arithmetically: bytes are shifted in wider lanes
//! and masked, signs are put in afterwards.

use super::arith::rows_d;
use super::{lane, rows::*};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::{X0, X1};
use dynasmrt::DynasmApi;
use ir::{Inst, Lane, Op, Val};

const WORDS: super::Vop = match PSHIFT[1] {
    Some(op) => op,
    None => panic!("words shift"),
};
const QWORDS: super::Vop = rows_d(&PSHIFT);

impl Emitter<'_, '_> {
    pub(super) fn vector_shift(&mut self, val: Val, inst: &Inst) {
        let (lane, imm) = (lane(inst), inst.imm as u8);
        let digit = match inst.op {
            Op::VShl => SLL,
            Op::VShrU => SRL,
            _ => SRA,
        };
        match PSHIFT[lane as usize] {
            None => self.shift_bytes(val, inst, digit, imm),
            Some(_) if lane == Lane::D && digit == SRA => self.shift_sar_d(val, inst, imm),
            Some(op) => {
                let a = self.reg(inst.args[0]);
                let dst = self.def_after(val, inst);
                self.vshift(op, digit, dst, a, imm);
            }
        }
    }

    /// `vrol`
    pub(super) fn vector_rotate(&mut self, val: Val, inst: &Inst) {
        let (lane, imm) = (lane(inst), inst.imm as u8);
        let a = self.reg(inst.args[0]);
        if let (Some(op), true) = (PROL[lane as usize], self.config.features.avx512) {
            let dst = self.def_after(val, inst);
            self.buf.evex(op, ROL, dst, Rm::Reg(a));
            return self.buf.push(imm);
        }
        let Some(op) = PSHIFT[lane as usize] else { return self.evaluate(val) };
        self.vshift(op, SLL, X0, a, imm);
        self.vshift(op, SRL, X1, a, lane.bits() as u8 - imm);
        let dst = self.def_after(val, inst);
        self.vrr(POR, dst, X0, X1);
    }

    fn shift_bytes(&mut self, val: Val, inst: &Inst, digit: u8, imm: u8) {
        let a = self.reg(inst.args[0]);
        if digit == SRA {
            self.vrr(rows_b(&PUNPCKL), X0, a, a);
            self.vrr(rows_b(&PUNPCKH), X1, a, a);
            self.vshift(WORDS, SRA, X0, X0, 8 + imm);
            self.vshift(WORDS, SRA, X1, X1, 8 + imm);
            let dst = self.def_after(val, inst);
            return self.vrr(PACKSSWB, dst, X0, X1);
        }
        // Every byte of the mask is 0xff >> imm.
        self.vones(X0);
        self.vshift(WORDS, SRL, X0, X0, 8 + imm);
        self.vrr(PACKUSWB, X0, X0, X0);
        if digit == SLL {
            self.vrr(PAND, X0, X0, a);
            let dst = self.def_after(val, inst);
            self.vshift(WORDS, SLL, dst, X0, imm);
        } else {
            self.vshift(WORDS, SRL, X1, a, imm);
            let dst = self.def_after(val, inst);
            self.vrr(PAND, dst, X1, X0);
        }
    }

    /// The sign mask, shifted to where the logical shift left zeros.
    fn shift_sar_d(&mut self, val: Val, inst: &Inst, imm: u8) {
        let a = self.reg(inst.args[0]);
        self.vzero(X0);
        self.vrr(rows_d(&PCMPGT), X0, X0, a);
        if imm == 0 || imm >= 64 {
            let dst = self.def_after(val, inst);
            return self.vmov(dst, if imm == 0 { a } else { X0 });
        }
        self.vshift(QWORDS, SLL, X0, X0, 64 - imm);
        self.vshift(QWORDS, SRL, X1, a, imm);
        let dst = self.def_after(val, inst);
        self.vrr(POR, dst, X1, X0);
    }
}

/// The byte instruction of a table that has one.
pub(super) const fn rows_b(table: &ByLane) -> super::Vop {
    match table[0] {
        Some(op) => op,
        None => panic!("the table has no byte instruction"),
    }
}
