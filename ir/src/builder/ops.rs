//! One method for each shape of op, and names for the common ones.

use super::{Builder, Mem};
use crate::block::{Trap, Val};
use crate::helper::HelperId;
use crate::ops::Op;
use crate::types::{Access, CallArgs, Cond, FCond, Icond, Lane, Near, RmwOp, Round, Ty};

impl Builder {
    // ---- families

    /// An op with one operand, no parameter.
    pub fn un(&mut self, op: Op, ty: Ty, a: Val) -> Val {
        self.op(op, ty, 0, [a, Val::NONE, Val::NONE], 0)
    }

    /// An op with two operands, no parameter.
    pub fn bin(&mut self, op: Op, ty: Ty, a: Val, b: Val) -> Val {
        self.op(op, ty, 0, [a, b, Val::NONE], 0)
    }

    /// An op with three operands, no parameter.
    pub fn tern(&mut self, op: Op, ty: Ty, a: Val, b: Val, c: Val) -> Val {
        self.op(op, ty, 0, [a, b, c], 0)
    }

    /// An op with an operand and a constant second one.
    pub fn bin_imm(&mut self, op: Op, ty: Ty, a: Val, imm: i64) -> Val {
        let b = self.constant(ty, imm);
        self.bin(op, ty, a, b)
    }

    /// A vector op with one operand.
    pub fn vun(&mut self, op: Op, lane: Lane, a: Val) -> Val {
        self.op(op, Ty::V128, lane as u8, [a, Val::NONE, Val::NONE], 0)
    }

    /// A vector op with two operands.
    pub fn vbin(&mut self, op: Op, lane: Lane, a: Val, b: Val) -> Val {
        self.op(op, Ty::V128, lane as u8, [a, b, Val::NONE], 0)
    }

    /// A vector op with an operand and a constant (shift count, lane).
    pub fn vimm(&mut self, op: Op, lane: Lane, a: Val, imm: i64) -> Val {
        self.op(op, Ty::V128, lane as u8, [a, Val::NONE, Val::NONE], imm)
    }

    // ---- integers

    /// a + b
    pub fn add(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.bin(Op::Add, ty, a, b)
    }

    /// a - b
    pub fn sub(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.bin(Op::Sub, ty, a, b)
    }

    /// a & b
    pub fn and(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.bin(Op::And, ty, a, b)
    }

    /// a | b
    pub fn or(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.bin(Op::Or, ty, a, b)
    }

    /// a ^ b
    pub fn xor(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.bin(Op::Xor, ty, a, b)
    }

    /// i32 to i64, zero-extended.
    pub fn zext32(&mut self, a: Val) -> Val {
        self.un(Op::Zext32, Ty::I32, a)
    }

    /// i32 to i64, sign-extended.
    pub fn sext32(&mut self, a: Val) -> Val {
        self.un(Op::Sext32, Ty::I32, a)
    }

    /// i64 to i32.
    pub fn trunc(&mut self, a: Val) -> Val {
        self.un(Op::Trunc, Ty::I64, a)
    }

    /// 1 where the comparison of operands of type `ty` holds, else 0.
    pub fn icmp(&mut self, cond: Icond, ty: Ty, a: Val, b: Val) -> Val {
        self.op(Op::Icmp, ty, cond as u8, [a, b, Val::NONE], 0)
    }

    /// a where `cond` is not 0, else b.
    pub fn select(&mut self, ty: Ty, cond: Val, a: Val, b: Val) -> Val {
        self.op(Op::Select, ty, 0, [cond, a, b], 0)
    }

    /// 1 where `cond` holds for the flags, else 0.
    pub fn cond(&mut self, cond: Cond, flags: Val) -> Val {
        self.op(Op::Cond, Ty::Flags, cond as u8, [flags, Val::NONE, Val::NONE], 0)
    }

    // ---- floating point

    /// 1 where the predicate holds, else 0.
    pub fn fcmp(&mut self, cond: FCond, ty: Ty, a: Val, b: Val) -> Val {
        self.op(Op::FCmp, ty, cond as u8, [a, b, Val::NONE], 0)
    }

