//! System registers that EL0 reads and writes by MRS and MSR (Arm ARM D24), a row each.

use ir::{Icond, Lane, Op, SlotId, Term, Ty, Val};
use target::{Lower, instructions, vdso_clock};

use super::flags;
use crate::cpu;
use crate::fields::Word;
use crate::helpers;
use crate::idregs;
use crate::regs::{reg, set_reg};
use crate::state::{FPCR, IDC, MIDR, NZCV, PSTATE, QC, TPIDR, WATCH};
use crate::{FLUSH, WATCHED};

instructions! {
    /// Registers of every CPU.
    pub ROWS: cpu::BASE;
    mrs_ctr       "1101010100 1 11 011 0000 0000 001 ttttt" |b, f: Word| constant(b, f, CTR);
    mrs_dczid     "1101010100 1 11 011 0000 0000 111 ttttt" |b, f: Word| constant(b, f, DCZID);
    mrs_nzcv      "1101010100 1 11 011 0100 0010 000 ttttt" |b, f: Word| mrs_nzcv(b, f);
    msr_nzcv      "1101010100 0 11 011 0100 0010 000 ttttt" |b, f: Word| msr_nzcv(b, f);
    mrs_fpcr      "1101010100 1 11 011 0100 0100 000 ttttt" |b, f: Word| mrs32(b, f, FPCR);
    msr_fpcr      "1101010100 0 11 011 0100 0100 000 ttttt" |b, f: Word| msr_fpcr(b, f);
    mrs_fpsr      "1101010100 1 11 011 0100 0100 001 ttttt" |b, f: Word| mrs_fpsr(b, f);
    msr_fpsr      "1101010100 0 11 011 0100 0100 001 ttttt" |b, f: Word| msr_fpsr(b, f);
    mrs_tpidr     "1101010100 1 11 011 1101 0000 010 ttttt" |b, f: Word| mrs64(b, f, TPIDR);
    msr_tpidr     "1101010100 0 11 011 1101 0000 010 ttttt" |b, f: Word| msr_tpidr(b, f);
    mrs_tpidrro   "1101010100 1 11 011 1101 0000 011 ttttt" |b, f: Word| constant(b, f, 0);
    mrs_cntfrq    "1101010100 1 11 011 1110 0000 000 ttttt" |b, f: Word| constant(b, f, COUNTER_HZ);
    mrs_cntvct    "1101010100 1 11 011 1110 0000 010 ttttt" |b, f: Word| mrs_cntvct(b, f);
    mrs_clock     "1101010100 1 11 011 1111 mmmm 000 ttttt" |b, f: Word| mrs_clock(b, f);
}

instructions! {
    /// The counter, read in program order; so is the other.
    pub ECV: cpu::ECV;
    mrs_cntvctss "1101010100 1 11 011 1110 0000 110 ttttt" |b, f: Word| mrs_cntvct(b, f);
}

instructions! {
    /// Registers of EL1 that Linux reads in EL0's place.
    pub CPUID: cpu::CPUID;
    mrs_midr "1101010100 1 11 000 0000 0000 000 ttttt" |b, f: Word| mrs64(b, f, MIDR);
    mrs_id   "1101010100 1 11 000 0000 mmmm ppp ttttt" unless "1101010100 1 11 000 0000 0000 000 ttttt" |b, f: Word| mrs_id(b, f);
}

instructions! {
    /// PSTATE.DIT.
    pub DIT: cpu::DIT;
    mrs_dit "1101010100 1 11 011 0100 0010 101 ttttt" |b, f: Word| mrs_pstate(b, f, 24);
    msr_dit "1101010100 0 11 011 0100 0010 101 ttttt" |b, f: Word| msr_pstate(b, f, 24);
}

instructions! {
    /// PSTATE.SSBS.
    pub SSBS: cpu::SSBS;
    mrs_ssbs "1101010100 1 11 011 0100 0010 110 ttttt" |b, f: Word| mrs_pstate(b, f, 12);
    msr_ssbs "1101010100 0 11 011 0100 0010 110 ttttt" |b, f: Word| msr_pstate(b, f, 12);
}

instructions! {
    /// Random numbers.
    pub RNG: cpu::RNG;
    mrs_rndr   "1101010100 1 11 011 0010 0100 000 ttttt" |b, f: Word| rndr(b, f);
    mrs_rndrrs "1101010100 1 11 011 0010 0100 001 ttttt" |b, f: Word| rndr(b, f);
}

