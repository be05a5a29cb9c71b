//! The threads that this process traces.

use std::sync::atomic::{AtomicBool, Ordering};

use memory::Lock;

use super::files;

/// How a tracee stands, as far as the guest was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// It runs.
    Running,
    /// At the trap: its record says why.
    Trap,
    /// At a signal of the host's, in a system call that the kernel makes again.
    Signal,
    /// At another stop of the host's; in such a system call, or where its record says.
    Stop {
        /// Whether in a call.
        in_call: bool,
    },
    /// At a stop of a program that is none of ours.
    Plain,
}

/// A tracee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tracee {
    /// Its id.
    pub tid: i32,
    /// Where its record was found last, 0 if nowhere.
    pub record: u64,
    /// PTRACE_O_*, where they were set before there was a record.
    pub options: Option<u32>,
    /// Whether it was attached to by PTRACE_SEIZE, or by PTRACE_ATTACH; neither for one that came by itself.
    pub attached: Option<bool>,
    /// How it stands.
    pub held: Held,
    /// Whether it is a thread that a guest made, and not the translator.
    pub hidden: bool,
    /// Whether any stop of it was seen.
    pub met: bool,
    /// Whether it has yet to make the stop by which a child begins.
    pub unborn: bool,
}

static TABLE: Lock<Vec<Tracee>> = Lock::new(Vec::new());
/// Whether there was ever anything in the table.
static TRACES: AtomicBool = AtomicBool::new(false);

/// What is known of a thread.
pub fn get(tid: i32) -> Option<Tracee> {
    TABLE.lock().iter().find(|tracee| tracee.tid == tid).copied()
}

/// The same, or what is known of one that was never met.
pub fn meet(tid: i32) -> Tracee {
    get(tid).unwrap_or(Tracee {
        tid,
        record: 0,
        options: None,
        attached: None,
        held: Held::Running,
        hidden: false,
        met: false,
        unborn: false,
    })
}

/// What is known of all.
pub fn all() -> Vec<Tracee> {
    TABLE.lock().clone()
}

/// Keeps what is known.
pub fn put(tracee: Tracee) {
    files::begin();
    TRACES.store(true, Ordering::Relaxed);
    let mut table = TABLE.lock();
    match table.iter_mut().find(|other| other.tid == tracee.tid) {
        Some(other) => *other = tracee,
        None => table.push(tracee),
    }
}

/// Forgets a thread; what was known.
pub fn remove(tid: i32) -> Option<Tracee> {
    let mut table = TABLE.lock();
    let index = table.iter().position(|tracee| tracee.tid == tid)?;
    Some(table.swap_remove(index))
}

/// A forked child traces nobody. The lock is left alone where it can be: to write to it is to copy a page.
pub fn forget_in_child() {
    if TRACES.load(Ordering::Relaxed) {
        TABLE.lock().clear();
    }
}

/// Holds the table over a fork.
pub fn lock_for_fork() -> impl Sized {
    TABLE.lock()
}

/// Releases the table if a vfork child died holding it.
pub fn recover_after_vfork() {
    TABLE.recover();
}
