//! A lock that survives fork and a vfork child's death.
//!
//! std's mutex can't be released by anyone but its holder. The child of a vfork runs on its parent's memory and may be
//! killed while it holds a lock; the parent, which was stopped meanwhile, then finds "itself" the owner (the child
//! shares the thread-local storage) and [`Lock::recover`] releases it. A child that runs beside its parent on the same
//! memory (clone(2), CLONE_VM alone) has storage of its own: who waits long for a lock looks whether its owner lives.

use crate::errno::Errno;
use crate::sys;
use std::cell::{Cell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

const WAITERS: u32 = 1 << 31;

/// Whether the task of that id has ended: there is none, or it is a child that was not waited for yet.
fn is_gone(tid: u32) -> bool {
    let mut info = [0u64; 16];
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    let wait = [libc::P_PID as u64, u64::from(tid), info.as_mut_ptr() as u64, flags as u64, 0, 0];
    // SAFETY: the kernel fills the siginfo_t of 128 bytes in; signal 0 is none.
    unsafe {
        let waited = sys::syscall(libc::SYS_waitid as u64, wait).is_ok() && info[0] != 0;
        waited || sys::syscall(libc::SYS_tkill as u64, [u64::from(tid), 0, 0, 0, 0, 0]) == Err(Errno::ESRCH)
    }
}

thread_local! {
    static OWNER: Cell<u32> = const { Cell::new(0) };
}

/// A number unlike any other thread's: its tid.
fn me() -> u32 {
    OWNER.with(|owner| {
        if owner.get() == 0 {
            // SAFETY: gettid touches no memory.
            let tid = unsafe { sys::syscall(libc::SYS_gettid as u64, [0; 6]) };
            owner.set(tid.map_or(1, |tid| tid as u32));
        }
        owner.get()
    })
}

/// To be called in a forked child, which holds no lock then: it has an id of its own.
pub fn renew_owner() {
    OWNER.with(|owner| owner.set(0));
}

/// A futex lock around a value.
pub struct Lock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands out one reference to the value at a time.
unsafe impl<T: Send> Sync for Lock<T> {}
// SAFETY: the value moves with the lock.
unsafe impl<T: Send> Send for Lock<T> {}

impl<T: Default> Default for Lock<T> {
    fn default() -> Lock<T> {
        Lock::new(T::default())
    }
}

impl<T> Lock<T> {
    /// An open lock.
    pub const fn new(value: T) -> Lock<T> {
        Lock { word: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    /// Waits for the lock and takes it. It is held across a fork by keeping the guard: parent and child then each
    /// release their own copy.
    pub fn lock(&self) -> LockGuard<'_, T> {
        let me = me();
        if self.word.compare_exchange(0, me, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait(me);
        }
        LockGuard { lock: self }
    }

    #[cold]
    fn wait(&self, me: u32) {
        let mut mine = me;
        loop {
            match self.word.compare_exchange(0, mine, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) if seen & WAITERS == 0 => {
                    let marked = seen | WAITERS;
                    if self.word.compare_exchange(seen, marked, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                        self.sleep(marked);
                    }
                }
                Err(seen) => self.sleep(seen),
            }
            // Others may wait too: whoever slept takes the lock marked.
            mine = me | WAITERS;
        }
    }

    /// Waits while the word is `seen`; releases the lock if its owner is gone.
    fn sleep(&self, seen: u32) {
        let patience = libc::timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        let op = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as u64;
        let args = [self.word.as_ptr() as u64, op, u64::from(seen), &raw const patience as u64, 0, 0];
        // SAFETY: the word outlives the call; a wait that ends early is looped on by the caller.
        let ended = unsafe { sys::syscall(libc::SYS_futex as u64, args) };
        if ended == Err(Errno::ETIMEDOUT) && is_gone(seen & !WAITERS) {
            // Whoever waits besides wakes up by its own patience.
            let _ = self.word.compare_exchange(seen, 0, Ordering::Acquire, Ordering::Relaxed);
        }
    }

    /// Releases the lock if a vfork child that ran as this thread left it held.
    pub fn recover(&self) {
        if self.word.load(Ordering::Relaxed) & !WAITERS == me() {
            self.unlock();
        }
    }

    fn unlock(&self) {
        if self.word.swap(0, Ordering::Release) & WAITERS != 0 {
            self.futex(libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
        }
    }

    fn futex(&self, op: i32, value: u32) {
        let args = [self.word.as_ptr() as u64, op as u64, u64::from(value), 0, 0, 0];
        // SAFETY: the word outlives the call; a wait that ends early is looped on by the caller, a wake can't fail.
        let _ = unsafe { sys::syscall(libc::SYS_futex as u64, args) };
    }
}

/// The right to use a lock's value, until dropped.
pub struct LockGuard<'a, T> {
    lock: &'a Lock<T>,
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard's existence means that this thread holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.unlock();
    }
}
