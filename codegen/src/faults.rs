//! The fault table of a block: which host instructions may fault, and what the guest's state then
//! is. Registers are exact by construction (slots are in memory or in their pinned registers, which the
//! fault entry stores); what the table says is the guest instruction, whether NZCV is still in EFLAGS, and
//! which registers mean something else inside the block ([`crate::layout`]).
//!
//! Slots may be late as well ([`crate::late`]).
//!
//! It begins with the number of these, and for each its place among [`Context::fault_slots`], the offset of
//! the slot it is pinned to, one more than the offset of the slot that it holds or 0, and the slots' size. An entry is two LEB128 numbers: the distance to the entry before in host bytes, times eight plus
//! the place of the flags; and the distance in guest bytes, zigzag. In front of an entry stands what has changed of late
//! slots: a number that tells these from entries, the slot's offset, and where it is kept now.

use crate::alloc::Class;
use crate::context::Context;
use crate::layout::Moved;
use ir::{GuestState, Nzcv, STATE_BYTES, SlotDef, SlotId, Ty};

/// Where the guest's NZCV is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum FlagsAt {
    /// In its slot.
    Slot,
    /// In EFLAGS after a subtraction: CF is not C.
    Sub,
    /// In EFLAGS after an addition or a logical operation: CF is C.
    Add,
    /// In EFLAGS after `ucomis a, b`.
    Fcmp,
    /// In EFLAGS after `ucomis b, a`.
    FcmpSwapped,
}

/// In the place of [`FlagsAt`]: a slot is late from here on, or no longer.
const LATE: u64 = 5;
const IN_TIME: u64 = 6;

/// A slot that is late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kept {
    /// Its offset.
    pub slot: u16,
    /// Where its value is after a fault: an offset in the guest's state, or what [`kept_at`] says.
    pub from: u16,
    /// Whether it has 16 bytes, else 8.
    pub vector: bool,
}

/// A table in the making.
#[derive(Default, Debug)]
pub(crate) struct FaultTable {
    /// Never emptied; more than was pushed.
    room: Vec<u8>,
    len: usize,
    host: u32,
    guest: u64,
    /// The slots that are late by what was said so far.
    late: Vec<Kept>,
}

impl FaultTable {
    /// Begins the table of a block at `pc`.
    pub fn clear(&mut self, pc: u64, moved: &[Moved], slots: &[SlotDef]) {
        self.len = 0;
        self.number(moved.len() as u64);
        for moved in moved {
            let offset = |slot: SlotId| slots[slot.0 as usize].offset as u64;
            self.number(saved_at(moved.reg, moved.ty) as u64);
            self.number(offset(moved.home));
            self.number(moved.resident.map_or(0, |slot| offset(slot) + 1));
            self.number(moved.ty.bytes() as u64);
        }
        self.host = 0;
        self.guest = pc;
        self.late.clear();
    }

    pub fn bytes(&self) -> &[u8] {
        &self.room[..self.len]
    }

    /// The slots that are late at what is pushed next.
    pub fn keep(&mut self, kept: impl Iterator<Item = Kept> + Clone) {
        for i in (0..self.late.len()).rev() {
            let slot = self.late[i].slot;
            if !kept.clone().any(|kept| kept.slot == slot) {
                self.late.swap_remove(i);
                self.number(IN_TIME);
                self.number(slot as u64);
            }
        }
        for kept in kept {
            match self.late.iter_mut().find(|late| late.slot == kept.slot) {
                Some(late) if *late == kept => continue,
                Some(late) => *late = kept,
                None => self.late.push(kept),
            }
            self.number(LATE);
            self.number(kept.slot as u64);
            self.number((kept.from as u64) << 1 | kept.vector as u64);
        }
    }

    /// The host instruction at `host` belongs to guest instruction `guest`. Offsets ascend.
    pub fn push(&mut self, host: u32, guest: u64, flags: FlagsAt) {
        let head = ((host - self.host) as u64) << 3 | flags as u64;
        let delta = guest.wrapping_sub(self.guest) as i64;
        let zigzag = (delta << 1 ^ delta >> 63) as u64;
        (self.host, self.guest) = (host, guest);
        if head < 0x80 << 7 && zigzag < 0x80 {
            return self.short(head as u32, zigzag as u32);
        }
        self.long(head, zigzag);
    }

