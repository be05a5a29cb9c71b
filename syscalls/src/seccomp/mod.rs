//! seccomp(2): the guest's filters, run here over the guest's calls as the kernel would.
//!
//! The host kernel never sees them: it would compare them with its own call numbers and architecture. A call that a
//! filter refuses is not begun, and the host's own calls on the guest's behalf are nobody's business. Notifications to
//! another process (SECCOMP_RET_USER_NOTIF) are the kernel's own: see [`listener`].

pub mod bpf;
pub mod listener;

use crate::dispatch::Call;
use crate::outcome::Outcome;
use crate::process::{Process, Thread};
use crate::signal::Signal;
use crate::sys;
use bpf::{Data, Insn, Program};
use memory::{Errno, Lock, LockGuard};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Weak};

/// PR_GET_SECCOMP's answers.
pub const DISABLED: u32 = 0;
/// Four calls only.
pub const STRICT: u32 = 1;
/// Filters.
pub const FILTER: u32 = 2;

// linux/seccomp.h: the actions, lower is stronger as signed numbers.
const KILL_THREAD: u32 = 0;
const TRAP: u32 = 0x0003_0000;
const ERRNO: u32 = 0x0005_0000;
const USER_NOTIF: u32 = 0x7fc0_0000;
const TRACE: u32 = 0x7ff0_0000;
const LOG: u32 = 0x7ffc_0000;
const ALLOW: u32 = 0x7fff_0000;
const ACTION: u32 = 0xffff_0000;

/// Most instructions of all filters together, each counted with 4 more (MAX_INSNS_PER_PATH).
const MAX_TOTAL: usize = 32768;
const MAX_ERRNO: u32 = 4095;
/// si_code (asm-generic/siginfo.h).
const SYS_SECCOMP: i32 = 1;

/// Read, write, exit, rt_sigreturn: what strict mode allows.
const STRICT_CALLS: [u64; 4] = [63, 64, 93, 139];

/// A program, and whether it was installed with a listener and with SECCOMP_FILTER_FLAG_LOG.
struct Filter {
    program: Program,
    listens: bool,
    logs: bool,
}

/// A filter as ptrace(2) tells of it.
pub struct Installed {
    /// Its instructions.
    pub insns: Vec<Insn>,
    /// SECCOMP_FILTER_FLAG_LOG or nothing.
    pub flags: u64,
}

/// Beside a program's length in [`State::encode`]: it has a listener.
const LISTENS: u64 = 1 << 32;
/// The same for one whose actions are logged.
const LOGS: u64 = 1 << 33;
/// linux/seccomp.h.
pub(crate) const FLAG_LOG: u64 = 2;

/// How a filter is installed.
#[derive(Clone, Copy)]
pub struct Sharing {
    /// SECCOMP_FILTER_FLAG_LOG.
    pub logs: bool,
    /// SECCOMP_FILTER_FLAG_TSYNC.
    pub sync: bool,
    /// Whether the caller can't gain privileges by execve, which other threads have from it with the filter.
    pub no_new_privs: bool,
}

/// One thread's.
#[derive(Default)]
pub struct State {
    mode: AtomicU32,
    tid: AtomicI32,
    /// Whether the thread has still to be told that it can't gain privileges by execve: it alone can say so to the kernel.
    loses_privileges: AtomicBool,
    /// Oldest first.
    filters: Lock<Vec<Arc<Filter>>>,
}

impl State {
    /// Which mode the thread is in.
    #[inline]
    pub fn mode(&self) -> u32 {
        self.mode.load(Ordering::Acquire)
    }

    /// How many filters it has.
    pub fn filters(&self) -> usize {
        self.filters.lock().len()
    }

    /// One of them, counted from the oldest.
    pub fn installed(&self, index: usize) -> Option<Installed> {
        let filters = self.filters.lock();
        let filter = filters.get(index)?;
        let flags = if filter.logs { FLAG_LOG } else { 0 };
        Some(Installed { insns: filter.program.insns().to_vec(), flags })
    }

    /// Tells whose it is.
    pub fn set_tid(&self, tid: i32) {
        self.tid.store(tid, Ordering::Relaxed);
    }

