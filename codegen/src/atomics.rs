//! Atomic operations: single locked instructions where the host has one that yields the old value,
//! else a compare-and-swap loop. All are sequentially consistent.

use crate::alloc::Class;
use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::flags::cc;
use crate::regs::{RAX, RBX, RCX, RDX, X0};
use crate::vectors::rows::{MOVAPS, PEXTR_D, PINSR_D};
use dynasmrt::DynasmApi;
use ir::ops::WITHIN_16;
use ir::{Access, RmwOp, Ty, Val};

/// The LOCK prefix.
const LOCK: u8 = 0xf0;

/// Opcodes of an operation by the width it works on.
struct ByWidth([Opcode; 3]);

const XCHG: ByWidth = ByWidth([Opcode::XCHG8, Opcode::XCHG16, Opcode::XCHG]);
const XADD: ByWidth = ByWidth([Opcode::XADD8, Opcode::XADD16, Opcode::XADD]);
const CMPXCHG: ByWidth = ByWidth([Opcode::CMPXCHG8, Opcode::CMPXCHG16, Opcode::CMPXCHG]);

impl ByWidth {
    fn of(&self, bytes: u32) -> Opcode {
        self.0[bytes.trailing_zeros().min(2) as usize]
    }
}

impl Emitter<'_, '_> {
    /// `aligned`: nearly every address is a multiple of the size.
    pub fn aligned(&mut self, val: Val) {
        let inst = self.inst(val);
        let bytes = (inst.imm & 0xff) as i32;
        self.clobber();
        let addr = self.reg(inst.args[0]);
        self.buf.mov(false, RAX, addr);
        self.buf.alu(Alu::And, false, RAX, Src::Imm(bytes - 1));
        let mut passes = [self.buf.jcc(cc::E), 0];
        if inst.imm & WITHIN_16 != 0 && bytes < 16 {
            self.buf.mov(false, RAX, addr);
            self.buf.alu(Alu::And, false, RAX, Src::Imm(15));
            self.buf.alu(Alu::Cmp, false, RAX, Src::Imm(16 - bytes));
            passes[1] = self.buf.jcc(cc::BE);
        }
        // A misaligned load of this kind always faults.
        self.may_fault();
        self.v2(MOVAPS, X0, Rm::Mem(Amode::at(addr)));
        self.bind_all(passes);
    }

    /// `rmw`
    pub fn rmw(&mut self, val: Val) {
        let inst = self.inst(val);
        let bytes = Access::from_u8(inst.imm as u8).bytes();
        let op = RmwOp::from_u8(inst.aux);
        self.clobber();
        let addr = self.reg(inst.args[0]);
        match op {
            RmwOp::Swap | RmwOp::Add => {
                self.copy_to(RAX, inst.args[1]);
                self.may_fault();
                if op == RmwOp::Add {
                    self.buf.push(LOCK);
                }
                let row = if op == RmwOp::Add { XADD } else { XCHG };
                self.buf.rm(row.of(bytes), bytes == 8, RAX, Rm::Mem(Amode::at(addr)));
            }
            _ => {
                let value = self.reg(inst.args[1]);
                self.rmw_loop(op, bytes, addr, value);
            }
        }
        self.take_old(val, bytes);
    }

    /// The old value is in `rax`, in the low `bytes`.
    fn take_old(&mut self, val: Val, bytes: u32) {
        self.unlock();
        let d = self.def(val, 0);
        match bytes {
            1 => self.buf.rm(Opcode::MOVZX8, false, d, Rm::Reg(RAX)),
            2 => self.buf.rm(Opcode::MOVZX16, false, d, Rm::Reg(RAX)),
            bytes => self.buf.mov(bytes == 8, d, RAX),
        }
        self.zero_above(val);
    }

    /// `rax` old, `rcx` new, until memory held the old value.
    fn rmw_loop(&mut self, op: RmwOp, bytes: u32, addr: u8, value: u8) {
        self.may_fault();
        self.load_narrow(bytes, addr);
        let again = self.buf.len();
        self.combine(op, bytes, value);
        self.may_fault();
        self.buf.push(LOCK);
        self.buf.rm(CMPXCHG.of(bytes), bytes == 8, RCX, Rm::Mem(Amode::at(addr)));
        let field = self.buf.jcc(cc::NE);
        self.buf.bind_to(field, again);
    }

    fn load_narrow(&mut self, bytes: u32, addr: u8) {
        let op = match bytes {
            1 => Opcode::MOVZX8,
            2 => Opcode::MOVZX16,
            _ => Opcode::MOV_LOAD,
        };
        self.buf.rm(op, bytes == 8, RAX, Rm::Mem(Amode::at(addr)));
    }

