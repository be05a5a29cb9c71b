//! Files: what differs by layout, or by what a path means.

use super::Value;
use crate::abi::Stat;
use crate::args::{AtFlags, DirFd, Fd, Hex, OutBytes, OwnPath, Path, PathUnless, Ptr, Size, StatOut, Str};
use crate::dispatch::Cx;
use crate::paths::{self, GuestPath, Last};
use crate::{proc, sys};
use memory::{Errno, GuestAddr, UserPtr, copy};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

/// The host's `struct stat` (asm/stat.h of x86-64), as raw words.
type HostStat = [u64; 18];

fn write_stat(host: &HostStat, to: GuestAddr) -> Value {
    let (low, high) = (|word: u64| word as u32, |word: u64| (word >> 32) as u32);
    let stat = Stat {
        dev: host[0],
        ino: host[1],
        nlink: low(host[2]),
        mode: low(host[3]),
        uid: high(host[3]),
        gid: low(host[4]),
        rdev: host[5],
        size: host[6] as i64,
        blksize: host[7] as i32,
        blocks: host[8] as i64,
        atime: host[9] as i64,
        atime_nsec: host[10],
        mtime: host[11] as i64,
        mtime_nsec: host[12],
        ctime: host[13] as i64,
        ctime_nsec: host[14],
        ..Stat::default()
    };
    UserPtr::new(to).write(stat)?;
    Ok(0)
}

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<HostStat>() == size_of::<libc::stat>());
    assert!(offset_of!(libc::stat, st_nlink) == 16 && offset_of!(libc::stat, st_mode) == 24);
    assert!(offset_of!(libc::stat, st_uid) == 28 && offset_of!(libc::stat, st_gid) == 32);
    assert!(offset_of!(libc::stat, st_rdev) == 40 && offset_of!(libc::stat, st_size) == 48);
    assert!(offset_of!(libc::stat, st_blksize) == 56 && offset_of!(libc::stat, st_blocks) == 64);
    assert!(offset_of!(libc::stat, st_atime) == 72 && offset_of!(libc::stat, st_ctime_nsec) == 112);
};

pub fn fstat(cx: &mut Cx<'_>, fd: Fd, to: StatOut) -> Value {
    let mut host = HostStat::default();
    cx.call(libc::SYS_fstat, [fd.0 as u64, sys::address_mut(&mut host), 0, 0, 0, 0])?;
    write_stat(&host, to.0)
}

pub fn newfstatat(cx: &mut Cx<'_>, dir: DirFd, path: PathUnless<3>, to: StatOut, flags: AtFlags) -> Value {
    let mut host = HostStat::default();
    let args = [dir.0 as u64, path.0.0, sys::address_mut(&mut host), flags.0.into(), 0, 0];
    cx.call(libc::SYS_newfstatat, args)?;
    write_stat(&host, to.0)
}

/// readlinkat(2): /proc's link to the program reads as the guest's.
pub fn readlinkat(cx: &mut Cx<'_>, dir: DirFd, path: OwnPath, buffer: OutBytes, size: Size) -> Value {
    let Ok(guest) = GuestPath::read(path.0) else {
        // The kernel may find something else wrong first.
        return cx.call(libc::SYS_readlinkat, [dir.0 as u64, path.0.0, buffer.0.0, size.0, 0, 0]);
    };
    if guest.last() == b"exe"
        && let Some(exe) = proc::exe_behind(cx.process, dir.0, &guest)
    {
        if size.0 as i32 <= 0 {
            return Err(Errno::EINVAL.into());
        }
        return hand_out(exe.name.to_bytes(), buffer.0, size);
    }
    let elsewhere = paths::elsewhere(cx.process, dir.0, &guest, Last::Stay)?;
    let path = elsewhere.as_ref().map_or(guest.address(), |path| path.as_ptr() as u64);
    if !cx.process.roots.are_active() || size.0 as i32 <= 0 {
        return cx.call(libc::SYS_readlinkat, [dir.0 as u64, path, buffer.0.0, size.0, 0, 0]);
    }
    // The whole name, whatever the guest has place for: only of that the guest's can be told.
    let mut whole = [0u8; libc::PATH_MAX as usize];
    let args = [dir.0 as u64, path, sys::address_mut(&mut whole), whole.len() as u64, 0, 0];
    let len = cx.call(libc::SYS_readlinkat, args)? as usize;
    let link = elsewhere.as_ref().map_or(guest.bytes(), |path| path.to_bytes());
    let renamed = renamed_link(cx, dir.0, link, &whole[..len]);
    hand_out(renamed.as_deref().unwrap_or(&whole[..len]), buffer.0, size)
}

/// As much of a link as the guest's buffer holds, without a byte behind it.
fn hand_out(link: &[u8], buffer: GuestAddr, size: Size) -> Value {
    let link = &link[..link.len().min(size.0 as i32 as usize)];
    copy::write_bytes(buffer, link)?;
    Ok(link.len() as u64)
}

/// The guest's name of the file that a link of /proc's (cwd, fd/N, map_files) leads to, if it has another.
fn renamed_link(cx: &Cx<'_>, dirfd: i32, link: &[u8], host: &[u8]) -> Option<Vec<u8>> {
    let renamed = cx.process.roots.name_for_guest(std::path::Path::new(OsStr::from_bytes(host)))?;
    proc::holds(dirfd, link).then(|| renamed.into_os_string().into_encoded_bytes())
}

