//! M: multiplication and division (unprivileged ISA, chapter M).

use ir::{Icond, Op, Ty, Val};
use target::{Lower, instructions};

use super::i::{alu, aluw};
use crate::cpu;
use crate::fields::R;
use crate::regs::Regs;

instructions! {
    /// Multiplication and division. The remainder's special cases are those of the IR.
    pub M: cpu::M;
    mul    "0000001 ttttt sssss 000 ddddd 0110011" |b, f: R| alu(b, f, Op::Mul);
    mulh   "0000001 ttttt sssss 001 ddddd 0110011" |b, f: R| alu(b, f, Op::MulHS);
    mulhsu "0000001 ttttt sssss 010 ddddd 0110011" |b, f: R| alu(b, f, Op::MulHSU);
    mulhu  "0000001 ttttt sssss 011 ddddd 0110011" |b, f: R| alu(b, f, Op::MulHU);
    div    "0000001 ttttt sssss 100 ddddd 0110011" |b, f: R| div(b, f, Op::SDiv);
    divu   "0000001 ttttt sssss 101 ddddd 0110011" |b, f: R| div(b, f, Op::UDiv);
    rem    "0000001 ttttt sssss 110 ddddd 0110011" |b, f: R| alu(b, f, Op::SRem);
    remu   "0000001 ttttt sssss 111 ddddd 0110011" |b, f: R| alu(b, f, Op::URem);
    mulw   "0000001 ttttt sssss 000 ddddd 0111011" |b, f: R| aluw(b, f, Op::Mul);
    divw   "0000001 ttttt sssss 100 ddddd 0111011" |b, f: R| divw(b, f, Op::SDiv);
    divuw  "0000001 ttttt sssss 101 ddddd 0111011" |b, f: R| divw(b, f, Op::UDiv);
    remw   "0000001 ttttt sssss 110 ddddd 0111011" |b, f: R| aluw(b, f, Op::SRem);
    remuw  "0000001 ttttt sssss 111 ddddd 0111011" |b, f: R| aluw(b, f, Op::URem);
}

fn div(b: &mut Lower, f: R, op: Op) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let val = quotient(b, op, Ty::I64, rs1, rs2);
    b.set_x(f.rd, val);
}

fn divw(b: &mut Lower, f: R, op: Op) {
    let (rs1, rs2) = (b.w(f.rs1), b.w(f.rs2));
    let val = quotient(b, op, Ty::I32, rs1, rs2);
    b.set_w(f.rd, val);
}

/// Division by zero yields all ones (chapter M, semantics for division by zero); the IR's yields zero.
pub fn quotient(b: &mut Lower, op: Op, ty: Ty, dividend: Val, divisor: Val) -> Val {
    let quotient = b.bin(op, ty, dividend, divisor);
    let (zero, ones) = (b.constant(ty, 0), b.constant(ty, -1));
    let by_zero = b.icmp(Icond::Eq, ty, divisor, zero);
    b.select(ty, by_zero, ones, quotient)
}
