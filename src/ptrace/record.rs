//! What a traced thread and its tracer tell each other. It stands in the tracee's memory; the tracer, another process as a rule,
//! reads and writes it while the tracee is stopped.

use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use syscalls::Signal;

use super::tracee;
use crate::engine::Engine;
use crate::persist::build_id;
use crate::signals::Info;

/// Where a thread is that its tracer may see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum At {
    /// Nowhere.
    Nowhere,
    /// Before the delivery of a signal.
    Signal,
    /// Before a system call.
    Entry,
    /// Behind one.
    Exit,
    /// At an event (PTRACE_EVENT_*) that the host does not report for us.
    Event,
    /// About to stop as its whole process does.
    Group,
    /// Where it was asked to come to, between two instructions.
    Asked,
    /// About to end by a signal that was delivered.
    Dying,
}

impl At {
    /// From the number in a record.
    pub fn of(number: u32) -> At {
        let all = [At::Nowhere, At::Signal, At::Entry, At::Exit, At::Event, At::Group, At::Asked, At::Dying];
        all.into_iter().find(|&at| at as u32 == number).unwrap_or(At::Nowhere)
    }
}

/// How a thread was told to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Mode {
    /// PTRACE_CONT.
    Continue,
    /// PTRACE_SYSCALL.
    Calls,
    /// PTRACE_SINGLESTEP.
    Step,
    /// PTRACE_SYSEMU.
    Emulate,
    /// PTRACE_SYSEMU_SINGLESTEP.
    EmulateStep,
}

impl Mode {
    /// From the number in a record.
    pub fn of(number: u32) -> Mode {
        let all = [Mode::Continue, Mode::Calls, Mode::Step, Mode::Emulate, Mode::EmulateStep];
        all.into_iter().find(|&mode| mode as u32 == number).unwrap_or(Mode::Continue)
    }
}

/// Whether a process is on its parent's memory, and the parent waits for it to leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Loan {
    /// It is not.
    None,
    /// It is.
    Running,
    /// It is, and wants to be traced by its parent once it leaves.
    Postponed,
}

/// The number of a system call that its tracer did not set.
pub const NOT_SET: u64 = u64::MAX;

/// The record of one thread.
#[derive(Debug)]
#[repr(C)]
pub struct Record {
    /// Says that this is a record, and of which build.
    mark: [u64; 2],
    /// `e_machine` of the guest.
    pub machine: u32,
    /// Whose it is.
    pub tid: AtomicI32,
    /// Where the guest's registers are.
    pub guest: u64,
    /// Where the process' [`Written`] is.
    pub written: u64,
    /// Where the process' part of [`syscalls::Tagging`] is.
    pub tagging: u64,
    /// The program counter of a thread at the trap.
    pub trap: u64,
    /// The program counters of a thread in a system call that it makes for the guest.
    pub calls: [u64; 2],
    /// Whether it is traced.
    pub traced: AtomicU32,
    /// Whether by PTRACE_SEIZE.
    pub seized: AtomicU32,
    /// PTRACE_O_*.
    pub options: AtomicU32,
    /// A [`Mode`].
    pub mode: AtomicU32,
    /// An [`At`].
    pub at: AtomicU32,
    /// PTRACE_EVENT_*, at an event.
    pub event: AtomicU32,
    /// The signal that is to be delivered; the tracer may change it.
    pub signal: AtomicU32,
    /// The signal that the tracer has seen already.
    pub approved: AtomicU32,
    /// Whether it is to come to a stop.
    pub asked: AtomicU32,
    /// Whether the call that it is in is given up and made anew, without a word to the tracer.
    pub leaving: AtomicU32,
    /// Whether the interrupted call would have said EINTR after a handler, whatever that asks for.
    pub unhandled: AtomicU32,
    /// Whether it is in a call whose beginning it reported.
    pub in_call: AtomicU32,
    /// A [`Loan`].
    loan: AtomicU32,
    /// Whether the thread that it makes is none of the guest's.
    pub hides: AtomicU32,
    /// Whether it executed an instruction since it was told to step.
    pub stepped: AtomicU32,
    /// What PTRACE_GETEVENTMSG tells.
    pub message: AtomicU64,
    /// The system call's number, and what its tracer made of it.
    pub number: AtomicU64,
    /// The call's first argument, which the result replaces.
    pub first: AtomicU64,
    /// The signals that the guest blocks; the tracer may change it.
    pub mask: AtomicU64,
    /// The thread's filters as [`syscalls::seccomp::State::encode`] has them, where they are and how many bytes; as they
    /// were at the latest trap.
    pub filters: [AtomicU64; 2],
    /// What PR_SET_SYSCALL_USER_DISPATCH was told, as [`syscalls::UserDispatch::told`] has it. At the trap the tracer may
    /// change it.
    pub dispatch: [AtomicU64; 4],
    /// `siginfo_t` of the stop.
    info: [AtomicU64; 16],
}

