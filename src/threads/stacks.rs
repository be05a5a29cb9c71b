//! What a guest thread runs on beside its own memory: a stack for our code, one for emitted code, one for signal
//! handlers. One mapping, touched lazily, with guard pages below the first two.

use memory::{AddressSpace, Errno, Lock, PAGE_SIZE, sys};

const HOST: u64 = 256 << 10;
const CODE: u64 = 256 << 10;
const SIGNAL: u64 = 64 << 10;
const GUARD: u64 = PAGE_SIZE;
/// Mappings that the kernel counts: the parts, and the context that the thread runs on.
const MAPPINGS: usize = 5;
const ALL: u64 = GUARD + HOST + GUARD + CODE + SIGNAL;

/// The stacks of one thread.
#[derive(Debug)]
pub struct Stacks {
    base: u64,
}

/// Stacks of threads that ended, each with the tid of its last thread if that may still be on its way out.
static FREE: Lock<Vec<(Option<i32>, Stacks)>> = Lock::new(Vec::new());

impl Stacks {
    /// Stacks for a new thread, where possible a dead one's.
    pub fn new(space: &AddressSpace) -> Result<Stacks, Errno> {
        let reused = {
            let mut free = FREE.lock();
            free.iter().position(|(tid, _)| tid.is_none_or(is_gone)).map(|at| free.swap_remove(at).1)
        };
        match reused {
            Some(stacks) => Ok(stacks),
            None => {
                space.take_for_thread(MAPPINGS)?;
                Stacks::map()
            }
        }
    }

    fn map() -> Result<Stacks, Errno> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at a place of the kernel's choice; the guard pages are its own.
        unsafe {
            let base = sys::syscall(libc::SYS_mmap as u64, [0, ALL, prot as u64, flags as u64, u64::MAX, 0])?;
            for guard in [base, base + GUARD + HOST] {
                sys::syscall(libc::SYS_mprotect as u64, [guard, GUARD, libc::PROT_NONE as u64, 0, 0, 0])?;
            }
            Ok(Stacks { base })
        }
    }

    /// The stack of our own code: lowest address and size.
    pub fn host(&self) -> (u64, u64) {
        (self.base + GUARD, HOST)
    }

    /// The stack of emitted code: from, to.
    pub fn code(&self) -> (u64, u64) {
        let low = self.base + GUARD + HOST + GUARD;
        (low, low + CODE)
    }

    /// The signal handlers' stack: lowest address and size.
    pub fn signal(&self) -> (u64, u64) {
        (self.base + ALL - SIGNAL, SIGNAL)
    }

    /// The same place again, for a list of what to keep.
    pub(super) fn again(&self) -> Stacks {
        Stacks { base: self.base }
    }

    /// Keeps the stacks of thread `tid`, which is about to end, for another.
    pub fn retire(&self, tid: i32) {
        FREE.lock().push((Some(tid), self.again()));
    }

    /// Keeps the stacks of a process that is gone for another.
    pub fn free(self) {
        FREE.lock().push((None, self));
    }
}

/// Whether the process has no thread `tid` any more.
fn is_gone(tid: i32) -> bool {
    // SAFETY: neither call touches memory; signal 0 is none.
    unsafe {
        let pid = sys::syscall(libc::SYS_getpid as u64, [0; 6]).unwrap_or(0);
        sys::syscall(libc::SYS_tgkill as u64, [pid, tid as u64, 0, 0, 0, 0]) == Err(Errno::ESRCH)
    }
}

/// Holds the list over a fork.
pub fn lock_for_fork() -> impl Sized {
    FREE.lock()
}

/// Releases the list if a vfork child died holding it.
pub fn recover_after_vfork() {
    FREE.recover();
}
