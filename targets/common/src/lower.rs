//! What a row's meaning is written against: the builder, the instruction's address, the CPU's features.

use std::ops::{Deref, DerefMut};

use ir::{Builder, Op, Term, Trap, Ty, Val};

use crate::cpu::{Feature, Features};

/// The part of the guest's state that code depends on beside its address: floating-point modes,
/// whether addresses carry tags. It is part of a block's key; what the bits mean is the target's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Mode(pub u32);

/// Lowers one instruction; it is a [`Builder`] that also knows where it is.
pub struct Lower<'a> {
    builder: &'a mut Builder,
    /// Address of the instruction.
    pub pc: u64,
    /// Address behind it.
    pub next: u64,
    /// Mode of the block.
    pub mode: Mode,
    /// What the CPU offers.
    pub features: Features,
    /// What the state may be expected to be where the block begins; see [`crate::Target::expectation`].
    pub expectation: u64,
}

impl Deref for Lower<'_> {
    type Target = Builder;

    fn deref(&self) -> &Builder {
        self.builder
    }
}

impl DerefMut for Lower<'_> {
    fn deref_mut(&mut self) -> &mut Builder {
        self.builder
    }
}

impl<'a> Lower<'a> {
    /// A context for the instruction at `pc`.
    pub fn new(builder: &'a mut Builder, pc: u64, mode: Mode, features: Features) -> Lower<'a> {
        Lower { builder, pc, next: pc, mode, features, expectation: 0 }
    }

    /// Whether the CPU has `feature`.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.has(feature)
    }

    /// The encoding is undefined: ends the block with the signal for it.
    pub fn undefined(&mut self) {
        let pc = self.pc;
        self.end(Term::Trap { kind: Trap::Illegal, pc });
    }

    /// A conditional branch. Forward ones mostly fall through: the block leaves by the side and goes
    /// on behind them. Backward ones close loops: the block ends.
    pub fn branch(&mut self, cond: Val, taken: u64) {
        let (pc, next) = (self.pc, self.next);
        match self.inst(cond).op == Op::Const {
            true if self.inst(cond).imm == 0 => {}
            true => self.end(Term::Jump { target: taken }),
            false if taken > pc => self.exit_if(cond, taken),
            false => self.end(Term::Branch { cond, taken, fall: next }),
        }
    }

    /// A 64-bit integer slot's low half.
    pub fn get32(&mut self, slot: ir::SlotId) -> Val {
        let val = self.get(slot);
        self.trunc(val)
    }

    /// Sets a 64-bit integer slot to a zero-extended 32-bit value.
    pub fn put32(&mut self, slot: ir::SlotId, val: Val) {
        debug_assert_eq!(self.inst(val).result(), Ty::I32);
        let wide = self.zext32(val);
        self.put(slot, wide);
    }
}
