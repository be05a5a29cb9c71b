//! Delivery of signals to the guest (signal(7); kernel/signal.c, get_signal and signal_delivered).

use std::sync::atomic::Ordering;

use memory::{Errno, GuestAddr, Range};
use syscalls::signal::DefaultAction;
use syscalls::signal::SS_AUTODISARM;
use syscalls::{Action, AltStack, Disposition, Restart, SigSet, Signal};
use target::SignalDelivery;

use super::mailbox::Info;
use super::{Cause, Resume, fatal, handler, info};
use crate::crash;
use crate::debug::Ended;
use crate::vcpu::Vcpu;

/// SA_RESTORER, which libc does not name: the action says where its handler returns to.
const SA_RESTORER: i32 = 0x0400_0000;

impl Vcpu {
    /// Delivers what waits and may be delivered, then has the guest go on.
    #[inline(never)]
    pub fn deliver(&mut self, resume: Resume) {
        // What the handler notes from here on is seen by the loop, or sets the flag again.
        self.mailbox.clear_pending();
        let mut resume = resume;
        match resume {
            Resume::Cause(cause) => {
                self.deliver_cause(cause);
                resume = Resume::Here;
            }
            Resume::Filtered { code, data, nr } => {
                let info = info::filtered(code, data, self.context.guest.pc, nr, self.process.abi.audit_arch);
                self.force_traced(Signal::SIGSYS, info);
                resume = Resume::Here;
            }
            _ => {}
        }
        let mut is_set = false;
        while let Some(signal) = self.next_signal(&resume) {
            is_set = true;
            let info = self.mailbox.take(signal);
            let passed = self.pass(signal, info).and_then(|(signal, info)| self.trace_stop(signal, info, &mut resume));
            match passed {
                Some((passed, info)) if passed != signal => self.act_instead(passed, &info, &mut resume),
                Some((signal, info)) => self.act(signal, &info, &mut resume),
                None => {}
            }
            handler::set_mask(self.thread.mask.host_mask());
        }
        self.settle(&mut resume, None);
        self.thread.held = SigSet(self.mailbox.arrived());
        // A signal that came since the last round blocks all others until it is delivered: it is not lost here.
        if !is_set {
            handler::set_mask(self.thread.mask.host_mask());
        }
    }

    /// Does what the guest wants done about a signal.
    fn act(&mut self, signal: Signal, info: &Info, resume: &mut Resume) {
        self.trace_signal(signal, info);
        let action = self.process.actions.take(signal, self.process.host_signals);
        match action.disposition(signal) {
            Disposition::Ignore | Disposition::Default(DefaultAction::Ignore | DefaultAction::Continue) => {}
            // The first process of a namespace gets none that it does not catch (pid_namespaces(7)).
            Disposition::Default(DefaultAction::Core | DefaultAction::Terminate) if std::process::id() == 1 => {}
            Disposition::Default(DefaultAction::Stop) if self.mailbox.trace.is_traced() => {
                self.trace_group_stop(signal);
            }
            Disposition::Default(DefaultAction::Stop) => stop(),
            Disposition::Default(DefaultAction::Terminate | DefaultAction::Core) => self.die(signal, info),
            Disposition::Handler(_) => {
                let before = self.settle(resume, Some(&action));
                self.enter_handler(signal, info, &action, before);
            }
        }
    }

    /// The same about one that a debugger or a tracer put in the place of another: if it is blocked it waits
    /// (kernel/signal.c, ptrace_signal).
    fn act_instead(&mut self, signal: Signal, info: &Info, resume: &mut Resume) {
        match self.choosing_mask(resume).contains(signal) {
            true => self.queue(signal, info),
            false => self.act(signal, info, resume),
        }
    }

    /// Sends a signal to the thread itself, with a `siginfo_t` that may say that it came from elsewhere.
    fn queue(&self, signal: Signal, info: &Info) {
        // SAFETY: the kernel reads the 128 bytes.
        let _ = unsafe {
            let pid = memory::sys::syscall(libc::SYS_getpid as u64, [0; 6]).unwrap_or(0);
            let args = [pid, self.thread.tid as u64, signal.number() as u64, info.as_ptr() as u64, 0, 0];
            memory::sys::syscall(libc::SYS_rt_tgsigqueueinfo as u64, args)
        };
    }

