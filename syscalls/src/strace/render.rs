//! One argument as text.

use crate::abi::Timespec;
use crate::args::{FlagNames, Kind};
use crate::process::Process;
use crate::signal::{SigSet, Signal};
use memory::copy::{self, StrError};
use memory::{GuestAddr, UserPtr};
use std::fmt::Write;

/// Most bytes shown of a buffer, and of a path.
const SHOWN: usize = 32;
const SHOWN_PATH: usize = 4096;

/// What is known when an argument is shown.
pub struct View<'a> {
    /// The process.
    pub process: &'a Process,
    /// The argument registers.
    pub args: &'a [u64; 6],
    /// The result, once there is one.
    pub result: Option<u64>,
}

impl View<'_> {
    /// Appends argument `index`.
    pub fn write_arg(&self, out: &mut String, index: usize, kind: Kind) {
        let raw = self.args[index];
        let addr = GuestAddr(raw & self.process.abi.untag);
        let done = self.result.is_some_and(|value| memory::Errno::from_return(value).is_ok());
        match kind {
            Kind::Fd | Kind::OutFd | Kind::Int => put(out, format_args!("{}", raw as i32)),
            Kind::DirFd if raw as i32 == libc::AT_FDCWD => out.push_str("AT_FDCWD"),
            Kind::DirFd => put(out, format_args!("{}", raw as i32)),
            Kind::UInt => put(out, format_args!("{}", raw as u32)),
            Kind::Long => put(out, format_args!("{}", raw as i64)),
            Kind::Size => put(out, format_args!("{raw}")),
            Kind::Hex => put(out, format_args!("{raw:#x}")),
            Kind::Octal if raw as u32 == 0 => out.push('0'),
            Kind::Octal => put(out, format_args!("0{:o}", raw as u32)),
            Kind::Path(_) => write_str(out, addr, SHOWN_PATH),
            Kind::Str => write_str(out, addr, SHOWN * 4),
            Kind::InBytes => write_bytes(out, addr, self.args.get(index + 1).copied().unwrap_or(0)),
            Kind::OutBytes if done => write_bytes(out, addr, self.result.unwrap_or(0)),
            Kind::Signal => match Signal::new(raw as i32) {
                Some(signal) => put(out, format_args!("{signal}")),
                None => put(out, format_args!("{}", raw as i32)),
            },
            Kind::SigSetPtr => write_pointed(out, addr, |out, set: SigSet| put(out, format_args!("{set:?}"))),
            Kind::TimespecPtr => write_pointed(out, addr, |out, time: Timespec| {
                put(out, format_args!("{{{}.{:09}}}", time.sec, time.nsec));
            }),
            Kind::FdPair if done => {
                write_pointed(out, addr, |out, fds: [i32; 2]| put(out, format_args!("[{}, {}]", fds[0], fds[1])));
            }
            // Named by the host's numbers.
            Kind::OpenFlags => {
                write_flags(out, super::flags::OPEN, self.process.abi.open_flags_to_host(raw as u32).into());
            }
            Kind::Flags(names) => write_flags(out, names, raw & 0xffff_ffff),
            Kind::Ptr | Kind::IoVecs | Kind::Messages | Kind::Addr | Kind::OutBytes | Kind::FdPair => {
                write_address(out, addr)
            }
        }
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = out.write_fmt(text);
}

fn write_address(out: &mut String, addr: GuestAddr) {
    if addr.is_null() { out.push_str("NULL") } else { put(out, format_args!("{addr}")) }
}

fn write_pointed<T: memory::Pod>(out: &mut String, addr: GuestAddr, show: impl FnOnce(&mut String, T)) {
    match UserPtr::<T>::new(addr).read() {
        Ok(value) => show(out, value),
        Err(_) => write_address(out, addr),
    }
}

fn write_flags(out: &mut String, names: FlagNames, value: u64) {
    let (mut rest, from) = (value, out.len());
    for &(bits, name) in names {
        if rest & bits == bits {
            rest &= !bits;
            let separator = if out.len() == from { "" } else { "|" };
            put(out, format_args!("{separator}{name}"));
        }
    }
    if rest != 0 || out.len() == from {
        let separator = if out.len() == from { "" } else { "|" };
        put(out, format_args!("{separator}{rest:#x}"));
    }
}

fn write_str(out: &mut String, addr: GuestAddr, most: usize) {
    match copy::read_cstr(addr, most) {
        Ok(text) => write_quoted(out, &text, false),
        Err(StrError::TooLong) => {
            let mut text = vec![0; most];
            let len = copy::read_some(addr, &mut text);
            write_quoted(out, &text[..len], true);
        }
        Err(StrError::Fault) => write_address(out, addr),
    }
}

fn write_bytes(out: &mut String, addr: GuestAddr, count: u64) {
    let mut bytes = [0; SHOWN];
    let wanted = count.min(SHOWN as u64) as usize;
    let len = copy::read_some(addr, &mut bytes[..wanted]);
    if len < wanted {
        return write_address(out, addr);
    }
    write_quoted(out, &bytes[..len], count > SHOWN as u64);
}

fn write_quoted(out: &mut String, bytes: &[u8], cut: bool) {
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => put(out, format_args!("\\{}", byte as char)),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' => out.push(byte as char),
            _ => put(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push_str(if cut { "\"..." } else { "\"" });
}
