//! Products, quotients and remainders. Both halves of a product come from one instruction.

use crate::alloc::Class;
use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::flags::cc;
use crate::regs::{NONE, RAX, RCX, RDX};
use crate::vectors::{Vop, op38};
use dynasmrt::DynasmApi;
use ir::{Inst, Op, Ty, Val};

/// Leaves EFLAGS alone; a general operation in a vector one's form.
const MULX: Vop = op38(0xf6).prefix(3);
/// So many instructions of the IR behind one half of a product the other is computed with it.
const SOON: usize = 8;

impl Emitter<'_, '_> {
    /// `mul`
    pub fn mul(&mut self, val: Val) {
        if self.is_made(val) {
            return;
        }
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        let (a, b) = if self.as_const(a).is_some() { (b, a) } else { (a, b) };
        let other = self.other_half(&inst, Op::MulHU);
        if self.config.features.bmi2 && (other.is_some() || self.eflags_are_needed()) {
            let (d, factor) = self.mulx_operands(val, a, b);
            let high = self.def_ahead(other);
            self.mulx(wide, high, d, factor);
            return self.zero_above(val);
        }
        self.clobber();
        if let Some(imm) = self.as_const(b).and_then(|imm| i32::try_from(imm).ok()) {
            let src = self.rm_src(a);
            let allow = self.dying(a);
            let d = self.def(val, allow);
            self.buf.imul_imm(wide, d, src, imm);
        } else {
            let (d, src) = self.two_operands(val, a, b, true);
            match src {
                Src::Reg(r) => self.buf.rm(Opcode::IMUL, wide, d, Rm::Reg(r)),
                Src::Mem(disp) => self.buf.rm(Opcode::IMUL, wide, d, Rm::Mem(Amode::context(disp))),
                Src::Imm(imm) => self.buf.imul_imm(wide, d, Rm::Reg(d), imm),
            }
        }
        self.zero_above(val);
    }

    /// Whether a product was computed together with its other half.
    fn is_made(&mut self, val: Val) -> bool {
        let made = self.made.iter().position(|&made| made == val);
        made.map(|at| self.made.swap_remove(at)).is_some()
    }

    /// The op that yields the other half of the product of the same numbers, if it follows soon.
    fn other_half(&self, inst: &Inst, op: Op) -> Option<Val> {
        let [a, b, _] = inst.args;
        let is_it = |other: &Inst| {
            (other.op, other.ty) == (op, inst.ty) && (other.args == inst.args || other.args == [b, a, Val::NONE])
        };
        let behind = self.live.needed()[self.cursor + 1..].iter().take(SOON);
        behind.copied().find(|&at| is_it(&self.block.insts[at as usize])).map(Val)
    }

    /// A temporary for a result that is computed before its turn, if there is one for it: else `rax`, to be forgotten.
    fn def_ahead(&mut self, val: Option<Val>) -> u8 {
        let Some(val) = val.filter(|_| self.alloc.has_temp(Class::Gpr)) else { return RAX };
        let reg = self.tmp(Class::Gpr);
        self.alloc.define_in(val.0, Ty::I64, self.live.last_use(val), reg);
        self.made.push(val);
        reg
    }

    /// Brings one factor into `rdx`, to stay there for products to come; the result's register and the other factor.
    fn mulx_operands(&mut self, val: Val, a: Val, b: Val) -> (u8, Rm) {
        let ent = |this: &Self, v| *this.alloc.get(this.alloc.ent(v));
        let (a, b) = match (ent(self, a), ent(self, b)) {
            (_, second) if second.reg == RDX => (b, a),
            (first, _) if first.reg == RDX => (a, b),
            (first, second) if second.last > first.last => (b, a),
            _ => (a, b),
        };
        let first = ent(self, a);
        if first.reg != RDX {
            self.claim(Class::Gpr, RDX);
            if first.reg == NONE {
                self.load_ent(self.alloc.ent(a), RDX);
            } else {
                self.buf.mov(true, RDX, first.reg);
            }
            if first.reg == NONE || self.alloc.is_temp(Class::Gpr, first.reg) {
                self.alloc.assign(self.alloc.ent(a), RDX);
            }
        }
        self.alloc.lock(Class::Gpr, RDX);
        let factor = self.rm_src(b);
        let allow = (self.dying(a) | self.dying(b)) & !(1 << RDX) | self.dying(a) & 1 << RDX;
        (self.def(val, allow), factor)
    }

