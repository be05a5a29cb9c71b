//! A: atomics; Zabha: their bytes and half-words; Zacas: compare and swap; Zawrs: waiting on a reservation
//! (unprivileged ISA, chapters of these names).
//!
//! Misaligned atomic operations work, as Zama16b has it within 16 bytes; LR and SC must be aligned.
//!
//! A locked instruction of the host is a full barrier and every load an acquiring one. What is left
//! to order is a store before the load of an `lr` that releases.

use ir::{Access, Icond, Lane, Mem, Op, RmwOp, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Amo;
use crate::masking::mask;
use crate::regs::Regs;
use crate::state::{RES_ADDR, RES_VALUE};

instructions! {
    /// Zalrsc: load-reserved and store-conditional.
    pub ZALRSC: cpu::A;
    lr_w "00010 ar 00000 sssss 010 ddddd 0101111" |b, f: Amo| load_reserved(b, f, Access::S32);
    lr_d "00010 ar 00000 sssss 011 ddddd 0101111" |b, f: Amo| load_reserved(b, f, Access::B64);
    sc_w "00011 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| store_conditional(b, f, Access::U32);
    sc_d "00011 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| store_conditional(b, f, Access::B64);
}

instructions! {
    /// Zaamo: atomic memory operations.
    pub ZAAMO: cpu::A;
    amoswap_w "00001 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Swap, Access::U32);
    amoadd_w  "00000 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Add, Access::U32);
    amoxor_w  "00100 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Xor, Access::U32);
    amoand_w  "01100 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::And, Access::U32);
    amoor_w   "01000 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Or, Access::U32);
    amomin_w  "10000 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinS, Access::U32);
    amomax_w  "10100 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxS, Access::U32);
    amominu_w "11000 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinU, Access::U32);
    amomaxu_w "11100 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxU, Access::U32);
    amoswap_d "00001 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Swap, Access::B64);
    amoadd_d  "00000 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Add, Access::B64);
    amoxor_d  "00100 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Xor, Access::B64);
    amoand_d  "01100 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::And, Access::B64);
    amoor_d   "01000 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Or, Access::B64);
    amomin_d  "10000 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinS, Access::B64);
    amomax_d  "10100 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxS, Access::B64);
    amominu_d "11000 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinU, Access::B64);
    amomaxu_d "11100 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxU, Access::B64);
}

instructions! {
    /// Zabha.
    pub ZABHA: cpu::ZABHA;
    amoswap_b "00001 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Swap, Access::U8);
    amoadd_b  "00000 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Add, Access::U8);
    amoxor_b  "00100 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Xor, Access::U8);
    amoand_b  "01100 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::And, Access::U8);
    amoor_b   "01000 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Or, Access::U8);
    amomin_b  "10000 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinS, Access::U8);
    amomax_b  "10100 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxS, Access::U8);
    amominu_b "11000 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinU, Access::U8);
    amomaxu_b "11100 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxU, Access::U8);
    amoswap_h "00001 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Swap, Access::U16);
    amoadd_h  "00000 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Add, Access::U16);
    amoxor_h  "00100 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Xor, Access::U16);
    amoand_h  "01100 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::And, Access::U16);
    amoor_h   "01000 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::Or, Access::U16);
    amomin_h  "10000 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinS, Access::U16);
    amomax_h  "10100 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxS, Access::U16);
    amominu_h "11000 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MinU, Access::U16);
    amomaxu_h "11100 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amo(b, f, RmwOp::MaxU, Access::U16);
}

instructions! {
    /// Zacas.
    pub ZACAS: cpu::ZACAS;
    amocas_w "00101 ar ttttt sssss 010 ddddd 0101111" |b, f: Amo| amocas(b, f, Access::U32);
    amocas_d "00101 ar ttttt sssss 011 ddddd 0101111" |b, f: Amo| amocas(b, f, Access::B64);
    amocas_q "00101 ar tttt0 sssss 100 dddd0 0101111" |b, f: Amo| amocas_q(b, f);
}

instructions! {
    /// Zacas with Zabha.
    pub ZACAS_ZABHA: cpu::ZACAS_AND_ZABHA;
    amocas_b "00101 ar ttttt sssss 000 ddddd 0101111" |b, f: Amo| amocas(b, f, Access::U8);
    amocas_h "00101 ar ttttt sssss 001 ddddd 0101111" |b, f: Amo| amocas(b, f, Access::U16);
}

instructions! {
    /// Zawrs: a wait may end at any time, so it ends at once.
    pub ZAWRS: cpu::ZAWRS;
    wrs_nto "000000001101 00000 000 00000 1110011" |b, _f: u32| wait(b);
    wrs_sto "000000011101 00000 000 00000 1110011" |b, _f: u32| wait(b);
}

fn address(b: &mut Lower, f: Amo) -> Val {
    let addr = b.x(f.rs1);
    mask(b, addr)
}

/// A misaligned address raises an exception, which Linux makes SIGBUS (unprivileged ISA, Zalrsc).
fn check_aligned(b: &mut Lower, addr: Val, access: Access) {
    b.op(Op::Aligned, Ty::None, 0, [addr, Val::NONE, Val::NONE], access.bytes().into());
}

fn load_reserved(b: &mut Lower, f: Amo, access: Access) {
    if f.rl {
        b.fence();
    }
    let addr = address(b, f);
    check_aligned(b, addr, access);
    let val = b.load(Ty::I64, access, Mem::at(addr));
    b.put(RES_ADDR, addr);
    b.put(RES_VALUE, val);
    b.set_x(f.rd, val);
}

/// Succeeds where memory still holds what the reserving load read there: stores of the same value
/// in between go unseen, which the constrained loops that are guaranteed progress can't tell.
/// Without a reservation for the address it swaps the reserved value for itself: nothing is written, but a
/// page that can't be written faults, as the manual allows.
fn store_conditional(b: &mut Lower, f: Amo, access: Access) {
    let ty = ty_of(access);
    let (addr, held, reserved) = (address(b, f), b.get(RES_ADDR), b.get(RES_VALUE));
    check_aligned(b, addr, access);
    let expected = narrow(b, ty, reserved);
    let val = operand(b, ty, f.rs2);
    let matches = b.icmp(Icond::Eq, Ty::I64, held, addr);
    let new = b.select(ty, matches, val, expected);
    let found = b.cas(ty, access, addr, expected, new);
    let unchanged = b.icmp(Icond::Eq, ty, found, expected);
    let stored = b.and(Ty::I32, matches, unchanged);
    let failed = b.bin_imm(Op::Xor, Ty::I32, stored, 1);
    let none = b.i64(-1);
    b.put(RES_ADDR, none);
    b.set_bool(f.rd, failed);
}

fn amo(b: &mut Lower, f: Amo, op: RmwOp, access: Access) {
    let ty = ty_of(access);
    let (addr, val) = (address(b, f), operand(b, ty, f.rs2));
    let old = b.rmw(op, ty, access, addr, val);
    set_old(b, f.rd, access, old);
}

/// rd = memory at rs1; where it was rd it becomes rs2. Only the bits of the access are compared.
fn amocas(b: &mut Lower, f: Amo, access: Access) {
    let ty = ty_of(access);
    let (addr, expected, new) = (address(b, f), operand(b, ty, f.rd), operand(b, ty, f.rs2));
    let old = b.cas(ty, access, addr, expected, new);
    set_old(b, f.rd, access, old);
}

/// A pair of registers that begins with x0 is zero.
fn amocas_q(b: &mut Lower, f: Amo) {
    let addr = address(b, f);
    let (expected, new) = (pair(b, f.rd), pair(b, f.rs2));
    let old = b.cas(Ty::V128, Access::B128, addr, expected, new);
    if f.rd != 0 {
        for half in 0..2 {
            let val = b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [old, Val::NONE, Val::NONE], half);
            b.set_x(f.rd + half as u32, val);
        }
    }
}

