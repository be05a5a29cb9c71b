//! Paths: `-L` roots and /proc/self/exe.
//!
//! An absolute path is looked up in each root first, with symbolic links inside the root resolved inside it
//! (openat2(2), RESOLVE_IN_ROOT); what is not there is the host's. So is what a link of the host's leads to by an
//! absolute path: a virtual environment's `bin/python3` is one to /usr/bin. Without roots no path is looked at but for
//! the name `exe`, which may be /proc's link to the program, by any spelling.

use crate::args::{Follow, Kind};
use crate::hidden::HiddenFds;
use crate::process::Process;
use crate::table::Row;
use crate::{proc, sys};
use memory::copy::StrError;
use memory::{Errno, GuestAddr, copy};
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

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

/// One root of `-L`.
#[derive(Clone)]
struct Root {
    fd: i32,
    path: PathBuf,
}

/// The roots, in the order of the command line.
pub struct Roots {
    roots: Vec<Root>,
    /// Off after chroot(2): paths then mean what the guest made them mean.
    active: AtomicBool,
}

/// MAXSYMLINKS of linux/namei.h.
const MAX_LINKS: usize = 40;
/// `struct open_how`'s resolve flag.
const RESOLVE_IN_ROOT: u64 = 0x10;

impl Roots {
    /// No roots.
    pub fn none() -> Roots {
        Roots { roots: Vec::new(), active: AtomicBool::new(false) }
    }

    /// Opens the roots. An error names the path that could not be opened.
    pub fn open<P: AsRef<Path>>(paths: &[P], hidden: &HiddenFds) -> Result<Roots, (PathBuf, Errno)> {
        let mut roots = Vec::new();
        for path in paths.iter().map(AsRef::as_ref) {
            let fail = |errno| (path.to_path_buf(), errno);
            let absolute = std::fs::canonicalize(path)
                .map_err(|error| fail(Errno(error.raw_os_error().unwrap_or(libc::EINVAL))))?;
            let text = CString::new(absolute.as_os_str().as_bytes()).map_err(|_| fail(Errno::EINVAL))?;
            let fd = open_path(libc::AT_FDCWD, &text, libc::O_DIRECTORY).map_err(fail)?;
            roots.push(Root { fd: hidden.adopt(fd).map_err(fail)?, path: absolute });
        }
        let active = AtomicBool::new(!roots.is_empty());
        Ok(Roots { roots, active })
    }

    /// A copy for a child that does not share its root directory.
    pub fn copy(&self) -> Roots {
        Roots { roots: self.roots.clone(), active: AtomicBool::new(self.are_active()) }
    }

    /// What the guest calls a file of the host's: a file in a root without the root's path. None for other files.
    pub fn name_for_guest(&self, host: &Path) -> Option<PathBuf> {
        let roots = self.roots.iter().filter(|root| root.path != Path::new("/"));
        roots.filter_map(|root| host.strip_prefix(&root.path).ok()).map(|rest| Path::new("/").join(rest)).next()
    }

    /// The names of files in a text of /proc/self/maps' form as the guest calls them.
    pub(crate) fn rename_in_maps(&self, mut maps: String) -> String {
        for root in self.roots.iter().filter(|root| root.path != Path::new("/")) {
            maps = maps.replace(&format!(" {}/", root.path.display()), " /");
        }
        maps
    }

    /// Whether there are roots to look in.
    pub fn are_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// Forgets the roots, after chroot(2).
    pub(crate) fn leave(&self) {
        self.active.store(false, Ordering::Relaxed);
    }

    /// The host's path of a file in the roots; none if no root has it or the path is not looked up there.
    pub fn find(&self, path: &[u8], follow: bool) -> Option<CString> {
        let nofollow = if follow { 0 } else { libc::O_NOFOLLOW };
        let fd = self.open_file(path, libc::O_PATH | nofollow, 0)?.ok()?;
        let found = proc::fd_path(fd.0);
        drop(fd);
        found
    }

