//! execve(2) and execveat(2): everything is read here; the run loop opens the program and re-enters the translator.

use super::Asked;
use crate::args::{Argv, AtFlags, DirFd, Envp, OwnPath};
use crate::dispatch::Cx;
use crate::outcome::{ExecRequest, Outcome, Stop};
use crate::paths::{self, GuestPath, Last, OwnedFd};
use crate::sys;
use memory::copy::{StrError, read_cstr};
use memory::{Errno, GuestAddr, UserPtr};
use std::ffi::{CStr, CString};

/// MAX_ARG_STRLEN of linux/binfmts.h.
const MAX_STRING: usize = 32 * 4096;
/// What the strings and their pointers may take together: 3/4 of _STK_LIM (fs/exec.c).
const MAX_TOTAL: usize = 6 << 20;
/// Whether it might be executed is asked, no more (linux/fcntl.h); not in libc.
const AT_EXECVE_CHECK: i32 = 0x10000;

pub fn execve(cx: &mut Cx<'_>, path: OwnPath, argv: Argv, envp: Envp) -> Asked {
    exec(cx, libc::AT_FDCWD, path.0, argv.0, envp.0, 0)
}

pub fn execveat(cx: &mut Cx<'_>, dir: DirFd, path: OwnPath, argv: Argv, envp: Envp, flags: AtFlags) -> Asked {
    exec(cx, dir.0, path.0, argv.0, envp.0, flags.0 as i32)
}

fn exec(cx: &mut Cx<'_>, dirfd: i32, path: GuestAddr, argv: GuestAddr, envp: GuestAddr, flags: i32) -> Asked {
    let path = GuestPath::read(path)?;
    if path.bytes().is_empty() && flags & libc::AT_EMPTY_PATH == 0 {
        return Err(Errno::ENOENT.into());
    }
    if flags & !(libc::AT_EMPTY_PATH | libc::AT_SYMLINK_NOFOLLOW | AT_EXECVE_CHECK) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    let guest_path = path.to_cstring();
    let path =
        paths::elsewhere(cx.process, dirfd, &path, Last::follow_if(follow))?.unwrap_or_else(|| guest_path.clone());
    let mut left = MAX_TOTAL;
    let strings = strings(argv, &mut left).and_then(|argv| Ok((argv, strings(envp, &mut left)?)));
    // The kernel opens the file first: what is wrong with that is said before what is wrong with the strings.
    let (mut argv, envp) = strings.map_err(|error| unopenable(dirfd, &path, flags).unwrap_or(error))?;
    if argv.is_empty() {
        // Since Linux 5.18 no program starts without argv[0] (fs/exec.c, do_execveat_common).
        argv.push(CString::default());
    }
    if flags & AT_EXECVE_CHECK != 0 {
        return check(dirfd, &path, flags).map(Outcome::Return).map_err(Stop::from);
    }
    Ok(Outcome::Exec(Box::new(ExecRequest { dirfd, path, guest_path, argv, envp, flags })))
}

/// What the host says to a file that is not executed. It looks at the file's permissions and not at what is in it, so it
/// does not matter that the machine is another (Documentation/userspace-api/check_exec.rst).
fn check(dirfd: i32, path: &CStr, flags: i32) -> Result<u64, Errno> {
    let none = [path.as_ptr() as u64, 0];
    let array = none.as_ptr() as u64;
    sys::host(libc::SYS_execveat, [dirfd as u64, path.as_ptr() as u64, array, array + 8, flags as u64, 0])
}

/// Why a file can't be opened to be executed, if it can't.
fn unopenable(dirfd: i32, path: &CStr, flags: i32) -> Option<Errno> {
    const X_OK: u64 = libc::X_OK as u64;
    let at = flags as u64 | libc::AT_EACCESS as u64;
    let access = sys::host(libc::SYS_faccessat2, [dirfd as u64, path.as_ptr() as u64, X_OK, at, 0, 0]);
    let is_folder = sys::host(
        libc::SYS_openat,
        [dirfd as u64, path.as_ptr() as u64, (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC) as u64, 0, 0, 0],
    );
    match (access, is_folder) {
        (Err(error), _) => Some(error),
        (_, Ok(fd)) => {
            drop(OwnedFd(fd as i32));
            Some(Errno::EACCES)
        }
        _ => None,
    }
}

/// A null-terminated array of strings; a null array is an empty one, as Linux allows.
fn strings(array: GuestAddr, left: &mut usize) -> Result<Vec<CString>, Errno> {
    let mut out = Vec::new();
    if array.is_null() {
        return Ok(out);
    }
    for index in 0.. {
        let at = UserPtr::<GuestAddr>::new(array).element(index).read()?;
        if at.is_null() {
            break;
        }
        let text = read_cstr(at, MAX_STRING - 1).map_err(|error| match error {
            StrError::Fault => Errno::EFAULT,
            StrError::TooLong => Errno::E2BIG,
        })?;
        *left = left.checked_sub(text.len() + 1 + size_of::<GuestAddr>()).ok_or(Errno::E2BIG)?;
        out.push(CString::new(text).map_err(|_| Errno::EINVAL)?);
    }
    Ok(out)
}
