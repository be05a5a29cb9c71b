//! B: bit manipulation (unprivileged ISA, chapter B): Zba, Zbb, Zbs, Zbc, and for cryptography Zbkb, Zbkc, Zbkx.

use ir::{Icond, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::i::alu;
use crate::cpu;
use crate::fields::{I, R, Shamt5, Shamt6};
use crate::regs::Regs;

instructions! {
    /// Zba: address generation.
    pub ZBA: cpu::ZBA;
    add_uw    "0000100 ttttt sssss 000 ddddd 0111011"  |b, f: R| shift_add_uw(b, f, 0);
    sh1add    "0010000 ttttt sssss 010 ddddd 0110011"  |b, f: R| shift_add(b, f, 1);
    sh2add    "0010000 ttttt sssss 100 ddddd 0110011"  |b, f: R| shift_add(b, f, 2);
    sh3add    "0010000 ttttt sssss 110 ddddd 0110011"  |b, f: R| shift_add(b, f, 3);
    sh1add_uw "0010000 ttttt sssss 010 ddddd 0111011"  |b, f: R| shift_add_uw(b, f, 1);
    sh2add_uw "0010000 ttttt sssss 100 ddddd 0111011"  |b, f: R| shift_add_uw(b, f, 2);
    sh3add_uw "0010000 ttttt sssss 110 ddddd 0111011"  |b, f: R| shift_add_uw(b, f, 3);
    slli_uw   "000010 hhhhhh sssss 001 ddddd 0011011"  |b, f: Shamt6| slli_uw(b, f.0);
}

instructions! {
    /// Zbb: what it has alone.
    pub ZBB: cpu::ZBB;
    clz    "011000000000 sssss 001 ddddd 0010011"   |b, f: R| unary(b, f, Op::Clz);
    ctz    "011000000001 sssss 001 ddddd 0010011"   |b, f: R| unary(b, f, Op::Ctz);
    cpop   "011000000010 sssss 001 ddddd 0010011"   |b, f: R| unary(b, f, Op::Popcnt);
    sext_b "011000000100 sssss 001 ddddd 0010011"   |b, f: R| unary(b, f, Op::Ext8S);
    sext_h "011000000101 sssss 001 ddddd 0010011"   |b, f: R| unary(b, f, Op::Ext16S);
    clzw   "011000000000 sssss 001 ddddd 0011011"   |b, f: R| unaryw(b, f, Op::Clz);
    ctzw   "011000000001 sssss 001 ddddd 0011011"   |b, f: R| unaryw(b, f, Op::Ctz);
    cpopw  "011000000010 sssss 001 ddddd 0011011"   |b, f: R| unaryw(b, f, Op::Popcnt);
    max    "0000101 ttttt sssss 110 ddddd 0110011"  |b, f: R| choose(b, f, Icond::GtS);
    maxu   "0000101 ttttt sssss 111 ddddd 0110011"  |b, f: R| choose(b, f, Icond::GtU);
    min    "0000101 ttttt sssss 100 ddddd 0110011"  |b, f: R| choose(b, f, Icond::LtS);
    minu   "0000101 ttttt sssss 101 ddddd 0110011"  |b, f: R| choose(b, f, Icond::LtU);
    orc_b  "001010000111 sssss 101 ddddd 0010011"   |b, f: R| orc_b(b, f);
}

instructions! {
    /// Zbb and Zbkb: rotations, logic with an inverted operand, bytes reversed.
    pub ZBB_ZBKB: cpu::ZBB_OR_ZBKB;
    andn  "0100000 ttttt sssss 111 ddddd 0110011" |b, f: R| alu(b, f, Op::AndNot);
    orn   "0100000 ttttt sssss 110 ddddd 0110011" |b, f: R| logic_not(b, f, Op::Or);
    xnor  "0100000 ttttt sssss 100 ddddd 0110011" |b, f: R| logic_not(b, f, Op::Xor);
    rol   "0110000 ttttt sssss 001 ddddd 0110011" |b, f: R| rotate_left(b, f);
    ror   "0110000 ttttt sssss 101 ddddd 0110011" |b, f: R| alu(b, f, Op::Ror);
    rori  "011000 hhhhhh sssss 101 ddddd 0010011" |b, f: Shamt6| super::i::alui(b, f.0, Op::Ror);
    rolw  "0110000 ttttt sssss 001 ddddd 0111011" |b, f: R| rotate_leftw(b, f);
    rorw  "0110000 ttttt sssss 101 ddddd 0111011" |b, f: R| super::i::aluw(b, f, Op::Ror);
    roriw "0110000 hhhhh sssss 101 ddddd 0011011" |b, f: Shamt5| super::i::aluiw(b, f.0, Op::Ror);
    rev8  "011010111000 sssss 101 ddddd 0010011"  |b, f: R| unary(b, f, Op::Bswap);
    // Zbb's zext.h is Zbkb's packw with rs2 = x0.
    zext_h "0000100 00000 sssss 100 ddddd 0111011" |b, f: R| unary(b, f, Op::Ext16U);
}

instructions! {
    /// Zbkb: what it has alone.
    pub ZBKB: cpu::ZBKB;
    pack  "0000100 ttttt sssss 100 ddddd 0110011" |b, f: R| pack(b, f);
    packh "0000100 ttttt sssss 111 ddddd 0110011" |b, f: R| packh(b, f);
    packw "0000100 ttttt sssss 100 ddddd 0111011" unless "0000100 00000 sssss 100 ddddd 0111011" |b, f: R| packw(b, f);
    brev8 "011010000111 sssss 101 ddddd 0010011"  |b, f: R| brev8(b, f);
}

instructions! {
    /// Zbs: single bits.
    pub ZBS: cpu::ZBS;
    bclr  "0100100 ttttt sssss 001 ddddd 0110011" |b, f: R| bit(b, f, Op::AndNot);
    bclri "010010 hhhhhh sssss 001 ddddd 0010011" |b, f: Shamt6| biti(b, f.0, Op::AndNot);
    bext  "0100100 ttttt sssss 101 ddddd 0110011" |b, f: R| bext(b, f);
    bexti "010010 hhhhhh sssss 101 ddddd 0010011" |b, f: Shamt6| bexti(b, f.0);
    binv  "0110100 ttttt sssss 001 ddddd 0110011" |b, f: R| bit(b, f, Op::Xor);
    binvi "011010 hhhhhh sssss 001 ddddd 0010011" |b, f: Shamt6| biti(b, f.0, Op::Xor);
    bset  "0010100 ttttt sssss 001 ddddd 0110011" |b, f: R| bit(b, f, Op::Or);
    bseti "001010 hhhhhh sssss 001 ddddd 0010011" |b, f: Shamt6| biti(b, f.0, Op::Or);
}

instructions! {
    /// Zbc and Zbkc: carry-less multiplication.
    pub ZBC_ZBKC: cpu::ZBC_OR_ZBKC;
    clmul  "0000101 ttttt sssss 001 ddddd 0110011" |b, f: R| alu(b, f, Op::ClmulLo);
    clmulh "0000101 ttttt sssss 011 ddddd 0110011" |b, f: R| alu(b, f, Op::ClmulHi);
}

instructions! {
    /// Zbc: what it has alone.
    pub ZBC: cpu::ZBC;
    clmulr "0000101 ttttt sssss 010 ddddd 0110011" |b, f: R| clmulr(b, f);
}

instructions! {
    /// Zbkx: crossbar permutations.
    pub ZBKX: cpu::ZBKX;
    xperm4 "0010100 ttttt sssss 010 ddddd 0110011" |b, f: R| xperm4(b, f);
    xperm8 "0010100 ttttt sssss 100 ddddd 0110011" |b, f: R| xperm8(b, f);
}

fn shift_add(b: &mut Lower, f: R, shift: i64) {
    let (index, base) = (b.x(f.rs1), b.x(f.rs2));
    let offset = b.bin_imm(Op::Shl, Ty::I64, index, shift);
    let sum = b.add(Ty::I64, base, offset);
    b.set_x(f.rd, sum);
}

fn shift_add_uw(b: &mut Lower, f: R, shift: i64) {
    let (index, base) = (b.w(f.rs1), b.x(f.rs2));
    let index = b.zext32(index);
    let offset = b.bin_imm(Op::Shl, Ty::I64, index, shift);
    let sum = b.add(Ty::I64, base, offset);
    b.set_x(f.rd, sum);
}

/// rd = the low half of rs1, zero-extended, << imm
pub fn slli_uw(b: &mut Lower, f: I) {
    let word = b.w(f.rs1);
    let wide = b.zext32(word);
    let val = b.bin_imm(Op::Shl, Ty::I64, wide, f.imm);
    b.set_x(f.rd, val);
}

/// rd = `op` rs1
pub fn unary(b: &mut Lower, f: R, op: Op) {
    let rs1 = b.x(f.rs1);
    let val = b.un(op, Ty::I64, rs1);
    b.set_x(f.rd, val);
}

fn unaryw(b: &mut Lower, f: R, op: Op) {
    let rs1 = b.w(f.rs1);
    let val = b.un(op, Ty::I32, rs1);
    b.set_w(f.rd, val);
}

fn choose(b: &mut Lower, f: R, cond: Icond) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let first = b.icmp(cond, Ty::I64, rs1, rs2);
    let val = b.select(Ty::I64, first, rs1, rs2);
    b.set_x(f.rd, val);
}

