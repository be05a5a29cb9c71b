//! The roots of `-L`: what stands in them, by the name that the guest has for it.

use super::{Last, OwnedFd, full, open_path};
use crate::abi::OpenHow;
use crate::hidden::{HiddenFd, HiddenFds};
use crate::{proc, sys};
use memory::Errno;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// One root of `-L`.
#[derive(Clone)]
struct Root {
    fd: HiddenFd,
    path: PathBuf,
}

/// The roots, in the order of the command line.
pub struct Roots {
    roots: Vec<Root>,
    /// Off after chroot(2): paths then mean what the guest made them mean.
    active: AtomicBool,
}

/// `struct open_how`'s resolve flags.
pub(super) const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_IN_ROOT: u64 = 0x10;

/// That no root has a file.
pub(super) struct Lack {
    /// Why. Where the roots disagree it is the first one's reason.
    pub reason: Errno,
    /// Whether a root meets a link before the name that it lacks.
    pub links: bool,
}

impl Lack {
    /// It is no name that a file can have.
    pub const INVALID: Lack = Lack { reason: Errno::EINVAL, links: false };
}

/// An open only to name the file.
pub(super) fn look(last: Last, resolve: u64) -> OpenHow {
    let nofollow = if last == Last::Follow { 0 } else { libc::O_NOFOLLOW };
    OpenHow { flags: (libc::O_PATH | libc::O_CLOEXEC | nofollow) as u64, mode: 0, resolve }
}

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
            let text = CString::new(path.as_os_str().as_bytes()).map_err(|_| fail(Errno::EINVAL))?;
            let fd = open_path(libc::AT_FDCWD, &text, libc::O_DIRECTORY).map_err(fail)?;
            let absolute = absolute(path, fd).map_err(fail)?;
            roots.push(Root { fd: hidden.keep(fd).map_err(fail)?, path: absolute });
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
        self.search(path, if follow { Last::Follow } else { Last::Stay }).ok()
    }

    /// The same with the reason why there is none. Most paths have no links, and most look-ups of a program that starts
    /// find nothing: so it is asked first for a way without links, and where there is none no more has to be asked.
    pub(super) fn search(&self, path: &[u8], last: Last) -> Result<CString, Lack> {
        let mut lack = Lack { reason: Errno::ENOENT, links: false };
        for root in &self.roots {
            let mut result = self.path_in(root, path, last, RESOLVE_NO_SYMLINKS);
            if let Some(Err(Errno::ELOOP)) = result {
                lack.links = true;
                result = self.path_in(root, path, last, 0);
            }
            match result {
                Some(Ok(path)) => return Ok(path),
                Some(Err(error)) if lack.reason == Errno::ENOENT => lack.reason = error,
                _ => {}
            }
        }
        Err(lack)
    }

    /// The host's path of what a root has, without links.
    fn path_in(&self, root: &Root, path: &[u8], last: Last, resolve: u64) -> Option<Result<CString, Errno>> {
        Some(match self.try_in(root, path, look(last, resolve))? {
            Ok(fd) => proc::fd_path(fd.0).ok_or(Errno::ENOENT),
            Err(error) if full::is_full(error) => full::find_below(root.path.as_os_str().as_bytes(), path, last),
            Err(error) => Err(error),
        })
    }

    /// What a root has to say to a path; none if the path is not looked up there.
    fn try_in(&self, root: &Root, path: &[u8], how: OpenHow) -> Option<Result<OwnedFd, Errno>> {
        let looked_up = self.are_active() && path.starts_with(b"/") && !belongs_to_kernel(path);
        let text = CString::new(path).ok().filter(|_| looked_up)?;
        Some(match open_in(root, &text, how) {
            Ok(fd) if is_mount_point_for_host(path, &fd) => Err(Errno::ENOENT),
            result => result,
        })
    }

    /// A name without links as the host has it in the first root, for the kernel to find wrong what it will.
    pub(super) fn in_first(&self, name: &[u8]) -> Option<CString> {
        let path = self.roots.first()?.path.as_os_str().as_bytes();
        CString::new([path, name].concat()).ok()
    }

    /// The host's path for a name that is to be made and that no root has: in a root if the directory is there alone.
    pub(crate) fn place(&self, path: &[u8]) -> Option<CString> {
        if !self.are_active() || !path.starts_with(b"/") {
            return None;
        }
        let trimmed = path.len() - path.iter().rev().take_while(|&&byte| byte == b'/').count();
        let slash = path[..trimmed].iter().rposition(|&byte| byte == b'/')?;
        let (parent, name) = path.split_at(slash);
        if parent.is_empty() || std::fs::metadata(OsStr::from_bytes(parent)).is_ok() {
            return None;
        }
        let parent = self.find(parent, true)?;
        CString::new([parent.to_bytes(), name].concat()).ok()
    }

    /// Opens a file in the roots with host flags; none where no root has it, and where another look has to say why.
    pub(crate) fn open_file(&self, path: &[u8], how: OpenHow) -> Option<Result<OwnedFd, Errno>> {
        self.roots.iter().filter_map(|root| self.try_in(root, path, how)).find(|result| {
            let nofollow = how.flags as i32 & libc::O_NOFOLLOW != 0;
            let confined = how.resolve != 0;
            match result {
                Err(Errno::ELOOP) => nofollow || confined,
                Err(Errno::ENOENT) => false,
                Err(Errno::ENOTDIR | Errno::EXDEV) => confined,
                _ => true,
            }
        })
    }
}

