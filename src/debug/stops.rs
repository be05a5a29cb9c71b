//! A guest thread with a debugger: where it looks whether it is to stop, and what it says then.

use gdbstub::common::Tid;
use gdbstub::stub::MultiThreadStopReason as Reason;
use gdbstub::target::ext::breakpoints::WatchKind;
use ir::Exit;
use memory::sys;
use syscalls::{Call, Outcome, Signal};

use super::connection;
use super::session::{Next, Session};
use super::vforks::pid;
use super::world::Action;
use super::{Debugger, Seat, lock, signal};
use crate::engine::NoCode;
use crate::engine::interp::{self, Ground};
use crate::engine::watch::{Access, Watch, Watches};
use crate::signals::fatal;
use crate::vcpu::Vcpu;
use std::sync::Arc;

/// How a process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// With an exit status.
    Exited(i32),
    /// By a signal.
    Killed(Signal),
}

impl Vcpu {
    /// Takes a seat, so that the debugger knows the thread; for the process' first thread it waits for the debugger.
    pub fn meet_debugger(&mut self, is_first: bool) {
        let Some(debugger) = &self.machine.debugger else { return };
        let seat = self.new_seat();
        debugger.world.enter(Arc::clone(&seat));
        self.seat = Some(seat);
        if !is_first {
            return self.stand();
        }
        match debugger.connect(self.machine, &self.process) {
            Ok(follows) => self.begin_debugging(follows),
            Err(error) => {
                eprintln!("transom: no debugger: {error}");
                self.forget_debugger();
            }
        }
    }

    /// A seat for this thread, which has none.
    pub(super) fn new_seat(&self) -> Arc<Seat> {
        let pending = Arc::clone(&self.thread.pending);
        Arc::new(Seat::new(self.thread.tid, pending, Arc::clone(&self.resident)))
    }

    /// The debugger and the seat, where there are any.
    pub(super) fn debugged(&self) -> Option<(&'static Debugger, Arc<Seat>)> {
        self.machine.debugger.as_ref().zip(self.seat.clone())
    }

    /// A place where the thread can stand.
    fn stand(&mut self) {
        if let Some((debugger, seat)) = self.debugged() {
            debugger.world.pause(&seat, &raw mut self.context.guest);
        }
    }

    /// Does something that leaves the registers alone, and may take its time: the thread stands meanwhile.
    pub fn away<R>(&mut self, act: impl FnOnce(&mut Vcpu) -> R) -> R {
        let Some((debugger, seat)) = self.debugged() else { return act(self) };
        debugger.world.stand(&seat, &raw mut self.context.guest);
        let result = act(self);
        debugger.world.go_on(&seat);
        result
    }

    /// Runs guest code as the debugger wants it.
    pub fn execute_debugged(&mut self) -> Result<Exit, NoCode> {
        let Some((debugger, seat)) = self.debugged() else { return self.execute() };
        match seat.action() {
            Action::StepWithin(..) if self.machine.engine.breakpoints.contains(self.context.guest.pc) => {
                Err(NoCode::Breakpoint)
            }
            Action::Step | Action::StepWithin(..) => {
                self.context.clear_request();
                if self.mailbox.is_pending() {
                    return Ok(Exit::Interrupted);
                }
                self.stepped = true;
                self.step_over()
            }
            _ => match debugger.watches() {
                watches if watches.is_empty() => self.execute(),
                watches => self.execute_watched(Watches::new(watches)),
            },
        }
    }

    /// Executes one instruction, whether there is a breakpoint at it or not.
    pub fn step_over(&mut self) -> Result<Exit, NoCode> {
        let target = self.machine.engine.target;
        interp::step_one(target, &self.process.space, &mut self.context.guest).map_err(NoCode::Fetch)
    }

