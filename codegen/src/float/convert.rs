//! Conversions and rounding of scalars. What the host rounds or saturates otherwise is found by a
//! cheap test before or after, and evaluated out of line.

use super::Shape;
use super::rows::*;
use crate::alloc::Class;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::flags::cc;
use crate::regs::{RAX, RCX, X0, X1};
use crate::slow::SlowCall;
use ir::{Lane, NanRule, Op, Round, Ty, Val};

/// Bit 3 of a rounding constant: inexact is not raised.
const QUIET: u8 = 8;

/// The rounding constant of the host's `round`, if it has the mode.
pub(super) fn rounding(round: Round) -> Option<u8> {
    match round {
        Round::NearestEven => Some(0),
        Round::Down => Some(1),
        Round::Up => Some(2),
        Round::Zero => Some(3),
        Round::Dynamic => Some(4),
        Round::NearestAway => None,
    }
}

/// Every number as large is an integer.
const LARGE: f64 = 9223372036854775808.0;

/// Numbers below this fit an integer however they are rounded; unsigned ones of 2^63 and more take
/// the slow path.
fn limit(double: bool, wide: bool, signed: bool) -> f64 {
    match (wide, signed) {
        (true, _) => LARGE,
        (false, true) if double => 2147483647.0,
        (false, true) => 2147483648.0,
        (false, false) if double => 4294967295.0,
        (false, false) => 4294967296.0,
    }
}

impl Emitter<'_, '_> {
    /// `fround`
    pub fn float_round(&mut self, val: Val) {
        let inst = self.inst(val);
        let shape = Shape::of(&inst);
        self.clobber();
        let mut call = self.slow_call(val);
        let a = call.args[0];
        let quiet = if inst.imm == 1 { 0 } else { QUIET };
        let Some(mode) = rounding(Round::from_u8(inst.aux)) else {
            // Infinities and NaNs go out of line, and with them what is an integer for its size.
            let field = self.test_range(a, shape.double, true, LARGE);
            self.round_away(shape.double, a, quiet);
            call.result = self.def(val, 0);
            self.vmov(call.result, X0);
            let back = self.buf.len();
            return self.evaluate_behind([field, 0], call, back);
        };
        call.result = self.def(val, 0);
        self.vrri(if shape.double { ROUNDSD } else { ROUNDSS }, call.result, a, a, mode | quiet);
        self.check_nan_unless_kept(call, shape);
    }

    /// The finite `a` to the nearest integer, ties away from zero, in the first scratch register: towards
    /// zero, and one further where at least a half was cut off. Only the first step can be inexact.
    fn round_away(&mut self, double: bool, a: u8, quiet: u8) {
        let (half, unit, sign, magnitude) = match double {
            true => (constants::HALF64, constants::UNIT64, constants::SIGN64, constants::ABS64),
            false => (constants::HALF32, constants::UNIT32, constants::SIGN32, constants::ABS32),
        };
        let pool = |disp| Rm::Mem(Amode::context(disp));
        let signed = self.tmp(Class::Xmm);
        self.vrri(if double { ROUNDSD } else { ROUNDSS }, X0, a, a, 3 | quiet);
        self.vrr(scalar(SUB, double), X1, a, X0);
        self.v3(AND, X1, X1, pool(magnitude));
        self.v3i(scalar(CMP, double), X1, X1, pool(half), predicate::NOT_LT);
        self.v3(AND, X1, X1, pool(unit));
        self.v3(AND, signed, a, pool(sign));
        self.vrr(OR, X1, X1, signed);
        self.vrr(scalar(ADD, double), X0, X0, X1);
    }

    /// Of one operand the host keeps the payload as Arm does: only a canonical NaN has to be made.
    fn check_nan_unless_kept(&mut self, call: SlowCall, shape: Shape) {
        if self.block.nan == NanRule::Canonical {
            self.check_nan(call, shape);
        }
    }

    /// `fcvt`
    pub fn float_convert(&mut self, val: Val) {
        let inst = self.inst(val);
        let from = Ty::from_u8(inst.aux);
        if inst.ty == Ty::F16 || from == Ty::F16 {
            return self.half_convert(val);
        }
        if inst.ty == from {
            return self.evaluate(val);
        }
        self.clobber();
        let mut call = self.slow_call(val);
        let a = call.args[0];
        call.result = self.def(val, 0);
        self.vrr(scalar(CVT, from == Ty::F64), call.result, a, a);
        self.check_nan_unless_kept(call, Shape::of(&inst));
        if inst.ty == Ty::F32 && self.checks_tiny(inst.op) {
            self.check_least_normal(call, Lane::S);
        }
    }