    /// What is blocked while a signal is chosen.
    fn choosing_mask(&self, resume: &Resume) -> SigSet {
        match resume {
            Resume::Suspended { mask, .. } => *mask,
            _ => self.thread.mask,
        }
    }

    /// What the debugger makes of a signal: the same, another (which then comes from nowhere), none.
    fn pass(&mut self, signal: Signal, info: Info) -> Option<(Signal, Info)> {
        let passed = self.debug_signal(signal)?;
        let user = Cause { signal: passed, code: libc::SI_USER, addr: 0 };
        Some((passed, if passed == signal { info } else { user.info() }))
    }

    /// The signal to deliver next: those that instructions cause first, then by number (kernel/signal.c, next_signal).
    fn next_signal(&self, resume: &Resume) -> Option<Signal> {
        let mask = self.choosing_mask(resume);
        let arrived = SigSet(self.mailbox.arrived());
        let urgent = SigSet(arrived.0 & SigSet::SYNCHRONOUS.0).without(mask);
        // An asynchronous one was not blocked when the host delivered it.
        urgent.iter().next().or_else(|| arrived.without(SigSet::SYNCHRONOUS).iter().next())
    }

    /// Settles what becomes of an interrupted system call, before a handler's frame is made or when no
    /// handler ran. Returns the mask that holds while choosing and the handler's begins with.
    fn settle(&mut self, resume: &mut Resume, action: Option<&Action>) -> SigSet {
        let target = self.machine.engine.target;
        match std::mem::replace(resume, Resume::Here) {
            Resume::Restart { restart, arg0 } => {
                let again = match (restart, action) {
                    (Restart::Always, _) | (_, None) => true,
                    (Restart::Unhandled, Some(_)) => false,
                    (Restart::IfAsked, Some(action)) => action.has(libc::SA_RESTART),
                };
                match again {
                    true => target.restart_syscall(&mut self.context.guest, arg0, None),
                    false => target.set_result(&mut self.context.guest, Errno::EINTR.to_return()),
                }
                self.thread.mask
            }
            Resume::Suspended { mask, arg0 } => {
                // That no handler ran is for a tracer to bring about: the kernel knows before it ends such a call.
                if action.is_none() && self.mailbox.trace.is_traced() {
                    target.restart_syscall(&mut self.context.guest, arg0, None);
                }
                mask
            }
            Resume::Here | Resume::Cause(_) | Resume::Filtered { .. } => self.thread.mask,
        }
    }

    /// Delivers a signal that an instruction caused.
    pub fn deliver_cause(&mut self, cause: Cause) {
        let Some((signal, info)) = self.pass(cause.signal, cause.info()) else { return };
        match signal == cause.signal {
            true => self.force_traced(signal, info),
            false => self.force_instead(signal, &info),
        }
    }

    /// The same after the tracer was asked, if there is one.
    fn force_traced(&mut self, signal: Signal, info: Info) {
        match self.trace_stop(signal, info, &mut Resume::Here) {
            Some((passed, info)) if passed != signal => self.force_instead(passed, &info),
            Some((signal, info)) => self.force(signal, &info),
            None => {}
        }
    }

    /// Delivers what came in the place of a signal that an instruction caused: like one that was sent.
    fn force_instead(&mut self, signal: Signal, info: &Info) {
        self.act_instead(signal, info, &mut Resume::Here);
        handler::set_mask(self.thread.mask.host_mask());
    }

    /// Delivers a signal that the guest has no way past: where it is blocked or ignored it ends the process
    /// (kernel/signal.c, force_sig_info_to_task).
    fn force(&mut self, signal: Signal, info: &Info) {
        self.trace_signal(signal, info);
        let action = self.process.actions.take(signal, self.process.host_signals);
        match action.disposition(signal) {
            Disposition::Handler(_) if !self.thread.mask.contains(signal) => {
                let mask = self.thread.mask;
                self.enter_handler(signal, info, &action, mask);
                handler::set_mask(self.thread.mask.host_mask());
            }
            _ => self.die(signal, info),
        }
    }

