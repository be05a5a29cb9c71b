//! Which function emits which op: the one match over the table.

use crate::emitter::Emitter;
use crate::encode::Alu;
use ir::ops::Effect;
use ir::{Icond, Inst, Op, Ty, Underflow, Val};

impl Emitter<'_, '_> {
    /// Emits `val` (and what it fuses with). The ops that most code is made of; apart, because a function that does
    /// nothing but go on to another needs no frame.
    #[inline]
    pub fn emit(&mut self, val: Val, inst: &Inst) {
        use Op::*;
        match inst.op {
            Const | Addr | VConst => self.define_const(val, inst.ty),
            Get => self.get(val, inst),
            Put => self.put(inst),
            Load => self.load(val, inst),
            Store => self.store(inst),
            ExitIf => self.exit_if(val),
            TrapIf => self.trap_if(val),
            Trunc => self.trunc(val),
            Zext32 => self.zext32(val),
            Icmp | Cond | FCmp => {
                if !self.defer(val.index(), inst) {
                    self.truth(val);
                }
            }
            // There is a partner for these, which yields the flags of the same operation (or the result for the flags).
            Add | AddF | Sub | SubF | Adc | AdcF | Sbc | SbcF | And | Or | Xor | AndNot => {
                match self.emit_with_flags(val.index(), inst) {
                    Some(fused) => self.done = fused as u32,
                    None if inst.op == Add => self.add(val),
                    None => self.emit_rare(val, inst),
                }
            }
            _ => self.emit_rare(val, inst),
        }
    }

    /// The other ops; those that are not named here are evaluated by a call.
    #[inline(never)]
    fn emit_rare(&mut self, val: Val, inst: &Inst) {
        use Op::*;
        if self.block.underflow == Underflow::Evaluated && is_arithmetic(inst.op) {
            return self.evaluate(val);
        }
        let vector = inst.ty == Ty::V128;
        match inst.op {
            Sub => self.sub(val),
            Mul => self.mul(val),
            MulHU | MulHS | MulHSU => self.mul_high(val),
            UDiv | SDiv | URem | SRem => self.divide(val),
            And | Or | Xor | AndNot | Not if vector => self.vector(val, inst),
            And => self.logic(val, Alu::And),
            Or => self.logic(val, Alu::Or),
            Xor => self.logic(val, Alu::Xor),
            AndNot => self.and_not(val),
            Not | Neg => self.negate(val),
            Shl | Shr | Sar | Ror => self.shift(val),
            Clz | Ctz => self.count_zeros(val),
            Popcnt => self.popcnt(val),
            Bswap => self.bswap(val),
            Rbit => self.rbit(val),
            Ext8U | Ext8S | Ext16U | Ext16S | Sext32 => self.extend(val),
            ClmulLo | ClmulHi => self.clmul(val),
            Crc32c => self.crc32c(val),
            Select => self.select(val),
            AddF | SubF => self.compare(val),
            Adc | Sbc | AdcF | SbcF => self.arith_carry(val, None),
            LogicF => self.logic_flags(val),
            CcmpF | CcmnF => self.conditional_compare(val),
            FcmpF => self.float_compare(val),
            FromNzcv => self.flags_from_bits(val),
            ToNzcv => self.flags_to_bits(val),
            FAdd | FSub | FMul | FDiv | FSqrt | FMulAdd => self.float_op(val),
            VFAdd | VFSub | VFMul | VFDiv | VFSqrt | VFMulAdd => self.float_op(val),
            FMin | FMax | FMinNum | FMaxNum | VFMin | VFMax | VFMinNum | VFMaxNum => self.float_minmax(val),
            FNeg | FAbs | VFNeg | VFAbs => self.float_sign(val),
            FRound => self.float_round(val),
            FCvt => self.float_convert(val),
            FToS | FToU => self.float_to_int(val),
            SToF | UToF => self.int_to_float(val),
            VFCmpEq | VFCmpGe | VFCmpGt => self.lanes_compare(val),
            VFRound => self.lanes_round(val),
            VFToS | VFToU => self.lanes_to_int(val),
            VSToF | VUToF => self.lanes_from_int(val),
            VFCvtUp | VFCvtDown => self.lanes_convert(val),
            Bitcast => self.bitcast(val),
            FBox => self.float_box(val),
            FUnbox => self.float_unbox(val),
            VZext => self.vzext(val),
            VLow => self.vlow(val),
            GetFpFlags => self.get_fp_flags(val),
            SetFpFlags => self.set_fp_flags(val),
            Prefetch => self.prefetch(inst),
            Fence => self.fence(),
            LoadLanes => self.load_lanes(val, inst),
            StoreLanes => self.store_lanes(inst),
            Rmw => self.rmw(val),
            Cas => self.cas(val),
            Cycles => self.cycles(val),
            Pause => self.pause(),
            Call => self.call_helper(val),
            Aligned => self.aligned(val),
            op if is_lanes(op) => self.vector(val, inst),
            _ => self.evaluate(val),
        }
    }

