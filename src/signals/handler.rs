//! The host's signal handler, and the host's actions and masks.
//!
//! All by raw system calls: libc's wrappers keep signals 32 and 33 for themselves, which are the guest's.

use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;

use memory::Errno;
use memory::sys::{self, Ended};
use syscalls::signal::DefaultAction;
use syscalls::{HostAction, HostSignals, SigSet, Signal};

use super::mailbox::{self, HostFault, Info};
use crate::ptrace::words;

/// The kernel's `struct sigaction` on x86-64.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C)]
struct KernelAction {
    handler: u64,
    flags: u64,
    restorer: u64,
    mask: u64,
}

const SA_RESTORER: u64 = 0x0400_0000;
/// si_code of a trap instruction on x86-64.
const SI_KERNEL: i32 = 0x80;
/// si_code of an event of perf_event_open(2) (asm-generic/siginfo.h).
const TRAP_PERF: i32 = 6;
/// glibc's second signal (nptl(7)).
const SIGSETXID: i32 = 33;
/// The guest's flags that the kernel itself acts on.
const PASSED_ON: u64 = (libc::SA_NOCLDSTOP | libc::SA_NOCLDWAIT) as u64;

std::arch::global_asm!(
    ".pushsection .text.transom_sigreturn, \"ax\", @progbits",
    ".globl transom_sigreturn; .hidden transom_sigreturn",
    "transom_sigreturn: mov eax, 15",
    "syscall",
    ".popsection",
);

unsafe extern "C" {
    fn transom_sigreturn();
}

fn rt_sigaction(signal: Signal, new: Option<&KernelAction>) -> Result<KernelAction, Errno> {
    let mut old = KernelAction::default();
    let new = new.map_or(0, |new| &raw const *new as u64);
    let args = [signal.number() as u64, new, &raw mut old as u64, 8, 0, 0];
    // SAFETY: both structs are the kernel's; handlers set here are ours.
    unsafe { sys::syscall(libc::SYS_rt_sigaction as u64, args) }.map(|_| old)
}

/// The translator's handler, everything blocked while it runs.
fn ours(flags: u64) -> KernelAction {
    KernelAction {
        handler: handle as *const () as u64,
        flags: flags | (libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART) as u64 | SA_RESTORER,
        restorer: transom_sigreturn as *const () as u64,
        mask: !0,
    }
}

/// The host's side of the guest's actions.
pub struct Host;

impl HostSignals for Host {
    fn set_action(&self, signal: Signal, action: HostAction) -> Result<(), Errno> {
        let plain = |handler, flags: u64| KernelAction { handler, flags: flags & PASSED_ON, ..KernelAction::default() };
        let new = match action {
            HostAction::Take { flags } => ours(flags & PASSED_ON),
            _ if SigSet::SYNCHRONOUS.contains(signal) => ours(0),
            HostAction::Default { .. } if dumps_core(signal) || ENDS.contains(signal) => ours(0),
            HostAction::Default { flags } => plain(libc::SIG_DFL as u64, flags),
            HostAction::Ignore { flags } => plain(libc::SIG_IGN as u64, flags),
        };
        rt_sigaction(signal, Some(&new)).map(|_| ())
    }
}

/// Whether the process was started with the signal ignored.
pub fn is_ignored(signal: Signal) -> bool {
    rt_sigaction(signal, None).is_ok_and(|action| action.handler == libc::SIG_IGN as u64)
}

/// Whether the signal's default is to end the process with a core file. Left to the kernel that would be the translator's.
fn dumps_core(signal: Signal) -> bool {
    signal.default_action() == DefaultAction::Core
}

/// By these programs are ended from outside or at the end of a pipe. They are taken, so that what was translated is kept
/// and `--strace` tells of the end.
const ENDS: SigSet = SigSet::of(&[Signal::SIGHUP, Signal::SIGINT, Signal::SIGPIPE, Signal::SIGTERM]);

/// Takes the signals that end the process, unless they are ignored. Whoever calls it has a mailbox to note them in.
pub fn install_ends() -> Result<(), Errno> {
    let mut taken = ENDS.iter().filter(|&signal| !is_ignored(signal));
    taken.try_for_each(|signal| rt_sigaction(signal, Some(&ours(0))).map(|_| ()))
}

