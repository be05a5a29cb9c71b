//! Vector instructions by rows: one row serves the legacy form, the VEX form (Intel SDM 2,
//! 2.1 and 2.3), which has a destination of its own and is used wherever the host has AVX, and the EVEX
//! form (2.7), for registers from 16 on. What has no EVEX form works on copies of these.

use crate::buffer::{CodeBuf, Head};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::{LOW0, LOW1};
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
    high: High,
    /// What an 8-bit displacement of the EVEX form counts in; 0: the row doesn't say.
    unit: u8,
}

/// AVX-512: each bit of the result is the bit of the constant that those of destination and operands name.
pub(crate) const TERNARY: Vop = op3a(0x25);

/// How an instruction reaches registers 16 to 31.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum High {
    /// By an EVEX form with W as `wide` says.
    Wide,
    /// By one whose W is set.
    W1,
    /// By one whose W is set for doubles, which the mandatory prefix tells.
    Double,
    /// The same as `Wide`, where the host has VAES and VPCLMULQDQ.
    Vaes,
    /// Not at all.
    None,
}

/// `66 0F code`
pub(crate) const fn op(code: u8) -> Vop {
    Vop { pp: 1, map: 1, code, wide: false, commutes: false, high: High::Wide, unit: 0 }
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

    /// With the W bit in the EVEX form alone.
    pub const fn evex_w1(self) -> Vop {
        Vop { high: High::W1, ..self }
    }

    /// With the W bit in the EVEX form where the prefix is that of doubles.
    pub const fn evex_by_prefix(self) -> Vop {
        Vop { high: High::Double, ..self }
    }

    /// With an EVEX form on hosts with VAES and VPCLMULQDQ.
    pub const fn evex_vaes(self) -> Vop {
        Vop { high: High::Vaes, ..self }
    }

    /// Without an EVEX form of this meaning.
    pub const fn no_evex(self) -> Vop {
        Vop { high: High::None, ..self }
    }

    /// Whose memory operand has so many bytes.
    pub const fn unit(self, bytes: u8) -> Vop {
        Vop { unit: bytes, ..self }
    }

    /// With operands that can be swapped.
    pub const fn commutative(self) -> Vop {
        Vop { commutes: true, ..self }
    }
}

impl CodeBuf<'_> {
    /// The legacy form: `op reg, rm`.
    pub(crate) fn legacy(&mut self, op: Vop, reg: u8, rm: Rm) {
        debug_assert!(!is_high(reg) && !is_high_rm(rm), "a register that the legacy form can't name");
        let mut head = Head::default();
        head.push_if(op.pp != 0, [0, 0x66, 0xf3, 0xf2][op.pp as usize & 3]);
        let (x, b) = high_bits(rm);
        let rex = (op.wide as u8) << 3 | (reg >> 3) << 2 | x << 1 | b;
        head.push_if(rex != 0, 0x40 | rex);
        head.push(0x0f);
        head.push_if(op.map != 1, if op.map == 2 { 0x38 } else { 0x3a });
        head.push(op.code);
        self.modrm_behind(head, reg, rm, 1);
    }

    /// The VEX form: `op reg, second, rm`; `second` 0 where there is none. The EVEX form where that needs it.
    #[inline]
    pub(crate) fn vex(&mut self, op: Vop, reg: u8, second: u8, rm: Rm) {
        if is_high(reg | second) || is_high_rm(rm) {
            return self.evex(op, reg, second, rm);
        }
        let (x, b) = high_bits(rm);
        let tail = (!second & 15) << 3 | op.pp;
        let r = (reg >> 3 ^ 1) << 7;
        let mut head = Head::default();
        if op.map == 1 && !op.wide && x == 0 && b == 0 {
            head.append(0xc5 | ((r | tail) as u32) << 8, 16);
        } else {
            head.append(0xc4 | ((r | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map) as u32) << 8, 16);
            head.push((op.wide as u8) << 7 | tail);
        }
        head.push(op.code);
        self.modrm_behind(head, reg, rm, 1);
    }
}

