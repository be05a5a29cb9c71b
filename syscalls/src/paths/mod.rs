//! Paths: `-L` roots and /proc/self/exe.
//!
//! An absolute path is looked up in each root first, with symbolic links inside the root resolved inside it
//! (openat2(2), RESOLVE_IN_ROOT); what is not there is the host's. Where that one call can't tell, names are looked up
//! one by one ([`walk`]). Without roots no path is looked at but for the name `exe`, which may be /proc's link to the
//! program, by any spelling.

mod full;
mod roots;
mod walk;

pub use roots::Roots;
pub(crate) use walk::name_of;

use crate::args::{Follow, Kind};
use crate::process::Process;
use crate::table::Row;
use crate::{proc, sys};
use memory::copy::StrError;
use memory::{Errno, GuestAddr, copy};
use std::ffi::{CStr, CString};

const PATH_MAX: usize = libc::PATH_MAX as usize;
const SHORT: usize = 256;

/// A path read from the guest: most are short, and then nothing is allocated.
pub(crate) struct GuestPath {
    short: [u8; SHORT],
    long: Vec<u8>,
    len: usize,
}

impl GuestPath {
    pub(crate) fn read(from: GuestAddr) -> Result<GuestPath, Errno> {
        let mut path = GuestPath { short: [0; SHORT], long: Vec::new(), len: 0 };
        match copy::read_str_into(from, &mut path.short) {
            Ok(len) => path.len = len,
            Err(StrError::Fault) => return Err(Errno::EFAULT),
            Err(StrError::TooLong) => {
                path.long = vec![0; PATH_MAX];
                path.len = copy::read_str_into(from, &mut path.long).map_err(|error| match error {
                    StrError::Fault => Errno::EFAULT,
                    StrError::TooLong => Errno::ENAMETOOLONG,
                })?;
            }
        }
        Ok(path)
    }

    /// One that did not come as a string.
    pub(crate) fn of(bytes: &[u8]) -> GuestPath {
        GuestPath { short: [0; SHORT], long: [bytes, b"\0"].concat(), len: bytes.len() }
    }

    fn buffer(&self) -> &[u8] {
        if self.long.is_empty() { &self.short } else { &self.long }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer()[..self.len]
    }

    /// As a system-call argument.
    pub(crate) fn address(&self) -> u64 {
        sys::address(self.buffer())
    }

    pub(crate) fn to_cstring(&self) -> CString {
        CString::new(self.bytes()).unwrap_or_default()
    }

    /// What stands behind the last slash.
    pub(crate) fn last(&self) -> &[u8] {
        self.bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }
}

/// A descriptor of ours for the time of one call.
pub(crate) struct OwnedFd(pub(crate) i32);

impl OwnedFd {
    /// Hands the descriptor to the guest.
    pub(crate) fn into_raw(self) -> i32 {
        let fd = self.0;
        std::mem::forget(self);
        fd
    }
}

impl Drop for OwnedFd {
    fn drop(&mut self) {
        // Closing a descriptor that was only looked through can't fail in a way that matters.
        let _ = sys::host(libc::SYS_close, [self.0 as u64, 0, 0, 0, 0, 0]);
    }
}

/// Opens a path only to name it.
pub(crate) fn open_path(dirfd: i32, path: &CStr, flags: i32) -> Result<i32, Errno> {
    let flags = libc::O_PATH | libc::O_CLOEXEC | flags;
    let args = [dirfd as u64, path.as_ptr() as u64, flags as u64, 0, 0, 0];
    sys::host(libc::SYS_openat, args).map(|fd| fd as i32)
}

/// Replacements of path arguments, kept for the time of the call.
#[derive(Default)]
pub(crate) struct PathStore {
    kept: [Option<CString>; 2],
}

impl PathStore {
    fn keep(&mut self, path: CString) -> u64 {
        let slot = usize::from(self.kept[0].is_some());
        self.kept[slot].insert(path).as_ptr() as u64
    }
}

/// What is done with the last name of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// A link is followed.
    Follow,
    /// A link is not followed, but if a slash is behind it.
    Stay,
    /// It is made, removed or moved: never followed (LOOKUP_PARENT in fs/namei.c).
    Name,
}

impl Last {
    /// By a flag of the call.
    pub(crate) fn follow_if(follow: bool) -> Last {
        if follow { Last::Follow } else { Last::Stay }
    }
}

/// Replaces the path arguments that mean another file on the host.
pub(crate) fn locate(process: &Process, row: &Row, args: &mut [u64; 6], store: &mut PathStore) -> Result<(), Errno> {
    for index in (0..row.args.len()).filter(|index| row.paths >> index & 1 != 0) {
        let Kind::Path(follow) = row.args[index] else { continue };
        let last = match follow {
            Follow::Always => Last::Follow,
            Follow::Never => Last::Stay,
            Follow::Name => Last::Name,
            Follow::Unless(flags) => Last::follow_if(args[flags] & libc::AT_SYMLINK_NOFOLLOW as u64 == 0),
            Follow::If(flags) => Last::follow_if(args[flags] & libc::AT_SYMLINK_FOLLOW as u64 != 0),
            Follow::ByHandler => continue,
        };
        // A wrong pointer is the kernel's to refuse: some calls allow a null one.
        let Ok(path) = GuestPath::read(GuestAddr(args[index])) else { continue };
        let dirfd = match index.checked_sub(1).map(|before| row.args[before]) {
            Some(Kind::DirFd) => args[index - 1] as i32,
            _ => libc::AT_FDCWD,
        };
        if let Some(host) = elsewhere(process, dirfd, &path, last)? {
            args[index] = store.keep(host);
        }
    }
    Ok(())
}

/// The host's path for a guest path that means another file there: one in a root, or the program itself.
pub(crate) fn elsewhere(process: &Process, dirfd: i32, path: &GuestPath, last: Last) -> Result<Option<CString>, Errno> {
    if last == Last::Follow
        && path.last() == b"exe"
        && let Some(exe) = proc::exe_behind(process, dirfd, path)
    {
        return Ok(Some(exe.openable));
    }
    if process.roots.are_active() { walk::locate(&process.roots, dirfd, path.bytes(), last) } else { Ok(None) }
}
