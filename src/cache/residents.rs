//! The threads that may be in emitted code.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use codegen::{Context, OUTSIDE};
use ir::GuestState;
use memory::Lock;

/// One thread, as the cache knows it.
pub struct Resident {
    /// The epoch it entered code at, or [`OUTSIDE`].
    running: AtomicU64,
    /// Its id, once it has one.
    tid: AtomicI32,
    /// The thread's context, of which the word is used that makes its polls leave.
    context: *const Context,
}

// SAFETY: the word is atomic, and outlives the entry: a thread leaves the list before its context is another's.
unsafe impl Send for Resident {}
// SAFETY: as above.
unsafe impl Sync for Resident {}

impl Resident {
    /// The thread is about to look code up and enter it, knowing of all that was dropped up to `epoch`.
    #[inline]
    pub fn enter(&self, epoch: u64) {
        self.running.store(epoch, Ordering::SeqCst);
    }

    /// What says whether it is in code, for system calls that emitted code makes.
    pub fn running(&self) -> &AtomicU64 {
        &self.running
    }

    /// The thread has left code, and needs nothing that is known of it.
    #[inline]
    pub fn leave(&self) {
        self.running.store(OUTSIDE, Ordering::Release);
    }

    /// Whether it is in emitted code.
    pub fn is_in_code(&self) -> bool {
        self.running.load(Ordering::SeqCst) != OUTSIDE
    }

    /// Has the thread leave code at its next poll.
    pub fn call(&self) {
        // SAFETY: see the type's.
        unsafe { (*self.context).stack_limit() }.store(u64::MAX, Ordering::SeqCst);
    }

    /// Its id, 0 before it has one.
    pub fn tid(&self) -> i32 {
        self.tid.load(Ordering::Relaxed)
    }

    /// Tells its id.
    pub fn set_tid(&self, tid: i32) {
        self.tid.store(tid, Ordering::Relaxed);
    }
}

/// All of them.
#[derive(Default)]
pub struct Residents {
    list: Lock<Vec<Arc<Resident>>>,
    /// The process whose threads are to stand still, as it dies; 0 for none. Children of vfork have the same list.
    halted: AtomicU32,
}

impl Residents {
    /// Enters a thread.
    ///
    /// # Safety
    /// `context` must stay valid until [`Residents::remove`].
    pub unsafe fn add(&self, context: *const Context) -> Arc<Resident> {
        let resident = Arc::new(Resident { running: AtomicU64::new(OUTSIDE), tid: AtomicI32::new(0), context });
        self.list.lock().push(Arc::clone(&resident));
        resident
    }

    /// Removes a thread.
    pub fn remove(&self, resident: &Arc<Resident>) {
        self.list.lock().retain(|other| !Arc::ptr_eq(other, resident));
    }

    /// In the child of a fork, which does not end with its parent.
    pub fn forget_halt(&self) {
        if self.halted.load(Ordering::Relaxed) != 0 {
            self.halted.store(0, Ordering::Relaxed);
        }
    }

    /// Removes all threads but one, in the child of a fork.
    pub fn keep_only(&self, resident: &Arc<Resident>) {
        self.forget_halt();
        self.list.lock().retain(|other| Arc::ptr_eq(other, resident));
    }

    /// Has all threads leave code at their next poll.
    pub fn call(&self) {
        self.list.lock().iter().for_each(|resident| resident.call());
    }

    /// All threads but one.
    pub fn others(&self, resident: &Arc<Resident>) -> Vec<Arc<Resident>> {
        self.list.lock().iter().filter(|other| !Arc::ptr_eq(other, resident)).map(Arc::clone).collect()
    }

    /// The registers of all threads but one, by their ids; exact of those that stand still.
    pub fn registers(&self, but: &Arc<Resident>) -> Vec<(i32, GuestState)> {
        let list = self.list.lock();
        let others = list.iter().filter(|other| !Arc::ptr_eq(other, but));
        // SAFETY: a thread can't leave the list and its context now; what one that moves writes makes numbers of numbers.
        others
            .map(|other| (other.tid(), unsafe { std::ptr::read_volatile(&raw const (*other.context).guest) }))
            .collect()
    }

    /// Has all threads of process `pid` stand still where they would enter code. False if they are about to already.
    pub fn halt(&self, pid: u32) -> bool {
        let first = self.halted.swap(pid, Ordering::SeqCst) != pid;
        self.call();
        first
    }

    /// Whether the calling thread, which [entered](Resident::enter), is to stand still.
    #[inline]
    pub fn are_halted(&self) -> bool {
        let pid = self.halted.load(Ordering::SeqCst);
        pid != 0 && pid == std::process::id()
    }

    /// The earliest epoch that a thread in code entered at.
    pub fn oldest_epoch(&self) -> u64 {
        self.list.lock().iter().map(|resident| resident.running.load(Ordering::SeqCst)).min().unwrap_or(OUTSIDE)
    }

    /// Holds the list over a fork.
    pub fn lock_for_fork(&self) -> memory::LockGuard<'_, Vec<Arc<Resident>>> {
        self.list.lock()
    }

    /// Releases the lock if a vfork child died holding it.
    pub fn recover_after_vfork(&self) {
        self.list.recover();
    }
}
