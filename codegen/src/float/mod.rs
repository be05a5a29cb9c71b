//! Floating point. MXCSR holds the guest's modes and collects its sticky flags, so an operation is
//! the host's, and only NaNs differ: the host prefers the first operand and makes a negative one. A
//! result with a NaN therefore goes out of line, where the guest's rule decides.

mod compare;
mod convert;
pub(crate) mod half;
mod lanes;
mod minmax;
pub(crate) mod rows;
mod vector_convert;

use crate::buffer::asm;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::{Amode, Rm};
use crate::flags::cc;
use crate::regs::{RAX, X0};
use crate::slow::{SlowCall, SlowKind, SlowPath};
use crate::vectors::Vop;
use crate::vectors::rows::{PCMPEQ, row};
use dynasmrt::DynasmApi;
use half::is_half;
use ir::{Inst, Lane, NanRule, Op, Ty, Underflow, Val};
use rows::*;

/// How an instruction works on its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    pub double: bool,
    pub scalar: bool,
}

impl Shape {
    pub fn of(inst: &Inst) -> Shape {
        match inst.ty {
            Ty::V128 => Shape { double: inst.aux == Lane::D as u8, scalar: false },
            ty => Shape { double: ty == Ty::F64, scalar: true },
        }
    }

    pub fn lane(self) -> Lane {
        if self.double { Lane::D } else { Lane::S }
    }

    /// The form of a row.
    pub fn form(self, row: Vop) -> Vop {
        if self.scalar { scalar(row, self.double) } else { packed(row, self.double) }
    }
}

impl Emitter<'_, '_> {
    /// `fadd`, `fsub`, `fmul`, `fdiv`, `fsqrt`, `fmuladd`, and the same on lanes
    pub fn float_op(&mut self, val: Val) {
        let inst = self.inst(val);
        if is_half(&inst) {
            return self.half_op(val);
        }
        let fuses = matches!(inst.op, Op::FMulAdd | Op::VFMulAdd);
        if fuses && !self.config.features.fma {
            return self.evaluate(val);
        }
        self.clobber();
        let mut call = self.slow_call(val);
        let shape = Shape::of(&inst);
        // Where every NaN becomes the same one the operands need not survive.
        let forgets = self.block.nan == NanRule::Canonical && !fuses && shape.scalar && !self.checks_tiny(inst.op);
        let allow = match forgets {
            false => 0,
            true if self.config.features.avx => self.dying_operands(val),
            true => self.dying(inst.args[0]),
        };
        call.result = self.def(val, allow);
        let args = self.order_operands(&inst, call.args);
        self.float_compute(inst.op, shape, call.result, args);
        if self.checks_tiny(inst.op) {
            self.check_nan_and_least_normal(call, shape);
        } else {
            self.check_nan(call, shape);
        }
        // The upper lanes come from the first operand (the addend of a fused operation).
        let upper = inst.args[if fuses { 2 } else { 0 }];
        let keeps_upper = inst.op != Op::FSqrt || self.config.features.avx;
        if shape.scalar && keeps_upper && (self.is_zero_above(upper) || args != call.args) {
            self.zero_above(val);
        }
    }

    /// Whether a scalar is known to have zeros above it.
    fn is_zero_above(&self, val: Val) -> bool {
        let e = self.alloc.get(self.alloc.ent(val));
        e.zero_from as u32 <= self.inst(val).result().bytes()
    }

    /// The operands of a scalar operation, exchanged if that makes the upper lanes zero.
    fn order_operands(&self, inst: &Inst, [a, b, c]: [u8; 3]) -> [u8; 3] {
        let commutes = matches!(inst.op, Op::FAdd | Op::FMul);
        if commutes && a != b && !self.is_zero_above(inst.args[0]) && self.is_zero_above(inst.args[1]) {
            [b, a, c]
        } else {
            [a, b, c]
        }
    }

    pub fn dying_operands(&self, val: Val) -> u32 {
        let args = self.inst(val).args;
        args.iter().filter(|arg| arg.is_some()).map(|&arg| self.dying(arg)).fold(0, |all, one| all | one)
    }

    fn float_compute(&mut self, op: Op, shape: Shape, d: u8, [a, b, c]: [u8; 3]) {
        let row = match op {
            Op::FAdd | Op::VFAdd => ADD,
            Op::FSub | Op::VFSub => SUB,
            Op::FMul | Op::VFMul => MUL,
            Op::FDiv | Op::VFDiv => DIV,
            // The scalar form with VEX takes the upper lanes from its first operand.
            Op::FSqrt if self.config.features.avx => return self.vrr(shape.form(SQRT), d, a, a),
            Op::FSqrt | Op::VFSqrt => return self.v2(shape.form(SQRT), d, Rm::Reg(a)),
            _ => {
                self.vmov(d, c);
                return self.buf.vex(fused(FMADD231, shape.double, shape.scalar), d, a, Rm::Reg(b));
            }
        };
        self.vrr(shape.form(row), d, a, b);
    }

    /// Sends a result that is a NaN, or has one in a lane, to the guest's rule.
    pub fn check_nan(&mut self, call: SlowCall, shape: Shape) {
        let r = call.result;
        let field = if shape.scalar {
            self.ucomis(shape.double, r, r);
            self.buf.jcc(cc::P)
        } else {
            self.test_unordered(shape, r, r)
        };
        let back = self.buf.len();
        // Behind a fused multiplication invalid may be raised although an operand is a NaN.
        let is_simple = shape.scalar && call.inst.op != Op::FMulAdd;
        if self.block.nan == NanRule::Canonical && is_simple {
            let kind = SlowKind::Canonical { reg: r, ty: call.inst.ty, back };
            self.slow.push(SlowPath { jumps: [field, 0], kind });
        } else if matches!(call.inst.op, Op::FAdd | Op::FSub | Op::FMul | Op::FDiv) {
            let kind = SlowKind::ChooseNan { call: self.note_call(call), back };
            self.slow.push(SlowPath { jumps: [field, 0], kind });
        } else {
            self.evaluate_behind([field, 0], call, back);
        }
    }

