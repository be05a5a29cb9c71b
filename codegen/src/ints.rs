//! Integer arithmetic and logic, extensions, comparisons and selection.

use crate::alloc::{Class, Home};
use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::faults::FlagsAt;
use crate::regs::{NONE, RAX};
use dynasmrt::DynasmApi;
use ir::{Op, Ty, Val};

impl Emitter<'_, '_> {
    /// Brings `a` into the register of the result, and yields that and the operand `b`, which does
    /// not lie there.
    pub fn two_operands(&mut self, val: Val, a: Val, b: Val, commutes: bool) -> (u8, Src) {
        let in_reg = |this: &Self, v| this.alloc.get(this.alloc.ent(v)).reg != NONE;
        let (a, b) = if commutes && !in_reg(self, a) && in_reg(self, b) { (b, a) } else { (a, b) };
        let src = self.src(b);
        let ent = self.alloc.ent(a);
        let e = *self.alloc.get(ent);
        let is_copied = e.is_const || !self.alloc.lives_on(ent) || self.is_better_in_memory(a, e.class);
        if e.reg == NONE && is_copied && (e.is_const || e.home != Home::None) {
            let d = self.def(val, 0);
            self.load_ent(ent, d);
            return (d, src);
        }
        let ra = self.reg(a);
        let mut allow = self.dying(a);
        if commutes {
            allow |= self.dying(b);
        }
        let d = self.def(val, allow);
        match src {
            Src::Reg(rb) if rb == d && d != ra => (d, Src::Reg(ra)),
            _ => {
                self.move_reg(Class::Gpr, d, ra);
                (d, src)
            }
        }
    }

    /// A copy of `val` in a scratch register.
    pub fn copy_to(&mut self, reg: u8, val: Val) {
        match self.src(val) {
            Src::Reg(r) => self.buf.mov(true, reg, r),
            Src::Mem(disp) => {
                self.buf.rm(Opcode::MOV_LOAD, self.inst(val).result() == Ty::I64, reg, Rm::Mem(Amode::context(disp)))
            }
            Src::Imm(_) => {
                let ent = self.alloc.ent(val);
                self.load_ent(ent, reg)
            }
        }
    }

