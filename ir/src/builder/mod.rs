//! Building a block, with the forward passes done on the way: slot forwarding (a `get` of what is
//! known yields the value itself) and folding ([`simplify`](crate::simplify)). A value is folded
//! before it is written, so that no pass has to read the block again for it.

mod mem;
mod ops;

pub use mem::Mem;

use crate::block::{Block, Inst, Term, Val};
use crate::ops::Op;
use crate::simplify::{self, Folded, NO_SLOT, View};
use crate::slot::{SlotDef, SlotId};
use crate::types::{NanRule, Ty};

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
    /// The slot each value was read from or written to last; longer than the block.
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
        let used = self.block.insts.len().min(self.homes.len());
        self.homes[..used].fill(NO_SLOT);
        self.current.fill(Val::NONE);
        self.block.clear(pc, nan);
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
    // Inlined so that the fields come in registers: an instruction that is written to the stack field by
    // field and copied from there as a whole costs a failed store forwarding.
    #[inline(always)]
    pub fn emit(&mut self, inst: Inst) -> Val {
        if self.passes.fold
            && simplify::may_fold(inst.op)
            && let Some(val) = self.fold(inst)
        {
            return val;
        }
        self.block.push(inst)
    }

    /// The same for an instruction that one of the latest may be equal to, whose value it then is: for what two
    /// guest instructions that come together both compute.
    pub fn emit_once(&mut self, inst: Inst) -> Val {
        const NEAR: usize = 64;
        let from = self.block.insts.len().saturating_sub(NEAR);
        let equal = self.block.insts[from..].iter().rposition(|before| *before == inst);
        match equal {
            Some(at) if self.passes.fold => Val((from + at) as u32),
            _ => self.emit(inst),
        }
    }

    /// Appends what `inst` folds to, if it does.
    fn fold(&mut self, inst: Inst) -> Option<Val> {
        let view = View { block: &self.block, current: &self.current, homes: &self.homes };
        Some(match simplify::fold(&view, &inst)? {
            Folded::Keep(inst) => self.block.push(inst),
            Folded::Value(val) => val,
            Folded::Const(imm) => self.constant(inst.result(), imm),
            Folded::After { first, mut inst, operand } => {
                inst.args[operand] = self.block.push(first);
                self.block.push(inst)
            }
            Folded::Words { op, args: [a, b], extend } => {
                let (a, b) = (self.low_half(a), if b.is_some() { self.low_half(b) } else { b });
                let word = self.bin(op, Ty::I32, a, b);
                extend.map_or(word, |extend| self.un(extend, Ty::I32, word))
            }
        })
    }

    /// The low half of a value of 64 bits, which folds no further than to what was extended to it.
    fn low_half(&mut self, val: Val) -> Val {
        let inst = *self.block.inst(val);
        match inst.op {
            Op::Zext32 | Op::Sext32 => inst.args[0],
            Op::Const => self.constant(Ty::I32, inst.imm),
            _ => {
                self.block.push(Inst { op: Op::Trunc, ty: Ty::I64, aux: 0, args: [val, Val::NONE, Val::NONE], imm: 0 })
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
    #[inline]
    fn holds(&mut self, slot: SlotId, val: Val) {
        self.current[slot.0 as usize] = val;
        match self.homes.get_mut(val.index()) {
            Some(home) => *home = slot.0,
            None => self.grow_homes(slot, val),
        }
    }

    #[cold]
    fn grow_homes(&mut self, slot: SlotId, val: Val) {
        self.homes.resize(2 * val.index() + 64, NO_SLOT);
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

    /// Ends the block.
    pub fn end(&mut self, term: Term) {
        debug_assert!(self.block.term.is_none(), "a block ends once");
        let known = |cond| if self.passes.fold { self.block.as_const(cond) } else { None };
        self.block.term = Some(match term {
            Term::Branch { cond, taken, fall } => match known(cond) {
                Some(truth) => Term::Jump { target: if truth != 0 { taken } else { fall } },
                None => term,
            },
            Term::Switch { known: cond, next } if known(cond) == Some(0) => Term::Sync { next },
            _ => term,
        });
    }
}
