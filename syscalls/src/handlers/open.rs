//! Calls that open files: AArch64 has four open flags of its own, /proc and `-L` have files of theirs.

use super::Value;
use crate::abi::OpenHow;
use crate::args::{DirFd, Fd, Hex, Mode, OpenFlags, OwnPath, Ptr, Size, Str};
use crate::dispatch::Cx;
use crate::outcome::Stop;
use crate::paths::{self, GuestPath, Last};
use crate::{proc, sys};
use memory::UserPtr;

/// `struct open_how`'s flags of a look-up below a folder.
const RESOLVE_BENEATH: u64 = 8;
const RESOLVE_IN_ROOT: u64 = 16;

pub fn openat(cx: &mut Cx<'_>, dir: DirFd, path: OwnPath, flags: OpenFlags, mode: Mode) -> Value {
    let flags = cx.abi().open_flags_to_host(flags.0) as i32;
    let Ok(path) = GuestPath::read(path.0) else {
        // The kernel may find something else wrong first.
        return cx.call(libc::SYS_openat, [dir.0 as u64, path.0.0, flags as u64, mode.0.into(), 0, 0]);
    };
    open(cx, dir.0, &path, flags, mode.0.into(), |cx, path| {
        cx.call(libc::SYS_openat, [dir.0 as u64, path, flags as u64, mode.0.into(), 0, 0])
    })
}

/// openat2(2).
pub fn openat2(cx: &mut Cx<'_>, dir: DirFd, path: OwnPath, how: UserPtr<OpenHow>, size: Size) -> Value {
    let known = size_of::<OpenHow>();
    let mut how = how.read_sized(size.0, known)?;
    let high = how.flags & !0xffff_ffff;
    how.flags = high | u64::from(cx.abi().open_flags_to_host(how.flags as u32));
    let call = |cx: &Cx<'_>, path: u64| {
        cx.call(libc::SYS_openat2, [dir.0 as u64, path, sys::address(&how), known as u64, 0, 0])
    };
    let Ok(path) = GuestPath::read(path.0) else {
        return call(cx, path.0.0);
    };
    if how.resolve != 0 {
        return confined(cx, dir.0, &path, how).unwrap_or_else(|| call(cx, path.address()));
    }
    open(cx, dir.0, &path, how.flags as i32, how.mode, call)
}

/// Opens the program behind /proc's `exe`, a file in a root, or the host's by `call`.
fn open(
    cx: &Cx<'_>,
    dirfd: i32,
    path: &GuestPath,
    flags: i32,
    mode: u64,
    call: impl Fn(&Cx<'_>, u64) -> Result<u64, Stop>,
) -> Value {
    if path.last() == b"exe"
        && flags & libc::O_NOFOLLOW == 0
        && let Some(exe) = proc::exe_behind(cx.process, dirfd, path)
    {
        return call(cx, exe.openable.as_ptr() as u64);
    }
    let roots = &cx.process.roots;
    let makes = flags & libc::O_CREAT != 0;
    // openat2(2) refuses a mode where none is needed; O_TMPFILE names a directory and makes a file there.
    let needed = if flags & libc::O_TMPFILE == libc::O_TMPFILE { mode } else { 0 };
    let how = OpenHow { flags: flags as u32 as u64, mode: needed, resolve: 0 };
    if !makes && let Some(opened) = roots.open_file(path.bytes(), how) {
        return opened.map(|fd| fd.into_raw() as u64).map_err(Stop::Errno);
    }
    let stays = flags & libc::O_NOFOLLOW != 0 || makes && flags & libc::O_EXCL != 0;
    // A file can't be made of a name with a slash behind it, whatever a link of that name leads to.
    let last = if makes && path.bytes().ends_with(b"/") { Last::Name } else { Last::follow_if(!stays) };
    let host = paths::elsewhere(cx.process, dirfd, path, last)?;
    let host = host.or_else(|| if makes { roots.place(path.bytes()) } else { None });
    let fd = call(cx, host.as_ref().map_or(path.address(), |host| host.as_ptr() as u64))? as i32;
    Ok(proc::shadow(cx.process, fd, path, flags)? as u64)
}

/// A file in a root that is opened with a limited look-up; none where that is the host's to do, as it is below a folder.
fn confined(cx: &Cx<'_>, dirfd: i32, path: &GuestPath, how: OpenHow) -> Option<Value> {
    if how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT) != 0 {
        return None;
    }
    let name = paths::name_of(&cx.process.roots, dirfd, path.bytes())?;
    let opened = cx.process.roots.open_file(&name, how)?;
    Some(opened.map(|fd| fd.into_raw() as u64).map_err(Stop::Errno))
}

pub fn open_by_handle_at(cx: &mut Cx<'_>, mount: Fd, handle: Ptr, flags: OpenFlags) -> Value {
    let flags = cx.abi().open_flags_to_host(flags.0);
    cx.call(libc::SYS_open_by_handle_at, [mount.0 as u64, handle.0.0, flags.into(), 0, 0, 0])
}

pub fn mq_open(cx: &mut Cx<'_>, name: Str, flags: OpenFlags, mode: Mode, attributes: Ptr) -> Value {
    let flags = cx.abi().open_flags_to_host(flags.0);
    cx.call(libc::SYS_mq_open, [name.0.0, flags.into(), mode.0.into(), attributes.0.0, 0, 0])
}

/// fanotify_init(2): the second argument is the open flags of the descriptors in events.
pub fn fanotify_init(cx: &mut Cx<'_>, flags: Hex, event_flags: OpenFlags) -> Value {
    let event_flags = cx.abi().open_flags_to_host(event_flags.0);
    cx.call(libc::SYS_fanotify_init, [flags.0, event_flags.into(), 0, 0, 0, 0])
}
