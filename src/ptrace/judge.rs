//! What a stop of the host's is to the guest that traces the thread.

use std::cell::Cell;
use std::mem::offset_of;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use memory::Errno;
use syscalls::{SigSet, Signal};

use super::host::{self, Registers};
use super::record::{At, Record};
use super::table::{self, Held, Tracee};
use super::words::Word;
use crate::signals::{Info, Mailbox, current_cell};

/// PTRACE_EVENT_STOP, which libc does not name everywhere.
pub const EVENT_STOP: i32 = 128;
/// si_code of a trap instruction on x86-64.
const SI_KERNEL: i32 = 0x80;
/// What the kernel's calls say when they are to be made again: ERESTARTSYS, NOINTR, NOHAND, ERESTART_RESTARTBLOCK.
const RESTARTS: [i64; 4] = [-512, -513, -514, -516];

/// A stop.
struct Stop {
    tid: i32,
    status: i32,
    registers: Registers,
    /// `None` where the thread stopped with its process.
    info: Option<Info>,
    record: Option<Record>,
}

/// What becomes of it.
enum Verdict {
    /// The guest is told of that status.
    Tell(i32, Held),
    /// The thread goes on with that signal.
    Resume(i32),
    /// The thread goes on with its signal in disguise.
    Disguise(Signal),
    /// The thread is to come to where it may stop.
    Call,
    /// It is not as far that it may stop: it is asked again in a moment.
    Later,
    /// It has come there, and stops as the host stops it.
    Interrupt,
    /// It has come there, and stops with its process.
    Regroup(i32),
}

/// What wait is to say of a stopped child; `None` if nothing, and it runs again.
pub fn judge(tid: i32, status: i32) -> Option<i32> {
    let Ok(registers) = host::registers(tid) else {
        // Not traced by this thread: a child that stopped as shells stop them.
        return Some(status);
    };
    let mut tracee = table::meet(tid);
    let record = find(&mut tracee, &registers);
    let stop = Stop { tid, status, registers, info: host::info(tid).ok(), record };
    let verdict = verdict(&stop, &mut tracee);
    tracee.met = true;
    tracee.held = if let Verdict::Tell(_, held) = verdict { held } else { Held::Running };
    table::put(tracee);
    carry_out(&stop, &tracee, verdict)
}

/// What can't be carried out is of a thread that is gone: the next wait tells.
fn carry_out(stop: &Stop, tracee: &Tracee, verdict: Verdict) -> Option<i32> {
    let tid = stop.tid;
    let done: Result<(), Errno> = match verdict {
        Verdict::Tell(status, _) => return Some(status),
        Verdict::Resume(signal) => host::resume(tid, signal),
        Verdict::Disguise(signal) => host::resume_with(tid, Word::Signal(signal), &stop.info.unwrap_or([0; 128])),
        Verdict::Call => host::send(tid, Word::Stop).and_then(|()| host::resume(tid, 0)),
        Verdict::Later => stop_later(stop),
        Verdict::Interrupt => host::ptrace(libc::PTRACE_INTERRUPT, tid, 0, 0).and_then(|_| host::resume(tid, 0)),
        Verdict::Regroup(signal) => regroup(tracee, signal),
    };
    let _ = done;
    None
}

/// How long a thread takes, after fork or execve, to get where it may stop, or to end.
const MOMENT: Duration = Duration::from_micros(200);

/// Lets a thread run for a moment and has it stop as it did.
fn stop_later(stop: &Stop) -> Result<(), Errno> {
    host::resume(stop.tid, 0)?;
    std::thread::sleep(MOMENT);
    match stop.event() {
        EVENT_STOP => host::ptrace(libc::PTRACE_INTERRUPT, stop.tid, 0, 0).map(|_| ()),
        _ if stop.info.is_some_and(|info| code(&info) == libc::SI_USER) => host::kill_group(stop.tid, libc::SIGSTOP),
        _ => host::kill(stop.tid, libc::SIGSTOP),
    }
}

/// Has a thread that left the stop of its process stop again, where its registers are exact.
fn regroup(tracee: &Tracee, signal: i32) -> Result<(), Errno> {
    let field = |offset: usize| tracee.record + offset as u64;
    host::write(tracee.tid, field(offset_of!(Record, signal)), &(signal as u32))?;
    host::write(tracee.tid, field(offset_of!(Record, at)), &(At::Group as u32))?;
    host::kill(tracee.tid, libc::SIGSTOP)?;
    host::resume(tracee.tid, 0)
}

