//! CRC-32 and CRC-32C (Arm ARM C4.1.95, data processing with two sources).

use ir::{Access, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, set_reg};

instructions! {
    /// Checksums over a byte, half-word, word or double-word.
    pub ROWS: cpu::CRC32;
    crc32b  "0 00 11010110 mmmmm 010000 nnnnn ddddd" |b, f: Word| crc32(b, f, 8);
    crc32h  "0 00 11010110 mmmmm 010001 nnnnn ddddd" |b, f: Word| crc32(b, f, 16);
    crc32w  "0 00 11010110 mmmmm 010010 nnnnn ddddd" |b, f: Word| crc32(b, f, 32);
    crc32x  "1 00 11010110 mmmmm 010011 nnnnn ddddd" |b, f: Word| crc32(b, f, 64);
    crc32cb "0 00 11010110 mmmmm 010100 nnnnn ddddd" |b, f: Word| crc32c(b, f, Access::U8);
    crc32ch "0 00 11010110 mmmmm 010101 nnnnn ddddd" |b, f: Word| crc32c(b, f, Access::U16);
    crc32cw "0 00 11010110 mmmmm 010110 nnnnn ddddd" |b, f: Word| crc32c(b, f, Access::U32);
    crc32cx "1 00 11010110 mmmmm 010111 nnnnn ddddd" |b, f: Word| crc32c(b, f, Access::B64);
}

fn crc32c(b: &mut Lower, f: Word, access: Access) {
    let (sum, data) = (reg(b, Ty::I32, f.rn()), reg(b, Ty::I64, f.rm()));
    let result = b.op(Op::Crc32c, Ty::I64, access as u8, [sum, data, Val::NONE], 0);
    set_reg(b, Ty::I32, f.rd(), result);
}

/// The polynomial 0x04c11db7, reflected: bit 31 - i is the coefficient of t^i below t^32.
const POLYNOMIAL: u64 = 0xedb8_8320;

/// t^96 divided by the polynomial, without its leading t^64, reflected: bit 63 - i is the coefficient of t^i.
const QUOTIENT: u64 = {
    // Long division: the remainder of t^32 on, one power of t more each round.
    let (mut remainder, mut quotient, mut i) = (POLYNOMIAL, 0, 0);
    while i < 64 {
        let carry = remainder & 1;
        quotient |= carry << i;
        remainder = remainder >> 1 ^ if carry != 0 { POLYNOMIAL } else { 0 };
        i += 1;
    }
    quotient
};

/// Sum and data together are a polynomial x below t^64, to be taken times t^32 modulo the polynomial P (Barrett):
/// q = x * t^96/P / t^64 by one carry-less product, then q * P modulo t^32 by another. A product of reflected
/// numbers comes out one bit too low.
fn crc32(b: &mut Lower, f: Word, bits: i64) {
    let (sum, data) = (reg(b, Ty::I32, f.rn()), reg(b, Ty::I64, f.rm()));
    let wide = b.zext32(sum);
    let mixed = b.xor(Ty::I64, wide, data);
    let x = b.bin_imm(Op::Shl, Ty::I64, mixed, 64 - bits);
    let low = b.bin_imm(Op::ClmulLo, Ty::I64, x, QUOTIENT as i64);
    let up = b.bin_imm(Op::Shl, Ty::I64, low, 1);
    let q = b.xor(Ty::I64, x, up);
    let high = b.bin_imm(Op::ClmulHi, Ty::I64, q, (POLYNOMIAL << 32) as i64);
    let remainder = b.bin_imm(Op::Shr, Ty::I64, high, 31);
    let mut result = b.trunc(remainder);
    if bits < 32 {
        // The part of the old sum that the data did not reach.
        let rest = b.bin_imm(Op::Shr, Ty::I32, sum, bits);
        result = b.xor(Ty::I32, result, rest);
    }
    set_reg(b, Ty::I32, f.rd(), result);
}
