//! Leading zeros of lanes: looked up by half-bytes, then put together from the halves of wider lanes.

use super::{lane, rows::*};
use crate::constants::{LOW_NIBBLES, ZEROS};
use crate::emitter::Emitter;
use crate::regs::{X0, X1};
use ir::{Inst, Lane, Op, Val};

impl Emitter<'_, '_> {
    pub(super) fn vector_leading_zeros(&mut self, val: Val, inst: &Inst) {
        debug_assert_eq!(inst.op, Op::VClz);
        let a = self.reg(inst.args[0]);
        let high = self.xtmp();
        self.zeros_of_bytes(a, high);
        let mut sum = (row(&PADD, Lane::B), X1, high);
        for half in [Lane::B, Lane::H] {
            if half as u8 >= lane(inst) as u8 {
                break;
            }
            self.vrr(sum.0, X0, sum.1, sum.2);
            self.zeros_of_halves(a, half);
            sum = (row(&PADD, half.wider()), X0, X1);
        }
        let dst = self.def_after(val, inst);
        self.vrr(sum.0, dst, sum.1, sum.2);
    }

    /// The summands of each byte's number: `high` of the upper half, `X1` of the lower where that counts.
    fn zeros_of_bytes(&mut self, a: u8, high: u8) {
        let low = self.xtmp();
        self.vshift(row(&PSHIFT, Lane::H), SRL, X0, a, 4);
        self.v3(PAND, X0, X0, self.pool(LOW_NIBBLES));
        self.v2_load(high, ZEROS);
        self.vrr(PSHUFB, high, high, X0);
        self.vzero(X1);
        self.vrr(row(&PCMPEQ, Lane::B), X1, X1, X0);
        self.v3(PAND, X0, a, self.pool(LOW_NIBBLES));
        self.v2_load(low, ZEROS);
        self.vrr(PSHUFB, low, low, X0);
        self.vrr(PAND, X1, X1, low);
    }

    /// `X0` has the numbers of lanes `half`: becomes those of the upper halves of lanes of twice the width, and `X1`
    /// those of the lower halves below upper ones of zeros.
    fn zeros_of_halves(&mut self, a: u8, half: Lane) {
        let (shift, bits) = (row(&PSHIFT, half.wider()), half.bits() as u8);
        self.vzero(X1);
        self.vrr(row(&PCMPEQ, half), X1, X1, a);
        self.vshift(shift, SRL, X1, X1, bits);
        self.vrr(PAND, X1, X1, X0);
        self.vshift(shift, SRL, X0, X0, bits);
    }
}
