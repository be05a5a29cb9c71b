//! A new process with a copy of the memory.
//!
//! The child has one thread, and would find any lock that another thread held locked for ever: so our locks are held
//! across the call, and libc's `fork` is used for its own.

use memory::{Errno, UserPtr, sys};
use syscalls::{CloneRequest, SigSet};

use super::{give_back, has, stacks};
use crate::signals::handler;
use crate::vcpu::Vcpu;

/// Flags of which libc's `fork` takes care together with what is done here.
const PLAIN: u64 =
    (libc::CLONE_PARENT_SETTID | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::CLONE_SETTLS) as u64;

/// `struct clone_args` (clone3(2)), as far as it is used.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

impl Vcpu {
    /// Forks; in the parent the child's id, in the child 0.
    pub(super) fn fork(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        let child_state = self.child_state(request);
        let mask = handler::set_mask(SigSet::ALL.host_mask());
        let result = self.fork_locked(request);
        if let Ok(0) = result {
            self.begin_child(request);
            self.context.guest = child_state;
        }
        handler::set_mask(mask);
        result
    }

    fn fork_locked(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        let process = self.process.clone();
        let engine = self.machine.engine.lock_for_fork();
        let others = (stacks::lock_for_fork(), self.machine.exits.lock());
        let locks = process.lock_for_fork();
        let plain = request.flags & !PLAIN == 0 && request.exit_signal == libc::SIGCHLD;
        let result = if plain { libc_fork(request) } else { raw_fork(request) };
        if let Ok(0) = result {
            locks.in_child();
        } else {
            drop(locks);
        }
        drop((others, engine));
        result
    }

    /// What is different in the child.
    fn begin_child(&mut self, request: &CloneRequest) {
        self.machine.engine.cache.residents.keep_only(&self.resident);
        *self.machine.exits.lock() = Default::default();
        self.exits = Default::default();
        let clear = if has(request, libc::CLONE_CHILD_CLEARTID) { request.child_tid.0 } else { 0 };
        self.thread.tid = give_back(clear);
        if has(request, libc::CLONE_CHILD_SETTID) {
            // As in the kernel, that it can't be written is the guest's affair.
            let _ = UserPtr::<i32>::new(request.child_tid).write(self.thread.tid);
        }
    }
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

/// A fork with what libc's can't: namespaces, another exit signal, a pidfd.
fn raw_fork(request: &CloneRequest) -> Result<i32, Errno> {
    let flags = request.flags & !(libc::CLONE_SETTLS as u64);
    if !request.clone3 {
        let flags = flags | request.exit_signal as u64;
        let args = [flags, 0, request.parent_tid.0, request.child_tid.0, 0, 0];
        // SAFETY: parent and child go on in their own copies of this frame.
        return unsafe { sys::syscall(libc::SYS_clone as u64, args) }.map(|pid| pid as i32);
    }
    let args = CloneArgs {
        flags,
        pidfd: request.pidfd.0,
        child_tid: request.child_tid.0,
        parent_tid: request.parent_tid.0,
        exit_signal: request.exit_signal as u64,
        set_tid: if request.set_tid.is_empty() { 0 } else { request.set_tid.as_ptr() as u64 },
        set_tid_size: request.set_tid.len() as u64,
        cgroup: request.cgroup,
        ..CloneArgs::default()
    };
    let args = [&raw const args as u64, size_of::<CloneArgs>() as u64, 0, 0, 0, 0];
    // SAFETY: as above; the struct is the kernel's.
    unsafe { sys::syscall(libc::SYS_clone3 as u64, args) }.map(|pid| pid as i32)
}