fn pair(b: &mut Lower, n: u32) -> Val {
    if n == 0 {
        return b.vconst(0);
    }
    let (low, high) = (b.x(n), b.x(n + 1));
    let low = b.un(Op::Bitcast, Ty::F64, low);
    let vector = b.un(Op::VZext, Ty::F64, low);
    b.op(Op::VInsert, Ty::V128, Lane::D as u8, [vector, high, Val::NONE], 1)
}

fn wait(b: &mut Lower) {
    b.op(Op::Pause, Ty::None, 0, [Val::NONE; 3], 0);
}

fn ty_of(access: Access) -> Ty {
    if access == Access::B64 { Ty::I64 } else { Ty::I32 }
}

fn operand(b: &mut Lower, ty: Ty, n: u32) -> Val {
    if ty == Ty::I64 { b.x(n) } else { b.w(n) }
}

fn narrow(b: &mut Lower, ty: Ty, val: Val) -> Val {
    if ty == Ty::I64 { val } else { b.trunc(val) }
}

/// rd = the old value, sign-extended from the width of the access.
fn set_old(b: &mut Lower, rd: u32, access: Access, old: Val) {
    let old = match access {
        Access::U8 => b.un(Op::Ext8S, Ty::I32, old),
        Access::U16 => b.un(Op::Ext16S, Ty::I32, old),
        Access::B64 => return b.set_x(rd, old),
        _ => old,
    };
    b.set_w(rd, old);
}