    /// Mends the result of two operands, a NaN, where the host chooses otherwise than Arm: without a NaN among the
    /// operands it makes a negative one, and of two NaNs it takes the first of its own order.
    pub fn choose_nan(&mut self, call: &SlowCall, back: usize) {
        let double = call.inst.ty == Ty::F64;
        let [a, b, _] = call.args;
        self.ucomis(double, a, b);
        let invalid = self.buf.jcc(cc::NP);
        for only in [a, b] {
            self.ucomis(double, only, only);
            let other_is_nan = self.buf.jcc(cc::NP);
            self.buf.bind_to(other_is_nan, back);
        }
        // Of both the first, unless it is quiet and the second is signalling.
        let second_is_quiet = self.test_quiet(double, b);
        let first_is_quiet = self.test_quiet(double, a);
        let quieter = Rm::Mem(Amode::context(if double { constants::NAN64 } else { constants::NAN32 }));
        self.buf.bind(second_is_quiet);
        self.v3(OR, X0, a, quieter);
        let chosen = self.buf.jmp();
        self.buf.bind(first_is_quiet);
        self.v3(OR, X0, b, quieter);
        self.buf.bind(chosen);
        self.clear_above(call.inst.ty, call.result, X0);
        self.jump_back(back);
        self.buf.bind(invalid);
        self.load_canonical_nan(call.result, call.inst.ty);
        self.jump_back(back);
    }

    /// Jumps if a NaN is quiet.
    fn test_quiet(&mut self, double: bool, nan: u8) -> usize {
        self.movq_to_gpr(RAX, nan);
        asm!(self.buf; bt rax, if double { 51 } else { 22 });
        self.buf.jcc(cc::B)
    }

    /// Whether results of an operation can be tiny and inexact, and the guest judges that otherwise than the host.
    /// Sums are exact where they are tiny.
    pub fn checks_tiny(&self, op: Op) -> bool {
        use Op::*;
        self.block.underflow != Underflow::Host
            && matches!(op, FMul | FDiv | FMulAdd | FCvt | VFMul | VFDiv | VFMulAdd | VFCvtDown)
    }

    /// Both by one comparison, that of the magnitude with the least normal number.
    fn check_nan_and_least_normal(&mut self, call: SlowCall, shape: Shape) {
        if !shape.scalar && !self.config.features.avx {
            self.check_nan(call, shape);
            return self.check_least_normal(call, shape.lane());
        }
        let least = self.magnitude(call.result, shape.lane());
        let code = if shape.scalar {
            // Unordered is equal too.
            self.v2(ordered(UCOMIS, shape.double), X0, least);
            cc::E
        } else {
            self.v3i(shape.form(CMP), X0, X0, least, predicate::EQ_OR_UNORDERED);
            self.v2(PTEST, X0, Rm::Reg(X0));
            cc::NE
        };
        let field = self.buf.jcc(code);
        let back = self.buf.len();
        self.evaluate_behind([field, 0], call, back);
    }

    /// The lanes of `reg` without their signs in [`X0`]; the least normal number.
    fn magnitude(&mut self, reg: u8, lane: Lane) -> Rm {
        let (magnitude, least) = match lane {
            Lane::D => (constants::ABS64, constants::LEAST64),
            Lane::S => (constants::ABS32, constants::LEAST32),
            _ => (constants::ABS16, constants::LEAST16),
        };
        self.v3(AND, X0, reg, Rm::Mem(Amode::context(magnitude)));
        Rm::Mem(Amode::context(least))
    }

    /// Computes a result again in which a lane is the least normal number: it may have been tiny before it was rounded.
    pub fn check_least_normal(&mut self, call: SlowCall, lane: Lane) {
        let least = self.magnitude(call.result, lane);
        self.v3(row(&PCMPEQ, lane), X0, X0, least);
        self.v2(PTEST, X0, Rm::Reg(X0));
        let field = self.buf.jcc(cc::NE);
        let back = self.buf.len();
        self.evaluate_behind([field, 0], call, back);
    }

    /// Jumps where lanes of `a` and `b` are unordered; the field of the jump.
    pub fn test_unordered(&mut self, shape: Shape, a: u8, b: u8) -> usize {
        self.vrri(shape.form(CMP), X0, a, b, predicate::UNORDERED);
        self.v2(PTEST, X0, Rm::Reg(X0));
        self.buf.jcc(cc::NE)
    }

    /// `fneg`, `fabs`, and the same on lanes
    pub fn float_sign(&mut self, val: Val) {
        let inst = self.inst(val);
        let a = self.reg(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        let negate = matches!(inst.op, Op::FNeg | Op::VFNeg);
        let mask = match (negate, Shape::of(&inst).double) {
            (true, true) => constants::SIGN64,
            (true, false) => constants::SIGN32,
            (false, true) => constants::ABS64,
            (false, false) => constants::ABS32,
        };
        self.v3(if negate { XOR } else { AND }, d, a, Rm::Mem(Amode::context(mask)));
    }
}
