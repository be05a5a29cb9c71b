//! /proc in the guest's view.
//!
//! Which file was meant is found out from the file that was reached, not from how it was spelled: /proc/self,
//! /proc/thread-self, a number, a task, a directory's descriptor and a symbolic link all end at the same place. Only
//! names that can matter are looked at, so that other opens cost nothing.
//!
//! Most of /proc needs no help: the name (comm) is set with PR_SET_NAME, there are no threads but the guest's, and
//! arguments, environment, auxiliary vector and stack are told to the kernel ([`publish`]).

use crate::paths::{GuestPath, OwnedFd, open_path};
use crate::process::{Image, Process};
use crate::{shown, sys};
use memory::{Errno, GuestAddr, Range};
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// The path of an open descriptor as the kernel has it.
pub(crate) fn fd_path(fd: i32) -> Option<CString> {
    read_link(libc::AT_FDCWD, &CString::new(format!("/proc/self/fd/{fd}")).ok()?)
}

/// Where a link of the host's leads; none if it is none.
pub(crate) fn read_link(dirfd: i32, link: &CStr) -> Option<CString> {
    let mut target = vec![0u8; libc::PATH_MAX as usize];
    let buffer = sys::address_mut(&mut target[..]);
    let args = [dirfd as u64, link.as_ptr() as u64, buffer, target.len() as u64, 0, 0];
    let len = sys::host(libc::SYS_readlinkat, args).ok()? as usize;
    target.truncate(len);
    CString::new(target).ok()
}

/// Whether the descriptor is of a file in some procfs.
pub(crate) fn is_proc(fd: i32) -> bool {
    // `struct statfs`, of which f_type is the first word.
    let mut info = [0i64; 15];
    let args = [fd as u64, sys::address_mut(&mut info), 0, 0, 0, 0];
    sys::host(libc::SYS_fstatfs, args).is_ok() && info[0] == PROC_SUPER_MAGIC
}

/// The same of a file that stands in its folder as a call names it; no descriptor is opened for that.
pub(crate) fn holds(dirfd: i32, path: &[u8]) -> bool {
    let from = match dirfd {
        folder if folder != libc::AT_FDCWD && !path.starts_with(b"/") => format!("/proc/self/fd/{folder}/"),
        _ => String::new(),
    };
    let folder = path.iter().rposition(|&byte| byte == b'/').map_or(&path[..0], |slash| &path[..=slash]);
    let Ok(folder) = CString::new([from.as_bytes(), folder, b"."].concat()) else { return false };
    let mut info = [0i64; 15];
    let args = [folder.as_ptr() as u64, sys::address_mut(&mut info), 0, 0, 0, 0];
    sys::host(libc::SYS_statfs, args).is_ok() && info[0] == PROC_SUPER_MAGIC
}

/// The process whose folder a path of procfs ends in: ".../PID" or ".../PID/task/TID".
fn owner(folder: &[u8]) -> Option<i32> {
    let number = |part: &[u8]| std::str::from_utf8(part).ok()?.parse::<i32>().ok();
    let mut parts = folder.rsplit(|&byte| byte == b'/');
    let last = number(parts.next()?)?;
    if parts.next() == Some(b"task") { number(parts.next()?) } else { Some(last) }
}

fn own_pid() -> i32 {
    sys::host(libc::SYS_getpid, [0; 6]).map_or(0, |pid| pid as i32)
}

/// A guest program's file.
pub(crate) struct Exe {
    /// What the link reads as.
    pub name: CString,
    /// A path that opens it.
    pub openable: CString,
}

/// The program that a path ending in `exe` means, if that is /proc's link of a process that runs under this
/// translator.
pub(crate) fn exe_behind(process: &Process, dirfd: i32, path: &GuestPath) -> Option<Exe> {
    let bytes = path.bytes();
    let folder = match &bytes[..bytes.len().checked_sub(3)?] {
        b"" => b".".as_slice(),
        parent => parent.strip_suffix(b"/").filter(|parent| !parent.is_empty())?,
    };
    let folder = OwnedFd(open_path(dirfd, &CString::new(folder).ok()?, libc::O_DIRECTORY).ok()?);
    if !is_proc(folder.0) {
        return None;
    }
    let pid = owner(fd_path(folder.0)?.to_bytes())?;
    if pid == own_pid() { Some(own_exe(&process.image)) } else { exe_of(process, pid) }
}

