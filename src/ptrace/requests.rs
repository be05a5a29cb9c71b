//! ptrace(2)'s requests, as the guest makes them.

use std::mem::offset_of;
use std::sync::atomic::Ordering;

use memory::{Errno, GuestAddr, IoVec, UserPtr};
use syscalls::TraceRequest;
use target::Target;

use super::record::{At, Loan, Mode, Record};
use super::table::{self, Held, Tracee};
use super::{decisions, host, registers, resume};
use crate::controls;
use crate::signals::Info;
use crate::vcpu::Vcpu;

// linux/ptrace.h; not all are in libc.
/// PTRACE_LISTEN.
pub const LISTEN: u32 = 0x4208;
const SYSEMU: u32 = 31;
const SYSEMU_SINGLESTEP: u32 = 32;
const GET_SYSCALL_INFO: u32 = 0x420e;
const SET_SYSCALL_INFO: u32 = 0x4212;
const SECCOMP_GET_FILTER: u32 = 0x420c;
const SECCOMP_GET_METADATA: u32 = 0x420d;
const SET_USER_DISPATCH: u32 = 0x4210;
const GET_USER_DISPATCH: u32 = 0x4211;

/// A tracee that stands where the guest was told that it does, or could have been.
pub fn held(tid: i32) -> Result<Tracee, Errno> {
    let standing = || table::get(tid).filter(|tracee| tracee.held != Held::Running);
    if let Some(tracee) = standing() {
        return Ok(tracee);
    }
    // Nobody waited for the stop.
    let status = host::peek(tid).ok_or(Errno::ESRCH)?;
    super::judge::judge(tid, status);
    standing().ok_or(Errno::ESRCH)
}

impl Vcpu {
    /// Makes a request.
    pub fn ptrace(&mut self, asked: TraceRequest) -> Result<u64, Errno> {
        let TraceRequest { request, tid, addr, data } = asked;
        let request = request as u32;
        match request {
            libc::PTRACE_TRACEME => return self.trace_me(),
            libc::PTRACE_ATTACH | libc::PTRACE_SEIZE => return attach(request, tid, addr, data),
            libc::PTRACE_KILL | libc::PTRACE_INTERRUPT => return host::ptrace(request, tid, addr, data),
            _ => {}
        }
        let tracee = held(tid)?;
        match request {
            libc::PTRACE_PEEKTEXT | libc::PTRACE_PEEKDATA => host::ptrace(request, tid, addr, data),
            libc::PTRACE_POKETEXT | libc::PTRACE_POKEDATA => poke(&tracee, request, addr, data),
            libc::PTRACE_DETACH => resume::detach(&tracee, data),
            LISTEN => resume::listen(&tracee),
            libc::PTRACE_SETOPTIONS => set_options(&tracee, data),
            libc::PTRACE_GETEVENTMSG => message(&tracee, data),
            libc::PTRACE_GETSIGINFO => get_info(&tracee, data),
            libc::PTRACE_SETSIGINFO => set_info(&tracee, data),
            libc::PTRACE_PEEKSIGINFO => host::ptrace(request, tid, addr, data),
            libc::PTRACE_GETSIGMASK => get_mask(&tracee, addr, data),
            libc::PTRACE_SETSIGMASK => set_mask(&tracee, addr, data),
            libc::PTRACE_GETREGSET => self.get_registers(&tracee, addr, data),
            libc::PTRACE_SETREGSET => self.set_registers(&tracee, addr, data),
            GET_SYSCALL_INFO => self.call_info(&tracee, addr, data),
            SET_SYSCALL_INFO => self.set_call_info(&tracee, addr, data),
            SECCOMP_GET_FILTER => self.seccomp_filter(&tracee, addr, data),
            SECCOMP_GET_METADATA => self.seccomp_metadata(&tracee, addr, data),
            GET_USER_DISPATCH => decisions::user_dispatch(&tracee, addr, data),
            SET_USER_DISPATCH => decisions::set_user_dispatch(&tracee, addr, data),
            _ => match mode_of(request) {
                Some(mode) => {
                    resume::may(&tracee, mode, self.machine)?;
                    resume::resume(&tracee, mode, data)
                }
                None => Err(Errno::EIO),
            },
        }
    }

    /// The thread's parent is to trace it.
    fn trace_me(&self) -> Result<u64, Errno> {
        // A parent that waits for the child to leave its memory can't help it over the host's faults until then, which the
        // guest knows nothing of.
        if !self.mailbox.trace.is_traced() && self.mailbox.trace.lend(Loan::Postponed) {
            return Ok(0);
        }
        host::ptrace(libc::PTRACE_TRACEME, 0, 0, 0)?;
        self.mailbox.trace.begin(false, 0);
        Ok(0)
    }

