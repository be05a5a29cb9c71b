//! Programs whose files bring rights with them: setuid and setgid bits (inode(7)), capabilities (capabilities(7)).
//!
//! Only the kernel gives rights, by the file that it is asked to execute, and with our own file there are none. So it is
//! asked to execute such a program itself: binfmt_misc starts us again, and where its flag C says so, with the rights
//! of the program (Documentation/admin-guide/binfmt-misc.rst). That run knows nothing of the options of this one.

use std::fs::{File, Metadata};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::binfmt::kernel::Kernel;
use crate::binfmt::registration::Registration;
use crate::guest;
use crate::loader::Headers;
use crate::options::Options;
use crate::program::{Found, Kind};

/// Whether the kernel is to execute the program itself, so that it has its rights.
pub(super) fn are_the_kernels_to_give(found: &Found, options: &Options) -> bool {
    found.kind == Kind::Guest
        && !is_looked_at(options)
        && brings_rights(&found.file)
        && !are_refused(&found.file)
        && (options.by_kernel || is_registered_for_rights(&found.file))
}

/// Whether the file asks for other rights than the caller's.
fn brings_rights(file: &File) -> bool {
    let Ok(metadata) = file.metadata() else { return false };
    changes_ids(&metadata) || has_capabilities(file)
}

fn changes_ids(metadata: &Metadata) -> bool {
    let mode = metadata.permissions().mode();
    // Without the group's right to execute, the bit asked for mandatory locks once.
    let group = libc::S_ISGID | libc::S_IXGRP;
    // SAFETY: neither call does more than return a number.
    let [user_id, group_id] = unsafe { [libc::geteuid(), libc::getegid()] };
    (mode & libc::S_ISUID != 0 && metadata.uid() != user_id) || (mode & group == group && metadata.gid() != group_id)
}

fn has_capabilities(file: &File) -> bool {
    let name = c"security.capability".as_ptr();
    // SAFETY: asking for the length writes nothing.
    unsafe { libc::fgetxattr(file.as_raw_fd(), name, std::ptr::null_mut(), 0) > 0 }
}

/// Whether the kernel would give none: prctl(2), PR_SET_NO_NEW_PRIVS; mount(2), MS_NOSUID.
fn are_refused(file: &File) -> bool {
    // SAFETY: a struct of numbers may be all zero, and fstatvfs fills it in; prctl touches no memory.
    unsafe {
        let mut mount: libc::statvfs = std::mem::zeroed();
        let is_known = libc::fstatvfs(file.as_raw_fd(), &mut mount) == 0;
        let no_more = libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0;
        no_more || is_known && mount.f_flag & libc::ST_NOSUID != 0
    }
}

/// Whether somebody follows the program, who then goes before its rights, as under strace(1); or its files are not where
/// the kernel looks for them.
fn is_looked_at(options: &Options) -> bool {
    options.strace || options.gdb.is_some() || options.trace.any() || !options.sysroots.is_empty()
}

/// Whether the kernel hands such programs to us, with their rights, as far as this process can see.
fn is_registered_for_rights(file: &File) -> bool {
    let machine = Headers::read(file).map(|headers| headers.header.e_machine);
    let Some(architecture) = machine.ok().and_then(guest::architecture) else { return false };
    let Ok(kernel) = Kernel::mounted() else { return false };
    let is_ours = |taker: &Registration| taker.ours().is_some() && taker.flags.contains('C');
    let registrations = kernel.registrations();
    let mut takers = registrations.iter().filter(|it| it.enabled && it.takes(architecture)).peekable();
    kernel.is_enabled() && takers.peek().is_some() && takers.all(is_ours)
}
