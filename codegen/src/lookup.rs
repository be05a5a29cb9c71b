//! What a thread's indirect branches find code by: a table that they look up inline, and behind it one for what was
//! displaced there.
//!
//! The inline table has one place for an address, so that a look-up is one comparison. Two targets that are used in turn
//! and share a place would displace each other time and again; the second table, by another hash, knows both.

use crate::buffer::asm;
use crate::regs::RCX;
use dynasmrt::DynasmApi;

/// Entries of the inline table.
const NEAR: usize = 1 << 12;
/// Entries of the second table.
const FAR: usize = 1 << 13;
/// How far an address is shifted over itself for its index: functions are often aligned to 16 bytes or more, so that
/// low bits alone would leave most entries unused.
const FOLD: u32 = 9;
/// An address times this, from this bit on: Fibonacci hashing with a factor that fits an immediate operand.
const FACTOR: i32 = 0x9e37_79b1_u32 as i32;
const FACTOR_BIT: u32 = 32;

/// A row.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Entry {
    pub pc: u64,
    pub code: u64,
}

/// An index is scaled to a row by this shift.
const ENTRY_BITS: u32 = 4;
const _: () = assert!(size_of::<Entry>() == 1 << ENTRY_BITS);

impl Entry {
    /// What row `index` of either table holds while it is empty: an address whose place is another one.
    const fn empty(index: usize) -> Entry {
        Entry { pc: if index == 0 { 4 } else { 0 }, code: 0 }
    }
}

/// Both tables. All zeros is a state that [`Lookup::set_up`] was not called on yet.
#[derive(Debug)]
#[repr(C)]
pub struct Lookup {
    pub(crate) near: [Entry; NEAR],
    pub(crate) far: [Entry; FAR],
    /// Whether anything was entered.
    used: bool,
}

impl Lookup {
    pub(crate) fn set_up(&mut self) {
        (self.near[0], self.far[0]) = (Entry::empty(0), Entry::empty(0));
    }

    /// Makes indirect branches to `pc` go to `code`. `pc_shift` as in [`crate::Config`].
    pub fn insert(&mut self, pc: u64, code: u64, pc_shift: u8) {
        let near = near_index(pc, pc_shift);
        let displaced = std::mem::replace(&mut self.near[near], Entry { pc, code });
        if displaced.code != 0 {
            self.far[far_index(displaced.pc)] = displaced;
        }
        self.far[far_index(pc)] = Entry { pc, code };
        self.used = true;
    }

    /// Forgets the code for `pc`.
    pub fn remove(&mut self, pc: u64, pc_shift: u8) {
        let (near, far) = (near_index(pc, pc_shift), far_index(pc));
        for (row, index) in [(&mut self.near[near], near), (&mut self.far[far], far)] {
            if row.pc == pc {
                *row = Entry::empty(index);
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if self.used {
            self.near.fill(Entry::empty(1));
            self.far.fill(Entry::empty(1));
            self.used = false;
            self.set_up();
        }
    }
}

fn near_index(pc: u64, pc_shift: u8) -> usize {
    let low = pc as u32;
    ((low ^ low >> FOLD) >> pc_shift) as usize % NEAR
}

fn far_index(pc: u64) -> usize {
    (pc.wrapping_mul(i64::from(FACTOR) as u64) >> FACTOR_BIT) as usize % FAR
}

/// The distance of the row for the guest address in `rax` from the inline table's beginning, to `rcx`.
pub(crate) fn near_offset(buf: &mut crate::buffer::CodeBuf<'_>, pc_shift: u8) {
    asm!(buf ; mov ecx, eax ; shr ecx, FOLD as i8 ; xor ecx, eax);
    buf.shift_imm(4, false, RCX, ENTRY_BITS as u8 - pc_shift.min(3));
    asm!(buf; and ecx, ((NEAR - 1) << ENTRY_BITS) as i32);
}

/// The same for the second table.
pub(crate) fn far_offset(buf: &mut crate::buffer::CodeBuf<'_>) {
    asm!(buf
        ; imul rcx, rax, FACTOR
        ; shr rcx, (FACTOR_BIT - ENTRY_BITS) as i8
        ; and ecx, ((FAR - 1) << ENTRY_BITS) as i32
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup() -> Box<Lookup> {
        let empty = |len| (0..len).map(Entry::empty).collect::<Vec<_>>();
        let near = empty(NEAR).try_into().unwrap();
        Box::new(Lookup { near, far: empty(FAR).try_into().unwrap(), used: false })
    }

    fn knows(lookup: &Lookup, pc: u64) -> bool {
        lookup.near[near_index(pc, 2)].pc == pc || lookup.far[far_index(pc)].pc == pc
    }

    #[test]
    fn addresses_that_share_a_place_are_both_known() {
        let mut lookup = lookup();
        let (one, other) = (0x1000, 0x1000 + ((NEAR as u64) << (2 + FOLD)));
        assert_eq!(near_index(one, 2), near_index(other, 2));
        lookup.insert(one, 1, 2);
        lookup.insert(other, 2, 2);
        assert!(knows(&lookup, one) && knows(&lookup, other));
        lookup.remove(one, 2);
        assert!(!knows(&lookup, one) && knows(&lookup, other));
        lookup.remove(other, 2);
        assert!(!knows(&lookup, other));
    }

    #[test]
    fn nothing_is_known_at_first_and_after_clearing() {
        let mut lookup = lookup();
        lookup.insert(0, 1, 2);
        lookup.insert(4, 1, 2);
        lookup.clear();
        assert!((0..100).all(|n| !knows(&lookup, n * 4)));
    }
}