fn logic_not(b: &mut Lower, f: R, op: Op) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let inverted = b.un(Op::Not, Ty::I64, rs2);
    let val = b.bin(op, Ty::I64, rs1, inverted);
    b.set_x(f.rd, val);
}

fn rotate_left(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let right = b.un(Op::Neg, Ty::I64, rs2);
    let val = b.bin(Op::Ror, Ty::I64, rs1, right);
    b.set_x(f.rd, val);
}

fn rotate_leftw(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.w(f.rs1), b.w(f.rs2));
    let right = b.un(Op::Neg, Ty::I32, rs2);
    let val = b.bin(Op::Ror, Ty::I32, rs1, right);
    b.set_w(f.rd, val);
}

/// Each byte that is not zero becomes all ones.
fn orc_b(b: &mut Lower, f: R) {
    let bytes = vector(b, f.rs1);
    let zero = b.vconst(0);
    let is_zero = b.vbin(Op::VCmpEq, Lane::B, bytes, zero);
    let low = low(b, is_zero);
    let val = b.un(Op::Not, Ty::I64, low);
    b.set_x(f.rd, val);
}

fn pack(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.w(f.rs1), b.x(f.rs2));
    let low = b.zext32(rs1);
    let high = b.bin_imm(Op::Shl, Ty::I64, rs2, 32);
    let val = b.or(Ty::I64, low, high);
    b.set_x(f.rd, val);
}

