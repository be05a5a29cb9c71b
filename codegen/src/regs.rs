//! Host registers and who has them.
//!
//! `rsp` and `rbp` are fixed; `rax`, `rcx`, `xmm14` and `xmm15` are scratch within one operation;
//! [`PIN_GPRS`] and [`PIN_XMMS`] hold guest slots across all emitted code; the rest are temporaries of a block.

use ir::{GuestState, SlotDef, SlotId, Ty};

pub(crate) const RAX: u8 = 0;
pub(crate) const RCX: u8 = 1;
pub(crate) const RDX: u8 = 2;
pub(crate) const RBX: u8 = 3;
pub(crate) const RSP: u8 = 4;
pub(crate) const RBP: u8 = 5;
pub(crate) const RSI: u8 = 6;
pub(crate) const RDI: u8 = 7;

/// Vector scratch registers.
pub(crate) const X0: u8 = 15;
pub(crate) const X1: u8 = 14;

/// Registers for pinned integer slots, in the order of their ranks.
pub(crate) const PIN_GPRS: [u8; 9] = [RBX, RSI, RDI, 8, 9, 10, 11, 12, 13];
/// Temporaries of a block.
pub(crate) const TEMP_GPRS: u16 = 1 << RDX | 1 << 14 | 1 << 15;
/// Registers for pinned vector slots.
pub(crate) const PIN_XMMS: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
/// Vector temporaries of a block.
pub(crate) const TEMP_XMMS: u16 = 0x3f00;

/// No register.
pub(crate) const NONE: u8 = 0xff;

/// A slot in a host register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pin {
    /// The slot.
    pub slot: SlotId,
    /// Its type.
    pub ty: Ty,
    /// Its place in [`GuestState`].
    pub offset: u16,
    /// Number of the general or vector register.
    pub reg: u8,
}

/// Which slots live in host registers.
#[derive(Clone, Debug)]
pub struct Pins {
    pins: Vec<Pin>,
    by_slot: Vec<u8>,
}

impl Pins {
    /// The best-ranked slots of a target, as many as there are registers.
    pub fn choose(slots: &[SlotDef]) -> Pins {
        let mut pins = Vec::new();
        let mut by_slot = vec![NONE; slots.len()];
        for (regs, wanted) in [(&PIN_GPRS[..], Ty::is_int as fn(Ty) -> bool), (&PIN_XMMS[..], Ty::is_vec)] {
            let mut ranked: Vec<usize> =
                (0..slots.len()).filter(|&i| slots[i].pin != 0 && wanted(slots[i].ty)).collect();
            ranked.sort_by_key(|&i| slots[i].pin);
            for (&i, &reg) in ranked.iter().zip(regs) {
                pins.push(Pin { slot: SlotId(i as u16), ty: slots[i].ty, offset: slots[i].offset, reg });
                by_slot[i] = reg;
            }
        }
        Pins { pins, by_slot }
    }

    /// The pinned slots.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter()
    }

    /// The register of `slot`, [`NONE`] if it lives in memory.
    #[inline]
    pub(crate) fn reg(&self, slot: SlotId) -> u8 {
        self.by_slot[slot.0 as usize]
    }
}

// Slots are addressed with 32-bit displacements at most, most with 8-bit ones.
const _: () = assert!(size_of::<GuestState>() < 1 << 16);
