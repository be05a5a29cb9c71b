//! Saturating sums and differences of words and double-words, for which the host has no instruction.

use super::arith::rows_d;
use super::{lane, rows::*};
use crate::constants::{ABS32, ABS64, ONES};
use crate::emitter::Emitter;
use crate::regs::{X0, X1};
use ir::{Inst, Lane, Op, Val};

impl Emitter<'_, '_> {
    /// `vqadds`, `vqaddu`, `vqsubs`, `vqsubu`
    pub(super) fn vector_saturating(&mut self, val: Val, inst: &Inst) {
        let table = match inst.op {
            Op::VQAddS => &PADDS,
            Op::VQAddU => &PADDUS,
            Op::VQSubS => &PSUBS,
            _ => &PSUBUS,
        };
        match (table[lane(inst) as usize], inst.op) {
            (Some(op), _) => self.binary(val, inst, op),
            (None, Op::VQAddS | Op::VQSubS) => self.saturate_signed(val, inst),
            (None, _) if lane(inst) == Lane::S => self.saturate_unsigned(val, inst),
            _ => self.evaluate(val),
        }
    }

    /// min(a, !b) + b, and max(a, b) - b.
    fn saturate_unsigned(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        let adds = inst.op == Op::VQAddU;
        if adds {
            self.v3(PXOR, X0, b, self.pool(ONES));
            self.vrr(row(&PMINU, Lane::S), X0, X0, a);
        } else {
            self.vrr(row(&PMAXU, Lane::S), X0, a, b);
        }
        // Without AVX the result is in the place of the first operand of a difference; `b` must not be there.
        let allow = match inst.args {
            _ if adds || self.config.features.avx => self.dying_all(inst),
            [a, b, _] if a == b => 0,
            [a, ..] => self.dying(a),
        };
        let dst = self.def(val, allow);
        self.vrr(row(if adds { &PADD } else { &PSUB }, Lane::S), dst, X0, b);
    }

    /// The plain result; where its sign is wrong the greatest number, or the least if `a` is negative.
    fn saturate_signed(&mut self, val: Val, inst: &Inst) {
        let (lane, adds) = (lane(inst), inst.op == Op::VQAddS);
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        let plain = self.xtmp();
        self.vrr(row(if adds { &PADD } else { &PSUB }, lane), plain, a, b);
        self.vrr(PXOR, X0, a, plain);
        self.vrr(PXOR, X1, b, if adds { plain } else { a });
        self.vrr(PAND, X0, X0, X1);
        self.lane_signs(lane, X1, X0);
        self.lane_signs(lane, X0, a);
        self.v3(PXOR, X0, X0, self.pool(if lane == Lane::S { ABS32 } else { ABS64 }));
        self.vrr(PXOR, X0, X0, plain);
        self.vrr(PAND, X0, X0, X1);
        let dst = self.def_after(val, inst);
        self.vrr(PXOR, dst, X0, plain);
    }

    /// `dst`, another register, = all ones where a lane of `a` is negative.
    fn lane_signs(&mut self, lane: Lane, dst: u8, a: u8) {
        if lane == Lane::S {
            return self.vshift(row(&PSHIFT, Lane::S), SRA, dst, a, 31);
        }
        self.vzero(dst);
        self.vrr(rows_d(&PCMPGT), dst, dst, a);
    }
}
