//! Small extensions: Zicond (conditional operations), Zimop (may-be-operations), Zicbom and
//! Zicboz (cache-block management and zeroing), of the chapters of these names.
//!
//! Hints need no row. The prefetches of Zicbop are `ori` to x0 (in `i`), the locality hints of Zihintntl `add` to
//! x0; and `lpad` of Zicfilp is `auipc` to x0.

use ir::{Access, Icond, Mem, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::R;
use crate::masking::mask;
use crate::regs::Regs;

/// Bytes of a cache block, as `hwprobe` says.
pub const CACHE_BLOCK: u64 = 64;

instructions! {
    /// A value or zero.
    pub ZICOND: cpu::ZICOND;
    czero_eqz "0000111 ttttt sssss 101 ddddd 0110011" |b, f: R| czero(b, f, Icond::Eq);
    czero_nez "0000111 ttttt sssss 111 ddddd 0110011" |b, f: R| czero(b, f, Icond::Ne);
}

instructions! {
    /// Zero to rd, until an extension gives them a meaning.
    pub ZIMOP: cpu::ZIMOP;
    mop_r  "1n00nn0111nn sssss 100 ddddd 1110011"  |b, f: R| may_be(b, f);
    mop_rr "1n00nn1 ttttt sssss 100 ddddd 1110011" |b, f: R| may_be(b, f);
}

instructions! {
    /// `cbo.inval` has no row: Linux leaves it to the privileged modes.
    pub ZICBOM: cpu::ZICBOM;
    cbo_clean "000000000001 sssss 010 00000 0001111" |b, f: R| touch(b, f);
    cbo_flush "000000000010 sssss 010 00000 0001111" |b, f: R| touch(b, f);
}

instructions! {
    /// The block that holds the address becomes zero.
    pub ZICBOZ: cpu::ZICBOZ;
    cbo_zero "000000000100 sssss 010 00000 0001111" |b, f: R| cbo_zero(b, f);
}

/// rd = zero where rs2 compares so with zero, else rs1.
fn czero(b: &mut Lower, f: R, cond: Icond) {
    let (rs1, rs2, zero) = (b.x(f.rs1), b.x(f.rs2), b.i64(0));
    let clear = b.icmp(cond, Ty::I64, rs2, zero);
    let val = b.select(Ty::I64, clear, zero, rs1);
    b.set_x(f.rd, val);
}

fn may_be(b: &mut Lower, f: R) {
    let zero = b.i64(0);
    b.set_x(f.rd, zero);
}

/// Caches are coherent; what is left is that the address must be readable.
fn touch(b: &mut Lower, f: R) {
    let addr = b.x(f.rs1);
    let addr = mask(b, addr);
    b.load(Ty::I64, Access::U8, Mem::at(addr));
}

fn cbo_zero(b: &mut Lower, f: R) {
    let addr = b.x(f.rs1);
    let addr = mask(b, addr);
    let block = b.bin_imm(Op::And, Ty::I64, addr, -(CACHE_BLOCK as i64));
    let zero: Val = b.vconst(0);
    for at in (0..CACHE_BLOCK as i64).step_by(16) {
        b.store(Ty::V128, Access::B128, Mem::disp(block, at), zero);
    }
}
