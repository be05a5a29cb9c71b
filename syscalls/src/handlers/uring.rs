//! io_uring: calls go to the host, requests and rings that need it are put right by [`crate::uring`].

use super::Value;
use super::fd::optional;
use crate::abi::{IoUringParams, IoUringProbeOp};
use crate::args::{Fd, Hex, Ptr, Size, UInt};
use crate::dispatch::Cx;
use crate::outcome::Stop;
use crate::signal::SigSet;
use crate::sys;
use crate::uring::{OP_EPOLL_WAIT, Ring, Rings, Submission, without_poller};
use memory::{Errno, GuestAddr, UserPtr};

// linux/io_uring.h.
const ENTER_GETEVENTS: u64 = 1 << 0;
const ENTER_EXT_ARG: u64 = 1 << 3;
const ENTER_EXT_ARG_REG: u64 = 1 << 6;
const REGISTER_PROBE: u32 = 8;
const REGISTER_RING_FDS: u32 = 20;
const OP_SUPPORTED: u16 = 1;

pub fn io_uring_setup(cx: &mut Cx<'_>, entries: UInt, params: Ptr) -> Value {
    let params = UserPtr::<IoUringParams>::new(params.0);
    let asked = params.read()?;
    if Rings::refuses(asked.flags) {
        // What kernels before 5.11 said to the unprivileged, so that programs are prepared for it.
        return Err(Errno::EPERM.into());
    }
    let mut made = without_poller(asked)?;
    let args = [entries.0.into(), sys::address_mut(&mut made), 0, 0, 0, 0];
    let fd = cx.call(libc::SYS_io_uring_setup, args)?;
    made.flags |= asked.flags;
    if let Err(fault) = params.write(made) {
        cx.call(libc::SYS_close, [fd, 0, 0, 0, 0, 0])?;
        return Err(fault.into());
    }
    cx.process.rings.add(fd as i32, made);
    Ok(fd)
}

pub fn io_uring_enter(cx: &mut Cx<'_>, fd: Fd, submit: UInt, wait: UInt, flags: Hex, arg: Ptr, size: Size) -> Value {
    // The last argument but one is a mask, or points to a structure that begins with a pointer to one.
    // What is wrong with either the host's call says, and what it looks at first.
    let mask = match flags.0 & ENTER_EXT_ARG {
        0 => arg.0,
        _ => GuestAddr(optional(UserPtr::<u64>::new(arg.0)).ok().flatten().unwrap_or(0)),
    };
    let mask = optional(UserPtr::<SigSet>::new(mask)).ok().flatten();
    let args = [fd.0 as u64, submit.0.into(), wait.0.into(), flags.0, arg.0.0, size.0];
    if let Some(ring) = cx.process.rings.polled(fd.0) {
        return enter_polled(cx, ring, args, mask);
    }
    let submission = Submission::prepare(cx, fd.0, submit.0);
    let result = cx.call_masked(libc::SYS_io_uring_enter, args, mask);
    submission.restore();
    result
}

/// The same for a ring that is polled: what there is is submitted, however much the call says, and the call says that it
/// was as much.
fn enter_polled(cx: &Cx<'_>, ring: Ring, args: [u64; 6], mask: Option<SigSet>) -> Value {
    let [fd, submit, wait, flags, arg, size] = args;
    ring.poll(cx, flags & !(ENTER_GETEVENTS | ENTER_EXT_ARG | ENTER_EXT_ARG_REG))?;
    if flags & ENTER_GETEVENTS == 0 {
        return Ok(submit);
    }
    match cx.call_masked(libc::SYS_io_uring_enter, [fd, 0, wait, flags, arg, size], mask) {
        Ok(_) | Err(Stop::Errno(_)) if submit != 0 => Ok(submit),
        result => result,
    }
}

/// io_uring_register(2). A ring that is entered by a registered index is no descriptor that could be looked up:
/// registering one is refused as before Linux 5.18, and libraries then go on with the descriptor.
pub fn io_uring_register(cx: &mut Cx<'_>, fd: Fd, op: UInt, arg: Ptr, count: UInt) -> Value {
    if op.0 == REGISTER_RING_FDS && cx.process.rings.is_ring(fd.0) {
        return Err(Errno::EINVAL.into());
    }
    let result = cx.call(libc::SYS_io_uring_register, [fd.0 as u64, op.0.into(), arg.0.0, count.0.into(), 0, 0])?;
    if op.0 == REGISTER_PROBE && count.0 > OP_EPOLL_WAIT.into() {
        // `struct io_uring_probe` is a head of 16 bytes and an array.
        let ops = UserPtr::<IoUringProbeOp>::new(arg.0.offset(16));
        let op = ops.element(OP_EPOLL_WAIT.into());
        let known = op.read()?;
        op.write(IoUringProbeOp { flags: known.flags & !OP_SUPPORTED, ..known })?;
    }
    Ok(result)
}