    fn copy(&self) -> State {
        let copy = State::default();
        self.give(&copy);
        copy
    }

    /// Makes `other` the same.
    fn give(&self, other: &State) {
        let filters = self.filters.lock().clone();
        *other.filters.lock() = filters;
        other.mode.store(self.mode(), Ordering::Release);
    }

    /// Strict mode, for ever.
    pub fn set_strict(&self) -> Result<(), Errno> {
        if self.mode() == FILTER {
            return Err(Errno::EINVAL);
        }
        self.mode.store(STRICT, Ordering::Release);
        Ok(())
    }

    /// The filters as bytes for the next run of the translator; none where there are none.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let filters = self.filters.lock();
        let words = |filter: &Arc<Filter>| {
            let insns = filter.program.insns();
            let bit = |is_set: bool, bit: u64| if is_set { bit } else { 0 };
            let head = insns.len() as u64 | bit(filter.listens, LISTENS) | bit(filter.logs, LOGS);
            [head.to_ne_bytes().as_slice(), memory::bytes_of_slice(insns)].concat()
        };
        (self.mode() == FILTER).then(|| filters.iter().flat_map(words).collect())
    }

    /// From these bytes.
    pub fn decode(mut bytes: &[u8]) -> Option<State> {
        let mut filters = Vec::new();
        while let Some((head, rest)) = bytes.split_first_chunk::<8>() {
            let head = u64::from_ne_bytes(*head);
            let len = usize::try_from(head & !(LISTENS | LOGS)).ok()?;
            let (program, rest) = rest.split_at_checked(len.checked_mul(size_of::<Insn>())?)?;
            let mut insns = vec![Insn::default(); len];
            memory::bytes_of_slice_mut(&mut insns).copy_from_slice(program);
            let (listens, logs) = (head & LISTENS != 0, head & LOGS != 0);
            filters.push(Arc::new(Filter { program: Program::new(insns).ok()?, listens, logs }));
            bytes = rest;
        }
        let state = State { filters: Lock::new(filters), ..State::default() };
        state.mode.store(FILTER, Ordering::Release);
        Some(state)
    }
}

/// The states of a process' threads.
#[derive(Default)]
pub struct Threads(Lock<Vec<Weak<State>>>);

impl Threads {
    /// A new thread's state, which begins as its parent's is.
    pub fn begin(&self, parent: &State) -> Arc<State> {
        let mut threads = self.0.lock();
        let state = Arc::new(parent.copy());
        threads.retain(|thread| thread.strong_count() != 0);
        threads.push(Arc::downgrade(&state));
        state
    }

    /// The thread is gone, although its state may still be there.
    pub fn end(&self, state: &Arc<State>) {
        self.0.lock().retain(|thread| thread.as_ptr() != Arc::as_ptr(state));
    }

    /// In a forked child: the other threads are gone.
    pub fn keep_only(&self, state: &Arc<State>) {
        *self.0.lock() = vec![Arc::downgrade(state)];
    }

    pub(crate) fn lock_for_fork(&self) -> LockGuard<'_, Vec<Weak<State>>> {
        self.0.lock()
    }

    pub(crate) fn recover_after_vfork(&self) {
        self.0.recover();
    }

    /// The state of the thread that has been there longest, for /proc.
    pub(crate) fn first(&self) -> Option<Arc<State>> {
        self.0.lock().iter().find_map(Weak::upgrade)
    }

    fn count(&self) -> usize {
        self.0.lock().iter().filter(|thread| thread.strong_count() != 0).count()
    }

    /// Gives `own` a filter, with `sync` all other threads too; or the id of one that has other filters. `listen` is
    /// called when nothing speaks against it any more; the listener's descriptor, if it makes one, is handed on.
    pub fn install(
        &self,
        own: &State,
        program: Program,
        Sharing { logs, sync, no_new_privs }: Sharing,
        listen: impl FnOnce() -> Result<Option<u64>, Errno>,
    ) -> Result<Result<Option<u64>, i32>, Errno> {
        let threads = self.0.lock();
        if own.mode() == STRICT {
            return Err(Errno::EINVAL);
        }
        let mut filters = own.filters.lock().clone();
        let total: usize = filters.iter().map(|filter| filter.program.insns().len() + 4).sum();
        if total + program.insns().len() > MAX_TOTAL {
            return Err(Errno::ENOMEM);
        }
        let others: Vec<Arc<State>> = threads.iter().filter_map(Weak::upgrade).collect();
        let others = || others.iter().filter(|other| sync && !std::ptr::eq(Arc::as_ptr(other), own));
        if let Some(other) = others().find(|other| !other.is_behind(&filters)) {
            return Ok(Err(other.tid.load(Ordering::Relaxed)));
        }
        let listener = listen()?;
        filters.push(Arc::new(Filter { program, listens: listener.is_some(), logs }));
        *own.filters.lock() = filters;
        own.mode.store(FILTER, Ordering::Release);
        others().for_each(|other| {
            other.loses_privileges.fetch_or(no_new_privs, Ordering::Relaxed);
            own.give(other);
        });
        Ok(Ok(listener))
    }
}

