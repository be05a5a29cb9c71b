//! The guest's registers of a stopped tracee.

use std::sync::atomic::Ordering;

use ir::GuestState;
use memory::Errno;
use target::Target;

use super::host;
use super::record::Record;
use super::table::{Held, Tracee};
use crate::guest;
use crate::machine::Machine;

/// The record of a tracee that stands where the guest may see it.
pub fn record(tracee: &Tracee) -> Result<Record, Errno> {
    if tracee.record == 0 {
        return Err(Errno::EIO);
    }
    host::read(tracee.tid, tracee.record)
}

/// Its CPU: our own where it is the same.
pub fn target_of(machine: &Machine, record: &Record) -> Result<&'static dyn Target, Errno> {
    let own = machine.engine.target;
    if u32::from(own.elf_machine()) == record.machine {
        return Ok(own);
    }
    let other = guest::of_machine(record.machine as u16, None).ok().flatten();
    other.map(|guest| guest.target).ok_or(Errno::EIO)
}

/// Its registers. In a system call that the kernel makes again they are those from before it.
pub fn read(tracee: &Tracee, record: &Record, target: &dyn Target) -> Result<GuestState, Errno> {
    let mut state: GuestState = host::read(tracee.tid, record.guest)?;
    if matches!(tracee.held, Held::Signal | Held::Stop { in_call: true }) {
        let first = target.syscall(&state).args[0];
        target.restart_syscall(&mut state, first, None);
    }
    Ok(state)
}

/// Sets them; the tracee is not in a system call.
pub fn write(tracee: &Tracee, record: &Record, state: &GuestState) -> Result<(), Errno> {
    host::write(tracee.tid, record.guest, state)
}

/// The number of the call at hand, as NT_ARM_SYSTEM_CALL has it.
pub fn call_number(record: &Record, target: &dyn Target, state: &GuestState) -> u32 {
    match record.number.load(Ordering::Relaxed) {
        super::record::NOT_SET => target.syscall(state).number as u32,
        number => number as u32,
    }
}
