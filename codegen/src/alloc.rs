//! Registers: where each value is, and how it gets to where it is wanted.
//!
//! A value is in at most one register and at most one place in memory (its *home*: the slot it was
//! read from or written to, or a spill word). Values that differ only in type share an *entity*:
//! a truncation costs nothing. A temporary is free again once the instructions are past the last use
//! of what it holds, so there is nothing to release. It may be late for its slot ([`crate::late`]): the register is then
//! kept for that as long as the slot is to have it.

use crate::context::{SPILL_WORDS, field};
use crate::regs::NONE;
use ir::{SlotId, Ty};

/// An entity, by the first value of it; others may share it.
pub(crate) type Ent = u32;
/// No entity.
pub(crate) const NOBODY: Ent = u32::MAX;

/// Registers of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Gpr = 0,
    Xmm = 1,
}

impl Class {
    #[inline]
    pub fn of(ty: Ty) -> Class {
        if ty.is_vec() { Class::Xmm } else { Class::Gpr }
    }
}

/// A place in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Home {
    None,
    Slot(SlotId),
    /// Index of a 16-byte spill word.
    Spill(u8),
}

/// What is known of an entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entity {
    /// The last instruction that uses it.
    pub last: u32,
    /// The next one as far as is known, else the last.
    next: u32,
    /// Its register, or [`NONE`].
    pub reg: u8,
    pub class: Class,
    /// Bytes of it that mean something.
    pub size: u8,
    /// Bytes of its home; a shorter one is zero-extended when loaded.
    pub home_size: u8,
    pub home: Home,
    /// The slot that is to hold it and does not: it is stored there when the register is given away.
    pub late: Option<SlotId>,
    /// The byte of its register from which on all are zero, as far as is known.
    pub zero_from: u8,
    /// Whether it is a constant, which needs no home.
    pub is_const: bool,
}

impl Entity {
    /// One that has no place yet.
    #[inline]
    fn new(ty: Ty, last: u32) -> Entity {
        Entity {
            last,
            next: last,
            reg: NONE,
            class: Class::of(ty),
            size: ty.bytes() as u8,
            home_size: 0,
            home: Home::None,
            late: None,
            zero_from: 16,
            is_const: false,
        }
    }

    /// Its next use from instruction `now` on, never if there is none.
    fn next_use(&self, now: u32) -> u32 {
        match (self.last < now, self.next < now) {
            (true, _) => u32::MAX,
            (false, true) => self.last,
            (false, false) => self.next,
        }
    }

    /// How far away its next use is, for who wants its register: what is in memory too goes for nothing.
    #[inline]
    fn distance(&self, now: u32) -> u32 {
        let is_saved = self.is_const || self.home != Home::None && self.late.is_none();
        self.next.saturating_sub(now).saturating_mul(1 + is_saved as u32)
    }
}

/// A register file.
#[derive(Debug)]
struct File {
    holder: [Ent; 32],
    locked: u32,
}

/// Which entities are where.
#[derive(Debug)]
pub(crate) struct Alloc {
    /// By value; never emptied.
    ents: Vec<Entity>,
    /// The entity of each value that was emitted. Never emptied.
    rep: Vec<Ent>,
    files: [File; 2],
    /// The temporaries by class.
    temps: [u32; 2],
    /// Who lives in each spill word.
    spills: [Ent; SPILL_WORDS / 2],
    /// Whose home each slot is.
    pub slot_owner: Vec<Ent>,
    /// The instruction that is emitted.
    pub now: u32,
    /// Set when a block needs more spill words than there are.
    pub exhausted: bool,
}

/// Where an evicted value has to be saved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eviction {
    pub reg: u8,
    /// A slot or a spill word.
    pub home: Home,
    pub size: u8,
}

impl Alloc {
    pub fn new(slots: usize) -> Alloc {
        let file = || File { holder: [NOBODY; 32], locked: 0 };
        Alloc {
            ents: Vec::new(),
            rep: Vec::new(),
            files: [file(), file()],
            temps: [0; 2],
            spills: [NOBODY; SPILL_WORDS / 2],
            slot_owner: vec![NOBODY; slots],
            now: 0,
            exhausted: false,
        }
    }

