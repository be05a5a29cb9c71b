//! Data processing, register (Arm ARM C4.1.95).

use ir::{Cond, Icond, Op, Ty, Val};
use target::{Lower, instructions};

use crate::alu::{self, ADD, ADDS, AddSub, Logic, SUB, SUBS};
use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, reg_sp, set_reg};
use crate::state::NZCV;

instructions! {
    /// Logical and add/subtract with a shifted or extended register.
    pub SHIFTED: cpu::BASE;
    and_shift  "s 00 01010 hh 0 mmmmm iiiiii nnnnn ddddd" unless "0 00 01010 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::AND);
    bic_shift  "s 00 01010 hh 1 mmmmm iiiiii nnnnn ddddd" unless "0 00 01010 hh 1 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::BIC);
    orr_shift  "s 01 01010 hh 0 mmmmm iiiiii nnnnn ddddd" unless "0 01 01010 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::ORR);
    orn_shift  "s 01 01010 hh 1 mmmmm iiiiii nnnnn ddddd" unless "0 01 01010 hh 1 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::ORN);
    eor_shift  "s 10 01010 hh 0 mmmmm iiiiii nnnnn ddddd" unless "0 10 01010 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::EOR);
    eon_shift  "s 10 01010 hh 1 mmmmm iiiiii nnnnn ddddd" unless "0 10 01010 hh 1 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::EON);
    ands_shift "s 11 01010 hh 0 mmmmm iiiiii nnnnn ddddd" unless "0 11 01010 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::ANDS);
    bics_shift "s 11 01010 hh 1 mmmmm iiiiii nnnnn ddddd" unless "0 11 01010 hh 1 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| logic(b, f, alu::BICS);

    add_shift  "s 00 01011 hh 0 mmmmm iiiiii nnnnn ddddd" unless "s 00 01011 11 0 mmmmm iiiiii nnnnn ddddd", "0 00 01011 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| add_shifted(b, f, ADD);
    adds_shift "s 01 01011 hh 0 mmmmm iiiiii nnnnn ddddd" unless "s 01 01011 11 0 mmmmm iiiiii nnnnn ddddd", "0 01 01011 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| add_shifted(b, f, ADDS);
    sub_shift  "s 10 01011 hh 0 mmmmm iiiiii nnnnn ddddd" unless "s 10 01011 11 0 mmmmm iiiiii nnnnn ddddd", "0 10 01011 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| add_shifted(b, f, SUB);
    subs_shift "s 11 01011 hh 0 mmmmm iiiiii nnnnn ddddd" unless "s 11 01011 11 0 mmmmm iiiiii nnnnn ddddd", "0 11 01011 hh 0 mmmmm 1iiiii nnnnn ddddd" |b, f: Word| add_shifted(b, f, SUBS);

    add_ext  "s 00 01011 00 1 mmmmm ooo iii nnnnn ddddd" unless "s 00 01011 00 1 mmmmm ooo 101 nnnnn ddddd", "s 00 01011 00 1 mmmmm ooo 11i nnnnn ddddd" |b, f: Word| add_extended(b, f, ADD);
    adds_ext "s 01 01011 00 1 mmmmm ooo iii nnnnn ddddd" unless "s 01 01011 00 1 mmmmm ooo 101 nnnnn ddddd", "s 01 01011 00 1 mmmmm ooo 11i nnnnn ddddd" |b, f: Word| add_extended(b, f, ADDS);
    sub_ext  "s 10 01011 00 1 mmmmm ooo iii nnnnn ddddd" unless "s 10 01011 00 1 mmmmm ooo 101 nnnnn ddddd", "s 10 01011 00 1 mmmmm ooo 11i nnnnn ddddd" |b, f: Word| add_extended(b, f, SUB);
    subs_ext "s 11 01011 00 1 mmmmm ooo iii nnnnn ddddd" unless "s 11 01011 00 1 mmmmm ooo 101 nnnnn ddddd", "s 11 01011 00 1 mmmmm ooo 11i nnnnn ddddd" |b, f: Word| add_extended(b, f, SUBS);
}

