//! Scalar floating point. MXCSR holds the guest's modes and collects its sticky flags, so an
//! operation is the host's, and only NaNs differ: the host prefers the first operand and makes a
//! negative one. A result that is a NaN therefore goes out of line, where the guest's rule decides.

use crate::alloc::Class;
use crate::buffer::asm;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::{Opcode, Rm};
use crate::faults::FlagsAt;
use crate::flags::{Test, cc};
use crate::moves::{simd_mem, simd2, simd3};
use crate::regs::{NONE, RAX, X0};
use crate::slow::{SlowCall, SlowKind, SlowPath};
use crate::vectors::rows::INSERTPS;
use dynasmrt::DynasmApi;
use ir::{Cond, FCond, NanRule, Op, Ty, Val};

/// Emits the `s` or the `d` form of an operation with three operands.
macro_rules! float3 {
    ($e:expr, $double:expr; $ss:ident $vss:ident / $sd:ident $vsd:ident $d:expr, $a:expr, $b:expr) => {
        if $double {
            simd3!($e; $sd $vsd $d, $a, $b)
        } else {
            simd3!($e; $ss $vss $d, $a, $b)
        }
    };
}

impl Emitter<'_, '_> {
    /// `fadd`, `fsub`, `fmul`, `fdiv`, `fsqrt`, `fmuladd`
    pub fn float_op(&mut self, val: Val) {
        let inst = self.inst(val);
        if inst.op == Op::FMulAdd && !self.config.features.fma {
            return self.evaluate(val);
        }
        self.clobber();
        let mut call = self.slow_call(val);
        let keeps = self.keeps_operands();
        let allow = if keeps { 0 } else { self.dying_operands(val) };
        let d = self.def(val, allow);
        self.float_compute(inst.op, inst.ty == Ty::F64, d, call.args);
        call.result = d;
        self.check_nan(call);
    }

    /// Whether the slow path of an operation needs its operands.
    fn keeps_operands(&self) -> bool {
        self.block.nan == NanRule::Propagate
    }

    pub fn dying_operands(&self, val: Val) -> u16 {
        let args = self.inst(val).args;
        args.iter().filter(|arg| arg.is_some()).map(|&arg| self.dying(arg)).fold(0, |all, one| all | one)
    }

    fn float_compute(&mut self, op: Op, double: bool, d: u8, [a, b, c]: [u8; 3]) {
        match op {
            Op::FAdd => float3!(self, double; addss vaddss / addsd vaddsd d, a, b),
            Op::FSub => float3!(self, double; subss vsubss / subsd vsubsd d, a, b),
            Op::FMul => float3!(self, double; mulss vmulss / mulsd vmulsd d, a, b),
            Op::FDiv => float3!(self, double; divss vdivss / divsd vdivsd d, a, b),
            Op::FSqrt if self.config.features.avx && double => asm!(self.buf; vsqrtsd Rx(d), Rx(a), Rx(a)),
            Op::FSqrt if self.config.features.avx => asm!(self.buf; vsqrtss Rx(d), Rx(a), Rx(a)),
            Op::FSqrt if double => asm!(self.buf; sqrtsd Rx(d), Rx(a)),
            Op::FSqrt => asm!(self.buf; sqrtss Rx(d), Rx(a)),
            _ => self.fma(double, d, a, b, c),
        }
    }

    /// d = a * b + c: the form by which operand `d` already is.
    fn fma(&mut self, double: bool, d: u8, a: u8, b: u8, c: u8) {
        if d == c {
            if double {
                asm!(self.buf; vfmadd231sd Rx(d), Rx(a), Rx(b));
            } else {
                asm!(self.buf; vfmadd231ss Rx(d), Rx(a), Rx(b));
            }
            return;
        }
        let b = if d == b { a } else { self.mov_fma(d, a, b) };
        if double {
            asm!(self.buf; vfmadd213sd Rx(d), Rx(b), Rx(c));
        } else {
            asm!(self.buf; vfmadd213ss Rx(d), Rx(b), Rx(c));
        }
    }

    fn mov_fma(&mut self, d: u8, a: u8, b: u8) -> u8 {
        self.mov_xmm(d, a);
        b
    }

    /// Sends a result that is a NaN to the guest's rule.
    fn check_nan(&mut self, call: SlowCall) {
        let r = call.result;
        self.ucomis(call.inst.ty == Ty::F64, r, r);
        let field = self.buf.jcc(cc::P);
        let back = self.buf.len();
        // Behind a fused multiplication invalid may be raised although an operand is a NaN.
        let kind = if self.block.nan == NanRule::Canonical && call.inst.op != Op::FMulAdd {
            SlowKind::Canonical { reg: r, nan: canonical(call.inst.ty), back }
        } else {
            SlowKind::Evaluate { call, back }
        };
        self.slow.push(SlowPath { jumps: [field, 0], kind });
    }

