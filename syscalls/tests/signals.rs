//! Signal actions, masks and stacks.

mod support;

use memory::{Errno, GuestAddr};
use std::sync::atomic::Ordering;
use support::Guest;
use syscalls::abi::{AARCH64, RISCV64, SigactionPlain, SigactionRestorer, StackT};
use syscalls::{Disposition, HostAction, Outcome, SigSet, Signal};

const SIGUSR1: u64 = libc::SIGUSR1 as u64;

#[test]
fn actions_of_a_guest_with_a_restorer() {
    let mut guest = Guest::new(&AARCH64);
    let flags = (libc::SA_SIGINFO | libc::SA_RESTART) as u64;
    let action =
        SigactionRestorer { handler: 0x1234, flags: flags | 0x0400_0000 | 0x400, restorer: 0x99, mask: SigSet::ALL };
    let (new, old) = (guest.put(action), guest.room(32));
    assert_eq!(guest.call("rt_sigaction", &[SIGUSR1, new.0, old.0, 8]), Ok(0));
    assert_eq!(guest.get::<SigactionRestorer>(old), SigactionRestorer::default());
    assert_eq!(guest.call("rt_sigaction", &[SIGUSR1, 0, old.0, 8]), Ok(0));
    let read = guest.get::<SigactionRestorer>(old);
    assert_eq!((read.flags, read.restorer), (flags | 0x0400_0000, 0x99), "SA_UNSUPPORTED reads as zero");
    assert_eq!(read.mask, SigSet::ALL.without(SigSet::UNBLOCKABLE));
    let kept = guest.process.actions.get(Signal::SIGUSR1);
    assert_eq!(kept.disposition(Signal::SIGUSR1), Disposition::Handler(GuestAddr(0x1234)));
    let noted = guest.noted.0.lock().expect("not poisoned").clone();
    assert!(matches!(noted[..], [(Signal::SIGUSR1, HostAction::Take { .. })]), "{noted:?}");
}

#[test]
fn actions_of_a_guest_without_one() {
    let mut guest = Guest::new(&RISCV64);
    let action = SigactionPlain { handler: 1, flags: 0, mask: SigSet::EMPTY };
    let new = guest.put(action);
    assert_eq!(guest.call("rt_sigaction", &[SIGUSR1, new.0, 0, 8]), Ok(0));
    assert_eq!(guest.process.actions.get(Signal::SIGUSR1).disposition(Signal::SIGUSR1), Disposition::Ignore);
    assert_eq!(guest.call("rt_sigaction", &[SIGUSR1, new.0, 0, 4]), Err(Errno::EINVAL));
    assert_eq!(guest.call("rt_sigaction", &[65, new.0, 0, 8]), Err(Errno::EINVAL));
    assert_eq!(guest.call("rt_sigaction", &[libc::SIGKILL as u64, new.0, 0, 8]), Err(Errno::EINVAL));
    assert_eq!(guest.call("rt_sigaction", &[libc::SIGKILL as u64, 0, 0, 8]), Ok(0));
    assert_eq!(guest.call("rt_sigaction", &[SIGUSR1, 8, 0, 8]), Err(Errno::EFAULT));
    let action =
        guest.put(SigactionPlain { handler: 0x77, flags: libc::SA_RESETHAND as u32 as u64, mask: SigSet::EMPTY });
    guest.call("rt_sigaction", &[SIGUSR1, action.0, 0, 8]).expect("sets");
    assert_eq!(guest.process.actions.take(Signal::SIGUSR1, guest.noted).handler, 0x77);
    assert_eq!(guest.process.actions.get(Signal::SIGUSR1).handler, 0);
}

