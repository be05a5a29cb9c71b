//! C, Zcb and Zcmop: compressed instructions (unprivileged ISA, chapters C, Zc*, Zcmop), one row each, with the meanings of the
//! full instructions.

use ir::{Access, Icond, Op};
use target::instructions;

use super::b::unary;
use super::f;
use super::i::{alu, alui, aluiw, aluw, branch, ebreak, jal, jalr, load, lui, store};
use crate::cpu;
use crate::fields16::*;
use crate::float::Fmt;

instructions! {
    /// Loads and stores.
    pub MEMORY: cpu::C;
    c_lw   "010 iii sss ii ddd 00" |b, f: ClW| load(b, f.0, Access::S32);
    c_ld   "011 iii sss ii ddd 00" |b, f: ClD| load(b, f.0, Access::B64);
    c_sw   "110 iii sss ii ttt 00" |b, f: CsW| store(b, f.0, Access::U32);
    c_sd   "111 iii sss ii ttt 00" |b, f: CsD| store(b, f.0, Access::B64);
    c_lwsp "010 i ddddd iiiii 10" unless "010 i 00000 iiiii 10" |b, f: LwSp| load(b, f.0, Access::S32);
    c_ldsp "011 i ddddd iiiii 10" unless "011 i 00000 iiiii 10" |b, f: LdSp| load(b, f.0, Access::B64);
    c_swsp "110 iiiiii ttttt 10" |b, f: SwSp| store(b, f.0, Access::U32);
    c_sdsp "111 iiiiii ttttt 10" |b, f: SdSp| store(b, f.0, Access::B64);
}

instructions! {
    /// Loads and stores of D.
    pub MEMORY_D: cpu::ZCD;
    c_fld   "001 iii sss ii ddd 00" |b, f: ClD| f::load(b, f.0, Fmt::D);
    c_fsd   "101 iii sss ii ttt 00" |b, f: CsD| f::store(b, f.0, Fmt::D);
    c_fldsp "001 i ddddd iiiii 10"  |b, f: LdSp| f::load(b, f.0, Fmt::D);
    c_fsdsp "101 iiiiii ttttt 10"   |b, f: SdSp| f::store(b, f.0, Fmt::D);
}

instructions! {
    /// Control transfer.
    pub JUMPS: cpu::C;
    c_j      "101 iiiiiiiiiii 01"    |b, f: Cj| jal(b, f.0);
    c_beqz   "110 iii sss iiiii 01"  |b, f: Cb| branch(b, f.0, Icond::Eq);
    c_bnez   "111 iii sss iiiii 01"  |b, f: Cb| branch(b, f.0, Icond::Ne);
    c_jr     "100 0 sssss 00000 10" unless "100 0 00000 00000 10" |b, f: Jr| jalr(b, f.0);
    c_jalr   "100 1 sssss 00000 10" unless "100 1 00000 00000 10" |b, f: Jalr| jalr(b, f.0);
    c_ebreak "100 1 00000 00000 10"  |b, _f: u32| ebreak(b);
}

