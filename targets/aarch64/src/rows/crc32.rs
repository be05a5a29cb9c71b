//! CRC-32 and CRC-32C (Arm ARM C4.1.95, data processing with two sources).

use ir::{Access, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::helpers;
use crate::regs::{reg, set_reg};

instructions! {
    /// Checksums over a byte, half-word, word or double-word.
    pub ROWS: cpu::CRC32;
    crc32b  "0 00 11010110 mmmmm 010000 nnnnn ddddd" |b, f: Word| crc32(b, f);
    crc32h  "0 00 11010110 mmmmm 010001 nnnnn ddddd" |b, f: Word| crc32(b, f);
    crc32w  "0 00 11010110 mmmmm 010010 nnnnn ddddd" |b, f: Word| crc32(b, f);
    crc32x  "1 00 11010110 mmmmm 010011 nnnnn ddddd" |b, f: Word| crc32(b, f);
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

fn crc32(b: &mut Lower, f: Word) {
    let (sum, data) = (reg(b, Ty::I64, f.rn()), reg(b, Ty::I64, f.rm()));
    let result = b.call_int(helpers::CRC32, [sum, data, Val::NONE], 1 << f.bits(10, 2));
    set_reg(b, Ty::I64, f.rd(), result);
}

/// The reflected polynomial 0x04c11db7.
const POLYNOMIAL: u32 = 0xedb8_8320;

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = sum >> 1 ^ if sum & 1 != 0 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};

/// CRC-32 of the low `bytes` bytes of `data` on top of `sum`; no inversions.
pub extern "C" fn update(sum: u64, data: u64, _: u64, bytes: u64) -> u64 {
    let data = &data.to_le_bytes()[..bytes.min(8) as usize];
    data.iter().fold(sum as u32, |sum, byte| TABLE[(sum as u8 ^ byte) as usize] ^ sum >> 8) as u64
}

#[cfg(test)]
mod tests {
    #[test]
    fn check_value_of_the_catalogue() {
        // "123456789" gives 0xcbf43926 with the usual inversions.
        let sum = super::update(0xffff_ffff, u64::from_le_bytes(*b"12345678"), 0, 8);
        assert_eq!(super::update(sum, b'9' as u64, 0, 1) as u32, !0xcbf4_3926);
    }
}
