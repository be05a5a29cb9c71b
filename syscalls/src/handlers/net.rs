//! Sockets: a UNIX socket's address is a path.

use super::Value;
use crate::args::{Fd, FdFlags, InBytes, Messages, MsgFlags, OutBytes, Ptr, Size, SockIn, SockOut, UInt};
use crate::dispatch::Cx;
use crate::paths::{self, GuestPath, Last, OwnedFd, open_path};
use crate::sys;
use memory::{GuestAddr, UserPtr, copy};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;

/// Size of `struct sockaddr_un`, and where its path begins.
const SOCKADDR_UN: usize = 110;
const SUN_PATH: usize = 2;

/// The address of a socket that stands elsewhere on the host.
struct Near {
    address: [u8; SOCKADDR_UN],
    len: u32,
    /// The folder, where the path is too long for `sun_path`: then it goes by the descriptor.
    _folder: Option<OwnedFd>,
}

impl Near {
    fn new(path: &[u8]) -> Option<Near> {
        let mut near = Near { address: [0; SOCKADDR_UN], len: SOCKADDR_UN as u32, _folder: None };
        near.address[..SUN_PATH].copy_from_slice(&(libc::AF_UNIX as u16).to_ne_bytes());
        let short = if path.len() < SOCKADDR_UN - SUN_PATH {
            path.to_vec()
        } else {
            let slash = path.iter().rposition(|&byte| byte == b'/')?;
            let folder = open_path(libc::AT_FDCWD, &CString::new(&path[..slash]).ok()?, libc::O_DIRECTORY).ok()?;
            near._folder = Some(OwnedFd(folder));
            [format!("/proc/self/fd/{folder}").as_bytes(), &path[slash..]].concat()
        };
        near.address.get_mut(SUN_PATH..SUN_PATH + short.len())?.copy_from_slice(&short);
        Some(near)
    }
}

/// None where the address is no path, or one that the host takes as it is.
fn in_roots(cx: &Cx<'_>, addr: GuestAddr, len: u32, last: Last) -> Option<Near> {
    let size = len as usize;
    if !cx.process.roots.are_active() || addr.is_null() || !(SUN_PATH + 1..=SOCKADDR_UN).contains(&size) {
        return None;
    }
    let mut bytes = [0u8; SOCKADDR_UN];
    copy::read_bytes(addr, &mut bytes[..size]).ok()?;
    if i32::from(u16::from_ne_bytes([bytes[0], bytes[1]])) != libc::AF_UNIX || bytes[SUN_PATH] == 0 {
        return None;
    }
    // The path need not end in a zero within the length given (unix(7)).
    let end = bytes[SUN_PATH..size].iter().position(|&byte| byte == 0).map_or(size, |len| SUN_PATH + len);
    let path = GuestPath::of(&bytes[SUN_PATH..end]);
    // An error in the path is found again by the kernel.
    Near::new(paths::elsewhere(cx.process, libc::AT_FDCWD, &path, last).ok()??.to_bytes())
}

pub fn bind(cx: &mut Cx<'_>, fd: Fd, addr: SockIn, len: UInt) -> Value {
    let near = in_roots(cx, addr.0, len.0, Last::Name);
    let (addr, len) = near.as_ref().map_or((addr.0.0, len.0), |near| (sys::address(&near.address), near.len));
    cx.call(libc::SYS_bind, [fd.0 as u64, addr, len.into(), 0, 0, 0])
}

pub fn connect(cx: &mut Cx<'_>, fd: Fd, addr: SockIn, len: UInt) -> Value {
    let near = in_roots(cx, addr.0, len.0, Last::Follow);
    let (addr, len) = near.as_ref().map_or((addr.0.0, len.0), |near| (sys::address(&near.address), near.len));
    cx.call(libc::SYS_connect, [fd.0 as u64, addr, len.into(), 0, 0, 0])
}

pub fn sendto(cx: &mut Cx<'_>, fd: Fd, bytes: InBytes, count: Size, flags: MsgFlags, addr: SockIn, len: UInt) -> Value {
    let near = in_roots(cx, addr.0, len.0, Last::Follow);
    let (addr, len) = near.as_ref().map_or((addr.0.0, len.0), |near| (sys::address(&near.address), near.len));
    cx.call(libc::SYS_sendto, [fd.0 as u64, bytes.0.0, count.0, flags.0 as u64, addr, len.into()])
}

/// `struct sockaddr_storage`.
const SOCKADDR_STORAGE: usize = 128;