/// The thread's record: where it was, or where its thread-local storage says.
fn find(tracee: &mut Tracee, registers: &Registers) -> Option<Record> {
    let tid = tracee.tid;
    let read = |addr: u64| host::read::<Record>(tid, addr).ok().filter(|record| record.is_of(tid));
    if let Some(record) = (tracee.record != 0).then(|| read(tracee.record)).flatten() {
        return Some(record);
    }
    let cell = registers.fs_base.wrapping_add(current_offset());
    let mailbox: u64 = host::read(tid, cell).ok().filter(|&mailbox| mailbox != 0)?;
    let addr = mailbox.wrapping_add(offset_of!(Mailbox, trace) as u64);
    let record = read(addr)?;
    tracee.record = addr;
    tracee.unborn = false;
    Some(record)
}

/// How far from the thread pointer the word is that leads to a thread's mailbox: the same for all threads of all
/// processes of this build.
fn current_offset() -> u64 {
    let cell: *const Cell<*const Mailbox> = current_cell();
    let thread: u64;
    // SAFETY: the first word of the thread control block is its own address (x86-64 psABI, ELF TLS variant II).
    unsafe { std::arch::asm!("mov {}, fs:0", out(reg) thread, options(nostack, readonly, preserves_flags)) };
    (cell as u64).wrapping_sub(thread)
}

fn verdict(stop: &Stop, tracee: &mut Tracee) -> Verdict {
    let Some(record) = &stop.record else { return of_unknown(stop, tracee) };
    claim(record, tracee);
    match (stop.event(), stop.info) {
        (0, None) | (EVENT_STOP, _) => of_group(stop, record),
        (0, Some(info)) => of_signal(stop, record, &info),
        (libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE, _) => of_birth(stop, record),
        _ => Verdict::Tell(stop.status, Held::Stop { in_call: false }),
    }
}

/// A child was made. It goes on to where it makes its first stop itself: its parent may have to hear of it before.
fn of_birth(stop: &Stop, record: &Record) -> Verdict {
    let hides = record.hides.load(Ordering::Relaxed) != 0;
    let Ok(child) = host::message(stop.tid).map(|message| message as i32) else { return Verdict::Resume(0) };
    let known = table::meet(child);
    table::put(Tracee { hidden: hides, ..known });
    if !known.met
        && let Ok((_, status)) = host::wait(child, 0)
        && libc::WIFSTOPPED(status)
    {
        judge(child, status);
    }
    if hides { Verdict::Resume(0) } else { Verdict::Tell(stop.status, Held::Stop { in_call: false }) }
}

/// Tells a record who traces its thread, if the thread did not say so itself or has it from its parent.
fn claim(record: &Record, tracee: &mut Tracee) {
    let seized = match tracee.attached.take() {
        Some(seized) => seized,
        None if !record.is_traced() => false,
        None => return,
    };
    let field = |offset: usize| tracee.record + offset as u64;
    for (offset, value) in [
        (offset_of!(Record, options), tracee.options.unwrap_or(0)),
        (offset_of!(Record, seized), u32::from(seized)),
        (offset_of!(Record, mode), 0),
        (offset_of!(Record, asked), 0),
        (offset_of!(Record, traced), 1),
    ] {
        let _ = host::write(tracee.tid, field(offset), &value);
    }
    record.begin(seized, tracee.options.unwrap_or(0));
}

/// A thread without a record: of another program, or of a run of ours that is not as far yet, or no guest's.
fn of_unknown(stop: &Stop, tracee: &mut Tracee) -> Verdict {
    tracee.record = 0;
    if !tracee.hidden && !is_ours(stop.tid) {
        return Verdict::Tell(stop.status, Held::Plain);
    }
    match (stop.event(), stop.info) {
        // A thread that the guest knew, with nothing left of it but what the kernel has.
        (libc::PTRACE_EVENT_EXIT, _) if !tracee.hidden => Verdict::Tell(stop.status, Held::Plain),
        // What PTRACE_ATTACH and PTRACE_INTERRUPT ask for.
        (0, Some(_)) if tracee.attached == Some(false) && stop.signal() == libc::SIGSTOP => Verdict::Later,
        (EVENT_STOP, _) if tracee.attached == Some(true) => Verdict::Later,
        // The first stop of a child; it makes one of its own when it is ready.
        (0, Some(info)) if stop.signal() == libc::SIGSTOP && !tracee.met && sender(&info) == 0 => {
            tracee.unborn = true;
            Verdict::Resume(0)
        }
        // All else is blocked where a thread begins, ends or executes a program. Passed on it would stop the whole
        // process, unseen; to a child it is one with the stop that it has yet to make.
        (0, Some(_)) if stop.signal() == libc::SIGSTOP && tracee.unborn => Verdict::Resume(0),
        (0, Some(_)) if stop.signal() == libc::SIGSTOP && !tracee.hidden => Verdict::Later,
        (0, Some(_)) => Verdict::Resume(stop.signal()),
        _ => Verdict::Resume(0),
    }
}

