//! Ops that yield flags, and NZCV as a number.

use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::faults::FlagsAt;
use crate::flags::EflagsState;
use crate::regs::RAX;
use dynasmrt::DynasmApi;
use ir::{Nzcv, Op, Ty, Val};

impl Emitter<'_, '_> {
    /// `addf`, `subf` without their sum or difference.
    pub fn compare(&mut self, val: Val) {
        let inst = self.inst(val);
        let [a, b, _] = inst.args;
        let wide = inst.ty == Ty::I64;
        self.clobber();
        if inst.op == Op::SubF {
            self.emit_cmp(wide, a, b);
            return self.define_flags(val, FlagsAt::Sub);
        }
        match self.src(b) {
            // Adding a constant compares with its negative; the carry is the opposite of that borrow,
            // but for zero and the minimum.
            Src::Imm(imm) if imm != 0 && imm != i32::MIN => {
                let a = self.reg(a);
                self.buf.alu(Alu::Cmp, wide, a, Src::Imm(-imm));
                self.define_flags(val, FlagsAt::Sub);
            }
            b => {
                let a = self.reg(a);
                self.buf.mov(wide, RAX, a);
                self.buf.alu(Alu::Add, wide, RAX, b);
                self.define_flags(val, FlagsAt::Add);
            }
        }
    }

    /// Compares two values; EFLAGS are free.
    pub fn emit_cmp(&mut self, wide: bool, a: Val, b: Val) {
        match (self.src(a), self.src(b)) {
            (Src::Reg(a), Src::Imm(0)) => self.buf.rm(Opcode::TEST, wide, a, Rm::Reg(a)),
            (Src::Reg(a), b) => self.buf.alu(Alu::Cmp, wide, a, b),
            (Src::Mem(a), Src::Imm(b)) => self.buf.alu_imm(Alu::Cmp, wide, Rm::Mem(Amode::context(a)), b),
            (_, b) => {
                let a = self.reg(a);
                self.buf.alu(Alu::Cmp, wide, a, b);
            }
        }
    }

    /// `logicf`: nothing to do where the operand was just computed by a logical operation.
    pub fn logic_flags(&mut self, val: Val) {
        let inst = self.inst(val);
        self.clobber();
        let a = self.reg(inst.args[0]);
        self.buf.rm(Opcode::TEST, inst.ty == Ty::I64, a, Rm::Reg(a));
        self.define_flags(val, FlagsAt::Add);
    }

    /// `ccmpf` and `ccmnf`.
    pub fn conditional_compare(&mut self, val: Val) {
        let inst = self.inst(val);
        let [cond, b, c] = inst.args;
        let wide = inst.ty == Ty::I64;
        let kind = Nzcv::from_bits(inst.imm as u32);
        let (b, c) = (self.reg(b), self.src(c));
        // Before the test, because saving may turn CF.
        self.save_eflags();
        let test = self.condition(cond);
        self.eflags = EflagsState::EMPTY;
        let skip = self.jump_unless(test);
        if inst.op == Op::CcmpF {
            self.buf.alu(Alu::Cmp, wide, b, c);
        } else {
            self.buf.mov(wide, RAX, b);
            self.buf.alu(Alu::Add, wide, RAX, c);
            asm!(self.buf; cmc);
        }
        if let Some(skip) = skip {
            self.load_fixed_flags(skip, kind);
        }
        self.define_flags(val, FlagsAt::Sub);
    }

    /// Behind a comparison: the other path, on which the flags are a constant.
    fn load_fixed_flags(&mut self, skip: [usize; 2], nzcv: Nzcv) {
        let done = self.buf.jmp();
        self.bind_all(skip);
        self.buf.mov_imm(RAX, nzcv.0 as i64);
        asm!(self.buf; add al, 127 ; sahf);
        self.buf.bind(done);
    }

    /// `from_nzcv`
    pub fn flags_from_bits(&mut self, val: Val) {
        let inst = self.inst(val);
        self.clobber();
        let a = self.reg(inst.args[0]);
        let d = self.def(val, 0);
        // N Z C V from bits 31 to 28 to bits 15, 14, 8 (inverted) and 0.
        asm!(self.buf
            ; mov eax, Rd(a) ; shr eax, 28 ; and eax, 1
            ; mov Rd(d), Rd(a) ; shr Rd(d), 16 ; and Rd(d), 0xc000u32 as i32 ; or Rd(d), eax
            ; mov eax, Rd(a) ; not eax ; shr eax, 21 ; and eax, 0x100 ; or Rd(d), eax
        );
    }

    /// `to_nzcv`
    pub fn flags_to_bits(&mut self, val: Val) {
        let inst = self.inst(val);
        let ent = self.alloc.ent(inst.args[0]);
        let a = self.ent_reg(ent);
        self.clobber();
        let d = self.def(val, 0);
        asm!(self.buf
            ; mov eax, Rd(a) ; and eax, 1 ; shl eax, 28
            ; mov Rd(d), Rd(a) ; and Rd(d), 0xc000u32 as i32 ; shl Rd(d), 16 ; or Rd(d), eax
            ; mov eax, Rd(a) ; not eax ; and eax, 0x100 ; shl eax, 21 ; or Rd(d), eax
        );
        self.zero_above(val);
    }
}