    /// A conversion or rounding with mode `round` and the row's `imm`.
    pub fn fround(&mut self, op: Op, ty: Ty, round: Round, a: Val, imm: i64) -> Val {
        self.op(op, ty, round as u8, [a, Val::NONE, Val::NONE], imm)
    }

    /// Between floating-point formats.
    pub fn fcvt(&mut self, to: Ty, from: Ty, a: Val) -> Val {
        self.op(Op::FCvt, to, from as u8, [a, Val::NONE, Val::NONE], 0)
    }

    /// A narrow value (`ty`) NaN-boxed in 64 bits.
    pub fn fbox(&mut self, ty: Ty, a: Val) -> Val {
        self.un(Op::FBox, ty, a)
    }

    /// The narrow value (`ty`) that is NaN-boxed in 64 bits, its canonical NaN where none is.
    pub fn funbox(&mut self, ty: Ty, a: Val) -> Val {
        self.un(Op::FUnbox, ty, a)
    }

    // ---- memory

    /// Loads `access`, extended to `ty`.
    pub fn load(&mut self, ty: Ty, access: Access, mem: Mem) -> Val {
        self.op(Op::Load, ty, access as u8, [mem.base, mem.index, Val::NONE], mem.imm())
    }

    /// Stores the low bytes of `value`, whose type is `ty`.
    pub fn store(&mut self, ty: Ty, access: Access, mem: Mem, value: Val) {
        self.op(Op::Store, ty, access as u8, [mem.base, mem.index, value], mem.imm());
    }

    /// Brings memory near.
    pub fn prefetch(&mut self, near: Near, mem: Mem) {
        self.op(Op::Prefetch, Ty::None, near as u8, [mem.base, mem.index, Val::NONE], mem.imm());
    }

    /// Loads the lanes at `addr` whose bits are set; the others are those of `old`.
    pub fn load_lanes(&mut self, lane: Lane, addr: Val, bits: Val, old: Val) -> Val {
        self.op(Op::LoadLanes, Ty::V128, lane as u8, [addr, bits, old], 0)
    }

    /// Stores the lanes of `value` whose bits are set.
    pub fn store_lanes(&mut self, lane: Lane, addr: Val, bits: Val, value: Val) {
        self.op(Op::StoreLanes, Ty::None, lane as u8, [addr, bits, value], 0);
    }

    /// A full memory barrier.
    pub fn fence(&mut self) {
        self.op0(Op::Fence, Ty::None, 0);
    }

    /// Atomic read-modify-write; yields the old value.
    pub fn rmw(&mut self, op: RmwOp, ty: Ty, access: Access, addr: Val, value: Val) -> Val {
        self.op(Op::Rmw, ty, op as u8, [addr, value, Val::NONE], access as i64)
    }

    /// Atomic compare and swap; yields the old value.
    pub fn cas(&mut self, ty: Ty, access: Access, addr: Val, expected: Val, new: Val) -> Val {
        self.op(Op::Cas, ty, access as u8, [addr, expected, new], 0)
    }

    // ---- calls and exits

    /// Calls a helper with integers; `imm` is a constant of 48 bits for it.
    pub fn call_int(&mut self, helper: HelperId, args: [Val; 3], imm: i64) -> Val {
        self.op(Op::Call, Ty::I64, CallArgs::Int as u8, args, imm << 16 | helper.0 as i64)
    }

    /// Calls a helper with vectors or floating-point values; `ty` is the result's.
    pub fn call_vec(&mut self, helper: HelperId, ty: Ty, args: [Val; 3], imm: i64) -> Val {
        self.op(Op::Call, ty, CallArgs::Vec as u8, args, imm << 16 | helper.0 as i64)
    }

    /// Leaves the block for `target` where `cond` is not 0.
    pub fn exit_if(&mut self, cond: Val, target: u64) {
        self.op(Op::ExitIf, Ty::None, 0, [cond, Val::NONE, Val::NONE], target as i64);
    }

    /// Ends with `kind` of the instruction at `pc` where `cond` is not 0.
    pub fn trap_if(&mut self, cond: Val, kind: Trap, pc: u64) {
        self.op(Op::TrapIf, Ty::None, kind as u8, [cond, Val::NONE, Val::NONE], pc as i64);
    }
}
