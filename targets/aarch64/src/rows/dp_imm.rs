//! Data processing, immediate (Arm ARM C4.1.92).

use ir::{Op, Ty, Val};
use target::{Lower, instructions};

use crate::alu::{self, ADD, ADDS, AddSub, Logic, SUB, SUBS};
use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, reg_sp, set_reg, set_reg_sp};

instructions! {
    /// PC-relative addressing; add, subtract, logical, move wide, bitfield, extract.
    pub ROWS: cpu::BASE;
    adr  "0 ii 10000 iiiiiiiiiiiiiiiiiii ddddd" |b, f: Word| adr(b, f);
    adrp "1 ii 10000 iiiiiiiiiiiiiiiiiii ddddd" |b, f: Word| adrp(b, f);

    add_imm  "s 0 0 100010 h iiiiiiiiiiii nnnnn ddddd" |b, f: Word| add_sub(b, f, ADD);
    adds_imm "s 0 1 100010 h iiiiiiiiiiii nnnnn ddddd" |b, f: Word| add_sub(b, f, ADDS);
    sub_imm  "s 1 0 100010 h iiiiiiiiiiii nnnnn ddddd" |b, f: Word| add_sub(b, f, SUB);
    subs_imm "s 1 1 100010 h iiiiiiiiiiii nnnnn ddddd" |b, f: Word| add_sub(b, f, SUBS);

    and_imm  "s 00 100100 N rrrrrr ssssss nnnnn ddddd" |b, f: Word| logic(b, f, alu::AND);
    orr_imm  "s 01 100100 N rrrrrr ssssss nnnnn ddddd" |b, f: Word| logic(b, f, alu::ORR);
    eor_imm  "s 10 100100 N rrrrrr ssssss nnnnn ddddd" |b, f: Word| logic(b, f, alu::EOR);
    ands_imm "s 11 100100 N rrrrrr ssssss nnnnn ddddd" |b, f: Word| logic(b, f, alu::ANDS);

    movn "s 00 100101 hh iiiiiiiiiiiiiiii ddddd" unless "0 00 100101 1h iiiiiiiiiiiiiiii ddddd" |b, f: Word| mov_wide(b, f, true);
    movz "s 10 100101 hh iiiiiiiiiiiiiiii ddddd" unless "0 10 100101 1h iiiiiiiiiiiiiiii ddddd" |b, f: Word| mov_wide(b, f, false);
    movk "s 11 100101 hh iiiiiiiiiiiiiiii ddddd" unless "0 11 100101 1h iiiiiiiiiiiiiiii ddddd" |b, f: Word| movk(b, f);

    sbfm_w "0 00 100110 0 0rrrrr 0sssss nnnnn ddddd" |b, f: Word| sbfm(b, f);
    sbfm_x "1 00 100110 1 rrrrrr ssssss nnnnn ddddd" |b, f: Word| sbfm(b, f);
    bfm_w  "0 01 100110 0 0rrrrr 0sssss nnnnn ddddd" |b, f: Word| bfm(b, f);
    bfm_x  "1 01 100110 1 rrrrrr ssssss nnnnn ddddd" |b, f: Word| bfm(b, f);
    ubfm_w "0 10 100110 0 0rrrrr 0sssss nnnnn ddddd" |b, f: Word| ubfm(b, f);
    ubfm_x "1 10 100110 1 rrrrrr ssssss nnnnn ddddd" |b, f: Word| ubfm(b, f);

    extr_w "0 00 100111 0 0 mmmmm 0sssss nnnnn ddddd" |b, f: Word| extr(b, f);
    extr_x "1 00 100111 1 0 mmmmm ssssss nnnnn ddddd" |b, f: Word| extr(b, f);
}

instructions! {
    /// Minimum and maximum (immediate).
    pub CSSC: cpu::CSSC;
    smax_imm "s 00 100011 1 0000 iiiiiiii nnnnn ddddd" |b, f: Word| min_max_imm(b, f, ir::Icond::GtS);
    umax_imm "s 00 100011 1 0001 iiiiiiii nnnnn ddddd" |b, f: Word| min_max_imm(b, f, ir::Icond::GtU);
    smin_imm "s 00 100011 1 0010 iiiiiiii nnnnn ddddd" |b, f: Word| min_max_imm(b, f, ir::Icond::LtS);
    umin_imm "s 00 100011 1 0011 iiiiiiii nnnnn ddddd" |b, f: Word| min_max_imm(b, f, ir::Icond::LtU);
}