/// A call that tells an address, in the arguments `at` and behind it: a path in a root is told by the guest's name.
fn with_name(cx: &Cx<'_>, nr: i64, args: [u64; 6], at: usize) -> Value {
    let (to, len_at) = (GuestAddr(args[at]), UserPtr::<u32>::new(GuestAddr(args[at + 1])));
    if to.is_null() || !cx.process.roots.are_active() {
        return cx.call(nr, args);
    }
    // A wrong length is the kernel's to refuse.
    let Some(room) = len_at.read().ok().filter(|&room| i32::try_from(room).is_ok()) else { return cx.call(nr, args) };
    let (mut name, mut len) = ([0u8; SOCKADDR_STORAGE], SOCKADDR_STORAGE as u32);
    let mut own = args;
    (own[at], own[at + 1]) = (sys::address_mut(&mut name), sys::address_mut(&mut len));
    let value = cx.call(nr, own)?;
    let known = &name[..SOCKADDR_STORAGE.min(len as usize)];
    let renamed = guest_name(cx, known);
    let (known, len) = renamed.as_ref().map_or((known, len), |name| (name.as_slice(), name.len() as u32));
    copy::write_bytes(to, &known[..known.len().min(room as usize)])?;
    len_at.write(len)?;
    Ok(value)
}

/// The address as the guest knows it, if it is a path in a root.
fn guest_name(cx: &Cx<'_>, address: &[u8]) -> Option<Vec<u8>> {
    let (family, path) = address.split_at_checked(SUN_PATH)?;
    if i32::from(u16::from_ne_bytes(family.try_into().ok()?)) != libc::AF_UNIX || !path.starts_with(b"/") {
        return None;
    }
    let path = path.split(|&byte| byte == 0).next()?;
    let name = cx.process.roots.name_for_guest(std::path::Path::new(OsStr::from_bytes(path)))?;
    Some([family, name.as_os_str().as_bytes(), b"\0"].concat())
}

pub fn getsockname(cx: &mut Cx<'_>, fd: Fd, addr: SockOut, len: Ptr) -> Value {
    with_name(cx, libc::SYS_getsockname, [fd.0 as u64, addr.0.0, len.0.0, 0, 0, 0], 1)
}

pub fn getpeername(cx: &mut Cx<'_>, fd: Fd, addr: SockOut, len: Ptr) -> Value {
    with_name(cx, libc::SYS_getpeername, [fd.0 as u64, addr.0.0, len.0.0, 0, 0, 0], 1)
}

pub fn accept(cx: &mut Cx<'_>, fd: Fd, addr: SockOut, len: Ptr) -> Value {
    with_name(cx, libc::SYS_accept, [fd.0 as u64, addr.0.0, len.0.0, 0, 0, 0], 1)
}

pub fn accept4(cx: &mut Cx<'_>, fd: Fd, addr: SockOut, len: Ptr, flags: FdFlags) -> Value {
    with_name(cx, libc::SYS_accept4, [fd.0 as u64, addr.0.0, len.0.0, flags.0.into(), 0, 0], 1)
}

pub fn recvfrom(
    cx: &mut Cx<'_>,
    fd: Fd,
    bytes: OutBytes,
    count: Size,
    flags: MsgFlags,
    addr: SockOut,
    len: Ptr,
) -> Value {
    with_name(cx, libc::SYS_recvfrom, [fd.0 as u64, bytes.0.0, count.0, flags.0 as u64, addr.0.0, len.0.0], 4)
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
    let near = Box::new(in_roots(cx, guest.name, guest.name_len, Last::Follow)?);
    let name = GuestAddr(sys::address(&near.address));
    Some(Readdressed { message: Message { name, name_len: SOCKADDR_UN as u32, ..guest }, _near: near })
}

pub fn sendmsg(cx: &mut Cx<'_>, fd: Fd, message: Messages, flags: MsgFlags) -> Value {
    let host = readdressed(cx, message.0);
    let message = host.as_ref().map_or(message.0.0, |host| sys::address(&host.message));
    cx.call(libc::SYS_sendmsg, [fd.0 as u64, message, flags.0 as u64, 0, 0, 0])
}

/// Most messages of one call: what is more is not looked at (UIO_MAXIOV in net/socket.c).
const MOST_MESSAGES: u32 = 1024;

/// sendmmsg(2): one by one from the first message that goes into a root, as the kernel sends them; an error counts
/// only if nothing was sent.
pub fn sendmmsg(cx: &mut Cx<'_>, fd: Fd, messages: Messages, count: UInt, flags: MsgFlags) -> Value {
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
        let result = sendmsg(cx, fd, Messages(message.addr()), flags).and_then(|length| {
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
