//! Raw host system calls: no libc, no `errno`, no allocation.
//!
//! # The restart range
//! A signal that comes after the last look at the pending flag and before the `syscall` instruction would be lost
//! until the call returns, which a blocking call may never do. So [`interruptible`] looks at the flag in an assembly
//! routine whose addresses are known, and the signal handler moves a program counter found there to the routine's
//! "not begun" exit ([`restart_exit`]); restartable sequences (rseq(2)) are the same idea.
//!
//! Host handlers are installed with SA_RESTART. A call that the kernel would restart then shows up in the handler with
//! the program counter back on the `syscall` instruction, inside the range, and leaves by the same exit. The two ways
//! in differ in rcx: the kernel leaves the address after `syscall` there (AMD64 manual volume 3, SYSCALL), the flag's
//! address stands there before. So the caller learns which it was: a call that was never begun, or one that did
//! nothing yet and is to be restarted if the guest's handler has SA_RESTART.

use crate::errno::Errno;
use std::arch::{asm, global_asm};
use std::sync::atomic::AtomicU32;

/// Makes a host system call.
///
/// # Safety
/// The call must not break the translator's own memory or state.
#[inline(always)]
pub unsafe fn syscall(nr: u64, args: [u64; 6]) -> Result<u64, Errno> {
    let result: u64;
    // SAFETY: the registers are the x86-64 psABI's (A.2.1) for system calls; what the call does is the caller's.
    unsafe {
        asm!("syscall", inlateout("rax") nr => result, in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
             in("r10") args[3], in("r8") args[4], in("r9") args[5], lateout("rcx") _, lateout("r11") _,
             options(nostack));
    }
    Errno::from_return(result)
}

/// How an interruptible call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The kernel answered.
    Done(Result<u64, Errno>),
    /// A signal was pending before the call was begun: handle it, then make the call.
    NotBegun,
    /// The kernel took a signal and would restart the call (ERESTARTSYS, ERESTARTNOINTR): it did nothing yet.
    Restartable,
}

const NOT_BEGUN: u64 = 1 << 63;
const RESTARTABLE: u64 = NOT_BEGUN + 1;

global_asm!(
    ".pushsection .text.transom_syscall, \"ax\", @progbits",
    ".balign 16",
    ".globl transom_syscall_interruptible",
    ".hidden transom_syscall_interruptible",
    "transom_syscall_interruptible:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "mov r11, rsi",
    "mov rdi, [r11]",
    "mov rsi, [r11 + 8]",
    "mov rdx, [r11 + 16]",
    "mov r10, [r11 + 24]",
    "mov r8, [r11 + 32]",
    "mov r9, [r11 + 40]",
    ".globl transom_syscall_begin",
    ".hidden transom_syscall_begin",
    "transom_syscall_begin:",
    "cmp dword ptr [rcx], 0",
    "jne transom_syscall_exit",
    "syscall",
    ".globl transom_syscall_end",
    ".hidden transom_syscall_end",
    "transom_syscall_end:",
    "ret",
    ".globl transom_syscall_exit",
    ".hidden transom_syscall_exit",
    "transom_syscall_exit:",
    "lea rdx, [rip + transom_syscall_end]",
    "mov rax, {not_begun}",
    "cmp rcx, rdx",
    "jne 2f",
    "inc rax",
    "2: ret",
    ".popsection",
    not_begun = const NOT_BEGUN,
);

unsafe extern "C" {
    fn transom_syscall_interruptible(nr: u64, args: *const [u64; 6], pending: *const AtomicU32) -> u64;
    fn transom_syscall_begin();
    fn transom_syscall_end();
    fn transom_syscall_exit();
}

/// Makes a host system call unless `pending` is non-zero right before it (see the module's head).
///
/// # Safety
/// As for [`syscall`].
#[inline]
pub unsafe fn interruptible(nr: u64, args: &[u64; 6], pending: &AtomicU32) -> Ended {
    // SAFETY: the routine reads the six arguments and the flag, keeps to the C calling convention, and makes the call.
    match unsafe { transom_syscall_interruptible(nr, args, pending) } {
        NOT_BEGUN => Ended::NotBegun,
        RESTARTABLE => Ended::Restartable,
        value => Ended::Done(Errno::from_return(value)),
    }
}

/// For the signal handler: where to move the program counter if the signal came in the restart range.
pub fn restart_exit(rip: u64) -> Option<u64> {
    let begin = transom_syscall_begin as *const () as u64;
    let end = transom_syscall_end as *const () as u64;
    (begin <= rip && rip < end).then_some(transom_syscall_exit as *const () as u64)
}

/// Behind the one `syscall` instruction of the restart range.
pub fn restart_end() -> u64 {
    transom_syscall_end as *const () as u64
}
