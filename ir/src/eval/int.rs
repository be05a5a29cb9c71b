//! Integers.

use super::mask;
use crate::block::Inst;
use crate::ops::Op;
use crate::types::{Access, Icond, Ty};

/// Ops on one width of word.
macro_rules! word_ops {
    ($name:ident, $uint:ty, $int:ty, $wide:ty, $wide_int:ty) => {
        fn $name(op: Op, a: $uint, b: $uint) -> Option<$uint> {
            const BITS: u32 = <$uint>::BITS;
            let (sa, sb) = (a as $int, b as $int);
            Some(match op {
                Op::Add => a.wrapping_add(b),
                Op::Sub => a.wrapping_sub(b),
                Op::Mul => a.wrapping_mul(b),
                Op::MulHU => ((a as $wide * b as $wide) >> BITS) as $uint,
                Op::MulHS => ((sa as $wide_int * sb as $wide_int) >> BITS) as $uint,
                Op::MulHSU => ((sa as $wide_int).wrapping_mul(b as $wide_int) >> BITS) as $uint,
                Op::UDiv => a.checked_div(b).unwrap_or(0),
                Op::SDiv if b == 0 => 0,
                Op::SDiv => sa.wrapping_div(sb) as $uint,
                Op::URem => a.checked_rem(b).unwrap_or(a),
                Op::SRem if b == 0 => a,
                Op::SRem => sa.wrapping_rem(sb) as $uint,
                Op::Neg => a.wrapping_neg(),
                Op::Shl => a.wrapping_shl(b as u32),
                Op::Shr => a.wrapping_shr(b as u32),
                Op::Sar => sa.wrapping_shr(b as u32) as $uint,
                Op::Ror => a.rotate_right(b as u32 % BITS),
                Op::Clz => a.leading_zeros() as $uint,
                Op::Ctz => a.trailing_zeros() as $uint,
                Op::Popcnt => a.count_ones() as $uint,
                Op::Bswap => a.swap_bytes(),
                Op::Rbit => a.reverse_bits(),
                Op::Ext8U => a as u8 as $uint,
                Op::Ext8S => a as i8 as $uint,
                Op::Ext16U => a as u16 as $uint,
                Op::Ext16S => a as i16 as $uint,
                _ => return None,
            })
        }
    };
}

word_ops!(word32, u32, i32, u64, i64);
word_ops!(word64, u64, i64, u128, i128);

/// The value of an op of this family.
pub(crate) fn eval(inst: &Inst, [a, b, c]: [u128; 3]) -> u128 {
    match inst.op {
        Op::Const => inst.imm as u64 as u128 & mask(inst.ty),
        Op::Addr => inst.imm as u64 as u128,
        Op::VConst => (inst.imm as u64 as u128) << 64 | inst.imm as u64 as u128,
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::AndNot => a & !b,
        Op::Not => !a & mask(inst.ty),
        Op::Zext32 | Op::Trunc => a as u32 as u128,
        Op::Sext32 => a as i32 as u64 as u128,
        Op::ClmulLo => clmul(a as u64, b as u64) as u64 as u128,
        Op::ClmulHi => clmul(a as u64, b as u64) >> 64,
        Op::Crc32c => crc32c(a as u32, b as u64, Access::from_u8(inst.aux).bytes()) as u128,
        Op::Icmp => icmp(Icond::from_u8(inst.aux), inst.ty, a, b) as u128,
        Op::Select => {
            if a as u32 != 0 {
                b
            } else {
                c
            }
        }
        op => {
            let value = match inst.ty {
                Ty::I32 => word32(op, a as u32, b as u32).map(u128::from),
                _ => word64(op, a as u64, b as u64).map(u128::from),
            };
            value.unwrap_or_else(|| super::not_evaluated(inst))
        }
    }
}

/// Whether a comparison holds.
fn icmp(cond: Icond, ty: Ty, a: u128, b: u128) -> bool {
    let (a, b) = (a as u64, b as u64);
    let (sa, sb) = match ty {
        Ty::I32 => (a as i32 as i64, b as i32 as i64),
        _ => (a as i64, b as i64),
    };
    match cond {
        Icond::Eq => a == b,
        Icond::Ne => a != b,
        Icond::LtS => sa < sb,
        Icond::LeS => sa <= sb,
        Icond::GtS => sa > sb,
        Icond::GeS => sa >= sb,
        Icond::LtU => a < b,
        Icond::LeU => a <= b,
        Icond::GtU => a > b,
        Icond::GeU => a >= b,
    }
}

/// Carry-less product.
pub(super) fn clmul(a: u64, b: u64) -> u128 {
    (0..64).filter(|i| b >> i & 1 != 0).fold(0, |sum, i| sum ^ (a as u128) << i)
}

/// CRC-32C, bit-reversed polynomial 0x82f63b78 (RFC 3720, B.4).
fn crc32c(crc: u32, data: u64, bytes: u32) -> u32 {
    data.to_le_bytes().iter().take(bytes as usize).fold(crc, |crc, &byte| {
        (0..8).fold(crc ^ byte as u32, |crc, _| crc >> 1 ^ if crc & 1 != 0 { 0x82f6_3b78 } else { 0 })
    })
}
