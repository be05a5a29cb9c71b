//! Vector instructions by rows: one row serves the legacy form and the VEX form (Intel SDM 2,
//! 2.1 and 2.3), which has a destination of its own and is used wherever the host has AVX.

use crate::buffer::CodeBuf;
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::NONE;
use dynasmrt::DynasmApi;

/// An instruction over vector registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vop {
    /// Mandatory prefix: 0 none, 1 66, 2 F3, 3 F2.
    pp: u8,
    /// Opcode map: 1 0F, 2 0F 38, 3 0F 3A.
    map: u8,
    code: u8,
    /// REX.W or VEX.W.
    wide: bool,
    /// Whether the operands can be swapped.
    pub commutes: bool,
}

/// `66 0F code`
pub(crate) const fn op(code: u8) -> Vop {
    Vop { pp: 1, map: 1, code, wide: false, commutes: false }
}

/// `66 0F 38 code`
pub(crate) const fn op38(code: u8) -> Vop {
    Vop { map: 2, ..op(code) }
}

/// `66 0F 3A code`
pub(crate) const fn op3a(code: u8) -> Vop {
    Vop { map: 3, ..op(code) }
}

impl Vop {
    /// With another mandatory prefix.
    pub const fn prefix(self, pp: u8) -> Vop {
        Vop { pp, ..self }
    }

    /// The row whose code is one more.
    pub const fn next(self) -> Vop {
        Vop { code: self.code + 1, ..self }
    }

    /// With the W bit.
    pub const fn wide(self) -> Vop {
        Vop { wide: true, ..self }
    }

    /// With operands that can be swapped.
    pub const fn commutative(self) -> Vop {
        Vop { commutes: true, ..self }
    }
}

impl CodeBuf<'_> {
    /// The legacy form: `op reg, rm`.
    pub(crate) fn legacy(&mut self, op: Vop, reg: u8, rm: Rm) {
        match op.pp {
            1 => self.push(0x66),
            2 => self.push(0xf3),
            3 => self.push(0xf2),
            _ => {}
        }
        let (x, b) = high_bits(rm);
        let rex = (op.wide as u8) << 3 | (reg >> 3) << 2 | x << 1 | b;
        if rex != 0 {
            self.push(0x40 | rex);
        }
        match op.map {
            1 => self.push(0x0f),
            2 => self.put([0x0f, 0x38]),
            _ => self.put([0x0f, 0x3a]),
        }
        self.push(op.code);
        self.modrm(reg, rm);
    }

    /// The VEX form: `op reg, second, rm`; `second` 0 where there is none.
    pub(crate) fn vex(&mut self, op: Vop, reg: u8, second: u8, rm: Rm) {
        let (x, b) = high_bits(rm);
        let tail = (!second & 15) << 3 | op.pp;
        let r = (reg >> 3 ^ 1) << 7;
        if op.map == 1 && !op.wide && x == 0 && b == 0 {
            self.put([0xc5, r | tail]);
        } else {
            self.put([0xc4, r | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map, (op.wide as u8) << 7 | tail]);
        }
        self.push(op.code);
        self.modrm(reg, rm);
    }
}

fn high_bits(rm: Rm) -> (u8, u8) {
    match rm {
        Rm::Reg(r) => (0, r >> 3),
        Rm::Mem(m) => (if m.index == NONE { 0 } else { m.index >> 3 }, m.base >> 3),
    }
}

impl Emitter<'_, '_> {
    /// `dst = a op b`. Without AVX, `b` must not be in `dst` unless the operation commutes.
    pub(crate) fn v3(&mut self, op: Vop, dst: u8, a: u8, b: Rm) {
        if self.config.features.avx {
            return self.buf.vex(op, dst, a, b);
        }
        match b {
            Rm::Reg(r) if r == dst && dst != a => {
                debug_assert!(op.commutes, "the second operand would be lost");
                self.buf.legacy(op, dst, Rm::Reg(a));
            }
            _ => {
                self.vmov(dst, a);
                self.buf.legacy(op, dst, b);
            }
        }
    }

    /// `dst = a op b` on registers.
    pub(crate) fn vrr(&mut self, op: Vop, dst: u8, a: u8, b: u8) {
        self.v3(op, dst, a, Rm::Reg(b));
    }

    /// `dst = a op b` with a constant byte.
    pub(crate) fn vrri(&mut self, op: Vop, dst: u8, a: u8, b: u8, imm: u8) {
        self.vrr(op, dst, a, b);
        self.buf.push(imm);
    }

    /// `dst = op src`
    pub(crate) fn v2(&mut self, op: Vop, dst: u8, src: Rm) {
        if self.config.features.avx { self.buf.vex(op, dst, 0, src) } else { self.buf.legacy(op, dst, src) }
    }

    /// `dst = op src` with a constant byte.
    pub(crate) fn v2i(&mut self, op: Vop, dst: u8, src: u8, imm: u8) {
        self.v2(op, dst, Rm::Reg(src));
        self.buf.push(imm);
    }

    /// `dst = a shifted by imm`, `digit` the shift's number in its opcode group.
    pub(crate) fn vshift(&mut self, op: Vop, digit: u8, dst: u8, a: u8, imm: u8) {
        if self.config.features.avx {
            self.buf.vex(op, digit, dst, Rm::Reg(a));
        } else {
            self.vmov(dst, a);
            self.buf.legacy(op, digit, Rm::Reg(dst));
        }
        self.buf.push(imm);
    }

    /// `dst = a` with lane `imm` from a general register.
    pub(crate) fn vinsert(&mut self, op: Vop, dst: u8, a: u8, gpr: u8, imm: u8) {
        if self.config.features.avx {
            self.buf.vex(op, dst, a, Rm::Reg(gpr));
        } else {
            self.vmov(dst, a);
            self.buf.legacy(op, dst, Rm::Reg(gpr));
        }
        self.buf.push(imm);
    }

    /// Copies a vector register.
    pub(crate) fn vmov(&mut self, dst: u8, src: u8) {
        if dst != src {
            self.v2(Vop { pp: 0, ..op(0x28) }, dst, Rm::Reg(src));
        }
    }

    /// Zeroes a vector register.
    pub(crate) fn vzero(&mut self, dst: u8) {
        self.vrr(op(0xef).commutative(), dst, dst, dst);
    }

    /// Sets every bit of a vector register.
    pub(crate) fn vones(&mut self, dst: u8) {
        self.vrr(op(0x76).commutative(), dst, dst, dst);
    }
}
