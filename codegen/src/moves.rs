//! Moves of vector registers, in the VEX form where the host has it: the two forms are not mixed,
//! which on many hosts costs a transition.

use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Amode, Opcode, Rm};
use dynasmrt::DynasmApi;

/// A vector instruction with operands `d, a, b`: the VEX form where there is one, else a move and
/// the two-operand form. `d` may be `a`; it may be `b` too where the operation commutes, which
/// the caller then says by writing `b` first.
macro_rules! simd3 {
    ($e:expr; $sse:ident $avx:ident $d:expr, $a:expr, $b:expr $(, $imm:expr)?) => {{
        let (d, a, b): (u8, u8, u8) = ($d, $a, $b);
        if $e.config.features.avx {
            crate::buffer::asm!($e.buf; $avx Rx(d), Rx(a), Rx(b) $(, $imm)?);
        } else {
            let b = $e.two_operand_form(d, a, b);
            crate::buffer::asm!($e.buf; $sse Rx(d), Rx(b) $(, $imm)?);
        }
    }};
}

/// A vector instruction with operands `d, a`, where the two-operand form does not read `d`.
macro_rules! simd2 {
    ($e:expr; $sse:ident $avx:ident $d:expr, $a:expr $(, $imm:expr)?) => {{
        let (d, a): (u8, u8) = ($d, $a);
        if $e.config.features.avx {
            crate::buffer::asm!($e.buf; $avx Rx(d), Rx(a) $(, $imm)?);
        } else {
            crate::buffer::asm!($e.buf; $sse Rx(d), Rx(a) $(, $imm)?);
        }
    }};
}

/// A shift of `d` by a constant, in place for SSE.
macro_rules! simd_shift {
    ($e:expr; $sse:ident $avx:ident $d:expr, $a:expr, $imm:expr) => {{
        let (d, a): (u8, u8) = ($d, $a);
        if $e.config.features.avx {
            crate::buffer::asm!($e.buf; $avx Rx(d), Rx(a), $imm);
        } else {
            $e.mov_xmm(d, a);
            crate::buffer::asm!($e.buf; $sse Rx(d), $imm);
        }
    }};
}

/// An instruction with operands `d, a` and a constant in the context at a displacement from `rbp`.
macro_rules! simd_mem {
    ($e:expr; $sse:ident $avx:ident $d:expr, $a:expr, $disp:expr) => {{
        let (d, a): (u8, u8) = ($d, $a);
        if $e.config.features.avx {
            crate::buffer::asm!($e.buf; $avx Rx(d), Rx(a), [rbp + $disp]);
        } else {
            $e.mov_xmm(d, a);
            crate::buffer::asm!($e.buf; $sse Rx(d), [rbp + $disp]);
        }
    }};
}

/// A load or store in both forms, through our own memory operand.
macro_rules! vex_mem {
    ($e:expr, $legacy:expr, $reg:expr, $at:expr) => {{
        if $e.config.features.avx {
            $e.buf.vex_rm($legacy, $reg, $at);
        } else {
            $e.buf.rm($legacy, false, $reg, Rm::Mem($at));
        }
    }};
}

pub(crate) use {simd_mem, simd_shift, simd2, simd3};

impl Emitter<'_, '_> {
    /// Readies `d` as first operand of a two-operand form; where the second operand now is.
    pub fn two_operand_form(&mut self, d: u8, a: u8, b: u8) -> u8 {
        if d == a {
            return b;
        }
        if d != b {
            self.mov_xmm(d, a);
            return b;
        }
        // Out of the way of the copy of `a`.
        let spare = if a == crate::regs::X1 { crate::regs::X0 } else { crate::regs::X1 };
        debug_assert!(d != spare);
        self.mov_xmm(spare, b);
        self.mov_xmm(d, a);
        spare
    }

    pub fn mov_xmm(&mut self, dst: u8, src: u8) {
        if dst != src {
            simd2!(self; movaps vmovaps dst, src);
        }
    }

    pub fn xor_xmm(&mut self, reg: u8) {
        if self.config.features.avx {
            asm!(self.buf; vpxor Rx(reg), Rx(reg), Rx(reg));
        } else {
            asm!(self.buf; pxor Rx(reg), Rx(reg));
        }
    }

    pub fn ones_xmm(&mut self, reg: u8) {
        if self.config.features.avx {
            asm!(self.buf; vpcmpeqd Rx(reg), Rx(reg), Rx(reg));
        } else {
            asm!(self.buf; pcmpeqd Rx(reg), Rx(reg));
        }
    }

    pub fn movd_from_gpr(&mut self, dst: u8, src: u8) {
        if self.config.features.avx {
            asm!(self.buf; vmovd Rx(dst), Rd(src));
        } else {
            asm!(self.buf; movd Rx(dst), Rd(src));
        }
    }

    pub fn movd_to_gpr(&mut self, dst: u8, src: u8) {
        if self.config.features.avx {
            asm!(self.buf; vmovd Rd(dst), Rx(src));
        } else {
            asm!(self.buf; movd Rd(dst), Rx(src));
        }
    }

    pub fn movq_from_gpr(&mut self, dst: u8, src: u8) {
        if self.config.features.avx {
            asm!(self.buf; vmovq Rx(dst), Rq(src));
        } else {
            asm!(self.buf; movq Rx(dst), Rq(src));
        }
    }

    pub fn movq_to_gpr(&mut self, dst: u8, src: u8) {
        if self.config.features.avx {
            asm!(self.buf; vmovq Rq(dst), Rx(src));
        } else {
            asm!(self.buf; movq Rq(dst), Rx(src));
        }
    }

    pub fn movups_load(&mut self, reg: u8, at: Amode) {
        vex_mem!(self, Opcode::MOVUPS_LOAD, reg, at);
    }

    pub fn movsd_load(&mut self, reg: u8, at: Amode) {
        vex_mem!(self, Opcode::MOVSD_LOAD, reg, at);
    }

    pub fn movss_load(&mut self, reg: u8, at: Amode) {
        vex_mem!(self, Opcode::MOVSS_LOAD, reg, at);
    }

    pub fn movups_store(&mut self, at: Amode, reg: u8) {
        vex_mem!(self, Opcode::MOVUPS_STORE, reg, at);
    }

    pub fn movsd_store(&mut self, at: Amode, reg: u8) {
        vex_mem!(self, Opcode::MOVSD_STORE, reg, at);
    }

    pub fn movss_store(&mut self, at: Amode, reg: u8) {
        vex_mem!(self, Opcode::MOVSS_STORE, reg, at);
    }
}
