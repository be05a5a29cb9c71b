//! The run loop: enter guest code, serve what it left for, begin again.

use codegen::{Left, Mend};
use ir::Exit;
use memory::{Changed, Errno, GuestAddr};
use syscalls::{Call, Outcome, Restart, Wait};
use target::{Access, SyscallRegs};

use crate::cache::Key;
use crate::crash::wait_for_the_end;
use crate::engine::interp::Ground;
use crate::engine::{FetchFault, NoCode};
use crate::ptrace;
use crate::signals::{Cause, Resume, fatal};
use crate::vcpu::Vcpu;

/// How a guest thread ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The thread alone.
    Thread {
        /// Exit status.
        status: i32,
    },
    /// The whole process.
    Process {
        /// Exit status.
        status: i32,
    },
}

impl Vcpu {
    /// Runs the thread to its end.
    pub fn run(&mut self) -> End {
        self.mind_filters();
        loop {
            let left = match (self.seat.is_some(), self.mailbox.trace.is_traced()) {
                (true, _) => self.execute_debugged(),
                (_, true) => self.execute_traced(),
                _ => self.execute(),
            };
            let left = if let Err(NoCode::Breakpoint) = left { self.breakpoint() } else { left };
            let resume = match left {
                Ok(Exit::Jump | Exit::Interrupted) => Resume::Here,
                Ok(Exit::Syscall) => match self.system_call() {
                    Ok(resume) => resume,
                    Err(end) => return self.end(end),
                },
                Ok(Exit::Restart) => self.call_to_restart(),
                Ok(Exit::Trap(trap)) => self.trap(trap),
                Ok(Exit::Fault { addr }) => self.access_fault(addr),
                Ok(Exit::Invalidate { addr, len }) => {
                    self.machine.engine.code_written(&self.process.space, addr, len);
                    Resume::Here
                }
                Err(NoCode::Fetch(fault)) => self.fetch_fault(fault),
                Err(NoCode::Memory(_)) => fatal::out_of_memory(),
                Err(NoCode::Breakpoint) => Resume::Here,
            };
            if self.mailbox.is_pending() || !matches!(resume, Resume::Here) {
                self.deliver(resume);
            }
            self.release_held();
            if self.mailbox.trace.is_traced() {
                self.trace_point();
            }
            if self.seat.is_some() {
                self.debug_point();
            }
        }
    }

    /// Tells `--strace` of the end.
    fn end(&self, end: End) -> End {
        if let Some(strace) = &self.process.strace {
            let (End::Thread { status } | End::Process { status }) = end;
            strace.exited(self.thread.tid, status);
        }
        end
    }

    /// Runs guest code until it leaves for more than a jump.
    pub(crate) fn execute(&mut self) -> Result<Exit, NoCode> {
        loop {
            self.context.clear_request();
            if self.mailbox.is_pending() {
                return Ok(Exit::Interrupted);
            }
            let exit = if self.machine.engine.interprets { self.interpret()? } else { self.enter()? };
            if exit != Exit::Jump {
                return Ok(exit);
            }
        }
    }

    /// What the code for where the thread is at is found by.
    pub(crate) fn key(&self) -> Key {
        Key { pc: self.context.guest.pc, mode: self.machine.engine.target.mode(&self.context.guest) }
    }

    fn interpret(&mut self) -> Result<Exit, NoCode> {
        let (engine, key) = (&self.machine.engine, self.key());
        if engine.cache.residents.are_halted() {
            wait_for_the_end();
        }
        if engine.breakpoints.contains(key.pc) {
            return Err(NoCode::Breakpoint);
        }
        self.exits.interpreted += 1;
        let (stops, epoch) = (&engine.breakpoints, engine.cache.epoch());
        let (target, space, tracer) = (engine.target, &self.process.space, engine.tracer.as_ref());
        let ground = Ground { target, space, stops, limits: engine.limits, tracer, watches: None };
        self.interpreter.step(&ground, epoch, key, &mut self.context.guest).map_err(NoCode::Fetch)
    }

    /// Enters emitted code. A jump that was not linked is followed at once: the flags may be stale where it leads to
    /// (targets/common/src/ahead.rs), and no signal may show that.
    fn enter(&mut self) -> Result<Exit, NoCode> {
        loop {
            let left = self.enter_once()?;
            if !matches!(left.mend, Mend::Link(_)) {
                return Ok(left.exit);
            }
        }
    }

    /// Enters emitted code once. What it left for is mended, so that it does not leave there again.
    fn enter_once(&mut self) -> Result<Left, NoCode> {
        let engine = &self.machine.engine;
        self.synchronise();
        let key = self.key();
        self.context.adopt(engine.target.branching(key.mode));
        let code = match engine.cache.table.get(key) {
            Some(code) => code,
            None => self.translate(key)?,
        };
        let control = engine.target.fp_control(&self.context.guest);
        self.context.set_fp_control(control);
        // SAFETY: the thread is a resident since `synchronise`, and the context was made ready in `Vcpu::new`.
        let raw = unsafe { engine.run(&mut self.context, code) };
        let left = self.context.left(raw);
        self.exits.count(&left);
        match left.mend {
            Mend::Nothing => {}
            Mend::Link(exit) => self.link(exit)?,
            Mend::Lookup => self.remember()?,
        }
        if matches!(left.exit, Exit::Fault { .. }) && !engine.recover(&mut self.context) {
            fatal::bug("emitted code faulted where it may not");
        }
        self.resident.leave();
        Ok(left)
    }

