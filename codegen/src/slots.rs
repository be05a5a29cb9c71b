//! Reading and writing guest slots: pinned ones are a host register, the others memory that is
//! written at once, unless it may be written late, and read when first needed.

use crate::alloc::{Class, Entity, Home, NOBODY};
use crate::emitter::Emitter;
use crate::encode::Amode;
use crate::regs::NONE;
use ir::{Inst, SlotId, Ty, Val};

impl Emitter<'_, '_> {
    /// `get`: gives the value a place and emits nothing.
    #[inline]
    pub fn get(&mut self, val: Val, inst: &Inst) {
        let slot = SlotId(inst.imm as u16);
        let last = self.live.last_use(val);
        let pin = self.layout.reg(slot);
        let known = if pin != NONE {
            self.alloc.holder(Class::of(inst.ty), pin)
        } else if inst.ty == Ty::Flags && self.eflags.pending {
            self.eflags.ent
        } else {
            self.owner_as(slot, inst.ty)
        };
        if known != NOBODY {
            return self.alloc.share(val.0, known, last);
        }
        if pin != NONE {
            self.alloc.define_in(val.0, inst.ty, last, pin);
            self.alloc.get_mut(val.0).size = self.config.slots[slot.0 as usize].ty.bytes() as u8;
        } else {
            let ent = self.alloc.define(val.0, inst.ty, last);
            self.disown(slot);
            let e = self.alloc.get_mut(ent);
            (e.home, e.home_size) = (Home::Slot(slot), inst.ty.bytes() as u8);
            self.alloc.slot_owner[slot.0 as usize] = ent;
        }
    }

    /// Whose home a slot is, if it is read as that was written.
    fn owner_as(&self, slot: SlotId, ty: Ty) -> u32 {
        let owner = self.alloc.slot_owner[slot.0 as usize];
        let fits = |e: &Entity| match e.late == Some(slot) {
            true => e.size as u32 >= ty.bytes(),
            false => e.home == Home::Slot(slot) && e.home_size as u32 >= ty.bytes(),
        };
        if owner != NOBODY && fits(self.alloc.get(owner)) { owner } else { NOBODY }
    }

    /// The memory of a slot is about to change: whoever has its home there moves to a register.
    fn disown(&mut self, slot: SlotId) {
        let owner = std::mem::replace(&mut self.alloc.slot_owner[slot.0 as usize], NOBODY);
        if owner == NOBODY {
            return;
        }
        let e = self.alloc.get_mut(owner);
        if e.late == Some(slot) {
            e.late = None;
        }
        if e.home != Home::Slot(slot) {
            return;
        }
        if self.alloc.lives_on(owner) && self.eflags.ent != owner {
            self.ent_reg(owner);
        }
        self.alloc.get_mut(owner).home = Home::None;
    }

    /// `put`
    #[inline]
    pub fn put(&mut self, inst: &Inst) {
        let slot = SlotId(inst.imm as u16);
        let pin = self.layout.reg(slot);
        if pin != NONE {
            self.put_pinned(inst.args[0], pin);
        } else {
            self.put_memory(inst.args[0], slot);
        }
    }

    #[inline]
    fn put_pinned(&mut self, val: Val, pin: u8) {
        let ent = self.alloc.ent(val);
        if self.alloc.get(ent).reg == pin {
            return;
        }
        let e = *self.alloc.get(ent);
        if e.reg != NONE {
            self.alloc.lock(e.class, e.reg);
        }
        self.evacuate(e.class, pin);
        if e.reg == NONE {
            self.load_ent(ent, pin);
            if !e.is_const {
                self.alloc.assign(ent, pin);
            }
        } else {
            self.move_reg(e.class, pin, e.reg);
            // A temporary has done its duty; a value that is another slot's stays there.
            if self.alloc.is_temp(e.class, e.reg) && !e.is_const {
                self.alloc.assign(ent, pin);
            }
        }
    }

    /// A pinned register is about to change: a value that is still needed moves to a temporary.
    fn evacuate(&mut self, class: Class, pin: u8) {
        let holder = self.alloc.holder(class, pin);
        let Entity { home, late, .. } = match holder {
            NOBODY => return,
            holder => *self.alloc.get(holder),
        };
        if self.alloc.lives_on(holder) && (home == Home::None || late.is_some()) {
            let tmp = self.tmp(class);
            self.move_reg(class, tmp, pin);
            self.alloc.assign(holder, tmp);
        }
        self.alloc.vacate(class, pin);
    }

    fn put_memory(&mut self, val: Val, slot: SlotId) {
        let def = self.config.slots[slot.0 as usize];
        let ent = self.alloc.ent(val);
        if self.alloc.slot_owner[slot.0 as usize] == ent && self.alloc.get(ent).home == Home::Slot(slot) {
            self.eflags.pending &= def.ty != Ty::Flags;
            return;
        }
        let e = *self.alloc.get(ent);
        if e.reg != NONE {
            self.alloc.lock(e.class, e.reg);
        }
        self.disown(slot);
        if let Some(until) = self.late.until(self.analysis, self.alloc.now)
            && self.alloc.get(ent).may_be_late(def.ty)
        {
            return self.put_late(val, slot, until);
        }
        let disp = self.slot_disp(slot);
        if def.ty == Ty::Flags {
            self.put_flags(val, disp);
        } else {
            self.store_value(val, def.ty, Amode::context(disp));
        }
        let e = self.alloc.get_mut(ent);
        let in_eflags = def.ty == Ty::Flags && self.eflags.pending;
        if e.home == Home::None && e.size as u32 == def.ty.bytes() && !e.is_const && !in_eflags {
            (e.home, e.home_size) = (Home::Slot(slot), e.size);
            self.alloc.slot_owner[slot.0 as usize] = ent;
        }
    }

    /// Stores a value of type `ty`.
    fn store_value(&mut self, val: Val, ty: Ty, at: Amode) {
        if let Some(imm) = self.storable(val) {
            return self.buf.store_imm(ty == Ty::I64, at, imm);
        }
        let reg = self.reg(val);
        self.store_reg(Class::of(ty), ty.bytes(), at, reg);
    }
}
