//! mlockall(2): the guest's mappings are locked, those that it makes later too; never the translator's own, which are
//! larger than what an ordinary user may lock.

use super::host::{self, Source};
use super::{AddressSpace, Inner, Name, Range};
use crate::Errno;
use std::sync::atomic::Ordering;

/// linux/mman.h, since Linux 6.11; not in libc.
const MAP_DROPPABLE: i32 = 8;

/// How mappings that are yet to be made are locked (MCL_FUTURE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Future {
    /// Not at all.
    #[default]
    Unlocked,
    /// Whole, at once.
    Whole,
    /// Page by page as they are touched (MCL_ONFAULT).
    OnFault,
}

impl AddressSpace {
    /// mlockall(2).
    pub fn lock_all(&self, flags: i32) -> Result<u64, Errno> {
        let known = libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT;
        if flags == 0 || flags & !known != 0 || flags == libc::MCL_ONFAULT {
            return Err(Errno::EINVAL);
        }
        // Whether the caller may lock anything comes first; a lock of nothing asks for that alone.
        host::lock(Range::new(0, 0), 0)?;
        let inner = &mut *self.inner.lock();
        let on_fault = flags & libc::MCL_ONFAULT != 0;
        if flags & libc::MCL_CURRENT != 0 {
            inner.lock_current(on_fault)?;
        }
        self.withheld.store(true, Ordering::Relaxed);
        inner.future = match flags & libc::MCL_FUTURE != 0 {
            true if on_fault => Future::OnFault,
            true => Future::Whole,
            false => Future::Unlocked,
        };
        Ok(0)
    }

    /// munlockall(2).
    pub fn unlock_all(&self) -> Result<u64, Errno> {
        let inner = &mut *self.inner.lock();
        inner.future = Future::Unlocked;
        host::unlock_all()
    }
}

impl Inner {
    /// Locks what is mapped, or nothing if that is too much.
    fn lock_current(&self, on_fault: bool) -> Result<(), Errno> {
        let all: Vec<Range> = self
            .map
            .iter()
            .map(|region| match region.name {
                // The kernel's stack is as large as it was needed so far; here all that may be is mapped.
                Name::Stack => host::resident_end(region.range),
                _ => region.range,
            })
            .collect();
        for (done, &run) in all.iter().enumerate() {
            // Without the pages, so that an error is one of the limit.
            if let Err(error) = host::lock(run, libc::MLOCK_ONFAULT) {
                for &run in &all[..done] {
                    // What was locked just now can be unlocked.
                    let _ = host::unlock(run);
                }
                return Err(error);
            }
        }
        if !on_fault {
            for run in all {
                // Pages that can't be had, of PROT_NONE or beyond a file's end, are none of mlockall's errors.
                let _ = host::lock(run, 0);
            }
        }
        Ok(())
    }

    /// `source` for a new mapping: locked if the guest asked for that. Memory that may be dropped never is (do_mmap in
    /// mm/mmap.c).
    pub(super) fn locked(&self, source: Source) -> Source {
        let may_be_dropped = source.flags & libc::MAP_TYPE == MAP_DROPPABLE;
        let flag = if self.future == Future::Whole && !may_be_dropped { libc::MAP_LOCKED } else { 0 };
        Source { flags: source.flags | flag, ..source }
    }

    /// What [`Inner::locked`] can't say.
    pub(super) fn lock_on_fault(&self, range: Range) {
        if self.future == Future::OnFault {
            // It is in place already; beyond the limit it stays so, unlocked.
            let _ = host::lock(range, libc::MLOCK_ONFAULT);
        }
    }
}