fn own_exe(image: &Image) -> Exe {
    let openable = match image.exe_fd {
        Some(fd) => fd.with(|fd| CString::new(format!("/proc/self/fd/{fd}")).unwrap_or_default()),
        None => image.exe.clone(),
    };
    Exe { name: image.exe.clone(), openable }
}

/// Whether a process runs under this translator.
fn runs_here(pid: i32) -> bool {
    let identity = |path: String| std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let theirs = identity(format!("/proc/{pid}/exe"));
    theirs.is_some() && theirs == identity("/proc/self/exe".to_owned())
}

/// Another guest's program: the file mapped where its auxiliary vector has the program headers.
fn exe_of(process: &Process, pid: i32) -> Option<Exe> {
    if !runs_here(pid) {
        return None;
    }
    let auxv = std::fs::read(format!("/proc/{pid}/auxv")).ok()?;
    let word = |bytes: &[u8]| bytes.try_into().map(u64::from_ne_bytes).ok();
    let headers = auxv.chunks_exact(16).find(|pair| word(&pair[..8]) == Some(libc::AT_PHDR))?;
    let headers = GuestAddr(word(&headers[8..])?);
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let line = maps.lines().find(|line| line_range(line).is_some_and(|range| range.contains(headers)))?;
    let path = |line: &str| CString::new(line[line.find('/')?..].trim_end()).ok();
    Some(Exe { openable: path(line)?, name: path(&process.roots.rename_in_maps(format!("{line}\n")))? })
}

