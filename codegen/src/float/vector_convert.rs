//! Comparisons, rounding and conversions of floating-point lanes.

use super::Shape;
use super::convert::rounding;
use super::half::is_half;
use super::rows::*;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Rm, Src};
use crate::flags::cc;
use crate::regs::{RAX, RCX, X0, X1};
use crate::slow::SlowCall;
use crate::vectors::rows::{PCMPEQ_S, PCMPGT, PEXTR_D, PINSR_D, POR, PSHIFT, PUNPCKL_D, SRL, row};
use dynasmrt::DynasmApi;
use ir::{Lane, NanRule, Op, Round, Val};

impl Emitter<'_, '_> {
    /// `vfcmpeq`, `vfcmpge`, `vfcmpgt`: greater is less the other way round.
    pub fn lanes_compare(&mut self, val: Val) {
        let inst = self.inst(val);
        if is_half(&inst) {
            return self.half_compare(val);
        }
        let row = Shape::of(&inst).form(CMP);
        let (a, b) = (self.reg(inst.args[0]), self.reg(inst.args[1]));
        let d = self.def(val, 0);
        match inst.op {
            Op::VFCmpEq => self.vrri(row, d, a, b, predicate::EQ),
            Op::VFCmpGe => self.vrri(row, d, b, a, predicate::LE),
            _ => self.vrri(row, d, b, a, predicate::LT),
        }
    }

    /// `vfround`
    pub fn lanes_round(&mut self, val: Val) {
        let inst = self.inst(val);
        if is_half(&inst) {
            return self.half_op(val);
        }
        let Some(mode) = rounding(Round::from_u8(inst.imm as u8 & 7)) else { return self.evaluate(val) };
        let shape = Shape::of(&inst);
        self.clobber();
        let mut call = self.slow_call(val);
        call.result = self.def(val, 0);
        // The constant has bit 3 where inexact is raised, the host's where it is not.
        let mode = mode | (inst.imm as u8 & 8 ^ 8);
        self.v2i(if shape.double { ROUNDPD } else { ROUNDPS }, call.result, call.args[0], mode);
        if self.block.nan == NanRule::Canonical {
            self.check_nan(call, shape);
        }
    }

    /// `vftos`, `vftou`. What is rounded otherwise than to zero or as MXCSR says is made integral first.
    pub fn lanes_to_int(&mut self, val: Val) {
        let inst = self.inst(val);
        let round = Round::from_u8(inst.imm as u8);
        let Some(mode) = rounding(round).filter(|_| !is_half(&inst)) else { return self.evaluate(val) };
        let first = (!matches!(round, Round::Zero | Round::Dynamic)).then_some(mode);
        let truncates = round != Round::Dynamic;
        let double = Shape::of(&inst).double;
        self.clobber();
        let mut call = self.slow_call(val);
        call.result = self.def(val, 0);
        let jumps = match (inst.op, double) {
            (Op::VFToU, _) => {
                let unfit = self.jump_unless_signed(double, call.args[0]);
                if double {
                    self.doubles_to_int(&call, truncates, first);
                } else {
                    self.singles_to_int(&call, truncates, first);
                }
                [unfit, 0]
            }
            (_, true) => {
                self.doubles_to_int(&call, truncates, first);
                [RAX, RCX].map(|reg| {
                    // Of the least integer 1 can't be taken away: it is also what the host yields for what does not fit.
                    self.buf.alu(Alu::Cmp, true, reg, Src::Imm(1));
                    self.buf.jcc(cc::O)
                })
            }
            (_, false) => {
                self.singles_to_int(&call, truncates, first);
                self.v3(PCMPEQ_S, X0, call.result, Rm::Mem(Amode::context(constants::SIGN32)));
                self.v2(PTEST, X0, Rm::Reg(X0));
                [self.buf.jcc(cc::NE), 0]
            }
        };
        let back = self.buf.len();
        self.evaluate_behind(jumps, call, back);
    }

    /// Jumps unless all lanes are positive and fit a signed integer, of which the host then makes the unsigned one: else
    /// it would raise what is not the guest's.
    fn jump_unless_signed(&mut self, double: bool, a: u8) -> usize {
        let pool = |disp| Rm::Mem(Amode::context(disp));
        let (lane, greatest, sign) = match double {
            true => (Lane::D, constants::BELOW63, constants::SIGN64),
            false => (Lane::S, constants::BELOW31, constants::SIGN32),
        };
        self.v3(row(&PCMPGT, lane), X0, a, pool(greatest));
        self.vrr(POR, X0, X0, a);
        self.v2(PTEST, X0, pool(sign));
        self.buf.jcc(cc::NE)
    }

    fn singles_to_int(&mut self, call: &SlowCall, truncates: bool, first: Option<u8>) {
        let a = self.made_integral(ROUNDPS, call.args[0], first);
        self.v2(if truncates { CVTTPS2DQ } else { CVTPS2DQ }, call.result, Rm::Reg(a));
    }

