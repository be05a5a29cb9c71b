//! Memory operands.

use crate::block::{Inst, Val};

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
