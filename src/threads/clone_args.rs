//! The host's side of clone(2) and clone3(2) for a child that is a process.

use syscalls::CloneRequest;
use syscalls::abi::CloneArgs;

/// CLONE_CLEAR_SIGHAND: the child's handlers are the default. Done here and not by the host, whose handlers are ours.
pub const CLEAR_SIGHAND: u64 = 1 << 32;

/// The flags that the host is given: the guest's thread pointer is in its state, its handlers are in our table.
pub fn host_flags(request: &CloneRequest) -> u64 {
    request.flags & !(libc::CLONE_SETTLS as u64 | CLEAR_SIGHAND)
}

/// What the guest asked for, on the caller's stack.
pub fn args_of(request: &CloneRequest) -> CloneArgs {
    CloneArgs {
        flags: host_flags(request),
        pidfd: request.pidfd.0,
        child_tid: request.child_tid.0,
        parent_tid: request.parent_tid.0,
        exit_signal: request.exit_signal as u64,
        set_tid: if request.set_tid.is_empty() { 0 } else { request.set_tid.as_ptr() as u64 },
        set_tid_size: request.set_tid.len() as u64,
        cgroup: request.cgroup,
        ..CloneArgs::default()
    }
}

/// Number and arguments of the host's call: clone3 where the guest called that, as it alone has some of the fields;
/// else clone, which old kernels and containers have.
pub fn call_of(args: &CloneArgs, clone3: bool) -> (i64, [u64; 5]) {
    if clone3 {
        return (libc::SYS_clone3, [&raw const *args as u64, size_of::<CloneArgs>() as u64, 0, 0, 0]);
    }
    let top = if args.stack == 0 { 0 } else { (args.stack + args.stack_size) & !15 };
    // For clone the pidfd goes where the tid would (clone(2), CLONE_PIDFD).
    let wants_pidfd = args.flags & libc::CLONE_PIDFD as u64 != 0;
    let parent_tid = if wants_pidfd { args.pidfd } else { args.parent_tid };
    (libc::SYS_clone, [args.flags | args.exit_signal, top, parent_tid, args.child_tid, 0])
}
