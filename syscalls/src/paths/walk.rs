//! The look-up of a path name by name, across the roots and the host (path_resolution(7)).
//!
//! One call of the kernel's finds what stands in a root, and what stands on the host without a link on the way. Left are
//! links that lead from one to the other, `..` above a root, and paths that can't be resolved: which error is meant
//! depends on where the look-up stopped. The path that comes out has no link before its last name that the host would
//! take otherwise than the guest.

use super::roots::{self, Lack, RESOLVE_NO_SYMLINKS, Roots};
use super::{Last, OwnedFd, full};
use crate::{proc, sys};
use memory::Errno;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// MAXSYMLINKS of linux/namei.h.
const MAX_LINKS: usize = 40;
/// The host's path for a guest path; none where the host can have the guest's as it is.
pub(super) fn locate(roots: &Roots, dirfd: i32, path: &[u8], last: Last) -> Result<Option<CString>, Errno> {
    let is_absolute = path.starts_with(b"/");
    let is_plain = if is_absolute {
        match found(roots, path, last) {
            Ok(host) => return Ok(Some(host)),
            // A link that a root has may lead to what only the host has.
            Err(lack) => lack.reason == Errno::ENOENT && !lack.links,
        }
    } else {
        !leaves(path) || folder_name(roots, dirfd).is_none_or(|(_, across)| !across)
    };
    if is_plain && is_without_links(dirfd, path, last) {
        return Ok(if is_absolute && last == Last::Name { roots.place(path) } else { None });
    }
    let Some((at, across)) = (if is_absolute { Some((Vec::new(), true)) } else { folder_name(roots, dirfd) }) else {
        return Ok(None);
    };
    Walk { roots, at, across, rest: path.to_vec(), links: 0 }.run(last)
}

/// The file in a root. Of a name that is made or removed, what is behind it counts: "link/" is not the folder.
fn found(roots: &Roots, path: &[u8], last: Last) -> Result<CString, Lack> {
    if last != Last::Name {
        return roots.search(path, last);
    }
    let len = path.len() - path.iter().rev().take_while(|&&byte| byte == b'/').count();
    let (trimmed, slashes) = path.split_at(len);
    if trimmed.is_empty() || trimmed.ends_with(b"/.") || trimmed.ends_with(b"/..") {
        return Err(Lack::INVALID);
    }
    let host = roots.search(trimmed, Last::Stay)?;
    CString::new([host.to_bytes(), slashes].concat()).map_err(|_| Lack::INVALID)
}

/// Whether a relative path may lead out of the root that it begins in: by `..`, or to what is the kernel's.
fn leaves(path: &[u8]) -> bool {
    roots::belongs_to_kernel(&[b"/", path].concat()) || path.split(|&byte| byte == b'/').any(|name| name == b"..")
}

/// Whether the host meets no link on the way: then it finds what the guest means, or the same error.
fn is_without_links(dirfd: i32, path: &[u8], last: Last) -> bool {
    let Ok(path) = CString::new(path) else { return false };
    let how = roots::look(last, RESOLVE_NO_SYMLINKS);
    let args = [dirfd as u64, path.as_ptr() as u64, sys::address(&how), size_of_val(&how) as u64, 0, 0];
    match sys::host(libc::SYS_openat2, args) {
        Ok(fd) => {
            drop(OwnedFd(fd as i32));
            true
        }
        // Containers' filters may hide the call.
        Err(error) => !matches!(error, Errno::ELOOP | Errno::ENOSYS | Errno::EPERM) && !full::is_full(error),
    }
}

/// The guest's name of an open folder, or of the working directory, and whether it is in a root.
fn folder_name(roots: &Roots, dirfd: i32) -> Option<(Vec<u8>, bool)> {
    let host = if dirfd == libc::AT_FDCWD {
        proc::read_link(libc::AT_FDCWD, c"/proc/self/cwd")?
    } else {
        proc::fd_path(dirfd)?
    };
    let name = roots.name_for_guest(Path::new(OsStr::from_bytes(host.to_bytes())));
    let across = name.is_some();
    let name = name.map_or(host.into_bytes(), |name| name.into_os_string().into_encoded_bytes());
    // The root itself is the empty name, so that "/" and what follows can be put behind any.
    name.starts_with(b"/").then(|| (if name == b"/" { Vec::new() } else { name }, across))
}

/// The guest's absolute name, links and all, of what a root may have; none for what is below a folder of the host's.
pub(crate) fn name_of(roots: &Roots, dirfd: i32, path: &[u8]) -> Option<Vec<u8>> {
    if !roots.are_active() || path.is_empty() {
        return None;
    }
    if path.starts_with(b"/") {
        return Some(path.to_vec());
    }
    let (folder, across) = folder_name(roots, dirfd)?;
    across.then(|| [&folder, b"/".as_slice(), path].concat())
}