instructions! {
    /// With carry; conditional compare and select; one, two and three sources.
    pub ROWS: cpu::BASE;
    adc  "s 00 11010000 mmmmm 000000 nnnnn ddddd" |b, f: Word| with_carry(b, f, Op::Adc, None);
    adcs "s 01 11010000 mmmmm 000000 nnnnn ddddd" |b, f: Word| with_carry(b, f, Op::Adc, Some(Op::AdcF));
    sbc  "s 10 11010000 mmmmm 000000 nnnnn ddddd" |b, f: Word| with_carry(b, f, Op::Sbc, None);
    sbcs "s 11 11010000 mmmmm 000000 nnnnn ddddd" |b, f: Word| with_carry(b, f, Op::Sbc, Some(Op::SbcF));

    ccmn_reg "s 01 11010010 mmmmm cccc 00 nnnnn 0 ffff" |b, f: Word| conditional_compare(b, f, Op::CcmnF);
    ccmn_imm "s 01 11010010 iiiii cccc 10 nnnnn 0 ffff" |b, f: Word| conditional_compare(b, f, Op::CcmnF);
    ccmp_reg "s 11 11010010 mmmmm cccc 00 nnnnn 0 ffff" |b, f: Word| conditional_compare(b, f, Op::CcmpF);
    ccmp_imm "s 11 11010010 iiiii cccc 10 nnnnn 0 ffff" |b, f: Word| conditional_compare(b, f, Op::CcmpF);

    csel  "s 00 11010100 mmmmm cccc 00 nnnnn ddddd" |b, f: Word| csel(b, f, |_, _, val| val);
    csinc "s 00 11010100 mmmmm cccc 01 nnnnn ddddd" |b, f: Word| csinc(b, f);
    csinv "s 10 11010100 mmmmm cccc 00 nnnnn ddddd" |b, f: Word| csel(b, f, |b, ty, val| b.un(Op::Not, ty, val));
    csneg "s 10 11010100 mmmmm cccc 01 nnnnn ddddd" |b, f: Word| csel(b, f, |b, ty, val| b.un(Op::Neg, ty, val));

    rbit  "s 10 11010110 00000 000000 nnnnn ddddd" |b, f: Word| one_source(b, f, |b, ty, val| b.un(Op::Rbit, ty, val));
    rev16 "s 10 11010110 00000 000001 nnnnn ddddd" |b, f: Word| one_source(b, f, rev16);
    rev_w "0 10 11010110 00000 000010 nnnnn ddddd" |b, f: Word| one_source(b, f, |b, ty, val| b.un(Op::Bswap, ty, val));
    rev32 "1 10 11010110 00000 000010 nnnnn ddddd" |b, f: Word| one_source(b, f, rev32);
    rev_x "1 10 11010110 00000 000011 nnnnn ddddd" |b, f: Word| one_source(b, f, |b, ty, val| b.un(Op::Bswap, ty, val));
    clz   "s 10 11010110 00000 000100 nnnnn ddddd" |b, f: Word| one_source(b, f, |b, ty, val| b.un(Op::Clz, ty, val));
    cls   "s 10 11010110 00000 000101 nnnnn ddddd" |b, f: Word| one_source(b, f, cls);

    udiv "s 00 11010110 mmmmm 000010 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::UDiv);
    sdiv "s 00 11010110 mmmmm 000011 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::SDiv);
    lslv "s 00 11010110 mmmmm 001000 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::Shl);
    lsrv "s 00 11010110 mmmmm 001001 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::Shr);
    asrv "s 00 11010110 mmmmm 001010 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::Sar);
    rorv "s 00 11010110 mmmmm 001011 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::Ror);

    madd   "s 00 11011 000 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| multiply(b, f, Op::Add);
    msub   "s 00 11011 000 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| multiply(b, f, Op::Sub);
    smaddl "1 00 11011 001 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| multiply_long(b, f, Op::Sext32, Op::Add);
    smsubl "1 00 11011 001 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| multiply_long(b, f, Op::Sext32, Op::Sub);
    smulh  "1 00 11011 010 mmmmm 0 11111 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::MulHS);
    umaddl "1 00 11011 101 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| multiply_long(b, f, Op::Zext32, Op::Add);
    umsubl "1 00 11011 101 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| multiply_long(b, f, Op::Zext32, Op::Sub);
    umulh  "1 00 11011 110 mmmmm 0 11111 nnnnn ddddd" |b, f: Word| two_sources(b, f, Op::MulHU);
}

