//! Half precision. Hosts have conversions alone (F16C), so an operation goes by way of single precision. That has more
//! than twice a half's digits: what is rounded to it first comes out as if it was rounded once (Figueroa, "When is double
//! rounding innocuous?", 1995), and since no single that was rounded is a half the exceptions are the same. The sum of a
//! fused operation has more digits: it is evaluated out of line where its single does not decide.

use super::Shape;
use super::convert::rounding;
use super::rows::*;
use crate::alloc::Class;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::{Amode, Rm};
use crate::flags::cc;
use crate::regs::{NONE, X0, X1};
use crate::slow::SlowCall;
use crate::vectors::Vop;
use crate::vectors::rows::{
    INSERTPS, PACKSSDW, PADD, PBLENDW, PCMPEQ_S, PMAXU, PMOVSX, PMOVZX, POR, PSHIFT, PUNPCKL_D, SLL, row,
};
use dynasmrt::DynasmApi;
use ir::{Inst, Lane, NanRule, Op, Round, Ty, Val};

/// Singles in four lanes.
const SINGLES: Shape = Shape { double: false, scalar: false };
/// Binary digits that a single has and a half has not.
const SURPLUS: u8 = 13;

/// Four of a vector's halves, or the one of a scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Low,
    High,
    Scalar,
}

/// Whether an op works on halves.
pub(crate) fn is_half(inst: &Inst) -> bool {
    inst.ty == Ty::F16 || inst.ty == Ty::V128 && inst.aux == Lane::H as u8
}

fn pool(disp: i32) -> Rm {
    Rm::Mem(Amode::context(disp))
}

impl Emitter<'_, '_> {
    /// Arithmetic on halves, minimum, maximum and rounding to integral values.
    pub fn half_op(&mut self, val: Val) {
        let inst = self.inst(val);
        let fits = self.config.features.f16c && (inst.op != Op::VFRound || round_of(&inst).is_some());
        if !fits {
            return self.evaluate(val);
        }
        self.clobber();
        let mut call = self.slow_call(val);
        if inst.ty == Ty::F16 {
            call.result = self.def(val, 0);
            let jump = self.half_part(&call, Part::Scalar, call.result);
            self.narrow(call.result, call.result);
            self.zero_above(val);
            return self.finish_half(call, [jump, 0]);
        }
        let low = self.tmp(Class::Xmm);
        call.result = self.def(val, 0);
        let jumps = [self.half_part(&call, Part::Low, low), self.half_part(&call, Part::High, call.result)];
        self.narrow(low, low);
        self.narrow(call.result, call.result);
        self.vrr(PUNPCKL_D, call.result, low, call.result);
        self.finish_half(call, jumps);
    }

    fn finish_half(&mut self, call: SlowCall, jumps: [usize; 2]) {
        let back = self.buf.len();
        self.evaluate_behind(jumps, call, back);
        if self.checks_tiny(call.inst.op) {
            self.check_least_normal(call, Lane::H);
        }
    }

    /// A part's singles in `r`; the jump that is taken where they are not the result.
    fn half_part(&mut self, call: &SlowCall, part: Part, r: u8) -> usize {
        let [a, b, c] = call.args;
        self.widen(part, r, a);
        if b != NONE {
            self.widen(part, X1, b);
        }
        let form = |row| if part == Part::Scalar { scalar(row, false) } else { packed(row, false) };
        match call.inst.op {
            Op::FAdd | Op::VFAdd => self.vrr(form(ADD), r, r, X1),
            Op::FSub | Op::VFSub => self.vrr(form(SUB), r, r, X1),
            Op::FMul | Op::VFMul => self.vrr(form(MUL), r, r, X1),
            Op::FDiv | Op::VFDiv => self.vrr(form(DIV), r, r, X1),
            Op::FSqrt => self.vrr(form(SQRT), r, r, r),
            Op::VFSqrt => self.v2(form(SQRT), r, Rm::Reg(r)),
            Op::FMulAdd | Op::VFMulAdd => {
                // The product is exact.
                self.vrr(form(MUL), r, r, X1);
                self.widen(part, X1, c);
                self.vrr(form(ADD), r, r, X1);
                return self.jump_if_undecided(r);
            }
            Op::VFRound => {
                self.v2i(ROUNDPS, r, r, round_of(&call.inst).unwrap_or(0));
            }
            op => return self.half_minmax(op, form, part, r),
        }
        self.jump_if_nan(part, r, r)
    }

    /// `r` the minimum or maximum of itself and the second scratch register; as
    /// [`float_minmax`](Emitter::float_minmax).
    fn half_minmax(&mut self, op: Op, form: impl Fn(Vop) -> Vop, part: Part, r: u8) -> usize {
        let jump = self.jump_if_nan(part, r, X1);
        let is_min = matches!(op, Op::FMin | Op::FMinNum | Op::VFMin | Op::VFMinNum);
        let row = form(if is_min { MIN } else { MAX });
        self.vrr(row, X0, X1, r);
        self.vrr(row, r, r, X1);
        self.vrr(if is_min { OR } else { AND }, r, r, X0);
        jump
    }

    fn jump_if_nan(&mut self, part: Part, a: u8, b: u8) -> usize {
        if part == Part::Scalar {
            self.ucomis(false, a, b);
            return self.buf.jcc(cc::P);
        }
        self.test_unordered(SINGLES, a, b)
    }

