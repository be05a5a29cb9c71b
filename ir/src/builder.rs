//! Building a block, with the forward passes done on the way: slot forwarding (a `get` of what is
//! known yields the value itself) and folding ([`simplify`](crate::simplify)). A value is folded
//! before it is written, so that no pass has to read the block again for it.

use crate::block::{Block, Inst, Term, Val};
use crate::helper::HelperId;
use crate::ops::Op;
use crate::simplify::{self, Folded, NO_SLOT, View};
use crate::slot::{SlotDef, SlotId};
use crate::types::{Access, CallArgs, Cond, FCond, Icond, Lane, NanRule, RmwOp, Round, Ty};

/// A guest memory operand: base + (index << scale) + disp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// Base address.
    pub base: Val,
    /// Index, or [`Val::NONE`].
    pub index: Val,
    /// Shift of the index, 0 to 3.
    pub scale: u8,
    /// Displacement.
    pub disp: i64,
}

impl Mem {
    /// Memory at `base`.
    pub fn at(base: Val) -> Mem {
        Mem::disp(base, 0)
    }

    /// Memory at `base + disp`.
    pub fn disp(base: Val, disp: i64) -> Mem {
        Mem { base, index: Val::NONE, scale: 0, disp }
    }

    /// Memory at `base + (index << scale)`.
    pub fn indexed(base: Val, index: Val, scale: u8) -> Mem {
        Mem { base, index, scale, disp: 0 }
    }

    /// The operand of a load or store.
    pub fn of(inst: &Inst) -> Mem {
        Mem { base: inst.args[0], index: inst.args[1], scale: (inst.imm & 3) as u8, disp: inst.imm >> 2 }
    }

    /// The constant of a load or store.
    pub(crate) fn imm(self) -> i64 {
        self.disp << 2 | self.scale as i64
    }
}

/// Which forward passes run while a block is built; tests compare them with the plain block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passes {
    /// A `get` of a slot whose value is known yields that value.
    pub forward: bool,
    /// Constants and identities fold.
    pub fold: bool,
}

impl Passes {
    /// All of them.
    pub const ALL: Passes = Passes { forward: true, fold: true };
    /// None.
    pub const NONE: Passes = Passes { forward: false, fold: false };
}

/// Builds one block after the other in the same memory.
#[derive(Clone, Debug)]
pub struct Builder {
    block: Block,
    slots: &'static [SlotDef],
    /// The value each slot holds at this point, where known.
    current: Vec<Val>,
    /// The slot each value was read from or written to last.
    homes: Vec<u16>,
    passes: Passes,
}

impl Builder {
    /// A builder for guests with these slots.
    pub fn new(slots: &'static [SlotDef], passes: Passes) -> Builder {
        Builder { block: Block::default(), slots, current: vec![Val::NONE; slots.len()], homes: Vec::new(), passes }
    }

    /// Begins a block at `pc`.
    pub fn begin(&mut self, pc: u64, nan: NanRule) {
        self.block.clear(pc, nan);
        self.current.fill(Val::NONE);
        self.homes.clear();
    }

    /// The block so far.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The block, for passes over the finished one.
    pub fn block_mut(&mut self) -> &mut Block {
        &mut self.block
    }

