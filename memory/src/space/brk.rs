//! The heap that brk(2) moves.

use super::host::{self, Source};
use super::{AddressSpace, Backing, Changed, Name, Prot, Region, RegionFlags};
use crate::{GuestAddr, PAGE_SIZE, Range};

/// Where the heap begins and how far it reaches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brk {
    start: GuestAddr,
    end: GuestAddr,
}

impl AddressSpace {
    /// Tells where the heap begins: behind the program's image, some way up if places are random.
    pub fn set_brk_start(&self, image_end: GuestAddr) {
        let start = GuestAddr(image_end.0 + PAGE_SIZE - 1).page().offset(self.layout.brk_gap);
        self.inner.lock().brk = Brk { start, end: start };
    }

    /// The heap's range.
    pub fn brk_range(&self) -> Range {
        let brk = self.inner.lock().brk;
        Range { start: brk.start, end: brk.end }
    }

    /// brk(2): returns the end of the heap, the old one if it could not be moved.
    pub fn brk(&self, wanted: GuestAddr) -> (GuestAddr, Changed) {
        let inner = &mut *self.inner.lock();
        let Brk { start, end } = inner.brk;
        if start.is_null() || wanted < start || wanted == end {
            return (end, Changed::default());
        }
        let (Some(old_top), Some(new_top)) = (end.align_up(PAGE_SIZE), wanted.align_up(PAGE_SIZE)) else {
            return (end, Changed::default());
        };
        let mut changed = Changed::default();
        if new_top > old_top {
            let range = Range { start: old_top, end: new_top };
            let prot = Prot::READ | Prot::WRITE;
            let prot = inner.allowed(Prot::empty(), prot, RegionFlags::empty()).unwrap_or(prot);
            let region = Region { range, prot, flags: RegionFlags::empty(), backing: Backing::Zero, name: Name::Heap };
            let free = range.end <= inner.end && !inner.map.overlaps(range);
            let fits = free && inner.check_limits(range.len(), range.len()).is_ok();
            if !fits || host::map_new(range, prot, inner.locked(Source::ZERO)).is_err() {
                return (end, changed);
            }
            inner.map.insert(region);
            inner.lock_on_fault(range);
        } else if new_top < old_top {
            let range = Range { start: new_top, end: old_top };
            changed = inner.retire(range);
            for run in inner.runs(range) {
                if host::unmap(run).is_err() {
                    return (end, changed);
                }
                inner.map.remove(run);
            }
        }
        inner.brk.end = wanted;
        (wanted, changed)
    }
}
