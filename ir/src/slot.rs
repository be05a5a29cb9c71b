//! Guest state as the IR sees it: named, typed slots in a flat array.

use crate::types::{Cond, Ty};

/// Bytes a guest may declare slots in: 64 general and 128-bit registers of AArch64 take 800,
/// RISC-V with 256-bit vectors about 1,700.
pub const STATE_BYTES: usize = 2048;

/// Index of a slot in the target's table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SlotId(pub u16);

/// A row of a target's slot table.
#[derive(Clone, Copy, Debug)]
pub struct SlotDef {
    /// Name in the IR's text form.
    pub name: &'static str,
    /// Type of the whole slot; a vector slot may also be read as `F32` or `F64` (its low lane).
    pub ty: Ty,
    /// Byte offset in [`GuestState`], aligned to the type's size.
    pub offset: u16,
    /// Preference for a host register of its own: 1 is the first choice, 0 asks for none.
    /// Integer and vector slots are ranked apart.
    pub pin: u8,
}

/// The registers of one guest thread.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(C, align(16))]
pub struct GuestState {
    words: [u64; STATE_BYTES / 8],
    /// Address of the next instruction; exact whenever no emitted code is running.
    pub pc: u64,
    /// Sticky floating-point exceptions as MXCSR's low six bits; exact whenever no emitted code is running.
    pub fp_flags: u32,
}

impl Default for GuestState {
    fn default() -> Self {
        GuestState { words: [0; STATE_BYTES / 8], pc: 0, fp_flags: 0 }
    }
}

impl GuestState {
    /// The 64 bits at byte `offset`, which is a multiple of 8.
    #[inline]
    pub fn u64_at(&self, offset: u16) -> u64 {
        self.words[offset as usize / 8]
    }

    /// Sets the 64 bits at byte `offset`, which is a multiple of 8.
    #[inline]
    pub fn set_u64_at(&mut self, offset: u16, value: u64) {
        self.words[offset as usize / 8] = value;
    }

    /// The 32 bits at byte `offset`, which is a multiple of 4.
    #[inline]
    pub fn u32_at(&self, offset: u16) -> u32 {
        (self.words[offset as usize / 8] >> (offset % 8 * 8)) as u32
    }

    /// Sets the 32 bits at byte `offset`, which is a multiple of 4.
    #[inline]
    pub fn set_u32_at(&mut self, offset: u16, value: u32) {
        let shift = offset % 8 * 8;
        let word = &mut self.words[offset as usize / 8];
        *word = *word & !(0xffff_ffff << shift) | (value as u64) << shift;
    }

    /// The 128 bits at byte `offset`, which is a multiple of 16.
    #[inline]
    pub fn u128_at(&self, offset: u16) -> u128 {
        let i = offset as usize / 8;
        self.words[i] as u128 | (self.words[i + 1] as u128) << 64
    }

    /// Sets the 128 bits at byte `offset`, which is a multiple of 16.
    pub fn set_u128_at(&mut self, offset: u16, value: u128) {
        let i = offset as usize / 8;
        self.words[i] = value as u64;
        self.words[i + 1] = (value >> 64) as u64;
    }

    /// A slot's value, zero-extended.
    #[inline]
    pub fn get(&self, slot: &SlotDef) -> u128 {
        match slot.ty.bytes() {
            16 => self.u128_at(slot.offset),
            8 => self.u64_at(slot.offset) as u128,
            _ => self.u32_at(slot.offset) as u128,
        }
    }

    /// Sets a slot to the low bits of `value`.
    #[inline]
    pub fn set(&mut self, slot: &SlotDef, value: u128) {
        match slot.ty.bytes() {
            16 => self.set_u128_at(slot.offset, value),
            8 => self.set_u64_at(slot.offset, value as u64),
            _ => self.set_u32_at(slot.offset, value as u32),
        }
    }
}

/// Condition flags in the form a `Flags` slot holds them.
///
/// The layout is what `lahf; seto al` leaves in AX after an x86 subtraction, so that the host makes
/// it in two instructions: N in bit 15, Z in bit 14, *not* C in bit 8 (x86 borrows where Arm
/// carries), V in bit 0. Other bits are unspecified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nzcv(pub u32);

impl Nzcv {
    const N: u32 = 1 << 15;
    const Z: u32 = 1 << 14;
    const NOT_C: u32 = 1 << 8;
    const V: u32 = 1;

    /// From the four flags.
    pub const fn new(n: bool, z: bool, c: bool, v: bool) -> Nzcv {
        Nzcv((n as u32) << 15 | (z as u32) << 14 | (!c as u32) << 8 | v as u32)
    }

    /// From the architectural layout, N in bit 31 to V in bit 28 (Arm ARM C5.2.11).
    pub const fn from_bits(bits: u32) -> Nzcv {
        Nzcv::new(bits >> 31 & 1 != 0, bits >> 30 & 1 != 0, bits >> 29 & 1 != 0, bits >> 28 & 1 != 0)
    }

    /// The architectural layout, N in bit 31 to V in bit 28.
    pub const fn bits(self) -> u32 {
        (self.n() as u32) << 31 | (self.z() as u32) << 30 | (self.c() as u32) << 29 | (self.v() as u32) << 28
    }

    /// Negative.
    pub const fn n(self) -> bool {
        self.0 & Self::N != 0
    }

    /// Zero.
    pub const fn z(self) -> bool {
        self.0 & Self::Z != 0
    }

    /// Carry, Arm's sense: set where a subtraction did not borrow.
    pub const fn c(self) -> bool {
        self.0 & Self::NOT_C == 0
    }

    /// Overflow.
    pub const fn v(self) -> bool {
        self.0 & Self::V != 0
    }

    /// Whether `cond` holds (Arm ARM, ConditionHolds).
    pub const fn holds(self, cond: Cond) -> bool {
        match cond {
            Cond::Eq => self.z(),
            Cond::Ne => !self.z(),
            Cond::Hs => self.c(),
            Cond::Lo => !self.c(),
            Cond::Mi => self.n(),
            Cond::Pl => !self.n(),
            Cond::Vs => self.v(),
            Cond::Vc => !self.v(),
            Cond::Hi => self.c() && !self.z(),
            Cond::Ls => !self.c() || self.z(),
            Cond::Ge => self.n() == self.v(),
            Cond::Lt => self.n() != self.v(),
            Cond::Gt => !self.z() && self.n() == self.v(),
            Cond::Le => self.z() || self.n() != self.v(),
            Cond::Al | Cond::Nv => true,
        }
    }
}
