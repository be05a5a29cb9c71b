//! Where things go when the guest leaves it open.
//!
//! The host kernel loads the translator (a static-pie) and places its mappings at 0x7f…, its brk heap from
//! 0x5555_5555_4000 up. Below lies the guest's part, in the order that a 47-bit kernel has it: program, heap,
//! mappings from the top down, stack.

use super::{AddressSpace, host};
use crate::{GuestAddr, PAGE_SIZE};

/// First address that no guest mapping reaches (47 bits less a guard page, as on x86-64).
pub const USER_END: u64 = 0x7fff_ffff_f000;
/// Where the part of the address space that is the guest's to choose from ends.
const AREA_END: u64 = 0x5500_0000_0000;
/// Where position-independent programs go at the lowest.
const PIE_BASE: u64 = 0x2aaa_aaaa_a000;
/// Lowest address handed out: vm.mmap_min_addr's usual value; the host checks its own for fixed requests.
pub const LOWEST: u64 = 0x10000;

/// Bits of randomness by thing, in pages: as the kernel's defaults for 64-bit processes.
const PIE_BITS: u32 = 28;
const MMAP_BITS: u32 = 28;
const STACK_BITS: u32 = 22;
const BRK_BITS: u32 = 13;
/// Of programs, mappings and stacks in a smaller address space: as arm64's and RISC-V's kernels have it by default.
const SMALL_BITS: u32 = 18;
/// The smallest address space that a program may be given: of 36 bits, as arm64 has the fewest.
pub const SMALLEST: u64 = 1 << 36;

/// The places of one process.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Where a position-independent program is loaded.
    pub pie_base: GuestAddr,
    /// Mappings are placed from here down.
    pub mmap_base: GuestAddr,
    /// First address past the main thread's stack.
    pub stack_top: GuestAddr,
    /// Bytes between the end of the program's image and the heap.
    pub brk_gap: u64,
    /// First address that no mapping reaches.
    pub end: GuestAddr,
}

impl Layout {
    /// Chooses the places, all below `end`: [`USER_END`], or where a kernel of fewer bits has it, at least [`SMALLEST`].
    pub fn new(randomize: bool, end: u64) -> Layout {
        let random = if randomize { host::random() } else { [0; 4] };
        let pages = |value: u64, bits: u32| (value & ((1 << bits) - 1)) * PAGE_SIZE;
        let end = end & !(PAGE_SIZE - 1);
        // Programs go at two thirds of a smaller address space (ELF_ET_DYN_BASE of both guests' kernels).
        let (top, pie_base, [stack_bits, mmap_bits, pie_bits]) = match end < AREA_END {
            true => (end, end / 3 * 2 / PAGE_SIZE * PAGE_SIZE, [SMALL_BITS; 3]),
            false => (AREA_END, PIE_BASE, [STACK_BITS, MMAP_BITS, PIE_BITS]),
        };
        let stack_top = top - pages(random[0], stack_bits);
        // Room for the largest stack that is set up (see `stack_size`), and the kernel's guard gap.
        let mmap_base = stack_top - MAX_STACK - 0x100_0000 - pages(random[1], mmap_bits);
        Layout {
            pie_base: GuestAddr(pie_base + pages(random[2], pie_bits)),
            mmap_base: GuestAddr(mmap_base),
            stack_top: GuestAddr(stack_top),
            brk_gap: pages(random[3], BRK_BITS),
            end: GuestAddr(end),
        }
    }
}

/// Largest main stack that is reserved, for `ulimit -s unlimited`.
const MAX_STACK: u64 = 1 << 30;

/// The size of the main stack to map for a soft RLIMIT_STACK. The whole is mapped at once and touched lazily: so it
/// "grows" as far as the limit says and no mapping gets in its way.
pub fn stack_size(limit: u64) -> u64 {
    limit.clamp(128 << 10, MAX_STACK) & !(PAGE_SIZE - 1)
}

impl AddressSpace {
    /// A free place of `len` bytes, for a caller that maps it at once with MAP_FIXED_NOREPLACE.
    pub fn find_place(&self, len: u64, align: u64) -> Option<GuestAddr> {
        let inner = self.inner.lock();
        inner.map.gap_below(self.layout.mmap_base, len, align)
    }
}