    /// Jumps where a sum in `r`, which may have been rounded, is a NaN, lies halfway between two halves, or is tiny
    /// without being zero.
    fn jump_if_undecided(&mut self, r: u8) -> usize {
        let lane = Lane::S;
        self.vshift(row(&PSHIFT, lane), SLL, X0, r, 32 - SURPLUS);
        self.v3(PCMPEQ_S, X0, X0, pool(constants::SIGN32));
        // As unsigned numbers the tiny ones less 1 are small, and zero is the largest.
        self.v3(AND, X1, r, pool(constants::ABS32));
        self.v3(row(&PADD, lane), X1, X1, pool(constants::ONES));
        self.v3(row(&PMAXU, lane), X1, X1, pool(constants::TINY_HALF));
        self.v3(PCMPEQ_S, X1, X1, pool(constants::TINY_HALF));
        self.vrr(POR, X0, X0, X1);
        self.vrri(packed(CMP, false), X1, r, r, predicate::UNORDERED);
        self.vrr(POR, X0, X0, X1);
        self.v2(PTEST, X0, Rm::Reg(X0));
        self.buf.jcc(cc::NE)
    }

    /// The singles that a part of `src` are. What lies above a scalar may not raise anything.
    fn widen(&mut self, part: Part, dst: u8, src: u8) {
        let from = match part {
            Part::Low => src,
            Part::High => {
                self.vrr(UNPCKHPD, dst, src, src);
                dst
            }
            Part::Scalar => {
                self.vzero(X0);
                self.vrri(PBLENDW, dst, X0, src, 1);
                dst
            }
        };
        self.v2(CVTPH2PS, dst, Rm::Reg(from));
    }

    /// The halves of four singles, rounded as MXCSR says; zeros above.
    fn narrow(&mut self, dst: u8, src: u8) {
        self.v2(CVTPS2PH, src, Rm::Reg(dst));
        self.buf.push(4);
    }

    /// `vfcmpeq`, `vfcmpge`, `vfcmpgt` on halves
    pub fn half_compare(&mut self, val: Val) {
        if !self.config.features.f16c {
            return self.evaluate(val);
        }
        let inst = self.inst(val);
        let (a, b) = (self.reg(inst.args[0]), self.reg(inst.args[1]));
        let low = self.tmp(Class::Xmm);
        let d = self.def(val, 0);
        for (part, r) in [(Part::Low, low), (Part::High, d)] {
            self.widen(part, X0, a);
            self.widen(part, X1, b);
            let row = packed(CMP, false);
            match inst.op {
                Op::VFCmpEq => self.vrri(row, r, X0, X1, predicate::EQ),
                Op::VFCmpGe => self.vrri(row, r, X1, X0, predicate::LE),
                _ => self.vrri(row, r, X1, X0, predicate::LT),
            }
        }
        self.vrr(PACKSSDW, d, low, d);
    }

    /// `vstof`, `vutof` to halves: as singles the integers are exact.
    pub fn half_from_int(&mut self, val: Val) {
        if !self.config.features.f16c {
            return self.evaluate(val);
        }
        let inst = self.inst(val);
        let a = self.reg(inst.args[0]);
        let low = self.tmp(Class::Xmm);
        let d = self.def(val, 0);
        let extend = row(if inst.op == Op::VSToF { &PMOVSX } else { &PMOVZX }, Lane::H);
        self.v2(extend, low, Rm::Reg(a));
        self.vrr(UNPCKHPD, d, a, a);
        self.v2(extend, d, Rm::Reg(d));
        for r in [low, d] {
            self.v2(CVTDQ2PS, r, Rm::Reg(r));
            self.narrow(r, r);
        }
        self.vrr(PUNPCKL_D, d, low, d);
    }

    /// `fcvt` from or to halves.
    pub fn half_convert(&mut self, val: Val) {
        let inst = self.inst(val);
        let from = Ty::from_u8(inst.aux);
        // What a double is rounded to first can be a tie.
        if !self.config.features.f16c || from == Ty::F64 || inst.ty == from {
            return self.evaluate(val);
        }
        self.clobber();
        let mut call = self.slow_call(val);
        let a = call.args[0];
        call.result = self.def(val, 0);
        if from == Ty::F16 {
            self.widen(Part::Scalar, call.result, a);
            if inst.ty == Ty::F64 {
                self.vrr(scalar(CVT, false), call.result, call.result, call.result);
            }
        } else {
            self.vrri(INSERTPS, X0, a, a, 0x0e);
            self.narrow(call.result, X0);
        }
        self.zero_above(val);
        if self.block.nan == NanRule::Canonical {
            // A half that is none is one of the single that it comes from.
            let (r, double) = if from == Ty::F16 { (call.result, inst.ty == Ty::F64) } else { (a, false) };
            self.ucomis(double, r, r);
            let field = self.buf.jcc(cc::P);
            let back = self.buf.len();
            self.evaluate_behind([field, 0], call, back);
        }
        if inst.ty == Ty::F16 && self.checks_tiny(inst.op) {
            self.check_least_normal(call, Lane::H);
        }
    }
}

/// The host's rounding constant of a `vfround`, if it has the mode.
fn round_of(inst: &Inst) -> Option<u8> {
    // The constant has bit 3 where inexact is raised, the host's where it is not.
    rounding(Round::from_u8(inst.imm as u8 & 7)).map(|mode| mode | (inst.imm as u8 & 8 ^ 8))
}