/// Guest memory that tracers have written to since this was last looked at; empty if nothing.
#[derive(Debug)]
#[repr(C)]
pub struct Written {
    /// First byte.
    pub start: AtomicU64,
    /// Behind the last one.
    pub end: AtomicU64,
}

/// Of this process.
pub static WRITTEN: Written = Written { start: AtomicU64::new(u64::MAX), end: AtomicU64::new(0) };

impl Written {
    /// Takes what was written.
    pub fn take(&self) -> Option<(u64, u64)> {
        if self.end.load(Ordering::Acquire) == 0 {
            return None;
        }
        let end = self.end.swap(0, Ordering::AcqRel);
        let start = self.start.swap(u64::MAX, Ordering::AcqRel);
        (start < end).then_some((start, end))
    }
}

/// What the records of this build begin with.
pub fn mark() -> [u64; 2] {
    let id = build_id::own().unwrap_or_default();
    let word = |at: usize| id.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    [word(0) ^ 0x7472_616e_736f_6d21, word(8)]
}

/// Reads words of a record.
pub fn load_all<const N: usize>(words: &[AtomicU64; N]) -> [u64; N] {
    words.each_ref().map(|word| word.load(Ordering::Relaxed))
}

/// Writes them.
pub fn store_all<const N: usize>(words: &[AtomicU64; N], values: [u64; N]) {
    words.iter().zip(values).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
}

impl Drop for Record {
    /// A tracer may look at the memory once more while the thread ends.
    fn drop(&mut self) {
        self.tid.store(0, Ordering::SeqCst);
    }
}

impl Record {
    /// That of a thread of nobody's that runs `engine` on registers at `guest`, with its process' tags at `tagging`.
    pub fn new(engine: &Engine, guest: u64, tagging: u64) -> Record {
        let zero = || AtomicU32::new(0);
        Record {
            mark: mark(),
            machine: engine.target.elf_machine().into(),
            tid: AtomicI32::new(0),
            guest,
            written: &raw const WRITTEN as u64,
            tagging,
            trap: tracee::trap_address(),
            calls: [memory::sys::restart_end(), engine.call_end()],
            traced: zero(),
            seized: zero(),
            options: zero(),
            mode: zero(),
            at: zero(),
            event: zero(),
            signal: zero(),
            approved: zero(),
            asked: zero(),
            leaving: zero(),
            unhandled: zero(),
            in_call: zero(),
            loan: zero(),
            hides: zero(),
            stepped: zero(),
            message: AtomicU64::new(0),
            number: AtomicU64::new(NOT_SET),
            first: AtomicU64::new(0),
            mask: AtomicU64::new(0),
            filters: Default::default(),
            dispatch: Default::default(),
            info: Default::default(),
        }
    }

    /// Whether what was read is the record of that thread.
    pub fn is_of(&self, tid: i32) -> bool {
        self.mark == mark() && self.tid.load(Ordering::Relaxed) == tid
    }

    /// Whether anybody traces the thread.
    #[inline]
    pub fn is_traced(&self) -> bool {
        self.traced.load(Ordering::Relaxed) != 0
    }

