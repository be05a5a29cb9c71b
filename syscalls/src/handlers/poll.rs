//! Waiting for descriptors: `struct epoll_event` is packed on x86-64 alone; masks hold while a call waits.

use super::Value;
use crate::abi::EpollEvent;
use crate::args::{EpollOp, Fd, Int, PollFds, Ptr, SigSetPtr, Size, TimePtr};
use crate::dispatch::Cx;
use crate::signal::SigSet;
use crate::sys;
use memory::space::place::USER_END;
use memory::{Errno, GuestAddr, Range, UserPtr};

const NO_EVENT: libc::epoll_event = libc::epoll_event { events: 0, u64: 0 };
/// Most events fetched at once; the rest comes with the next call.
const BATCH: usize = 128;

pub fn epoll_ctl(cx: &mut Cx<'_>, poll: Fd, op: EpollOp, fd: Fd, event: UserPtr<EpollEvent>) -> Value {
    let host = match op.0 {
        libc::EPOLL_CTL_DEL => NO_EVENT,
        _ => {
            let EpollEvent { events, data, .. } = event.read()?;
            libc::epoll_event { events, u64: data }
        }
    };
    cx.call(libc::SYS_epoll_ctl, [poll.0 as u64, op.0 as u64, fd.0 as u64, sys::address(&host), 0, 0])
}

pub fn epoll_pwait(
    cx: &mut Cx<'_>,
    poll: Fd,
    events: UserPtr<EpollEvent>,
    max: Int,
    timeout: Int,
    mask: SigSetPtr,
    size: Size,
) -> Value {
    wait(cx, events, max.0, mask, |cx, buffer, max, sigmask| {
        let args = [poll.0 as u64, buffer, max, timeout.0 as u64, mask.addr().0, size.0];
        cx.call_masked(libc::SYS_epoll_pwait, args, sigmask)
    })
}

pub fn epoll_pwait2(
    cx: &mut Cx<'_>,
    poll: Fd,
    events: UserPtr<EpollEvent>,
    max: Int,
    timeout: TimePtr,
    mask: SigSetPtr,
    size: Size,
) -> Value {
    wait(cx, events, max.0, mask, |cx, buffer, max, sigmask| {
        let args = [poll.0 as u64, buffer, max, timeout.0.0, mask.addr().0, size.0];
        cx.call_masked(libc::SYS_epoll_pwait2, args, sigmask)
    })
}

/// The mask that holds while a call waits. The host's call reads it too, and says what is wrong with it.
fn temporary(mask: SigSetPtr) -> Option<SigSet> {
    mask.non_null().and_then(|mask| mask.read().ok())
}

fn wait(
    cx: &mut Cx<'_>,
    events: UserPtr<EpollEvent>,
    max: i32,
    mask: SigSetPtr,
    call: impl FnOnce(&Cx<'_>, u64, u64, Option<SigSet>) -> Value,
) -> Value {
    if max <= 0 {
        // It fails; by what else is wrong if the kernel looks at that first.
        return call(cx, events.addr().0, max as u64, None);
    }
    if max as usize > i32::MAX as usize / size_of::<EpollEvent>() {
        return Err(Errno::EINVAL.into());
    }
    let buffer = Range::sized(events.addr(), max as u64 * size_of::<EpollEvent>() as u64);
    if buffer.is_none_or(|buffer| buffer.end.0 > USER_END) {
        // The kernel looks at that before it waits; what else is wrong, it says first.
        return call(cx, u64::MAX, max as u64, None);
    }
    let mut host = [NO_EVENT; BATCH];
    let mask = temporary(mask);
    let ready = call(cx, sys::address_mut(&mut host), max.min(BATCH as i32) as u64, mask)?;
    for (index, event) in host.iter().take(ready as usize).enumerate() {
        let event = EpollEvent { events: event.events, pad: 0, data: event.u64 };
        events.element(index as u64).write(event)?;
    }
    Ok(ready)
}

pub fn ppoll(cx: &mut Cx<'_>, fds: PollFds, count: Size, timeout: TimePtr, mask: SigSetPtr, size: Size) -> Value {
    let sigmask = temporary(mask);
    cx.call_masked(libc::SYS_ppoll, [fds.0.0, count.0, timeout.0.0, mask.addr().0, size.0, 0], sigmask)
}

/// pselect6(2): the last argument points to a pointer to the mask, and the mask's size.
pub fn pselect6(cx: &mut Cx<'_>, count: Int, read: Ptr, write: Ptr, except: Ptr, timeout: TimePtr, mask: Ptr) -> Value {
    let set = UserPtr::<[u64; 2]>::new(mask.0).non_null().and_then(|set| set.read().ok());
    let sigmask = set.and_then(|[set, _size]| temporary(UserPtr::new(GuestAddr(set))));
    let args = [count.0 as u64, read.0.0, write.0.0, except.0.0, timeout.0.0, mask.0.0];
    cx.call_masked(libc::SYS_pselect6, args, sigmask)
}