/// Bytes of a line of the instruction cache. As long as may be: each IC IVAU of a loop over new code leaves emitted code.
pub const INSTRUCTION_LINE: u64 = 1 << 10;
/// Data cache lines of 64 bytes, as are the reservation and write-back granules; physically tagged instruction
/// cache; data need not be cleaned for the instruction cache's sake (IDC), but IC IVAU is needed (DIC = 0). Sizes are
/// binary logarithms of words.
const CTR: u64 =
    1 << 31 | 1 << 28 | 4 << 24 | 4 << 20 | 4 << 16 | 3 << 14 | (INSTRUCTION_LINE / 4).trailing_zeros() as u64;
/// DC ZVA clears 64 bytes.
const DCZID: u64 = 4;
/// What the counter counts a second, as from Armv8.6 on.
pub const COUNTER_HZ: u64 = 1_000_000_000;

/// Fields of FPCR that are kept: AHP, DN, FZ, RMode, FZ16.
pub const FPCR_MASK: u32 = 0x07c8_0000;
const QC_BIT: i64 = 1 << 27;
const IDC_BIT: i64 = 1 << 7;
const DENORMAL: i64 = ir::fp::flags::DENORMAL as i64;

fn constant(b: &mut Lower, f: Word, value: u64) {
    let value = b.i64(value as i64);
    set_reg(b, Ty::I64, f.rt(), value);
}

fn mrs32(b: &mut Lower, f: Word, slot: SlotId) {
    let value = b.get(slot);
    set_reg(b, Ty::I32, f.rt(), value);
}

fn mrs64(b: &mut Lower, f: Word, slot: SlotId) {
    let value = b.get(slot);
    set_reg(b, Ty::I64, f.rt(), value);
}

fn msr_tpidr(b: &mut Lower, f: Word) {
    let value = reg(b, Ty::I64, f.rt());
    b.put(TPIDR, value);
}

fn mrs_id(b: &mut Lower, f: Word) {
    match idregs::read(b.features, f.bits(8, 4), f.bits(5, 3)) {
        Some(value) => constant(b, f, value),
        None => b.undefined(),
    }
}

fn mrs_nzcv(b: &mut Lower, f: Word) {
    let flags = b.get(NZCV);
    let value = b.un(Op::ToNzcv, Ty::Flags, flags);
    set_reg(b, Ty::I32, f.rt(), value);
}

fn msr_nzcv(b: &mut Lower, f: Word) {
    let value = reg(b, Ty::I32, f.rt());
    flags::put(b, value);
}

/// Code depends on DN and FZ, and the host's rounding is set outside of it. What the host's flag for denormals says
/// is of the old mode: IDC while it flushed, nothing else.
fn msr_fpcr(b: &mut Lower, f: Word) {
    let value = reg(b, Ty::I32, f.rt());
    let host = host_flags(b);
    let idc = denormals(b, host);
    b.put(IDC, idc);
    let others = b.bin_imm(Op::And, Ty::I32, host, !DENORMAL);
    set_host_flags(b, others);
    let value = b.bin_imm(Op::And, Ty::I32, value, FPCR_MASK as i64);
    b.put(FPCR, value);
    let next = b.next;
    b.end(Term::Sync { next });
}

/// IOC, DZC, OFC, UFC, IXC are bits 0 to 4; the host has a flag for denormal operands between the first two.
fn mrs_fpsr(b: &mut Lower, f: Word) {
    let host = host_flags(b);
    let ioc = b.bin_imm(Op::And, Ty::I32, host, 1);
    let down = b.bin_imm(Op::Shr, Ty::I32, host, 1);
    let rest = b.bin_imm(Op::And, Ty::I32, down, 0x1e);
    let sticky = b.or(Ty::I32, ioc, rest);
    let idc = denormals(b, host);
    let sticky = b.or(Ty::I32, sticky, idc);
    let qc = saturated(b);
    let value = b.or(Ty::I32, sticky, qc);
    set_reg(b, Ty::I32, f.rt(), value);
    watch(b);
}

/// The program looks at FPSR: the code behind keeps its flags exactly.
fn watch(b: &mut Lower) {
    if b.mode.0 & WATCHED.0 == 0 {
        let yes = b.i32(1);
        b.put(WATCH, yes);
        let next = b.next;
        b.end(Term::Sync { next });
    }
}

