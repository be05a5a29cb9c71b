//! Flag manipulation (Arm ARM C4.1.93 and C4.1.95: FEAT_FlagM, FEAT_FlagM2).

use ir::{Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::regs::reg;
use crate::state::NZCV;

instructions! {
    /// FEAT_FlagM.
    pub FLAGM: cpu::FLAGM;
    rmif   "1 01 11010000 iiiiii 00001 nnnnn 0 mmmm" |b, f: Word| rmif(b, f);
    setf8  "0 01 11010000 000000 0 0010 nnnnn 0 1101" |b, f: Word| setf(b, f, 8);
    setf16 "0 01 11010000 000000 1 0010 nnnnn 0 1101" |b, f: Word| setf(b, f, 16);
    cfinv  "1101010100 0 00 000 0100 0000 000 11111" |b, _f: Word| cfinv(b);
}

instructions! {
    /// FEAT_FlagM2.
    pub FLAGM2: cpu::FLAGM2;
    xaflag "1101010100 0 00 000 0100 0000 001 11111" |b, _f: Word| xaflag(b);
    axflag "1101010100 0 00 000 0100 0000 010 11111" |b, _f: Word| axflag(b);
}

const N: i64 = 1 << 31;
const Z: i64 = 1 << 30;
const C: i64 = 1 << 29;
const V: i64 = 1 << 28;

/// The flags in bits 31 to 28.
fn get(b: &mut Lower) -> Val {
    let flags = b.get(NZCV);
    b.un(Op::ToNzcv, Ty::Flags, flags)
}

/// Sets the flags from bits 31 to 28.
pub(super) fn put(b: &mut Lower, bits: Val) {
    let flags = b.un(Op::FromNzcv, Ty::I32, bits);
    b.put(NZCV, flags);
}

fn and(b: &mut Lower, a: Val, mask: i64) -> Val {
    b.bin_imm(Op::And, Ty::I32, a, mask)
}

/// Bits of the rotated register replace the flags that the mask names.
fn rmif(b: &mut Lower, f: Word) {
    let mask = (f.bits(0, 4) << 28) as i64;
    let value = reg(b, Ty::I64, f.rn());
    let rotated = b.bin_imm(Op::Ror, Ty::I64, value, f.bits(15, 6) as i64);
    let low = b.trunc(rotated);
    let up = b.bin_imm(Op::Shl, Ty::I32, low, 28);
    let old = get(b);
    let (new, kept) = (and(b, up, mask), and(b, old, !mask));
    let bits = b.or(Ty::I32, new, kept);
    put(b, bits);
}

/// N and Z of the low `width` bits; V where bit `width` differs from the one below; C stays.
fn setf(b: &mut Lower, f: Word, width: i64) {
    let value = reg(b, Ty::I32, f.rn());
    let top = b.bin_imm(Op::Shl, Ty::I32, value, 32 - width);
    let zero = b.i32(0);
    let is_zero = b.icmp(ir::Icond::Eq, Ty::I32, top, zero);
    let z = b.bin_imm(Op::Shl, Ty::I32, is_zero, 30);
    let n = and(b, top, N);
    // Bit `width` comes to bit 28 and the one below too.
    let above = b.bin_imm(Op::Shl, Ty::I32, value, 28 - width);
    let sign = b.bin_imm(Op::Shl, Ty::I32, value, 29 - width);
    let differ = b.xor(Ty::I32, above, sign);
    let v = and(b, differ, V);
    let old = get(b);
    let c = and(b, old, C);
    let nz = b.or(Ty::I32, n, z);
    let cv = b.or(Ty::I32, c, v);
    let bits = b.or(Ty::I32, nz, cv);
    put(b, bits);
}

fn cfinv(b: &mut Lower) {
    let old = get(b);
    let bits = b.bin_imm(Op::Xor, Ty::I32, old, C);
    put(b, bits);
}

/// Arm ARM, AXFLAG: N = 0, Z = Z | V, C = C & !V, V = 0.
fn axflag(b: &mut Lower) {
    let old = get(b);
    let v_at_z = b.bin_imm(Op::Shl, Ty::I32, old, 2);
    let z = b.or(Ty::I32, old, v_at_z);
    let z = and(b, z, Z);
    let v_at_c = b.bin_imm(Op::Shl, Ty::I32, old, 1);
    let c = b.bin(Op::AndNot, Ty::I32, old, v_at_c);
    let c = and(b, c, C);
    let bits = b.or(Ty::I32, z, c);
    put(b, bits);
}

/// Arm ARM, XAFLAG: N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z.
fn xaflag(b: &mut Lower) {
    let old = get(b);
    let c_at_n = b.bin_imm(Op::Shl, Ty::I32, old, 2);
    let z_at_n = b.bin_imm(Op::Shl, Ty::I32, old, 1);
    let either = b.or(Ty::I32, c_at_n, z_at_n);
    let n = b.un(Op::Not, Ty::I32, either);
    let n = and(b, n, N);
    let c_at_z = b.bin_imm(Op::Shl, Ty::I32, old, 1);
    let z = b.and(Ty::I32, old, c_at_z);
    let z = and(b, z, Z);
    let z_at_c = b.bin_imm(Op::Shr, Ty::I32, old, 1);
    let c = b.or(Ty::I32, old, z_at_c);
    let c = and(b, c, C);
    let z_at_v = b.bin_imm(Op::Shr, Ty::I32, old, 2);
    let c_at_v = b.bin_imm(Op::Shr, Ty::I32, old, 1);
    let v = b.bin(Op::AndNot, Ty::I32, z_at_v, c_at_v);
    let v = and(b, v, V);
    let nz = b.or(Ty::I32, n, z);
    let cv = b.or(Ty::I32, c, v);
    let bits = b.or(Ty::I32, nz, cv);
    put(b, bits);
}