/// Takes the signals that instructions cause, and the others whose default is a core file unless they are ignored.
pub fn install() -> Result<(), Errno> {
    let taken = |signal: &Signal| SigSet::SYNCHRONOUS.contains(*signal) || dumps_core(*signal) && !is_ignored(*signal);
    SigSet::ALL.iter().filter(taken).try_for_each(|signal| rt_sigaction(signal, Some(&ours(0))).map(|_| ()))
}

/// Gives a signal the host's default action or has it ignored, whatever it is.
pub fn reset(signal: Signal, ignore: bool) {
    let handler = if ignore { libc::SIG_IGN } else { libc::SIG_DFL } as u64;
    // It fails for SIGKILL and SIGSTOP alone, whose action is the default always.
    let _ = rt_sigaction(signal, Some(&KernelAction { handler, ..KernelAction::default() }));
}

/// Does what may have libc take a signal for itself, and gives the signal back: glibc's pthread_create(3) installs a
/// handler for its SIGSETXID at the first thread, where the guest's libc has its own.
pub fn keeping_signals<T>(work: impl FnOnce() -> T) -> T {
    let before = Signal::new(SIGSETXID).map(|signal| (signal, rt_sigaction(signal, None)));
    let value = work();
    if let Some((signal, Ok(action))) = before
        && rt_sigaction(signal, None).is_ok_and(|now| now.handler != action.handler)
    {
        // It can't fail: the kernel gave both.
        let _ = rt_sigaction(signal, Some(&action));
    }
    value
}

/// Sets the thread's mask on the host; returns the old one.
pub fn set_mask(mask: SigSet) -> SigSet {
    let mut old = SigSet::EMPTY;
    let args = [libc::SIG_SETMASK as u64, &raw const mask as u64, &raw mut old as u64, 8, 0, 0];
    // SAFETY: the kernel reads and writes 8 bytes each; the call can't fail with valid pointers.
    let _ = unsafe { sys::syscall(libc::SYS_rt_sigprocmask as u64, args) };
    old
}

/// The same, unless a signal is pending: false then.
pub fn set_mask_unless(mask: SigSet, pending: &std::sync::atomic::AtomicU32) -> bool {
    let args = [libc::SIG_SETMASK as u64, &raw const mask as u64, 0, 8, 0, 0];
    // SAFETY: as above.
    let ended = unsafe { sys::interruptible(libc::SYS_rt_sigprocmask as u64, &args, pending) };
    matches!(ended, Ended::Done(_))
}

/// Runs this thread's handlers on `size` bytes at `base`.
pub fn set_stack(base: u64, size: u64) {
    let stack = libc::stack_t { ss_sp: base as *mut _, ss_flags: 0, ss_size: size as usize };
    // SAFETY: the memory is the thread's for its lifetime.
    let _ = unsafe { sys::syscall(libc::SYS_sigaltstack as u64, [&raw const stack as u64, 0, 0, 0, 0, 0]) };
}

/// What the kernel calls. Nothing here allocates, locks or uses floating point.
extern "C" fn handle(signal: i32, info: *const libc::siginfo_t, ucontext: *mut libc::ucontext_t) {
    // SAFETY: the kernel passes both; the mailbox lives as long as its thread.
    let (info, ucontext, mailbox) = unsafe { (&*info, &mut *ucontext, mailbox::current().as_ref()) };
    // SAFETY: siginfo_t is 128 bytes, all of them written by the kernel.
    let bytes = unsafe { &*(&raw const *info).cast::<Info>() };
    if signal == libc::SIGTRAP && crate::debug::connection::hears(bytes) {
        return hurry(ucontext, mailbox);
    }
    if signal == libc::SIGTRAP
        && let Some(mailbox) = mailbox
        && hears_tracer(bytes, info.si_code, ucontext, mailbox)
    {
        return;
    }
    let synchronous = Signal::new(signal).is_some_and(|signal| SigSet::SYNCHRONOUS.contains(signal));
    // Codes above 0 are the kernel's own; kill(2) and its like have 0 and less (sigaction(2)).
    // An event of perf's is the kernel's own too, but nothing that an instruction could not do.
    let is_event = signal == libc::SIGTRAP && info.si_code == TRAP_PERF;
    if synchronous && info.si_code > 0 && !is_event {
        return fault(signal, info, ucontext, mailbox);
    }
    let Some(mailbox) = mailbox else { return };
    mailbox.note(signal, *bytes);
    leave_call(ucontext, mailbox);
    block_until_delivered(ucontext);
}