    /// Begins a block of so many values with these temporaries. For [`Alloc::note_use`] it has to know which values
    /// were emitted.
    pub fn begin(&mut self, values: usize, temps: [u32; 2], notes_uses: bool) {
        self.temps = temps;
        if self.rep.len() < values {
            self.rep.resize(values, NOBODY);
            self.ents.resize(values, Entity::new(Ty::None, 0));
        }
        if notes_uses {
            self.rep[..values].fill(NOBODY);
        }
        for file in &mut self.files {
            *file = File { holder: [NOBODY; 32], locked: 0 };
        }
        self.spills.fill(NOBODY);
        self.slot_owner.fill(NOBODY);
        self.exhausted = false;
    }

    /// Goes on to instruction `now`.
    #[inline]
    pub fn step(&mut self, now: u32) {
        self.now = now;
        self.files[0].locked = 0;
        self.files[1].locked = 0;
    }

    // ---- entities

    /// A new entity for a value of type `ty`.
    #[inline]
    pub fn define(&mut self, val: u32, ty: Ty, last: u32) -> Ent {
        self.ents[val as usize] = Entity::new(ty, last);
        self.rep[val as usize] = val;
        val
    }

    /// The same in a register; who was there is there no longer.
    #[inline]
    pub fn define_in(&mut self, val: u32, ty: Ty, last: u32, reg: u8) {
        let class = Class::of(ty);
        self.vacate(class, reg);
        self.files[class as usize].holder[reg as usize & 31] = val;
        self.ents[val as usize] = Entity { reg, ..Entity::new(ty, last) };
        self.rep[val as usize] = val;
    }

    /// The same for a constant.
    #[inline]
    pub fn define_const(&mut self, val: u32, ty: Ty, last: u32) {
        let zero_from = ty.bytes() as u8;
        self.ents[val as usize] = Entity { is_const: true, zero_from, ..Entity::new(ty, last) };
        self.rep[val as usize] = val;
    }

    /// Makes a value another name of an entity.
    #[inline]
    pub fn share(&mut self, val: u32, ent: Ent, last: u32) {
        self.rep[val as usize] = ent;
        self.keep(ent, last);
    }

    /// Has an entity live until `last` at the least.
    #[inline]
    pub fn keep(&mut self, ent: Ent, last: u32) {
        let e = &mut self.ents[ent as usize];
        e.last = e.last.max(last);
        e.next = e.last;
    }

    /// The value is used next at `next`, which may be `u32::MAX` for never again under this name.
    pub fn note_use(&mut self, val: ir::Val, next: u32) {
        let ent = self.rep[val.index()];
        if ent == NOBODY {
            return;
        }
        let e = &mut self.ents[ent as usize];
        let known = if e.next > self.now { e.next } else { e.last };
        e.next = next.min(known);
    }

    #[inline]
    pub fn ent(&self, val: ir::Val) -> Ent {
        self.rep[val.index()]
    }