fn adr(b: &mut Lower, f: Word) {
    let offset = f.sbits(5, 19) << 2 | f.bits(29, 2) as i64;
    let target = b.pc.wrapping_add_signed(offset);
    set_address(b, f, target);
}

fn adrp(b: &mut Lower, f: Word) {
    let pages = f.sbits(5, 19) << 2 | f.bits(29, 2) as i64;
    let target = (b.pc & !0xfff).wrapping_add_signed(pages << 12);
    set_address(b, f, target);
}

fn set_address(b: &mut Lower, f: Word, target: u64) {
    let addr = b.addr(target);
    set_reg(b, Ty::I64, f.rd(), addr);
}

fn add_sub(b: &mut Lower, f: Word, op: AddSub) {
    let a = reg_sp(b, f.sf(), f.rn());
    let imm = b.constant(f.sf(), (f.imm12() << (12 * f.bits(22, 1))) as i64);
    op.apply_sp(b, f, a, imm);
}

fn logic(b: &mut Lower, f: Word, op: Logic) {
    let Some(mask) = decode_bit_mask(f) else { return b.undefined() };
    let ty = f.sf();
    let a = reg(b, ty, f.rn());
    let mask = b.constant(ty, mask as i64);
    let result = op.apply(b, ty, a, mask);
    // Only the form that sets flags discards to 31; the others write the stack pointer.
    if f.bits(29, 2) == 3 { set_reg(b, ty, f.rd(), result) } else { set_reg_sp(b, ty, f.rd(), result) }
}

/// Arm ARM, DecodeBitMasks for a logical immediate: a run of ones, rotated, repeated.
pub(crate) fn decode_bit_mask(f: Word) -> Option<u64> {
    let (n, immr, imms) = (f.bits(22, 1), f.immr(), f.imms());
    if n == 1 && f.sf() == Ty::I32 {
        return None;
    }
    let len = (n << 6 | !imms & 0x3f).checked_ilog2().filter(|&len| len >= 1)?;
    let size = 1 << len;
    let (ones, rotate) = (imms & (size - 1), immr & (size - 1));
    if ones == size - 1 {
        return None;
    }
    let element = (1u64 << (ones + 1)) - 1;
    let size_mask = u64::MAX >> (64 - size);
    let rotated = if rotate == 0 { element } else { (element >> rotate | element << (size - rotate)) & size_mask };
    Some((0..64 / size).fold(0, |mask, i| mask | rotated << (i * size)))
}

fn wide_imm(f: Word) -> (u64, u32) {
    let shift = 16 * f.bits(21, 2);
    ((f.bits(5, 16) as u64) << shift, shift)
}

fn mov_wide(b: &mut Lower, f: Word, invert: bool) {
    let (imm, _) = wide_imm(f);
    let value = b.constant(f.sf(), if invert { !imm } else { imm } as i64);
    set_reg(b, f.sf(), f.rd(), value);
}

fn movk(b: &mut Lower, f: Word) {
    let (imm, shift) = wide_imm(f);
    let old = reg(b, f.sf(), f.rd());
    let kept = b.bin_imm(Op::And, f.sf(), old, !(0xffff << shift));
    let value = b.bin_imm(Op::Or, f.sf(), kept, imm as i64);
    set_reg(b, f.sf(), f.rd(), value);
}

/// What a bitfield move does: `width` bits from bit `from` of the source go to bit `to` (one of both is 0).
struct Bitfield {
    ty: Ty,
    bits: u32,
    from: u32,
    to: u32,
    width: u32,
}

impl Bitfield {
    fn of(f: Word) -> Bitfield {
        let (ty, r, s) = (f.sf(), f.immr(), f.imms());
        let bits = ty.bytes() * 8;
        if s >= r {
            Bitfield { ty, bits, from: r, to: 0, width: s - r + 1 }
        } else {
            Bitfield { ty, bits, from: 0, to: bits - r, width: s + 1 }
        }
    }

    fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.width)
    }

    /// The field at its new place, zeros around it.
    fn place(&self, b: &mut Lower, source: Val) -> Val {
        let ty = self.ty;
        match self {
            Bitfield { from: 0, to: 0, width, .. } => low_bits(b, ty, source, *width),
            Bitfield { to: 0, .. } => {
                let down = b.bin_imm(Op::Shr, ty, source, self.from as i64);
                if self.from + self.width == self.bits { down } else { low_bits(b, ty, down, self.width) }
            }
            _ => {
                let field =
                    if self.to + self.width == self.bits { source } else { low_bits(b, ty, source, self.width) };
                b.bin_imm(Op::Shl, ty, field, self.to as i64)
            }
        }
    }
}