    pub fn ucomis(&mut self, double: bool, a: u8, b: u8) {
        if double {
            simd2!(self; ucomisd vucomisd a, b);
        } else {
            simd2!(self; ucomiss vucomiss a, b);
        }
    }

    fn comis(&mut self, double: bool, a: u8, b: u8) {
        if double {
            simd2!(self; comisd vcomisd a, b);
        } else {
            simd2!(self; comiss vcomiss a, b);
        }
    }

    /// `fmin` and its kin. NaNs go out of line before the host's instruction sees them: it would
    /// raise invalid for quiet ones. Zeros of both signs are told apart by taking both orders.
    pub fn float_minmax(&mut self, val: Val) {
        let inst = self.inst(val);
        let double = inst.ty == Ty::F64;
        self.clobber();
        let mut call = self.slow_call(val);
        let [a, b, _] = call.args;
        let d = self.def(val, 0);
        call.result = d;
        self.ucomis(double, a, b);
        let field = self.buf.jcc(cc::P);
        if matches!(inst.op, Op::FMin | Op::FMinNum) {
            float3!(self, double; minss vminss / minsd vminsd X0, b, a);
            float3!(self, double; minss vminss / minsd vminsd d, a, b);
            simd3!(self; orps vorps d, d, X0);
        } else {
            float3!(self, double; maxss vmaxss / maxsd vmaxsd X0, b, a);
            float3!(self, double; maxss vmaxss / maxsd vmaxsd d, a, b);
            simd3!(self; andps vandps d, d, X0);
        }
        let back = self.buf.len();
        self.slow.push(SlowPath { jumps: [field, 0], kind: SlowKind::Evaluate { call, back } });
    }

    /// `fneg` and `fabs`
    pub fn float_sign(&mut self, val: Val) {
        let inst = self.inst(val);
        let a = self.reg(inst.args[0]);
        let allow = self.dying(inst.args[0]);
        let d = self.def(val, allow);
        match (inst.op, inst.ty == Ty::F64) {
            (Op::FNeg, true) => simd_mem!(self; xorps vxorps d, a, constants::SIGN64),
            (Op::FNeg, false) => simd_mem!(self; xorps vxorps d, a, constants::SIGN32),
            (_, true) => simd_mem!(self; andps vandps d, a, constants::ABS64),
            (_, false) => simd_mem!(self; andps vandps d, a, constants::ABS32),
        }
    }

    /// `vzext`: the rest of the register is cleared, if it is not clear.
    pub fn vzext(&mut self, val: Val) {
        let inst = self.inst(val);
        let ent = self.alloc.ent(inst.args[0]);
        let e = *self.alloc.get(ent);
        let bytes = inst.ty.bytes();
        let clear = e.reg != NONE && e.zero_above && e.size as u32 == bytes;
        let in_memory = e.reg == NONE && e.home_size as u32 == bytes && bytes >= 4;
        if clear || in_memory {
            let e = self.alloc.get_mut(ent);
            (e.size, e.zero_above) = (16, true);
            return self.alloc.share(val.0, ent, self.live.last_use(val));
        }
        let a = self.reg(inst.args[0]);
        // A value that nobody sees as wider can be cleared where it is.
        let is_temp = crate::alloc::temps(Class::Xmm) >> a & 1 != 0 || self.analysis.hints[val.index()] == a;
        let in_place = e.size as u32 == bytes && is_temp;
        let d = if in_place {
            let e = self.alloc.get_mut(ent);
            (e.size, e.zero_above) = (16, true);
            self.alloc.share(val.0, ent, self.live.last_use(val));
            a
        } else {
            let allow = self.dying(inst.args[0]);
            self.def(val, allow)
        };
        self.clear_above(inst.ty, d, a);
    }

    /// d = the low lane of a, the rest zero.
    fn clear_above(&mut self, ty: Ty, d: u8, a: u8) {
        match ty {
            Ty::F64 => simd2!(self; movq vmovq d, a),
            // Lane 0 to lane 0, the others zeroed.
            Ty::F32 => self.vrri(INSERTPS, d, a, a, 0x0e),
            _ => {
                self.movd_to_gpr(RAX, a);
                self.buf.rm(Opcode::MOVZX16, false, RAX, Rm::Reg(RAX));
                self.movd_from_gpr(d, RAX);
            }
        }
    }

    /// `vlow`: another name.
    pub fn vlow(&mut self, val: Val) {
        let ent = self.alloc.ent(self.inst(val).args[0]);
        self.alloc.share(val.0, ent, self.live.last_use(val));
    }

    // ---- comparisons

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

/// Displacement of the canonical NaN.
fn canonical(ty: Ty) -> i32 {
    if ty == Ty::F64 { constants::NAN64 } else { constants::NAN32 }
}
