//! Atomics of FEAT_LSE (Arm ARM C4.1.94). The host's are sequentially consistent, whatever order is asked for.

use ir::{Access, Op, RmwOp, Ty};
use target::{Lower, instructions};

use super::loadstore_ordered::{address, equal_vectors, word_pair};
use super::loadstore_pair::{extract, pair};
use crate::cpu;
use crate::fields::Word;
use crate::memory_ops::access;
use crate::regs::{reg, set_reg};

instructions! {
    /// Read-modify-write (ST forms discard to register 31), swap, compare and swap.
    pub ROWS: cpu::ATOMICS;
    ldadd  "zz 111 0 00 ar 1 sssss 0 000 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::Add);
    ldclr  "zz 111 0 00 ar 1 sssss 0 001 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::Clear);
    ldeor  "zz 111 0 00 ar 1 sssss 0 010 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::Xor);
    ldset  "zz 111 0 00 ar 1 sssss 0 011 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::Or);
    ldsmax "zz 111 0 00 ar 1 sssss 0 100 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::MaxS);
    ldsmin "zz 111 0 00 ar 1 sssss 0 101 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::MinS);
    ldumax "zz 111 0 00 ar 1 sssss 0 110 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::MaxU);
    ldumin "zz 111 0 00 ar 1 sssss 0 111 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::MinU);
    swp    "zz 111 0 00 ar 1 sssss 1 000 00 nnnnn ttttt" |b, f: Word| read_modify_write(b, f, RmwOp::Swap);

    cas    "zz 001000 1 a 1 sssss r 11111 nnnnn ttttt" |b, f: Word| cas(b, f);
    casp_w "00 001000 0 a 1 ssss0 r 11111 nnnnn tttt0" |b, f: Word| casp_words(b, f);
    casp_x "01 001000 0 a 1 ssss0 r 11111 nnnnn tttt0" |b, f: Word| casp(b, f);
}

instructions! {
    /// Atomics on 128 bits.
    pub LSE128: cpu::LSE128;
    ldclrp "00 011001 ar 1 uuuuu 0 001 00 nnnnn ttttt" |b, f: Word| read_modify_write_pair(b, f, Some(Op::AndNot));
    ldsetp "00 011001 ar 1 uuuuu 0 011 00 nnnnn ttttt" |b, f: Word| read_modify_write_pair(b, f, Some(Op::Or));
    swpp   "00 011001 ar 1 uuuuu 1 000 00 nnnnn ttttt" |b, f: Word| read_modify_write_pair(b, f, None);
}

/// The operand type for a transfer of 1 << `size` bytes.
fn ty_of(size: u32) -> Ty {
    if size == 3 { Ty::I64 } else { Ty::I32 }
}

fn read_modify_write(b: &mut Lower, f: Word, op: RmwOp) {
    let size = f.bits(30, 2);
    let addr = address(b, f, 1 << size);
    let operand = reg(b, ty_of(size), f.rs());
    let old = b.rmw(op, ty_of(size), access(size), addr, operand);
    set_reg(b, ty_of(size), f.rt(), old);
}

fn cas(b: &mut Lower, f: Word) {
    let size = f.bits(30, 2);
    let addr = address(b, f, 1 << size);
    let (expected, new) = (reg(b, ty_of(size), f.rs()), reg(b, ty_of(size), f.rt()));
    let old = b.cas(ty_of(size), access(size), addr, expected, new);
    set_reg(b, ty_of(size), f.rs(), old);
}

fn casp_words(b: &mut Lower, f: Word) {
    let addr = address(b, f, 8);
    let expected = word_pair(b, f.rs(), f.rs() + 1);
    let new = word_pair(b, f.rt(), f.rt() + 1);
    let old = b.cas(Ty::I64, Access::B64, addr, expected, new);
    let low = b.trunc(old);
    set_reg(b, Ty::I32, f.rs(), low);
    let high = b.bin_imm(Op::Shr, Ty::I64, old, 32);
    set_reg(b, Ty::I64, f.rs() + 1, high);
}

fn casp(b: &mut Lower, f: Word) {
    let addr = address(b, f, 16);
    let both = |b: &mut Lower, n| {
        let (low, high) = (reg(b, Ty::I64, n), reg(b, Ty::I64, n + 1));
        pair(b, low, high)
    };
    let (expected, new) = (both(b, f.rs()), both(b, f.rt()));
    let old = b.cas(Ty::V128, Access::B128, addr, expected, new);
    for half in [0, 1] {
        let value = extract(b, old, half);
        set_reg(b, Ty::I64, f.rs() + half as u32, value);
    }
}

/// The host has a compare-and-swap of this width only: where memory changed in between, the instruction begins anew.
fn read_modify_write_pair(b: &mut Lower, f: Word, op: Option<Op>) {
    if f.rt() == 31 || f.rm() == 31 {
        return b.undefined();
    }
    let addr = address(b, f, 16);
    let (low, high) = (reg(b, Ty::I64, f.rt()), reg(b, Ty::I64, f.rm()));
    let operand = pair(b, low, high);
    let expected = b.load(Ty::V128, Access::B128, ir::Mem::at(addr));
    let new = op.map_or(operand, |op| b.bin(op, Ty::V128, expected, operand));
    let old = b.cas(Ty::V128, Access::B128, addr, expected, new);
    let unchanged = equal_vectors(b, old, expected);
    let changed = b.bin_imm(Op::Xor, Ty::I32, unchanged, 1);
    let again = b.pc;
    b.exit_if(changed, again);
    for (half, n) in [f.rt(), f.rm()].into_iter().enumerate() {
        let value = extract(b, old, half as i64);
        set_reg(b, Ty::I64, n, value);
    }
}
