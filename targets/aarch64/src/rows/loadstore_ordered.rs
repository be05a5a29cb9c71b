//! Acquire and release, exclusives (Arm ARM C4.1.94).
//!
//! The host acquires with each load and releases with each store; only that an acquire is not seen before an
//! earlier release asks for a barrier, behind the release. An exclusive store is a compare-and-swap against
//! what the exclusive load read: a value that went and came back in between goes unnoticed, which real code
//! has to bear on no CPU but does not depend on.

use ir::{Access, Icond, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::loadstore_pair::{extract, pair};
use super::system::clear_monitor;
use crate::cpu;
use crate::fields::Word;
use crate::memory_ops::{self, Address, IntLoad, access, at_base, ordered, unscaled};
use crate::regs::{reg, set_reg};
use crate::state::{EXCL_ADDR, EXCL_HIGH, EXCL_VALUE, v};

instructions! {
    /// Exclusives; load-acquire, store-release; both in their limited-ordering forms are the same here.
    pub ROWS: cpu::BASE;
    stxr  "zz 001000 0 0 0 sssss 0 22222 nnnnn ttttt" |b, f: Word| stxr(b, f);
    stlxr "zz 001000 0 0 0 sssss 1 22222 nnnnn ttttt" |b, f: Word| stxr(b, f);
    ldxr  "zz 001000 0 1 0 sssss 0 22222 nnnnn ttttt" |b, f: Word| ldxr(b, f);
    ldaxr "zz 001000 0 1 0 sssss 1 22222 nnnnn ttttt" |b, f: Word| ldxr(b, f);
    stxp  "1z 001000 0 0 1 sssss 0 22222 nnnnn ttttt" |b, f: Word| stxp(b, f);
    stlxp "1z 001000 0 0 1 sssss 1 22222 nnnnn ttttt" |b, f: Word| stxp(b, f);
    ldxp  "1z 001000 0 1 1 sssss 0 22222 nnnnn ttttt" |b, f: Word| ldxp(b, f);
    ldaxp "1z 001000 0 1 1 sssss 1 22222 nnnnn ttttt" |b, f: Word| ldxp(b, f);
    stlr  "zz 001000 1 0 0 11111 1 11111 nnnnn ttttt" |b, f: Word| stlr(b, f, base);
    ldar  "zz 001000 1 1 0 11111 1 11111 nnnnn ttttt" |b, f: Word| ldar(b, f, base);
}

instructions! {
    /// FEAT_LOR, of Armv8.1 as LSE is.
    pub LOR: cpu::ATOMICS;
    stllr "zz 001000 1 0 0 11111 0 11111 nnnnn ttttt" |b, f: Word| stlr(b, f, base);
    ldlar "zz 001000 1 1 0 11111 0 11111 nnnnn ttttt" |b, f: Word| ldar(b, f, base);
}

instructions! {
    /// LDAPR.
    pub LRCPC: cpu::LRCPC;
    ldapr "zz 111 0 00 1 0 1 11111 1 100 00 nnnnn ttttt" |b, f: Word| ldar(b, f, base);
}

instructions! {
    /// LDAPUR and STLUR.
    pub ILRCPC: cpu::ILRCPC;
    stlur     "zz 011001 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| stlr(b, f, offset);
    ldapur    "zz 011001 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| ldar(b, f, offset);
    ldapursb_x "00 011001 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| memory_ops::load(b, f, IntLoad(Access::S8, Ty::I64), offset);
    ldapursb_w "00 011001 11 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| memory_ops::load(b, f, IntLoad(Access::S8, Ty::I32), offset);
    ldapursh_x "01 011001 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| memory_ops::load(b, f, IntLoad(Access::S16, Ty::I64), offset);
    ldapursh_w "01 011001 11 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| memory_ops::load(b, f, IntLoad(Access::S16, Ty::I32), offset);
    ldapursw   "10 011001 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| memory_ops::load(b, f, IntLoad(Access::S32, Ty::I64), offset);
}

instructions! {
    /// Ordered pairs, write-back, vectors.
    pub LRCPC3: cpu::LRCPC3;
    stilp_pre   "1z 011001 00 0 uuuuu 0000 10 nnnnn ttttt" |b, f: Word| stilp(b, f, true);
    stilp       "1z 011001 00 0 uuuuu 0001 10 nnnnn ttttt" |b, f: Word| stilp(b, f, false);
    ldiapp_post "1z 011001 01 0 uuuuu 0000 10 nnnnn ttttt" |b, f: Word| ldiapp(b, f, true);
    ldiapp      "1z 011001 01 0 uuuuu 0001 10 nnnnn ttttt" |b, f: Word| ldiapp(b, f, false);
    stlr_pre    "1z 011001 10 0 00000 0000 10 nnnnn ttttt" |b, f: Word| stlr(b, f, pre);
    ldapr_post  "1z 011001 11 0 00000 0000 10 nnnnn ttttt" |b, f: Word| ldar(b, f, post);
    stlur_v     "zz 011101 00 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| stlur_vector(b, f, f.bits(30, 2));
    ldapur_v    "zz 011101 01 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| memory_ops::load_vector(b, f, access(f.bits(30, 2)), offset);
    stlur_vq    "00 011101 10 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| stlur_vector(b, f, 4);
    ldapur_vq   "00 011101 11 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| memory_ops::load_vector(b, f, access(4), offset);
    stl1        "0q 001101 00 0 00001 1000 01 nnnnn ttttt" |b, f: Word| stl1(b, f);
    ldap1       "0q 001101 01 0 00001 1000 01 nnnnn ttttt" |b, f: Word| ldap1(b, f);
}

/// [Xn], of an ordered access.
fn base(b: &mut Lower, f: Word, scale: u32) -> Address {
    let at = at_base(b, f, scale);
    ordered(b, at, 1 << scale)
}

/// [Xn, #imm9]
fn offset(b: &mut Lower, f: Word, scale: u32) -> Address {
    let at = unscaled(b, f, scale);
    ordered(b, at, 1 << scale)
}

/// [Xn, #-size]!
fn pre(b: &mut Lower, f: Word, scale: u32) -> Address {
    let at = memory_ops::pre(b, f, -1 << scale);
    ordered(b, at, 1 << scale)
}

/// [Xn], #size
fn post(b: &mut Lower, f: Word, scale: u32) -> Address {
    let at = memory_ops::post(b, f, 1 << scale);
    ordered(b, at, 1 << scale)
}

fn ldar(b: &mut Lower, f: Word, mode: memory_ops::Mode) {
    memory_ops::load(b, f, IntLoad(access(f.bits(30, 2)), Ty::I64), mode);
}

fn stlr(b: &mut Lower, f: Word, mode: memory_ops::Mode) {
    memory_ops::store(b, f, access(f.bits(30, 2)), mode);
    b.fence();
}

fn stlur_vector(b: &mut Lower, f: Word, scale: u32) {
    memory_ops::store_vector(b, f, access(scale), offset);
    b.fence();
}

fn stilp(b: &mut Lower, f: Word, write_back: bool) {
    let size = f.bits(30, 2);
    let at = if write_back { memory_ops::pre(b, f, -2 << size) } else { at_base(b, f, size) };
    let at = ordered(b, at, 2 << size);
    if size == 3 {
        let (low, high) = (reg(b, Ty::I64, f.rt()), reg(b, Ty::I64, f.rm()));
        let both = pair(b, low, high);
        b.store(Ty::V128, Access::B128, at.mem, both);
    } else {
        let both = word_pair(b, f.rt(), f.rm());
        b.store(Ty::I64, Access::B64, at.mem, both);
    }
    b.fence();
    at.finish(b, f);
}

fn ldiapp(b: &mut Lower, f: Word, write_back: bool) {
    let size = f.bits(30, 2);
    let at = if write_back { memory_ops::post(b, f, 2 << size) } else { at_base(b, f, size) };
    let at = ordered(b, at, 2 << size);
    if size == 3 {
        let both = b.load(Ty::V128, Access::B128, at.mem);
        at.finish(b, f);
        for (half, n) in [f.rt(), f.rm()].into_iter().enumerate() {
            let value = extract(b, both, half as i64);
            set_reg(b, Ty::I64, n, value);
        }
    } else {
        let both = b.load(Ty::I64, Access::B64, at.mem);
        at.finish(b, f);
        let low = b.trunc(both);
        set_reg(b, Ty::I32, f.rt(), low);
        let high = b.bin_imm(Op::Shr, Ty::I64, both, 32);
        set_reg(b, Ty::I64, f.rm(), high);
    }
}

fn lane(f: Word) -> i64 {
    f.bits(30, 1) as i64
}

fn stl1(b: &mut Lower, f: Word) {
    let at = base(b, f, 3);
    let vector = b.get(v(f.rt()));
    let value = extract(b, vector, lane(f));
    b.store(Ty::I64, Access::B64, at.mem, value);
    b.fence();
}

fn ldap1(b: &mut Lower, f: Word) {
    let at = base(b, f, 3);
    let value = b.load(Ty::I64, Access::B64, at.mem);
    let old = b.get(v(f.rt()));
    let new = b.op(Op::VInsert, Ty::I64, Lane::D as u8, [old, value, Val::NONE], lane(f));
    b.put(v(f.rt()), new);
}

/// The address of an atomic access of `bytes`, without its tag if it has one.
pub(super) fn address(b: &mut Lower, f: Word, bytes: u32) -> Val {
    let at = at_base(b, f, 0);
    ordered(b, at, bytes).mem.base
}

/// Bytes of an exclusive pair.
fn pair_bytes(f: Word) -> u32 {
    if f.bit(30) { 16 } else { 8 }
}

fn ldxr(b: &mut Lower, f: Word) {
    let addr = address(b, f, 1 << f.bits(30, 2));
    let value = b.load(Ty::I64, access(f.bits(30, 2)), ir::Mem::at(addr));
    b.put(EXCL_ADDR, addr);
    b.put(EXCL_VALUE, value);
    set_reg(b, Ty::I64, f.rt(), value);
}

/// Pairs of words are one double-word; of double-words two loads do, as a torn pair never stores.
fn ldxp(b: &mut Lower, f: Word) {
    let addr = address(b, f, pair_bytes(f));
    let value = b.load(Ty::I64, Access::B64, ir::Mem::at(addr));
    if f.bit(30) {
        let high = b.load(Ty::I64, Access::B64, ir::Mem::disp(addr, 8));
        b.put(EXCL_ADDR, addr);
        b.put(EXCL_VALUE, value);
        b.put(EXCL_HIGH, high);
        set_reg(b, Ty::I64, f.rt(), value);
        set_reg(b, Ty::I64, f.rt2(), high);
    } else {
        b.put(EXCL_ADDR, addr);
        b.put(EXCL_VALUE, value);
        let low = b.trunc(value);
        set_reg(b, Ty::I32, f.rt(), low);
        let high = b.bin_imm(Op::Shr, Ty::I64, value, 32);
        set_reg(b, Ty::I64, f.rt2(), high);
    }
}

/// Whether the monitor is set for `addr`, and the value to store: where it is not, what memory should hold,
/// so that the compare-and-swap changes nothing.
fn monitored(b: &mut Lower, ty: Ty, addr: Val, expected: Val, new: Val) -> (Val, Val) {
    let monitored = b.get(EXCL_ADDR);
    let ours = b.icmp(Icond::Eq, Ty::I64, monitored, addr);
    let new = b.select(ty, ours, new, expected);
    (ours, new)
}

/// Ends the exclusive access: Ws is 0 where memory was written.
fn set_status(b: &mut Lower, f: Word, ours: Val, unchanged: Val) {
    clear_monitor(b);
    let done = b.and(Ty::I32, ours, unchanged);
    let status = b.bin_imm(Op::Xor, Ty::I32, done, 1);
    set_reg(b, Ty::I32, f.rs(), status);
}

fn stxr(b: &mut Lower, f: Word) {
    let size = f.bits(30, 2);
    let ty = if size == 3 { Ty::I64 } else { Ty::I32 };
    let addr = address(b, f, 1 << size);
    let expected = b.get(EXCL_VALUE);
    let expected = if ty == Ty::I32 { b.trunc(expected) } else { expected };
    let new = reg(b, ty, f.rt());
    let (ours, new) = monitored(b, ty, addr, expected, new);
    let old = b.cas(ty, access(size), addr, expected, new);
    let unchanged = b.icmp(Icond::Eq, ty, old, expected);
    set_status(b, f, ours, unchanged);
}

fn stxp(b: &mut Lower, f: Word) {
    let addr = address(b, f, pair_bytes(f));
    let expected = b.get(EXCL_VALUE);
    if f.bit(30) {
        let (low, high) = (reg(b, Ty::I64, f.rt()), reg(b, Ty::I64, f.rt2()));
        let (new, expected_high) = (pair(b, low, high), b.get(EXCL_HIGH));
        let expected = pair(b, expected, expected_high);
        let (ours, new) = monitored(b, Ty::V128, addr, expected, new);
        let old = b.cas(Ty::V128, Access::B128, addr, expected, new);
        let unchanged = equal_vectors(b, old, expected);
        set_status(b, f, ours, unchanged);
    } else {
        let new = word_pair(b, f.rt(), f.rt2());
        let (ours, new) = monitored(b, Ty::I64, addr, expected, new);
        let old = b.cas(Ty::I64, Access::B64, addr, expected, new);
        let unchanged = b.icmp(Icond::Eq, Ty::I64, old, expected);
        set_status(b, f, ours, unchanged);
    }
}

/// Two words as a double-word.
pub(super) fn word_pair(b: &mut Lower, low: u32, high: u32) -> Val {
    let low = reg(b, Ty::I32, low);
    let low = b.zext32(low);
    let high = reg(b, Ty::I64, high);
    let high = b.bin_imm(Op::Shl, Ty::I64, high, 32);
    b.or(Ty::I64, high, low)
}

/// 1 where all bits agree.
pub(super) fn equal_vectors(b: &mut Lower, a: Val, c: Val) -> Val {
    let differ = b.xor(Ty::V128, a, c);
    let (low, high) = (extract(b, differ, 0), extract(b, differ, 1));
    let any = b.or(Ty::I64, low, high);
    let zero = b.i64(0);
    b.icmp(Icond::Eq, Ty::I64, any, zero)
}
