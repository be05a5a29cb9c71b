//! The threads that may be in emitted code.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memory::Lock;

/// `running` of a thread that is not in emitted code.
const OUTSIDE: u64 = u64::MAX;

/// One thread, as the cache knows it.
pub struct Resident {
    /// The epoch it entered code at, or [`OUTSIDE`].
    running: AtomicU64,
    /// The word that makes its polls leave; it is in the thread's context.
    stack_limit: *const AtomicU64,
}

// SAFETY: the word is atomic, and outlives the entry: a thread leaves the list before its context is freed.
unsafe impl Send for Resident {}
// SAFETY: as above.
unsafe impl Sync for Resident {}

impl Resident {
    /// The thread is about to look code up and enter it, knowing of all that was dropped up to `epoch`.
    #[inline]
    pub fn enter(&self, epoch: u64) {
        self.running.store(epoch, Ordering::SeqCst);
    }

    /// The thread has left code, and needs nothing that is known of it.
    #[inline]
    pub fn leave(&self) {
        self.running.store(OUTSIDE, Ordering::Release);
    }

    /// Has the thread leave code at its next poll.
    pub fn call(&self) {
        // SAFETY: see the type's.
        unsafe { (*self.stack_limit).store(u64::MAX, Ordering::SeqCst) };
    }
}

/// All of them.
#[derive(Default)]
pub struct Residents(Lock<Vec<Arc<Resident>>>);

impl Residents {
    /// Enters a thread.
    ///
    /// # Safety
    /// `stack_limit` must stay valid until [`Residents::remove`].
    pub unsafe fn add(&self, stack_limit: *const AtomicU64) -> Arc<Resident> {
        let resident = Arc::new(Resident { running: AtomicU64::new(OUTSIDE), stack_limit });
        self.0.lock().push(Arc::clone(&resident));
        resident
    }

    /// Removes a thread.
    pub fn remove(&self, resident: &Arc<Resident>) {
        self.0.lock().retain(|other| !Arc::ptr_eq(other, resident));
    }

    /// Removes all threads but one.
    pub fn keep_only(&self, resident: &Arc<Resident>) {
        self.0.lock().retain(|other| Arc::ptr_eq(other, resident));
    }

    /// Has all threads leave code at their next poll.
    pub fn call(&self) {
        self.0.lock().iter().for_each(|resident| resident.call());
    }

    /// The earliest epoch that a thread in code entered at.
    pub fn oldest_epoch(&self) -> u64 {
        self.0.lock().iter().map(|resident| resident.running.load(Ordering::SeqCst)).min().unwrap_or(OUTSIDE)
    }

    /// Holds the list over a fork.
    pub fn lock_for_fork(&self) -> memory::LockGuard<'_, Vec<Arc<Resident>>> {
        self.0.lock()
    }

    /// Releases the lock if a vfork child died holding it.
    pub fn recover_after_vfork(&self) {
        self.0.recover();
    }
}