fn line_range(line: &str) -> Option<Range> {
    let (start, end) = line.split(' ').next()?.split_once('-')?;
    Some(Range::new(u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

/// The files that are made here: the last part of their path and what they hold.
type Content = fn(&Process) -> Option<Vec<u8>>;
const FILES: &[(&str, Content)] = &[
    ("maps", |process| {
        let host = std::fs::read_to_string("/proc/self/maps").ok()?;
        Some(process.roots.rename_in_maps(process.space.render_maps(&host)).into_bytes())
    }),
    ("smaps", |process| {
        let host = std::fs::read_to_string("/proc/self/smaps").ok()?;
        Some(process.roots.rename_in_maps(process.space.render_smaps(&host)).into_bytes())
    }),
    ("cmdline", |process| unpublished(&process.image, &process.image.cmdline)),
    ("environ", |process| unpublished(&process.image, &process.image.environ)),
    ("auxv", |process| unpublished(&process.image, &process.image.auxv)),
    ("stat", |process| stat(&process.image)),
    ("limits", limits),
];

/// Content that is only made if the kernel does not know it.
fn unpublished(image: &Image, content: &[u8]) -> Option<Vec<u8>> {
    (!image.published).then(|| content.to_vec())
}

/// /proc/self/stat with the guest's stack (proc_pid_stat(5), field 28).
fn stat(image: &Image) -> Option<Vec<u8>> {
    if image.published {
        return None;
    }
    let host = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Field 2 is the name in parentheses, which may hold spaces; field 3 follows it.
    let (name, rest) = host.rsplit_once(") ")?;
    let mut fields: Vec<String> = rest.trim_end().split(' ').map(str::to_owned).collect();
    *fields.get_mut(28 - 3)? = image.start_stack.0.to_string();
    Some(format!("{name}) {}\n", fields.join(" ")).into_bytes())
}

/// The maps or smaps of another guest process, which the translator's own mappings are not in.
fn others_mappings(process: &Process, pid: i32, path: &[u8]) -> Option<Vec<u8>> {
    let is_smaps = path.ends_with(b"/smaps");
    if !is_smaps && !path.ends_with(b"/maps") || !runs_here(pid) {
        return None;
    }
    let mappings = shown::mappings(pid)?;
    let host = std::fs::read_to_string(OsStr::from_bytes(path)).ok()?;
    let text = if is_smaps { mappings.render_smaps(&host) } else { mappings.render_maps(&host) };
    Some(process.roots.rename_in_maps(text).into_bytes())
}

/// A status file with the guest's filters and actions of signals, of which the host does not know.
fn status(process: &Process, pid: i32, path: &[u8]) -> Option<Vec<u8>> {
    let is_own = pid == own_pid();
    let seccomp = process.seccomp.first().filter(|state| is_own && state.mode() != crate::seccomp::DISABLED);
    let [caught, ignored] = match is_own {
        true => process.actions.shown(),
        false => runs_here(pid).then(|| shown::signals(pid))??,
    };
    let host = std::fs::read_to_string(OsStr::from_bytes(path)).ok()?;
    let line = |line: &str| match (line.split_once(':'), &seccomp) {
        (Some((name @ "Seccomp", _)), Some(seccomp)) => format!("{name}:\t{}\n", seccomp.mode()),
        (Some((name @ "Seccomp_filters", _)), Some(seccomp)) => format!("{name}:\t{}\n", seccomp.filters()),
        (Some((name @ "SigIgn", _)), _) => format!("{name}:\t{:016x}\n", ignored.0),
        (Some((name @ "SigCgt", _)), _) => format!("{name}:\t{:016x}\n", caught.0),
        _ => format!("{line}\n"),
    };
    Some(host.lines().map(line).collect::<String>().into_bytes())
}

/// /proc/self/limits with those on memory, which are the guest's own.
fn limits(process: &Process) -> Option<Vec<u8>> {
    let host = std::fs::read_to_string("/proc/self/limits").ok()?;
    let resources = [
        ("Max data size", libc::RLIMIT_DATA),
        ("Max stack size", libc::RLIMIT_STACK),
        ("Max address space", libc::RLIMIT_AS),
    ];
    let word = |limit: u64| if limit == u64::MAX { "unlimited".to_owned() } else { limit.to_string() };
    let line = |line: &str| {
        let own = resources.iter().find(|(name, _)| line.starts_with(name));
        match own.and_then(|&(name, resource)| Some((name, process.limits.get(resource)?))) {
            // proc_pid_limits in fs/proc/base.c
            Some((name, of)) => format!("{name:<25} {:<20} {:<20} bytes     \n", word(of.current), word(of.maximum)),
            None => format!("{line}\n"),
        }
    };
    Some(host.lines().map(line).collect::<String>().into_bytes())
}

/// Whether a file of that name, which may be a descriptor's, may hold open flags that are others on the host.
fn may_show_flags(process: &Process, name: &[u8]) -> bool {
    !process.abi.open_flags.is_empty() && !name.is_empty() && name.iter().all(u8::is_ascii_digit)
}

/// A file of /proc/PID/fdinfo with the guest's open flags, whosever descriptor it is: Linux shows those of the machine.
fn fdinfo(process: &Process, path: &[u8]) -> Option<Vec<u8>> {
    let host = std::fs::read_to_string(OsStr::from_bytes(path)).ok()?;
    let flags = |line: &str| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok();
    // seq_show in fs/proc/fd.c
    let line = |line: &str| match flags(line) {
        Some(host) => format!("flags:\t0{:o}\n", process.abi.open_flags_to_guest(host)),
        None => format!("{line}\n"),
    };
    Some(host.lines().map(line).collect::<String>().into_bytes())
}

/// Puts the guest's view in place of a file that was just opened for reading, if it is one that needs it. Returns the
/// descriptor, which keeps its number.
pub(crate) fn shadow(process: &Process, fd: i32, path: &GuestPath, flags: i32) -> Result<i32, Errno> {
    let last = path.last();
    let wanted = [b"cpuinfo".as_slice(), b"status"].contains(&last)
        || may_show_flags(process, last)
        || FILES.iter().any(|(name, _)| name.as_bytes() == last);
    if !wanted || flags & (libc::O_ACCMODE | libc::O_PATH) != libc::O_RDONLY || !is_proc(fd) {
        return Ok(fd);
    }
    let Some(reached) = fd_path(fd) else { return Ok(fd) };
    let Some(content) = content(process, reached.to_bytes()) else { return Ok(fd) };
    let file = memory_file(&reached, &content)?;
    sys::host(libc::SYS_dup3, [file.0 as u64, fd as u64, (flags & libc::O_CLOEXEC) as u64, 0, 0, 0])?;
    Ok(fd)
}

/// What the guest is to read at a path of procfs; none for what the host's file says rightly.
fn content(process: &Process, reached: &[u8]) -> Option<Vec<u8>> {
    let slash = reached.iter().rposition(|&byte| byte == b'/')?;
    let (folder, name) = (&reached[..slash], &reached[slash + 1..]);
    if name == b"cpuinfo" {
        let text = || process.image.cpuinfo.text().into_bytes();
        return owner(folder).is_none().then(text).filter(|text| !text.is_empty());
    }
    if folder.ends_with(b"/fdinfo") {
        return may_show_flags(process, name).then(|| fdinfo(process, reached))?;
    }
    let owner = owner(folder)?;
    if name == b"status" {
        return status(process, owner, reached);
    }
    if owner != own_pid() {
        return others_mappings(process, owner, reached);
    }
    let (_, content) = FILES.iter().find(|(file, _)| file.as_bytes() == name)?;
    content(process)
}

/// The file of another process' or the guest's own mappings that a descriptor was made of by [`shadow`]: whose they are,
/// and what they are now.
pub(crate) fn maps_behind(process: &Process, fd: i32) -> Option<(i32, String)> {
    let link = fd_path(fd)?;
    let reached = link.to_bytes().strip_prefix(b"/memfd:")?.strip_suffix(b" (deleted)")?;
    let folder = reached.strip_suffix(b"/maps")?;
    let text = String::from_utf8(content(process, reached)?).ok()?;
    Some((owner(folder)?, text))
}

/// A file with that content, named as the one that it stands for.
fn memory_file(name: &CStr, content: &[u8]) -> Result<OwnedFd, Errno> {
    let args = [name.as_ptr() as u64, u64::from(libc::MFD_CLOEXEC), 0, 0, 0, 0];
    let file = OwnedFd(sys::host(libc::SYS_memfd_create, args)? as i32);
    let mut done = 0;
    while done < content.len() {
        let rest = &content[done..];
        let args = [file.0 as u64, sys::address(rest), rest.len() as u64, done as u64, 0, 0];
        done += sys::host(libc::SYS_pwrite64, args)? as usize;
    }
    Ok(file)
}

memory::abi_struct! {
    /// `struct prctl_mm_map` (prctl(2), PR_SET_MM_MAP).
    pub struct ProgramMap: 104 {
        /// First byte of the program's code; the host's own where it does not matter.
        pub start_code: u64,
        pub end_code: u64,
        pub start_data: u64,
        pub end_data: u64,
        pub start_brk: u64,
        pub brk: u64,
        pub start_stack: u64,
        pub arg_start: u64,
        pub arg_end: u64,
        pub env_start: u64,
        pub env_end: u64,
        pub auxv: u64,
        pub auxv_size: u32,
        pub exe_fd: u32,
    }
}

const PR_SET_MM_MAP: u64 = 14;

/// Tells the kernel where the guest's arguments, environment, auxiliary vector, code and stack are, so that every
/// process reads them right in /proc. `brk` must be the host's own ([`host_brk`]), and `start_brk` in its heap: that goes on.
/// Fails on kernels without checkpoint support; [`Image::published`] keeps whether it worked.
pub fn publish(map: &ProgramMap) -> Result<(), Errno> {
    let map = ProgramMap { exe_fd: u32::MAX, ..*map };
    let args = [libc::PR_SET_MM as u64, PR_SET_MM_MAP, sys::address(&map), size_of_val(&map) as u64, 0, 0];
    sys::host(libc::SYS_prctl, args).map(|_| ())
}

/// Where the host's heap ends.
pub fn host_brk() -> Option<u64> {
    sys::host(libc::SYS_brk, [0; 6]).ok()
}
