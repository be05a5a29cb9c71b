//! The end of threads and processes, and limits.

use super::Value;
use super::fd::optional;
use crate::abi::Rlimit;
use crate::args::{Int, Pid, Resource};
use crate::dispatch::Cx;
use crate::outcome::Outcome;
use crate::sys;
use memory::UserPtr;

pub fn exit(_: &mut Cx<'_>, status: Int) -> Outcome {
    Outcome::Exit { status: status.0 & 0xff }
}

pub fn exit_group(_: &mut Cx<'_>, status: Int) -> Outcome {
    Outcome::ExitGroup { status: status.0 & 0xff }
}

pub fn getrlimit(cx: &mut Cx<'_>, resource: Resource, to: UserPtr<Rlimit>) -> Value {
    match cx.process.limits.get(resource.0 as u32) {
        Some(limit) => Ok(to.write(limit).map(|()| 0)?),
        None => cx.call(libc::SYS_getrlimit, [resource.0 as u64, to.addr().0, 0, 0, 0, 0]),
    }
}

pub fn setrlimit(cx: &mut Cx<'_>, resource: Resource, from: UserPtr<Rlimit>) -> Value {
    match cx.process.limits.get(resource.0 as u32) {
        Some(_) => Ok(cx.process.limits.set(resource.0 as u32, from.read()?, &cx.process.space).map(|()| 0)?),
        None => cx.call(libc::SYS_setrlimit, [resource.0 as u64, from.addr().0, 0, 0, 0, 0]),
    }
}

/// prlimit(2): of the guest's own process the limits kept here; another's are the host's.
pub fn prlimit64(cx: &mut Cx<'_>, pid: Pid, resource: Resource, new: UserPtr<Rlimit>, old: UserPtr<Rlimit>) -> Value {
    let own = pid.0 == 0 || sys::host(libc::SYS_getpid, [0; 6]) == Ok(pid.0 as u64);
    let limit = cx.process.limits.get(resource.0 as u32).filter(|_| own);
    let Some(limit) = limit else {
        let args = [pid.0 as u64, resource.0 as u64, new.addr().0, old.addr().0, 0, 0];
        return cx.call(libc::SYS_prlimit64, args);
    };
    if let Some(new) = optional(new)? {
        cx.process.limits.set(resource.0 as u32, new, &cx.process.space)?;
    }
    if !old.is_null() {
        old.write(limit)?;
    }
    Ok(0)
}
