//! Sockets: a UNIX socket's address is a path.

use super::Value;
use crate::args::{Fd, Ptr, UInt};
use crate::dispatch::Cx;
use crate::sys;
use memory::copy;

/// Size of `struct sockaddr_un`, and where its path begins.
const SOCKADDR_UN: usize = 110;
const SUN_PATH: usize = 2;

/// connect(2): a socket that stands in a root is reached through a descriptor, whose path is short enough for
/// `sun_path`. bind(2) makes the socket where the host's path says.
pub fn connect(cx: &mut Cx<'_>, fd: Fd, addr: Ptr, len: UInt) -> Value {
    let size = len.0 as usize;
    if cx.process.roots.are_active() && (SUN_PATH + 1..=SOCKADDR_UN).contains(&size) {
        let mut bytes = [0u8; SOCKADDR_UN];
        copy::read_bytes(addr.0, &mut bytes[..size])?;
        let path = bytes[SUN_PATH..size].split(|&byte| byte == 0).next().unwrap_or_default();
        let unix = i32::from(u16::from_ne_bytes([bytes[0], bytes[1]])) == libc::AF_UNIX;
        let found = if unix { cx.process.roots.open_file(path, libc::O_PATH | libc::O_CLOEXEC, 0) } else { None };
        if let Some(Ok(file)) = found {
            let link = format!("/proc/self/fd/{}\0", file.0);
            let mut near = [0u8; SOCKADDR_UN];
            near[..SUN_PATH].copy_from_slice(&bytes[..SUN_PATH]);
            near[SUN_PATH..SUN_PATH + link.len()].copy_from_slice(link.as_bytes());
            return cx.call(libc::SYS_connect, [fd.0 as u64, sys::address(&near), SOCKADDR_UN as u64, 0, 0, 0]);
        }
    }
    cx.call(libc::SYS_connect, [fd.0 as u64, addr.0.0, len.0.into(), 0, 0, 0])
}
