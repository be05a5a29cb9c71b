//! madvise(2): advice is passed on for what the guest owns and nothing else.

use super::{AddressSpace, Changed, RegionFlags, host};
use crate::{Errno, GuestAddr, PAGE_SIZE, Range};
use std::sync::atomic::Ordering;

/// Advice after which the bytes may be others: MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTNEED_LOCKED.
const DISCARDS: [i32; 4] = [libc::MADV_DONTNEED, libc::MADV_FREE, libc::MADV_REMOVE, 24];
/// Advice that touches pages: MADV_POPULATE_READ, MADV_POPULATE_WRITE.
const POPULATES: [i32; 2] = [libc::MADV_POPULATE_READ, libc::MADV_POPULATE_WRITE];
/// MADV_GUARD_INSTALL (Linux 6.13): the pages fault from then on.
const GUARD_INSTALL: i32 = 102;

/// Where advice may go: a range beyond user space is one hole more, not an error of its own (madvise(2)).
fn advisable(addr: GuestAddr, len: u64) -> Result<Range, Errno> {
    let pages = GuestAddr(len).align_up(PAGE_SIZE).ok_or(Errno::EINVAL)?.0;
    let range = Range::sized(addr, pages).filter(|_| addr.is_aligned(PAGE_SIZE));
    range.ok_or(Errno::EINVAL)
}

impl AddressSpace {
    /// Passes advice on. Holes are ENOMEM after the rest was done, as the kernel has it.
    pub fn madvise(&self, addr: GuestAddr, len: u64, advice: i32) -> (Result<u64, Errno>, Changed) {
        let mut changed = Changed::default();
        let result = advisable(addr, len).and_then(|range| self.advise(range, advice, &mut changed));
        (result, changed)
    }

    fn advise(&self, range: Range, advice: i32, changed: &mut Changed) -> Result<u64, Errno> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        inner.sync_grown(range);
        let runs = inner.runs(range);
        if runs.is_empty() {
            // Whether there is such advice comes before whether there is anything to advise on.
            let value = host::advise(Range { end: range.start, ..range }, advice)?;
            return if range.is_empty() { Ok(value) } else { Err(Errno::ENOMEM) };
        }
        let done = |value| match runs[..] {
            [whole] if whole == range => Ok(value),
            _ => Err(Errno::ENOMEM),
        };
        if POPULATES.contains(&advice) {
            // A thread that serves the faults (userfaultfd(2)) may have to map something for that.
            drop(guard);
            return runs.iter().try_fold(0, |_, &run| host::advise(run, advice)).and_then(done);
        }
        let mut value = 0;
        for &run in &runs {
            value = host::advise(run, advice)?;
            if advice == libc::MADV_DONTFORK || advice == libc::MADV_DOFORK {
                let dont = advice == libc::MADV_DONTFORK;
                self.withheld.fetch_or(dont, Ordering::Relaxed);
                inner.map.update(run, |region| region.flags.set(RegionFlags::DONT_FORK, dont));
            }
        }
        let discards = DISCARDS.contains(&advice) || advice == GUARD_INSTALL;
        if discards {
            *changed = inner.code_in(range);
        }
        done(value)
    }
}