    #[inline]
    pub fn get(&self, ent: Ent) -> &Entity {
        &self.ents[ent as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, ent: Ent) -> &mut Entity {
        &mut self.ents[ent as usize]
    }

    /// Whether an entity is used after this instruction.
    #[inline]
    pub fn lives_on(&self, ent: Ent) -> bool {
        self.ents[ent as usize].last > self.now
    }

    // ---- registers

    /// Keeps a register from being given away during this instruction.
    #[inline]
    pub fn lock(&mut self, class: Class, reg: u8) {
        self.files[class as usize].locked |= 1 << reg;
    }

    #[inline]
    pub fn is_locked(&self, class: Class, reg: u8) -> bool {
        self.files[class as usize].locked >> reg & 1 != 0
    }

    /// Whether a register is a temporary.
    #[inline]
    pub fn is_temp(&self, class: Class, reg: u8) -> bool {
        self.temps[class as usize] >> reg & 1 != 0
    }

    #[inline]
    pub fn holder(&self, class: Class, reg: u8) -> Ent {
        self.files[class as usize].holder[reg as usize & 31]
    }

    /// Puts an entity into a register; who was there is there no longer.
    #[inline]
    pub fn assign(&mut self, ent: Ent, reg: u8) {
        let Entity { class, reg: old, .. } = self.ents[ent as usize];
        self.vacate(class, reg);
        let holder = &mut self.files[class as usize].holder;
        if old != NONE && holder[old as usize & 31] == ent {
            holder[old as usize & 31] = NOBODY;
        }
        holder[reg as usize & 31] = ent;
        self.ents[ent as usize].reg = reg;
    }

    /// Forgets who is in a register.
    #[inline]
    pub fn vacate(&mut self, class: Class, reg: u8) {
        let old = std::mem::replace(&mut self.files[class as usize].holder[reg as usize & 31], NOBODY);
        if old != NOBODY {
            self.ents[old as usize].reg = NONE;
        }
    }

    /// A temporary that nobody needs, or the one needed latest with what has to be saved. Registers in
    /// `allow` may be given away although they are locked.
    pub fn temp(&mut self, class: Class, allow: u32) -> (u8, Option<Eviction>) {
        let file = &self.files[class as usize];
        let candidates = self.temps[class as usize] & (!file.locked | allow);
        let mut best = (NONE, 0);
        let mut rest = candidates;
        while rest != 0 {
            let reg = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            let holder = file.holder[reg as usize & 31];
            if holder == NOBODY {
                return (reg, None);
            }
            let e = &self.ents[holder as usize];
            // One that dies here may be given away if that is allowed.
            if e.last < self.now + (allow >> reg & 1) {
                return (reg, None);
            }
            let distance = e.distance(self.now);
            if distance >= best.1 {
                best = (reg, distance);
            }
        }
        assert!(best.0 != NONE, "an operation holds all temporaries");
        (best.0, self.evict(class, best.0))
    }

    /// Whether this instruction may have one more temporary.
    pub fn has_temp(&self, class: Class) -> bool {
        self.temps[class as usize] & !self.files[class as usize].locked != 0
    }

    /// Whether what is in the temporaries is all needed before `next`.
    pub fn are_needed_before(&self, class: Class, next: u32) -> bool {
        let file = &self.files[class as usize];
        let mut rest = self.temps[class as usize] & !file.locked;
        while rest != 0 {
            let holder = file.holder[rest.trailing_zeros() as usize];
            rest &= rest - 1;
            if holder == NOBODY || self.ents[holder as usize].next_use(self.now) > next {
                return false;
            }
        }
        true
    }

    /// Makes the holder of a register live elsewhere; what has to be stored for that.
    pub fn evict(&mut self, class: Class, reg: u8) -> Option<Eviction> {
        let holder = self.holder(class, reg);
        self.vacate(class, reg);
        if holder == NOBODY {
            return None;
        }
        let e = self.ents[holder as usize];
        if e.last < self.now || e.is_const {
            return None;
        }
        if let Some(slot) = e.late {
            return Some(self.store_late(holder, slot, reg));
        }
        if e.home != Home::None {
            return None;
        }
        let (_, size) = self.spill_word(holder);
        Some(Eviction { reg, home: self.ents[holder as usize].home, size })
    }

    /// The holder of `reg` leaves it, which was late for a slot.
    fn store_late(&mut self, holder: Ent, slot: SlotId, reg: u8) -> Eviction {
        let e = &mut self.ents[holder as usize];
        e.late = None;
        if e.home == Home::None {
            (e.home, e.home_size) = (Home::Slot(slot), e.size);
        }
        Eviction { reg, home: Home::Slot(slot), size: e.size }
    }

    /// Gives an entity a spill word: its displacement, and the bytes to store.
    pub fn spill_word(&mut self, ent: Ent) -> (i32, u8) {
        let free = |&who: &Ent| who == NOBODY || self.ents[who as usize].last < self.now;
        let index = self.spills.iter().position(free).unwrap_or_else(|| {
            self.exhausted = true;
            0
        });
        self.spills[index] = ent;
        let e = &mut self.ents[ent as usize];
        e.home = Home::Spill(index as u8);
        e.home_size = if e.class == Class::Xmm { 16 } else { 8 };
        (spill_disp(index as u8), e.home_size)
    }
}

/// Displacement of a spill word.
pub(crate) fn spill_disp(index: u8) -> i32 {
    field::SPILL + index as i32 * 16
}
