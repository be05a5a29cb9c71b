//! Memory copy and memory set (FEAT_MOPS; Arm ARM C4.1.94, C3.2.14 and the pseudocode of each instruction).
//!
//! Of the two ways that an implementation may have, this is option A: behind the prologue the addresses are those of the
//! ends, and the size counts from minus what is left up to zero; or, where a copy goes backward, they are those
//! of the starts, and it counts down. How much each of the three instructions does is free: the prologue does
//! nothing but set this up, the main part goes by 16 bytes, the epilogue by bytes. An instruction does one step
//! and goes on at itself, so that the registers are right wherever it faults.

use ir::{Access, Icond, Lane, Mem, Op, Term, Ty, Val};
use target::{Lower, instructions};

use super::flags;
use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, set_reg, untag};

instructions! {
    /// The lower letter of the options says how memory is accessed (unprivileged, non-temporal), which is the same here.
    pub MOPS: cpu::MOPS;
    cpyfp "00 011 0 01 00 0 sssss oooo 01 nnnnn ddddd" |b, f: Word| copy_prologue(b, f, false);
    cpyfm "00 011 0 01 01 0 sssss oooo 01 nnnnn ddddd" |b, f: Word| copy_step(b, f, Access::B128);
    cpyfe "00 011 0 01 10 0 sssss oooo 01 nnnnn ddddd" |b, f: Word| copy_step(b, f, Access::U8);
    cpyp  "00 011 1 01 00 0 sssss oooo 01 nnnnn ddddd" |b, f: Word| copy_prologue(b, f, true);
    cpym  "00 011 1 01 01 0 sssss oooo 01 nnnnn ddddd" |b, f: Word| copy_step(b, f, Access::B128);
    cpye  "00 011 1 01 10 0 sssss oooo 01 nnnnn ddddd" |b, f: Word| copy_step(b, f, Access::U8);
    setp  "00 011 0 01 11 0 sssss 00oo 01 nnnnn ddddd" |b, f: Word| set_prologue(b, f);
    setm  "00 011 0 01 11 0 sssss 01oo 01 nnnnn ddddd" |b, f: Word| set_step(b, f, Access::B128);
    sete  "00 011 0 01 11 0 sssss 10oo 01 nnnnn ddddd" |b, f: Word| set_step(b, f, Access::U8);
}

/// Sizes that a set or a forward copy, and those that a copy of either direction is cut to.
const LARGEST: i64 = i64::MAX;
const LARGEST_EITHER: i64 = 0x007f_ffff_ffff_ffff;

/// The registers must be three, and the zero register stands for the value to set only.
fn is_reserved(f: Word, copies: bool) -> bool {
    let (d, s, n) = (f.rd(), f.rs(), f.rn());
    d == s || s == n || d == n || d == 31 || n == 31 || copies && s == 31
}

fn x(b: &mut Lower, n: u32) -> Val {
    reg(b, Ty::I64, n)
}

fn add(b: &mut Lower, a: Val, c: Val) -> Val {
    b.bin(Op::Add, Ty::I64, a, c)
}

/// The size, at most `largest`.
fn size(b: &mut Lower, f: Word, largest: i64) -> Val {
    let (size, limit) = (x(b, f.rn()), b.i64(largest));
    let fits = b.icmp(Icond::LtU, Ty::I64, size, limit);
    b.select(Ty::I64, fits, size, limit)
}

/// NZCV are clear for option A.
fn clear_flags(b: &mut Lower) {
    let none = b.i32(0);
    flags::put(b, none);
}

fn set_prologue(b: &mut Lower, f: Word) {
    if is_reserved(f, false) {
        return b.undefined();
    }
    let (size, to) = (size(b, f, LARGEST), x(b, f.rd()));
    let end = add(b, to, size);
    let left = b.un(Op::Neg, Ty::I64, size);
    set_reg(b, Ty::I64, f.rd(), end);
    set_reg(b, Ty::I64, f.rn(), left);
    clear_flags(b);
}

