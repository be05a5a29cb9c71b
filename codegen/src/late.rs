//! Slots that are written late: where a slot is written again and only faults see it in between, its value stays in a
//! register, and the fault table says in which. It is stored if the register is needed for something else; mostly the
//! slot has its next value before that. Code that is unrolled writes many slots for a few instructions each.

use crate::alloc::{Class, Ent, Entity};
use crate::analysis::Analysis;
use crate::emitter::Emitter;
use crate::faults::{Kept, kept_at};
use crate::regs::{NONE, Pin, Pins};
use ir::{SlotId, Ty, Val};

/// Those of a block at some point.
#[derive(Debug)]
pub(crate) struct Late {
    /// By class and register: where [`crate::Context::recover`] finds what it held.
    kept: [[u16; 32]; 2],
    /// How many of [`Analysis::late`] are to come.
    to_come: usize,
    /// Which were late at the last fault point or became it since, and whose values they are.
    slots: Vec<(SlotId, Ent)>,
}

impl Late {
    pub fn new(pins: &Pins) -> Late {
        let mut kept = [Class::Gpr, Class::Xmm].map(|class| std::array::from_fn(|reg| kept_at(reg as u8, class)));
        for pin in pins.iter().filter(|pin| is_shown(pin)) {
            kept[Class::of(pin.ty) as usize][pin.reg as usize] = pin.offset;
        }
        Late { kept, to_come: 0, slots: Vec::new() }
    }

    /// Begins a block with so many of them.
    pub fn begin(&mut self, count: usize) {
        self.to_come = count;
        self.slots.clear();
    }

    /// Whether no slot is, and none was at the last fault point.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// When the slot that instruction `now` writes is written again, if it may be late until then.
    #[inline]
    pub fn until(&mut self, analysis: &Analysis, now: u32) -> Option<u32> {
        while let Some(&(at, until)) = analysis.late[..self.to_come].last() {
            if at > now {
                return None;
            }
            self.to_come -= 1;
            if at == now {
                return Some(until);
            }
        }
        None
    }
}

/// Whether all of a pinned register is in its slot after a fault.
pub(crate) fn is_shown(pin: &Pin) -> bool {
    matches!(pin.ty, Ty::I64 | Ty::V128)
}

impl Entity {
    /// Whether a slot of type `ty` may be late with this value: whether a register can hold it for both. Narrow slots
    /// are rare, and the fault table knows none.
    pub fn may_be_late(&self, ty: Ty) -> bool {
        !self.is_const && self.late.is_none() && self.size >= 8 && self.size as u32 == ty.bytes()
    }
}

impl Emitter<'_, '_> {
    /// Has `slot` be late with `val` until instruction `until`.
    pub fn put_late(&mut self, val: Val, slot: SlotId, until: u32) {
        self.reg(val);
        let ent = self.alloc.ent(val);
        self.alloc.keep(ent, until);
        self.alloc.get_mut(ent).late = Some(slot);
        self.alloc.slot_owner[slot.0 as usize] = ent;
        self.late.slots.push((slot, ent));
    }

    /// Tells the fault table which slots are late here.
    #[inline(never)]
    pub fn note_late(&mut self) {
        let (late, alloc) = (&mut *self.late, &*self.alloc);
        late.slots.retain(|&(slot, ent)| alloc.get(ent).late == Some(slot));
        let kept = late.slots.iter().map(|&(slot, ent)| {
            let e = alloc.get(ent);
            debug_assert_ne!(e.reg, NONE, "a slot is late with what is in no register");
            let from = late.kept[e.class as usize][e.reg as usize & 31];
            Kept { slot: self.config.slots[slot.0 as usize].offset, from, vector: e.size == 16 }
        });
        self.faults.keep(kept);
    }
}