/// getcwd(2): a folder in a root has the guest's name, if that leads there and not to the host's folder of that name.
pub fn getcwd(cx: &mut Cx<'_>, buffer: OutBytes, size: Size) -> Value {
    let roots = &cx.process.roots;
    if !roots.are_active() {
        return cx.call(libc::SYS_getcwd, [buffer.0.0, size.0, 0, 0, 0, 0]);
    }
    let mut host = [0u8; libc::PATH_MAX as usize];
    let len = sys::host(libc::SYS_getcwd, [sys::address_mut(&mut host), host.len() as u64, 0, 0, 0, 0])? as usize;
    let host = &host[..len - 1];
    let renamed = roots.name_for_guest(std::path::Path::new(OsStr::from_bytes(host)));
    let renamed = renamed.map(|name| name.into_os_string().into_encoded_bytes());
    let name = renamed.filter(|name| roots.find(name, true).is_some_and(|found| found.to_bytes() == host));
    let name = [name.as_deref().unwrap_or(host), b"\0"].concat();
    if size.0 < name.len() as u64 {
        return Err(Errno::ERANGE.into());
    }
    copy::write_bytes(buffer.0, &name)?;
    Ok(name.len() as u64)
}

/// mount(2): the source is a path where it is bound. `/` is the host's: of a root of `-L` nothing is mounted there, and
/// what is asked is about the namespace (bwrap has the mounts no longer propagate).
pub fn mount(cx: &mut Cx<'_>, source: Str, target: OwnPath, kind: Str, flags: Hex, data: Ptr) -> Value {
    let located = |at: GuestAddr| {
        let path = GuestPath::read(at).ok().filter(|path| path.bytes().iter().any(|&byte| byte != b'/'))?;
        paths::elsewhere(cx.process, libc::AT_FDCWD, &path, Last::Follow).ok()?
    };
    let bound = if flags.0 & libc::MS_BIND != 0 { located(source.0) } else { None };
    let target_elsewhere = located(target.0);
    let address = |path: &Option<CString>, own: GuestAddr| path.as_ref().map_or(own.0, |path| path.as_ptr() as u64);
    let (from, to) = (address(&bound, source.0), address(&target_elsewhere, target.0));
    cx.call(libc::SYS_mount, [from, to, kind.0.0, flags.0, data.0.0, 0])
}

/// chroot(2): from then on an absolute path is what the guest made it.
pub fn chroot(cx: &mut Cx<'_>, path: Path) -> Value {
    let value = cx.call(libc::SYS_chroot, [path.0.0, 0, 0, 0, 0, 0])?;
    cx.process.roots.leave();
    Ok(value)
}

/// pivot_root(2): the same.
pub fn pivot_root(cx: &mut Cx<'_>, new: Path, old: Path) -> Value {
    let value = cx.call(libc::SYS_pivot_root, [new.0.0, old.0.0, 0, 0, 0, 0])?;
    cx.process.roots.leave();
    Ok(value)
}

/// inotify_add_watch(2): whether the last link is followed is a bit of the mask.
pub fn inotify_add_watch(cx: &mut Cx<'_>, fd: Fd, path: OwnPath, mask: Hex) -> Value {
    let Ok(guest) = GuestPath::read(path.0) else {
        return cx.call(libc::SYS_inotify_add_watch, [fd.0 as u64, path.0.0, mask.0, 0, 0, 0]);
    };
    let follow = mask.0 & u64::from(libc::IN_DONT_FOLLOW) == 0;
    let elsewhere = paths::elsewhere(cx.process, libc::AT_FDCWD, &guest, Last::follow_if(follow))?;
    let path = elsewhere.as_ref().map_or(guest.address(), |path| path.as_ptr() as u64);
    cx.call(libc::SYS_inotify_add_watch, [fd.0 as u64, path, mask.0, 0, 0, 0])
}

/// getdents64(2): /proc/self/fd does not list the translator's descriptors.
pub fn getdents64(cx: &mut Cx<'_>, fd: Fd, buffer: Ptr, size: Size) -> Value {
    loop {
        let len = cx.call(libc::SYS_getdents64, [fd.0 as u64, buffer.0.0, size.0, 0, 0, 0])?;
        if len == 0 || cx.process.hidden.is_empty() {
            return Ok(len);
        }
        let hidden = cx.process.hidden.within(0, u32::MAX);
        let names: Vec<String> = hidden.iter().map(u32::to_string).collect();
        match drop_entries(buffer.0, len as usize, fd.0, &names)? {
            // All entries of this piece were ours; the end is said by the next call only.
            0 => continue,
            kept => return Ok(kept as u64),
        }
    }
}

/// Offset of d_reclen and d_name in `struct linux_dirent64`.
const RECLEN: usize = 16;
const NAME: usize = 19;

/// Removes the entries of that name if the directory is in procfs; returns the bytes left.
fn drop_entries(buffer: GuestAddr, len: usize, fd: i32, names: &[String]) -> Result<usize, memory::Fault> {
    let mut entries = vec![0; len];
    copy::read_bytes(buffer, &mut entries)?;
    let mut kept = Vec::with_capacity(len);
    let mut rest = entries.as_slice();
    while rest.len() > NAME {
        let size = usize::from(u16::from_ne_bytes([rest[RECLEN], rest[RECLEN + 1]])).clamp(NAME + 1, rest.len());
        let (entry, tail) = rest.split_at(size);
        let name = entry[NAME..].split(|&byte| byte == 0).next().unwrap_or_default();
        if !names.iter().any(|hidden| hidden.as_bytes() == name) {
            kept.extend_from_slice(entry);
        }
        rest = tail;
    }
    if kept.len() == len || !proc::is_proc(fd) {
        return Ok(len);
    }
    copy::write_bytes(buffer, &kept)?;
    Ok(kept.len())
}