instructions! {
    /// Common short sequences.
    pub CSSC: cpu::CSSC;
    ctz  "s 10 11010110 00000 000110 nnnnn ddddd" |b, f: Word| one_source(b, f, |b, ty, val| b.un(Op::Ctz, ty, val));
    cnt  "s 10 11010110 00000 000111 nnnnn ddddd" |b, f: Word| one_source(b, f, |b, ty, val| b.un(Op::Popcnt, ty, val));
    abs  "s 10 11010110 00000 001000 nnnnn ddddd" |b, f: Word| one_source(b, f, abs);
    smax "s 00 11010110 mmmmm 011000 nnnnn ddddd" |b, f: Word| min_max(b, f, Icond::GtS);
    umax "s 00 11010110 mmmmm 011001 nnnnn ddddd" |b, f: Word| min_max(b, f, Icond::GtU);
    smin "s 00 11010110 mmmmm 011010 nnnnn ddddd" |b, f: Word| min_max(b, f, Icond::LtS);
    umin "s 00 11010110 mmmmm 011011 nnnnn ddddd" |b, f: Word| min_max(b, f, Icond::LtU);
}

/// Rm shifted by imm6 as bits 23 and 22 say.
fn shifted(b: &mut Lower, f: Word) -> Val {
    let value = reg(b, f.sf(), f.rm());
    let op = [Op::Shl, Op::Shr, Op::Sar, Op::Ror][f.bits(22, 2) as usize];
    match f.imms() {
        0 => value,
        amount => b.bin_imm(op, f.sf(), value, amount as i64),
    }
}

fn logic(b: &mut Lower, f: Word, op: Logic) {
    let a = reg(b, f.sf(), f.rn());
    let c = shifted(b, f);
    let result = op.apply(b, f.sf(), a, c);
    set_reg(b, f.sf(), f.rd(), result);
}

fn add_shifted(b: &mut Lower, f: Word, op: AddSub) {
    let a = reg(b, f.sf(), f.rn());
    let c = shifted(b, f);
    op.apply(b, f, a, c);
}

fn add_extended(b: &mut Lower, f: Word, op: AddSub) {
    let a = reg_sp(b, f.sf(), f.rn());
    let c = extended(b, f.sf(), f.rm(), f.option(), f.ra() & 7);
    op.apply_sp(b, f, a, c);
}

/// Arm ARM, ExtendReg: the register's low byte, half-word, word or all of it, extended and shifted left.
pub(crate) fn extended(b: &mut Lower, ty: Ty, n: u32, option: u32, shift: u32) -> Val {
    let value = match (option, ty) {
        (2, Ty::I64) => {
            let low = reg(b, Ty::I32, n);
            b.zext32(low)
        }
        (6, Ty::I64) => {
            let low = reg(b, Ty::I32, n);
            b.sext32(low)
        }
        _ => {
            let value = reg(b, ty, n);
            match option {
                0 => b.un(Op::Ext8U, ty, value),
                1 => b.un(Op::Ext16U, ty, value),
                4 => b.un(Op::Ext8S, ty, value),
                5 => b.un(Op::Ext16S, ty, value),
                _ => value,
            }
        }
    };
    if shift == 0 { value } else { b.bin_imm(Op::Shl, ty, value, shift as i64) }
}

fn with_carry(b: &mut Lower, f: Word, op: Op, flags_op: Option<Op>) {
    let (a, c) = (reg(b, f.sf(), f.rn()), reg(b, f.sf(), f.rm()));
    let carry = b.get(NZCV);
    let result = b.tern(op, f.sf(), a, c, carry);
    if let Some(op) = flags_op {
        let flags = b.tern(op, f.sf(), a, c, carry);
        b.put(NZCV, flags);
    }
    set_reg(b, f.sf(), f.rd(), result);
}

/// Conditions 14 and 15 both hold always.
pub(crate) fn is_always(cond: Cond) -> bool {
    matches!(cond, Cond::Al | Cond::Nv)
}

/// 1 where the instruction's condition holds.
fn holds(b: &mut Lower, f: Word) -> Val {
    if is_always(f.cond()) {
        return b.i32(1);
    }
    let flags = b.get(NZCV);
    b.cond(f.cond(), flags)
}

fn conditional_compare(b: &mut Lower, f: Word, op: Op) {
    let a = reg(b, f.sf(), f.rn());
    let c = if f.bit(11) { b.constant(f.sf(), f.rm() as i64) } else { reg(b, f.sf(), f.rm()) };
    let cond = holds(b, f);
    let flags = b.op(op, f.sf(), 0, [cond, a, c], (f.bits(0, 4) as i64) << 28);
    b.put(NZCV, flags);
}

