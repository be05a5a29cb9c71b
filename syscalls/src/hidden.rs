//! The translator's own descriptors: the guest must not see, close or use them.

use crate::abi::Rlimit;
use crate::sys;
use memory::{Errno, Lock, LockGuard};
use std::sync::atomic::{AtomicU32, Ordering};

/// Descriptors kept out of the guest's sight, at high numbers.
pub struct HiddenFds {
    /// No hidden descriptor is lower, so that most calls need one comparison.
    floor: AtomicU32,
    fds: Lock<Vec<u32>>,
}

/// Where descriptors go that can't be beyond the limit. The kernel's table grows to the highest number, and each fork goes
/// over all of it (dup_fd in fs/file.c; 2000 numbers are 10 µs); RLIMIT_NOFILE may leave but a few. Programs that choose a
/// number for a copy choose a round one.
const PLACES: [u64; 5] = [507, 107, 23, 13, 3];
/// Up to which limit numbers beyond it are cheap.
const LOW_LIMIT: u64 = 1024;
/// How many numbers beyond the limit are looked at.
const ROOM: u64 = 64;

fn duplicate(fd: i32, from: u64) -> Option<u32> {
    sys::host(libc::SYS_fcntl, [fd as u64, libc::F_DUPFD_CLOEXEC as u64, from, 0, 0, 0]).ok().map(|fd| fd as u32)
}

/// Gives a descriptor a number from the limit on, where no call of the guest's can ask for another one: the limit is
/// lifted for the moment, which the hard one must allow.
fn beyond_limit(fd: i32) -> Option<u32> {
    let set = |new: u64, old: u64| sys::host(libc::SYS_prlimit64, [0, libc::RLIMIT_NOFILE.into(), new, old, 0, 0]).ok();
    let mut limit = Rlimit::default();
    set(0, sys::address_mut(&mut limit))?;
    let lifted = Rlimit { current: limit.current.checked_add(ROOM)?, ..limit };
    if limit.current > LOW_LIMIT || lifted.current > limit.maximum {
        return None;
    }
    set(sys::address(&lifted), 0)?;
    let high = duplicate(fd, limit.current);
    set(sys::address(&limit), 0)?;
    high
}

impl Default for HiddenFds {
    fn default() -> HiddenFds {
        HiddenFds { floor: AtomicU32::new(u32::MAX), fds: Lock::new(Vec::new()) }
    }
}

impl HiddenFds {
    /// Moves a descriptor to a high number, close-on-exec, and hides it. Returns the number.
    pub fn adopt(&self, fd: i32) -> Result<i32, Errno> {
        let high = beyond_limit(fd).or_else(|| PLACES.into_iter().find_map(|from| duplicate(fd, from)));
        let high = high.ok_or(Errno::EMFILE)?;
        sys::host(libc::SYS_close, [fd as u64, 0, 0, 0, 0, 0])?;
        self.fds.lock().push(high);
        self.floor.fetch_min(high, Ordering::Relaxed);
        Ok(high as i32)
    }

    /// Hides a descriptor no more, as it is about to be closed.
    pub fn release(&self, fd: i32) {
        self.fds.lock().retain(|&hidden| hidden != fd as u32);
    }

    /// Whether a descriptor that the guest names is hidden.
    #[inline]
    pub fn contains(&self, fd: i32) -> bool {
        fd as u32 >= self.floor.load(Ordering::Relaxed) && fd >= 0 && self.fds.lock().contains(&(fd as u32))
    }

    /// No hidden descriptor is lower than this one.
    pub fn floor(&self) -> u32 {
        self.floor.load(Ordering::Relaxed)
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
