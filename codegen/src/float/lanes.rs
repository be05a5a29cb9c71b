//! Scalars as the low lanes of vectors.

use super::rows::OR;
use crate::alloc::Class;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::flags::cc;
use crate::regs::{NONE, RAX};
use crate::slow::{SlowKind, SlowPath};
use crate::vectors::rows::{INSERTPS, MOVQ};
use ir::{Ty, Val};

impl Emitter<'_, '_> {
    /// `vzext`: the rest of the register is cleared, if it is not clear.
    pub fn vzext(&mut self, val: Val) {
        let inst = self.inst(val);
        let ent = self.alloc.ent(inst.args[0]);
        let e = *self.alloc.get(ent);
        let bytes = inst.ty.bytes();
        let clear = e.reg != NONE && e.zero_from as u32 <= bytes;
        let in_memory = e.reg == NONE && e.home_size as u32 == bytes && bytes >= 4;
        if clear || in_memory {
            let e = self.alloc.get_mut(ent);
            (e.size, e.zero_from) = (16, bytes as u8);
            return self.alloc.share(val.0, ent, self.live.last_use(val));
        }
        let a = self.reg(inst.args[0]);
        // A value that nobody sees as wider can be cleared where it is.
        let is_temp = self.alloc.is_temp(Class::Xmm, a) || self.analysis.hint(val) == a;
        let in_place = e.size as u32 == bytes && is_temp;
        let d = if in_place {
            let e = self.alloc.get_mut(ent);
            (e.size, e.zero_from) = (16, bytes as u8);
            self.alloc.share(val.0, ent, self.live.last_use(val));
            a
        } else {
            let allow = self.dying(inst.args[0]);
            self.def(val, allow)
        };
        self.clear_above(inst.ty, d, a);
    }

    /// d = the low lane of a, the rest zero.
    pub fn clear_above(&mut self, ty: Ty, d: u8, a: u8) {
        match ty {
            Ty::F64 => self.v2(MOVQ, d, Rm::Reg(a)),
            // Lane 0 to lane 0, the others zeroed.
            Ty::F32 => self.vrri(INSERTPS, d, a, a, 0x0e),
            _ => {
                self.movd_to_gpr(RAX, a);
                self.buf.rm(Opcode::MOVZX16, false, RAX, Rm::Reg(RAX));
                self.movd_from_gpr(d, RAX);
            }
        }
    }

    /// `vlow`: another name.
    pub fn vlow(&mut self, val: Val) {
        let ent = self.alloc.ent(self.inst(val).args[0]);
        self.alloc.share(val.0, ent, self.live.last_use(val));
    }

    /// `fbox`
    pub fn float_box(&mut self, val: Val) {
        let inst = self.inst(val);
        let a = self.reg(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        let above = if inst.ty == Ty::F32 { constants::BOX32 } else { constants::BOX16 };
        self.v3(OR, d, a, Rm::Mem(Amode::context(above)));
    }

    /// `funbox`: a box that is none goes out of line for the canonical NaN.
    pub fn float_unbox(&mut self, val: Val) {
        let inst = self.inst(val);
        self.clobber();
        let a = self.reg(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        let single = inst.ty == Ty::F32;
        self.movq_to_gpr(RAX, a);
        self.vmov(d, a);
        self.buf.shift_imm(7, true, RAX, if single { 32 } else { 16 });
        // All ones above the value, as a number.
        self.buf.alu(Alu::Cmp, true, RAX, Src::Imm(-1));
        let field = self.buf.jcc(cc::NE);
        let kind = SlowKind::Canonical { reg: d, ty: inst.ty, back: self.buf.len() };
        self.slow.push(SlowPath { jumps: [field, 0], kind });
    }
}
