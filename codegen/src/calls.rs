//! Helpers, and the few ops that talk to the machine: clock, pause, floating-point flags.

use crate::alloc::Class;
use crate::buffer::asm;
use crate::context::field;
use crate::emitter::Emitter;
use crate::encode::{Amode, Opcode, Rm};
use crate::regs::{RAX, RDX};
use crate::runtime::BUILTINS;
use dynasmrt::DynasmApi;
use ir::{CallArgs, Ty, Val};

/// The sticky exceptions in MXCSR.
const FLAGS: i32 = crate::context::MXCSR_FLAGS as i32;

impl Emitter<'_, '_> {
    /// `call`
    pub fn call_helper(&mut self, val: Val) {
        let inst = self.inst(val);
        let function = BUILTINS + (inst.imm & 0xffff) as usize;
        self.clobber();
        if CallArgs::from_u8(inst.aux) == CallArgs::Int {
            self.pass(&inst.args, field::CALL_ARGS, 8);
            self.store_imm64(field::CALL_ARGS + 24, inst.imm >> 16);
            self.call_function(field::ENTRY_CALL_INT, function);
            let d = self.def(val, 0);
            return self.buf.mov(inst.ty == Ty::I64, d, RAX);
        }
        self.pass(&inst.args, field::VEC_ARGS, 16);
        self.store_imm64(field::VEC_IMM, inst.imm >> 16);
        self.call_function(field::ENTRY_CALL_VEC, function);
        let class = Class::of(inst.ty);
        let d = self.def(val, 0);
        self.load_field(class, inst.ty.bytes(), d, field::VEC_ARGS);
    }

    /// Stores operands in the context, integers zero-extended, absent ones as 0.
    fn pass(&mut self, args: &[Val; 3], disp: i32, stride: i32) {
        for (i, &arg) in args.iter().enumerate() {
            let at = Amode::context(disp + i as i32 * stride);
            if !arg.is_some() {
                self.store_zero(at, stride);
                continue;
            }
            let ty = self.inst(arg).result();
            if ty.is_vec() {
                let reg = self.reg(arg);
                self.store_reg(Class::Xmm, 16, at, reg);
            } else {
                self.copy_to(RAX, arg);
                if ty == Ty::I32 {
                    self.buf.mov(false, RAX, RAX);
                }
                self.buf.rm(Opcode::MOV_STORE, true, RAX, Rm::Mem(at));
            }
            self.unlock();
        }
    }

    fn store_zero(&mut self, at: Amode, bytes: i32) {
        for offset in (0..bytes).step_by(8) {
            self.buf.store_imm(true, Amode { disp: at.disp + offset, ..at }, 0);
        }
    }

    /// `cycles`
    pub fn cycles(&mut self, val: Val) {
        self.clobber();
        self.claim(Class::Gpr, RDX);
        asm!(self.buf; rdtsc ; shl rdx, 32 ; or rax, rdx);
        let d = self.def(val, 0);
        self.buf.mov(true, d, RAX);
    }

    /// `get_fpflags`
    pub fn get_fp_flags(&mut self, val: Val) {
        self.clobber();
        let d = self.def(val, 0);
        asm!(self.buf
            ; stmxcsr [rbp + field::MXCSR_SCRATCH]
            ; mov Rd(d), [rbp + field::MXCSR_SCRATCH]
            ; and Rd(d), FLAGS
        );
        self.zero_above(val);
    }

    /// `set_fpflags`
    pub fn set_fp_flags(&mut self, val: Val) {
        let inst = self.inst(val);
        self.clobber();
        self.copy_to(RAX, inst.args[0]);
        asm!(self.buf
            ; and eax, FLAGS
            ; stmxcsr [rbp + field::MXCSR_SCRATCH]
            ; and DWORD [rbp + field::MXCSR_SCRATCH], !FLAGS
            ; or [rbp + field::MXCSR_SCRATCH], eax
            ; ldmxcsr [rbp + field::MXCSR_SCRATCH]
        );
    }
}
