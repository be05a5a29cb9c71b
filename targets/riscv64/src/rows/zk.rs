//! Zkn and Zks: the scalar instructions for AES (Zknd, Zkne), SHA-2 (Zknh), SM4 (Zksed) and SM3 (Zksh) of 64-bit CPUs
//! (unprivileged ISA, cryptography extensions). AES's state is rs2 above rs1, a column every 32 bits.

use ir::{HelperId, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::{Byte, R};
use crate::helpers;
use crate::regs::Regs;

instructions! {
    /// Decryption.
    pub ZKND: cpu::ZKND;
    aes64ds  "0011101 ttttt sssss 000 ddddd 0110011" |b, f: R| round(b, f, Op::AesInvSub, None);
    aes64dsm "0011111 ttttt sssss 000 ddddd 0110011" |b, f: R| round(b, f, Op::AesInvSub, Some(Op::AesInvMix));
    aes64im  "001100000000 sssss 001 ddddd 0010011"  |b, f: R| inverse_mix(b, f);
}

instructions! {
    /// Encryption.
    pub ZKNE: cpu::ZKNE;
    aes64es  "0011001 ttttt sssss 000 ddddd 0110011" |b, f: R| round(b, f, Op::AesSub, None);
    aes64esm "0011011 ttttt sssss 000 ddddd 0110011" |b, f: R| round(b, f, Op::AesSub, Some(Op::AesMix));
}

instructions! {
    /// Key schedule, for both. Round numbers from 11 on are reserved.
    pub ZKND_ZKNE: cpu::ZKND_OR_ZKNE;
    aes64ks1i "00110001 nnnn sssss 001 ddddd 0010011" unless "00110001 11nn sssss 001 ddddd 0010011",
        "00110001 1011 sssss 001 ddddd 0010011" |b, f: R| key_schedule1(b, f);
    aes64ks2  "0111111 ttttt sssss 000 ddddd 0110011" |b, f: R| key_schedule2(b, f);
}

instructions! {
    /// SHA-256 and SHA-512: two rotations and a shift (sigma), or three rotations (sum).
    pub ZKNH: cpu::ZKNH;
    sha256sum0 "000100000000 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I32, [2, 13, 22], Op::Ror);
    sha256sum1 "000100000001 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I32, [6, 11, 25], Op::Ror);
    sha256sig0 "000100000010 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I32, [7, 18, 3], Op::Shr);
    sha256sig1 "000100000011 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I32, [17, 19, 10], Op::Shr);
    sha512sum0 "000100000100 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I64, [28, 34, 39], Op::Ror);
    sha512sum1 "000100000101 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I64, [14, 18, 41], Op::Ror);
    sha512sig0 "000100000110 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I64, [1, 8, 7], Op::Shr);
    sha512sig1 "000100000111 sssss 001 ddddd 0010011" |b, f: R| mix(b, f, Ty::I64, [19, 61, 6], Op::Shr);
}

instructions! {
    /// SM4, on a byte of rs2.
    pub ZKSED: cpu::ZKSED;
    sm4ed "ii 11000 ttttt sssss 000 ddddd 0110011" |b, f: Byte| sm4(b, f, helpers::SM4ED);
    sm4ks "ii 11010 ttttt sssss 000 ddddd 0110011" |b, f: Byte| sm4(b, f, helpers::SM4KS);
}

instructions! {
    /// SM3: its permutations of words.
    pub ZKSH: cpu::ZKSH;
    sm3p0 "000100001000 sssss 001 ddddd 0010011" |b, f: R| permute(b, f, [32 - 9, 32 - 17]);
    sm3p1 "000100001001 sssss 001 ddddd 0010011" |b, f: R| permute(b, f, [32 - 15, 32 - 23]);
}

/// x[rd] = the low half of a vector.
fn set_low(b: &mut Lower, rd: u32, vector: Val) {
    let val = b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [vector, Val::NONE, Val::NONE], 0);
    b.set_x(rd, val);
}

fn low_lane(b: &mut Lower, val: Val) -> Val {
    let low = b.un(Op::Bitcast, Ty::F64, val);
    b.un(Op::VZext, Ty::F64, low)
}

