//! SECCOMP_RET_USER_NOTIF: the guest's calls by the host kernel's listener (seccomp_unotify(2)).
//!
//! A filter with a listener is two filters: the guest's program runs here, and the host gets a program of ours that
//! notifies of numbers that no call has and lets all others pass. When the guest's says that its supervisor is to be
//! asked, such a call is made, with the guest's number in its lower bits and the guest's arguments: it sleeps, is
//! interrupted and answered as the kernel has it. The supervisor's ioctls, which come by here too, put number and
//! architecture right. Descriptors and addresses in the request are the guest's own on the host, so that
//! SECCOMP_IOCTL_NOTIF_ADDFD, /proc/PID/mem and process_vm_readv(2) need nothing.

use super::bpf::{ALU, AND, Data, EQUAL, Insn, JMP, LD_ABS, RET_K};
use crate::dispatch::{self, Call, Cx};
use crate::outcome::{Outcome, Stop};
use crate::process::Thread;
use crate::sys;
use memory::{Errno, GuestAddr, UserPtr};

// linux/seccomp.h.
const SET_MODE_FILTER: u64 = 1;
const CONTINUE: u32 = 1;
/// Wait for a notification.
pub const NOTIF_RECV: u64 = 0xc050_2100;
/// Answer one.
pub const NOTIF_SEND: u64 = 0xc018_2101;

/// The numbers that the host's program notifies of: x86-64 has no calls there, and x32's bit is not among them.
const ASKING: u64 = 0x2000_0000;
const ASKING_BITS: u64 = 0xff00_0000;

/// The value by which a supervisor lets a call be made (SECCOMP_USER_NOTIF_FLAG_CONTINUE): the host itself would go on
/// with a call that it does not have.
const GO_ON: i64 = 0x7472_616e_736f_6d21;

/// Notifies if the number is one of ours, else allows.
const PROGRAM: [Insn; 5] = [
    Insn { code: LD_ABS, jt: 0, jf: 0, k: 0 },
    Insn { code: ALU | AND, jt: 0, jf: 0, k: ASKING_BITS as u32 },
    Insn { code: JMP | EQUAL, jt: 0, jf: 1, k: ASKING as u32 },
    Insn { code: RET_K, jt: 0, jf: 0, k: super::USER_NOTIF },
    Insn { code: RET_K, jt: 0, jf: 0, k: super::ALLOW },
];

memory::abi_struct! {
    /// `struct seccomp_notif`.
    struct Notification: 80 {
        id: u64,
        pid: u32,
        flags: u32,
        data: Data,
    }
}

memory::abi_struct! {
    /// `struct seccomp_notif_resp`.
    struct Response: 24 {
        id: u64,
        value: i64,
        error: i32,
        flags: u32,
    }
}

/// Gives the calling thread the host's filter; the listener's descriptor.
pub fn open(flags: u64) -> Result<u64, Errno> {
    let program = libc::sock_fprog { len: PROGRAM.len() as u16, filter: PROGRAM.as_ptr().cast_mut().cast() };
    sys::host(libc::SYS_seccomp, [SET_MODE_FILTER, flags, sys::address(&program), 0, 0, 0])
}

/// Asks the supervisor about a call: what it answers, or nothing if the call is to be made.
pub(super) fn ask(thread: &Thread, call: &Call) -> Option<Outcome> {
    if call.nr & ASKING_BITS != 0 || call.nr > u64::from(u32::MAX) {
        return Some(Outcome::Return(Errno::ENOSYS.to_return()));
    }
    match dispatch::ask((ASKING | call.nr) as i64, &call.args, thread) {
        Ok(value) if value.cast_signed() == GO_ON => None,
        result => Some(result.into()),
    }
}

/// SECCOMP_IOCTL_NOTIF_RECV: number and architecture are the guest's. Its program counter nobody knows here.
pub fn receive(cx: &Cx<'_>, fd: i32, to: GuestAddr) -> Result<u64, Stop> {
    let value = cx.call(libc::SYS_ioctl, [fd as u64, NOTIF_RECV, to.0, 0, 0, 0])?;
    let to = UserPtr::<Notification>::new(to);
    let mut notification = to.read()?;
    let nr = u64::from(notification.data.nr.cast_unsigned());
    if nr & ASKING_BITS == ASKING {
        notification.data.nr = (nr & !ASKING_BITS) as i32;
        notification.data.arch = cx.abi().audit_arch;
        notification.data.instruction_pointer = 0;
        to.write(notification)?;
    }
    Ok(value)
}

/// SECCOMP_IOCTL_NOTIF_SEND.
pub fn send(cx: &Cx<'_>, fd: i32, from: GuestAddr) -> Result<u64, Stop> {
    let guest: Option<Response> = UserPtr::new(from).read().ok();
    let goes_on = |response: &Response| (response.value, response.error, response.flags) == (0, 0, CONTINUE);
    let host = guest.filter(goes_on).map(|response| Response { value: GO_ON, flags: 0, ..response });
    let from = host.as_ref().map_or(from.0, sys::address);
    cx.call(libc::SYS_ioctl, [fd as u64, NOTIF_SEND, from, 0, 0, 0])
}
