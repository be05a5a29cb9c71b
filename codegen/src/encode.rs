//! The operands whose form is only known at run time: guest memory with its scale and displacement,
//! and operands that may be a register, a slot or a constant. dynasm fixes these forms when it is
//! compiled, and would need an arm for each; the opcodes are rows here (Intel SDM 2, chapter 2).

use crate::buffer::{CodeBuf, Head, Operand};
use crate::regs::RBP;
use dynasmrt::DynasmApi;

/// A memory operand: base + index * 2^scale + disp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amode {
    pub base: u8,
    /// Index register or [`Amode::NO_INDEX`].
    pub index: u8,
    pub scale: u8,
    pub disp: i32,
}

impl Amode {
    /// As the SIB byte says it: `rsp` is never an index.
    pub const NO_INDEX: u8 = 4;

    /// A field of the context.
    pub const fn context(disp: i32) -> Amode {
        Amode { base: RBP, index: Amode::NO_INDEX, scale: 0, disp }
    }

    /// Where `reg` points.
    pub const fn at(reg: u8) -> Amode {
        Amode { base: reg, index: Amode::NO_INDEX, scale: 0, disp: 0 }
    }
}

impl Amode {
    /// ModRM with `reg` in it, SIB and displacement, put together without a branch: which of them there are is as good
    /// as random. An 8-bit displacement counts in `unit` bytes.
    #[inline]
    fn operand(self, reg: u8, unit: u8) -> Operand {
        let (index, low) = (self.index as u32, self.base as u32 & 7);
        let scale = unit.trailing_zeros() & 7;
        let scaled = self.disp >> scale;
        let fits = ((scaled as i8 as i32) << scale == self.disp) & (unit != 0);
        // Base 5 without a displacement would mean something else.
        let none = (self.disp == 0) & (low != 5);
        let mode = if none { 0 } else { 2 - fits as u32 };
        let has_sib = (index != Amode::NO_INDEX as u32) | (low == 4);
        let sib = (self.scale as u32) << 6 | (index & 7) << 3 | low;
        let modrm = mode << 6 | (reg as u32 & 7) << 3;
        Operand {
            modrm: if has_sib { modrm | 4 | sib << 8 } else { modrm | low },
            bits: 8 + 8 * has_sib as u32,
            disp: if fits { scaled } else { self.disp } as u32,
            disp_bytes: 0x410 >> (mode * 4) & 7,
        }
    }
}

/// A register or memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rm {
    Reg(u8),
    Mem(Amode),
}

/// An operand of an integer operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Src {
    Reg(u8),
    /// A displacement from `rbp`.
    Mem(i32),
    Imm(i32),
}

/// An instruction with a register and a register-or-memory operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opcode {
    /// Mandatory prefix (66, F2, F3) or 0.
    prefix: u8,
    /// The opcode's bytes as they follow each other, lowest first, the escape 0F included.
    code: u16,
    /// How many bits these are.
    bits: u8,
    /// Whether the register is a byte register, which needs REX from `spl` on.
    byte: bool,
}

const fn one(code: u8) -> Opcode {
    Opcode { prefix: 0, code: code as u16, bits: 8, byte: false }
}

const fn two(prefix: u8, code: u8) -> Opcode {
    Opcode { prefix, code: 0x0f | (code as u16) << 8, bits: 16, byte: false }
}

impl Opcode {
    pub const MOV_LOAD: Opcode = one(0x8b);
    pub const MOV_STORE: Opcode = one(0x89);
    pub const MOV_STORE8: Opcode = Opcode { byte: true, ..one(0x88) };
    pub const MOV_STORE16: Opcode = Opcode { prefix: 0x66, ..one(0x89) };
    /// These two have an immediate emitted behind.
    pub const MOV_STORE_IMM8: Opcode = one(0xc6);
    pub const MOV_STORE_IMM16: Opcode = Opcode { prefix: 0x66, ..one(0xc7) };
    pub const LEA: Opcode = one(0x8d);
    pub const MOVSXD: Opcode = one(0x63);
    pub const MOVZX8: Opcode = Opcode { byte: true, ..two(0, 0xb6) };
    pub const MOVZX16: Opcode = two(0, 0xb7);
    pub const MOVSX8: Opcode = Opcode { byte: true, ..two(0, 0xbe) };
    pub const MOVSX16: Opcode = two(0, 0xbf);
    pub const IMUL: Opcode = two(0, 0xaf);
    pub const TEST: Opcode = one(0x85);
    /// An exchange with memory locks by itself.
    pub const XCHG8: Opcode = Opcode { byte: true, ..one(0x86) };
    pub const XCHG16: Opcode = Opcode { prefix: 0x66, ..one(0x87) };
    pub const XCHG: Opcode = one(0x87);
    /// The rest need a LOCK prefix emitted before.
    pub const CMPXCHG8: Opcode = Opcode { byte: true, ..two(0, 0xb0) };
    pub const CMPXCHG16: Opcode = two(0x66, 0xb1);
    pub const CMPXCHG: Opcode = two(0, 0xb1);
    pub const XADD8: Opcode = Opcode { byte: true, ..two(0, 0xc0) };
    pub const XADD16: Opcode = two(0x66, 0xc1);
    pub const XADD: Opcode = two(0, 0xc1);
    /// CMPXCHG16B with `reg` 1 and REX.W.
    pub const CMPXCHG16B: Opcode = two(0, 0xc7);
    /// With a digit for the register; these have no result.
    pub const PREFETCH: Opcode = two(0, 0x18);
    pub const PREFETCHW: Opcode = two(0, 0x0d);
    pub const BSF: Opcode = two(0, 0xbc);
    pub const BSR: Opcode = two(0, 0xbd);
    pub const LZCNT: Opcode = two(0xf3, 0xbd);
    pub const TZCNT: Opcode = two(0xf3, 0xbc);
    pub const POPCNT: Opcode = two(0xf3, 0xb8);