/// /proc, /sys and /dev hold what the running kernel has to say, whatever a root's copies look like.
pub(super) fn belongs_to_kernel(path: &[u8]) -> bool {
    [b"/proc".as_slice(), b"/sys", b"/dev"]
        .iter()
        .any(|own| path.strip_prefix(*own).is_some_and(|rest| rest.is_empty() || rest[0] == b'/'))
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
    vacant && std::fs::metadata(OsStr::from_bytes(path)).is_ok_and(|host| host.is_dir())
}

/// The path of a folder that is open, without links in it. The kernel tells it at once; to look for it takes a call for
/// each part.
fn absolute(path: &Path, fd: i32) -> Result<PathBuf, Errno> {
    match proc::fd_path(fd) {
        Some(known) => Ok(OsString::from_vec(known.into_bytes()).into()),
        None => std::fs::canonicalize(path).map_err(|error| Errno(error.raw_os_error().unwrap_or(libc::EINVAL))),
    }
}

/// The open flags that openat2(2) knows; unlike openat(2) it refuses others (VALID_OPEN_FLAGS in linux/fcntl.h).
const VALID_OPEN: i32 = 0o37777703;
const VALID_OPEN_PATH: i32 = libc::O_PATH | libc::O_CLOEXEC | libc::O_DIRECTORY | libc::O_NOFOLLOW;

fn open_in(root: &Root, path: &CStr, how: OpenHow) -> Result<OwnedFd, Errno> {
    let flags = how.flags as i32;
    let flags = flags & if flags & libc::O_PATH != 0 { VALID_OPEN_PATH } else { VALID_OPEN };
    let how = OpenHow { flags: flags as u32 as u64, resolve: how.resolve | RESOLVE_IN_ROOT, ..how };
    let open = |fd: i32| {
        let args = [fd as u64, path.as_ptr() as u64, sys::address(&how), size_of_val(&how) as u64, 0, 0];
        sys::host(libc::SYS_openat2, args)
    };
    for _ in 0..16 {
        match root.fd.with(open) {
            // A rename elsewhere raced with "..": try again (openat2(2), EAGAIN).
            Err(Errno::EAGAIN) => {}
            // Containers' filters may hide the call: then links that lead out of the root do so.
            Err(Errno::ENOSYS | Errno::EPERM) => break,
            result => return result.map(|fd| OwnedFd(fd as i32)),
        }
    }
    let joined =
        root.path.join(Path::new(OsStr::from_bytes(path.to_bytes())).strip_prefix("/").unwrap_or(Path::new("")));
    let joined = CString::new(joined.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)?;
    let args = [libc::AT_FDCWD as u64, joined.as_ptr() as u64, flags as u64, how.mode, 0, 0];
    sys::host(libc::SYS_openat, args).map(|fd| OwnedFd(fd as i32))
}
