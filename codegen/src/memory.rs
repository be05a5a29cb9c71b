//! Loads and stores of guest memory. A guest address is the host's; each access is one instruction
//! that may fault.

use crate::alloc::Class;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm};
use crate::regs::RAX;
use dynasmrt::DynasmApi;
use ir::{Access, Inst, Mem, Near, Ty, Val};

/// What loads an integer, and whether with 64 bits: by type, i32 and i64, and by [`Access`].
static LOADS: [[(Opcode, bool); Access::ALL.len()]; 2] = [loads(false), loads(true)];

const fn loads(long: bool) -> [(Opcode, bool); Access::ALL.len()] {
    let mut rows = [(Opcode::MOV_LOAD, false); Access::ALL.len()];
    let mut i = 0;
    while i < rows.len() {
        rows[i] = match Access::ALL[i] {
            Access::U8 => (Opcode::MOVZX8, false),
            Access::S8 => (Opcode::MOVSX8, long),
            Access::U16 => (Opcode::MOVZX16, false),
            Access::S16 => (Opcode::MOVSX16, long),
            Access::S32 if long => (Opcode::MOVSXD, true),
            Access::U32 | Access::S32 => (Opcode::MOV_LOAD, false),
            Access::B64 | Access::B128 => (Opcode::MOV_LOAD, true),
        };
        i += 1;
    }
    rows
}

impl Emitter<'_, '_> {
    /// The memory operand of a load or store. May use `rax`.
    fn amode(&mut self, inst: &Inst) -> Amode {
        let mem = Mem::of(inst);
        let base = self.reg(mem.base);
        let index = if mem.index.is_some() { self.reg(mem.index) } else { Amode::NO_INDEX };
        match i32::try_from(mem.disp) {
            Ok(disp) => Amode { base, index, scale: mem.scale, disp },
            Err(_) => {
                self.buf.mov_imm(RAX, mem.disp);
                let sum = Amode { base: RAX, index: base, scale: 0, disp: 0 };
                self.buf.rm(Opcode::LEA, true, RAX, Rm::Mem(sum));
                Amode { base: RAX, index, scale: mem.scale, disp: 0 }
            }
        }
    }

    /// `load`
    pub fn load(&mut self, val: Val, inst: &Inst) {
        let access = Access::from_u8(inst.aux);
        let at = self.amode(inst);
        if inst.ty.is_vec() {
            return self.load_vec(val, access, at);
        }
        let mut allow = self.dying(inst.args[0]);
        if inst.args[1].is_some() {
            allow |= self.dying(inst.args[1]);
        }
        let d = self.def(val, allow);
        let (op, wide) = LOADS[(inst.ty == Ty::I64) as usize][access as usize];
        self.may_fault();
        self.buf.mem(op, wide, d, at);
        self.zero_above(val);
    }

    fn load_vec(&mut self, val: Val, access: Access, at: Amode) {
        if access.bytes() <= 2 {
            // No vector load is that narrow.
            self.may_fault();
            let op = if access.bytes() == 1 { Opcode::MOVZX8 } else { Opcode::MOVZX16 };
            self.buf.rm(op, false, RAX, Rm::Mem(at));
            let d = self.def(val, 0);
            self.movd_from_gpr(d, RAX);
        } else {
            let d = self.def(val, 0);
            self.may_fault();
            self.load_reg(Class::Xmm, access.bytes(), d, at);
        }
        let ent = self.alloc.ent(val);
        self.alloc.get_mut(ent).zero_from = access.bytes() as u8;
    }

    /// `store`
    pub fn store(&mut self, inst: &Inst) {
        let access = Access::from_u8(inst.aux);
        let at = self.amode(inst);
        let value = inst.args[2];
        if inst.ty.is_vec() {
            return self.store_vec(access, at, value);
        }
        if let Some(imm) = self.storable(value) {
            return self.store_const(access, at, imm);
        }
        let reg = self.reg(value);
        let (op, wide) = match access.bytes() {
            1 => (Opcode::MOV_STORE8, false),
            2 => (Opcode::MOV_STORE16, false),
            bytes => (Opcode::MOV_STORE, bytes == 8),
        };
        self.may_fault();
        self.buf.mem(op, wide, reg, at);
    }

    fn store_const(&mut self, access: Access, at: Amode, imm: i32) {
        self.may_fault();
        match access.bytes() {
            1 => {
                self.buf.rm(Opcode::MOV_STORE_IMM8, false, 0, Rm::Mem(at));
                self.buf.push(imm as u8);
            }
            2 => {
                self.buf.rm(Opcode::MOV_STORE_IMM16, false, 0, Rm::Mem(at));
                self.buf.push_i16(imm as i16);
            }
            bytes => self.buf.store_imm(bytes == 8, at, imm),
        }
    }

    fn store_vec(&mut self, access: Access, at: Amode, value: Val) {
        let reg = self.reg(value);
        if access.bytes() <= 2 {
            // `rax` may be part of the address.
            let tmp = self.tmp(Class::Gpr);
            self.movd_to_gpr(tmp, reg);
            self.may_fault();
            let op = if access.bytes() == 1 { Opcode::MOV_STORE8 } else { Opcode::MOV_STORE16 };
            return self.buf.rm(op, false, tmp, Rm::Mem(at));
        }
        self.may_fault();
        self.store_reg(Class::Xmm, access.bytes(), at, reg);
    }

    /// `prefetch`
    pub fn prefetch(&mut self, inst: &Inst) {
        let at = self.amode(inst);
        let (op, digit) = match Near::from_u8(inst.aux) {
            Near::Once => (Opcode::PREFETCH, 0),
            Near::First => (Opcode::PREFETCH, 1),
            Near::Second => (Opcode::PREFETCH, 2),
            Near::Third => (Opcode::PREFETCH, 3),
            // Does nothing on a host that lacks it.
            Near::Write => (Opcode::PREFETCHW, 1),
        };
        self.buf.mem(op, false, digit, at);
    }

    /// `fence`: a locked operation on the stack that changes nothing (Intel SDM 3, 9.2.3.9), a fifth of `mfence`.
    pub fn fence(&mut self) {
        self.clobber();
        self.buf.push(0xf0);
        self.buf.alu_imm(Alu::Or, false, Rm::Mem(Amode { disp: -8, ..Amode::at(crate::regs::RSP) }), 0);
    }
}