    // ---- to integers

    /// `ftos`, `ftou`
    pub fn float_to_int(&mut self, val: Val) {
        let inst = self.inst(val);
        let round = Round::from_u8(inst.aux);
        self.clobber();
        let mut call = self.slow_call(val);
        let a = call.args[0];
        let double = call.from == Ty::F64;
        let wide = inst.ty == Ty::I64;
        call.result = self.def(val, 0);
        let direct = matches!(round, Round::Zero | Round::Dynamic);
        let row = scalar(if round == Round::Dynamic { CVTF2SI } else { CVTTF2SI }, double);
        let field = if inst.op == Op::FToS && direct {
            self.v2(if wide { row.wide() } else { row }, call.result, Rm::Reg(a));
            // The least integer is also what the host yields for all that does not fit.
            self.buf.alu(Alu::Cmp, wide, call.result, Src::Imm(1));
            self.buf.jcc(cc::O)
        } else {
            let signed = inst.op == Op::FToS;
            let field = self.test_range(a, double, signed, limit(double, wide, signed));
            match rounding(round) {
                None => self.round_away(double, a, 0),
                Some(mode) if !direct => self.vrri(if double { ROUNDSD } else { ROUNDSS }, X0, a, a, mode),
                Some(_) => self.vmov(X0, a),
            }
            self.v2(row.wide(), call.result, Rm::Reg(X0));
            if !wide {
                self.buf.mov(false, call.result, call.result);
            }
            field
        };
        self.zero_above(val);
        let back = self.buf.len();
        self.evaluate_behind([field, 0], call, back);
    }

    /// Jumps unless the operand is below the limit, in magnitude if it is signed: a number's bits
    /// compare as the number does.
    fn test_range(&mut self, a: u8, double: bool, signed: bool, limit: f64) -> usize {
        let mut bits = if double { f64::to_bits(limit) as i64 } else { f32::to_bits(limit as f32) as i64 };
        if double {
            self.movq_to_gpr(RAX, a);
        } else {
            self.movd_to_gpr(RAX, a);
        }
        if signed {
            // Without the sign.
            self.buf.alu(Alu::Add, double, RAX, Src::Reg(RAX));
            bits <<= 1;
        }
        self.buf.mov_imm(RCX, bits);
        self.buf.alu(Alu::Cmp, double, RAX, Src::Reg(RCX));
        self.buf.jcc(cc::AE)
    }

    // ---- from integers

    /// `stof`, `utof`
    pub fn int_to_float(&mut self, val: Val) {
        let inst = self.inst(val);
        let from = self.inst(inst.args[0]).result();
        let double = inst.ty == Ty::F64;
        // 32 bits fit a double in any rounding.
        let exact = double && from == Ty::I32;
        if Round::from_u8(inst.aux) != Round::Dynamic && !exact {
            return self.evaluate(val);
        }
        let row = scalar(CVTSI2F, double);
        match (inst.op, from) {
            (Op::UToF, Ty::I64) => return self.u64_to_float(val, row.wide()),
            (Op::UToF, _) => {
                let src = self.rm_src(inst.args[0]);
                self.buf.rm(Opcode::MOV_LOAD, false, RAX, src);
                let d = self.def(val, 0);
                self.vzero(d);
                self.v3(row.wide(), d, d, Rm::Reg(RAX));
            }
            _ => {
                let src = self.rm_src(inst.args[0]);
                let d = self.def(val, 0);
                // Else the instruction would wait for what the register held.
                self.vzero(d);
                self.v3(if from == Ty::I64 { row.wide() } else { row }, d, d, src);
            }
        }
        self.zero_above(val);
    }

    /// The upper half of the range takes the slow path.
    fn u64_to_float(&mut self, val: Val, row: crate::vectors::Vop) {
        self.clobber();
        let mut call = self.slow_call(val);
        call.result = self.def(val, 0);
        self.buf.rm(Opcode::TEST, true, call.args[0], Rm::Reg(call.args[0]));
        let field = self.buf.jcc(cc::S);
        self.vzero(call.result);
        self.v3(row, call.result, call.result, Rm::Reg(call.args[0]));
        let back = self.buf.len();
        self.evaluate_behind([field, 0], call, back);
        self.zero_above(val);
    }
}
