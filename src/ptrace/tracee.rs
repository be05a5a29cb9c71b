//! The side of a traced thread: where it stops, and what it does with what its tracer made of it.

use std::arch::global_asm;
use std::sync::atomic::Ordering;

use ir::{Exit, GuestState};
use memory::{Errno, sys};
use syscalls::{Call, CloneRequest, SigSet, Signal, UserDispatch};
use target::SyscallRegs;

use super::record::{At, Mode, NOT_SET, WRITTEN, load_all, store_all};
use crate::engine::NoCode;
use crate::run::End;
use crate::signals::{Cause, Info, Resume, handler};
use crate::vcpu::Vcpu;

// linux/errno.h: what a call that is to be made again says at its end, where only a tracer sees it.
const ERESTARTSYS: u64 = -512i64 as u64;
const ERESTARTNOINTR: u64 = -513i64 as u64;
const ERESTARTNOHAND: u64 = -514i64 as u64;
/// si_code of a step (asm-generic/siginfo.h).
const TRAP_TRACE: i32 = 2;
/// A system call that is none.
const NO_CALL: u32 = u32::MAX;

global_asm!(
    ".pushsection .text.transom_trap, \"ax\", @progbits",
    ".globl transom_trap; .hidden transom_trap",
    "transom_trap: int3",
    ".globl transom_trap_end; .hidden transom_trap_end",
    "transom_trap_end: ret",
    ".popsection",
);

unsafe extern "C" {
    fn transom_trap();
    fn transom_trap_end();
}

/// The program counter of a thread that has executed the trap.
pub fn trap_address() -> u64 {
    transom_trap_end as *const () as u64
}

impl Vcpu {
    /// Stops for the tracer, with all of the record but the place filled in.
    fn halt(&mut self, at: At) {
        let record = &self.mailbox.trace;
        record.mask.store(self.thread.mask.0, Ordering::Relaxed);
        let dispatch = self.thread.user_dispatch.told();
        store_all(&record.dispatch, dispatch);
        let filters = self.thread.seccomp.encode().unwrap_or_default();
        store_all(&record.filters, [filters.as_ptr() as u64, filters.len() as u64]);
        record.at.store(at as u32, Ordering::SeqCst);
        // SAFETY: the tracer undoes the trap; without one the handler goes on behind it.
        unsafe { transom_trap() };
        record.at.store(At::Nowhere as u32, Ordering::SeqCst);
        let mask = SigSet(record.mask.load(Ordering::Relaxed)).without(SigSet::UNBLOCKABLE);
        if mask != self.thread.mask {
            self.thread.mask = mask;
            handler::set_mask(mask.host_mask());
        }
        let [mode, start, len, selector] = load_all(&record.dispatch);
        if [mode, start, len, selector] != dispatch
            && let Ok(changed) = UserDispatch::new(mode, start, len, selector)
        {
            self.thread.user_dispatch = changed;
            self.mind_filters();
        }
        self.obey();
    }

    /// Does what the tracer's requests ask of the whole process.
    fn obey(&self) {
        let engine = &self.machine.engine;
        if let Some((start, end)) = WRITTEN.take() {
            engine.code_poked(&self.process.space, start, end - start);
        }
        if self.mailbox.trace.mode() != Mode::Continue {
            engine.calls.close();
        }
    }

    /// Stops with a `siginfo_t` that says no more than what was stopped for.
    fn halt_for(&mut self, at: At, code: i32) {
        let mut info = Cause { signal: Signal::SIGTRAP, code, addr: 0 }.info();
        info[16..20].copy_from_slice(&self.thread.tid.to_le_bytes());
        // SAFETY: getuid touches no memory.
        let user = unsafe { sys::syscall(libc::SYS_getuid as u64, [0; 6]) }.unwrap_or(0) as u32;
        info[20..24].copy_from_slice(&user.to_le_bytes());
        self.mailbox.trace.set_info(&info);
        self.mailbox.trace.signal.store(0, Ordering::Relaxed);
        self.halt(at);
        // A signal that is injected here is sent (ptrace_report_syscall in linux/ptrace.h).
        if let Some(signal) = Signal::new(self.mailbox.trace.signal.load(Ordering::Relaxed) as i32) {
            self.send_self(signal);
        }
    }

