//! Host registers and who has them.
//!
//! `rsp` and `rbp` are fixed; `rax`, `rcx`, `xmm14` and `xmm15` are scratch within one operation;
//! [`PIN_GPRS`] and [`PIN_XMMS`] hold guest slots across all emitted code; the rest are temporaries of a block.
//! With AVX-512 there are 16 more vector registers, most of which hold slots too ([`WIDE_PIN_XMMS`]). What has no EVEX
//! form can't use them: its operands then go through two registers kept for that ([`LOW0`], [`LOW1`]).

use crate::features::HostFeatures;
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
pub(crate) const TEMP_GPRS: u32 = 1 << RDX | 1 << 14 | 1 << 15;
/// Registers for pinned vector slots.
pub(crate) const PIN_XMMS: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
/// Vector temporaries of a block.
pub(crate) const TEMP_XMMS: u32 = 0x3f00;
/// The same where there are 32 vector registers.
pub(crate) const WIDE_PIN_XMMS: [u8; 22] =
    [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
pub(crate) const WIDE_TEMP_XMMS: u32 = 0xc000_0f00;
/// Stand in for registers 16 to 31 within one instruction: for its first operand and its result, for its second.
pub(crate) const LOW0: u8 = 12;
pub(crate) const LOW1: u8 = 13;

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
    wide: bool,
}

impl Pins {
    /// The best-ranked slots of a target, as many as a host with these features has registers.
    pub fn choose(slots: &[SlotDef], features: HostFeatures) -> Pins {
        let wide = features.avx512;
        let xmms = if wide { &WIDE_PIN_XMMS[..] } else { &PIN_XMMS[..] };
        let mut pins = Vec::new();
        let mut by_slot = vec![NONE; slots.len()];
        for (regs, wanted) in [(&PIN_GPRS[..], Ty::is_int as fn(Ty) -> bool), (xmms, Ty::is_vec)] {
            let mut ranked: Vec<usize> =
                (0..slots.len()).filter(|&i| slots[i].pin != 0 && wanted(slots[i].ty)).collect();
            ranked.sort_by_key(|&i| slots[i].pin);
            for (&i, &reg) in ranked.iter().zip(regs) {
                pins.push(Pin { slot: SlotId(i as u16), ty: slots[i].ty, offset: slots[i].offset, reg });
                by_slot[i] = reg;
            }
        }
        Pins { pins, by_slot, wide }
    }

    /// How many vector registers are in use.
    pub(crate) fn xmm_count(&self) -> u8 {
        if self.wide { 32 } else { 16 }
    }

    /// Temporaries of a block, by class.
    pub(crate) fn temps(&self) -> [u32; 2] {
        [TEMP_GPRS, if self.wide { WIDE_TEMP_XMMS } else { TEMP_XMMS }]
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
