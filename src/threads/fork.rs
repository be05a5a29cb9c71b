//! A new process with a copy of the memory.
//!
//! The child has one thread, and would find any lock that another thread held locked for ever: so our locks are held
//! across the call, and libc's `fork` is used for its own. A process that never had a second thread has no such lock:
//! its fork is the system call and little else. That counts, since each page written on the way is one that the kernel
//! must copy, in the parent and in the child.

use memory::{Errno, UserPtr, sys};
use syscalls::{CloneRequest, SigSet};

use super::clone_args::{CLEAR_SIGHAND, args_of, call_of};
use super::{give_back, has, is_alone, kin, make_child_state, quarters, stacks};
use crate::debug::Parting;
use crate::heap;
use crate::ptrace;
use crate::signals::handler;
use crate::vcpu::Vcpu;

/// Flags of which libc's `fork` takes care together with what is done here.
const PLAIN: u64 =
    (libc::CLONE_PARENT_SETTID | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::CLONE_SETTLS) as u64
        | CLEAR_SIGHAND;

impl Vcpu {
    /// Forks; in the parent the child's id, in the child 0.
    pub(super) fn fork(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        let mask = handler::set_mask(SigSet::ALL.host_mask());
        let parting = self.before_fork();
        if has(request, libc::CLONE_FILES) {
            self.process.hidden.fix();
        }
        let heir = self.heir(request);
        self.machine.engine.catch_up(self.forks);
        let result = if is_alone() { bare_fork(request) } else { self.fork_shared(request) };
        if let Ok(0) = result {
            // Before it has its id: from then on its record may say more, of who attaches to it.
            self.be_born(heir);
            syscalls::shown::show(&self.process);
            self.begin_child(request, parting);
            let (target, state) = (self.machine.engine.target, &mut self.context.guest);
            make_child_state(target, state, request);
            if request.flags & CLEAR_SIGHAND != 0 {
                self.clear_handlers();
            }
        } else {
            self.forks += u32::from(result.is_ok());
            self.after_fork(parting, result.ok());
        }
        handler::set_mask(mask);
        result
    }

    /// Makes the child, with all locks held that another thread could hold.
    fn fork_shared(&self, request: &CloneRequest) -> Result<i32, Errno> {
        let _engine = self.machine.engine.lock_for_fork();
        let _lists = (stacks::lock_for_fork(), quarters::lock_for_fork(), kin::lock_for_fork());
        let _exits = self.machine.exits.lock();
        let _tracees = ptrace::lock_for_fork();
        let _seats = self.machine.debugger.as_ref().map(|debugger| debugger.world.lock_for_fork());
        let _locks = self.process.lock_for_fork();
        let _heap = heap::lock_for_fork();
        let plain = request.flags & !PLAIN == 0 && request.exit_signal == libc::SIGCHLD;
        if plain { libc_fork(request) } else { raw_fork(request) }
    }

    /// What is different in the child.
    fn begin_child(&mut self, request: &CloneRequest, parting: Option<Parting>) {
        memory::renew_owner();
        heap::set_lodger(false);
        ptrace::forget_in_child();
        self.machine.engine.begin_child(&self.process.hidden);
        self.process.space.in_child();
        self.process.tagging.unlock();
        self.thread.user_dispatch = Default::default();
        if self.machine.options.stats {
            *self.machine.exits.lock() = Default::default();
            self.exits = Default::default();
        }
        if is_alone() {
            self.machine.engine.cache.residents.forget_halt();
            self.set_tid(own_tid());
        } else {
            self.begin_alone(request);
        }
        self.forked_from_debugged(parting);
    }

    /// In the child of a process that had other threads.
    fn begin_alone(&mut self, request: &CloneRequest) {
        self.machine.engine.cache.residents.keep_only(&self.resident);
        let clear = if has(request, libc::CLONE_CHILD_CLEARTID) { request.child_tid.0 } else { 0 };
        self.set_tid(give_back(clear));
        self.process.seccomp.keep_only(&self.thread.seccomp);
        if has(request, libc::CLONE_CHILD_SETTID) {
            // As in the kernel, that it can't be written is the guest's affair.
            let _ = UserPtr::<i32>::new(request.child_tid).write(self.thread.tid);
        }
    }
}

fn own_tid() -> i32 {
    // SAFETY: gettid touches no memory, and can't fail.
    unsafe { sys::syscall(libc::SYS_gettid as u64, [0; 6]) }.unwrap_or(0) as i32
}

/// A fork with libc's own locks held.
fn libc_fork(request: &CloneRequest) -> Result<i32, Errno> {
    // SAFETY: the child goes on with the run loop alone, and every lock that it may need was taken before.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EAGAIN)));
    }
    if pid > 0 && has(request, libc::CLONE_PARENT_SETTID) {
        let _ = UserPtr::<i32>::new(request.parent_tid).write(pid);
    }
    Ok(pid)
}

unsafe extern "C" {
    // What glibc's fork calls around its system call (malloc/arena.c): another thread may be in the allocator.
    fn __malloc_fork_lock_parent();
    fn __malloc_fork_unlock_parent();
    fn __malloc_fork_unlock_child();
}

/// A fork with what libc's can't: namespaces, another exit signal, a pidfd.
fn raw_fork(request: &CloneRequest) -> Result<i32, Errno> {
    // SAFETY: the functions are each other's counterparts. Nothing is allocated while the allocator is locked.
    unsafe {
        __malloc_fork_lock_parent();
        let result = bare_fork(request);
        match result {
            Ok(0) => __malloc_fork_unlock_child(),
            _ => __malloc_fork_unlock_parent(),
        }
        result
    }
}

/// The system call alone.
fn bare_fork(request: &CloneRequest) -> Result<i32, Errno> {
    let args = args_of(request);
    let (number, [a, b, c, d, e]) = call_of(&args, request.clone3);
    // SAFETY: parent and child go on in their own copies of this frame; the struct is the kernel's, the addresses in it
    // are the guest's.
    unsafe { sys::syscall(number as u64, [a, b, c, d, e, 0]) }.map(|pid| pid as i32)
}
