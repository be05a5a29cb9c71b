//! Look-ups while no descriptor is to be had (EMFILE, ENFILE): a call that names a file takes none of the guest's, so
//! that a server whose table is full may still ask about its files and remove them.

use super::Last;
use memory::Errno;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

/// Whether a look-up failed for want of a descriptor.
pub(super) fn is_full(error: Errno) -> bool {
    matches!(error, Errno::EMFILE | Errno::ENFILE)
}

/// The path of what stands in a folder under a name without links; ELOOP where there is one on the way, or a `..`.
pub(super) fn find_below(folder: &[u8], path: &[u8], last: Last) -> Result<CString, Errno> {
    let mut host = folder.strip_suffix(b"/").unwrap_or(folder).to_vec();
    let mut names = path.split(|&byte| byte == b'/').filter(|name| !matches!(*name, b"" | b".")).peekable();
    let names_folder = path.ends_with(b"/") || path.ends_with(b"/.");
    while let Some(name) = names.next() {
        if name == b".." {
            return Err(Errno::ELOOP);
        }
        host.push(b'/');
        host.extend_from_slice(name);
        let is_passed = names_folder || names.peek().is_some();
        let file = std::fs::symlink_metadata(OsStr::from_bytes(&host))
            .map_err(|error| Errno(error.raw_os_error().unwrap_or(libc::EINVAL)))?
            .file_type();
        if file.is_symlink() && (is_passed || last == Last::Follow) {
            return Err(Errno::ELOOP);
        }
        if is_passed && !file.is_dir() {
            return Err(Errno::ENOTDIR);
        }
    }
    CString::new(if host.is_empty() { b"/".to_vec() } else { host }).map_err(|_| Errno::EINVAL)
}
