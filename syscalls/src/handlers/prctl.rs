//! prctl(2): passed on, but for what would change the translator instead of the guest.

use super::{Value, seccomp};
use crate::abi::Guest;
use crate::args::{Hex, Int};
use crate::dispatch::Cx;
use memory::{Errno, Range};
use std::sync::atomic::Ordering;

// linux/prctl.h; not all are in libc.
const PR_SET_MDWE: i32 = 65;
const PR_SET_SYSCALL_USER_DISPATCH: i32 = 59;
const PR_SET_TAGGED_ADDR_CTRL: i32 = 55;
const PR_GET_TAGGED_ADDR_CTRL: i32 = 56;
const PR_RISCV_SET_ICACHE_FLUSH_CTX: i32 = 71;
const PR_TAGGED_ADDR_ENABLE: u64 = 1;

pub fn prctl(cx: &mut Cx<'_>, option: Int, a: Hex, b: Hex, c: Hex, d: Hex) -> Value {
    let aarch64 = cx.abi().guest == Guest::Aarch64;
    match option.0 {
        // The addresses are the kernel's knowledge of the guest already (`proc::publish`); no guest needs to move them.
        libc::PR_SET_MM => Err(Errno::EPERM.into()),
        // The host's calls are not the guest's; x86's time-stamp counter is not the guest's; code must stay writable.
        PR_SET_SYSCALL_USER_DISPATCH | libc::PR_SET_TSC | libc::PR_GET_TSC | PR_SET_MDWE => Err(Errno::EINVAL.into()),
        libc::PR_SET_SECCOMP => seccomp::set_by_prctl(cx, a.0, b.0),
        libc::PR_GET_SECCOMP => Ok(cx.thread.seccomp.mode().into()),
        PR_SET_TAGGED_ADDR_CTRL if aarch64 => {
            if a.0 & !PR_TAGGED_ADDR_ENABLE != 0 || b.0 | c.0 | d.0 != 0 {
                return Err(Errno::EINVAL.into());
            }
            cx.process.tagged_addresses.store(a.0, Ordering::Relaxed);
            Ok(0)
        }
        PR_GET_TAGGED_ADDR_CTRL if aarch64 && (a.0 | b.0 | c.0 | d.0) != 0 => Err(Errno::EINVAL.into()),
        PR_GET_TAGGED_ADDR_CTRL if aarch64 => Ok(cx.process.tagged_addresses.load(Ordering::Relaxed)),
        // Who may skip fence.i: nobody needs to, it is seen either way.
        PR_RISCV_SET_ICACHE_FLUSH_CTX if !aarch64 => Ok(0),
        libc::PR_SET_VMA => set_vma(cx, a.0, b.0, c.0, d.0),
        option => cx.call(libc::SYS_prctl, [option as u64, a.0, b.0, c.0, d.0, 0]),
    }
}

/// PR_SET_VMA names mappings: the guest's own.
fn set_vma(cx: &Cx<'_>, what: u64, addr: u64, len: u64, name: u64) -> Value {
    let range = Range::sized(addr.into(), len).ok_or(Errno::EINVAL)?;
    if !range.is_empty() && !cx.process.space.is_mapped(range) {
        return Err(Errno::ENOMEM.into());
    }
    cx.call(libc::SYS_prctl, [libc::PR_SET_VMA as u64, what, addr, len, name, 0])
}
