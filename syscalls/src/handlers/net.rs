//! Sockets: a UNIX socket's address is a path.

use super::Value;
use crate::args::{Fd, InBytes, MsgFlags, Ptr, Size, SockIn, UInt};
use crate::dispatch::Cx;
use crate::paths::OwnedFd;
use crate::sys;
use memory::{GuestAddr, UserPtr, copy};

/// Size of `struct sockaddr_un`, and where its path begins.
const SOCKADDR_UN: usize = 110;
const SUN_PATH: usize = 2;

/// The address of a socket that stands in a root: by a descriptor, whose path is short enough for `sun_path`.
struct Near {
    address: [u8; SOCKADDR_UN],
    _file: OwnedFd,
}

/// None where the address is no path, or not one in a root. bind(2) makes the socket where the host's path says.
fn in_roots(cx: &Cx<'_>, addr: GuestAddr, len: u32) -> Option<Near> {
    let size = len as usize;
    if !cx.process.roots.are_active() || addr.is_null() || !(SUN_PATH + 1..=SOCKADDR_UN).contains(&size) {
        return None;
    }
    let mut bytes = [0u8; SOCKADDR_UN];
    copy::read_bytes(addr, &mut bytes[..size]).ok()?;
    if i32::from(u16::from_ne_bytes([bytes[0], bytes[1]])) != libc::AF_UNIX {
        return None;
    }
    let path = bytes[SUN_PATH..size].split(|&byte| byte == 0).next().unwrap_or_default();
    let file = cx.process.roots.open_file(path, libc::O_PATH | libc::O_CLOEXEC, 0)?.ok()?;
    let link = format!("/proc/self/fd/{}\0", file.0);
    let mut address = [0u8; SOCKADDR_UN];
    address[..SUN_PATH].copy_from_slice(&bytes[..SUN_PATH]);
    address[SUN_PATH..SUN_PATH + link.len()].copy_from_slice(link.as_bytes());
    Some(Near { address, _file: file })
}

pub fn connect(cx: &mut Cx<'_>, fd: Fd, addr: SockIn, len: UInt) -> Value {
    let near = in_roots(cx, addr.0, len.0);
    let (addr, len) = near.as_ref().map_or((addr.0.0, len.0), |near| (sys::address(&near.address), SOCKADDR_UN as u32));
    cx.call(libc::SYS_connect, [fd.0 as u64, addr, len.into(), 0, 0, 0])
}

pub fn sendto(cx: &mut Cx<'_>, fd: Fd, bytes: InBytes, count: Size, flags: MsgFlags, addr: SockIn, len: UInt) -> Value {
    let near = in_roots(cx, addr.0, len.0);
    let (addr, len) = near.as_ref().map_or((addr.0.0, len.0), |near| (sys::address(&near.address), SOCKADDR_UN as u32));
    cx.call(libc::SYS_sendto, [fd.0 as u64, bytes.0.0, count.0, flags.0 as u64, addr, len.into()])
}

memory::abi_struct! {
    /// `struct user_msghdr`.
    struct Message: 56 {
        name: GuestAddr,
        name_len: u32,
        pad: u32,
        vectors: [u64; 2],
        control: [u64; 2],
        flags: [u32; 2],
    }
}

memory::abi_struct! {
    /// `struct mmsghdr`.
    struct MessageSent: 64 {
        message: [u64; 7],
        length: [u32; 2],
    }
}

/// A message whose address stands in a root, as the host is to have it.
struct Readdressed {
    message: Message,
    _near: Box<Near>,
}

/// None where the host can have the guest's message as it is.
fn readdressed(cx: &Cx<'_>, at: GuestAddr) -> Option<Readdressed> {
    if !cx.process.roots.are_active() {
        return None;
    }
    let guest = UserPtr::<Message>::new(at).read().ok()?;
    let near = Box::new(in_roots(cx, guest.name, guest.name_len)?);
    let name = GuestAddr(sys::address(&near.address));
    Some(Readdressed { message: Message { name, name_len: SOCKADDR_UN as u32, ..guest }, _near: near })
}

pub fn sendmsg(cx: &mut Cx<'_>, fd: Fd, message: Ptr, flags: MsgFlags) -> Value {
    let host = readdressed(cx, message.0);
    let message = host.as_ref().map_or(message.0.0, |host| sys::address(&host.message));
    cx.call(libc::SYS_sendmsg, [fd.0 as u64, message, flags.0 as u64, 0, 0, 0])
}

/// Most messages of one call: what is more is not looked at (UIO_MAXIOV in net/socket.c).
const MOST_MESSAGES: u32 = 1024;

/// sendmmsg(2): one by one from the first message that goes into a root, as the kernel sends them; an error counts
/// only if nothing was sent.
pub fn sendmmsg(cx: &mut Cx<'_>, fd: Fd, messages: Ptr, count: UInt, flags: MsgFlags) -> Value {
    let messages = UserPtr::<MessageSent>::new(messages.0);
    let count = count.0.min(MOST_MESSAGES);
    let into_root = |at: &u32| readdressed(cx, messages.element(u64::from(*at)).addr()).is_some();
    let Some(first) = (0..count).find(into_root) else {
        return cx.call(libc::SYS_sendmmsg, [fd.0 as u64, messages.addr().0, count.into(), flags.0.into(), 0, 0]);
    };
    let args = [fd.0 as u64, messages.addr().0, first.into(), flags.0.into(), 0, 0];
    let before = if first == 0 { 0 } else { cx.call(libc::SYS_sendmmsg, args)? };
    let mut sent = before;
    while (first.into()..u64::from(count)).contains(&sent) {
        let message = messages.element(sent);
        let result = sendmsg(cx, fd, Ptr(message.addr()), flags).and_then(|length| {
            let length_at = message.addr().offset(size_of::<Message>() as u64);
            Ok(UserPtr::<u32>::new(length_at).write(length as u32)?)
        });
        match result {
            Ok(()) => sent += 1,
            Err(stop) if sent == 0 => return Err(stop),
            Err(_) => break,
        }
    }
    Ok(sent)
}