    /// `high:low = rdx * factor`
    fn mulx(&mut self, wide: bool, high: u8, low: u8, factor: Rm) {
        self.buf.vex(if wide { MULX.wide() } else { MULX }, high, low, factor);
    }

    /// `mulhu`, `mulhs`, `mulhsu`
    pub fn mul_high(&mut self, val: Val) {
        if self.is_made(val) {
            return;
        }
        let inst = self.inst(val);
        let [a, b, _] = inst.args;
        if inst.op == Op::MulHU && self.config.features.bmi2 {
            let other = self.other_half(&inst, Op::Mul);
            let (d, factor) = self.mulx_operands(val, a, b);
            let low = self.def_ahead(other);
            return self.mulx(true, d, low, factor);
        }
        self.clobber();
        self.claim(Class::Gpr, RDX);
        self.copy_to(RAX, a);
        self.copy_to(RCX, b);
        match inst.op {
            Op::MulHU => asm!(self.buf; mul rcx),
            Op::MulHS => asm!(self.buf; imul rcx),
            _ => {
                // a is signed: a * b = (a mod 2^64) * b - (a < 0 ? b * 2^64 : 0)
                asm!(self.buf; push rax ; mul rcx ; pop rax ; sar rax, 63 ; and rax, rcx ; sub rdx, rax);
            }
        }
        self.take_rdx(val);
    }

    /// The result is in `rdx`, which was claimed.
    fn take_rdx(&mut self, val: Val) {
        self.unlock();
        let d = self.def(val, 0);
        self.buf.mov(true, d, RDX);
    }

    /// Quotients and remainders; the host faults on zero and on overflow, which are sorted out before.
    pub fn divide(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        let signed = matches!(inst.op, Op::SDiv | Op::SRem);
        let remainder = matches!(inst.op, Op::URem | Op::SRem);
        self.clobber();
        self.claim(Class::Gpr, RDX);
        self.copy_to(RCX, b);
        self.copy_to(RAX, a);
        self.buf.rm(Opcode::TEST, wide, RCX, Rm::Reg(RCX));
        let by_zero = self.buf.jcc8(cc::E);
        let by_minus_one = signed.then(|| {
            self.buf.alu(Alu::Cmp, wide, RCX, Src::Imm(-1));
            self.buf.jcc8(cc::E)
        });
        match (signed, wide) {
            (true, true) => asm!(self.buf; cqo ; idiv rcx),
            (true, false) => asm!(self.buf; cdq ; idiv ecx),
            (false, true) => asm!(self.buf; xor edx, edx ; div rcx),
            (false, false) => asm!(self.buf; xor edx, edx ; div ecx),
        }
        let done = self.buf.jmp8();
        self.divide_specially(wide, remainder, by_zero, by_minus_one);
        self.buf.bind8(done);
        self.unlock();
        let d = self.def(val, 0);
        self.buf.mov(wide, d, if remainder { RDX } else { RAX });
        self.zero_above(val);
    }

    /// Division by zero yields 0 with the dividend as remainder, by minus one the negative (which
    /// wraps) and 0.
    fn divide_specially(&mut self, wide: bool, remainder: bool, by_zero: usize, by_minus_one: Option<usize>) {
        if let Some(by_minus_one) = by_minus_one {
            self.buf.bind8(by_minus_one);
            if remainder {
                asm!(self.buf; xor edx, edx);
            } else {
                self.buf.unary(3, wide, Rm::Reg(RAX));
            }
            let done = self.buf.jmp8();
            self.zero_divisor(remainder, by_zero);
            self.buf.bind8(done);
        } else {
            self.zero_divisor(remainder, by_zero);
        }
    }

    fn zero_divisor(&mut self, remainder: bool, by_zero: usize) {
        self.buf.bind8(by_zero);
        if remainder {
            asm!(self.buf; mov rdx, rax);
        } else {
            asm!(self.buf; xor eax, eax);
        }
    }
}
