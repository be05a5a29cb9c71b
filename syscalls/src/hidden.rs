//! The translator's own descriptors: the guest must not see, close or use them.

use crate::abi::Rlimit;
use crate::sys;
use memory::{Errno, Lock, LockGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

/// Descriptors kept out of the guest's sight, at high numbers: those of one table of descriptors, as the kernel has one
/// for a process (files_struct), and a child of vfork one of its own.
pub struct HiddenFds {
    /// No hidden descriptor was ever lower, so that most calls need one comparison.
    floor: AtomicU32,
    /// All numbers.
    fds: Lock<Vec<u32>>,
    /// The numbers of those that give way to the guest.
    movable: [AtomicI32; MOVABLE],
    /// How many uses of a movable one are under way.
    uses: AtomicU32,
    /// Whether others may have or get a table that this value does not tell of, so that none moves any more.
    fixed: AtomicBool,
}

/// How many give way; a process has three, and one for each root of `-L`.
const MOVABLE: usize = 16;

/// A descriptor of the translator's. The guest may want its number: then it gets another one, if it is one that moves.
#[derive(Clone, Copy, Debug)]
pub enum HiddenFd {
    /// It stays where it is: standard error, or what only tools for developers use.
    Fixed(i32),
    /// One that [`HiddenFds`] keeps at this place.
    Movable(usize),
}

impl HiddenFd {
    /// Makes calls that name the descriptor. It keeps its number meanwhile.
    pub fn with<R>(self, call: impl FnOnce(i32) -> R) -> R {
        match self {
            HiddenFd::Fixed(fd) => call(fd),
            HiddenFd::Movable(place) => sys::with_hidden(|hidden| hidden.using(place, call)),
        }
    }
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

/// RLIMIT_NOFILE: the first number that the guest can't have.
pub(crate) fn limit() -> u32 {
    let mut limit = Rlimit::default();
    let args = [0, libc::RLIMIT_NOFILE.into(), 0, sys::address_mut(&mut limit), 0, 0];
    sys::host(libc::SYS_prlimit64, args).map_or(u32::MAX, |_| u32::try_from(limit.current).unwrap_or(u32::MAX))
}

/// Gives a descriptor a number from the limit on, where no call of the guest's can ask for another one: the limit is
/// lifted for the moment, which the hard one must allow. None where the limit is over `bound`.
fn beyond_limit(fd: i32, bound: u64) -> Option<u32> {
    let set = |new: u64, old: u64| sys::host(libc::SYS_prlimit64, [0, libc::RLIMIT_NOFILE.into(), new, old, 0, 0]).ok();
    let mut limit = Rlimit::default();
    set(0, sys::address_mut(&mut limit))?;
    let lifted = Rlimit { current: limit.current.checked_add(ROOM)?, ..limit };
    if limit.current > bound || lifted.current > limit.maximum {
        return None;
    }
    set(sys::address(&lifted), 0)?;
    let high = duplicate(fd, limit.current);
    set(sys::address(&limit), 0)?;
    high
}

fn close(fd: u32) -> Result<u64, Errno> {
    sys::host(libc::SYS_close, [fd.into(), 0, 0, 0, 0, 0])
}

impl Default for HiddenFds {
    fn default() -> HiddenFds {
        HiddenFds {
            floor: AtomicU32::new(u32::MAX),
            fds: Lock::default(),
            movable: std::array::from_fn(|_| AtomicI32::new(-1)),
            uses: AtomicU32::new(0),
            fixed: AtomicBool::new(false),
        }
    }
}

impl HiddenFds {
    /// Those of the calling thread, which has none yet.
    pub fn begin() -> Arc<HiddenFds> {
        let hidden = Arc::default();
        HiddenFds::enter(&hidden);
        hidden
    }

    /// Declares these the calling thread's. They have to live until it calls this again, or [`HiddenFds::leave`].
    pub fn enter(hidden: &Arc<HiddenFds>) {
        sys::set_hidden(Arc::as_ptr(hidden));
    }

    /// Declares that the calling thread, which is about to end, uses none any more.
    pub fn leave() {
        sys::set_hidden(std::ptr::null());
    }

    /// Those of a process that has a copy of the table.
    pub fn copy(&self) -> HiddenFds {
        let fds = self.fds.lock();
        HiddenFds {
            floor: AtomicU32::new(self.floor()),
            fds: Lock::new(fds.clone()),
            movable: std::array::from_fn(|place| AtomicI32::new(self.movable[place].load(Ordering::Relaxed))),
            ..HiddenFds::default()
        }
    }

    /// Moves a descriptor to a high number, close-on-exec, and hides it. Returns the number, which stays.
    pub fn adopt(&self, fd: i32) -> Result<i32, Errno> {
        let high = beyond_limit(fd, LOW_LIMIT).or_else(|| PLACES.into_iter().find_map(|from| duplicate(fd, from)));
        let high = high.ok_or(Errno::EMFILE)?;
        close(fd as u32)?;
        self.fds.lock().push(high);
        self.floor.fetch_min(high, Ordering::Relaxed);
        Ok(high as i32)
    }

    /// The same for one that gives way to the guest.
    pub fn keep(&self, fd: i32) -> Result<HiddenFd, Errno> {
        let fd = self.adopt(fd)?;
        let take = |place: &AtomicI32| place.compare_exchange(-1, fd, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        Ok(self.movable.iter().position(take).map_or(HiddenFd::Fixed(fd), HiddenFd::Movable))
    }

    /// Hides a descriptor no more, as it is about to be closed.
    pub fn release(&self, fd: i32) {
        self.fds.lock().retain(|&hidden| hidden != fd as u32);
    }

    fn using<R>(&self, place: usize, call: impl FnOnce(i32) -> R) -> R {
        // Either whoever moves it sees this use, or this sees where it went.
        self.uses.fetch_add(1, Ordering::SeqCst);
        let result = call(self.movable[place].load(Ordering::SeqCst));
        self.uses.fetch_sub(1, Ordering::Release);
        result
    }

    /// Has no descriptor move any more: somebody else uses the table without this value, or a thread has another table.
    pub fn fix(&self) {
        self.fixed.store(true, Ordering::Relaxed);
    }

    /// Frees a number that the guest chose for a copy of a descriptor, below its limit.
    pub(crate) fn give_way(&self, fd: u32) -> Result<(), Errno> {
        let mut fds = self.fds.lock();
        let Some(entry) = fds.iter_mut().find(|entry| **entry == fd) else { return Ok(()) };
        let place = self.movable.iter().find(|place| place.load(Ordering::Relaxed) == fd as i32);
        let place = place.filter(|_| !self.fixed.load(Ordering::Relaxed)).ok_or(Errno::EBADF)?;
        *entry = self.another_number(fd as i32).ok_or(Errno::EMFILE)?;
        place.store(*entry as i32, Ordering::SeqCst);
        self.await_uses();
        close(fd).map(|_| ())
    }

    fn another_number(&self, fd: i32) -> Option<u32> {
        let or_below = || duplicate(fd, self.floor().into());
        let above = beyond_limit(fd, LOW_LIMIT).or_else(|| duplicate(fd, fd as u64 + 1));
        above.or_else(or_below).or_else(|| beyond_limit(fd, u64::MAX))
    }

    /// Waits until nobody uses a number that was looked up before, but not for ever: a call that takes so long (a fifo
    /// that waits to be opened) has found its descriptor, and a child that was killed in one is counted still.
    fn await_uses(&self) {
        let moment = libc::timespec { tv_sec: 0, tv_nsec: 100_000 };
        for _ in 0..100 {
            if self.uses.load(Ordering::SeqCst) == 0 {
                return;
            }
            let args = [libc::CLOCK_MONOTONIC as u64, 0, sys::address(&moment), 0, 0, 0];
            let _ = sys::host(libc::SYS_clock_nanosleep, args);
        }
    }

    /// Gives way where a hidden descriptor takes the lowest number from `from` on that the guest has not in use.
    pub(crate) fn give_way_above(&self, from: u32) -> Result<(), Errno> {
        let is_open = |fd: u32| sys::host(libc::SYS_fcntl, [fd.into(), libc::F_GETFD as u64, 0, 0, 0, 0]).is_ok();
        let Some(&fd) = self.within(from, u32::MAX).first() else { return Ok(()) };
        // Most of the time the number before is free, and nothing more has to be asked.
        if fd > from && !is_open(fd - 1) || fd >= limit() {
            return Ok(());
        }
        match duplicate(fd as i32, from.into()) {
            Some(lower) if lower < fd => close(lower).map(|_| ()),
            Some(higher) => close(higher).and_then(|_| self.give_way(fd)),
            None => self.give_way(fd),
        }
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

    /// Goes over the hidden descriptors within `first..=last`, in order; none moves meanwhile.
    pub(crate) fn around<R>(&self, first: u32, last: u32, go: impl FnOnce(Vec<u32>) -> R) -> R {
        let fds = self.fds.lock();
        go(sorted(&fds, first, last))
    }

    /// The hidden descriptors within `first..=last`, in order.
    pub fn within(&self, first: u32, last: u32) -> Vec<u32> {
        sorted(&self.fds.lock(), first, last)
    }
}

fn sorted(fds: &[u32], first: u32, last: u32) -> Vec<u32> {
    let mut fds: Vec<u32> = fds.iter().copied().filter(|fd| (first..=last).contains(fd)).collect();
    fds.sort_unstable();
    fds
}