    /// Leaves the integers in two general registers as well.
    fn doubles_to_int(&mut self, call: &SlowCall, truncates: bool, first: Option<u8>) {
        let row = scalar(if truncates { CVTTF2SI } else { CVTF2SI }, true).wide();
        let a = self.made_integral(ROUNDPD, call.args[0], first);
        self.v2(row, RAX, Rm::Reg(a));
        self.vrr(UNPCKHPD, X0, a, a);
        self.v2(row, RCX, Rm::Reg(X0));
        self.movq_from_gpr(call.result, RAX);
        self.vinsert(PINSR_D, call.result, call.result, Rm::Reg(RCX), 1);
    }

    /// Where lanes are rounded as `mode` says: `a`, or a scratch register.
    fn made_integral(&mut self, row: crate::vectors::Vop, a: u8, mode: Option<u8>) -> u8 {
        let Some(mode) = mode else { return a };
        self.v2i(row, X1, a, mode);
        X1
    }

    /// `vstof`, `vutof`
    pub fn lanes_from_int(&mut self, val: Val) {
        let inst = self.inst(val);
        if is_half(&inst) {
            return self.half_from_int(val);
        }
        let double = Shape::of(&inst).double;
        let unsigned = inst.op == Op::VUToF;
        if unsigned && double && !self.config.features.avx512 {
            return self.evaluate(val);
        }
        let a = self.reg(inst.args[0]);
        let d = self.def(val, 0);
        match (double, unsigned) {
            (false, false) => self.v2(CVTDQ2PS, d, Rm::Reg(a)),
            (false, true) if self.config.features.avx512 => self.buf.evex(CVTUDQ2PS, d, 0, Rm::Reg(a)),
            (false, true) => self.words_to_singles(d, a),
            (true, _) if self.config.features.avx512 => {
                self.buf.evex(if unsigned { CVTUQQ2PD } else { CVTQQ2PD }, d, 0, Rm::Reg(a));
            }
            (true, _) => self.double_words_to_doubles(d, a),
        }
    }

    /// Unsigned words: both halves are exact, and their sum is rounded once.
    fn words_to_singles(&mut self, d: u8, a: u8) {
        let pool = |disp| Rm::Mem(Amode::context(disp));
        self.vshift(row(&PSHIFT, Lane::S), SRL, X0, a, 16);
        self.v2(CVTDQ2PS, X0, Rm::Reg(X0));
        self.v3(packed(MUL, false), X0, X0, pool(constants::TWO16));
        self.v3(AND, d, a, pool(constants::LOW32));
        self.v2(CVTDQ2PS, d, Rm::Reg(d));
        self.vrr(packed(ADD, false), d, d, X0);
    }

    fn double_words_to_doubles(&mut self, d: u8, a: u8) {
        let row = scalar(CVTSI2F, true).wide();
        self.v2(PEXTR_D, a, Rm::Reg(RAX));
        self.buf.push(1);
        self.vzero(X0);
        self.v3(row, X0, X0, Rm::Reg(RAX));
        self.movq_to_gpr(RAX, a);
        self.vzero(d);
        self.v3(row, d, d, Rm::Reg(RAX));
        self.vrr(PUNPCKL_D, d, d, X0);
    }

    /// `vfcvtup`, `vfcvtdown`
    pub fn lanes_convert(&mut self, val: Val) {
        let inst = self.inst(val);
        let shape = Shape::of(&inst);
        if !shape.double && !self.config.features.f16c {
            return self.evaluate(val);
        }
        self.clobber();
        let mut call = self.slow_call(val);
        let a = call.args[0];
        call.result = self.def(val, 0);
        match (inst.op, shape.double) {
            (Op::VFCvtUp, true) => self.v2(packed(CVT, false), call.result, Rm::Reg(a)),
            (Op::VFCvtUp, false) => self.v2(CVTPH2PS, call.result, Rm::Reg(a)),
            (_, true) => self.v2(packed(CVT, true), call.result, Rm::Reg(a)),
            (_, false) => {
                self.v2(CVTPS2PH, a, Rm::Reg(call.result));
                self.buf.push(4);
            }
        }
        if self.block.nan == NanRule::Canonical {
            // Of the result's format: lanes that stay zero are no NaNs. Halves can't be compared, but what they come from.
            let (double, r) = match (inst.op, shape.double) {
                (Op::VFCvtDown, false) => (false, a),
                (op, double) => (double && op == Op::VFCvtUp, call.result),
            };
            let field = self.test_unordered(Shape { double, scalar: false }, r, r);
            let back = self.buf.len();
            self.evaluate_behind([field, 0], call, back);
        }
        if self.checks_tiny(inst.op) {
            self.check_least_normal(call, if shape.double { Lane::S } else { Lane::H });
        }
    }
}
