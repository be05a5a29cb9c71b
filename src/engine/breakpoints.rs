//! Where a debugger wants the guest to stop. The guest's memory is not changed: no code is made for such an address,
//! and the code before it ends there.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};

use memory::Lock;

/// The addresses.
#[derive(Default)]
pub struct Breakpoints {
    /// Whether there is any: without a debugger, translation asks no more than this.
    any: AtomicBool,
    addresses: Lock<BTreeSet<u64>>,
}

impl Breakpoints {
    /// Adds or removes one; false where nothing changed. Code that was made before is the caller's affair.
    pub fn set(&self, addr: u64, wanted: bool) -> bool {
        let mut addresses = self.addresses.lock();
        let changed = if wanted { addresses.insert(addr) } else { addresses.remove(&addr) };
        self.any.store(!addresses.is_empty(), Ordering::Release);
        changed
    }

    /// Removes all.
    pub fn clear(&self) {
        self.addresses.lock().clear();
        self.any.store(false, Ordering::Release);
    }

    /// Whether the guest is to stop at `pc`.
    pub fn contains(&self, pc: u64) -> bool {
        self.any.load(Ordering::Acquire) && self.addresses.lock().contains(&pc)
    }

    /// How many of the `len` bytes at `pc` a block may be made of, whose first instruction has `first` bytes.
    pub fn room(&self, pc: u64, first: usize, len: usize) -> usize {
        if !self.any.load(Ordering::Acquire) {
            return len;
        }
        let behind = (Bound::Included(pc + first as u64), Bound::Excluded(pc + len as u64));
        self.addresses.lock().range(behind).next().map_or(len, |stop| (stop - pc) as usize)
    }

    /// Releases the lock if a vfork child died holding it.
    pub fn recover_after_vfork(&self) {
        self.addresses.recover();
    }

    /// Holds it still over a fork.
    pub fn lock_for_fork(&self) -> impl Sized + '_ {
        self.addresses.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::Breakpoints;

    #[test]
    fn blocks_end_before_the_next() {
        let stops = Breakpoints::default();
        assert!(!stops.contains(8) && stops.room(0, 4, 512) == 512);
        assert!(stops.set(8, true) && !stops.set(8, true));
        assert!(stops.contains(8));
        assert_eq!([stops.room(0, 4, 512), stops.room(8, 4, 512), stops.room(6, 4, 512)], [8, 512, 512]);
        assert!(stops.set(8, false) && !stops.contains(8));
    }
}