    fn execute_watched(&mut self, watches: Watches) -> Result<Exit, NoCode> {
        let engine = &self.machine.engine;
        loop {
            self.context.clear_request();
            if self.mailbox.is_pending() {
                return Ok(Exit::Interrupted);
            }
            let key = self.key();
            if engine.breakpoints.contains(key.pc) {
                return Err(NoCode::Breakpoint);
            }
            let ground = Ground {
                target: engine.target,
                space: &self.process.space,
                stops: &engine.breakpoints,
                limits: engine.limits,
                tracer: engine.tracer.as_ref(),
                watches: Some(&watches),
            };
            let epoch = engine.cache.epoch();
            let exit = self.interpreter.step(&ground, epoch, key, &mut self.context.guest).map_err(NoCode::Fetch)?;
            if let Some(hit) = watches.take_hit() {
                self.report(watch_reason(&hit, self.tid()));
                return Ok(Exit::Jump);
            }
            if exit != Exit::Jump {
                return Ok(exit);
            }
        }
    }

    /// The thread has come to a breakpoint.
    pub fn breakpoint(&mut self) -> Result<Exit, NoCode> {
        if self.seat.is_none() {
            // The child of a vfork runs its parent's code.
            return self.step_over();
        }
        self.report(Reason::SwBreak(self.tid()));
        Ok(Exit::Jump)
    }

    /// Between two rounds of the run loop: hears what the debugger says, and tells it of a step that is done.
    pub fn debug_point(&mut self) {
        let Some((debugger, seat)) = self.debugged() else { return };
        if let Some(event) = self.event.take() {
            self.tell_event(event);
        }
        if seat.pid == pid() && connection::heard() {
            self.hear();
        }
        debugger.world.pause(&seat, &raw mut self.context.guest);
        let done = match seat.action() {
            Action::Step => true,
            Action::StepWithin(start, end) => !(start..end).contains(&self.context.guest.pc),
            Action::Continue | Action::Hold => false,
        };
        if std::mem::take(&mut self.stepped) && done {
            let trap = gdbstub::common::Signal::SIGTRAP;
            self.report(Reason::SignalWithThread { tid: self.tid(), signal: trap });
        }
        if let Some(signal) = seat.take_signal() {
            self.send(signal);
        }
    }

    /// What becomes of a signal before the guest gets it: another, or none.
    pub fn debug_signal(&mut self, signal: Signal) -> Option<Signal> {
        let Some((_, seat)) = self.debugged() else { return Some(signal) };
        if self.sent.take_if(|sent| *sent == signal).is_some() {
            return Some(signal);
        }
        let number = signal::to_gdb(signal);
        while !self.report(Reason::SignalWithThread { tid: self.tid(), signal: number }) {}
        if self.seat.is_none() {
            return Some(signal);
        }
        seat.take_signal().and_then(Signal::new)
    }

    /// A system call. Where it ended early for the debugger's sake alone it has not begun, so that the guest sees nothing.
    pub fn dispatch_debugged(&mut self, call: &Call) -> Outcome {
        let outcome = self.away(|this| syscalls::dispatch(&this.process, &mut this.thread, call));
        let early = match &outcome {
            Outcome::Interrupted { .. } => true,
            Outcome::Return(value) => *value == memory::Errno::EINTR.to_return(),
            _ => false,
        };
        let disturbed = early && self.mailbox.is_pending() && self.mailbox.arrived() == 0;
        if disturbed { Outcome::NotBegun } else { outcome }
    }

    /// The thread ends; the process with it if it was the last.
    pub fn leave_debugger(&mut self, status: i32) {
        let Some((debugger, seat)) = self.debugged() else { return };
        if debugger.world.seats().len() == 1 {
            return self.debug_end(Ended::Exited(status));
        }
        self.seat = None;
        debugger.world.leave(&seat);
    }

    /// The process ends.
    pub fn debug_end(&mut self, ended: Ended) {
        let reason = match ended {
            Ended::Exited(status) => Reason::Exited(status as u8),
            Ended::Killed(signal) => Reason::Terminated(signal::to_gdb(signal)),
        };
        while self.seat.is_some() && !self.report(reason) {}
    }