    #[inline]
    fn define_const(&mut self, val: Val, ty: Ty) {
        self.alloc.define_const(val.0, ty, self.live.last_use(val));
    }

    fn pause(&mut self) {
        crate::buffer::asm!(self.buf; pause);
    }

    // ---- fusion

    /// The next instruction behind `at`, which is at the cursor or later, that emits something.
    fn next_live(&self, at: usize) -> usize {
        let silent = |i: usize| matches!(self.block.insts[i].op, Op::Const | Op::Addr | Op::VConst);
        let later = self.live.needed()[self.cursor + 1..].iter().map(|&i| i as usize);
        later.filter(|&i| i > at).find(|&i| !silent(i)).unwrap_or(self.block.insts.len())
    }

    /// Emits `at` together with the flags of the same operation that come right behind or before;
    /// the index of the instruction that is done with it.
    fn emit_with_flags(&mut self, at: usize, inst: &Inst) -> Option<usize> {
        let next = self.next_live(at);
        let other = self.block.insts.get(next)?;
        if inst.op == Op::And && other.op == Op::Icmp {
            return self.defer_mask(at, next).then_some(next);
        }
        self.flags_slot?;
        let same = other.args == inst.args && other.ty == inst.ty;
        let (val, next_val) = (Val(at as u32), Val(next as u32));
        match (inst.op, other.op) {
            (Op::Add, Op::AddF) | (Op::Sub, Op::SubF) if same => {
                self.alloc.step(next as u32);
                self.arith_flags(val, next_val);
            }
            (Op::AddF, Op::Add) | (Op::SubF, Op::Sub) if same => {
                self.alloc.step(next as u32);
                self.arith_flags(next_val, val);
            }
            (Op::Adc, Op::AdcF) | (Op::Sbc, Op::SbcF) if same => {
                self.alloc.step(next as u32);
                self.arith_carry(val, Some(next_val));
            }
            (Op::AdcF, Op::Adc) | (Op::SbcF, Op::Sbc) if same => {
                self.alloc.step(next as u32);
                self.arith_carry(next_val, Some(val));
            }
            (Op::And | Op::Or | Op::Xor | Op::AndNot, Op::LogicF)
                if other.args[0] == val && other.ty == inst.ty && inst.ty != Ty::V128 =>
            {
                self.logic_with_flags(val, next_val);
            }
            _ => return None,
        }
        Some(next)
    }

    /// Whether the truth value `at` can wait for its only user, which comes right behind: the
    /// comparison and what depends on it then are one test.
    fn defer(&mut self, at: usize, inst: &Inst) -> bool {
        let val = Val(at as u32);
        if self.live.uses(val) != 1 {
            return false;
        }
        let user = self.next_live(at);
        let tests = match self.block.insts.get(user) {
            // Beside its own operands a conditional compare has no registers for those of another.
            Some(next) if matches!(next.op, Op::CcmpF | Op::CcmnF) => inst.op != Op::Icmp && next.args[0] == val,
            Some(next) => matches!(next.op, Op::Select | Op::ExitIf | Op::TrapIf) && next.args[0] == val,
            None => {
                use ir::Term::{Branch, Switch};
                matches!(self.block.term, Some(Branch { cond, .. } | Switch { known: cond, .. }) if cond == val)
            }
        };
        if tests {
            self.deferred = val;
            let tested = self.deferred_mask;
            let args = if tested.is_some() { self.inst(tested).args } else { inst.args };
            for arg in args {
                if arg.is_some() {
                    let ent = self.alloc.ent(arg);
                    self.alloc.keep(ent, user as u32);
                }
            }
        }
        tests
    }

    /// The same where the comparison `next` is that of a mask's result with 0, and nobody else wants that:
    /// a test of bits.
    fn defer_mask(&mut self, at: usize, next: usize) -> bool {
        let (mask, compare) = (&self.block.insts[at], &self.block.insts[next]);
        let equality = matches!(Icond::from_u8(compare.aux), Icond::Eq | Icond::Ne);
        let fits = equality
            && compare.ty == mask.ty
            && compare.args[0] == Val(at as u32)
            && self.as_const(compare.args[1]) == Some(0)
            && self.live.uses(Val(at as u32)) == 1;
        if !fits {
            return false;
        }
        self.deferred_mask = Val(at as u32);
        let deferred = self.defer(next, compare);
        if !deferred {
            self.deferred_mask = Val::NONE;
        }
        deferred
    }
}

/// Floating-point ops that yield a number or lanes; for the flags of a comparison there is no call, and no need: the
/// guest's lowering tells of denormals there.
fn is_arithmetic(op: Op) -> bool {
    op.info().effect == Effect::Fp && !matches!(op, Op::FcmpF | Op::FCmp)
}

/// Vector ops on integer lanes, and cryptography: the rows from `vadd` to before `vfadd`, and from
/// `aes.sub` to before `load`.
fn is_lanes(op: Op) -> bool {
    let within = |first: Op, end: Op| (first as u8..end as u8).contains(&(op as u8));
    within(Op::VAdd, Op::VFAdd) || within(Op::AesSub, Op::Load)
}
