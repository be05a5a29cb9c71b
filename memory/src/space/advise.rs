//! madvise(2): advice is passed on for what the guest owns and nothing else.

use super::{AddressSpace, Changed, RegionFlags, checked_range, host};
use crate::{Errno, GuestAddr, Range};

/// Advice after which the bytes may be others: MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTNEED_LOCKED.
const DISCARDS: [i32; 4] = [libc::MADV_DONTNEED, libc::MADV_FREE, libc::MADV_REMOVE, 24];
/// MADV_GUARD_INSTALL (Linux 6.13): the pages fault from then on.
const GUARD_INSTALL: i32 = 102;

impl AddressSpace {
    /// Passes advice on. Holes are ENOMEM after the rest was done, as the kernel has it.
    pub fn madvise(&self, addr: GuestAddr, len: u64, advice: i32) -> (Result<u64, Errno>, Changed) {
        let mut changed = Changed::default();
        let result = checked_range(addr, len, Errno::EINVAL).and_then(|range| self.advise(range, advice, &mut changed));
        (result, changed)
    }

    fn advise(&self, range: Range, advice: i32, changed: &mut Changed) -> Result<u64, Errno> {
        let inner = &mut *self.inner.lock();
        inner.sync_grown(range);
        if range.is_empty() {
            return host::advise(range, advice);
        }
        let runs = inner.runs(range);
        let mut value = 0;
        for &run in &runs {
            value = host::advise(run, advice)?;
            if advice == libc::MADV_DONTFORK || advice == libc::MADV_DOFORK {
                let dont = advice == libc::MADV_DONTFORK;
                inner.map.update(run, |region| region.flags.set(RegionFlags::DONT_FORK, dont));
            }
        }
        let discards = DISCARDS.contains(&advice) || advice == GUARD_INSTALL;
        if discards {
            *changed = inner.code_in(range);
        }
        match runs[..] {
            [whole] if whole == range => Ok(value),
            _ => Err(Errno::ENOMEM),
        }
    }
}