/// Half a round: rows shifted, bytes substituted, columns mixed but in the last round.
fn round(b: &mut Lower, f: R, substitute: Op, mix: Option<Op>) {
    let (low, high) = (b.x(f.rs1), b.x(f.rs2));
    let low = low_lane(b, low);
    let state = b.op(Op::VInsert, Ty::V128, Lane::D as u8, [low, high, Val::NONE], 1);
    let state = b.un(substitute, Ty::V128, state);
    let state = match mix {
        Some(op) => b.un(op, Ty::V128, state),
        None => state,
    };
    set_low(b, f.rd, state);
}

fn inverse_mix(b: &mut Lower, f: R) {
    let rs1 = b.x(f.rs1);
    let columns = low_lane(b, rs1);
    let mixed = b.un(Op::AesInvMix, Ty::V128, columns);
    set_low(b, f.rd, mixed);
}

/// The word above, rotated and substituted, with the round's constant, in both halves. In a state of four equal
/// columns the shift of rows changes nothing.
fn key_schedule1(b: &mut Lower, f: R) {
    const CONSTANTS: [i64; 11] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36, 0];
    const LAST: u32 = 10;
    let number = f.rs2 & 15;
    let rs1 = b.x(f.rs1);
    let high = b.bin_imm(Op::Shr, Ty::I64, rs1, 32);
    let word = b.trunc(high);
    let word = if number == LAST { word } else { b.bin_imm(Op::Ror, Ty::I32, word, 8) };
    let columns = b.op(Op::VSplat, Ty::I32, Lane::S as u8, [word, Val::NONE, Val::NONE], 0);
    let substituted = b.un(Op::AesSub, Ty::V128, columns);
    let constant = CONSTANTS.get(number as usize).copied().unwrap_or(0);
    let constant = b.vconst((constant << 32 | constant) as u64);
    let words = b.xor(Ty::V128, substituted, constant);
    set_low(b, f.rd, words);
}

fn key_schedule2(b: &mut Lower, f: R) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let above = b.bin_imm(Op::Shr, Ty::I64, rs1, 32);
    let first = b.xor(Ty::I64, above, rs2);
    let low = b.trunc(first);
    let low = b.zext32(low);
    let second = b.bin_imm(Op::Shl, Ty::I64, low, 32);
    let mask = b.bin_imm(Op::And, Ty::I64, rs2, !0xffff_ffff);
    let high = b.xor(Ty::I64, second, mask);
    let val = b.or(Ty::I64, high, low);
    b.set_x(f.rd, val);
}

/// The exclusive or of rs1 rotated by the first two counts and, by `last`, rotated or shifted by the third.
fn mix(b: &mut Lower, f: R, ty: Ty, [first, second, third]: [i64; 3], last: Op) {
    let rs1 = if ty == Ty::I32 { b.w(f.rs1) } else { b.x(f.rs1) };
    let one = b.bin_imm(Op::Ror, ty, rs1, first);
    let two = b.bin_imm(Op::Ror, ty, rs1, second);
    let three = b.bin_imm(last, ty, rs1, third);
    let val = b.xor(ty, one, two);
    let val = b.xor(ty, val, three);
    match ty {
        Ty::I32 => b.set_w(f.rd, val),
        _ => b.set_x(f.rd, val),
    }
}

/// rs1 and what a byte of rs2 adds to it, rotated to where the byte was.
fn sm4(b: &mut Lower, f: Byte, helper: HelperId) {
    let at = 8 * i64::from(f.byte);
    let (rs1, rs2) = (b.w(f.rs1), b.x(f.rs2));
    let byte = b.bin_imm(Op::Shr, Ty::I64, rs2, at);
    let mixed = b.call_int(helper, [byte, Val::NONE, Val::NONE], 0);
    let mixed = b.trunc(mixed);
    let mixed = b.bin_imm(Op::Ror, Ty::I32, mixed, (32 - at) % 32);
    let val = b.xor(Ty::I32, rs1, mixed);
    b.set_w(f.rd, val);
}

/// rs1 and what two rotations to the right make of it, added without carry.
fn permute(b: &mut Lower, f: R, [first, second]: [i64; 2]) {
    let rs1 = b.w(f.rs1);
    let one = b.bin_imm(Op::Ror, Ty::I32, rs1, first);
    let two = b.bin_imm(Op::Ror, Ty::I32, rs1, second);
    let val = b.xor(Ty::I32, one, two);
    let val = b.xor(Ty::I32, val, rs1);
    b.set_w(f.rd, val);
}
