//! The descriptors that go along to the run that takes over.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};

use memory::{Errno, sys};
use syscalls::HiddenFd;

use crate::debug::Legacy;
use crate::program::{self, Found};

/// Where they are put, out of the way of the new program's own.
const FIRST_FD: u64 = 500;

/// The descriptors that go along.
pub(super) struct PassedOn {
    /// Our own program.
    pub own: Passed,
    /// The program that is executed.
    pub program: Passed,
    /// Filters of system calls.
    pub filters: Option<Passed>,
    /// What `--strace` of all processes shares.
    pub lines: Option<Passed>,
    /// What a debugger that follows has, and the word that tells of it.
    pub debugger: Option<(Vec<Passed>, String)>,
}

impl PassedOn {
    /// Gives all of them places.
    pub fn new(own: HiddenFd, found: &Found, filters: Option<Vec<u8>>, lines: Option<i32>) -> Result<PassedOn, Errno> {
        let filters = filters.map(|bytes| file_with(&bytes).and_then(|file| pass_on(file.as_raw_fd()))).transpose()?;
        let lines = lines.map(pass_on).transpose()?;
        let (own, program) = (own.with(pass_on)?, pass_on(found.file.as_raw_fd())?);
        Ok(PassedOn { own, program, filters, lines, debugger: None })
    }
}

/// Gives places to what a debugger has.
pub(super) fn pass_on_debugger(mut legacy: Legacy) -> Result<(Vec<Passed>, String), Errno> {
    let mut passed = Vec::new();
    for fd in [&mut legacy.connection].into_iter().chain(legacy.files.iter_mut().map(|(_, fd)| fd)) {
        passed.push(pass_on(*fd)?);
        *fd = passed[passed.len() - 1].0;
    }
    Ok((passed, legacy.encode()))
}

/// A file in memory.
fn file_with(bytes: &[u8]) -> Result<File, Errno> {
    let args = [c"filters".as_ptr() as u64, libc::MFD_CLOEXEC.into(), 0, 0, 0, 0];
    // SAFETY: the name ends in zero; the new descriptor is nobody else's.
    let mut file = unsafe {
        let fd = sys::syscall(libc::SYS_memfd_create as u64, args)?;
        File::from_raw_fd(fd as i32)
    };
    file.write_all(bytes).map_err(program::errno_of)?;
    Ok(file)
}

/// A descriptor that stays open across execve; closed if that fails.
pub(super) struct Passed(pub i32);

/// Gives a descriptor such a place.
pub(super) fn pass_on(fd: i32) -> Result<Passed, Errno> {
    let duplicate = |from: u64| {
        // SAFETY: duplicating touches no memory.
        unsafe { sys::syscall(libc::SYS_fcntl as u64, [fd as u64, libc::F_DUPFD as u64, from, 0, 0, 0]) }
    };
    duplicate(FIRST_FD).or_else(|_| duplicate(3)).map(|fd| Passed(fd as i32))
}

impl Drop for Passed {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's.
        let _ = unsafe { sys::syscall(libc::SYS_close as u64, [self.0 as u64, 0, 0, 0, 0, 0]) };
    }
}
