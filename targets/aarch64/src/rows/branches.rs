//! Branches and exception generation (Arm ARM C4.1.93).

use ir::{Icond, Op, Term, Trap, Ty, Val};
use target::{Lower, instructions};

use super::dp_reg::is_always;
use crate::cpu;
use crate::fields::Word;
use crate::regs::reg;
use crate::state::{LR, NZCV};

instructions! {
    /// Branches, calls, returns; SVC, BRK and what raises SIGILL by design.
    pub ROWS: cpu::BASE;
    b_cond "0101010 0 iiiiiiiiiiiiiiiiiii 0 cccc" |b, f: Word| b_cond(b, f);
    b      "0 00101 iiiiiiiiiiiiiiiiiiiiiiiiii" |b, f: Word| jump(b, f);
    bl     "1 00101 iiiiiiiiiiiiiiiiiiiiiiiiii" |b, f: Word| bl(b, f);
    cbz    "s 011010 0 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| compare_branch(b, f, Icond::Eq);
    cbnz   "s 011010 1 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| compare_branch(b, f, Icond::Ne);
    tbz    "s 011011 0 bbbbb iiiiiiiiiiiiii ttttt" |b, f: Word| test_branch(b, f, false);
    tbnz   "s 011011 1 bbbbb iiiiiiiiiiiiii ttttt" |b, f: Word| test_branch(b, f, true);
    br     "1101011 0000 11111 000000 nnnnn 00000" |b, f: Word| br(b, f);
    blr    "1101011 0001 11111 000000 nnnnn 00000" |b, f: Word| blr(b, f);
    ret    "1101011 0010 11111 000000 nnnnn 00000" |b, f: Word| ret(b, f);

    svc    "11010100 000 iiiiiiiiiiiiiiii 000 01" |b, _f: Word| svc(b);
    brk    "11010100 001 iiiiiiiiiiiiiiii 000 00" |b, _f: Word| brk(b);
    hlt    "11010100 010 iiiiiiiiiiiiiiii 000 00" |b, _f: Word| b.undefined();
    udf    "0000000000000000 iiiiiiiiiiiiiiii" |b, _f: Word| b.undefined();
}

instructions! {
    /// Branches that say how predictable they are.
    pub HBC: cpu::HBC;
    bc_cond "0101010 0 iiiiiiiiiiiiiiiiiii 1 cccc" |b, f: Word| b_cond(b, f);
}

/// The address `imm` instructions from this one.
fn relative(b: &Lower, imm: i64) -> u64 {
    b.pc.wrapping_add_signed(imm << 2)
}

fn b_cond(b: &mut Lower, f: Word) {
    let target = relative(b, f.sbits(5, 19));
    let cond = ir::Cond::from_u8(f.bits(0, 4) as u8);
    if is_always(cond) {
        return b.end(Term::Jump { target });
    }
    let flags = b.get(NZCV);
    let taken = b.cond(cond, flags);
    b.branch(taken, target);
}

fn jump(b: &mut Lower, f: Word) {
    let target = relative(b, f.sbits(0, 26));
    b.end(Term::Jump { target });
}

pub(super) fn put_link(b: &mut Lower) -> u64 {
    let ret = b.next;
    let link = b.addr(ret);
    b.put(LR, link);
    ret
}

fn bl(b: &mut Lower, f: Word) {
    let target = relative(b, f.sbits(0, 26));
    let ret = put_link(b);
    b.end(Term::Call { target, ret });
}

fn compare_branch(b: &mut Lower, f: Word, cond: Icond) {
    let target = relative(b, f.sbits(5, 19));
    let value = reg(b, f.sf(), f.rt());
    let zero = b.constant(f.sf(), 0);
    let taken = b.icmp(cond, f.sf(), value, zero);
    b.branch(taken, target);
}

fn test_branch(b: &mut Lower, f: Word, set: bool) {
    let target = relative(b, f.sbits(5, 14));
    let bit = f.bits(31, 1) << 5 | f.bits(19, 5);
    // Bits of the low half are tested there, where an immediate holds the mask.
    let (ty, top) = if bit < 32 { (Ty::I32, 31) } else { (Ty::I64, 63) };
    let value = reg(b, ty, f.rt());
    let zero = b.constant(ty, 0);
    let taken = if bit == top {
        b.icmp(if set { Icond::LtS } else { Icond::GeS }, ty, value, zero)
    } else {
        let masked = b.bin_imm(Op::And, ty, value, 1 << bit);
        b.icmp(if set { Icond::Ne } else { Icond::Eq }, ty, masked, zero)
    };
    b.branch(taken, target);
}

fn target(b: &mut Lower, f: Word) -> Val {
    reg(b, Ty::I64, f.rn())
}

fn br(b: &mut Lower, f: Word) {
    let target = target(b, f);
    b.end(Term::JumpIndirect { target });
}

fn blr(b: &mut Lower, f: Word) {
    // Read before the link is written: it may be the link register.
    let target = target(b, f);
    let ret = put_link(b);
    b.end(Term::CallIndirect { target, ret });
}

fn ret(b: &mut Lower, f: Word) {
    let target = target(b, f);
    b.end(Term::Return { target });
}

fn svc(b: &mut Lower) {
    let next = b.next;
    b.end(Term::Syscall { next });
}

fn brk(b: &mut Lower) {
    let pc = b.pc;
    b.end(Term::Trap { kind: Trap::Breakpoint, pc });
}
