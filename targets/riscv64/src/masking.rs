//! Supm: pointer masking (privileged ISA, chapter Pointer Masking). The highest bits of the address of a load or store are
//! a tag that memory does not see: an address is the rest of it, sign-extended. Instruction fetches and branches don't
//! mask. A program asks for it by PR_SET_TAGGED_ADDR_CTRL; blocks are keyed by what it asked for.

use ir::{GuestState, Mem, Op, Ty, Val};
use target::{Lower, Mode};

use crate::state::{PMM, SLOTS};

/// The part of a block's mode that is envcfg.PMM begins at this bit.
pub const MODE_SHIFT: u32 = 3;
const MODE_MASK: u32 = 3;

/// Tag bits, PMLEN, by envcfg.PMM; its value 1 is reserved.
const TAG_BITS: [u32; 4] = [0, 0, 7, 16];

/// envcfg.PMM of a state, as part of a mode.
pub fn mode_of(state: &GuestState) -> u32 {
    state.u32_at(SLOTS[PMM.0 as usize].offset) << MODE_SHIFT
}

/// How long the tags are while the state is this.
pub fn tag_bits(state: &GuestState) -> u32 {
    TAG_BITS[(state.u32_at(SLOTS[PMM.0 as usize].offset) & MODE_MASK) as usize]
}

/// Has tags be at least so long; false where there are no such.
pub fn set_tag_bits(state: &mut GuestState, at_least: u32) -> bool {
    let pmm = [0, 2, 3].into_iter().find(|&pmm| TAG_BITS[pmm] >= at_least);
    if let Some(pmm) = pmm {
        state.set_u32_at(SLOTS[PMM.0 as usize].offset, pmm as u32);
    }
    pmm.is_some()
}

const fn tag_bits_in(mode: Mode) -> u32 {
    TAG_BITS[(mode.0 >> MODE_SHIFT & MODE_MASK) as usize]
}

/// An address as this block accesses it.
pub fn mask(b: &mut Lower, addr: Val) -> Val {
    let bits = tag_bits_in(b.mode);
    if bits == 0 {
        return addr;
    }
    let up = b.bin_imm(Op::Shl, Ty::I64, addr, bits.into());
    b.bin_imm(Op::Sar, Ty::I64, up, bits.into())
}

/// A memory operand, without a scale, as this block accesses it: the tag is that of the sum.
pub fn mask_operand(b: &mut Lower, mem: Mem) -> Mem {
    if tag_bits_in(b.mode) == 0 {
        return mem;
    }
    debug_assert_eq!(mem.scale, 0);
    let base = if mem.index.is_some() { b.add(Ty::I64, mem.base, mem.index) } else { mem.base };
    let addr = b.bin_imm(Op::Add, Ty::I64, base, mem.disp);
    Mem::at(mask(b, addr))
}