    /// Has the guest go on in its handler. `blocked` is what is blocked at this moment; the thread's own
    /// mask is what comes back after the handler.
    fn enter_handler(&mut self, signal: Signal, info: &Info, action: &Action, blocked: SigSet) {
        if !self.push_frame(signal, info, action) {
            return self.frame_failed(signal);
        }
        let own = if action.has(libc::SA_NODEFER) { SigSet::EMPTY } else { SigSet::of(&[signal]) };
        self.thread.mask = blocked.union(action.mask).union(own).without(SigSet::UNBLOCKABLE);
        // To enter a handler counts as a step (kernel/signal.c, signal_setup_done).
        self.mailbox.trace.stepped.store(1, Ordering::Relaxed);
    }

    fn push_frame(&mut self, signal: Signal, info: &Info, action: &Action) -> bool {
        let target = self.machine.engine.target;
        let sp = GuestAddr(target.sp(&self.context.guest));
        let alt = self.thread.alt_stack;
        let top = alt.top_for(action, sp);
        let restorer = if action.has(SA_RESTORER) { action.restorer } else { self.machine.sigreturn };
        let delivery = SignalDelivery {
            signal: signal.number() as u32,
            handler: action.handler,
            info,
            restorer,
            stack: top.unwrap_or(sp).0,
            mask: self.thread.mask.0,
            altstack: in_frame(alt, sp),
            fault: self.last_fault,
        };
        let frame = target.signal_frame(&self.context.guest, &delivery);
        let on_alt = top.is_some() || alt.is_running_on(sp);
        if self.process.space.is_watching() {
            for (addr, bytes) in frame.pieces() {
                let end = GuestAddr(addr.saturating_add(bytes.len() as u64));
                self.machine.engine.open_watched(&self.process.space, Range { start: GuestAddr(addr), end });
            }
        }
        let fits = !on_alt || frame.addr >= alt.base.0;
        let mut pieces = frame.pieces();
        if !fits || !pieces.all(|(addr, bytes)| memory::write_bytes(GuestAddr(addr), bytes).is_ok()) {
            return false;
        }
        target.enter_handler(&mut self.context.guest, &delivery, frame.addr);
        if alt.flags & SS_AUTODISARM != 0 {
            self.thread.alt_stack = AltStack::NONE;
        }
        true
    }

    /// The stack can't take a frame: SIGSEGV, and death if that was it (force_sigsegv).
    fn frame_failed(&mut self, signal: Signal) {
        let action = self.process.actions.get(Signal::SIGSEGV);
        let handled = matches!(action.disposition(Signal::SIGSEGV), Disposition::Handler(_));
        let cause = Cause { signal: Signal::SIGSEGV, code: libc::SI_KERNEL, addr: 0 };
        let blocked = self.thread.mask.contains(Signal::SIGSEGV);
        if signal == Signal::SIGSEGV || !handled || blocked || !self.push_frame(cause.signal, &cause.info(), &action) {
            self.die(Signal::SIGSEGV, &cause.info());
        }
        self.thread.mask = self.thread.mask.union(action.mask).union(SigSet::of(&[Signal::SIGSEGV]));
    }

    /// rt_sigreturn. False if a signal came before: the call is to be made again after it.
    #[inline(never)]
    pub fn signal_return(&mut self) -> bool {
        let mut state = self.context.guest.clone();
        let mut read = |addr: u64, out: &mut [u8]| memory::read_bytes(GuestAddr(addr), out).is_ok();
        let Some(back) = self.machine.engine.target.signal_return(&mut state, &mut read) else {
            self.context.guest = state;
            self.last_fault = None;
            self.deliver_cause(self.refused_frame());
            return true;
        };
        let mask = SigSet(back.mask).without(SigSet::UNBLOCKABLE);
        if !handler::set_mask_unless(mask.host_mask(), &self.thread.pending) {
            return false;
        }
        self.thread.mask = mask;
        self.context.guest = state;
        let sp = GuestAddr(self.machine.engine.target.sp(&self.context.guest));
        if !self.thread.alt_stack.is_running_on(sp) {
            self.thread.alt_stack = from_frame(back.altstack);
        }
        true
    }