/// What a tracer's side of the translator has to say, which comes by SIGTRAP. False if it is none of that.
fn hears_tracer(bytes: &Info, code: i32, ucontext: &mut libc::ucontext_t, mailbox: &mailbox::Mailbox) -> bool {
    if code == SI_KERNEL && ucontext.uc_mcontext.gregs[libc::REG_RIP as usize] as u64 == mailbox.trace.trap {
        // A tracer would have undone the trap: there is none any more.
        mailbox.trace.end();
        return true;
    }
    let Some(signal) = words::hear(bytes, mailbox) else { return false };
    leave_traced_call(ucontext, mailbox);
    if let Some((signal, info)) = signal {
        mailbox.note(signal.number(), info);
        block_until_delivered(ucontext);
    }
    true
}

/// Ends a system call as [`leave_call`] does, and also one that says EINTR because of a signal that its tracer may yet
/// take away: as long as nobody knows that, nothing was interrupted.
fn leave_traced_call(ucontext: &mut libc::ucontext_t, mailbox: &mailbox::Mailbox) {
    const INTERRUPTED: i64 = -(libc::EINTR as i64);
    let registers = &mut ucontext.uc_mcontext.gregs;
    let rip = registers[libc::REG_RIP as usize];
    match mailbox.traced_call_exit(rip as u64) {
        Some(exit) if registers[libc::REG_RAX as usize] == INTERRUPTED => {
            mailbox.trace.unhandled.store(1, Ordering::Relaxed);
            // As the kernel leaves it where it makes the call again.
            registers[libc::REG_RCX as usize] = rip;
            registers[libc::REG_RIP as usize] = exit as i64;
        }
        _ => leave_call(ucontext, mailbox),
    }
}

/// The debugger wants the thread to look up.
fn hurry(ucontext: &mut libc::ucontext_t, mailbox: Option<&mailbox::Mailbox>) {
    if let Some(mailbox) = mailbox {
        mailbox.wake();
        leave_call(ucontext, mailbox);
    }
}

/// Ends a system call that is about to begin, or to begin again.
fn leave_call(ucontext: &mut libc::ucontext_t, mailbox: &mailbox::Mailbox) {
    let rip = &mut ucontext.uc_mcontext.gregs[libc::REG_RIP as usize];
    if let Some(exit) = mailbox.call_exit(*rip as u64) {
        *rip = exit as i64;
    }
}

/// Has the thread go on with all signals blocked but those that instructions cause.
fn block_until_delivered(ucontext: &mut libc::ucontext_t) {
    let mask = SigSet::ALL.host_mask();
    // SAFETY: the kernel's sigset is the first 8 bytes of libc's.
    unsafe { (&raw mut ucontext.uc_sigmask).cast::<SigSet>().write(mask) };
}

/// The bit of a page fault's error code that says that it was a write (Intel SDM volume 3, 4.7).
const PF_WRITE: i64 = 1 << 1;

fn fault(signal: i32, info: &libc::siginfo_t, ucontext: &mut libc::ucontext_t, mailbox: Option<&mailbox::Mailbox>) {
    let rip = ucontext.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
    // SAFETY: these signals have si_addr.
    let addr = unsafe { info.si_addr() } as u64;
    let write = ucontext.uc_mcontext.gregs[libc::REG_ERR as usize] & PF_WRITE != 0;
    let fault = HostFault { signal, code: info.si_code, addr, write };
    let next = match mailbox {
        Some(mailbox) if mailbox.is_code(rip) => {
            mailbox.note_fault(rip, fault);
            Some(mailbox.fault_entry)
        }
        _ => {
            let next = memory::fault::recover(rip);
            if let (Some(mailbox), Some(_)) = (mailbox, next) {
                mailbox.note_access(fault);
            }
            next
        }
    };
    match next {
        Some(next) => ucontext.uc_mcontext.gregs[libc::REG_RIP as usize] = next as i64,
        None => super::fatal::bug_at(fault, ucontext),
    }
}

/// The mask and actions a process starts with.
pub fn inherited_mask() -> SigSet {
    let mut old = MaybeUninit::<SigSet>::new(SigSet::EMPTY);
    let args = [libc::SIG_BLOCK as u64, 0, old.as_mut_ptr() as u64, 8, 0, 0];
    // SAFETY: the kernel writes 8 bytes; without a new mask the call changes nothing.
    unsafe {
        let _ = sys::syscall(libc::SYS_rt_sigprocmask as u64, args);
        old.assume_init()
    }
}