    /// Its bytes with the REX byte, if that is 0 only where a byte register needs it.
    #[inline]
    fn head(self, rex: u32, new_byte: bool) -> Head {
        let mut head = Head::default();
        if self.prefix != 0 {
            head.push(self.prefix);
        }
        head.push_if((rex != 0) | (self.byte & new_byte), 0x40 | rex as u8);
        head.append(self.code as u32, self.bits as u32);
        head
    }

    /// `setcc` with condition `cc`.
    const fn setcc(cc: u8) -> Opcode {
        Opcode { byte: true, ..two(0, 0x90 | cc) }
    }

    /// `cmov` with condition `cc`.
    pub const fn cmov(cc: u8) -> Opcode {
        two(0, 0x40 | cc)
    }
}

/// The classic eight operations, by their number in opcodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Alu {
    Add = 0,
    Or = 1,
    Adc = 2,
    Sbb = 3,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

impl CodeBuf<'_> {
    /// `op reg, rm`, or the other way round where the opcode says so; `wide` for 64 bits.
    #[inline]
    pub(crate) fn rm(&mut self, op: Opcode, wide: bool, reg: u8, rm: Rm) {
        match rm {
            Rm::Reg(r) => self.rr(op, wide, reg, r),
            Rm::Mem(m) => self.mem(op, wide, reg, m),
        }
    }

    /// The same with two registers.
    pub(crate) fn rr(&mut self, op: Opcode, wide: bool, reg: u8, r: u8) {
        let rex = (wide as u32) << 3 | (reg as u32 >> 3) << 2 | r as u32 >> 3;
        let mut head = op.head(rex, (reg | r) & 12 != 0);
        head.append(0xc0 | (reg as u32 & 7) << 3 | r as u32 & 7, 8);
        self.put_head(head);
    }

    /// The same with a register and memory.
    pub(crate) fn mem(&mut self, op: Opcode, wide: bool, reg: u8, m: Amode) {
        let rex = (wide as u32) << 3 | (reg as u32 >> 3) << 2 | (m.index as u32 >> 3) << 1 | m.base as u32 >> 3;
        self.put_operand(op.head(rex, reg >= 4), m.operand(reg, 1));
    }

    /// The same with a register and a field of the context.
    pub(crate) fn field(&mut self, op: Opcode, wide: bool, reg: u8, disp: i32) {
        let head = op.head((wide as u32) << 3 | (reg as u32 >> 3) << 2, reg >= 4);
        let short = disp as i8 as i32 == disp;
        let modrm = if short { 0x45 } else { 0x85 } | (reg as u32 & 7) << 3;
        let disp_bytes = if short { 1 } else { 4 };
        self.put_operand(head, Operand { modrm, bits: 8, disp: disp as u32, disp_bytes });
    }

    /// `setcc` of a byte register.
    pub(crate) fn setcc(&mut self, cc: u8, reg: u8) {
        self.rm(Opcode::setcc(cc), false, 0, Rm::Reg(reg));
    }

    /// ModRM, SIB and displacement behind up to seven bytes. An 8-bit displacement counts in `unit` bytes (a power of
    /// two; 0: it can't be used).
    #[inline]
    pub(crate) fn modrm_behind(&mut self, mut head: Head, reg: u8, rm: Rm, unit: u8) {
        match rm {
            Rm::Reg(r) => {
                head.push(0xc0 | (reg & 7) << 3 | r & 7);
                self.put_head(head);
            }
            Rm::Mem(m) => self.put_operand(head, m.operand(reg, unit)),
        }
    }

    /// `op dst, src`
    pub(crate) fn alu(&mut self, op: Alu, wide: bool, dst: u8, src: Src) {
        match src {
            Src::Reg(r) => self.rr(one((op as u8) << 3 | 3), wide, dst, r),
            Src::Mem(disp) => self.field(one((op as u8) << 3 | 3), wide, dst, disp),
            Src::Imm(imm) => self.alu_imm(op, wide, Rm::Reg(dst), imm),
        }
    }

    /// `op rm, imm`
    pub(crate) fn alu_imm(&mut self, op: Alu, wide: bool, rm: Rm, imm: i32) {
        if imm as i8 as i32 == imm {
            self.rm(one(0x83), wide, op as u8, rm);
            self.push(imm as u8);
        } else {
            self.rm(one(0x81), wide, op as u8, rm);
            self.push_i32(imm);
        }
    }

    /// Stores a constant of `bytes` (4 or 8, sign-extended).
    pub(crate) fn store_imm(&mut self, wide: bool, at: Amode, imm: i32) {
        self.rm(one(0xc7), wide, 0, Rm::Mem(at));
        self.push_i32(imm);
    }

    /// `test byte [rbp + disp], mask`
    pub(crate) fn test_byte(&mut self, disp: i32, mask: u8) {
        self.rm(one(0xf6), false, 0, Rm::Mem(Amode::context(disp)));
        self.push(mask);
    }

    /// `test reg, imm`
    pub(crate) fn test_imm(&mut self, wide: bool, reg: u8, imm: i32) {
        // A mask without a sign bit gives the same flags at 32 bits, and one of 7 bits at 8.
        if (0..0x80).contains(&imm) {
            self.rm(Opcode { byte: true, ..one(0xf6) }, false, 0, Rm::Reg(reg));
            self.push(imm as u8);
        } else {
            self.rm(one(0xf7), wide && imm < 0, 0, Rm::Reg(reg));
            self.push_i32(imm);
        }
    }

    /// `imul dst, rm, imm`
    pub(crate) fn imul_imm(&mut self, wide: bool, dst: u8, rm: Rm, imm: i32) {
        if imm as i8 as i32 == imm {
            self.rm(one(0x6b), wide, dst, rm);
            self.push(imm as u8);
        } else {
            self.rm(one(0x69), wide, dst, rm);
            self.push_i32(imm);
        }
    }

    /// A shift or rotation by a constant: 0 `rol`, 1 `ror`, 4 `shl`, 5 `shr`, 7 `sar`.
    pub(crate) fn shift_imm(&mut self, digit: u8, wide: bool, dst: u8, count: u8) {
        if count == 1 {
            self.rm(one(0xd1), wide, digit, Rm::Reg(dst));
        } else {
            self.rm(one(0xc1), wide, digit, Rm::Reg(dst));
            self.push(count);
        }
    }

    /// The same by `cl`.
    pub(crate) fn shift_cl(&mut self, digit: u8, wide: bool, dst: u8) {
        self.rm(one(0xd3), wide, digit, Rm::Reg(dst));
    }

    /// `not` (2), `neg` (3), `mul` (4), `imul` (5), `div` (6), `idiv` (7)
    pub(crate) fn unary(&mut self, digit: u8, wide: bool, rm: Rm) {
        self.rm(one(0xf7), wide, digit, rm);
    }

    pub(crate) fn mov(&mut self, wide: bool, dst: u8, src: u8) {
        self.rr(Opcode::MOV_LOAD, wide, dst, src);
    }

    /// A constant in the shortest form that leaves EFLAGS alone.
    pub(crate) fn mov_imm(&mut self, dst: u8, imm: i64) {
        let mut head = Head::default();
        let (rex_b, low) = (dst >> 3, dst & 7);
        if let Ok(imm) = u32::try_from(imm) {
            head.push_if(rex_b != 0, 0x40 | rex_b);
            head.push(0xb8 | low);
            head.append(imm, 32);
        } else if let Ok(imm) = i32::try_from(imm) {
            head.append(0xc0_c748 | rex_b as u32 | (low as u32) << 16, 24);
            head.append(imm as u32, 32);
        } else {
            self.put([0x48 | rex_b, 0xb8 | low]);
            return self.put(imm.to_le_bytes());
        }
        self.put_head(head);
    }

    /// `jcc rel32` with condition `cc`; the offset of its field.
    pub(crate) fn jcc(&mut self, cc: u8) -> usize {
        self.put([0x0f, 0x80 | cc, 0, 0, 0, 0]);
        self.len() - 4
    }

    /// `jcc rel8`; the offset of its field.
    pub(crate) fn jcc8(&mut self, cc: u8) -> usize {
        self.put([0x70 | cc, 0]);
        self.len() - 1
    }

    /// `jmp rel8`; the offset of its field.
    pub(crate) fn jmp8(&mut self) -> usize {
        self.put([0xeb, 0]);
        self.len() - 1
    }

    /// `jmp rel32`; the offset of its field.
    pub(crate) fn jmp(&mut self) -> usize {
        self.put([0xe9, 0, 0, 0, 0]);
        self.len() - 4
    }

    /// Pads so that a field `ahead` bytes from here is aligned to four bytes.
    pub(crate) fn pad(&mut self, ahead: usize) {
        match (self.len() + ahead) % 4 {
            1 => self.put([0x0f, 0x1f, 0x00]),
            2 => self.put([0x66, 0x90]),
            3 => self.push(0x90),
            _ => {}
        }
    }
}
