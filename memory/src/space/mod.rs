//! The guest's address space: what is mapped where, as the guest sees it.
//!
//! The map here holds the guest's mappings and nothing else. Whatever else the host kernel has mapped is the
//! translator's, and three rules keep the two apart without a list of the translator's ranges:
//!
//! * A mapping is only put over another (MAP_FIXED, mremap, munmap) where this map says that the guest owns it.
//! * New ground is claimed with MAP_FIXED_NOREPLACE, so that the kernel refuses what anyone holds already.
//! * Addresses the guest leaves open are chosen here, in the low part of the address space that the host's own
//!   placement never uses ([`place`]).
//!
//! Guest code is never executable on the host: PROT_EXEC is kept here alone and becomes PROT_READ for the kernel.
//! What the guest may execute is asked of [`AddressSpace::executable`].

mod advise;
mod brk;
mod execution;
mod gaps;
mod host;
mod locking;
mod map;
mod ops;
pub mod place;
mod query;
mod region;
mod remap;
mod render;
mod rows;
mod shm;
mod watch;

pub use execution::Mdwe;
pub use ops::MapRequest;
pub use region::{Backing, FileStamp, Name, ObjectId, Prot, Region, RegionFlags};
pub use remap::RemapRequest;
pub use rows::{Head, Snapshot};

use crate::lock::Lock;
use crate::{Errno, GuestAddr, Range};
use map::RegionMap;
use place::Layout;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

/// Limits on the guest's own mappings (setrlimit(2)); the host process keeps its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// RLIMIT_AS in bytes.
    pub address_space: u64,
    /// RLIMIT_DATA in bytes.
    pub data: u64,
}

impl Limits {
    /// No limits.
    pub const NONE: Limits = Limits { address_space: u64::MAX, data: u64::MAX };
}

/// Ranges that were executable for the guest and no longer hold the same code: translations of them are stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "translations of these ranges are stale"]
pub struct Changed {
    /// The ranges, each of whole pages.
    pub ranges: Vec<Range>,
}

impl Changed {
    /// Whether no code changed.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    fn push(&mut self, range: Range) {
        match self.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.ranges.push(range),
        }
    }
}

/// The guest's mappings. Shared by the threads of the guest process.
pub struct AddressSpace {
    inner: Lock<Inner>,
    /// Whether a page was ever watched.
    watching: AtomicBool,
    /// Whether a forked child may be without what is said here ([`AddressSpace::in_child`]).
    withheld: AtomicBool,
    layout: Layout,
}

struct Inner {
    map: RegionMap,
    limits: Limits,
    /// Mappings are placed from here down.
    mmap_base: GuestAddr,
    /// First address that no mapping reaches.
    end: GuestAddr,
    brk: brk::Brk,
    /// Pages that the guest may write to and the host refuses ([`watch`]).
    watched: BTreeSet<GuestAddr>,
    /// How new mappings are locked.
    future: locking::Future,
    /// What may be executed.
    policy: execution::Policy,
    /// Numbers for shared anonymous objects, which have no inode that could be asked for.
    next_object: u64,
    /// The stamp of each file at the time it was mapped last, by device and inode.
    stamps: HashMap<(u64, u64), FileStamp>,
}

impl AddressSpace {
    /// An empty address space whose places are random, or always the same if `randomize` is not set
    /// (ADDR_NO_RANDOMIZE, personality(2)).
    pub fn new(randomize: bool, limits: Limits) -> AddressSpace {
        AddressSpace::below(place::USER_END, randomize, limits)
    }

    /// The same with addresses below `end` alone, as a kernel of fewer bits has it.
    pub fn below(end: u64, randomize: bool, limits: Limits) -> AddressSpace {
        let layout = Layout::new(randomize, end);
        let inner = Inner {
            map: RegionMap::default(),
            limits,
            mmap_base: layout.mmap_base,
            end: layout.end,
            brk: brk::Brk::default(),
            watched: BTreeSet::new(),
            future: locking::Future::default(),
            policy: execution::Policy::default(),
            next_object: 1,
            stamps: HashMap::new(),
        };
        AddressSpace {
            inner: Lock::new(inner),
            watching: AtomicBool::new(false),
            withheld: AtomicBool::new(false),
            layout,
        }
    }

    /// Where images, heap, stack and mappings go.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.inner.lock().limits
    }

    /// Sets the limits.
    pub fn set_limits(&self, limits: Limits) {
        self.inner.lock().limits = limits;
    }

    /// Where other processes read of the mappings ([`Snapshot::copy`]): the same as long as this is not moved.
    pub fn head(&self) -> *const Head {
        self.inner.lock().map.head()
    }

    /// Holds the map still for a fork: the child must not find it locked by a thread that it does not have.
    pub fn lock_for_fork(&self) -> impl Sized + '_ {
        self.inner.lock()
    }

    /// In a forked child: forgets what madvise(MADV_DONTFORK) kept from it, and what is not inherited.
    pub fn in_child(&self) {
        if self.withheld.load(Ordering::Relaxed) {
            let inner = &mut *self.inner.lock();
            inner.future = locking::Future::default();
            inner.policy.mdwe = inner.policy.mdwe.inherited();
            inner.map.retain(|region| !region.flags.contains(RegionFlags::DONT_FORK));
        }
    }

    /// Releases the lock if a vfork child died holding it. Called by the parent's thread when it goes on.
    pub fn recover_after_vfork(&self) {
        self.inner.recover();
    }
}

/// Checks an address range argument: page-aligned start, rounded-up length, below the end of the host's user space.
fn checked_range(addr: GuestAddr, len: u64, too_far: Errno) -> Result<Range, Errno> {
    if !addr.is_aligned(crate::PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let len = GuestAddr(len).align_up(crate::PAGE_SIZE).ok_or(too_far)?.0;
    let range = Range::sized(addr, len).ok_or(too_far)?;
    if range.end.0 > place::USER_END { Err(too_far) } else { Ok(range) }
}
