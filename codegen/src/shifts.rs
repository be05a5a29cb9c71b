//! Shifts and rotations.

use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Amode, Opcode, Rm};
use crate::regs::{RAX, RCX};
use dynasmrt::DynasmApi;
use ir::{Op, Ty, Val};

impl Emitter<'_, '_> {
    /// `shl`, `shr`, `sar`, `ror`. Both machines take the count modulo the width.
    pub fn shift(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        match self.as_const(inst.args[1]) {
            Some(count) => self.shift_const(val, wide, count as u8 & if wide { 63 } else { 31 }),
            None if self.config.features.bmi2 && inst.op != Op::Ror => self.shift_bmi(val, wide),
            None => self.shift_cl(val, wide),
        }
        self.zero_above(val);
    }

    fn shift_const(&mut self, val: Val, wide: bool, count: u8) {
        let inst = self.inst(val);
        let digit = digit(inst.op);
        // Shifts left by up to 3 can be an address; with BMI2 a rotation needs no copy.
        if inst.op == Op::Shl && (1..=3).contains(&count) {
            let a = self.reg(inst.args[0]);
            let allow = self.dying(inst.args[0]);
            let d = self.def(val, allow);
            if d != a || self.eflags_are_needed() {
                return self.lea_shift(wide, d, a, count);
            }
            self.clobber();
            return self.buf.shift_imm(digit, wide, d, count);
        }
        if inst.op == Op::Ror && self.config.features.bmi2 {
            let a = self.reg(inst.args[0]);
            let allow = self.dying(inst.args[0]);
            let d = self.def(val, allow);
            if wide {
                asm!(self.buf; rorx Rq(d), Rq(a), count as i8);
            } else {
                asm!(self.buf; rorx Rd(d), Rd(a), count as i8);
            }
            return;
        }
        if self.config.features.bmi2 && inst.op != Op::Ror && self.eflags_are_needed() {
            let a = self.reg(inst.args[0]);
            let allow = self.dying(inst.args[0]);
            let d = self.def(val, allow);
            self.buf.mov_imm(RCX, count as i64);
            return self.shift_keeping_flags(inst.op, wide, d, a, RCX);
        }
        self.clobber();
        let d = self.one_operand(val);
        if count != 0 {
            self.buf.shift_imm(digit, wide, d, count);
        } else if !wide {
            self.buf.mov(false, d, d);
        }
    }

    fn lea_shift(&mut self, wide: bool, d: u8, a: u8, count: u8) {
        if count == 1 {
            let sum = Amode { base: a, index: a, scale: 0, disp: 0 };
            return self.buf.rm(Opcode::LEA, wide, d, Rm::Mem(sum));
        }
        match (wide, count) {
            (true, 2) => asm!(self.buf; lea Rq(d), [Rq(a) * 4]),
            (true, _) => asm!(self.buf; lea Rq(d), [Rq(a) * 8]),
            (false, 2) => asm!(self.buf; lea Rd(d), [Rq(a) * 4]),
            (false, _) => asm!(self.buf; lea Rd(d), [Rq(a) * 8]),
        }
    }

    /// BMI2 has three operands and keeps EFLAGS.
    fn shift_bmi(&mut self, val: Val, wide: bool) {
        let inst = self.inst(val);
        let count = self.reg(inst.args[1]);
        let a = self.reg(inst.args[0]);
        let allow = self.dying(inst.args[0]) | self.dying(inst.args[1]);
        let d = self.def(val, allow);
        self.shift_keeping_flags(inst.op, wide, d, a, count);
    }

    fn shift_keeping_flags(&mut self, op: Op, wide: bool, d: u8, a: u8, count: u8) {
        match (op, wide) {
            (Op::Shl, true) => asm!(self.buf; shlx Rq(d), Rq(a), Rq(count)),
            (Op::Shl, false) => asm!(self.buf; shlx Rd(d), Rd(a), Rd(count)),
            (Op::Shr, true) => asm!(self.buf; shrx Rq(d), Rq(a), Rq(count)),
            (Op::Shr, false) => asm!(self.buf; shrx Rd(d), Rd(a), Rd(count)),
            (_, true) => asm!(self.buf; sarx Rq(d), Rq(a), Rq(count)),
            (_, false) => asm!(self.buf; sarx Rd(d), Rd(a), Rd(count)),
        }
    }

    fn shift_cl(&mut self, val: Val, wide: bool) {
        let inst = self.inst(val);
        self.clobber();
        self.copy_to(RCX, inst.args[1]);
        self.copy_to(RAX, inst.args[0]);
        self.buf.shift_cl(digit(inst.op), wide, RAX);
        let allow = self.dying(inst.args[0]) | self.dying(inst.args[1]);
        let d = self.def(val, allow);
        // A 32-bit shift by 0 leaves the upper half as it is: the move does not.
        self.buf.mov(wide, d, RAX);
    }
}

/// The number of a shift in opcodes.
fn digit(op: Op) -> u8 {
    match op {
        Op::Shl => 4,
        Op::Shr => 5,
        Op::Sar => 7,
        _ => 1,
    }
}