fn copy_prologue(b: &mut Lower, f: Word, either: bool) {
    if is_reserved(f, true) {
        return b.undefined();
    }
    let size = size(b, f, if either { LARGEST_EITHER } else { LARGEST });
    let (to, from) = (x(b, f.rd()), x(b, f.rs()));
    let (to_end, from_end) = (add(b, to, size), add(b, from, size));
    let left = b.un(Op::Neg, Ty::I64, size);
    let mut values = [to_end, from_end, left];
    if either {
        let backward = overlaps_behind(b, from, to, size);
        for (value, start) in values.iter_mut().zip([to, from, size]) {
            *value = b.select(Ty::I64, backward, start, *value);
        }
    }
    for (n, value) in [f.rd(), f.rs(), f.rn()].into_iter().zip(values) {
        set_reg(b, Ty::I64, n, value);
    }
    clear_flags(b);
}

/// Whether `to` lies within what is to be copied, behind its start: such a copy goes backward. Tags do not count.
fn overlaps_behind(b: &mut Lower, from: Val, to: Val, size: Val) -> Val {
    let distance = b.bin(Op::Sub, Ty::I64, to, from);
    let untagged = b.bin_imm(Op::Shl, Ty::I64, distance, 8);
    let distance = b.bin_imm(Op::Shr, Ty::I64, untagged, 8);
    let (zero, within) = (b.i64(0), b.icmp(Icond::LtU, Ty::I64, distance, size));
    let behind = b.icmp(Icond::Ne, Ty::I64, distance, zero);
    b.and(Ty::I32, within, behind)
}

/// Leaves for the next instruction where less than a step is left to do. What is left is negative going forward.
fn finished(b: &mut Lower, left: Val, step: i64) {
    let sign = b.bin_imm(Op::Sar, Ty::I64, left, 63);
    let flipped = b.xor(Ty::I64, left, sign);
    let magnitude = b.bin(Op::Sub, Ty::I64, flipped, sign);
    let step = b.i64(step);
    let done = b.icmp(Icond::LtU, Ty::I64, magnitude, step);
    let next = b.next;
    b.exit_if(done, next);
}

/// Where the step works, from the addresses of the registers; and what is left behind it.
fn step(b: &mut Lower, left: Val, step: i64) -> (Val, Val) {
    let (zero, up, down) =
        (b.i64(0), b.bin_imm(Op::Add, Ty::I64, left, step), b.bin_imm(Op::Add, Ty::I64, left, -step));
    let forward = b.icmp(Icond::LtS, Ty::I64, left, zero);
    (b.select(Ty::I64, forward, left, down), b.select(Ty::I64, forward, up, down))
}

fn again(b: &mut Lower) {
    let target = b.pc;
    b.end(Term::Jump { target });
}

fn copy_step(b: &mut Lower, f: Word, access: Access) {
    if is_reserved(f, true) {
        return b.undefined();
    }
    let ty = if access == Access::B128 { Ty::V128 } else { Ty::I32 };
    let left = x(b, f.rn());
    finished(b, left, access.bytes().into());
    let (offset, rest) = step(b, left, access.bytes().into());
    let (to, from) = (x(b, f.rd()), x(b, f.rs()));
    let (to, from) = (add(b, to, offset), add(b, from, offset));
    let (to, from) = (untag(b, Mem::at(to)), untag(b, Mem::at(from)));
    let value = b.load(ty, access, from);
    b.store(ty, access, to, value);
    set_reg(b, Ty::I64, f.rn(), rest);
    again(b);
}

fn set_step(b: &mut Lower, f: Word, access: Access) {
    if is_reserved(f, false) {
        return b.undefined();
    }
    let left = x(b, f.rn());
    finished(b, left, access.bytes().into());
    let (offset, rest) = step(b, left, access.bytes().into());
    let to = x(b, f.rd());
    let to = add(b, to, offset);
    let to = untag(b, Mem::at(to));
    let byte = reg(b, Ty::I32, f.rs());
    let (ty, value) = match access {
        Access::B128 => (Ty::V128, b.op(Op::VSplat, Ty::I32, Lane::B as u8, [byte, Val::NONE, Val::NONE], 0)),
        _ => (Ty::I32, byte),
    };
    b.store(ty, access, to, value);
    set_reg(b, Ty::I64, f.rn(), rest);
    again(b);
}
