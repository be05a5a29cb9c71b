//! clone(2) and clone3(2): both are read into one request.

use super::{Asked, Value};
use crate::abi::CloneArgs;
use crate::args::{Addr, CloneFlags, Hex, Ptr, Size};
use crate::dispatch::Cx;
use crate::outcome::{CloneRequest, Outcome};
use memory::{Errno, GuestAddr, UserPtr};

const CSIGNAL: u64 = 0xff;
const CLONE_CLEAR_SIGHAND: u64 = 1 << 32;
const CLONE_INTO_CGROUP: u64 = 1 << 33;
/// The one flag among the bits of the exit signal; clone3 has it, clone can't (clone(2), CLONE_NEWTIME).
const CLONE_NEWTIME: u64 = 0x80;
/// What a thread may be asked for: the flags of clone(2) and those of clone3 that are no business of a thread's. Of a
/// process the host's clone3 says which it knows.
const THREAD_FLAGS: u64 = 0xffff_ffff | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
/// Size of the first published `struct clone_args` (CLONE_ARGS_SIZE_VER0).
const ARGS_VER0: usize = 64;

/// Both guests have CONFIG_CLONE_BACKWARDS: the thread pointer comes before the child's tid.
pub fn clone(_: &mut Cx<'_>, flags: CloneFlags, stack: Addr, parent_tid: Addr, tls: Hex, child_tid: Addr) -> Asked {
    // The old call has 32 bits of flags, the exit signal among them.
    let flags = flags.0 & 0xffff_ffff;
    let request = CloneRequest {
        flags: flags & !CSIGNAL,
        exit_signal: (flags & CSIGNAL) as i32,
        stack: stack.0,
        tls: tls.0,
        parent_tid: parent_tid.0,
        child_tid: child_tid.0,
        pidfd: parent_tid.0,
        ..CloneRequest::default()
    };
    if has(&request, libc::CLONE_PIDFD) && has(&request, libc::CLONE_PARENT_SETTID) {
        return Err(Errno::EINVAL.into());
    }
    check(&request)?;
    Ok(Outcome::Clone(Box::new(request)))
}

pub fn clone3(_: &mut Cx<'_>, args: Ptr, size: Size) -> Asked {
    let args = UserPtr::<CloneArgs>::new(args.0).read_sized(size.0, ARGS_VER0)?;
    if args.flags & (CSIGNAL & !CLONE_NEWTIME | libc::CLONE_DETACHED as u64) != 0
        || (args.stack == 0) != (args.stack_size == 0)
        || args.exit_signal > 64
        || args.set_tid_size > 32
        || (args.set_tid == 0) != (args.set_tid_size == 0)
        || args.flags & CLONE_INTO_CGROUP != 0 && args.cgroup > i32::MAX as u64
    {
        return Err(Errno::EINVAL.into());
    }
    let request = CloneRequest {
        flags: args.flags,
        exit_signal: args.exit_signal as i32,
        stack: GuestAddr(args.stack.wrapping_add(args.stack_size)),
        tls: args.tls,
        parent_tid: GuestAddr(args.parent_tid),
        child_tid: GuestAddr(args.child_tid),
        pidfd: GuestAddr(args.pidfd),
        set_tid: UserPtr::<i32>::new(GuestAddr(args.set_tid)).read_vec(args.set_tid_size as usize)?,
        cgroup: args.cgroup,
        clone3: true,
    };
    check(&request)?;
    Ok(Outcome::Clone(Box::new(request)))
}

/// unshare(2): a table of descriptors that one thread has alone is none that [`crate::HiddenFds`] tells of.
pub fn unshare(cx: &mut Cx<'_>, flags: CloneFlags) -> Value {
    if flags.0 & libc::CLONE_FILES as u64 != 0 {
        cx.process.hidden.fix();
    }
    cx.call(libc::SYS_unshare, [flags.0, 0, 0, 0, 0, 0])
}

fn has(request: &CloneRequest, flag: i32) -> bool {
    request.flags & flag as u32 as u64 != 0
}

/// Combinations that the kernel refuses (copy_process in kernel/fork.c).
fn check(request: &CloneRequest) -> Result<(), Errno> {
    let has = |flag| has(request, flag);
    let wrong = has(libc::CLONE_FS) && (has(libc::CLONE_NEWNS) || has(libc::CLONE_NEWUSER))
        || has(libc::CLONE_THREAD) && !has(libc::CLONE_SIGHAND)
        || has(libc::CLONE_SIGHAND) && !has(libc::CLONE_VM)
        || has(libc::CLONE_THREAD) && (has(libc::CLONE_NEWUSER) || has(libc::CLONE_NEWPID))
        || has(libc::CLONE_PIDFD) && has(libc::CLONE_DETACHED)
        || has(libc::CLONE_SYSVSEM) && has(libc::CLONE_NEWIPC)
        || request.clone3 && has(libc::CLONE_SIGHAND) && request.flags & CLONE_CLEAR_SIGHAND != 0
        || request.clone3 && (has(libc::CLONE_THREAD) || has(libc::CLONE_PARENT)) && request.exit_signal != 0
        || has(libc::CLONE_THREAD) && request.flags & !THREAD_FLAGS != 0;
    if wrong { Err(Errno::EINVAL) } else { Ok(()) }
}