    fn halt_at_event(&mut self, event: i32, message: u64) {
        let record = &self.mailbox.trace;
        record.event.store(event as u32, Ordering::Relaxed);
        record.message.store(message, Ordering::Relaxed);
        self.halt_for(At::Event, event << 8 | libc::SIGTRAP);
    }

    /// Between two rounds of the run loop.
    #[cold]
    pub fn trace_point(&mut self) {
        self.obey();
        let record = &self.mailbox.trace;
        if record.take(|record| &record.asked) {
            self.halt_for(At::Asked, libc::SIGTRAP);
        }
        let record = &self.mailbox.trace;
        if record.take(|record| &record.stepped) && matches!(record.mode(), Mode::Step | Mode::EmulateStep) {
            let cause = Cause { signal: Signal::SIGTRAP, code: TRAP_TRACE, addr: self.context.guest.pc };
            self.deliver_cause(cause);
        }
        self.mailbox.trace.leaving.store(0, Ordering::Relaxed);
    }

    /// Executes one instruction, if the tracer wants it so.
    pub fn execute_traced(&mut self) -> Result<Exit, NoCode> {
        if !matches!(self.mailbox.trace.mode(), Mode::Step | Mode::EmulateStep) {
            return self.execute();
        }
        self.context.clear_request();
        if self.mailbox.is_pending() {
            return Ok(Exit::Interrupted);
        }
        let left = self.step_over();
        if !matches!(left, Err(_) | Ok(Exit::Fault { .. } | Exit::Trap(_))) {
            self.mailbox.trace.stepped.store(1, Ordering::Relaxed);
        }
        left
    }

    // ---- signals

    /// Asks the tracer about a signal: the same, another or none is delivered. `resume` is what an interrupted call comes
    /// to, of which the tracer sees that it is about to be made again (arch/arm64/kernel/signal.c, do_signal).
    pub fn trace_stop(&mut self, signal: Signal, info: Info, resume: &mut Resume) -> Option<(Signal, Info)> {
        let record = &self.mailbox.trace;
        if !record.is_traced() || record.take_approved(signal) {
            return Some((signal, info));
        }
        let shown = self.show_restart(resume);
        let record = &self.mailbox.trace;
        record.set_info(&info);
        record.signal.store(signal.number() as u32, Ordering::Relaxed);
        self.halt(At::Signal);
        if let Some(before) = shown {
            self.hide_restart(&before, resume);
        }
        let record = &self.mailbox.trace;
        let passed = Signal::new(record.signal.load(Ordering::Relaxed) as i32)?;
        let mut info = record.info();
        if info[..4] != passed.number().to_le_bytes() {
            info = Cause { signal: passed, code: libc::SI_USER, addr: 0 }.info();
        }
        Some((passed, info))
    }

    fn show_restart(&mut self, resume: &Resume) -> Option<GuestState> {
        let (Resume::Restart { arg0, .. } | Resume::Suspended { arg0, .. }) = *resume else { return None };
        let before = self.context.guest.clone();
        self.machine.engine.target.restart_syscall(&mut self.context.guest, arg0, None);
        Some(before)
    }

    /// If the tracer changed what it was shown, there is no call any more to be made again.
    fn hide_restart(&mut self, before: &GuestState, resume: &mut Resume) {
        let target = self.machine.engine.target;
        let mut shown = before.clone();
        let (Resume::Restart { arg0, .. } | Resume::Suspended { arg0, .. }) = *resume else { return };
        target.restart_syscall(&mut shown, arg0, None);
        let guest = &mut self.context.guest;
        let same = guest.pc == shown.pc && target.syscall(guest).args[0] == target.syscall(&shown).args[0];
        if same {
            guest.pc = before.pc;
            target.set_result(guest, target.syscall(before).args[0]);
        } else {
            *resume = Resume::Here;
        }
    }