/// The low `width` bits of `val`, zeros above.
fn low_bits(b: &mut Lower, ty: Ty, val: Val, width: u32) -> Val {
    match (width, ty) {
        (8, _) => b.un(Op::Ext8U, ty, val),
        (16, _) => b.un(Op::Ext16U, ty, val),
        (32, Ty::I64) => {
            let low = b.trunc(val);
            b.zext32(low)
        }
        (32, _) | (64, _) => val,
        _ => b.bin_imm(Op::And, ty, val, (u64::MAX >> (64 - width)) as i64),
    }
}

fn ubfm(b: &mut Lower, f: Word) {
    let field = Bitfield::of(f);
    let source = reg(b, field.ty, f.rn());
    let result = field.place(b, source);
    set_reg(b, field.ty, f.rd(), result);
}

fn sbfm(b: &mut Lower, f: Word) {
    let Bitfield { ty, bits, from, to, width } = Bitfield::of(f);
    let source = reg(b, ty, f.rn());
    let result = match (from, to, width, ty) {
        (0, 0, 8, _) => b.un(Op::Ext8S, ty, source),
        (0, 0, 16, _) => b.un(Op::Ext16S, ty, source),
        (0, 0, 32, Ty::I64) => {
            let low = b.trunc(source);
            b.sext32(low)
        }
        _ => {
            let up = bits - width - from;
            let top = if up == 0 { source } else { b.bin_imm(Op::Shl, ty, source, up as i64) };
            b.bin_imm(Op::Sar, ty, top, (bits - width - to) as i64)
        }
    };
    set_reg(b, ty, f.rd(), result);
}

fn bfm(b: &mut Lower, f: Word) {
    let field = Bitfield::of(f);
    let ty = field.ty;
    let (source, old) = (reg(b, ty, f.rn()), reg(b, ty, f.rd()));
    let placed = field.place(b, source);
    let kept = b.bin_imm(Op::And, ty, old, !(field.mask() << field.to) as i64);
    let result = b.or(ty, kept, placed);
    set_reg(b, ty, f.rd(), result);
}

fn extr(b: &mut Lower, f: Word) {
    let (ty, lsb) = (f.sf(), f.imms());
    let (high, low) = (reg(b, ty, f.rn()), reg(b, ty, f.rm()));
    let result = if lsb == 0 {
        low
    } else if f.rn() == f.rm() {
        b.bin_imm(Op::Ror, ty, low, lsb as i64)
    } else {
        let down = b.bin_imm(Op::Shr, ty, low, lsb as i64);
        let up = b.bin_imm(Op::Shl, ty, high, (ty.bytes() * 8 - lsb) as i64);
        // The parts have no bits in common: their sum is the same, and leaves the host's flags to a carry that is on its way.
        b.add(ty, up, down)
    };
    set_reg(b, ty, f.rd(), result);
}

/// The immediate is signed where the comparison is.
fn min_max_imm(b: &mut Lower, f: Word, wins: ir::Icond) {
    let signed = matches!(wins, ir::Icond::GtS | ir::Icond::LtS);
    let imm = if signed { f.sbits(10, 8) } else { f.bits(10, 8) as i64 };
    let a = reg(b, f.sf(), f.rn());
    let c = b.constant(f.sf(), imm);
    alu::min_max(b, f, wins, a, c);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(sf: u32, n: u32, immr: u32, imms: u32) -> Option<u64> {
        decode_bit_mask(Word(sf << 31 | n << 22 | immr << 16 | imms << 10))
    }

    #[test]
    fn bit_masks_decode_as_the_manual_says() {
        assert_eq!(mask(1, 1, 0, 0), Some(1));
        assert_eq!(mask(1, 1, 1, 0), Some(1 << 63));
        assert_eq!(mask(1, 0, 0, 0b111100), Some(0x5555_5555_5555_5555));
        assert_eq!(mask(1, 0, 4, 0b110011), Some(0xf0f0_f0f0_f0f0_f0f0));
        assert_eq!(mask(1, 1, 63, 62), Some(u64::MAX - 1));
        assert_eq!(mask(1, 1, 0, 63), None);
        assert_eq!(mask(1, 0, 0, 0b111110), None);
        assert_eq!(mask(0, 1, 0, 0), None);
    }
}