#[test]
fn masks_are_the_hosts_but_for_synchronous_signals() {
    let mut guest = Guest::new(&AARCH64);
    let set = SigSet::of(&[Signal::SIGUSR2, Signal::SIGSEGV, Signal::SIGKILL]);
    let (set, old) = (guest.put(set), guest.room(8));
    assert_eq!(guest.call("rt_sigprocmask", &[libc::SIG_BLOCK as u64, set.0, old.0, 8]), Ok(0));
    assert_eq!(guest.thread.mask, SigSet::of(&[Signal::SIGUSR2, Signal::SIGSEGV]));
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("status");
    assert!(status.contains("SigBlk:\t0000000000000800\n"), "SIGUSR2 alone is blocked on the host: {status}");
    let (pid, tid) = (std::process::id().into(), guest.call("gettid", &[]).expect("a tid"));
    guest.call("tgkill", &[pid, tid, libc::SIGUSR2 as u64]).expect("sends");
    assert_eq!(guest.call("rt_sigpending", &[old.0, 8]), Ok(0));
    assert!(guest.get::<SigSet>(old).contains(Signal::SIGUSR2));
    let info = guest.room(128);
    let time = guest.put([0i64, 0]);
    assert_eq!(guest.call("rt_sigtimedwait", &[set.0, info.0, time.0, 8]), Ok(libc::SIGUSR2 as u64));
    assert_eq!(guest.call("rt_sigprocmask", &[libc::SIG_SETMASK as u64, 8, 0, 8]), Err(Errno::EFAULT));
    assert_eq!(guest.call("rt_sigprocmask", &[7, set.0, 0, 8]), Err(Errno::EINVAL));
    assert_eq!(guest.call("rt_sigprocmask", &[7, 0, old.0, 8]), Ok(0), "without a set the first is not looked at");
}

#[test]
fn a_pending_signal_comes_before_the_call() {
    let mut guest = Guest::new(&RISCV64);
    guest.thread.pending.store(1, Ordering::Relaxed);
    assert!(matches!(guest.outcome("getppid", &[]), Outcome::NotBegun));
    let set = guest.put(SigSet::ALL);
    assert!(matches!(guest.outcome("rt_sigprocmask", &[2, set.0, 0, 8]), Outcome::NotBegun));
    assert_eq!(guest.thread.mask, SigSet::EMPTY);
    assert!(matches!(guest.outcome("rt_sigsuspend", &[set.0, 8]), Outcome::NotBegun));
    guest.thread.pending.store(0, Ordering::Relaxed);
    assert!(guest.call("getppid", &[]).is_ok());
}

#[test]
fn alternate_stacks() {
    let mut guest = Guest::new(&AARCH64);
    let old = guest.room(24);
    let small = guest.put(StackT { sp: 0x10000, flags: 0, pad: 0, size: 5119 });
    assert_eq!(guest.call("sigaltstack", &[small.0, 0]), Err(Errno::ENOMEM));
    let stack = guest.put(StackT { sp: 0x10000, flags: 0, pad: 0, size: 8192 });
    assert_eq!(guest.call("sigaltstack", &[stack.0, old.0]), Ok(0));
    assert_eq!(guest.get::<StackT>(old).flags, libc::SS_DISABLE);
    let (handler, elsewhere) = (guest.process.actions.get(Signal::SIGUSR1), GuestAddr(0x9_0000));
    assert_eq!(guest.thread.alt_stack.top_for(&handler, elsewhere), None, "the action lacks SA_ONSTACK");
    // On the stack itself it can't be changed.
    let row = syscalls::table::ROWS.iter().find(|row| row.name == "sigaltstack").expect("a row");
    let call = syscalls::Call {
        nr: row.nr.into(),
        args: [stack.0, 0, 0, 0, 0, 0],
        sp: GuestAddr(0x11000),
        pc: GuestAddr::NULL,
    };
    let outcome = syscalls::dispatch(&guest.process, &mut guest.thread, &call);
    assert_eq!(outcome.value(), Some(Errno::EPERM.to_return()));
    let call = syscalls::Call { args: [0, old.0, 0, 0, 0, 0], ..call };
    let outcome = syscalls::dispatch(&guest.process, &mut guest.thread, &call);
    assert_eq!((outcome.value(), guest.get::<StackT>(old).flags), (Some(0), libc::SS_ONSTACK));
}
