//! Comparisons of scalars: their result is EFLAGS after `ucomis`.

use super::rows::{COMIS, UCOMIS, ordered};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::faults::FlagsAt;
use crate::flags::{Test, cc};
use ir::{Cond, FCond, Op, Ty, Val};

impl Emitter<'_, '_> {
    /// `ucomis a, b`: invalid for signalling NaNs only.
    pub fn ucomis(&mut self, double: bool, a: u8, b: u8) {
        self.v2(ordered(UCOMIS, double), a, Rm::Reg(b));
    }

    fn comis(&mut self, double: bool, a: u8, b: u8) {
        self.v2(ordered(COMIS, double), a, Rm::Reg(b));
    }

    /// A test for a floating-point predicate or for flags of a comparison.
    pub fn float_test(&mut self, val: Val) -> Test {
        let inst = self.inst(val);
        let double = inst.ty == Ty::F64;
        let (a, b) = (self.reg(inst.args[0]), self.reg(inst.args[1]));
        self.clobber();
        let cond = FCond::from_u8(inst.aux);
        // Less is greater the other way round, which unordered pairs don't satisfy.
        let (a, b) = if matches!(cond, FCond::Eq | FCond::EqSig | FCond::Un) { (a, b) } else { (b, a) };
        if matches!(cond, FCond::EqSig | FCond::LtSig | FCond::LeSig) {
            self.comis(double, a, b);
        } else {
            self.ucomis(double, a, b);
        }
        match cond {
            FCond::Eq | FCond::EqSig => Test::EqOrdered,
            FCond::Lt | FCond::LtSig => Test::Cc(cc::A),
            FCond::Le | FCond::LeSig => Test::Cc(cc::AE),
            FCond::Un => Test::Cc(cc::P),
        }
    }

    /// `fcmpf`: in the order that suits the condition that asks first.
    pub fn float_compare(&mut self, val: Val) {
        let inst = self.inst(val);
        let double = inst.ty == Ty::F64;
        let (a, b) = (self.reg(inst.args[0]), self.reg(inst.args[1]));
        self.clobber();
        let swapped = self.wants_swapped(val);
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        if inst.imm == 1 {
            self.comis(double, a, b);
        } else {
            self.ucomis(double, a, b);
        }
        self.define_flags(val, if swapped { FlagsAt::FcmpSwapped } else { FlagsAt::Fcmp });
    }

    /// Whether the first condition on the flags `val` is one of those that the swapped order answers.
    fn wants_swapped(&self, val: Val) -> bool {
        let behind = self.block.insts.iter().skip(val.index() + 1).take(8);
        behind.filter(|inst| inst.op == Op::Cond && inst.args[0] == val).take(1).any(|inst| {
            use Cond::{Hi, Hs, Lo, Ls, Mi, Pl};
            matches!(Cond::from_u8(inst.aux), Mi | Lo | Ls | Hi | Pl | Hs)
        })
    }
}