    /// Brings what the thread remembers of code up to date, and declares that it is about to be in code.
    fn synchronise(&mut self) {
        let cache = &self.machine.engine.cache;
        loop {
            let epoch = cache.epoch();
            self.resident.enter(epoch);
            if cache.epoch() != epoch {
                continue;
            }
            if cache.residents.are_halted() {
                self.resident.leave();
                wait_for_the_end();
            }
            if self.context.epoch() != epoch {
                self.forget_gone();
                self.context.set_epoch(epoch);
            }
            if self.context.calls_exhausted() {
                self.context.reset_calls();
            }
            return;
        }
    }

    /// Forgets code that went since the thread's epoch. Where blocks went alone their memory is still there, and what
    /// follows their calls is a jump that was unlinked if need be: return addresses stay right.
    fn forget_gone(&mut self) {
        let engine = &self.machine.engine;
        let shift = engine.target.code_shift() as u8;
        match engine.cache.lock().gone_after(self.context.epoch()) {
            Some(gone) => gone.for_each(|pc| self.context.lookup.remove(pc, shift)),
            None => {
                self.context.lookup.clear();
                self.context.reset_calls();
            }
        }
    }

    /// The code for the address the thread goes on at, made if need be.
    fn next_code(&mut self) -> Result<(Key, u64), NoCode> {
        let key = self.key();
        let engine = &self.machine.engine;
        let code = match engine.cache.table.get(key) {
            Some(code) => code,
            None => self.translate(key)?,
        };
        Ok((key, code))
    }

    /// Has code made for the key that the thread is at.
    #[cold]
    fn translate(&self, key: Key) -> Result<u64, NoCode> {
        let engine = &self.machine.engine;
        let expectation = engine.target.expectation(&self.context.guest);
        engine.translate(&self.process.space, key, expectation).inspect_err(|_| self.resident.leave())
    }

    /// Points the jump whose exit is at `exit` to where it goes.
    fn link(&mut self, exit: u64) -> Result<(), NoCode> {
        let (key, _) = self.next_code()?;
        self.machine.engine.cache.lock().link(exit, key);
        Ok(())
    }

    /// Has indirect branches find where this one went.
    fn remember(&mut self) -> Result<(), NoCode> {
        let (key, code) = self.next_code()?;
        self.context.lookup.insert(key.pc, code, self.machine.engine.target.code_shift() as u8);
        Ok(())
    }

    /// Serves a system call; how to go on, or that the thread has ended.
    fn system_call(&mut self) -> Result<Resume, End> {
        if self.mailbox.trace.is_traced() {
            return self.traced_call();
        }
        let call = self.call_here();
        self.serve(&call)
    }

    /// The system call that the registers say.
    pub(crate) fn call_here(&self) -> Call {
        let (target, guest) = (self.machine.engine.target, &self.context.guest);
        let SyscallRegs { number: nr, args } = target.syscall(guest);
        Call { nr, args, pc: GuestAddr(guest.pc), sp: GuestAddr(target.sp(guest)) }
    }

    /// Serves one.
    pub(crate) fn serve(&mut self, call: &Call) -> Result<Resume, End> {
        let outcome = match self.seat.is_some() || self.process.space.is_watching() {
            true => self.watched_call(call),
            false => syscalls::dispatch(&self.process, &mut self.thread, call),
        };
        self.mind_filters();
        if ptrace::traces() {
            self.tracer_called(call, &outcome);
        }
        if let Outcome::Return(value) = outcome {
            self.set_result(value);
            return Ok(Resume::Here);
        }
        self.apply(call, outcome)
    }

    /// A system call of emitted code's was interrupted before it did anything.
    fn call_to_restart(&self) -> Resume {
        let SyscallRegs { args, .. } = self.machine.engine.target.syscall(&self.context.guest);
        Resume::Restart { restart: self.restart_as(Restart::IfAsked), arg0: args[0] }
    }

    /// When a call is made again of which the kernel says `restart`, or said EINTR where a tracer had to be asked first.
    fn restart_as(&self, restart: Restart) -> Restart {
        if self.mailbox.trace.take(|record| &record.unhandled) { Restart::Unhandled } else { restart }
    }

    /// Sees to it that all calls are seen here if the thread has filters, or pointers with tags, which may stand in memory
    /// too: whoever gives other threads some has them too.
    pub(crate) fn mind_filters(&self) {
        if self.thread.is_filtered() || self.process.tagging.is_on() {
            self.machine.engine.calls.close();
        }
    }