impl State {
    /// Does what another thread's filter asks for (kernel/seccomp.c, seccomp_sync_threads), before the thread's next call.
    fn lose_privileges(&self) {
        if self.loses_privileges.load(Ordering::Relaxed) && self.loses_privileges.swap(false, Ordering::Relaxed) {
            let args = [libc::PR_SET_NO_NEW_PRIVS as u64, 1, 0, 0, 0, 0];
            // It can't fail: the arguments are what they have to be.
            let _ = sys::host(libc::SYS_prctl, args);
        }
    }

    /// Whether the thread has no filter but the first ones of `filters` (kernel/seccomp.c, is_ancestor).
    fn is_behind(&self, filters: &[Arc<Filter>]) -> bool {
        let own = self.filters.lock();
        let is_prefix = own.len() <= filters.len() && own.iter().zip(filters).all(|(a, b)| Arc::ptr_eq(a, b));
        self.mode() == DISABLED || self.mode() == FILTER && is_prefix
    }
}

/// Asks the thread's filters about a call; what happens instead of it, if they don't let it through.
#[cold]
pub(crate) fn check(process: &Process, thread: &Thread, call: &Call) -> Option<Outcome> {
    thread.seccomp.lose_privileges();
    let alone = || process.seccomp.count() <= 1;
    // The kernel ends the thread alone, which the parent sees as the signal if it was the last.
    let kill = |signal: Signal| match alone() {
        true => Outcome::Kill { signal },
        false => Outcome::Exit { status: signal.number() },
    };
    if thread.seccomp.mode() == STRICT {
        return (!STRICT_CALLS.contains(&call.nr)).then(|| kill(Signal::SIGKILL));
    }
    let data =
        Data { nr: call.nr as i32, arch: process.abi.audit_arch, instruction_pointer: call.pc.0, args: call.args };
    let (answer, listens) = thread.seccomp.ask(&data);
    match answer & ACTION {
        ALLOW | LOG => None,
        ERRNO => Some(Outcome::Return(Errno((answer & !ACTION).min(MAX_ERRNO) as i32).to_return())),
        TRAP => Some(Outcome::Filtered { code: SYS_SECCOMP, data: answer as u16 }),
        USER_NOTIF if listens => listener::ask(thread, call),
        // The tracer has seen it.
        TRACE if thread.inspected => None,
        TRACE => Some(Outcome::Inspect { data: answer as u16 }),
        // Without a listener the call is not there (seccomp(2)).
        USER_NOTIF => Some(Outcome::Return(Errno::ENOSYS.to_return())),
        KILL_THREAD => Some(kill(Signal::SIGSYS)),
        _ => Some(Outcome::Kill { signal: Signal::SIGSYS }),
    }
}

impl State {
    /// The strongest answer, and whether its filter has a listener; of equal ones the newest filter's.
    fn ask(&self, data: &Data) -> (u32, bool) {
        let filters = self.filters.lock();
        let answers = filters.iter().rev().map(|filter| (filter.program.run(data), filter.listens));
        let strength = |answer: (u32, bool)| (answer.0 & ACTION).cast_signed();
        answers.reduce(|old, new| if strength(new) < strength(old) { new } else { old }).unwrap_or((ALLOW, false))
    }
}
