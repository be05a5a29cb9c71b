//! What decides over a tracee's system calls, told to its tracer: filters (PTRACE_SECCOMP_GET_FILTER and _METADATA;
//! kernel/seccomp.c) and user dispatch (PTRACE_{GET,SET}_SYSCALL_USER_DISPATCH_CONFIG;
//! kernel/entry/syscall_user_dispatch.c). A tracee says both at its trap.

use std::mem::offset_of;

use memory::{Errno, GuestAddr, UserPtr};
use syscalls::seccomp::{DISABLED, Installed, State};
use syscalls::{UserDispatch, may_administer};

use super::record::{Record, load_all};
use super::table::Tracee;
use super::{host, registers, resume};
use crate::vcpu::Vcpu;

/// `struct ptrace_sud_config`: mode, selector, offset, length.
type Config = [u64; 4];

impl Vcpu {
    /// The instructions of a filter, counted from the oldest, and how many there are.
    pub fn seccomp_filter(&self, tracee: &Tracee, index: u64, to: u64) -> Result<u64, Errno> {
        let filter = self.nth_filter(tracee, index)?;
        if to != 0 {
            memory::write_bytes(GuestAddr(to), memory::bytes_of_slice(&filter.insns))?;
        }
        Ok(filter.insns.len() as u64)
    }

    /// `struct seccomp_metadata`: which filter is meant, and the flags that it was installed with.
    pub fn seccomp_metadata(&self, tracee: &Tracee, size: u64, at: u64) -> Result<u64, Errno> {
        self.may_see_filters()?;
        if size < 8 {
            return Err(Errno::EINVAL);
        }
        let index = UserPtr::<u64>::new(GuestAddr(at)).read()?;
        let flags = self.nth_filter(tracee, index)?.flags;
        let bytes = [index.to_le_bytes(), flags.to_le_bytes()].concat();
        let len = bytes.len().min(usize::try_from(size).unwrap_or(usize::MAX));
        memory::write_bytes(GuestAddr(at), &bytes[..len])?;
        Ok(len as u64)
    }

    fn nth_filter(&self, tracee: &Tracee, index: u64) -> Result<Installed, Errno> {
        self.may_see_filters()?;
        let tracee = resume::bring_out(tracee)?;
        let [addr, len] = load_all(&registers::record(&tracee)?.filters);
        if len == 0 {
            return Err(Errno::EINVAL);
        }
        let bytes = host::read_bytes(tracee.tid, addr, len as usize)?;
        let filters = State::decode(&bytes).ok_or(Errno::EIO)?;
        usize::try_from(index).ok().and_then(|index| filters.installed(index)).ok_or(Errno::ENOENT)
    }

    /// Who has filters of its own sees nobody's.
    fn may_see_filters(&self) -> Result<(), Errno> {
        if self.thread.seccomp.mode() == DISABLED && may_administer() { Ok(()) } else { Err(Errno::EACCES) }
    }
}

fn check_size(size: u64) -> Result<(), Errno> {
    if size == size_of::<Config>() as u64 { Ok(()) } else { Err(Errno::EINVAL) }
}

/// Tells how a tracee's calls are dispatched.
pub fn user_dispatch(tracee: &Tracee, size: u64, to: u64) -> Result<u64, Errno> {
    check_size(size)?;
    let tracee = resume::bring_out(tracee)?;
    let [mode, offset, len, selector] = load_all(&registers::record(&tracee)?.dispatch);
    let config: Config = [mode, selector, offset, len];
    UserPtr::<Config>::new(GuestAddr(to)).write(config)?;
    Ok(0)
}

/// Changes that.
pub fn set_user_dispatch(tracee: &Tracee, size: u64, from: u64) -> Result<u64, Errno> {
    check_size(size)?;
    let [mode, selector, offset, len] = UserPtr::<Config>::new(GuestAddr(from)).read()?;
    let told = UserDispatch::new(mode, offset, len, selector)?.told();
    let tracee = resume::bring_out(tracee)?;
    let at = tracee.record + offset_of!(Record, dispatch) as u64;
    for (index, word) in told.iter().enumerate() {
        host::write(tracee.tid, at + index as u64 * 8, word)?;
    }
    Ok(0)
}