impl CodeBuf<'_> {
    /// The EVEX form with 128 bits and without a mask.
    pub(crate) fn evex(&mut self, op: Vop, reg: u8, second: u8, rm: Rm) {
        self.evex_masked(op, reg, second, rm, 0);
    }

    /// The same on the lanes that mask register `mask` names, of which the first means all.
    pub(crate) fn evex_masked(&mut self, op: Vop, reg: u8, second: u8, rm: Rm, mask: u8) {
        debug_assert!(op.high != High::None, "no such form: {op:?}");
        let (mut x, b) = high_bits(rm);
        let mut unit = op.unit;
        if let Rm::Reg(r) = rm {
            (x, unit) = (r >> 4, 1);
        }
        let w = match op.high {
            High::W1 => true,
            High::Double => op.wide || op.pp & 1 != 0,
            _ => op.wide,
        };
        let extensions = !((reg >> 3 & 1) << 7 | x << 6 | (b & 1) << 5 | (reg >> 4) << 4) & 0xf0;
        let mut head = Head::default();
        head.append(0x62 | ((extensions | op.map) as u32) << 8, 16);
        head.push((w as u8) << 7 | (!second & 15) << 3 | 4 | op.pp);
        head.push((!second >> 4 & 1) << 3 | mask);
        head.push(op.code);
        self.modrm_behind(head, reg, rm, unit);
    }
}

/// Whether a vector register can only be named by EVEX.
fn is_high(reg: u8) -> bool {
    reg & 16 != 0
}

fn is_high_rm(rm: Rm) -> bool {
    matches!(rm, Rm::Reg(reg) if is_high(reg))
}

fn high_bits(rm: Rm) -> (u8, u8) {
    match rm {
        Rm::Reg(r) => (0, r >> 3),
        Rm::Mem(m) => (m.index >> 3, m.base >> 3),
    }
}

impl Emitter<'_, '_> {
    /// `dst = a op b`. Without AVX, `b` must not be in `dst` unless the operation commutes.
    pub(crate) fn v3(&mut self, op: Vop, dst: u8, a: u8, b: Rm) {
        self.v3_with(op, dst, a, b, None);
    }

    /// `dst = a op b`, with a constant byte or without.
    fn v3_with(&mut self, op: Vop, dst: u8, a: u8, b: Rm, imm: Option<u8>) {
        if self.needs_low(op) && (is_high(dst | a) || is_high_rm(b)) {
            let to = if is_high(dst) { LOW0 } else { dst };
            let (a, b) = (self.low(a, LOW0), self.low_rm(b, LOW1));
            self.buf.vex(op, to, a, b);
            self.push_imm(imm);
            return self.vmov(dst, to);
        }
        if self.config.features.avx {
            self.buf.vex(op, dst, a, b);
        } else {
            self.legacy_v3(op, dst, a, b);
        }
        self.push_imm(imm);
    }

    fn push_imm(&mut self, imm: Option<u8>) {
        if let Some(imm) = imm {
            self.buf.push(imm);
        }
    }

    /// Whether an instruction can't name all vector registers that there are.
    fn needs_low(&self, op: Vop) -> bool {
        match op.high {
            High::None => true,
            High::Vaes => !self.config.features.vaes,
            _ => false,
        }
    }

    /// `reg`, or its copy in `low` where only EVEX can name it.
    pub(crate) fn low(&mut self, reg: u8, low: u8) -> u8 {
        if !is_high(reg) {
            return reg;
        }
        self.vmov(low, reg);
        low
    }

    fn low_rm(&mut self, rm: Rm, low: u8) -> Rm {
        match rm {
            Rm::Reg(reg) => Rm::Reg(self.low(reg, low)),
            mem => mem,
        }
    }

    fn legacy_v3(&mut self, op: Vop, dst: u8, a: u8, b: Rm) {
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
        self.v3_with(op, dst, a, Rm::Reg(b), Some(imm));
    }

    /// The same where the second operand may be memory.
    pub(crate) fn v3i(&mut self, op: Vop, dst: u8, a: u8, b: Rm, imm: u8) {
        self.v3_with(op, dst, a, b, Some(imm));
    }

    /// `dst = op src`, or what else has two operands.
    pub(crate) fn v2(&mut self, op: Vop, dst: u8, src: Rm) {
        if self.needs_low(op) && (is_high(dst) || is_high_rm(src)) {
            // Whether it reads `dst`, writes it or both, it finds and leaves there what it should.
            let (to, src) = (self.low(dst, LOW0), self.low_rm(src, LOW1));
            self.buf.vex(op, to, 0, src);
            return self.vmov(dst, to);
        }
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

    /// `dst = a` with lane `imm` from a general register, or from memory.
    pub(crate) fn vinsert(&mut self, op: Vop, dst: u8, a: u8, scalar: Rm, imm: u8) {
        if self.config.features.avx {
            self.buf.vex(op, dst, a, scalar);
        } else {
            self.vmov(dst, a);
            self.buf.legacy(op, dst, scalar);
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
        if is_high(dst) {
            return self.vrri(TERNARY, dst, dst, dst, 0xff);
        }
        self.vrr(op(0x76).commutative().no_evex(), dst, dst, dst);
    }
}