    /// The same for a path that no root has: where a chain of the host's links leads, if that is in a root.
    pub(crate) fn find_behind_links(&self, dirfd: i32, path: &[u8]) -> Option<CString> {
        if !self.are_active() {
            return None;
        }
        let mut path = CString::new(path).ok()?;
        for _ in 0..MAX_LINKS {
            let target = proc::read_link(dirfd, &path)?;
            if target.to_bytes().starts_with(b"/") {
                let found = self.find(target.to_bytes(), true);
                if found.is_some() {
                    return found.filter(|_| !is_magic(dirfd, &path));
                }
                path = target;
            } else {
                let folder = path.to_bytes().iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
                path = CString::new([&path.to_bytes()[..folder], target.to_bytes()].concat()).ok()?;
            }
        }
        None
    }

    /// The host's path for a name that is to be made and that no root has: in a root if the directory is there alone.
    pub(crate) fn place(&self, path: &[u8]) -> Option<CString> {
        if !self.are_active() || !path.starts_with(b"/") {
            return None;
        }
        let trimmed = path.len() - path.iter().rev().take_while(|&&byte| byte == b'/').count();
        let slash = path[..trimmed].iter().rposition(|&byte| byte == b'/')?;
        let (parent, name) = path.split_at(slash);
        if parent.is_empty() || std::fs::metadata(std::ffi::OsStr::from_bytes(parent)).is_ok() {
            return None;
        }
        let parent = self.find(parent, true)?;
        CString::new([parent.to_bytes(), name].concat()).ok()
    }

    /// Opens a file in the roots with host flags; none if the host's is meant.
    pub(crate) fn open_file(&self, path: &[u8], flags: i32, mode: u64) -> Option<Result<OwnedFd, Errno>> {
        if !self.are_active() || !path.starts_with(b"/") || belongs_to_kernel(path) {
            return None;
        }
        let text = CString::new(path).ok()?;
        self.roots.iter().find_map(|root| match open_in(root, &text, flags, mode) {
            Ok(fd) if is_mount_point_for_host(path, &fd) => None,
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EXDEV | Errno::ELOOP) if flags & libc::O_NOFOLLOW == 0 => None,
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EXDEV) => None,
            result => Some(result),
        })
    }
}

/// /proc, /sys and /dev hold what the running kernel has to say, whatever a root's copies look like.
fn belongs_to_kernel(path: &[u8]) -> bool {
    [b"/proc".as_slice(), b"/sys", b"/dev"]
        .iter()
        .any(|own| path.strip_prefix(*own).is_some_and(|rest| rest.is_empty() || rest[0] == b'/'))
}

/// Whether a link is one of /proc's, which lead to a file and not to the path that they show (proc(5)).
fn is_magic(dirfd: i32, link: &CStr) -> bool {
    open_path(dirfd, link, libc::O_NOFOLLOW).map(OwnedFd).is_ok_and(|fd| proc::is_proc(fd.0))
}

/// A root has /tmp, /run, /home and others as empty directories, waiting for something to be mounted there: the host's
/// directory of that name is meant, in which a file that the guest makes there will land.
fn is_mount_point_for_host(path: &[u8], fd: &OwnedFd) -> bool {
    let depth = path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).count();
    if depth == 0 || depth > 2 {
        return false;
    }
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    let args = [fd.0 as u64, sys::address(c".".to_bytes_with_nul()), flags as u64, 0, 0, 0];
    let Ok(listing) = sys::host(libc::SYS_openat, args).map(|fd| OwnedFd(fd as i32)) else { return false };
    let mut entries = [0u8; 256];
    let args = [listing.0 as u64, sys::address_mut(&mut entries), entries.len() as u64, 0, 0, 0];
    // "." and ".." take 24 bytes each; anything further makes the directory one that is meant.
    let vacant = sys::host(libc::SYS_getdents64, args).is_ok_and(|bytes| bytes <= 48);
    vacant && std::fs::metadata(std::ffi::OsStr::from_bytes(path)).is_ok_and(|host| host.is_dir())
}

