//! Loads and stores of some lanes: by a mask register where the host has AVX-512, which touches nothing else (Intel SDM 2,
//! 2.7.11), else lane by lane.

use super::lane;
use super::rows::{KMOV, MASKED_LOAD, MASKED_STORE, PEXTR, PINSR, row};
use crate::emitter::Emitter;
use crate::encode::{Amode, Rm};
use crate::flags::cc;
use crate::regs::{RAX, X0};
use dynasmrt::DynasmApi;
use ir::{Inst, Val};

/// The mask register in use: the first can't be named as a mask.
const MASK: u8 = 1;

impl Emitter<'_, '_> {
    /// `loadlanes`
    pub fn load_lanes(&mut self, val: Val, inst: &Inst) {
        self.clobber_unless_masked();
        let addr = self.reg(inst.args[0]);
        let old = self.reg(inst.args[2]);
        self.vmov(X0, old);
        if self.config.features.avx512 {
            self.set_mask(inst);
            self.may_fault();
            self.buf.evex_masked(row(&MASKED_LOAD, lane(inst)), X0, 0, Rm::Mem(Amode::at(addr)), MASK);
        } else {
            self.each_active(inst, addr, |this, at, index| this.insert_from(inst, at, index));
        }
        let dst = self.def_after(val, inst);
        self.vmov(dst, X0);
    }

    /// `storelanes`
    pub fn store_lanes(&mut self, inst: &Inst) {
        self.clobber_unless_masked();
        let addr = self.reg(inst.args[0]);
        let value = self.reg(inst.args[2]);
        if self.config.features.avx512 {
            self.set_mask(inst);
            self.may_fault();
            return self.buf.evex_masked(row(&MASKED_STORE, lane(inst)), value, 0, Rm::Mem(Amode::at(addr)), MASK);
        }
        self.each_active(inst, addr, |this, at, index| {
            this.may_fault();
            this.v2(row(&PEXTR, lane(inst)), value, at);
            this.buf.push(index);
        });
    }

    /// The way lane by lane changes EFLAGS.
    fn clobber_unless_masked(&mut self) {
        if !self.config.features.avx512 {
            self.clobber();
        }
    }

    fn set_mask(&mut self, inst: &Inst) {
        let bits = self.reg(inst.args[1]);
        self.buf.vex(KMOV, MASK, 0, Rm::Reg(bits));
    }

    /// Lane `index` of [`X0`] from memory.
    fn insert_from(&mut self, inst: &Inst, at: Rm, index: u8) {
        self.may_fault();
        self.v3(row(&PINSR, lane(inst)), X0, X0, at);
        self.buf.push(index);
    }

    /// Code for each lane that is passed over where its bit is not set.
    fn each_active(&mut self, inst: &Inst, addr: u8, mut code: impl FnMut(&mut Self, Rm, u8)) {
        self.copy_to(RAX, inst.args[1]);
        for index in 0..lane(inst).count() as u8 {
            self.buf.shift_imm(SHR, false, RAX, 1);
            let skip = self.buf.jcc8(cc::AE);
            let disp = i32::from(index) * lane(inst).bits() as i32 / 8;
            code(self, Rm::Mem(Amode { disp, ..Amode::at(addr) }), index);
            self.buf.bind8(skip);
        }
    }
}

/// The shift's number in its opcode group.
const SHR: u8 = 5;