fn packh(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let low = b.un(Op::Ext8U, Ty::I64, rs1);
    let high = b.un(Op::Ext8U, Ty::I64, rs2);
    let high = b.bin_imm(Op::Shl, Ty::I64, high, 8);
    let val = b.or(Ty::I64, low, high);
    b.set_x(f.rd, val);
}

fn packw(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.w(f.rs1), b.w(f.rs2));
    let low = b.un(Op::Ext16U, Ty::I32, rs1);
    let high = b.bin_imm(Op::Shl, Ty::I32, rs2, 16);
    let val = b.or(Ty::I32, low, high);
    b.set_w(f.rd, val);
}

/// Bits of each byte reversed: all bits, then the bytes back.
fn brev8(b: &mut Lower, f: R) {
    let rs1 = b.x(f.rs1);
    let bits = b.un(Op::Rbit, Ty::I64, rs1);
    let val = b.un(Op::Bswap, Ty::I64, bits);
    b.set_x(f.rd, val);
}

fn bit(b: &mut Lower, f: R, op: Op) {
    let (rs1, rs2, one) = (b.x(f.rs1), b.x(f.rs2), b.i64(1));
    let mask = b.bin(Op::Shl, Ty::I64, one, rs2);
    let val = b.bin(op, Ty::I64, rs1, mask);
    b.set_x(f.rd, val);
}

