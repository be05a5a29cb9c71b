//! Memory for machine code: private anonymous arenas, mapped one after the other as they fill.
//!
//! Writable and executable at once: links are patched while other threads run the code around them.
//! Private, so that a forked child has its own copy. Small, so that a short program under
//! `ulimit -v` gets by with one; what is not touched costs nothing.

use memory::Errno;

/// Bytes of an arena.
pub const ARENA: usize = 4 << 20;
/// Room that must be left for another block to be begun: more than any block takes.
const BLOCK_ROOM: usize = 128 << 10;
/// Blocks begin at a multiple of this (codegen::CodeBuf).
const ALIGN: usize = 16;

/// One stretch of code memory.
#[derive(Debug)]
pub struct Arena {
    base: u64,
    used: usize,
    size: usize,
    /// Whether it is a mapping of its own, or a part of a unit's region.
    is_mapping: bool,
}

impl Arena {
    /// Maps an arena.
    pub fn map() -> Result<Arena, Errno> {
        let prot = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let args = [0, ARENA as u64, prot as u64, flags as u64, u64::MAX, 0];
        // SAFETY: a new mapping at a place of the kernel's choice.
        let base = unsafe { memory::sys::syscall(libc::SYS_mmap as u64, args) }?;
        Ok(Arena { base, used: 0, size: ARENA, is_mapping: true })
    }

    /// An arena in a unit's region, which stays the unit's.
    ///
    /// # Safety
    /// `size` bytes at `base` must be mapped, writable and executable, hold nothing, and outlive the arena.
    pub unsafe fn within(base: u64, size: usize) -> Arena {
        Arena { base, used: 0, size, is_mapping: false }
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used
    }

    /// First address.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Whether `addr` lies in the used part.
    pub fn contains(&self, addr: u64) -> bool {
        addr >= self.base && addr - self.base < self.used as u64
    }

    /// Where the next block goes, and the room there; `None` when the arena is full.
    pub fn free(&mut self) -> Option<(u64, &mut [u8])> {
        let room = self.size - self.used;
        if room < BLOCK_ROOM {
            return None;
        }
        let at = self.base + self.used as u64;
        // SAFETY: the free part of the arena is mapped for its lifetime, and no code in it runs yet.
        Some((at, unsafe { std::slice::from_raw_parts_mut(at as *mut u8, room) }))
    }

    /// Keeps the first `len` bytes of what [`Arena::free`] lent.
    pub fn take(&mut self, len: usize) {
        self.used = (self.used + len).next_multiple_of(ALIGN).min(self.size);
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        if !self.is_mapping {
            return;
        }
        let args = [self.base, ARENA as u64, 0, 0, 0, 0];
        // SAFETY: nobody runs or refers to this code any more (see `CodeCache::flush`); unmapping what
        // was mapped can't fail.
        let _ = unsafe { memory::sys::syscall(libc::SYS_munmap as u64, args) };
    }
}

/// Stores the distance from the end of the rel32 field at `site` to `to`. False if it does not fit.
///
/// # Safety
/// `site` must be an aligned rel32 field of code in an arena.
pub unsafe fn patch(site: u64, to: u64) -> bool {
    let Ok(distance) = i32::try_from(to.wrapping_sub(site + 4) as i64) else { return false };
    // SAFETY: the caller's; an aligned store of four bytes is seen whole by code that runs
    // (Intel SDM 3, 9.1.1, and what every patching JIT relies on).
    unsafe { (*(site as *const std::sync::atomic::AtomicI32)).store(distance, std::sync::atomic::Ordering::Release) };
    true
}
