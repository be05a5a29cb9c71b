//! Lanes made twice as wide or half as wide.

use super::shift::rows_b;
use super::{Vop, lane, rows::*};
use crate::constants::{LOW16, LOW32};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::X0;
use ir::{Inst, Lane, Op, Val};

impl Emitter<'_, '_> {
    pub(super) fn vector_extend(&mut self, val: Val, inst: &Inst) {
        let at = lane(inst) as usize;
        let (signed, high) = match inst.op {
            Op::VExtLoS => (true, false),
            Op::VExtLoU => (false, false),
            Op::VExtHiS => (true, true),
            _ => (false, true),
        };
        let (Some(extend), Some(unpack)) = (if signed { PMOVSX[at] } else { PMOVZX[at] }, PUNPCKH[at]) else {
            return self.evaluate(val);
        };
        let a = self.reg(inst.args[0]);
        if high && !signed {
            self.vzero(X0);
            let allow = self.dying(inst.args[0]);
            let dst = self.def(val, allow);
            return self.vrr(unpack, dst, a, X0);
        }
        let dst = self.def_after(val, inst);
        if high {
            self.v2i(PSHUFD, dst, a, 0xee);
        }
        self.v2(extend, dst, Rm::Reg(if high { dst } else { a }));
    }

    pub(super) fn vector_narrow(&mut self, val: Val, inst: &Inst) {
        match lane(inst) {
            Lane::H => self.narrow_pack(val, inst, rows_b(&PMINU_WORDS), LOW16, PACKSSWB, PACKUSWB),
            Lane::S => self.narrow_pack(val, inst, rows_b(&PMINU_DWORDS), LOW32, PACKSSDW, PACKUSDW),
            Lane::D if inst.op == Op::VNarrow => {
                // Word 2 to 1, and zeros above.
                let a = self.reg(inst.args[0]);
                let dst = self.def_first(val, inst);
                self.vrri(INSERTPS, dst, a, a, 0x9c);
            }
            _ => self.evaluate(val),
        }
    }

    /// The host narrows with saturation, from signed lanes: what is not to saturate is masked before, what is
    /// unsigned cut to the limit. The upper half comes from a register of zeros.
    fn narrow_pack(&mut self, val: Val, inst: &Inst, min: Vop, limit: i32, signed: Vop, unsigned: Vop) {
        let a = self.reg(inst.args[0]);
        let (ready, pack) = match inst.op {
            Op::VNarrow => {
                self.v3(PAND, X0, a, self.pool(limit));
                (X0, unsigned)
            }
            Op::VNarrowUU => {
                self.v3(min, X0, a, self.pool(limit));
                (X0, unsigned)
            }
            Op::VNarrowSU => (a, unsigned),
            _ => (a, signed),
        };
        let zero = self.zero_rm();
        let dst = self.def_after(val, inst);
        self.v3(pack, dst, ready, zero);
    }
}

const PMINU_WORDS: ByLane = [PMINU[1], None, None, None];
const PMINU_DWORDS: ByLane = [PMINU[2], None, None, None];