/// Whether a process is a run of this very program.
fn is_ours(tid: i32) -> bool {
    let file = |name: String| std::fs::metadata(name).ok().map(|file| (file.dev(), file.ino()));
    let own = file("/proc/self/exe".to_owned());
    own.is_some() && own == file(format!("/proc/{tid}/exe"))
}

fn of_signal(stop: &Stop, record: &Record, info: &Info) -> Verdict {
    let number = stop.signal();
    let code = code(info);
    let at = record.at();
    if number == libc::SIGTRAP && Word::of(info).is_some() {
        return Verdict::Resume(number);
    }
    if number == libc::SIGTRAP && code == SI_KERNEL && stop.registers.rip == record.trap {
        return of_trap(record, at);
    }
    let Some(signal) = Signal::new(number) else { return Verdict::Resume(number) };
    let caused = SigSet::SYNCHRONOUS.contains(signal) && code > 0;
    if caused || at == At::Dying || (at == At::Group && number == libc::SIGSTOP) {
        return Verdict::Resume(number);
    }
    if stop.is_in_call(record) && record.in_call.load(Ordering::Relaxed) == 0 {
        return Verdict::Tell(stop.status, Held::Signal);
    }
    Verdict::Disguise(signal)
}

fn of_trap(record: &Record, at: At) -> Verdict {
    let stopped = |code: i32| Verdict::Tell(code << 8 | 0x7f, Held::Trap);
    match at {
        At::Signal => stopped(record.signal.load(Ordering::Relaxed) as i32),
        At::Entry | At::Exit => stopped(libc::SIGTRAP | if record.has(libc::PTRACE_O_TRACESYSGOOD) { 0x80 } else { 0 }),
        At::Event => stopped(libc::SIGTRAP | (record.event.load(Ordering::Relaxed) as i32) << 8),
        At::Asked if record.seized.load(Ordering::Relaxed) != 0 => Verdict::Interrupt,
        // It was asked to because its process had stopped.
        At::Asked => Verdict::Regroup(libc::SIGSTOP),
        At::Nowhere | At::Group | At::Dying => Verdict::Resume(0),
    }
}

/// Stops of whole processes, and those that PTRACE_INTERRUPT asks for.
fn of_group(stop: &Stop, record: &Record) -> Verdict {
    let in_call = stop.is_in_call(record) && record.in_call.load(Ordering::Relaxed) == 0;
    let by_itself = record.at() == At::Group;
    if !in_call && !by_itself && stop.registers.rip != record.trap {
        return Verdict::Call;
    }
    let signal = record.signal.load(Ordering::Relaxed) as i32;
    let signal = if by_itself && stop.signal() == libc::SIGSTOP { signal } else { stop.signal() };
    Verdict::Tell(stop.event() << 16 | signal << 8 | 0x7f, Held::Stop { in_call })
}

impl Stop {
    fn signal(&self) -> i32 {
        self.status >> 8 & 0xff
    }

    fn event(&self) -> i32 {
        self.status >> 16
    }

    /// Whether the thread is in a system call of the guest's that the kernel is about to make again.
    fn is_in_call(&self, record: &Record) -> bool {
        let registers = &self.registers;
        record.calls.contains(&registers.rip)
            && registers.orig_rax as i64 >= 0
            && RESTARTS.contains(&(registers.rax as i64))
    }
}

/// si_code.
fn code(info: &Info) -> i32 {
    i32::from_le_bytes([info[8], info[9], info[10], info[11]])
}

/// si_pid.
fn sender(info: &Info) -> i32 {
    i32::from_le_bytes([info[16], info[17], info[18], info[19]])
}
