//! Signal actions, masks and stacks. Sending and waiting for signals is the kernel's business and forwarded.

use super::fd::optional;
use super::{Asked, Value};
use crate::abi::StackT;
use crate::args::{ActionIn, ActionOut, MaskHow, Sig, SigSetPtr, Size};
use crate::dispatch::Cx;
use crate::outcome::{Outcome, Stop};
use crate::signal::{Action, AltStack, SS_AUTODISARM, SigSet, Signal};
use crate::sys;
use memory::{Errno, GuestAddr, UserPtr};

/// What every call with a signal set wants as its size.
const SET_SIZE: u64 = size_of::<SigSet>() as u64;

/// The flags that mean something on every architecture (UAPI_SA_FLAGS in kernel/signal.c); others read back as zero,
/// by which a program finds out what is supported.
const KNOWN_FLAGS: u64 = 0x1 | 0x2 | 0x4 | 0x800 | 0x0800_0000 | 0x1000_0000 | 0x4000_0000 | 0x8000_0000;
const SA_RESTORER: u64 = 0x0400_0000;

fn check_size(size: Size) -> Result<(), Errno> {
    if size.0 == SET_SIZE { Ok(()) } else { Err(Errno::EINVAL) }
}

pub fn rt_sigaction(cx: &mut Cx<'_>, signal: Sig, new: ActionIn, old: ActionOut, size: Size) -> Value {
    check_size(size)?;
    let new = if new.0.is_null() { None } else { Some(Action::read(cx.abi(), new.0)?) };
    let signal = Signal::new(signal.0).ok_or(Errno::EINVAL)?;
    let before = if let Some(mut action) = new {
        if SigSet::UNBLOCKABLE.contains(signal) {
            return Err(Errno::EINVAL.into());
        }
        action.flags &= KNOWN_FLAGS | if cx.abi().restorer { SA_RESTORER } else { 0 };
        action.mask = action.mask.without(SigSet::UNBLOCKABLE);
        cx.process.actions.set(signal, action, cx.process.host_signals)?
    } else {
        cx.process.actions.get(signal)
    };
    if !old.0.is_null() {
        before.write(cx.abi(), old.0)?;
    }
    Ok(0)
}

pub fn rt_sigprocmask(cx: &mut Cx<'_>, how: MaskHow, new: SigSetPtr, old: SigSetPtr, size: Size) -> Value {
    check_size(size)?;
    let before = cx.thread.mask;
    if let Some(set) = optional(new)? {
        let set = set.without(SigSet::UNBLOCKABLE);
        let mask = match how.0 {
            libc::SIG_BLOCK => before.union(set),
            libc::SIG_UNBLOCK => before.without(set),
            libc::SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL.into()),
        };
        let host = mask.host_mask();
        // Not begun while a signal waits: it came before the mask changed.
        cx.call(libc::SYS_rt_sigprocmask, [libc::SIG_SETMASK as u64, sys::address(&host), 0, SET_SIZE, 0, 0])?;
        cx.thread.mask = mask;
    }
    if !old.is_null() {
        old.write(before)?;
    }
    Ok(0)
}

pub fn rt_sigpending(cx: &mut Cx<'_>, to: SigSetPtr, size: Size) -> Value {
    if size.0 > SET_SIZE {
        return Err(Errno::EINVAL.into());
    }
    let mut pending = SigSet::EMPTY;
    cx.call(libc::SYS_rt_sigpending, [sys::address_mut(&mut pending), SET_SIZE, 0, 0, 0, 0])?;
    let pending = pending.union(cx.thread.held);
    memory::write_bytes(to.addr(), &memory::bytes_of(&pending)[..size.0 as usize])?;
    Ok(0)
}

pub fn rt_sigsuspend(cx: &mut Cx<'_>, set: SigSetPtr, size: Size) -> Value {
    check_size(size)?;
    let mask = set.read()?.without(SigSet::UNBLOCKABLE);
    let host = mask.host_mask();
    cx.call_masked(libc::SYS_rt_sigsuspend, [sys::address(&host), SET_SIZE, 0, 0, 0, 0], Some(mask))
}

pub fn sigaltstack(cx: &mut Cx<'_>, new: UserPtr<StackT>, old: UserPtr<StackT>) -> Value {
    let before = cx.thread.alt_stack;
    let running_on_it = before.is_running_on(cx.call.sp);
    if let Some(new) = optional(new)? {
        if running_on_it {
            return Err(Errno::EPERM.into());
        }
        // What it has already it may have, however small (do_sigaltstack in kernel/signal.c).
        if (new.sp, new.size, new.flags) != (before.base.0, before.size, before.flags) {
            cx.thread.alt_stack = checked_stack(&new, cx.abi().min_signal_stack)?;
        }
    }
    if !old.is_null() {
        let state = match before.size {
            0 => libc::SS_DISABLE,
            _ if running_on_it => libc::SS_ONSTACK,
            _ => 0,
        };
        old.write(StackT { sp: before.base.0, flags: state | before.flags, pad: 0, size: before.size })?;
    }
    Ok(0)
}

fn checked_stack(new: &StackT, min: u64) -> Result<AltStack, Stop> {
    let mode = new.flags & !SS_AUTODISARM;
    if ![0, libc::SS_ONSTACK, libc::SS_DISABLE].contains(&mode) {
        return Err(Errno::EINVAL.into());
    }
    let flags = new.flags & SS_AUTODISARM;
    if mode == libc::SS_DISABLE {
        return Ok(AltStack { flags, ..AltStack::NONE });
    }
    if new.size < min {
        return Err(Errno::ENOMEM.into());
    }
    Ok(AltStack { base: GuestAddr(new.sp), size: new.size, flags })
}

pub fn rt_sigreturn(_: &mut Cx<'_>) -> Asked {
    Ok(Outcome::SigReturn)
}

/// restart_syscall(2): the host kernel restarts its calls itself, so that there is never one to go on with.
pub fn restart_syscall(_: &mut Cx<'_>) -> Value {
    Err(Errno::EINTR.into())
}
