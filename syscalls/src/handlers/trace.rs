//! ptrace(2) and the calls by which its user waits. What a tracer is to see of a guest is not what the host's kernel
//! stops for: the run loop makes these calls.

use super::Asked;
use crate::args::{Hex, InfoOut, Int, Pid, PtraceRequest, RusageOut, WaitFlags, WaitOut};
use crate::dispatch::Cx;
use crate::outcome::{Outcome, TraceRequest, Wait};

pub fn ptrace(_: &mut Cx<'_>, request: PtraceRequest, pid: Pid, addr: Hex, data: Hex) -> Asked {
    // The kernel's request is a `long`; all that there are fit.
    Ok(Outcome::Trace(TraceRequest { request: request.0, tid: pid.0, addr: addr.0, data: data.0 }))
}

pub fn wait4(_: &mut Cx<'_>, pid: Pid, status: WaitOut, flags: WaitFlags, usage: RusageOut) -> Asked {
    let (status, usage) = (status.0, usage.0);
    Ok(Outcome::Wait(Wait::Status { pid: pid.0, status, flags: flags.0, usage }))
}

pub fn waitid(_: &mut Cx<'_>, which: Int, id: Pid, info: InfoOut, flags: WaitFlags, usage: RusageOut) -> Asked {
    let (info, usage) = (info.0, usage.0);
    Ok(Outcome::Wait(Wait::Info { which: which.0, id: id.0, info, flags: flags.0, usage }))
}