    /// What comes of a frame that rt_sigreturn refuses: an address counts as mapped if anything is at or above it (find_vma).
    fn refused_frame(&self) -> Cause {
        let Some(addr) = self.machine.engine.target.refused_frame(&self.context.guest) else {
            return Cause { signal: Signal::SIGSEGV, code: libc::SI_KERNEL, addr: 0 };
        };
        let is_below = self.process.space.regions().last().is_some_and(|last| addr < last.range.end.0);
        Cause {
            signal: Signal::SIGSEGV,
            code: if is_below { info::code::SEGV_ACCERR } else { info::code::SEGV_MAPERR },
            addr,
        }
    }

    /// Signals that were held back while the guest blocked them are delivered once it no longer does.
    pub fn release_held(&mut self) {
        if self.thread.held.without(self.thread.mask) != SigSet::EMPTY {
            self.mailbox.wake();
        }
    }

    /// Blocks all signals for a thread that ends. What was noted meanwhile the process' other threads get, but for what was
    /// meant for this one (kernel/signal.c, exit_signals).
    pub fn leave_signals(&self) {
        handler::set_mask(SigSet::ALL);
        for signal in SigSet(self.mailbox.arrived()).iter() {
            let info = self.mailbox.take(signal);
            if i32::from_ne_bytes([info[8], info[9], info[10], info[11]]) != libc::SI_TKILL {
                let args = [std::process::id().into(), signal.number() as u64, info.as_ptr() as u64, 0, 0, 0];
                // SAFETY: the kernel reads 128 bytes. To itself a process may send all that the kernel told it.
                let _ = unsafe { memory::sys::syscall(libc::SYS_rt_sigqueueinfo as u64, args) };
            }
        }
    }

    /// Tells `--strace` of a signal.
    fn trace_signal(&self, signal: Signal, info: &Info) {
        if let Some(strace) = &self.process.strace {
            strace.signal(self.thread.tid, signal, info);
        }
    }

    /// Ends the process by a signal.
    pub fn die(&mut self, signal: Signal, info: &Info) -> ! {
        if signal.default_action() == DefaultAction::Core {
            crash::crashed(self, signal, info);
        }
        if let Some(strace) = &self.process.strace {
            strace.killed(self.thread.tid, signal);
        }
        self.debug_end(Ended::Killed(signal));
        self.finish();
        self.trace_death();
        fatal::die(signal)
    }
}

/// Stops the process as SIG_DFL of SIGTSTP and its like does.
fn stop() {
    // SAFETY: the calls touch no memory; a process may always stop itself.
    let _ = unsafe {
        let pid = memory::sys::syscall(libc::SYS_getpid as u64, [0; 6]).unwrap_or(0);
        memory::sys::syscall(libc::SYS_kill as u64, [pid, libc::SIGSTOP as u64, 0, 0, 0, 0])
    };
}

/// The alternate stack as a frame records it.
fn in_frame(alt: AltStack, sp: GuestAddr) -> target::AltStack {
    let state = match alt.size {
        0 => libc::SS_DISABLE,
        _ if alt.is_running_on(sp) => libc::SS_ONSTACK,
        _ => 0,
    };
    target::AltStack { sp: alt.base.0, flags: (alt.flags | state) as u32, size: alt.size }
}

/// The alternate stack that a frame brings back.
fn from_frame(alt: target::AltStack) -> AltStack {
    match alt.flags as i32 & libc::SS_DISABLE {
        0 => AltStack { base: GuestAddr(alt.sp), size: alt.size, flags: alt.flags as i32 & SS_AUTODISARM },
        _ => AltStack::NONE,
    }
}
