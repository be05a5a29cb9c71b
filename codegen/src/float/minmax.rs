//! Minimum and maximum.

use super::Shape;
use super::half::is_half;
use super::rows::*;
use crate::emitter::Emitter;
use crate::flags::cc;
use crate::regs::X0;
use ir::{Op, Val};

impl Emitter<'_, '_> {
    /// `fmin` and its kin, and the same on lanes. NaNs go out of line before the host's instruction
    /// sees them: it would raise invalid for quiet ones. Of zeros it yields the second, so both orders
    /// are taken.
    pub fn float_minmax(&mut self, val: Val) {
        let inst = self.inst(val);
        if is_half(&inst) {
            return self.half_op(val);
        }
        let shape = Shape::of(&inst);
        self.clobber();
        let mut call = self.slow_call(val);
        let [a, b, _] = call.args;
        let d = self.def(val, 0);
        call.result = d;
        let field = if shape.scalar {
            self.ucomis(shape.double, a, b);
            self.buf.jcc(cc::P)
        } else {
            self.test_unordered(shape, a, b)
        };
        let is_min = matches!(inst.op, Op::FMin | Op::FMinNum | Op::VFMin | Op::VFMinNum);
        let row = shape.form(if is_min { MIN } else { MAX });
        self.vrr(row, X0, b, a);
        self.vrr(row, d, a, b);
        self.vrr(if is_min { OR } else { AND }, d, d, X0);
        let back = self.buf.len();
        self.evaluate_behind([field, 0], call, back);
    }
}
