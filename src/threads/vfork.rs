//! A new process on the same memory, as vfork(2) and posix_spawn(3) make it.
//!
//! The child has registers, an emitted-code stack and a table of indirect branches of its own, and runs a run loop of
//! its own; the thread-local storage it uses is its parent's, whose thread is stopped until the child executes
//! another program or ends. It may be killed at any moment: the parent then releases the locks it held.

use std::arch::global_asm;
use std::ffi::c_void;
use std::sync::Arc;

use memory::Errno;
use syscalls::abi::CloneArgs;
use syscalls::{AltStack, CloneRequest, HiddenFds, SigSet};

use super::clone_args::{CLEAR_SIGHAND, args_of, call_of, host_flags};
use super::{Stacks, has, kin, quarters, stacks};
use crate::heap;
use crate::ptrace;
use crate::run::End;
use crate::signals::{self, fatal, handler};
use crate::vcpu::Vcpu;

// rdi: function of the child, rsi: its argument, rdx: clone or clone3, rcx: the call's five arguments.
global_asm!(
    ".pushsection .text.transom_vfork, \"ax\", @progbits",
    ".globl transom_vfork; .hidden transom_vfork",
    "transom_vfork:",
    "push rbx",
    "push r12",
    "mov rbx, rdi",
    "mov r12, rsi",
    "mov rax, rdx",
    "mov rdi, [rcx]",
    "mov rsi, [rcx + 8]",
    "mov rdx, [rcx + 16]",
    "mov r10, [rcx + 24]",
    "mov r8, [rcx + 32]",
    "syscall",
    "test rax, rax",
    "jz 2f",
    "pop r12",
    "pop rbx",
    "ret",
    "2: mov rdi, r12",
    "xor ebp, ebp",
    "call rbx",
    "ud2",
    ".popsection",
);

unsafe extern "C" {
    pub(super) fn transom_vfork(
        function: extern "C" fn(*mut c_void) -> !,
        argument: *mut c_void,
        number: u64,
        arguments: *const [u64; 5],
    ) -> u64;
}

impl Vcpu {
    /// Makes a process on this one's memory and waits until it leaves it; its id.
    pub(super) fn vfork(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        let mut child = self.child_on_this_memory(request)?;
        child.mailbox.trace.borrow();
        let lending = self.before_vfork(&mut child);
        let is_lodger = heap::is_lodger();
        let (base, size) = child.stacks.host();
        let mask = handler::set_mask(SigSet::ALL.host_mask());
        let args = CloneArgs { flags: host_flags(request), stack: base, stack_size: size, ..args_of(request) };
        let (number, arguments) = call_of(&args, request.clone3);
        // SAFETY: the child runs on a stack of its own, with the parent's thread-locals while that is
        // stopped, and never returns.
        let result = unsafe { transom_vfork(child_main, (&raw mut *child).cast(), number as u64, &arguments) };
        heap::set_lodger(is_lodger);
        self.after_vfork();
        let pid = Errno::from_return(result).map(|pid| pid as i32);
        self.after_vfork_debugged(lending, pid.ok());
        let (low, size) = self.stacks.signal();
        handler::set_stack(low, size);
        if let Some(executing) = child.executing.take() {
            executing.forget();
        }
        let stacks = child.stacks.again();
        drop(child);
        stacks.free();
        handler::set_mask(mask);
        pid
    }

    /// A process' first thread, ready to run on this one's memory.
    pub(super) fn child_on_this_memory(&self, request: &CloneRequest) -> Result<Box<Vcpu>, Errno> {
        let process = Arc::new(self.process.for_child(request.flags));
        let state = self.child_state(request);
        let stacks = Stacks::new(&process.space)?;
        let mut child = Box::new(Vcpu::new(self.machine, process, state, stacks));
        child.thread.mask = self.thread.mask;
        child.thread.seccomp = child.process.seccomp.begin(&self.thread.seccomp);
        // Only vfork keeps the alternate stack (kernel/fork.c, copy_process).
        let keeps = has(request, libc::CLONE_VFORK);
        child.thread.alt_stack = if keeps { self.thread.alt_stack } else { AltStack::NONE };
        child.be_born(self.heir(request));
        child.clears_handlers = request.flags & CLEAR_SIGHAND != 0;
        Ok(child)
    }

    /// Takes back what the child used as this thread.
    fn after_vfork(&self) {
        signals::set_current(&raw const *self.mailbox);
        HiddenFds::enter(&self.process.hidden);
        self.machine.engine.recover_after_vfork();
        self.machine.exits.recover();
        self.process.recover_after_vfork();
        stacks::recover_after_vfork();
        quarters::recover_after_vfork();
        kin::recover_after_vfork();
        ptrace::recover_after_vfork();
        heap::recover_after_vfork();
        heap::clean_up();
    }
}

/// The life of a child on its parent's memory.
pub(super) extern "C" fn child_main(vcpu: *mut c_void) -> ! {
    // SAFETY: it is the child's alone while that lives.
    let vcpu = unsafe { &mut *vcpu.cast::<Vcpu>() };
    heap::set_lodger(true);
    signals::set_current(&raw const *vcpu.mailbox);
    HiddenFds::enter(&vcpu.process.hidden);
    let (base, size) = vcpu.stacks.signal();
    handler::set_stack(base, size);
    // SAFETY: gettid touches no memory.
    let tid = unsafe { memory::sys::syscall(libc::SYS_gettid as u64, [0; 6]) };
    vcpu.set_tid(tid.unwrap_or(0) as i32);
    if vcpu.clears_handlers {
        vcpu.clear_handlers();
    }
    handler::set_mask(vcpu.thread.mask.host_mask());
    vcpu.vforked_from_debugged();
    match vcpu.run() {
        End::Thread { status } | End::Process { status } => fatal::exit_group(status),
    }
}