    /// `and`, `or`, `xor`
    pub fn logic(&mut self, val: Val, op: Alu) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        self.clobber();
        let (d, src) = self.two_operands(val, inst.args[0], inst.args[1], true);
        self.buf.alu(op, wide, d, src);
        self.zero_above(val);
    }

    /// A logical operation and the flags of its result; where only those are wanted, `test`.
    pub fn logic_with_flags(&mut self, val: Val, flags: Val) {
        let inst = self.inst(val);
        if inst.op == Op::And && self.live.uses(val) == 1 {
            self.clobber();
            self.emit_test(inst.ty == Ty::I64, inst.args[0], inst.args[1]);
        } else {
            match inst.op {
                Op::And => self.logic(val, Alu::And),
                Op::Or => self.logic(val, Alu::Or),
                Op::Xor => self.logic(val, Alu::Xor),
                _ => self.and_not(val),
            }
        }
        self.define_flags(flags, FlagsAt::Add);
    }

    /// `test a, b`
    pub fn emit_test(&mut self, wide: bool, a: Val, b: Val) {
        match (self.src(a), self.src(b)) {
            (Src::Reg(a), Src::Imm(imm)) => self.buf.test_imm(wide, a, imm),
            (Src::Mem(disp), Src::Reg(b)) | (Src::Reg(b), Src::Mem(disp)) => {
                self.buf.field(Opcode::TEST, wide, b, disp);
            }
            _ => {
                let (a, b) = (self.reg(a), self.reg(b));
                self.buf.rm(Opcode::TEST, wide, a, Rm::Reg(b));
            }
        }
    }

    /// `add`, as `lea` where that saves a move or EFLAGS.
    pub fn add(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        let a_reg = self.alloc.get(self.alloc.ent(a)).reg;
        let keeps_flags = self.eflags_are_needed();
        if a_reg != NONE || self.alloc.lives_on(self.alloc.ent(a)) || keeps_flags {
            let src = match self.src(b) {
                Src::Mem(_) if keeps_flags => Src::Reg(self.reg(b)),
                src => src,
            };
            if !matches!(src, Src::Mem(_)) {
                return self.add_regs(val, wide, a, b, src);
            }
        }
        self.clobber();
        let (d, src) = self.two_operands(val, a, b, true);
        self.buf.alu(Alu::Add, wide, d, src);
        self.zero_above(val);
    }

    fn add_regs(&mut self, val: Val, wide: bool, a: Val, b: Val, src: Src) {
        let ra = self.reg(a);
        let allow = self.dying(a) | if matches!(src, Src::Reg(_)) { self.dying(b) } else { 0 };
        let d = self.def(val, allow);
        let mut sum = Amode::at(ra);
        let other = match src {
            Src::Reg(rb) => {
                sum.index = rb;
                rb
            }
            Src::Imm(imm) => {
                sum.disp = imm;
                d
            }
            Src::Mem(_) => d,
        };
        let in_place = d == ra || d == other && matches!(src, Src::Reg(_));
        if in_place && self.eflags.ent == crate::alloc::NOBODY {
            let src = if d == ra { src } else { Src::Reg(ra) };
            self.buf.alu(Alu::Add, wide, d, src);
        } else {
            self.buf.rm(Opcode::LEA, wide, d, Rm::Mem(sum));
        }
        self.zero_above(val);
    }

    /// `sub`
    pub fn sub(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        // A negative constant can be added without EFLAGS.
        let negative = self.as_const(b).and_then(|imm| i32::try_from(-(imm as i128)).ok());
        let in_reg = self.alloc.get(self.alloc.ent(a)).reg != NONE;
        if let (Some(imm), true) = (negative, in_reg || self.eflags_are_needed()) {
            return self.add_regs(val, wide, a, b, Src::Imm(imm));
        }
        if self.eflags_are_needed() {
            return self.sub_keeping_flags(val, wide, a, b);
        }
        self.clobber();
        let (d, src) = self.two_operands(val, a, b, false);
        self.buf.alu(Alu::Sub, wide, d, src);
        self.zero_above(val);
    }

    /// a - b is a + !b + 1, for which no instruction changes EFLAGS.
    fn sub_keeping_flags(&mut self, val: Val, wide: bool, a: Val, b: Val) {
        let (a, b_reg) = (self.reg(a), self.reg(b));
        let allow = self.dying(b) & !(1 << a);
        let d = self.def(val, allow);
        self.move_reg(Class::Gpr, d, b_reg);
        self.buf.unary(2, wide, Rm::Reg(d));
        self.buf.rm(Opcode::LEA, wide, d, Rm::Mem(Amode { base: a, index: d, scale: 0, disp: 1 }));
        self.zero_above(val);
    }

    /// `add` or `sub` and the flags `flags` of the same operands.
    pub fn arith_flags(&mut self, val: Val, flags: Val) {
        let inst = self.inst(val);
        let (op, at) = if inst.op == Op::Add { (Alu::Add, FlagsAt::Add) } else { (Alu::Sub, FlagsAt::Sub) };
        self.clobber();
        let (d, src) = self.two_operands(val, inst.args[0], inst.args[1], inst.op == Op::Add);
        self.buf.alu(op, inst.ty == Ty::I64, d, src);
        self.zero_above(val);
        self.define_flags(flags, at);
    }

    /// `adc` and `sbc`, and perhaps the flags of the same operands.
    pub fn arith_carry(&mut self, val: Val, flags: Option<Val>) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, f] = inst.args;
        if let (Op::Adc, None, Some(code)) = (inst.op, flags, self.needed_carry(f)) {
            return self.add_carry_keeping_flags(val, code);
        }
        let subtracts = matches!(inst.op, Op::Sbc | Op::SbcF);
        self.carry_to_cf(f, subtracts);
        let op = if subtracts { Alu::Sbb } else { Alu::Adc };
        let at = if subtracts { FlagsAt::Sub } else { FlagsAt::Add };
        if matches!(inst.op, Op::AdcF | Op::SbcF) {
            self.copy_to(RAX, a);
            let src = self.src(b);
            self.buf.alu(op, wide, RAX, src);
            return self.define_flags(val, at);
        }
        let (d, src) = self.two_operands(val, a, b, !subtracts);
        self.buf.alu(op, wide, d, src);
        self.zero_above(val);
        if let Some(flags) = flags {
            self.define_flags(flags, at);
        }
    }

    /// `adc` where EFLAGS are needed afterwards: the carry as a number, and sums by `lea`.
    fn add_carry_keeping_flags(&mut self, val: Val, code: u8) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        let (a, b) = if self.as_const(a) == Some(0) { (b, a) } else { (a, b) };
        let a_reg = if self.as_const(a) == Some(0) { NONE } else { self.reg(a) };
        let b_reg = if self.as_const(b) == Some(0) { NONE } else { self.reg(b) };
        let allow = self.dying(a) | self.dying(b);
        self.set_byte(code, RAX);
        let d = self.def(val, allow);
        let sum = |reg| Rm::Mem(Amode { base: reg, index: RAX, scale: 0, disp: 0 });
        match (a_reg, b_reg) {
            (NONE, _) => self.buf.mov(false, d, RAX),
            (a, NONE) => self.buf.rm(Opcode::LEA, wide, d, sum(a)),
            (a, b) => {
                self.buf.rm(Opcode::LEA, true, RAX, sum(b));
                self.buf.rm(Opcode::LEA, wide, d, sum(a));
            }
        }
        self.zero_above(val);
    }

    /// a & !b
    pub fn and_not(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        self.clobber();
        if self.config.features.bmi1 && self.as_const(b).is_none() {
            let b_reg = self.reg(b);
            let a_reg = self.reg(a);
            let allow = self.dying(a) | self.dying(b);
            let d = self.def(val, allow);
            if wide {
                asm!(self.buf; andn Rq(d), Rq(b_reg), Rq(a_reg));
            } else {
                asm!(self.buf; andn Rd(d), Rd(b_reg), Rd(a_reg));
            }
        } else {
            self.copy_to(RAX, b);
            self.buf.unary(2, wide, Rm::Reg(RAX));
            let (d, src) = self.two_operands(val, a, a, false);
            debug_assert!(!matches!(src, Src::Imm(_)) || self.as_const(a).is_some());
            self.buf.alu(Alu::And, wide, d, Src::Reg(RAX));
        }
        self.zero_above(val);
    }

    /// Brings the only operand into the result's register.
    pub fn one_operand(&mut self, val: Val) -> u8 {
        let a = self.inst(val).args[0];
        let ent = self.alloc.ent(a);
        let e = *self.alloc.get(ent);
        if e.reg == NONE && (e.is_const || !self.alloc.lives_on(ent)) {
            let d = self.def(val, 0);
            self.load_ent(ent, d);
            return d;
        }
        let ra = self.reg(a);
        let allow = self.dying(a);
        let d = self.def(val, allow);
        self.move_reg(Class::Gpr, d, ra);
        d
    }

    /// `not` (which keeps EFLAGS) and `neg`
    pub fn negate(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        if inst.op == Op::Neg && !self.eflags_are_needed() {
            self.clobber();
            let d = self.one_operand(val);
            self.buf.unary(3, wide, Rm::Reg(d));
        } else {
            let d = self.one_operand(val);
            self.buf.unary(2, wide, Rm::Reg(d));
            // The negative is one more than the complement, and an address leaves EFLAGS alone.
            if inst.op == Op::Neg {
                self.buf.rm(Opcode::LEA, wide, d, Rm::Mem(Amode { disp: 1, ..Amode::at(d) }));
            }
        }
        self.zero_above(val);
    }

    /// Extensions: a load or a move with extension.
    pub fn extend(&mut self, val: Val) {
        let inst = self.inst(val);
        let (op, wide) = match inst.op {
            Op::Ext8U => (Opcode::MOVZX8, false),
            Op::Ext8S => (Opcode::MOVSX8, inst.ty == Ty::I64),
            Op::Ext16U => (Opcode::MOVZX16, false),
            Op::Ext16S => (Opcode::MOVSX16, inst.ty == Ty::I64),
            _ => (Opcode::MOVSXD, true),
        };
        let src = self.rm_src(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        self.buf.rm(op, wide, d, src);
        self.zero_above(val);
    }

    /// `zext32`: free where the operand was computed by a 32-bit operation.
    pub fn zext32(&mut self, val: Val) {
        let a = self.inst(val).args[0];
        let ent = self.alloc.ent(a);
        let e = *self.alloc.get(ent);
        let last = self.live.last_use(val);
        let from_memory = e.reg == NONE && e.home_size == 4;
        if !e.is_const && (e.zero_from <= 4 && e.reg != NONE || from_memory) {
            let e = self.alloc.get_mut(ent);
            e.zero_from = 4;
            e.size = 8;
            return self.alloc.share(val.0, ent, last);
        }
        let src = self.rm_src(a);
        let allow = self.dying(a);
        let d = self.def(val, allow);
        self.buf.rm(Opcode::MOV_LOAD, false, d, src);
    }

    /// `trunc`: another name.
    pub fn trunc(&mut self, val: Val) {
        let ent = self.alloc.ent(self.inst(val).args[0]);
        self.alloc.share(val.0, ent, self.live.last_use(val));
    }
}
