//! Products of lanes.

use super::arith::rows_d;
use super::{Vop, lane, rows::*};
use crate::constants::{LOW16, ROUND31, SIGN16, SIGN32};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::{X0, X1};
use ir::{Inst, Lane, Op, Val};

const SHIFT_H: Vop = row(&PSHIFT, Lane::H);
const MUL_H: Vop = row(&PMULL, Lane::H);

impl Emitter<'_, '_> {
    pub(super) fn vector_multiply(&mut self, val: Val, inst: &Inst) {
        match (inst.op, lane(inst)) {
            (Op::VMul, Lane::B) => self.multiply_bytes(val, inst),
            (Op::VMul, _) => self.by_lane(val, inst, &PMULL),
            (Op::VQDMulH, Lane::H) => self.doubling_high_h(val, inst),
            (Op::VQDMulH, Lane::S) => self.doubling_high_s(val, inst),
            (Op::VMulLoS | Op::VMulLoU | Op::VMulHiS | Op::VMulHiU, Lane::B | Lane::H | Lane::S) => {
                self.multiply_long(val, inst);
            }
            _ => self.evaluate(val),
        }
    }

    /// Bytes in 16-bit lanes: the odd ones shifted down and back.
    fn multiply_bytes(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        self.vshift(SHIFT_H, SRL, X0, a, 8);
        self.vshift(SHIFT_H, SRL, X1, b, 8);
        self.vrr(MUL_H, X0, X0, X1);
        self.vshift(SHIFT_H, SLL, X0, X0, 8);
        self.vrr(MUL_H, X1, a, b);
        self.v3(PAND, X1, X1, self.pool(LOW16));
        let dst = self.def_after(val, inst);
        self.vrr(POR, dst, X0, X1);
    }

    /// A register with lanes of `val`, which is in `reg`, in the order that they are multiplied in: those of
    /// an element's copies are all alike.
    fn even_lanes(&mut self, val: Val, reg: u8, scratch: u8, order: u8) -> u8 {
        let made = self.inst(val);
        if made.op == Op::VDup && lane(&made) != Lane::D {
            return reg;
        }
        self.v2i(PSHUFD, scratch, reg, order);
        scratch
    }

    fn multiply_long(&mut self, val: Val, inst: &Inst) {
        let signed = matches!(inst.op, Op::VMulLoS | Op::VMulHiS);
        let high = matches!(inst.op, Op::VMulHiS | Op::VMulHiU);
        if inst.imm == 1 {
            return self.binary(val, inst, if signed { PMULDQ } else { PMULUDQ });
        }
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        match lane(inst) {
            Lane::H => {
                self.vrr(MUL_H, X0, a, b);
                self.vrr(if signed { PMULHW } else { PMULHUW }, X1, a, b);
                let dst = self.def_after(val, inst);
                self.vrr(row(if high { &PUNPCKH } else { &PUNPCKL }, Lane::H), dst, X0, X1);
            }
            Lane::S => {
                let order = if high { 0xfa } else { 0x50 };
                let a = self.even_lanes(inst.args[0], a, X0, order);
                let b = self.even_lanes(inst.args[1], b, X1, order);
                let dst = self.def_after(val, inst);
                self.vrr(if signed { PMULDQ } else { PMULUDQ }, dst, a, b);
            }
            _ => {
                self.extend_half(X0, a, signed, high);
                self.extend_half(X1, b, signed, high);
                let dst = self.def_after(val, inst);
                self.vrr(MUL_H, dst, X0, X1);
            }
        }
    }

    /// The low or high bytes, extended to 16 bits.
    fn extend_half(&mut self, dst: u8, a: u8, signed: bool, high: bool) {
        let from = if high { dst } else { a };
        if high {
            self.v2i(PSHUFD, dst, a, 0xee);
        }
        self.v2(row(if signed { &PMOVSX } else { &PMOVZX }, Lane::B), dst, Rm::Reg(from));
    }

    /// The product of the two minima is the one that overflows, to the minimum: inverted it is the maximum.
    fn doubling_high_h(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        if inst.imm == 1 {
            self.vrr(PMULHRSW, X0, a, b);
        } else {
            self.vrr(MUL_H, X0, a, b);
            self.vshift(SHIFT_H, SRL, X0, X0, 15);
            self.vrr(PMULHW, X1, a, b);
            self.vshift(SHIFT_H, SLL, X1, X1, 1);
            self.vrr(POR, X0, X0, X1);
        }
        self.v3(row(&PCMPEQ, Lane::H), X1, X0, self.pool(SIGN16));
        let dst = self.def_after(val, inst);
        self.vrr(PXOR, dst, X0, X1);
    }

    fn doubling_high_s(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        let odd = self.xtmp();
        let (add, shift) = (rows_d(&PADD), rows_d(&PSHIFT));
        self.vrr(PMULDQ, X0, a, b);
        self.vshift(shift, SRL, X1, a, 32);
        self.vshift(shift, SRL, odd, b, 32);
        self.vrr(PMULDQ, X1, X1, odd);
        for half in [X0, X1] {
            self.vrr(add, half, half, half);
            if inst.imm == 1 {
                self.v3(add, half, half, self.pool(ROUND31));
            }
        }
        self.vshift(shift, SRL, X0, X0, 32);
        self.vrri(PBLENDW, X0, X0, X1, 0xcc);
        self.v3(row(&PCMPEQ, Lane::S), X1, X0, self.pool(SIGN32));
        let dst = self.def_after(val, inst);
        self.vrr(PXOR, dst, X0, X1);
    }

    pub(super) fn vector_carryless(&mut self, val: Val, inst: &Inst) {
        if lane(inst) != Lane::D || !self.config.features.pclmul {
            return self.evaluate(val);
        }
        let a = self.reg(inst.args[0]);
        let b = self.rm_src(inst.args[1]);
        let allow = if self.config.features.avx { self.dying_all(inst) } else { self.dying(inst.args[0]) };
        let dst = self.def(val, allow);
        self.v3i(PCLMULQDQ, dst, a, b, if inst.op == Op::VPmullHi { 0x11 } else { 0 });
    }
}