    /// The child of a vfork is about to leave its parent's memory.
    pub fn trace_me_now(&self) -> Result<(), Errno> {
        match self.mailbox.trace.is_postponed() && self.mailbox.trace.lend(Loan::None) {
            true => self.trace_me().map(|_| ()),
            false => Ok(()),
        }
    }

    fn get_registers(&self, tracee: &Tracee, kind: u64, vector_at: u64) -> Result<u64, Errno> {
        let at = UserPtr::<IoVec>::new(GuestAddr(vector_at));
        let mut vector = at.read()?;
        let record = registers::record(tracee)?;
        let target = registers::target_of(self.machine, &record)?;
        let state = registers::read(tracee, &record, target)?;
        let kind = u32::try_from(kind).map_err(|_| Errno::EINVAL)?;
        let bytes = match kind {
            _ if target.number_regset() == Some(kind) => {
                registers::call_number(&record, target, &state).to_le_bytes().to_vec()
            }
            controls::REGSET => {
                let shared = host::read(tracee.tid, record.tagging)?;
                controls::control(target, &state, shared)?.to_le_bytes().to_vec()
            }
            _ => target.regset(&state, kind).ok_or(Errno::EINVAL)?,
        };
        check_unit(target, kind, vector.len)?;
        check_used(&bytes)?;
        let len = bytes.len().min(usize::try_from(vector.len).unwrap_or(usize::MAX));
        memory::write_bytes(vector.base, &bytes[..len])?;
        vector.len = len as u64;
        at.write(vector)?;
        Ok(0)
    }

    fn set_registers(&self, tracee: &Tracee, kind: u64, vector_at: u64) -> Result<u64, Errno> {
        let at = UserPtr::<IoVec>::new(GuestAddr(vector_at));
        let mut vector = at.read()?;
        let mut bytes = vec![0; usize::try_from(vector.len).unwrap_or(usize::MAX).min(MOST_REGISTERS)];
        memory::read_bytes(vector.base, &mut bytes)?;
        let tracee = &resume::bring_out(tracee)?;
        let record = registers::record(tracee)?;
        let target = registers::target_of(self.machine, &record)?;
        let kind = u32::try_from(kind).map_err(|_| Errno::EINVAL)?;
        if target.number_regset() == Some(kind) {
            let number = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).ok_or(Errno::EINVAL)?;
            let at = tracee.record + offset_of!(Record, number) as u64;
            return host::write(tracee.tid, at, &u64::from(number)).map(|()| 0);
        }
        let mut state = registers::read(tracee, &record, target)?;
        if kind == controls::REGSET {
            let asked = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).ok_or(Errno::EINVAL)?;
            let shared = host::read(tracee.tid, record.tagging)?;
            let shared: u64 = controls::set_control(target, &mut state, shared, asked)?;
            host::write(tracee.tid, record.tagging, &shared)?;
            return registers::write(tracee, &record, &state).map(|()| 0);
        }
        let Some(now) = target.regset(&state, kind) else { return Err(Errno::EINVAL) };
        check_unit(target, kind, vector.len)?;
        check_used(&now)?;
        if !target.set_regset(&mut state, kind, &bytes) {
            return Err(Errno::EINVAL);
        }
        registers::write(tracee, &record, &state)?;
        vector.len = vector.len.min(now.len() as u64);
        at.write(vector)?;
        Ok(0)
    }
}

/// Debuggers find out by this how long registers are (kernel/ptrace.c, ptrace_regset).
fn check_unit(target: &dyn Target, kind: u32, len: u64) -> Result<(), Errno> {
    if len.is_multiple_of(target.regset_unit(kind) as u64) { Ok(()) } else { Err(Errno::EINVAL) }
}

/// Registers that the thread has not used yet are nowhere.
fn check_used(bytes: &[u8]) -> Result<(), Errno> {
    if bytes.is_empty() { Err(Errno::ENODATA) } else { Ok(()) }
}

/// More than any set of registers has.
const MOST_REGISTERS: usize = 4096;

fn mode_of(request: u32) -> Option<Mode> {
    match request {
        libc::PTRACE_CONT => Some(Mode::Continue),
        libc::PTRACE_SYSCALL => Some(Mode::Calls),
        libc::PTRACE_SINGLESTEP => Some(Mode::Step),
        SYSEMU => Some(Mode::Emulate),
        SYSEMU_SINGLESTEP => Some(Mode::EmulateStep),
        _ => None,
    }
}