/// A look-up on its way.
struct Walk<'a> {
    roots: &'a Roots,
    /// The folder reached: a path without links.
    at: Vec<u8>,
    /// Whether that is the guest's name, to be looked for in the roots, or the host's.
    across: bool,
    /// What is still to be looked up.
    rest: Vec<u8>,
    links: usize,
}

type End = Result<Option<CString>, Errno>;

impl Walk<'_> {
    fn run(mut self, last: Last) -> End {
        loop {
            let start = self.rest.iter().take_while(|&&byte| byte == b'/').count();
            let end =
                self.rest[start..].iter().position(|&byte| byte == b'/').map_or(self.rest.len(), |len| start + len);
            let (name, tail) = (self.rest[start..end].to_vec(), self.rest[end..].to_vec());
            let is_last = tail.iter().all(|&byte| byte == b'/');
            match name.as_slice() {
                b"." | b".." if is_last && last == Last::Name => {
                    return joined(&self.host(&self.at), &[b"/", &name, &tail]);
                }
                b"" => return Ok(Some(self.host(&self.at))),
                b"." => self.rest = tail,
                b".." => {
                    let parent = self.at.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                    self.at.truncate(parent);
                    self.rest = tail;
                }
                _ => {
                    let here = [&self.at, b"/".as_slice(), &name].concat();
                    let host = self.host(&here);
                    if is_last && (last == Last::Name || last == Last::Stay && tail.is_empty()) {
                        return joined(&host, &[&tail]);
                    }
                    if let Some(end) = self.step(here, &host, tail) {
                        return end;
                    }
                }
            }
        }
    }

    /// Goes to a name, of which `tail` is behind it, or where it leads to. The end is a file, or what can't be passed.
    fn step(&mut self, here: Vec<u8>, host: &CStr, tail: Vec<u8>) -> Option<End> {
        let Some(target) = proc::read_link(libc::AT_FDCWD, host) else {
            if tail.is_empty() || !is_folder(host) {
                return Some(joined(host, &[&tail]));
            }
            self.at = here;
            self.rest = tail;
            return None;
        };
        self.links += 1;
        if self.links > MAX_LINKS {
            return Some(Err(Errno::ELOOP));
        }
        if is_magic(host, &target) {
            return self.pass_magic(host, &target, tail);
        }
        if target.to_bytes().starts_with(b"/") {
            self.at.clear();
            self.across = true;
        }
        self.rest = [target.to_bytes(), &tail].concat();
        None
    }

    /// Through a link of procfs: the kernel's to follow, but for what is behind it in a root.
    fn pass_magic(&mut self, host: &CStr, target: &CStr, tail: Vec<u8>) -> Option<End> {
        let name = match target.to_bytes() {
            // Of the process's root directory.
            b"/" => Some(Vec::new()),
            _ if tail.is_empty() => None,
            target => {
                let name = self.roots.name_for_guest(Path::new(OsStr::from_bytes(target)));
                name.map(|name| name.into_os_string().into_encoded_bytes()).filter(|_| is_folder(host))
            }
        };
        let Some(name) = name else { return Some(joined(host, &[&tail])) };
        self.at = if name == b"/" { Vec::new() } else { name };
        self.across = true;
        self.rest = tail;
        None
    }

    /// The host's path of a name without links.
    fn host(&self, name: &[u8]) -> CString {
        let whole = if name.is_empty() { b"/" } else { name };
        let host = match self.across.then(|| self.roots.search(whole, Last::Stay)) {
            Some(Ok(host)) => Some(host),
            Some(Err(Lack { reason: Errno::ENOENT, .. })) => self.roots.place(whole),
            Some(Err(_)) => self.roots.in_first(name),
            None => None,
        };
        host.unwrap_or_else(|| CString::new(whole).unwrap_or_default())
    }
}

fn joined(host: &CStr, more: &[&[u8]]) -> End {
    let path = [host.to_bytes(), &more.concat()].concat();
    CString::new(path).map(Some).map_err(|_| Errno::EINVAL)
}

fn is_folder(path: &CStr) -> bool {
    std::fs::metadata(OsStr::from_bytes(path.to_bytes())).is_ok_and(|file| file.is_dir())
}

/// Whether a link is one of procfs that leads to a file and not to the path that it shows (proc(5)). "self" and the like
/// are relative paths; "pipe:[1]" is none.
fn is_magic(link: &CStr, target: &CStr) -> bool {
    let target = target.to_bytes();
    (target.starts_with(b"/") || target.contains(&b':')) && proc::holds(libc::AT_FDCWD, link.to_bytes())
}