fn host_flags(b: &mut Lower) -> Val {
    b.op(Op::GetFpFlags, Ty::I32, 0, [Val::NONE; 3], 0)
}

fn set_host_flags(b: &mut Lower, flags: Val) {
    b.op(Op::SetFpFlags, Ty::None, 0, [flags, Val::NONE, Val::NONE], 0);
}

/// IDC in its place. While denormals are flushed the host's flags tell of them too, set by evaluated operations.
fn denormals(b: &mut Lower, host: Val) -> Val {
    let idc = b.get(IDC);
    if b.mode.0 & FLUSH.0 == 0 {
        return idc;
    }
    let seen = b.bin_imm(Op::And, Ty::I32, host, DENORMAL);
    let seen = b.bin_imm(Op::Shl, Ty::I32, seen, 6);
    b.or(Ty::I32, idc, seen)
}

/// QC in its place: set where any bit of the slot is.
fn saturated(b: &mut Lower) -> Val {
    let vector = b.get(QC);
    let half = |b: &mut Lower, i| b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [vector, Val::NONE, Val::NONE], i);
    let (low, high) = (half(b, 0), half(b, 1));
    let any = b.or(Ty::I64, low, high);
    let zero = b.i64(0);
    let set = b.icmp(Icond::Ne, Ty::I64, any, zero);
    b.bin_imm(Op::Shl, Ty::I32, set, 27)
}

fn msr_fpsr(b: &mut Lower, f: Word) {
    let value = reg(b, Ty::I32, f.rt());
    let ioc = b.bin_imm(Op::And, Ty::I32, value, 1);
    let rest = b.bin_imm(Op::And, Ty::I32, value, 0x1e);
    let up = b.bin_imm(Op::Shl, Ty::I32, rest, 1);
    let host = b.or(Ty::I32, ioc, up);
    b.op(Op::SetFpFlags, Ty::None, 0, [host, Val::NONE, Val::NONE], 0);
    let idc = b.bin_imm(Op::And, Ty::I32, value, IDC_BIT);
    b.put(IDC, idc);
    let qc = b.bin_imm(Op::And, Ty::I32, value, QC_BIT);
    let qc = b.op(Op::VSplat, Ty::I32, Lane::S as u8, [qc, Val::NONE, Val::NONE], 0);
    b.put(QC, qc);
    watch(b);
}

/// A counter of [`COUNTER_HZ`] that nobody adjusts: the host's raw clock. Its own counter's rate would have to be found out
/// at each start, and machines of hypervisors take their time to tell.
fn mrs_cntvct(b: &mut Lower, f: Word) {
    let value = b.call_int(helpers::CLOCK, [Val::NONE; 3], vdso_clock::MONOTONIC_RAW.into());
    set_reg(b, Ty::I64, f.rt(), value);
}

/// S3_3_C15_C`m`_0, of those that are IMPLEMENTATION DEFINED (D24.2): what our vDSO reads the clock of number `m` by.
fn mrs_clock(b: &mut Lower, f: Word) {
    let clock = f.bits(8, 4);
    if !vdso_clock::CLOCKS.contains(&clock) {
        return b.undefined();
    }
    let time = b.call_int(helpers::CLOCK, [Val::NONE; 3], clock.into());
    set_reg(b, Ty::I64, f.rt(), time);
}

fn mrs_pstate(b: &mut Lower, f: Word, bit: u32) {
    let state = b.get(PSTATE);
    let value = b.bin_imm(Op::And, Ty::I32, state, 1 << bit);
    set_reg(b, Ty::I32, f.rt(), value);
}

fn msr_pstate(b: &mut Lower, f: Word, bit: u32) {
    let value = reg(b, Ty::I32, f.rt());
    let value = b.bin_imm(Op::And, Ty::I32, value, 1 << bit);
    let old = b.get(PSTATE);
    let kept = b.bin_imm(Op::And, Ty::I32, old, !(1 << bit));
    let new = b.or(Ty::I32, kept, value);
    b.put(PSTATE, new);
}

/// Z says that there was no number; the other flags are clear.
fn rndr(b: &mut Lower, f: Word) {
    let value = b.call_int(helpers::RNDR, [Val::NONE; 3], 0);
    let zero = b.i64(0);
    let failed = b.icmp(Icond::Eq, Ty::I64, value, zero);
    let bits = b.bin_imm(Op::Shl, Ty::I32, failed, 30);
    flags::put(b, bits);
    set_reg(b, Ty::I64, f.rt(), value);
}