    /// The slot table.
    pub fn slots(&self) -> &'static [SlotDef] {
        self.slots
    }

    /// Whether the block has its terminator.
    pub fn is_ended(&self) -> bool {
        self.block.term.is_some()
    }

    /// The instruction that yields `val`.
    pub fn inst(&self, val: Val) -> &Inst {
        self.block.inst(val)
    }

    /// Appends an instruction, or yields the value it folds to; [`Val::NONE`] where nothing is left of it.
    pub fn emit(&mut self, inst: Inst) -> Val {
        if !self.passes.fold {
            return self.block.push(inst);
        }
        let view = View { block: &self.block, current: &self.current, homes: &self.homes };
        match inst.op {
            Op::Load | Op::Store => {
                let inst = simplify::address(&view, inst);
                return self.block.push(inst);
            }
            Op::ExitIf if view.block.as_const(inst.args[0]) == Some(0) => return Val::NONE,
            _ => {}
        }
        match simplify::fold(&view, inst) {
            Folded::Keep(inst) => self.block.push(inst),
            Folded::Value(val) => val,
            Folded::Const(imm) => self.constant(inst.result(), imm),
            Folded::After { first, mut inst, operand } => {
                inst.args[operand] = self.block.push(first);
                self.block.push(inst)
            }
        }
    }

    /// An instruction of this form.
    pub fn op(&mut self, op: Op, ty: Ty, aux: u8, args: [Val; 3], imm: i64) -> Val {
        self.emit(Inst { op, ty, aux, args, imm })
    }

    fn op0(&mut self, op: Op, ty: Ty, imm: i64) -> Val {
        self.op(op, ty, 0, [Val::NONE; 3], imm)
    }

    // ---- constants, slots, markers

    /// An integer constant, truncated to its type.
    pub fn constant(&mut self, ty: Ty, imm: i64) -> Val {
        let imm = if ty == Ty::I32 { imm as i32 as i64 } else { imm };
        self.block.push(Inst { op: Op::Const, ty, aux: 0, args: [Val::NONE; 3], imm })
    }

    /// A 64-bit constant.
    pub fn i64(&mut self, imm: i64) -> Val {
        self.constant(Ty::I64, imm)
    }

    /// A 32-bit constant.
    pub fn i32(&mut self, imm: i32) -> Val {
        self.constant(Ty::I32, imm as i64)
    }

    /// An address that moves with the guest's program.
    pub fn addr(&mut self, addr: u64) -> Val {
        self.op0(Op::Addr, Ty::I64, addr as i64)
    }

    /// A vector with both 64-bit halves `imm`.
    pub fn vconst(&mut self, imm: u64) -> Val {
        self.op0(Op::VConst, Ty::V128, imm as i64)
    }

    /// The value of a slot.
    pub fn get(&mut self, slot: SlotId) -> Val {
        let known = self.current[slot.0 as usize];
        if self.passes.forward && known.is_some() {
            return known;
        }
        let val = self.block.push(Inst {
            op: Op::Get,
            ty: self.slots[slot.0 as usize].ty,
            aux: 0,
            args: [Val::NONE; 3],
            imm: slot.0 as i64,
        });
        self.holds(slot, val);
        val
    }

    /// From here on `slot` holds `val`.
    fn holds(&mut self, slot: SlotId, val: Val) {
        self.current[slot.0 as usize] = val;
        if self.homes.len() <= val.index() {
            self.homes.resize(val.index() + 1, NO_SLOT);
        }
        self.homes[val.index()] = slot.0;
    }

    /// Writes a slot, unless it is known to hold the value.
    pub fn put(&mut self, slot: SlotId, val: Val) {
        if self.passes.forward && self.current[slot.0 as usize] == val {
            return;
        }
        debug_assert_eq!(self.block.inst(val).result(), self.slots[slot.0 as usize].ty, "type of put");
        self.block.push(Inst {
            op: Op::Put,
            ty: self.slots[slot.0 as usize].ty,
            aux: 0,
            args: [val, Val::NONE, Val::NONE],
            imm: slot.0 as i64,
        });
        self.holds(slot, val);
    }

    /// Marks the beginning of a guest instruction.
    pub fn insn(&mut self, pc: u64) {
        self.block.guest_insts += 1;
        self.op0(Op::Insn, Ty::None, pc as i64);
    }

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

    /// Ends the block.
    pub fn end(&mut self, term: Term) {
        debug_assert!(self.block.term.is_none(), "a block ends once");
        let known = |cond| if self.passes.fold { self.block.as_const(cond) } else { None };
        self.block.term = Some(match term {
            Term::Branch { cond, taken, fall } => match known(cond) {
                Some(truth) => Term::Jump { target: if truth != 0 { taken } else { fall } },
                None => term,
            },
            _ => term,
        });
    }
}