    /// Any entry. Apart: it is rare.
    #[inline(never)]
    fn long(&mut self, head: u64, zigzag: u64) {
        self.number(head);
        self.number(zigzag);
    }

    /// Nearly all entries: a number of up to two bytes and one of one.
    #[inline]
    fn short(&mut self, head: u32, zigzag: u32) {
        let long = (head >= 0x80) as u32;
        let first = head & 0x7f | long << 7 | (head >> 7) << 8;
        let entry = first | zigzag << (8 + 8 * long);
        self.room()[..4].copy_from_slice(&entry.to_le_bytes());
        self.len += 2 + long as usize;
    }

    fn number(&mut self, mut value: u64) {
        let room = self.room();
        let mut len = 0;
        while value >= 0x80 {
            room[len] = value as u8 | 0x80;
            value >>= 7;
            len += 1;
        }
        room[len] = value as u8;
        self.len += len + 1;
    }

    /// Where the next number goes: as much as any takes.
    #[inline]
    fn room(&mut self) -> &mut [u8; 16] {
        if self.room.len() < self.len + 16 {
            self.room.resize(self.len + 256, 0);
        }
        self.room[self.len..].first_chunk_mut().unwrap_or_else(|| unreachable!("there was made room"))
    }
}

fn read(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.next()?;
        value |= ((byte & 0x7f) as u64) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// What the table says of a host instruction.
#[derive(PartialEq, Eq, Debug)]
struct Found {
    /// The guest instruction that it belongs to.
    pc: u64,
    flags: FlagsAt,
    late: Vec<Kept>,
}

/// Looks up the host instruction at `offset` of a block. A damaged table yields `None`.
fn find(mut bytes: impl Iterator<Item = u8>, block_pc: u64, offset: u32) -> Option<Found> {
    let (mut host, mut guest) = (0u32, block_pc);
    let mut late: Vec<Kept> = Vec::new();
    while let Some(head) = read(&mut bytes) {
        if head == LATE || head == IN_TIME {
            let slot = read(&mut bytes)? as u16;
            late.retain(|kept| kept.slot != slot);
            if head == LATE {
                let from = read(&mut bytes)?;
                late.push(Kept { slot, from: (from >> 1) as u16, vector: from & 1 != 0 });
            }
            continue;
        }
        host = host.wrapping_add((head >> 3) as u32);
        let zigzag = read(&mut bytes)?;
        guest = guest.wrapping_add(zigzag >> 1 ^ (zigzag & 1).wrapping_neg());
        if host == offset {
            let flags = match head & 7 {
                1 => FlagsAt::Sub,
                2 => FlagsAt::Add,
                3 => FlagsAt::Fcmp,
                4 => FlagsAt::FcmpSwapped,
                _ => FlagsAt::Slot,
            };
            return Some(Found { pc: guest, flags, late });
        }
    }
    None
}

impl Context {
    /// Completes the guest's state after a `Fault` exit from `offset` bytes into the code of a block
    /// that begins at `block_pc`: sets `pc`, and NZCV (at `nzcv`, the target's flags slot) if
    /// EFLAGS held it. False if no instruction there may fault: a bug of the code generator.
    pub fn recover(&mut self, table: &[u8], block_pc: u64, offset: u32, nzcv: Option<u16>) -> bool {
        let mut bytes = table.iter().copied();
        let Some(mut state) = self.unmoved(&mut bytes) else { return false };
        let Some(Found { pc, flags, late }) = find(bytes, block_pc, offset) else { return false };
        if !late.iter().all(|kept| self.fetch_kept(kept, &mut state)) {
            return false;
        }
        self.guest = state;
        self.guest.pc = pc;
        let value = match flags {
            FlagsAt::Slot => return true,
            FlagsAt::Sub => Nzcv(self.fault_flags),
            FlagsAt::Add => Nzcv(self.fault_flags ^ 1 << 8),
            FlagsAt::Fcmp => fcmp(self.fault_flags, false),
            FlagsAt::FcmpSwapped => fcmp(self.fault_flags, true),
        };
        if let Some(slot) = nzcv {
            self.guest.set_u32_at(slot, value.0);
        }
        true
    }
}

impl Context {
    /// The guest's registers with those that were moved inside the block at their places; reads the table's head.
    fn unmoved(&self, bytes: &mut impl Iterator<Item = u8>) -> Option<GuestState> {
        let mut state = self.guest.clone();
        for _ in 0..read(bytes)? {
            let saved = *self.fault_slots.get(read(bytes)? as usize)?;
            let (home, resident, size) = (read(bytes)?, read(bytes)?, read(bytes)?);
            let limit = ir::STATE_BYTES as u64 - 16;
            if home > limit || resident > limit {
                return None;
            }
            let mut set = |at: u64, value: u128| match size {
                16 => state.set_u128_at(at as u16, value),
                _ => state.set_u64_at(at as u16, value as u64),
            };
            if resident != 0 {
                set(
                    resident - 1,
                    if size == 16 { self.guest.u128_at(home as u16) } else { self.guest.u64_at(home as u16) as u128 },
                );
            }
            set(home, saved);
        }
        Some(state)
    }
}

impl Context {
    /// Writes a slot that is late. False if the table is damaged.
    fn fetch_kept(&self, kept: &Kept, state: &mut GuestState) -> bool {
        let within = (STATE_BYTES - 16) as u16;
        let kept_regs = self.save.iter().chain(&self.fault_slots);
        let value = match kept.from.checked_sub(STATE_BYTES as u16) {
            None if kept.from <= within => Some(self.guest.u128_at(kept.from)),
            None => None,
            Some(place) => kept_regs.copied().nth(place as usize),
        };
        let (Some(value), true) = (value, kept.slot <= within) else { return false };
        match kept.vector {
            true => state.set_u128_at(kept.slot, value),
            false => state.set_u64_at(kept.slot, value as u64),
        }
        true
    }
}

/// Where the fault entry keeps a register, counted behind the guest's state: a vector one in [`Context::save`], a
/// general one, which is a temporary, in [`Context::fault_slots`].
pub(crate) fn kept_at(reg: u8, class: Class) -> u16 {
    let behind = if class == Class::Xmm { 0 } else { Context::SAVED };
    (STATE_BYTES + behind) as u16 + reg as u16
}

/// Where the fault entry keeps what was in the memory of the slot that is pinned to a register.
pub(crate) const fn saved_at(reg: u8, ty: Ty) -> usize {
    reg as usize + if ty.is_vec() { 16 } else { 0 }
}

/// Flags of a comparison (Arm ARM, FPCompare) from what `lahf` left in bits 8 to 15.
fn fcmp(ah: u32, swapped: bool) -> Nzcv {
    let (zf, pf, cf) = (ah >> 14 & 1 != 0, ah >> 10 & 1 != 0, ah >> 8 & 1 != 0);
    match (pf, zf, cf != swapped) {
        (true, ..) => Nzcv::new(false, false, true, true),
        (_, true, _) => Nzcv::new(false, true, true, false),
        (_, _, true) => Nzcv::new(true, false, false, false),
        (_, _, false) => Nzcv::new(false, false, true, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_pushed() {
        let mut table = FaultTable::default();
        table.clear(0x40_0000, &[], &[]);
        table.push(10, 0x40_0000, FlagsAt::Slot);
        let (one, other) = (Kept { slot: 8, from: 300, vector: false }, Kept { slot: 256, from: 2100, vector: true });
        table.keep([one, other].into_iter());
        table.push(500, 0x3f_ffff_0004, FlagsAt::Sub);
        let moved = Kept { from: 16, ..one };
        table.keep([moved].into_iter());
        table.push(501, 0x40_0002, FlagsAt::FcmpSwapped);
        let find = |offset| find(table.bytes().iter().copied().skip(1), 0x40_0000, offset);
        let found = |pc, flags, late: &[Kept]| Some(Found { pc, flags, late: late.to_vec() });
        assert_eq!(find(10), found(0x40_0000, FlagsAt::Slot, &[]));
        assert_eq!(find(500), found(0x3f_ffff_0004, FlagsAt::Sub, &[one, other]));
        assert_eq!(find(501), found(0x40_0002, FlagsAt::FcmpSwapped, &[moved]));
        assert_eq!(find(11), None);
        assert_eq!(super::find([0x80; 30].into_iter(), 0, 0), None);
    }
}
