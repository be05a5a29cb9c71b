//! One guest thread: its registers, what Linux knows of it, and what it runs on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ir::GuestState;
use syscalls::{Process, Signal, Thread};
use target::MemoryFault;

use crate::cache::Resident;
use crate::debug::{Event, Seat};
use crate::engine::interp::Interpreter;
use crate::engine::stats::{Exits, report};
use crate::exec::Executing;
use crate::machine::Machine;
use crate::signals::Mailbox;
use crate::signals::faults::Refusal;
use crate::threads::{Quarters, Stacks};

/// A guest thread.
pub struct Vcpu {
    /// The machine it is part of.
    pub machine: &'static Machine,
    /// Its process.
    pub process: Arc<Process>,
    /// Its thread, as system calls know it.
    pub thread: Thread,
    /// What the signal handler tells.
    pub mailbox: Box<Mailbox>,
    /// The stacks that its code and its signal handlers run on.
    pub stacks: Stacks,
    /// The write that faulted last without an apparent reason.
    pub(crate) refused: Option<Refusal>,
    /// Its latest fault of memory.
    pub(crate) last_fault: Option<MemoryFault>,
    /// How often it left emitted code, and why.
    pub exits: Exits,
    /// How often it forked.
    pub(crate) forks: u32,
    /// Whether, as a child that is about to begin, it sets its handlers back.
    pub(crate) clears_handlers: bool,
    /// Its place with the debugger, where there is one.
    pub seat: Option<Arc<Seat>>,
    /// What it tells the debugger at its next stop.
    pub(crate) event: Option<Event>,
    /// Whether it executed an instruction since it was told to step.
    pub(crate) stepped: bool,
    /// The signal that it gets without the debugger being asked again.
    pub(crate) sent: Option<Signal>,
    /// What it executes at this moment.
    pub(crate) executing: Option<Box<Executing>>,
    pub(crate) interpreter: Interpreter,
    pub(crate) resident: Arc<Resident>,
    /// The last field: the others point to it.
    pub context: Quarters,
}

impl Vcpu {
    /// A thread of `process` that begins with `state`.
    pub fn new(machine: &'static Machine, process: Arc<Process>, state: GuestState, stacks: Stacks) -> Vcpu {
        let engine = &machine.engine;
        let mut context = Quarters::new(engine);
        let (low, high) = stacks.code();
        context.set_stack(low, high);
        context.guest = state;
        let pending = Arc::new(AtomicU32::new(0));
        let mailbox = Mailbox::new(engine, &raw mut *context, Arc::clone(&pending), process.tagging.address());
        // SAFETY: `drop` removes it before the context goes.
        let resident = unsafe { engine.cache.residents.add(&raw const *context) };
        context.set_calls(&engine.calls, &pending, resident.running());
        Vcpu {
            machine,
            process,
            thread: Thread::new(0, pending),
            mailbox,
            stacks,
            refused: None,
            last_fault: None,
            exits: Exits::default(),
            forks: 0,
            clears_handlers: false,
            seat: None,
            event: None,
            stepped: false,
            sent: None,
            executing: None,
            interpreter: Interpreter::default(),
            resident,
            context,
        }
    }
}

impl Vcpu {
    /// Tells the thread its id.
    pub fn set_tid(&mut self, tid: i32) {
        self.thread.set_tid(tid);
        // Tracers know the record by this.
        self.mailbox.trace.tid.store(tid, Ordering::Release);
        self.resident.set_tid(tid);
    }

    /// Keeps what is to be kept and prints what is to be printed when the process ends.
    pub fn finish(&self) {
        self.machine.engine.save();
        if self.machine.options.stats {
            let mut exits = *self.machine.exits.lock();
            exits.add(&self.exits);
            eprint!("{}", report(&self.machine.engine.translation(), exits));
        }
    }
}

impl Drop for Vcpu {
    fn drop(&mut self) {
        self.machine.engine.cache.residents.remove(&self.resident);
        self.machine.exits.lock().add(&self.exits);
    }
}