instructions! {
    /// Integer computation. Words whose immediate would be useless stand for hints, but for those of
    /// c.addi4spn, c.addi16sp and c.lui, which are reserved.
    pub COMPUTE: cpu::C;
    c_addi4spn "000 iiiiiiii ddd 00" unless "000 00000000 ddd 00" |b, f: Addi4spn| alui(b, f.0, Op::Add);
    c_addi     "000 i ddddd iiiii 01"     |b, f: Ci| alui(b, f.0, Op::Add);
    c_addiw    "001 i ddddd iiiii 01" unless "001 i 00000 iiiii 01" |b, f: Ci| aluiw(b, f.0, Op::Add);
    c_li       "010 i ddddd iiiii 01"     |b, f: Li| alui(b, f.0, Op::Add);
    c_addi16sp "011 i 00010 iiiii 01" unless "011 0 00010 00000 01" |b, f: Addi16sp| alui(b, f.0, Op::Add);
    c_lui      "011 i ddddd iiiii 01" unless "011 i 00010 iiiii 01", "011 0 ddddd 00000 01" |b, f: Lui| lui(b, f.0);
    c_srli     "100 h 00 ddd hhhhh 01"    |b, f: CbShift| alui(b, f.0, Op::Shr);
    c_srai     "100 h 01 ddd hhhhh 01"    |b, f: CbShift| alui(b, f.0, Op::Sar);
    c_andi     "100 i 10 ddd iiiii 01"    |b, f: CbAndi| alui(b, f.0, Op::And);
    c_sub      "100 0 11 ddd 00 ttt 01"   |b, f: Ca| alu(b, f.0, Op::Sub);
    c_xor      "100 0 11 ddd 01 ttt 01"   |b, f: Ca| alu(b, f.0, Op::Xor);
    c_or       "100 0 11 ddd 10 ttt 01"   |b, f: Ca| alu(b, f.0, Op::Or);
    c_and      "100 0 11 ddd 11 ttt 01"   |b, f: Ca| alu(b, f.0, Op::And);
    c_subw     "100 1 11 ddd 00 ttt 01"   |b, f: Ca| aluw(b, f.0, Op::Sub);
    c_addw     "100 1 11 ddd 01 ttt 01"   |b, f: Ca| aluw(b, f.0, Op::Add);
    c_slli     "000 h ddddd hhhhh 10"     |b, f: CiShift| alui(b, f.0, Op::Shl);
    c_mv       "100 0 ddddd ttttt 10" unless "100 0 ddddd 00000 10" |b, f: CrMv| alu(b, f.0, Op::Add);
    c_add      "100 1 ddddd ttttt 10" unless "100 1 ddddd 00000 10" |b, f: CrAdd| alu(b, f.0, Op::Add);
}

instructions! {
    /// Zcb: what needs no other extension, or one that every model has.
    pub ZCB: cpu::ZCB;
    c_lbu    "100 000 sss ii ddd 00"  |b, f: ClB| load(b, f.0, Access::U8);
    c_lhu    "100 001 sss 0i ddd 00"  |b, f: ClH| load(b, f.0, Access::U16);
    c_lh     "100 001 sss 1i ddd 00"  |b, f: ClH| load(b, f.0, Access::S16);
    c_sb     "100 010 sss ii ttt 00"  |b, f: CsB| store(b, f.0, Access::U8);
    c_sh     "100 011 sss 0i ttt 00"  |b, f: CsH| store(b, f.0, Access::U16);
    c_zext_b "100 111 ddd 11 000 01"  |b, f: Cu| unary(b, f.0, Op::Ext8U);
    c_not    "100 111 ddd 11 101 01"  |b, f: Cu| unary(b, f.0, Op::Not);
    c_mul    "100 111 ddd 10 ttt 01"  |b, f: Ca| alu(b, f.0, Op::Mul);
}

instructions! {
    /// Zcb: what Zbb has in full size.
    pub ZCB_ZBB: cpu::ZCB_AND_ZBB;
    c_sext_b "100 111 ddd 11 001 01"  |b, f: Cu| unary(b, f.0, Op::Ext8S);
    c_zext_h "100 111 ddd 11 010 01"  |b, f: Cu| unary(b, f.0, Op::Ext16U);
    c_sext_h "100 111 ddd 11 011 01"  |b, f: Cu| unary(b, f.0, Op::Ext16S);
}

instructions! {
    /// Zcb: what Zba has in full size.
    pub ZCB_ZBA: cpu::ZCB_AND_ZBA;
    c_zext_w "100 111 ddd 11 100 01"  |b, f: Cu| super::b::slli_uw(b, crate::fields::I { rd: f.0.rd, rs1: f.0.rs1, imm: 0 });
}

instructions! {
    /// Zcmop: c.mop.1 to c.mop.15, which write nothing.
    pub ZCMOP: cpu::ZCMOP;
    c_mop "011 0 0nnn1 00000 01" |_b, _f: u32| {};
}
