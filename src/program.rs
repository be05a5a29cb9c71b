//! Finding what to run: opening it, following `#!` lines, telling guests from others.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use memory::{Errno, sys};
use syscalls::paths::Roots;

use crate::guest;
use crate::loader::script::{self, FIRST_LINE};

/// How many interpreters of interpreters there may be (fs/exec.c, exec_binprm).
const MAX_DEPTH: usize = 5;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A program of a guest.
    Guest,
    /// Something for the host's kernel to judge.
    Other,
}

/// A program to run, behind all `#!` lines.
pub struct Found {
    /// The file.
    pub file: File,
    /// Its path on the host, as it was opened.
    pub path: CString,
    /// The arguments, those that `#!` lines add included.
    pub argv: Vec<CString>,
    /// What it is.
    pub kind: Kind,
}

/// Opens a program for reading. A pipe or a terminal of that name is none, and not waited for; nor is a socket, which open(2)
/// calls ENXIO (may_open in fs/namei.c).
pub fn open_at(dirfd: i32, path: &CStr, flags: i32) -> Result<File, Errno> {
    let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY | flags;
    let args = [dirfd as u64, path.as_ptr() as u64, flags as u64, 0, 0, 0];
    // SAFETY: openat reads the path; the descriptor is new and nobody else's.
    let opened = unsafe { sys::syscall(libc::SYS_openat as u64, args).map(|fd| File::from_raw_fd(fd as i32)) };
    opened.map_err(|error| if error == Errno::ENXIO { Errno::EACCES } else { error })
}

/// The path on the host of a path that the guest gives.
pub fn on_host(roots: &Roots, path: &CStr) -> CString {
    roots.find(path.to_bytes(), true).unwrap_or_else(|| path.to_owned())
}

/// Follows `#!` lines from `file`, which the guest calls `name`, to a program that is none.
pub fn find(roots: &Roots, file: File, path: CString, name: CString, argv: Vec<CString>) -> Result<Found, Errno> {
    let (mut file, mut path, mut name, mut argv) = (file, path, name, argv);
    for _ in 0..=MAX_DEPTH {
        check(&file)?;
        let mut start = [0; FIRST_LINE];
        let got = file.read_at(&mut start, 0).map_err(errno_of)?;
        let Some(script) = script::parse(&start[..got]) else {
            let kind = if is_guest(&start[..got]) { Kind::Guest } else { Kind::Other };
            return Ok(Found { file, path, argv, kind });
        };
        let interpreter = CString::new(script.interpreter).map_err(|_| Errno::ENOEXEC)?;
        let argument = script.argument.and_then(|argument| CString::new(argument).ok());
        let rest = argv.into_iter().skip(1);
        argv = [interpreter.clone()].into_iter().chain(argument).chain([name]).chain(rest).collect();
        path = on_host(roots, &interpreter);
        file = open_at(libc::AT_FDCWD, &path, 0)?;
        name = interpreter;
    }
    Err(Errno::ELOOP)
}

/// Whether the kernel would execute the file at all, whatever its format.
fn check(file: &File) -> Result<(), Errno> {
    let kind = file.metadata().map_err(errno_of)?.file_type();
    if !kind.is_file() {
        return Err(if kind.is_dir() { Errno::EISDIR } else { Errno::EACCES });
    }
    Ok(())
}

/// Whether the caller may execute the file: faccessat2(2) on the descriptor.
pub fn is_executable(file: &File) -> Result<(), Errno> {
    let flags = (libc::AT_EMPTY_PATH | libc::AT_EACCESS) as u64;
    let args = [file.as_raw_fd() as u64, c"".as_ptr() as u64, libc::X_OK as u64, flags, 0, 0];
    // SAFETY: the path is empty and ends in zero.
    match unsafe { sys::syscall(libc::SYS_faccessat2 as u64, args) } {
        // A kernel before 5.8 lacks the call; execve will say what is to say.
        Ok(_) | Err(Errno::ENOSYS) => Ok(()),
        Err(error) => Err(error),
    }
}

/// ETXTBSY where somebody has the file open for writing: the kernel then grants no lease for reading (fcntl(2)). Whose
/// file it is not, or where there are no leases, it is not known and taken for granted.
pub fn is_not_busy(file: &File) -> Result<(), Errno> {
    let lease = |kind: i32| {
        let args = [file.as_raw_fd() as u64, libc::F_SETLEASE as u64, kind as u64, 0, 0, 0];
        // SAFETY: the call touches no memory.
        unsafe { sys::syscall(libc::SYS_fcntl as u64, args) }
    };
    match lease(libc::F_RDLCK) {
        Err(Errno::EAGAIN) => return Err(Errno::ETXTBSY),
        Err(_) => {}
        // It goes with the descriptor anyway.
        Ok(_) => drop(lease(libc::F_UNLCK)),
    }
    Ok(())
}

/// Whether a file's first bytes are those of an ELF file for a guest.
fn is_guest(start: &[u8]) -> bool {
    let machine = start.get(18..20).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    start.starts_with(b"\x7fELF") && guest::is_known(machine)
}

/// Whether a file is an ELF file for the host.
pub fn is_native(file: &File) -> bool {
    const EM_X86_64: u16 = 62;
    let mut start = [0; 20];
    file.read_exact_at(&mut start, 0).is_ok()
        && start.starts_with(b"\x7fELF")
        && u16::from_le_bytes([start[18], start[19]]) == EM_X86_64
}

/// The error number of an error of std's.
pub fn errno_of(error: std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(libc::EIO))
}

/// What a descriptor's file is called.
pub fn name_of(file: &File) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// What a descriptor's file is called in its folder, also if it was removed from there since.
pub fn own_name(file: &File) -> Option<CString> {
    let path = name_of(file)?;
    let name = path.file_name()?.as_bytes();
    let kept = if path.exists() { None } else { name.strip_suffix(b" (deleted)") };
    CString::new(kept.unwrap_or(name)).ok()
}

/// A program's path from its name on the command line: a name without a slash is looked for in PATH, and then here.
pub fn look_up(roots: &Roots, name: &CStr) -> CString {
    let bytes = name.to_bytes();
    if bytes.contains(&b'/') {
        return name.to_owned();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::env::split_paths(&path).filter_map(|folder| {
        CString::new(folder.join(std::ffi::OsStr::from_bytes(bytes)).into_os_string().into_vec()).ok()
    });
    let is_there = |path: &CString| {
        open_at(libc::AT_FDCWD, &on_host(roots, path), 0)
            .is_ok_and(|file| check(&file).is_ok() && is_executable(&file).is_ok())
    };
    candidates.into_iter().find(is_there).unwrap_or_else(|| name.to_owned())
}
