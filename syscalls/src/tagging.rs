//! Tags in pointers: what the tasks on one memory share of that (tagged-address-abi.rst; arch/riscv/kernel/process.c). How
//! long the tags are that loads and stores leave out of account is each thread's own, among its registers; system calls
//! leave out those of the memory.

use std::sync::atomic::{AtomicU64, Ordering};

use memory::{GuestAddr, IoVec, UserPtr};

use crate::args::Kind;
use crate::table::Row;

// linux/prctl.h; not all are in libc.
/// PR_SET_TAGGED_ADDR_CTRL.
pub const SET: i32 = 55;
/// PR_GET_TAGGED_ADDR_CTRL.
pub const GET: i32 = 56;
/// PR_TAGGED_ADDR_ENABLE: system calls take pointers with tags.
pub const ENABLE: u64 = 1;
/// Where PR_PMLEN begins, the length that RISC-V's tags are to have.
pub const LENGTH_SHIFT: u32 = 24;
/// PR_PMLEN_MASK.
pub const LENGTH_MASK: u64 = 0x7f << LENGTH_SHIFT;
/// The length of tags stays: there was a second task on this memory (MM_CONTEXT_LOCK_PMLEN).
pub const LOCKED: u64 = 1 << 63;

/// The part of a memory: the last control word with ENABLE, 0 without, and LOCKED.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Tagging(AtomicU64);

impl Tagging {
    /// All of it.
    pub fn word(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set_word(&self, word: u64) {
        self.0.store(word, Ordering::Relaxed);
    }

    /// Whether system calls take pointers with tags that they would refuse else.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.word() & ENABLE != 0
    }

    /// A second task comes to this memory.
    pub fn lock(&self) {
        self.0.fetch_or(LOCKED, Ordering::Relaxed);
    }

    /// This memory is a copy, with one task.
    pub fn unlock(&self) {
        self.0.fetch_and(!LOCKED, Ordering::Relaxed);
    }

    /// Where a tracer finds it.
    pub fn address(&self) -> u64 {
        &raw const self.0 as u64
    }
}

/// The length in a control word.
#[inline]
pub const fn length(word: u64) -> u32 {
    ((word & LENGTH_MASK) >> LENGTH_SHIFT) as u32
}

/// An address without a tag of so many bits: the rest is sign-extended, so that the kernel's half stays the kernel's.
#[inline]
pub const fn untag(addr: u64, bits: u32) -> u64 {
    ((addr << bits) as i64 >> bits) as u64
}

/// UIO_MAXIOV: the kernel takes no more vectors.
const MAX_VECTORS: u64 = 1024;

/// Replaces `struct iovec`s by copies without tags, which `store` keeps. What can't be read is the host's to refuse.
pub fn untag_vectors(row: &Row, bits: u32, args: &mut [u64; 6], store: &mut Vec<Vec<IoVec>>) {
    for (index, kind) in row.args.iter().enumerate() {
        let count = args.get(index + 1).copied().unwrap_or(0);
        if !matches!(kind, Kind::Iov | Kind::IoVecs) || count > MAX_VECTORS {
            continue;
        }
        let at = UserPtr::<IoVec>::new(GuestAddr(args[index]));
        let vectors: Result<Vec<IoVec>, _> = (0..count).map(|n| at.element(n).read()).collect();
        let Ok(mut vectors) = vectors else { continue };
        vectors.iter_mut().for_each(|vector| vector.base = GuestAddr(untag(vector.base.0, bits)));
        args[index] = vectors.as_ptr() as u64;
        store.push(vectors);
    }
}