    /// Stops the process; its tracer sees each of its threads stop.
    pub fn trace_group_stop(&mut self, signal: Signal) {
        let record = &self.mailbox.trace;
        record.signal.store(signal.number() as u32, Ordering::Relaxed);
        record.at.store(At::Group as u32, Ordering::SeqCst);
        self.send_self(Signal::SIGSTOP);
        self.mailbox.trace.at.store(At::Nowhere as u32, Ordering::SeqCst);
        self.obey();
    }

    fn send_self(&self, signal: Signal) {
        // SAFETY: the calls touch no memory.
        let _ = unsafe {
            let pid = sys::syscall(libc::SYS_getpid as u64, [0; 6]).unwrap_or(0);
            let args = [pid, self.thread.tid as u64, signal.number() as u64, 0, 0, 0];
            sys::syscall(libc::SYS_tgkill as u64, args)
        };
    }

    // ---- system calls

    /// A system call of a traced thread (kernel/entry/common.c).
    #[cold]
    pub fn traced_call(&mut self) -> Result<Resume, End> {
        let target = self.machine.engine.target;
        let asked = target.syscall(&self.context.guest);
        let record = &self.mailbox.trace;
        record.number.store(NOT_SET, Ordering::Relaxed);
        record.first.store(asked.args[0], Ordering::Relaxed);
        let mode = record.mode();
        self.refuse_none(asked.number);
        let call = match mode {
            Mode::Continue | Mode::Step => asked,
            _ => self.report_entry(asked),
        };
        let emulated = matches!(mode, Mode::Emulate | Mode::EmulateStep);
        let mut resume = Resume::Here;
        if !emulated && call.number as u32 != NO_CALL {
            let made = self.make_call(call);
            self.mailbox.trace.in_call.store(0, Ordering::Relaxed);
            resume = made?;
        }
        let record = &self.mailbox.trace;
        record.in_call.store(0, Ordering::Relaxed);
        let leaving = record.take(|record| &record.leaving);
        if record.mode() == Mode::Calls && !leaving {
            self.report_exit(&mut resume);
        }
        Ok(resume)
    }

    /// A call that is none has its result before the tracer sees it, and keeps what the tracer makes of that
    /// (arch/arm64/kernel/syscall.c, el0_svc_common).
    fn refuse_none(&mut self, number: u64) {
        if number as u32 == NO_CALL {
            self.machine.engine.target.set_result(&mut self.context.guest, Errno::ENOSYS.to_return());
        }
    }

    fn make_call(&mut self, SyscallRegs { number: nr, args }: SyscallRegs) -> Result<Resume, End> {
        self.serve(&Call { nr, args, ..self.call_here() })
    }

    fn report_entry(&mut self, asked: SyscallRegs) -> SyscallRegs {
        let target = self.machine.engine.target;
        self.mailbox.trace.in_call.store(1, Ordering::Relaxed);
        let kept = target.mark_stop(&mut self.context.guest, 0);
        self.halt_for(At::Entry, self.call_code());
        target.mark_stop(&mut self.context.guest, kept);
        let number = self.mailbox.trace.number.load(Ordering::Relaxed);
        let asked = self.with_first(asked);
        target.traced_syscall(&self.context.guest, &asked, (number != NOT_SET).then_some(number))
    }

    /// A call with the first argument that its tracer left it.
    fn with_first(&self, mut call: SyscallRegs) -> SyscallRegs {
        call.args[0] = self.mailbox.trace.first.load(Ordering::Relaxed);
        call
    }

    /// A system call that a filter leaves to the tracer; without one it is not there (kernel/seccomp.c,
    /// __seccomp_filter).
    pub fn inspected_call(&mut self, call: &Call, data: u16) -> Result<Resume, End> {
        let target = self.machine.engine.target;
        let record = &self.mailbox.trace;
        if !record.is_traced() || !record.has(libc::PTRACE_O_TRACESECCOMP) {
            target.set_result(&mut self.context.guest, Errno::ENOSYS.to_return());
            return Ok(Resume::Here);
        }
        record.number.store(call.nr, Ordering::Relaxed);
        record.first.store(call.args[0], Ordering::Relaxed);
        self.refuse_none(call.nr);
        self.halt_at_event(libc::PTRACE_EVENT_SECCOMP, data.into());
        let asked = self.with_first(SyscallRegs { number: call.nr, args: call.args });
        let number = self.mailbox.trace.number.load(Ordering::Relaxed);
        let call = target.traced_syscall(&self.context.guest, &asked, Some(number));
        if call.number as u32 == NO_CALL {
            return Ok(Resume::Here);
        }
        self.thread.inspected = true;
        let made = self.make_call(call);
        self.thread.inspected = false;
        made
    }