    /// Where the thread is.
    pub fn at(&self) -> At {
        At::of(self.at.load(Ordering::Relaxed))
    }

    /// How it is to go on.
    pub fn mode(&self) -> Mode {
        Mode::of(self.mode.load(Ordering::Relaxed))
    }

    /// Whether it has that option, PTRACE_O_*.
    pub fn has(&self, option: i32) -> bool {
        self.options.load(Ordering::Relaxed) & option as u32 != 0
    }

    /// The `siginfo_t`.
    pub fn info(&self) -> Info {
        let mut info = [0; 128];
        for (to, from) in info.as_chunks_mut().0.iter_mut().zip(&self.info) {
            *to = from.load(Ordering::Relaxed).to_le_bytes();
        }
        info
    }

    /// Sets it.
    pub fn set_info(&self, info: &Info) {
        for (to, from) in self.info.iter().zip(info.as_chunks().0) {
            to.store(u64::from_le_bytes(*from), Ordering::Relaxed);
        }
    }

    /// Takes a note that is there or not.
    pub fn take(&self, note: impl FnOnce(&Record) -> &AtomicU32) -> bool {
        let note = note(self);
        note.load(Ordering::Relaxed) != 0 && note.swap(0, Ordering::Relaxed) != 0
    }

    /// Whether the tracer has let this signal through already.
    pub fn take_approved(&self, signal: Signal) -> bool {
        let number = signal.number() as u32;
        self.approved.compare_exchange(number, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Says how it is with the memory of a process that is on its parent's; false if it is not.
    pub fn lend(&self, loan: Loan) -> bool {
        let lent = self.loan.load(Ordering::Relaxed) != Loan::None as u32;
        if lent {
            self.loan.store(loan as u32, Ordering::Relaxed);
        }
        lent
    }

    /// The thread begins, as a process, on its parent's memory, and the parent waits.
    pub fn borrow(&self) {
        self.loan.store(Loan::Running as u32, Ordering::Relaxed);
    }

    /// Whether it wants to be traced once it leaves.
    pub fn is_postponed(&self) -> bool {
        self.loan.load(Ordering::Relaxed) == Loan::Postponed as u32
    }

    /// The thread begins to be traced.
    pub fn begin(&self, seized: bool, options: u32) {
        self.options.store(options, Ordering::Relaxed);
        self.seized.store(seized.into(), Ordering::Relaxed);
        self.mode.store(Mode::Continue as u32, Ordering::Relaxed);
        self.traced.store(1, Ordering::Relaxed);
    }

    /// There is no tracer.
    pub fn end(&self) {
        self.traced.store(0, Ordering::Relaxed);
        self.asked.store(0, Ordering::Relaxed);
        self.mode.store(Mode::Continue as u32, Ordering::Relaxed);
    }

    /// What the record of a program that is executed is to know, as a number.
    pub fn legacy(&self) -> u64 {
        let word = |value: &AtomicU32| u64::from(value.load(Ordering::Relaxed));
        word(&self.traced)
            | u64::from(self.is_postponed())
            | word(&self.seized) << 1
            | word(&self.mode) << 8
            | word(&self.options) << 32
    }

    /// Takes that over.
    pub fn inherit(&self, legacy: u64, former: i32) {
        self.message.store(former as u64, Ordering::Relaxed);
        if legacy & 1 != 0 {
            self.begin(legacy & 2 != 0, (legacy >> 32) as u32);
            self.mode.store((legacy >> 8 & 0xff) as u32, Ordering::Relaxed);
        }
    }

    /// The thread is the child of one with such a record, and traced from its birth or not traced. In a forked child both
    /// are one.
    pub fn be_born(&self, parent: u64, traced: bool) {
        self.end();
        for word in
            [&self.at, &self.approved, &self.leaving, &self.unhandled, &self.in_call, &self.hides, &self.stepped]
        {
            word.store(0, Ordering::Relaxed);
        }
        if traced {
            self.begin(parent & 2 != 0, (parent >> 32) as u32);
        }
    }
}