    /// Goes on without a debugger.
    pub fn forget_debugger(&mut self) {
        let Some((debugger, seat)) = self.debugged() else { return };
        debugger.world.leave(&seat);
        self.seat = None;
        self.machine.engine.breakpoints.clear();
    }

    pub(super) fn tid(&self) -> Tid {
        Tid::new(self.thread.tid as usize).unwrap_or(Tid::MIN)
    }

    /// Stops the world, tells the debugger why, and goes on as it says. False if another thread was first.
    fn report(&mut self, reason: Reason<u64>) -> bool {
        self.speak(|session| session.report(reason))
    }

    /// Stops the world and speaks with the debugger. False if another thread was first.
    fn speak(&mut self, say: impl FnOnce(&mut Session) -> Next) -> bool {
        let Some((debugger, seat)) = self.debugged() else { return true };
        if seat.pid != pid() {
            // The debugger follows the child of a vfork, and has left this process.
            self.seat = None;
            return true;
        }
        let is_first = debugger.world.stop(&seat, &raw mut self.context.guest);
        if is_first {
            self.converse(debugger, &seat, say);
        }
        is_first
    }

    /// Speaks with the debugger, when another thread does first after that.
    pub(super) fn speak_surely(&mut self, say: impl FnOnce(&mut Session) -> Next) {
        let Some((debugger, seat)) = self.debugged() else { return };
        while !debugger.world.stop(&seat, &raw mut self.context.guest) {}
        self.converse(debugger, &seat, say);
    }

    fn converse(&mut self, debugger: &Debugger, seat: &Seat, say: impl FnOnce(&mut Session) -> Next) {
        self.stepped = false;
        let next = lock(&debugger.session).as_mut().map_or(Next::Detached, say);
        self.follow(debugger, seat, next);
    }

    fn follow(&mut self, debugger: &Debugger, seat: &Seat, next: Next) {
        match next {
            Next::Run => {}
            Next::Kill => fatal::die(Signal::SIGKILL),
            Next::Detached => {
                self.machine.engine.breakpoints.clear();
                lock(&debugger.watches).clear();
                debugger.world.seats().iter().for_each(|seat| seat.set_action(Action::Continue, None));
                *lock(&debugger.session) = None;
                self.seat = None;
                debugger.world.leave(seat);
            }
        }
        debugger.world.resume(seat);
    }

    /// The debugger sent something while the guest ran: Ctrl-C, most likely.
    fn hear(&mut self) {
        let Some((debugger, seat)) = self.debugged() else { return };
        if !debugger.world.stop(&seat, &raw mut self.context.guest) {
            return;
        }
        let interrupt = Reason::SignalWithThread { tid: self.tid(), signal: gdbstub::common::Signal::SIGINT };
        let next = match &mut *lock(&debugger.session) {
            None => Next::Detached,
            Some(session) => match session.is_interrupted() {
                true => session.report(interrupt),
                false if session.is_open() => Next::Run,
                false => Next::Detached,
            },
        };
        self.follow(debugger, &seat, next);
    }

    /// Sends the thread a signal that the debugger wants it to have.
    fn send(&mut self, signal: i32) {
        self.sent = Signal::new(signal);
        let number = |nr: i64, args: [u64; 6]| {
            // SAFETY: these calls touch no memory.
            unsafe { sys::syscall(nr as u64, args) }.unwrap_or(0)
        };
        let pid = number(libc::SYS_getpid, [0; 6]);
        number(libc::SYS_tgkill, [pid, self.thread.tid as u64, signal as u64, 0, 0, 0]);
    }
}

fn watch_reason(hit: &Watch, tid: Tid) -> Reason<u64> {
    let kind = match hit.access {
        Access::Read => WatchKind::Read,
        Access::Write => WatchKind::Write,
        Access::Any => WatchKind::ReadWrite,
    };
    Reason::Watch { tid, kind, addr: hit.addr }
}