/// The open flags that openat2(2) knows; unlike openat(2) it refuses others (VALID_OPEN_FLAGS in linux/fcntl.h).
const VALID_OPEN: i32 = 0o37777703;
const VALID_OPEN_PATH: i32 = libc::O_PATH | libc::O_CLOEXEC | libc::O_DIRECTORY | libc::O_NOFOLLOW;

fn open_in(root: &Root, path: &CStr, flags: i32, mode: u64) -> Result<OwnedFd, Errno> {
    let flags = flags & if flags & libc::O_PATH != 0 { VALID_OPEN_PATH } else { VALID_OPEN };
    let how = crate::abi::OpenHow { flags: flags as u32 as u64, mode, resolve: RESOLVE_IN_ROOT };
    let args = [root.fd as u64, path.as_ptr() as u64, sys::address(&how), size_of_val(&how) as u64, 0, 0];
    for _ in 0..16 {
        match sys::host(libc::SYS_openat2, args) {
            // A rename elsewhere raced with "..": try again (openat2(2), EAGAIN).
            Err(Errno::EAGAIN) => {}
            // Containers' filters may hide the call: then links that lead out of the root do so.
            Err(Errno::ENOSYS | Errno::EPERM) => break,
            result => return result.map(|fd| OwnedFd(fd as i32)),
        }
    }
    let joined = root
        .path
        .join(Path::new(std::ffi::OsStr::from_bytes(path.to_bytes())).strip_prefix("/").unwrap_or(Path::new("")));
    let joined = CString::new(joined.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
    let args = [libc::AT_FDCWD as u64, joined.as_ptr() as u64, flags as u64, mode, 0, 0];
    sys::host(libc::SYS_openat, args).map(|fd| OwnedFd(fd as i32))
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

/// Replaces the path arguments that mean another file on the host.
pub(crate) fn locate(process: &Process, row: &Row, args: &mut [u64; 6], store: &mut PathStore) -> Result<(), Errno> {
    for index in (0..row.args.len()).filter(|index| row.paths >> index & 1 != 0) {
        let Kind::Path(follow) = row.args[index] else { continue };
        let follow = match follow {
            Follow::Always => true,
            Follow::Never => false,
            Follow::Unless(flags) => args[flags] & libc::AT_SYMLINK_NOFOLLOW as u64 == 0,
            Follow::If(flags) => args[flags] & libc::AT_SYMLINK_FOLLOW as u64 != 0,
            Follow::ByHandler => continue,
        };
        // A wrong pointer is the kernel's to refuse: some calls allow a null one.
        let Ok(path) = GuestPath::read(GuestAddr(args[index])) else { continue };
        let dirfd = match index.checked_sub(1).map(|before| row.args[before]) {
            Some(Kind::DirFd) => args[index - 1] as i32,
            _ => libc::AT_FDCWD,
        };
        if let Some(host) = elsewhere(process, dirfd, &path, follow) {
            args[index] = store.keep(host);
        }
    }
    Ok(())
}

/// The host's path for a guest path that means another file there: one in a root, or the program itself.
pub(crate) fn elsewhere(process: &Process, dirfd: i32, path: &GuestPath, follow: bool) -> Option<CString> {
    if follow
        && path.last() == b"exe"
        && let Some(exe) = proc::exe_behind(process, dirfd, path)
    {
        return Some(exe.openable);
    }
    match follow {
        _ if !process.roots.are_active() => None,
        true => {
            let roots = &process.roots;
            roots.find(path.bytes(), true).or_else(|| roots.find_behind_links(dirfd, path.bytes()))
        }
        false => process.roots.find(path.bytes(), false).or_else(|| process.roots.place(path.bytes())),
    }
}
