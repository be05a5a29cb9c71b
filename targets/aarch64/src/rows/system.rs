//! Hints, barriers, PSTATE, cache maintenance (Arm ARM C4.1.93). Hints that a CPU does not know do nothing,
//! and neither does branch target identification; those of pointer authentication are in `pauth.rs`.

use ir::{Access, Mem, Op, Term, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, untag};
use crate::rows::sysregs::INSTRUCTION_LINE;
use crate::state::{EXCL_ADDR, PSTATE};

instructions! {
    /// Hints, barriers, cache maintenance by address.
    pub ROWS: cpu::BASE;
    hint  "1101010100 0 00 011 0010 mmmm ppp 11111"
        unless "1101010100 0 00 011 0010 0000 111 11111", "1101010100 0 00 011 0010 00p1 ppp 11111" |b, f: Word| hint(b, f);
    clrex "1101010100 0 00 011 0011 mmmm 010 11111" |b, _f: Word| clear_monitor(b);
    dsb   "1101010100 0 00 011 0011 mmtt 100 11111" |b, f: Word| barrier(b, f);
    dmb   "1101010100 0 00 011 0011 mmtt 101 11111" |b, f: Word| barrier(b, f);
    isb   "1101010100 0 00 011 0011 mmmm 110 11111" |b, _f: Word| isb(b);

    dc_zva   "1101010100 0 01 011 0111 0100 001 ttttt" |b, f: Word| dc_zva(b, f);
    dc_cvac  "1101010100 0 01 011 0111 1010 001 ttttt" |_b, _f: Word| ();
    dc_cvau  "1101010100 0 01 011 0111 1011 001 ttttt" |_b, _f: Word| ();
    dc_civac "1101010100 0 01 011 0111 1110 001 ttttt" |_b, _f: Word| ();
    ic_ivau  "1101010100 0 01 011 0111 0101 001 ttttt" |b, f: Word| ic_ivau(b, f);
}

instructions! {
    /// Cache maintenance to the point of persistence.
    pub DCPOP: cpu::DCPOP;
    dc_cvap "1101010100 0 01 011 0111 1100 001 ttttt" |_b, _f: Word| ();
}

instructions! {
    /// Cache maintenance to the point of deep persistence.
    pub DCPODP: cpu::DCPODP;
    dc_cvadp "1101010100 0 01 011 0111 1101 001 ttttt" |_b, _f: Word| ();
}

instructions! {
    /// Speculation barrier: guest code can't observe what the host speculates on.
    pub SB: cpu::SB;
    sb "1101010100 0 00 011 0011 0000 111 11111" |_b, _f: Word| ();
}

instructions! {
    /// Waits with a timeout end at once, as they may.
    pub WFXT: cpu::WFXT;
    wfet "1101010100 0 00 011 0001 0000 000 ttttt" |b, _f: Word| pause(b);
    wfit "1101010100 0 00 011 0001 0000 001 ttttt" |b, _f: Word| pause(b);
}

instructions! {
    /// MSR DIT, #imm.
    pub DIT: cpu::DIT;
    msr_dit_imm "1101010100 0 00 011 0100 mmmm 010 11111" |b, f: Word| set_pstate(b, f, 24);
}

instructions! {
    /// MSR SSBS, #imm.
    pub SSBS: cpu::SSBS;
    msr_ssbs_imm "1101010100 0 00 011 0100 mmmm 001 11111" |b, f: Word| set_pstate(b, f, 12);
}

/// YIELD, WFE and WFI are found in loops that wait; the rest of the space asks for nothing.
fn hint(b: &mut Lower, f: Word) {
    if matches!(f.bits(5, 7), 1..=3) {
        pause(b);
    }
}

fn pause(b: &mut Lower) {
    b.op(Op::Pause, Ty::None, 0, [Val::NONE; 3], 0);
}

/// No address is monitored.
pub(super) fn clear_monitor(b: &mut Lower) {
    let none = b.i64(-1);
    b.put(EXCL_ADDR, none);
}

/// The host keeps all orders but that of a store before a load: barriers of loads only or of stores only
/// (type 1 and 2) ask for nothing.
fn barrier(b: &mut Lower, f: Word) {
    if !matches!(f.bits(8, 2), 1 | 2) {
        b.fence();
    }
}

/// Code that another thread changed and announced must be seen behind it: the block ends, and its
/// successor is looked up as it is now.
fn isb(b: &mut Lower) {
    let target = b.next;
    b.end(Term::Jump { target });
}

/// DCZID_EL0 says 64 bytes.
fn dc_zva(b: &mut Lower, f: Word) {
    let addr = reg(b, Ty::I64, f.rt());
    let line = b.bin_imm(Op::And, Ty::I64, addr, !63);
    let zero = b.vconst(0);
    let mem = untag(b, Mem::at(line));
    for disp in [0, 16, 32, 48] {
        b.store(Ty::V128, Access::B128, Mem { disp, ..mem }, zero);
    }
}

/// The line that holds an address.
fn ic_ivau(b: &mut Lower, f: Word) {
    let addr = reg(b, Ty::I64, f.rt());
    let addr = untag(b, Mem::at(addr)).base;
    let line = b.bin_imm(Op::And, Ty::I64, addr, -(INSTRUCTION_LINE as i64));
    let next = b.next;
    b.end(Term::Invalidate { addr: line, len: INSTRUCTION_LINE, next });
}

fn set_pstate(b: &mut Lower, f: Word, bit: u32) {
    let old = b.get(PSTATE);
    let value = (f.bits(8, 1) << bit) as i64;
    let kept = b.bin_imm(Op::And, Ty::I32, old, !(1 << bit));
    let new = b.bin_imm(Op::Or, Ty::I32, kept, value);
    b.put(PSTATE, new);
}
