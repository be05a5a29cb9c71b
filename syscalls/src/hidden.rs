//! The translator's own descriptors: the guest must not see, close or use them.

use crate::sys;
use memory::{Errno, Lock, LockGuard};
use std::sync::atomic::{AtomicU32, Ordering};

/// Descriptors kept out of the guest's sight, at high numbers.
pub struct HiddenFds {
    /// No hidden descriptor is lower, so that most calls need one comparison.
    floor: AtomicU32,
    fds: Lock<Vec<u32>>,
}

impl Default for HiddenFds {
    fn default() -> HiddenFds {
        HiddenFds { floor: AtomicU32::new(u32::MAX), fds: Lock::new(Vec::new()) }
    }
}

impl HiddenFds {
    /// Moves a descriptor to a high number, close-on-exec, and hides it. Returns the number.
    pub fn adopt(&self, fd: i32) -> Result<i32, Errno> {
        // Guests that close "all" descriptors by number rarely go past 1024; the kernel's table grows to the highest
        // number, so that numbers near the limit would cost memory in each child. RLIMIT_NOFILE may leave but a few.
        let high = [1000u64, 500, 100, 20, 12, 3].into_iter().find_map(|from| {
            let args = [fd as u64, libc::F_DUPFD_CLOEXEC as u64, from, 0, 0, 0];
            sys::host(libc::SYS_fcntl, args).ok()
        });
        let high = high.ok_or(Errno::EMFILE)? as u32;
        sys::host(libc::SYS_close, [fd as u64, 0, 0, 0, 0, 0])?;
        self.fds.lock().push(high);
        self.floor.fetch_min(high, Ordering::Relaxed);
        Ok(high as i32)
    }

    /// Whether a descriptor that the guest names is hidden.
    #[inline]
    pub fn contains(&self, fd: i32) -> bool {
        fd as u32 >= self.floor.load(Ordering::Relaxed) && fd >= 0 && self.fds.lock().contains(&(fd as u32))
    }

    /// Whether there is any.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.floor.load(Ordering::Relaxed) == u32::MAX
    }

    pub(crate) fn lock_for_fork(&self) -> LockGuard<'_, Vec<u32>> {
        self.fds.lock()
    }

    pub(crate) fn recover_after_vfork(&self) {
        self.fds.recover();
    }

    /// The hidden descriptors within `first..=last`, in order.
    pub fn within(&self, first: u32, last: u32) -> Vec<u32> {
        let mut fds: Vec<u32> = self.fds.lock().iter().copied().filter(|fd| (first..=last).contains(fd)).collect();
        fds.sort_unstable();
        fds
    }
}