    /// The new value to `rcx` from the old one in `rax`.
    fn combine(&mut self, op: RmwOp, bytes: u32, value: u8) {
        let wide = bytes == 8;
        let alu = match op {
            RmwOp::And => Alu::And,
            RmwOp::Or => Alu::Or,
            RmwOp::Xor => Alu::Xor,
            RmwOp::Clear => {
                self.buf.mov(true, RCX, value);
                self.buf.unary(2, true, Rm::Reg(RCX));
                return self.buf.alu(Alu::And, wide, RCX, Src::Reg(RAX));
            }
            _ => return self.combine_minmax(op, bytes, value),
        };
        self.buf.mov(true, RCX, RAX);
        self.buf.alu(alu, wide, RCX, Src::Reg(value));
    }

    /// Minimum or maximum: compares at the width of memory, keeps the old value where it wins.
    fn combine_minmax(&mut self, op: RmwOp, bytes: u32, value: u8) {
        self.buf.mov(true, RCX, value);
        match bytes {
            1 => asm!(self.buf; cmp al, cl),
            2 => asm!(self.buf; cmp ax, cx),
            4 => asm!(self.buf; cmp eax, ecx),
            _ => asm!(self.buf; cmp rax, rcx),
        }
        let keep = match op {
            RmwOp::MinS => cc::L,
            RmwOp::MaxS => cc::G,
            RmwOp::MinU => cc::B,
            _ => cc::A,
        };
        self.buf.rm(Opcode::cmov(keep), true, RCX, Rm::Reg(RAX));
    }

    /// `cas`
    pub fn cas(&mut self, val: Val) {
        let inst = self.inst(val);
        let [addr, expected, new] = inst.args;
        self.clobber();
        if inst.ty == Ty::V128 {
            return self.cas_pair(val);
        }
        let bytes = Access::from_u8(inst.aux).bytes();
        let (addr, new) = (self.reg(addr), self.reg(new));
        self.copy_to(RAX, expected);
        self.may_fault();
        self.buf.push(LOCK);
        self.buf.rm(CMPXCHG.of(bytes), bytes == 8, new, Rm::Mem(Amode::at(addr)));
        self.take_old(val, bytes);
    }

    /// Sixteen bytes: `cmpxchg16b` wants `rdx:rax` and `rcx:rbx`. `rbx` is a pinned register, and
    /// must be itself again where the instruction may fault, so the address is touched before:
    /// with a write, so that a read-only page faults there too.
    fn cas_pair(&mut self, val: Val) {
        let inst = self.inst(val);
        let [addr, expected, new] = inst.args;
        self.claim(Class::Gpr, RDX);
        let addr = self.reg(addr);
        let (expected, new) = (self.reg(expected), self.reg(new));
        let saved = self.tmp(Class::Gpr);
        self.check_pair(addr);
        self.halves_to_gprs(RAX, RDX, expected);
        // An address in rbx has to be read from its copy.
        let at = if addr == RBX { saved } else { addr };
        self.buf.mov(true, saved, RBX);
        self.halves_to_gprs(RBX, RCX, new);
        self.may_fault();
        self.buf.push(LOCK);
        self.buf.rm(Opcode::CMPXCHG16B, true, 1, Rm::Mem(Amode::at(at)));
        self.buf.mov(true, RBX, saved);
        self.unlock();
        let d = self.def(val, 0);
        self.gprs_to_halves(d, RAX, RDX);
    }

    /// Faults where `cmpxchg16b` would: for want of alignment, of a page, or of the right to write.
    fn check_pair(&mut self, addr: u8) {
        self.may_fault();
        self.v2(MOVAPS, X0, Rm::Mem(Amode::at(addr)));
        self.may_fault();
        self.buf.push(LOCK);
        self.buf.alu_imm(Alu::Or, false, Rm::Mem(Amode::at(addr)), 0);
    }

    /// Both halves of a vector to general registers.
    fn halves_to_gprs(&mut self, low: u8, high: u8, src: u8) {
        self.movq_to_gpr(low, src);
        self.v2(PEXTR_D, src, Rm::Reg(high));
        self.buf.push(1);
    }

    fn gprs_to_halves(&mut self, dst: u8, low: u8, high: u8) {
        self.movq_from_gpr(dst, low);
        self.vinsert(PINSR_D, dst, dst, Rm::Reg(high), 1);
    }
}
