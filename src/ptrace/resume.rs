//! Requests after which a tracee runs.

use std::mem::offset_of;

use memory::Errno;
use syscalls::Signal;

use super::host;
use super::record::{Mode, Record};
use super::registers;
use super::table::{self, Held, Tracee};
use super::words::Word;
use super::{judge, requests};
use crate::signals::{Cause, Info};

/// Sets a field of a tracee's record.
fn set(tracee: &Tracee, offset: usize, value: u32) -> Result<(), Errno> {
    host::write(tracee.tid, tracee.record + offset as u64, &value)
}

/// PTRACE_CONT and its like.
pub fn resume(tracee: &Tracee, mode: Mode, signal: u64) -> Result<u64, Errno> {
    if tracee.held == Held::Plain {
        // There are no registers of the guest's machine that calls and steps could be told by.
        host::ptrace(libc::PTRACE_CONT, tracee.tid, 0, signal)?;
        return running(tracee);
    }
    let signal = signal_of(signal)?;
    set(tracee, offset_of!(Record, mode), mode as u32)?;
    set(tracee, offset_of!(Record, stepped), 0)?;
    match tracee.held {
        Held::Trap => {
            set(tracee, offset_of!(Record, signal), signal.map_or(0, |signal| signal.number() as u32))?;
            host::resume(tracee.tid, 0)?;
        }
        Held::Signal => leave_signal(tracee, mode, signal)?,
        _ => {
            leave_call(tracee, mode)?;
            host::resume(tracee.tid, 0)?;
        }
    }
    running(tracee)
}

fn running(tracee: &Tracee) -> Result<u64, Errno> {
    table::put(Tracee { held: Held::Running, ..*tracee });
    Ok(0)
}

fn signal_of(number: u64) -> Result<Option<Signal>, Errno> {
    match number {
        0 => Ok(None),
        _ => i32::try_from(number).ok().and_then(Signal::new).map(Some).ok_or(Errno::EIO),
    }
}

/// From a signal in a system call. Without one the kernel makes the call again, for as long as it still takes; but a
/// tracer that wants to see calls sees that one begin.
fn leave_signal(tracee: &Tracee, mode: Mode, signal: Option<Signal>) -> Result<(), Errno> {
    let tid = tracee.tid;
    let info = host::info(tid)?;
    match signal {
        None if mode == Mode::Continue => host::resume(tid, 0),
        None => host::resume_with(tid, Word::Leave, &info),
        Some(signal) => {
            let same = info[..4] == signal.number().to_le_bytes();
            let other = || Cause { signal, code: libc::SI_USER, addr: 0 }.info();
            host::resume_with(tid, Word::Approved(signal), &if same { info } else { other() })
        }
    }
}

fn leave_call(tracee: &Tracee, mode: Mode) -> Result<(), Errno> {
    match tracee.held {
        Held::Stop { in_call: true } if mode != Mode::Continue => host::send(tracee.tid, Word::Leave),
        _ => Ok(()),
    }
}

/// PTRACE_DETACH.
pub fn detach(tracee: &Tracee, signal: u64) -> Result<u64, Errno> {
    let number = signal_of(signal)?;
    let mut passed = signal;
    if tracee.record != 0 && tracee.held != Held::Plain {
        for offset in [offset_of!(Record, traced), offset_of!(Record, asked), offset_of!(Record, mode)] {
            set(tracee, offset, 0)?;
        }
        if tracee.held == Held::Trap {
            set(tracee, offset_of!(Record, signal), number.map_or(0, |signal| signal.number() as u32))?;
            passed = 0;
        }
    }
    host::ptrace(libc::PTRACE_DETACH, tracee.tid, 0, passed)?;
    table::remove(tracee.tid);
    Ok(0)
}

/// PTRACE_LISTEN.
pub fn listen(tracee: &Tracee) -> Result<u64, Errno> {
    host::ptrace(super::requests::LISTEN, tracee.tid, 0, 0)?;
    running(tracee)
}

/// Brings a tracee out of the system call that it is in, so that its registers can be set.
pub fn bring_out(tracee: &Tracee) -> Result<Tracee, Errno> {
    let tid = tracee.tid;
    match tracee.held {
        Held::Signal => {
            let info: Info = host::info(tid)?;
            let signal = Signal::new(i32::from_le_bytes([info[0], info[1], info[2], info[3]])).ok_or(Errno::EIO)?;
            host::resume_with(tid, Word::Signal(signal), &info)?;
        }
        Held::Stop { in_call: true } => {
            host::send(tid, Word::Stop)?;
            host::resume(tid, 0)?;
        }
        _ => return Ok(*tracee),
    }
    table::put(Tracee { held: Held::Running, ..*tracee });
    while table::get(tid).is_some_and(|tracee| tracee.held == Held::Running) {
        let (_, status) = host::wait(tid, 0)?;
        if !libc::WIFSTOPPED(status) {
            return Err(Errno::ESRCH);
        }
        judge::judge(tid, status);
    }
    requests::held(tid)
}

/// Whether a tracee may be told to go on so.
pub fn may(tracee: &Tracee, mode: Mode, machine: &crate::machine::Machine) -> Result<(), Errno> {
    if matches!(mode, Mode::Continue | Mode::Calls) || tracee.held == Held::Plain {
        return Ok(());
    }
    let record = registers::record(tracee)?;
    if registers::target_of(machine, &record)?.steps() { Ok(()) } else { Err(Errno::EIO) }
}