fn csel(b: &mut Lower, f: Word, otherwise: fn(&mut Lower, Ty, Val) -> Val) {
    let (a, c) = (reg(b, f.sf(), f.rn()), reg(b, f.sf(), f.rm()));
    // The condition last, so that the test of it and the choice are one.
    let c = otherwise(b, f.sf(), c);
    let cond = holds(b, f);
    let result = b.select(f.sf(), cond, a, c);
    set_reg(b, f.sf(), f.rd(), result);
}

/// CSINC of the zero register twice is CSET: the inverted condition as a number.
fn csinc(b: &mut Lower, f: Word) {
    if f.rn() != 31 || f.rm() != 31 || is_always(f.cond()) {
        return csel(b, f, |b, ty, val| b.bin_imm(Op::Add, ty, val, 1));
    }
    let flags = b.get(NZCV);
    let bit = b.cond(Cond::from_u8(f.cond() as u8 ^ 1), flags);
    set_reg(b, Ty::I32, f.rd(), bit);
}

fn one_source(b: &mut Lower, f: Word, op: fn(&mut Lower, Ty, Val) -> Val) {
    let a = reg(b, f.sf(), f.rn());
    let result = op(b, f.sf(), a);
    set_reg(b, f.sf(), f.rd(), result);
}

fn rev16(b: &mut Lower, ty: Ty, a: Val) -> Val {
    const LOW_BYTES: i64 = 0x00ff_00ff_00ff_00ff;
    let down = b.bin_imm(Op::Shr, ty, a, 8);
    let high = b.bin_imm(Op::And, ty, down, LOW_BYTES);
    let low = b.bin_imm(Op::And, ty, a, LOW_BYTES);
    let up = b.bin_imm(Op::Shl, ty, low, 8);
    b.or(ty, up, high)
}

fn rev32(b: &mut Lower, ty: Ty, a: Val) -> Val {
    let all = b.un(Op::Bswap, ty, a);
    b.bin_imm(Op::Ror, ty, all, 32)
}

/// Bits below the top one that are equal to it.
fn cls(b: &mut Lower, ty: Ty, a: Val) -> Val {
    let next = b.bin_imm(Op::Sar, ty, a, 1);
    let changes = b.xor(ty, a, next);
    let equal = b.un(Op::Clz, ty, changes);
    b.bin_imm(Op::Sub, ty, equal, 1)
}

fn abs(b: &mut Lower, ty: Ty, a: Val) -> Val {
    let zero = b.constant(ty, 0);
    let negative = b.icmp(Icond::LtS, ty, a, zero);
    let negated = b.un(Op::Neg, ty, a);
    b.select(ty, negative, negated, a)
}

fn two_sources(b: &mut Lower, f: Word, op: Op) {
    let (a, c) = (reg(b, f.sf(), f.rn()), reg(b, f.sf(), f.rm()));
    let result = b.bin(op, f.sf(), a, c);
    set_reg(b, f.sf(), f.rd(), result);
}

fn min_max(b: &mut Lower, f: Word, wins: Icond) {
    let (a, c) = (reg(b, f.sf(), f.rn()), reg(b, f.sf(), f.rm()));
    alu::min_max(b, f, wins, a, c);
}

fn multiply(b: &mut Lower, f: Word, op: Op) {
    let (a, c) = (reg(b, f.sf(), f.rn()), reg(b, f.sf(), f.rm()));
    accumulate(b, f, op, a, c);
}

fn multiply_long(b: &mut Lower, f: Word, extend: Op, op: Op) {
    let (a, c) = (reg(b, Ty::I32, f.rn()), reg(b, Ty::I32, f.rm()));
    let (a, c) = (b.un(extend, Ty::I32, a), b.un(extend, Ty::I32, c));
    accumulate(b, f, op, a, c);
}

fn accumulate(b: &mut Lower, f: Word, op: Op, a: Val, c: Val) {
    let product = b.bin(Op::Mul, f.sf(), a, c);
    let result = match (f.ra(), op) {
        (31, Op::Add) => product,
        (31, _) => b.un(Op::Neg, f.sf(), product),
        (ra, _) => {
            let addend = reg(b, f.sf(), ra);
            b.bin(op, f.sf(), addend, product)
        }
    };
    set_reg(b, f.sf(), f.rd(), result);
}