    /// Does what a system call says should happen, but for the plain result.
    #[inline(never)]
    fn apply(&mut self, call: &Call, outcome: Outcome) -> Result<Resume, End> {
        let target = self.machine.engine.target;
        let again = |this: &mut Vcpu| target.restart_syscall(&mut this.context.guest, call.args[0], None);
        match outcome {
            Outcome::Return(value) => self.set_result(value),
            Outcome::CodeChanged { value, changed } => {
                self.machine.engine.mappings_changed(&self.process.space, &changed);
                self.set_result(value);
            }
            // A tracer saw the call begin, and sees it end.
            Outcome::NotBegun if self.mailbox.trace.is_traced() => {
                return Ok(Resume::Restart { restart: Restart::Always, arg0: call.args[0] });
            }
            Outcome::NotBegun => again(self),
            Outcome::Restart(restart) => {
                let restart = self.restart_as(restart);
                return Ok(Resume::Restart { restart, arg0: call.args[0] });
            }
            Outcome::Interrupted { mask } => {
                self.mailbox.trace.take(|record| &record.unhandled);
                self.set_result(Errno::EINTR.to_return());
                return Ok(Resume::Suspended { mask, arg0: call.args[0] });
            }
            Outcome::Trace(request) => {
                let result = self.ptrace(request).unwrap_or_else(Errno::to_return);
                self.set_late_result(call, result);
            }
            Outcome::Tags(request) => {
                let result = self.tags(request).unwrap_or_else(Errno::to_return);
                self.set_late_result(call, result);
                self.mind_filters();
            }
            Outcome::Vectors(word) => {
                let result = self.vector_control(word).unwrap_or_else(Errno::to_return);
                self.set_late_result(call, result);
            }
            Outcome::Keys(request) => {
                let result = self.keys(request).unwrap_or_else(Errno::to_return);
                self.set_late_result(call, result);
            }
            Outcome::Wait(wait) => return self.wait_for(call, wait),
            Outcome::Exit { status } => return Err(End::Thread { status }),
            Outcome::ExitGroup { status } => return Err(End::Process { status }),
            Outcome::Kill { signal } => self.die(signal, &Cause { signal, code: libc::SI_KERNEL, addr: 0 }.info()),
            Outcome::Filtered { code, data } => return Ok(Resume::Filtered { code, data, nr: call.nr as i32 }),
            Outcome::Inspect { data } => return self.inspected_call(call, data),
            Outcome::Clone(request) => {
                let result =
                    self.away(|this| this.clone_task(&request)).map_or_else(Errno::to_return, |tid| tid as u64);
                self.set_late_result(call, result);
            }
            Outcome::Exec(request) => match self.exec(request) {
                crate::exec::Failed::Errno(error) => self.set_late_result(call, error.to_return()),
                crate::exec::Failed::SignalPending => again(self),
            },
            Outcome::SigReturn => {
                if !self.signal_return() {
                    again(self);
                }
            }
        }
        Ok(Resume::Here)
    }

    /// Waits for children, of whose stops it has to be found out what they are to the guest.
    fn wait_for(&mut self, call: &Call, wait: Wait) -> Result<Resume, End> {
        let outcome = self.wait(wait);
        if let Outcome::Return(value) = outcome {
            self.set_late_result(call, value);
            return Ok(Resume::Here);
        }
        if let Some(strace) = &self.process.strace {
            strace.ended(&self.process, &self.thread, call, &outcome);
        }
        self.apply(call, outcome)
    }

    /// Makes a call while a debugger watches, or while code is watched, to which the call may write.
    #[cold]
    fn watched_call(&mut self, call: &Call) -> Outcome {
        let written = if self.process.space.is_watching() { self.before_writes(call) } else { Changed::default() };
        let outcome = match &self.seat {
            None => syscalls::dispatch(&self.process, &mut self.thread, call),
            Some(_) => self.dispatch_debugged(call),
        };
        self.machine.engine.mappings_changed(&self.process.space, &written);
        outcome
    }

    /// Lets the kernel write to code that is watched; returns the code that a write to its file changes.
    fn before_writes(&self, call: &Call) -> Changed {
        let (engine, space, guest) = (&self.machine.engine, &self.process.space, self.process.abi.guest);
        for range in syscalls::written::memory(call, guest, self.process.tag_bits()) {
            engine.open_watched(space, range);
        }
        syscalls::written::file(call, guest).map_or_else(Changed::default, |fd| space.code_of_file(fd))
    }

    /// Sets the result of a call that was made here, and tells it to `--strace`.
    fn set_late_result(&mut self, call: &Call, value: u64) {
        if let Some(strace) = &self.process.strace {
            strace.finish(&self.process, self.thread.tid, call, value);
        }
        self.set_result(value);
    }

    fn set_result(&mut self, value: u64) {
        self.machine.engine.target.set_result(&mut self.context.guest, value);
    }

    /// An instruction could not be fetched.
    fn fetch_fault(&mut self, fault: FetchFault) -> Resume {
        let cause = crate::signals::faults::of_fetch(fault);
        self.note_fault(&cause, |_| Access::Execute);
        Resume::Cause(cause)
    }
}
