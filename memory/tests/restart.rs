//! The restart range: a signal at each instruction of the system-call routine.

use memory::sys::{self, Ended};
use std::sync::atomic::{AtomicU32, Ordering};

static PENDING: AtomicU32 = AtomicU32::new(0);

extern "C" fn handler(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    PENDING.store(1, Ordering::Relaxed);
    // SAFETY: the kernel passes a valid ucontext.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    if let Some(exit) = sys::restart_exit(registers[libc::REG_RIP as usize] as u64) {
        registers[libc::REG_RIP as usize] = exit as i64;
    }
}

fn install(flags: i32) {
    // SAFETY: a zeroed sigaction with handler and flags set is valid.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | flags;
        assert_eq!(libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut()), 0);
    }
}

/// A timer that signals this thread alone: any other of the test runner's would not be in the call.
fn timer() -> libc::timer_t {
    // SAFETY: sigevent is plain data; gettid has no effects; timer_create fills the id in.
    unsafe {
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGALRM;
        event.sigev_notify_thread_id = libc::gettid();
        let mut timer = std::mem::zeroed();
        assert_eq!(libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer), 0);
        timer
    }
}

fn alarm(timer: libc::timer_t, micros: i64) {
    // SAFETY: itimerspec is plain data, the timer is this test's.
    unsafe {
        let mut time: libc::itimerspec = std::mem::zeroed();
        time.it_value.tv_nsec = micros * 1000;
        assert_eq!(libc::timer_settime(timer, 0, &time, std::ptr::null_mut()), 0);
    }
}

fn call(nr: i64, args: [u64; 6]) -> Ended {
    // SAFETY: the calls below touch only memory that they are given.
    unsafe { sys::interruptible(nr as u64, &args, &PENDING) }
}

#[test]
fn signals_around_calls() {
    install(libc::SA_RESTART);
    let timer = timer();
    assert_eq!(call(libc::SYS_getppid, [0; 6]), Ended::Done(Ok(u64::from(std::os::unix::process::parent_id()))));
    assert_eq!(call(libc::SYS_close, [u64::MAX, 0, 0, 0, 0, 0]), Ended::Done(Err(memory::Errno::EBADF)));

    PENDING.store(1, Ordering::Relaxed);
    assert_eq!(call(libc::SYS_getppid, [0; 6]), Ended::NotBegun);

    let mut pipe = [0; 2];
    // SAFETY: pipe(2) fills the two descriptors in.
    assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
    let mut byte = 0u8;
    let read = [pipe[0] as u64, &raw mut byte as u64, 1, 0, 0, 0];
    PENDING.store(0, Ordering::Relaxed);
    alarm(timer, 20_000);
    assert_eq!(call(libc::SYS_read, read), Ended::Restartable);

    PENDING.store(0, Ordering::Relaxed);
    alarm(timer, 20_000);
    let sleep = [5i64, 0];
    assert_eq!(
        call(libc::SYS_nanosleep, [sleep.as_ptr() as u64, 0, 0, 0, 0, 0]),
        Ended::Done(Err(memory::Errno::EINTR))
    );

    // A storm: the signal comes at any instruction, and no read may hang for having lost one.
    for round in 0..2000 {
        PENDING.store(0, Ordering::Relaxed);
        alarm(timer, 1 + round % 60);
        match call(libc::SYS_read, read) {
            Ended::NotBegun | Ended::Restartable => {}
            other => panic!("{other:?}"),
        }
    }
}
