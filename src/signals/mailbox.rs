//! What the host's signal handler and the run loop of the same thread tell each other.
//!
//! The handler only notes. At most one asynchronous signal is on its way at a time: the handler
//! returns with all of them blocked, and the run loop sets the guest's mask again once it has
//! delivered. So the kernel's queues stay the guest's queues: nothing is lost, merged or reordered here.
//! Synchronous signals that somebody sent can come at any time; of each number one is kept, as the kernel does
//! with standard signals.

use std::cell::{Cell, UnsafeCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use codegen::Context;
use syscalls::Signal;

use crate::engine::Engine;
use crate::ptrace::record::Record;

/// Bytes of the host's `syscall`.
const SYSCALL_BYTES: u64 = 2;

/// A `siginfo_t` as bytes; the host's layout is the guests' too.
pub type Info = [u8; 128];

/// What the host said of a fault.
#[derive(Clone, Copy, Default, Debug)]
pub struct HostFault {
    /// The signal's number.
    pub signal: i32,
    /// si_code.
    pub code: i32,
    /// si_addr.
    pub addr: u64,
    /// Whether it was a write.
    pub write: bool,
}

/// The mailbox of one thread.
pub struct Mailbox {
    /// Non-zero while something waits; [`syscalls::Thread::pending`] is the same word.
    pending: Arc<AtomicU32>,
    /// The signals that wait, bit n-1 for signal n.
    arrived: AtomicU64,
    infos: UnsafeCell<[Info; 64]>,
    fault: Cell<HostFault>,
    /// The thread's context: the handler fills its fault fields, and has its polls leave.
    context: *mut Context,
    /// Where a fault of emitted code goes on.
    pub fault_entry: u64,
    /// What its tracer and it tell each other.
    pub trace: Record,
    /// Whose code it is.
    engine: &'static Engine,
}

thread_local! {
    static CURRENT: Cell<*const Mailbox> = const { Cell::new(std::ptr::null()) };
}

/// The mailbox of the calling thread, null before it has one.
pub fn current() -> *const Mailbox {
    CURRENT.with(Cell::get)
}

/// Where the calling thread's is noted: tracers look there.
pub fn current_cell() -> *const Cell<*const Mailbox> {
    CURRENT.with(|current| &raw const *current)
}

/// Makes `mailbox` the calling thread's; returns what was before. A vfork child uses its parent's
/// thread-local storage, so the parent sets it again.
pub fn set_current(mailbox: *const Mailbox) -> *const Mailbox {
    CURRENT.with(|current| current.replace(mailbox))
}

impl Mailbox {
    /// A mailbox for the thread that runs on `context`.
    pub fn new(engine: &'static Engine, context: *mut Context, pending: Arc<AtomicU32>, tagging: u64) -> Box<Mailbox> {
        Box::new(Mailbox {
            pending,
            arrived: AtomicU64::new(0),
            infos: UnsafeCell::new([[0; 128]; 64]),
            fault: Cell::default(),
            context,
            fault_entry: engine.fault_entry(),
            // SAFETY: only the address of a field is taken.
            trace: Record::new(engine, unsafe { &raw const (*context).guest } as u64, tagging),
            engine,
        })
    }

    // ---- the handler's side

    /// Whether a host address is emitted code.
    pub fn is_code(&self, rip: u64) -> bool {
        self.engine.cache.ranges.contains(rip)
    }

    /// Where a thread goes on that a signal found at host address `rip`, where a system call is about to begin, or to begin
    /// again.
    pub fn call_exit(&self, rip: u64) -> Option<u64> {
        memory::sys::restart_exit(rip).or_else(|| self.engine.call_exit(rip))
    }

    /// Where a thread goes on whose system call, at host address `rip`, was interrupted for a tracer with nothing done.
    pub fn traced_call_exit(&self, rip: u64) -> Option<u64> {
        self.trace.calls.contains(&rip).then(|| self.call_exit(rip - SYSCALL_BYTES)).flatten()
    }

    /// Notes a fault of emitted code at host address `rip`.
    pub fn note_fault(&self, rip: u64, fault: HostFault) {
        self.fault.set(fault);
        // SAFETY: the thread is in emitted code, which owns the context; the handler runs in its stead.
        unsafe { (*self.context).fault = codegen::FaultInfo { rip, addr: fault.addr } };
    }

    /// Notes a fault in an access of our own to guest memory.
    pub fn note_access(&self, fault: HostFault) {
        self.fault.set(fault);
    }

    /// Notes a signal, and has the thread come to deliver it.
    pub fn note(&self, signal: i32, info: Info) {
        let bit = 1u64 << (signal - 1);
        if self.arrived.load(Ordering::Relaxed) & bit == 0 {
            // SAFETY: the run loop reads a row only while its bit is set, the handler writes it only while it is not.
            unsafe { (*self.infos.get())[signal as usize - 1] = info };
            self.arrived.fetch_or(bit, Ordering::Release);
        }
        self.wake();
    }

    /// Has the thread leave emitted code, and begin no system call, before it looked at what waits.
    pub fn wake(&self) {
        self.pending.store(1, Ordering::SeqCst);
        // SAFETY: the context lives as long as the mailbox; only its atomic word is touched.
        unsafe { (*self.context).stack_limit() }.store(u64::MAX, Ordering::SeqCst);
    }

    // ---- the run loop's side

    /// Whether something waits.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.pending.load(Ordering::SeqCst) != 0
    }

    /// Declares that everything was looked at. To be called before looking.
    pub fn clear_pending(&self) {
        self.pending.store(0, Ordering::SeqCst);
    }

    /// The signals that wait.
    #[inline]
    pub fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Acquire)
    }

    /// Takes a signal that waits.
    pub fn take(&self, signal: Signal) -> Info {
        // SAFETY: see `note`.
        let info = unsafe { (*self.infos.get())[signal.number() as usize - 1] };
        self.arrived.fetch_and(!(1 << (signal.number() - 1)), Ordering::Release);
        info
    }

    /// What the host said of the latest fault.
    pub fn fault(&self) -> HostFault {
        self.fault.get()
    }
}