fn biti(b: &mut Lower, f: I, op: Op) {
    let rs1 = b.x(f.rs1);
    let val = b.bin_imm(op, Ty::I64, rs1, 1 << f.imm);
    b.set_x(f.rd, val);
}

fn bext(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let shifted = b.bin(Op::Shr, Ty::I64, rs1, rs2);
    let val = b.bin_imm(Op::And, Ty::I64, shifted, 1);
    b.set_x(f.rd, val);
}

fn bexti(b: &mut Lower, f: I) {
    let rs1 = b.x(f.rs1);
    let shifted = b.bin_imm(Op::Shr, Ty::I64, rs1, f.imm);
    let val = b.bin_imm(Op::And, Ty::I64, shifted, 1);
    b.set_x(f.rd, val);
}

/// Bits 126 to 63 of the product.
fn clmulr(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let low = b.bin(Op::ClmulLo, Ty::I64, rs1, rs2);
    let high = b.bin(Op::ClmulHi, Ty::I64, rs1, rs2);
    let low = b.bin_imm(Op::Shr, Ty::I64, low, 63);
    let high = b.bin_imm(Op::Shl, Ty::I64, high, 1);
    let val = b.or(Ty::I64, low, high);
    b.set_x(f.rd, val);
}

/// x`n` in the low half of a vector, the rest zero.
fn vector(b: &mut Lower, n: u32) -> Val {
    let val = b.x(n);
    let low = b.un(Op::Bitcast, Ty::F64, val);
    b.un(Op::VZext, Ty::F64, low)
}

fn low(b: &mut Lower, vector: Val) -> Val {
    b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [vector, Val::NONE, Val::NONE], 0)
}

/// Bytes of rs1 picked by the bytes of rs2; an index beyond them picks zero.
fn xperm8(b: &mut Lower, f: R) {
    let (table, index) = (vector(b, f.rs1), vector(b, f.rs2));
    let picked = b.op(Op::VTbl, Ty::V128, 0, [table, index, Val::NONE], 0);
    let val = low(b, picked);
    b.set_x(f.rd, val);
}

/// The same with half-bytes, each spread to a byte of its own.
fn xperm4(b: &mut Lower, f: R) {
    let (table, index) = (nibbles(b, f.rs1), nibbles(b, f.rs2));
    let picked = b.op(Op::VTbl, Ty::V128, 0, [table, index, Val::NONE], 0);
    let even = b.vbin(Op::VUzp1, Lane::B, picked, picked);
    let odd = b.vbin(Op::VUzp2, Lane::B, picked, picked);
    let odd = b.vimm(Op::VShl, Lane::B, odd, 4);
    let bytes = b.or(Ty::V128, even, odd);
    let val = low(b, bytes);
    b.set_x(f.rd, val);
}

fn nibbles(b: &mut Lower, n: u32) -> Val {
    let (bytes, mask) = (vector(b, n), b.vconst(0x0f0f_0f0f_0f0f_0f0f));
    let even = b.and(Ty::V128, bytes, mask);
    let odd = b.vimm(Op::VShrU, Lane::B, bytes, 4);
    b.vbin(Op::VZip1, Lane::B, even, odd)
}
