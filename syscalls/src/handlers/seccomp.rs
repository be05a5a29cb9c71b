//! seccomp(2) and its older form in prctl(2).

use super::Value;
use crate::args::{Hex, Int, Ptr};
use crate::dispatch::Cx;
use crate::seccomp::bpf::{Insn, MAX_INSNS, Program};
use crate::seccomp::{FILTER, FLAG_LOG, STRICT, Sharing, listener};
use crate::sys;
use memory::{Errno, GuestAddr, UserPtr};

// linux/seccomp.h.
const SET_MODE_STRICT: i32 = 0;
const SET_MODE_FILTER: i32 = 1;
const GET_ACTION_AVAIL: i32 = 2;
const GET_NOTIF_SIZES: i32 = 3;
const FLAG_TSYNC: u64 = 1;
const FLAG_SPEC_ALLOW: u64 = 4;
const FLAG_NEW_LISTENER: u64 = 8;
const FLAG_TSYNC_ESRCH: u64 = 16;
const FLAG_WAIT_KILLABLE_RECV: u64 = 32;
const FLAGS: u64 =
    FLAG_TSYNC | FLAG_LOG | FLAG_SPEC_ALLOW | FLAG_NEW_LISTENER | FLAG_TSYNC_ESRCH | FLAG_WAIT_KILLABLE_RECV;
/// linux/capability.h.
const CAP_SYS_ADMIN: u32 = 21;

memory::abi_struct! {
    /// `struct sock_fprog`.
    struct Fprog: 16 {
        len: u16,
        pad: [u16; 3],
        filter: GuestAddr,
    }
}

/// An operation that is not known is refused, as on a kernel before it.
pub fn seccomp(cx: &mut Cx<'_>, operation: Int, flags: Hex, args: Ptr) -> Value {
    match operation.0 {
        SET_MODE_STRICT if flags.0 == 0 && args.0.is_null() => strict(cx),
        SET_MODE_FILTER if are_flags_sound(flags.0) => filter(cx, flags.0, args.0),
        // What the host's kernel has is what can be had: notifications are its own.
        GET_ACTION_AVAIL | GET_NOTIF_SIZES => {
            cx.call(libc::SYS_seccomp, [operation.0 as u64, flags.0, args.0.0, 0, 0, 0])
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// seccomp_set_mode_filter in kernel/seccomp.c: a listener's descriptor and a thread's id can't both be the result.
fn are_flags_sound(flags: u64) -> bool {
    let has = |flag| flags & flag != 0;
    flags & !FLAGS == 0
        && !(has(FLAG_TSYNC) && has(FLAG_NEW_LISTENER) && !has(FLAG_TSYNC_ESRCH))
        && (!has(FLAG_WAIT_KILLABLE_RECV) || has(FLAG_NEW_LISTENER))
}

/// PR_SET_SECCOMP.
pub fn set_by_prctl(cx: &Cx<'_>, mode: u64, filter_at: u64) -> Value {
    match mode {
        mode if mode == u64::from(STRICT) => strict(cx),
        mode if mode == u64::from(FILTER) => filter(cx, 0, GuestAddr(filter_at)),
        _ => Err(Errno::EINVAL.into()),
    }
}

fn strict(cx: &Cx<'_>) -> Value {
    Ok(cx.thread.seccomp.set_strict().map(|()| 0)?)
}

fn filter(cx: &Cx<'_>, flags: u64, from: GuestAddr) -> Value {
    let fprog: Fprog = UserPtr::new(from).read()?;
    let len = usize::from(fprog.len);
    if len == 0 || len > MAX_INSNS {
        return Err(Errno::EINVAL.into());
    }
    // Only who can't gain privileges by execve, or has them, may filter what its children do (seccomp(2), EACCES).
    let no_new_privs = cx.call(libc::SYS_prctl, [libc::PR_GET_NO_NEW_PRIVS as u64, 0, 0, 0, 0, 0])? == 1;
    if !no_new_privs && !may_administer() {
        return Err(Errno::EACCES.into());
    }
    let program = Program::new(UserPtr::<Insn>::new(fprog.filter).read_vec(len)?)?;
    let sharing = Sharing { logs: flags & FLAG_LOG != 0, sync: flags & FLAG_TSYNC != 0, no_new_privs };
    let listens = flags & FLAG_NEW_LISTENER != 0;
    let listen = || if listens { listener::open(flags).map(Some) } else { Ok(None) };
    match cx.process.seccomp.install(&cx.thread.seccomp, program, sharing, listen)? {
        Ok(listener) => Ok(listener.unwrap_or(0)),
        Err(_) if flags & FLAG_TSYNC_ESRCH != 0 => Err(Errno::ESRCH.into()),
        Err(tid) => Ok(tid as u64),
    }
}

/// Whether the calling thread has CAP_SYS_ADMIN.
pub fn may_administer() -> bool {
    // _LINUX_CAPABILITY_VERSION_3 and this thread; then effective, permitted and inheritable in two halves.
    let (header, mut sets) = ([0x2008_0522u32, 0], [0u32; 6]);
    let asked = sys::host(libc::SYS_capget, [sys::address(&header), sys::address_mut(&mut sets), 0, 0, 0, 0]);
    asked.is_ok() && sets[0] >> CAP_SYS_ADMIN & 1 != 0
}
