//! Calls about descriptors as such.

use super::Value;
use crate::args::{FcntlCommand, Fd, FdPair, Hex, IoctlRequest, OpenFlags, UInt};
use crate::dispatch::Cx;
use crate::seccomp::listener;
use crate::{proc, procmap};
use memory::{Errno, GuestAddr, UserPtr};
use std::ops::RangeInclusive;

/// fcntl(2): the status flags are the guest's open flags; the rest is the same on all.
pub fn fcntl(cx: &mut Cx<'_>, fd: Fd, command: FcntlCommand, arg: Hex) -> Value {
    if let libc::F_DUPFD | libc::F_DUPFD_CLOEXEC = command.0
        && !cx.process.hidden.is_empty()
    {
        cx.process.hidden.give_way_above(arg.0 as u32)?;
    }
    let arg = match command.0 {
        libc::F_SETFL => cx.abi().open_flags_to_host(arg.0 as u32).into(),
        _ => arg.0,
    };
    let value = cx.call(libc::SYS_fcntl, [fd.0 as u64, command.0 as u64, arg, 0, 0, 0])?;
    match command.0 {
        libc::F_GETFL => Ok(cx.abi().open_flags_to_guest(value as u32).into()),
        _ => Ok(value),
    }
}

pub fn pipe2(cx: &mut Cx<'_>, fds: FdPair, flags: OpenFlags) -> Value {
    let flags = cx.abi().open_flags_to_host(flags.0);
    cx.call(libc::SYS_pipe2, [fds.0.0, flags.into(), 0, 0, 0, 0])
}

/// The type byte of KVM's requests (linux/kvm.h): they are about the host's CPU.
const KVMIO: u64 = 0xae;
/// TUNSETTXFILTER and its like are the same; so are the terminal's: asm-generic/ioctls.h is x86's too.
pub fn ioctl(cx: &mut Cx<'_>, fd: Fd, request: IoctlRequest, arg: Hex) -> Value {
    // The kernel takes an unsigned int.
    let request = request.0 & 0xffff_ffff;
    if request >> 8 & 0xff == KVMIO {
        return Err(Errno::ENOTTY.into());
    }
    match request {
        listener::NOTIF_RECV => return listener::receive(cx, fd.0, GuestAddr(arg.0)),
        procmap::REQUEST if let Some((pid, text)) = proc::maps_behind(cx.process, fd.0) => {
            return Ok(procmap::answer(&text, pid, GuestAddr(arg.0))?);
        }
        listener::NOTIF_SEND => return listener::send(cx, fd.0, GuestAddr(arg.0)),
        _ => {}
    }
    cx.call(libc::SYS_ioctl, [fd.0 as u64, request, arg.0, 0, 0, 0])
}

/// close_range(2), around the translator's own descriptors.
pub fn close_range(cx: &mut Cx<'_>, first: UInt, last: UInt, flags: Hex) -> Value {
    if flags.0 & u64::from(libc::CLOSE_RANGE_UNSHARE) != 0 {
        cx.process.hidden.fix();
    }
    cx.process.hidden.around(first.0, last.0, |hidden| close_around(cx, hidden, first.0..=last.0, flags.0))
}

fn close_around(cx: &Cx<'_>, hidden: Vec<u32>, range: RangeInclusive<u32>, flags: u64) -> Value {
    let call =
        |first: u32, last: u32, flags: u64| cx.call(libc::SYS_close_range, [first.into(), last.into(), flags, 0, 0, 0]);
    let (first, last) = range.into_inner();
    if hidden.is_empty() || first > last {
        return call(first, last, flags);
    }
    // The table is unshared once; the pieces after it are of the new one.
    let (mut from, mut flags) = (first, flags);
    for fd in hidden {
        if fd > from {
            call(from, fd - 1, flags)?;
            flags &= !u64::from(libc::CLOSE_RANGE_UNSHARE);
        }
        from = fd + 1;
    }
    if from <= last { call(from, last, flags) } else { Ok(0) }
}

/// Reads a value that may be absent: a null pointer is none.
pub(super) fn optional<T: memory::Pod>(from: UserPtr<T>) -> Result<Option<T>, memory::Fault> {
    from.non_null().map(UserPtr::read).transpose()
}
