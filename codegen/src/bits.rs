//! Counting and reversing bits, checksums, carry-less products.

use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Alu, Opcode, Rm, Src};
use crate::flags::cc;
use crate::regs::{RAX, RCX, X0, X1};
use crate::vectors::rows::{PCLMULQDQ, PSHUFD};
use dynasmrt::DynasmApi;
use ir::{Access, Op, Ty, Val};

impl Emitter<'_, '_> {
    /// `clz` and `ctz`
    pub fn count_zeros(&mut self, val: Val) {
        let inst = self.inst(val);
        let wide = inst.ty == Ty::I64;
        let leading = inst.op == Op::Clz;
        self.clobber();
        let src = self.rm_src(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        let features = self.config.features;
        if if leading { features.lzcnt } else { features.bmi1 } {
            self.buf.rm(if leading { Opcode::LZCNT } else { Opcode::TZCNT }, wide, d, src);
        } else {
            self.scan_bits(wide, leading, d, src);
        }
        self.zero_above(val);
    }

    /// Without the counting instructions: a scan leaves its result undefined for 0.
    fn scan_bits(&mut self, wide: bool, leading: bool, d: u8, src: Rm) {
        let width = if wide { 64 } else { 32 };
        // For leading zeros the scanned position is turned round by an exclusive or.
        self.buf.mov_imm(RAX, if leading { 2 * width - 1 } else { width });
        self.buf.rm(if leading { Opcode::BSR } else { Opcode::BSF }, wide, RCX, src);
        self.buf.rm(Opcode::cmov(cc::E), wide, RCX, Rm::Reg(RAX));
        self.buf.mov(wide, d, RCX);
        if leading {
            self.buf.alu(Alu::Xor, wide, d, Src::Imm(width as i32 - 1));
        }
    }

    /// `popcnt`
    pub fn popcnt(&mut self, val: Val) {
        let inst = self.inst(val);
        self.clobber();
        let src = self.rm_src(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        self.buf.rm(Opcode::POPCNT, inst.ty == Ty::I64, d, src);
        self.zero_above(val);
    }

    /// `bswap`, which keeps EFLAGS
    pub fn bswap(&mut self, val: Val) {
        let d = self.one_operand(val);
        if self.inst(val).ty == Ty::I64 {
            asm!(self.buf; bswap Rq(d));
        } else {
            asm!(self.buf; bswap Rd(d));
        }
        self.zero_above(val);
    }

    /// `rbit`: bytes are swapped, then nibbles, pairs and bits within each.
    pub fn rbit(&mut self, val: Val) {
        let wide = self.inst(val).ty == Ty::I64;
        self.clobber();
        let d = self.one_operand(val);
        if wide {
            asm!(self.buf; bswap Rq(d));
        } else {
            asm!(self.buf; bswap Rd(d));
        }
        for (shift, mask) in [(4, 0x0f0f_0f0f_0f0f_0f0f_u64), (2, 0x3333_3333_3333_3333), (1, 0x5555_5555_5555_5555)] {
            self.buf.mov_imm(RAX, if wide { mask as i64 } else { mask as u32 as i64 });
            self.buf.mov(wide, RCX, d);
            self.buf.shift_imm(5, wide, RCX, shift);
            self.buf.alu(Alu::And, wide, RCX, Src::Reg(RAX));
            self.buf.alu(Alu::And, wide, d, Src::Reg(RAX));
            self.buf.shift_imm(4, wide, d, shift);
            self.buf.alu(Alu::Or, wide, d, Src::Reg(RCX));
        }
        self.zero_above(val);
    }

    /// `crc32c`: SSE4.2 has it, without the inversions, as asked.
    pub fn crc32c(&mut self, val: Val) {
        let inst = self.inst(val);
        let data = self.reg(inst.args[1]);
        let d = self.one_operand(val);
        match Access::from_u8(inst.aux).bytes() {
            1 => asm!(self.buf; crc32 Rd(d), Rb(data)),
            2 => asm!(self.buf; crc32 Rd(d), Rw(data)),
            4 => asm!(self.buf; crc32 Rd(d), Rd(data)),
            _ => asm!(self.buf; crc32 Rq(d), Rq(data)),
        }
        self.zero_above(val);
    }

    /// `clmul.lo` and `clmul.hi`
    pub fn clmul(&mut self, val: Val) {
        let inst = self.inst(val);
        if !self.config.features.pclmul {
            return self.evaluate(val);
        }
        let (a, b) = (self.reg(inst.args[0]), self.reg(inst.args[1]));
        let d = self.def(val, 0);
        let high = inst.op == Op::ClmulHi;
        self.movq_from_gpr(X0, a);
        self.movq_from_gpr(X1, b);
        self.vrri(PCLMULQDQ, X0, X0, X1, 0);
        if high {
            self.v2i(PSHUFD, X0, X0, 0xee);
        }
        self.movq_to_gpr(d, X0);
    }

    /// `bitcast`
    pub fn bitcast(&mut self, val: Val) {
        let inst = self.inst(val);
        let a = self.reg(inst.args[0]);
        let d = self.def(val, 0);
        match inst.ty {
            Ty::I64 => self.movq_to_gpr(d, a),
            Ty::I32 => self.movd_to_gpr(d, a),
            Ty::F64 => self.movq_from_gpr(d, a),
            _ => self.movd_from_gpr(d, a),
        }
        self.zero_above(val);
    }
}