    fn report_exit(&mut self, resume: &mut Resume) {
        let target = self.machine.engine.target;
        let told = match resume {
            Resume::Restart { restart, .. } => Some(match restart {
                syscalls::Restart::IfAsked => ERESTARTSYS,
                syscalls::Restart::Always => ERESTARTNOINTR,
                syscalls::Restart::Unhandled => ERESTARTNOHAND,
            }),
            Resume::Suspended { .. } => Some(ERESTARTNOHAND),
            _ => None,
        };
        if let Some(told) = told {
            target.set_result(&mut self.context.guest, told);
        }
        let kept = target.mark_stop(&mut self.context.guest, 1);
        self.halt_for(At::Exit, self.call_code());
        target.mark_stop(&mut self.context.guest, kept);
        if told.is_some_and(|told| target.syscall(&self.context.guest).args[0] != told) {
            *resume = Resume::Here;
        }
    }

    /// si_code at a call's stops.
    fn call_code(&self) -> i32 {
        let good = self.mailbox.trace.has(libc::PTRACE_O_TRACESYSGOOD);
        libc::SIGTRAP | if good { 0x80 } else { 0 }
    }

    // ---- births and deaths

    /// Whether a child is traced from its birth (kernel/fork.c, kernel_clone), and what it has of the parent's record.
    pub fn heir(&self, request: &CloneRequest) -> (u64, bool) {
        let has = |flag: i32| request.flags & flag as u64 != 0;
        let option = match request.exit_signal {
            _ if has(libc::CLONE_VFORK) => libc::PTRACE_O_TRACEVFORK,
            libc::SIGCHLD => libc::PTRACE_O_TRACEFORK,
            _ => libc::PTRACE_O_TRACECLONE,
        };
        let record = &self.mailbox.trace;
        let wanted = record.has(option) && !has(libc::CLONE_UNTRACED) || has(libc::CLONE_PTRACE);
        (record.legacy(), record.is_traced() && wanted)
    }

    /// The thread is a child that `heir` was said of; it does not have its id yet.
    pub fn be_born(&mut self, (parent, traced): (u64, bool)) {
        self.mailbox.trace.be_born(parent, traced);
        if traced {
            self.announce();
        }
    }

    /// The first stop of a child: by a SIGSTOP, or as if it had been asked to (linux/ptrace.h, ptrace_init_task).
    fn announce(&self) {
        if self.mailbox.trace.seized.load(Ordering::Relaxed) == 0 {
            let stop = Cause { signal: Signal::SIGSTOP, code: libc::SI_USER, addr: 0 };
            self.mailbox.note(libc::SIGSTOP, stop.info());
        } else {
            self.mailbox.trace.asked.store(1, Ordering::Relaxed);
            self.mailbox.wake();
        }
    }

    /// A program that was executed is about to begin.
    pub fn trace_executed(&mut self) {
        let record = &self.mailbox.trace;
        if !record.is_traced() {
            return;
        }
        if record.has(libc::PTRACE_O_TRACEEXEC) {
            self.halt_at_event(libc::PTRACE_EVENT_EXEC, record.message.load(Ordering::Relaxed));
        }
        if self.mailbox.trace.mode() == Mode::Calls {
            self.halt_for(At::Exit, self.call_code());
        }
        self.obey();
    }

    /// The thread is about to end by a signal, of which the tracer was told.
    pub fn trace_death(&self) {
        self.mailbox.trace.at.store(At::Dying as u32, Ordering::SeqCst);
    }
}
