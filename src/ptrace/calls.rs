//! The system call that a tracee stands before or behind, told and changed without its registers
//! (PTRACE_GET_SYSCALL_INFO and PTRACE_SET_SYSCALL_INFO; kernel/ptrace.c).

use std::mem::offset_of;
use std::sync::atomic::Ordering;

use ir::{GuestState, SlotId};
use memory::{Errno, GuestAddr};
use target::Target;

use super::record::{At, Record};
use super::table::{Held, Tracee};
use super::{host, registers};
use crate::vcpu::Vcpu;

// PTRACE_SYSCALL_INFO_* (linux/ptrace.h).
const NONE: u8 = 0;
const ENTRY: u8 = 1;
const EXIT: u8 = 2;
const SECCOMP: u8 = 3;

/// The whole of `struct ptrace_syscall_info`, and what of it all stops share.
const SIZE: usize = 88;
const COMMON: usize = 24;

/// What is done with it at the stop at hand.
fn kind(tracee: &Tracee, record: &Record) -> u8 {
    let seccomp = || record.event.load(Ordering::Relaxed) == libc::PTRACE_EVENT_SECCOMP as u32;
    match if tracee.held == Held::Trap { record.at() } else { At::Nowhere } {
        At::Entry => ENTRY,
        At::Exit => EXIT,
        At::Event if seccomp() => SECCOMP,
        _ => NONE,
    }
}

impl Vcpu {
    /// `struct ptrace_syscall_info`.
    pub fn call_info(&self, tracee: &Tracee, room: u64, to: u64) -> Result<u64, Errno> {
        let record = registers::record(tracee)?;
        let target = registers::target_of(self.machine, &record)?;
        let state = registers::read(tracee, &record, target)?;
        let op = kind(tracee, &record);
        let mut bytes = vec![op, 0, 0, 0];
        bytes.extend(audit_arch(record.machine).to_le_bytes());
        bytes.extend(state.pc.to_le_bytes());
        bytes.extend(target.sp(&state).to_le_bytes());
        if op == ENTRY || op == SECCOMP {
            bytes.extend(entry(&record, target, &state));
        }
        if op == SECCOMP {
            bytes.extend((record.message.load(Ordering::Relaxed) as u32).to_le_bytes());
        }
        if op == EXIT {
            let value = target.syscall(&state).args[0];
            bytes.extend(value.to_le_bytes());
            bytes.push(Errno::from_return(value).is_err().into());
        }
        let len = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        memory::write_bytes(GuestAddr(to), &bytes[..len])?;
        Ok(bytes.len() as u64)
    }

    /// Changes what is told.
    pub fn set_call_info(&self, tracee: &Tracee, room: u64, from: u64) -> Result<u64, Errno> {
        let record = registers::record(tracee)?;
        if room < SIZE as u64 {
            return Err(Errno::EINVAL);
        }
        let mut bytes = [0; SIZE];
        memory::read_bytes(GuestAddr(from), &mut bytes)?;
        let [op, reserved, flags @ ..] = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if op != kind(tracee, &record) || reserved != 0 || flags != [0, 0] {
            return Err(Errno::EINVAL);
        }
        let target = registers::target_of(self.machine, &record)?;
        let mut state = registers::read(tracee, &record, target)?;
        let words: Vec<u64> = bytes[COMMON..].as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        match (op, &words[..]) {
            (ENTRY | SECCOMP, [number, args @ ..]) => set_entry(tracee, target, &mut state, *number, args)?,
            (EXIT, [value, ..]) => target.set_result(&mut state, *value),
            _ => return Err(Errno::EINVAL),
        }
        registers::write(tracee, &record, &state).map(|()| 0)
    }
}

/// Another number and other arguments. A call that becomes none says that it is not there, until its tracer says what else.
fn set_entry(
    tracee: &Tracee,
    target: &dyn Target,
    state: &mut GuestState,
    number: u64,
    args: &[u64],
) -> Result<(), Errno> {
    let number = i32::try_from(number as i64).map_err(|_| Errno::ERANGE)?;
    let slots = target.syscall_slots();
    let mut set = |slot: SlotId, value: u64| state.set(&target.slots()[slot.0 as usize], value.into());
    match target.number_regset() {
        Some(_) => {
            let at = tracee.record + offset_of!(Record, number) as u64;
            host::write(tracee.tid, at, &u64::from(number as u32))?;
        }
        None => set(slots.number, number as u64),
    }
    if number == -1 {
        target.set_result(state, Errno::ENOSYS.to_return());
        return Ok(());
    }
    for (slot, value) in slots.args.into_iter().zip(args) {
        set(slot, *value);
    }
    let at = tracee.record + offset_of!(Record, first) as u64;
    args.first().map_or(Ok(()), |first| host::write(tracee.tid, at, first))
}

/// Number and arguments of the call at hand.
fn entry(record: &Record, target: &dyn Target, state: &GuestState) -> Vec<u8> {
    // An int: the call that is none has -1.
    let number = i64::from(registers::call_number(record, target, state) as i32) as u64;
    let mut args = target.syscall(state).args;
    args[0] = record.first.load(Ordering::Relaxed);
    std::iter::once(number).chain(args).flat_map(u64::to_le_bytes).collect()
}

/// AUDIT_ARCH_* of a machine of 64 bits, little-endian (uapi/linux/audit.h).
fn audit_arch(machine: u32) -> u32 {
    0xc000_0000 | machine
}