fn attach(request: u32, tid: i32, addr: u64, options: u64) -> Result<u64, Errno> {
    let seizes = request == libc::PTRACE_SEIZE;
    // Entered before: the stop may come at once.
    let before = table::remove(tid);
    let known = Tracee { attached: Some(seizes), options: Some(options as u32), ..table::meet(tid) };
    let known = if seizes { known } else { Tracee { options: Some(0), ..known } };
    table::put(Tracee { met: true, ..known });
    host::ptrace(request, tid, addr, options).inspect_err(|_| {
        table::remove(tid);
        if let Some(before) = before {
            table::put(before);
        }
    })
}

fn poke(tracee: &Tracee, request: u32, addr: u64, data: u64) -> Result<u64, Errno> {
    host::ptrace(request, tracee.tid, addr, data)?;
    written(tracee, addr, addr.saturating_add(8))
}

/// Tells a tracee's process that its memory was written to.
pub fn written(tracee: &Tracee, start: u64, end: u64) -> Result<u64, Errno> {
    if tracee.held == Held::Plain {
        return Ok(0);
    }
    let at = registers::record(tracee)?.written;
    let (old_start, old_end): (u64, u64) = (host::read(tracee.tid, at)?, host::read(tracee.tid, at + 8)?);
    host::write(tracee.tid, at, &old_start.min(start))?;
    host::write(tracee.tid, at + 8, &old_end.max(end))?;
    Ok(0)
}

fn set_options(tracee: &Tracee, options: u64) -> Result<u64, Errno> {
    host::ptrace(libc::PTRACE_SETOPTIONS, tracee.tid, 0, options)?;
    if tracee.record != 0 && tracee.held != Held::Plain {
        host::write(tracee.tid, tracee.record + offset_of!(Record, options) as u64, &(options as u32))?;
    }
    Ok(0)
}

fn message(tracee: &Tracee, to: u64) -> Result<u64, Errno> {
    if tracee.held != Held::Trap {
        return host::ptrace(libc::PTRACE_GETEVENTMSG, tracee.tid, 0, to);
    }
    let record = registers::record(tracee)?;
    let value = match record.at() {
        At::Entry => 1,
        At::Exit => 2,
        _ => record.message.load(Ordering::Relaxed),
    };
    UserPtr::<u64>::new(GuestAddr(to)).write(value)?;
    Ok(0)
}

fn get_info(tracee: &Tracee, to: u64) -> Result<u64, Errno> {
    if tracee.held != Held::Trap {
        return host::ptrace(libc::PTRACE_GETSIGINFO, tracee.tid, 0, to);
    }
    memory::write_bytes(GuestAddr(to), &registers::record(tracee)?.info())?;
    Ok(0)
}

fn set_info(tracee: &Tracee, from: u64) -> Result<u64, Errno> {
    if tracee.held != Held::Trap {
        return host::ptrace(libc::PTRACE_SETSIGINFO, tracee.tid, 0, from);
    }
    let mut info: Info = [0; 128];
    memory::read_bytes(GuestAddr(from), &mut info)?;
    let record = registers::record(tracee)?;
    record.set_info(&info);
    // The rest of the record is what it was: the tracee stands still.
    host::write(tracee.tid, tracee.record, &record)?;
    Ok(0)
}

fn get_mask(tracee: &Tracee, size: u64, to: u64) -> Result<u64, Errno> {
    if tracee.held != Held::Trap {
        return host::ptrace(libc::PTRACE_GETSIGMASK, tracee.tid, size, to);
    }
    check_mask(size)?;
    UserPtr::<u64>::new(GuestAddr(to)).write(registers::record(tracee)?.mask.load(Ordering::Relaxed))?;
    Ok(0)
}

fn set_mask(tracee: &Tracee, size: u64, from: u64) -> Result<u64, Errno> {
    check_mask(size)?;
    let mask = UserPtr::<u64>::new(GuestAddr(from)).read()?;
    let tracee = resume::bring_out(tracee)?;
    match tracee.held {
        Held::Trap => host::write(tracee.tid, tracee.record + offset_of!(Record, mask) as u64, &mask).map(|()| 0),
        _ => host::ptrace(libc::PTRACE_SETSIGMASK, tracee.tid, size, from),
    }
}

fn check_mask(size: u64) -> Result<(), Errno> {
    if size == 8 { Ok(()) } else { Err(Errno::EINVAL) }
}
