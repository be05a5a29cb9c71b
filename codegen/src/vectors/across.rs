//! Sums over lanes, and look-ups by half-bytes.

use super::arith::rows_d;
use super::shift::rows_b;
use super::{Vop, lane, rows::*};
use crate::constants::{BITS, LOW_NIBBLES, ONE8, ONE16, ONE32, REVERSED_HIGH, REVERSED_LOW};
use crate::emitter::Emitter;
use crate::regs::{X0, X1};
use ir::{Inst, Lane, Op, Val};

/// Bytes shifted within the whole register: numbers 3 (right) and 7 (left) of the double-words' group.
const SHIFT_BYTES: Vop = row(&PSHIFT, Lane::D);
const RIGHT: u8 = 3;
const LEFT: u8 = 7;

impl Emitter<'_, '_> {
    pub(super) fn vector_sum(&mut self, val: Val, inst: &Inst) {
        match inst.op {
            Op::VAddAcross => self.sum_across(val, inst),
            _ => self.sum_pairs(val, inst),
        }
    }

    fn sum_across(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let bytes = lane(inst).bits() as u8 / 8;
        match lane(inst) {
            Lane::B => {
                self.v3(PSADBW, X0, a, self.zero_rm());
                self.v2i(PSHUFD, X1, X0, 0xee);
                self.vrr(row(&PADD, Lane::S), X0, X0, X1);
            }
            Lane::D => return self.evaluate(val),
            narrow => {
                let add = row(&PADD, narrow);
                self.v2i(PSHUFD, X0, a, 0xee);
                self.vrr(add, X0, X0, a);
                self.v2i(PSHUFD, X1, X0, 0x55);
                self.vrr(add, X0, X0, X1);
                if narrow == Lane::H {
                    self.vshift(row(&PSHIFT, Lane::S), SRL, X1, X0, 16);
                    self.vrr(add, X0, X0, X1);
                }
            }
        }
        // Keep the low lane alone.
        self.vshift(SHIFT_BYTES, LEFT, X0, X0, 16 - bytes);
        let dst = self.def_after(val, inst);
        self.vshift(SHIFT_BYTES, RIGHT, dst, X0, 16 - bytes);
    }

    fn sum_pairs(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        match (inst.op, lane(inst)) {
            (Op::VAddPairS, Lane::B) => {
                self.v2_load(X0, ONE8);
                let dst = self.def_avx_pair(val, inst);
                self.vrr(PMADDUBSW, dst, X0, a);
            }
            (_, Lane::B) => {
                let dst = self.def_after(val, inst);
                self.v3(PMADDUBSW, dst, a, self.pool(ONE8));
            }
            (Op::VAddPairS, Lane::H) => {
                let dst = self.def_after(val, inst);
                self.v3(PMADDWD, dst, a, self.pool(ONE16));
            }
            (Op::VAddPairS, Lane::S) => {
                self.v3(PMULDQ, X0, a, self.pool(ONE32));
                self.vshift(row(&PSHIFT, Lane::D), SRL, X1, a, 32);
                self.v3(PMULDQ, X1, X1, self.pool(ONE32));
                let dst = self.def_after(val, inst);
                self.vrr(rows_d(&PADD), dst, X0, X1);
            }
            (_, lane @ (Lane::H | Lane::S)) => {
                let wide = lane.wider();
                let (shift, bits) = (row(&PSHIFT, wide), lane.bits() as u8);
                self.vshift(shift, SLL, X0, a, bits);
                self.vshift(shift, SRL, X0, X0, bits);
                self.vshift(shift, SRL, X1, a, bits);
                let dst = self.def_after(val, inst);
                self.vrr(row(&PADD, wide), dst, X0, X1);
            }
            _ => self.evaluate(val),
        }
    }

    /// The result's register where the operand is the second of the last instruction.
    fn def_avx_pair(&mut self, val: Val, inst: &Inst) -> u8 {
        let allow = if self.config.features.avx { self.dying_all(inst) } else { 0 };
        self.def(val, allow)
    }

    /// A constant of the pool into a register.
    pub(super) fn v2_load(&mut self, dst: u8, constant: i32) {
        let at = self.pool(constant);
        self.v2(super::encode::op(0x6f), dst, at);
    }

    /// Each half-byte looked up in a table of sixteen: counts of bits, or reversed bits.
    pub(super) fn vector_nibbles(&mut self, val: Val, inst: &Inst) {
        let (low_table, high_table, join) = match inst.op {
            Op::VCnt if lane(inst) != Lane::B => return self.evaluate(val),
            Op::VCnt => (BITS, BITS, rows_b(&PADD)),
            _ => (REVERSED_LOW, REVERSED_HIGH, POR),
        };
        let a = self.reg(inst.args[0]);
        let looked = self.xtmp();
        self.v3(PAND, X0, a, self.pool(LOW_NIBBLES));
        self.v2_load(looked, low_table);
        self.vrr(PSHUFB, looked, looked, X0);
        self.vshift(row(&PSHIFT, Lane::H), SRL, X0, a, 4);
        self.v3(PAND, X0, X0, self.pool(LOW_NIBBLES));
        self.v2_load(X1, high_table);
        self.vrr(PSHUFB, X1, X1, X0);
        let dst = self.def_after(val, inst);
        self.vrr(join, dst, X1, looked);
    }
}
