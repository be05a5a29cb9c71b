//! Arguments as text.

use super::flags;
use super::structs::{Shape, write_sockaddr};
use crate::args::{FlagNames, Kind, Way};
use crate::dispatch::Call;
use crate::process::Process;
use crate::signal::{Action, SigSet, Signal};
use crate::table::Row;
use crate::tagging::untag;
use memory::copy::{self, StrError};
use memory::{Errno, GuestAddr, UserPtr};
use std::fmt::Write;

/// Most bytes shown of a buffer, and of a path; most elements of an array.
const SHOWN: usize = 32;
const SHOWN_PATH: usize = 4096;
const SHOWN_ITEMS: u64 = 32;

/// A call as it is shown.
pub struct View<'a> {
    process: &'a Process,
    row: &'a Row,
    args: &'a [u64; 6],
    /// The result, once there is one.
    result: Option<u64>,
}

impl<'a> View<'a> {
    /// A call, and its result once there is one.
    pub fn new(process: &'a Process, row: &'a Row, call: &'a Call, result: Option<u64>) -> View<'a> {
        View { process, row, args: &call.args, result }
    }

    /// The name and the arguments that are known before the call is made.
    pub fn early(&self) -> String {
        let (split, count) = (self.split(), self.count());
        let mut out = format!("{}(", self.row.name);
        self.write_args(&mut out, 0, split);
        out.push_str(if split == count {
            ")"
        } else if split == 0 {
            ""
        } else {
            ", "
        });
        out
    }

    /// What the call fills in, and what follows that.
    pub fn late(&self) -> String {
        let (split, count) = (self.split(), self.count());
        let mut out = String::new();
        if split != count {
            self.write_args(&mut out, split, count);
            out.push(')');
        }
        out
    }

    /// Each argument.
    pub fn all(&self) -> Vec<String> {
        (0..self.count())
            .map(|index| {
                let mut out = String::new();
                self.write_arg(&mut out, index, self.row.args[index]);
                out
            })
            .collect()
    }

    fn write_args(&self, out: &mut String, from: usize, to: usize) {
        if self.row.name == "clone" {
            return self.write_clone(out);
        }
        for index in from..to {
            out.push_str(if index == from { "" } else { ", " });
            self.write_arg(out, index, self.row.args[index]);
        }
    }

    /// clone(2): by names, and only what the flags ask for.
    fn write_clone(&self, out: &mut String) {
        let [flags, stack, parent, tls, child, _] = *self.args;
        out.push_str("child_stack=");
        write_address(out, GuestAddr(stack));
        out.push_str(", flags=");
        write_flags(out, flags::CLONE, flags);
        let has = |bits: i32| flags & bits as u64 != 0;
        let rest = [
            (has(libc::CLONE_PARENT_SETTID), "parent_tid", parent),
            (has(libc::CLONE_SETTLS), "tls", tls),
            (has(libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID), "child_tidptr", child),
        ];
        for (_, name, value) in rest.iter().filter(|(shown, ..)| *shown) {
            put(out, format_args!(", {name}={value:#x}"));
        }
    }

    /// How many arguments the call looks at.
    fn count(&self) -> usize {
        let [_, b, c, ..] = *self.args;
        let all = self.row.args.len();
        match self.row.name {
            "openat" if self.process.abi.open_flags_to_host(c as u32) & CREATES == 0 => 3,
            "fcntl" if matches!(b as i32, libc::F_GETFD | libc::F_GETFL | libc::F_GETOWN | libc::F_GETPIPE_SZ) => 2,
            "futex" if matches!(b as i32 & FUTEX_COMMAND, libc::FUTEX_WAKE) => 3,
            "futex" if matches!(b as i32 & FUTEX_COMMAND, libc::FUTEX_WAIT) => 4,
            _ => all,
        }
    }

    /// The first argument that is known only afterwards.
    fn split(&self) -> usize {
        let is_late = |kind: &Kind| match kind {
            Kind::OutBytes | Kind::FdPair | Kind::IoVecs => true,
            Kind::Struct(way, _) | Kind::Array(way, _) | Kind::SockAddr(way) | Kind::SigAction(way) => *way != Way::In,
            Kind::SigSetPtr => self.row.name == "rt_sigprocmask" || self.row.name == "rt_sigpending",
            _ => false,
        };
        self.row.args[..self.count()].iter().position(is_late).unwrap_or(self.count())
    }

    /// Appends argument `index`.
    fn write_arg(&self, out: &mut String, index: usize, kind: Kind) {
        let raw = self.args[index];
        let addr = GuestAddr(untag(raw, self.process.tag_bits()));
        let done = self.result.is_some_and(|value| Errno::from_return(value).is_ok());
        let next = self.args.get(index + 1).copied().unwrap_or(0);
        let filled = |way: Way| way == Way::In || done;
        match kind {
            Kind::Fd | Kind::OutFd | Kind::NewFd | Kind::Int => put(out, format_args!("{}", raw as i32)),
            Kind::DirFd if raw as i32 == libc::AT_FDCWD => out.push_str("AT_FDCWD"),
            Kind::DirFd => put(out, format_args!("{}", raw as i32)),
            Kind::UInt => put(out, format_args!("{}", raw as u32)),
            Kind::Long => put(out, format_args!("{}", raw as i64)),
            Kind::Size => put(out, format_args!("{raw}")),
            Kind::Hex if raw == 0 => out.push('0'),
            Kind::Hex => put(out, format_args!("{raw:#x}")),
            Kind::Octal if raw as u32 == 0 => out.push_str("000"),
            Kind::Octal => put(out, format_args!("0{:o}", raw as u32)),
            Kind::Path(_) => write_str(out, addr, SHOWN_PATH),
            Kind::Str => write_str(out, addr, SHOWN * 4),
            Kind::InBytes => write_bytes(out, addr, next),
            Kind::OutBytes if done => write_bytes(out, addr, self.result.unwrap_or(0).min(next)),
            Kind::Signal => match Signal::new(raw as i32) {
                Some(signal) => put(out, format_args!("{signal}")),
                None => put(out, format_args!("{}", raw as i32)),
            },
            Kind::SigSetPtr => write_pointed(out, addr, write_set),
            Kind::FdPair if done => {
                write_pointed(out, addr, |out, fds: [i32; 2]| put(out, format_args!("[{}, {}]", fds[0], fds[1])));
            }
            Kind::Struct(way, shape) if filled(way) => write_struct(out, addr, shape),
            Kind::Array(way, shape) if filled(way) => {
                let count = if way == Way::Out { self.result.unwrap_or(0).min(next) } else { next };
                write_array(out, addr, count, shape);
            }
            Kind::Iov => write_iov(out, addr, next, u64::MAX),
            Kind::IoVecs if done => write_iov(out, addr, next, self.result.unwrap_or(0)),
            Kind::SockAddr(way) if filled(way) => {
                let len = match way {
                    Way::In => Some(next as u32),
                    _ => UserPtr::<u32>::new(GuestAddr(untag(next, self.process.tag_bits()))).read().ok(),
                };
                self.write_socket(out, addr, len.unwrap_or(0));
            }
            Kind::SigAction(way) if filled(way) && !addr.is_null() => self.write_action(out, addr),
            Kind::Argv => write_strings(out, addr),
            Kind::Envp => write_count(out, addr),
            // Named by the host's numbers.
            Kind::OpenFlags => {
                let flags = self.process.abi.open_flags_to_host(raw as u32);
                if flags & 3 == 0 {
                    out.push_str(if flags & !3 == 0 { "O_RDONLY" } else { "O_RDONLY|" });
                }
                if flags != 0 {
                    write_flags(out, flags::OPEN, flags.into());
                }
            }
            Kind::Flags(names) => write_flags(out, names, raw & 0xffff_ffff),
            Kind::Choice(names) => write_choice(out, names, raw & 0xffff_ffff),
            Kind::Ptr
            | Kind::Addr
            | Kind::OutBytes
            | Kind::FdPair
            | Kind::Struct(..)
            | Kind::Array(..)
            | Kind::IoVecs
            | Kind::Messages
            | Kind::SockAddr(_)
            | Kind::SigAction(_) => write_address(out, addr),
        }
    }

    fn write_socket(&self, out: &mut String, addr: GuestAddr, len: u32) {
        let mut bytes = vec![0; (len as usize).min(128)];
        let got = copy::read_some(addr, &mut bytes);
        if addr.is_null() || got < bytes.len() { write_address(out, addr) } else { write_sockaddr(out, &bytes) }
    }

    fn write_action(&self, out: &mut String, addr: GuestAddr) {
        let Ok(action) = Action::read(self.process.abi, addr) else { return write_address(out, addr) };
        out.push_str("{sa_handler=");
        match action.handler {
            0 => out.push_str("SIG_DFL"),
            1 => out.push_str("SIG_IGN"),
            handler => put(out, format_args!("{handler:#x}")),
        }
        out.push_str(", sa_mask=");
        write_set(out, action.mask);
        out.push_str(", sa_flags=");
        write_flags(out, flags::SIGACTION, action.flags & 0xffff_ffff);
        if action.flags & 0x0400_0000 != 0 {
            put(out, format_args!(", sa_restorer={:#x}", action.restorer));
        }
        out.push('}');
    }
}

/// Open flags with which the mode is looked at.
const CREATES: u32 = (libc::O_CREAT | libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;
/// The bits of a futex operation that say what is done.
const FUTEX_COMMAND: i32 = 0x7f;

pub fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
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

fn write_struct(out: &mut String, addr: GuestAddr, shape: &Shape) {
    let mut bytes = vec![0; shape.size];
    match copy::read_bytes(addr, &mut bytes) {
        Ok(()) => (shape.show)(out, &bytes),
        Err(_) => write_address(out, addr),
    }
}

fn write_array(out: &mut String, addr: GuestAddr, count: u64, shape: &Shape) {
    if addr.is_null() {
        return write_address(out, addr);
    }
    out.push('[');
    for n in 0..count.min(SHOWN_ITEMS) {
        out.push_str(if n == 0 { "" } else { ", " });
        write_struct(out, addr.offset(n * shape.size as u64), shape);
    }
    out.push_str(if count > SHOWN_ITEMS { ", ...]" } else { "]" });
}

/// `struct iovec`s, of which `bytes` are filled.
fn write_iov(out: &mut String, addr: GuestAddr, count: u64, bytes: u64) {
    let mut rest = bytes;
    out.push('[');
    for n in 0..count.min(SHOWN_ITEMS) {
        out.push_str(if n == 0 { "" } else { ", " });
        let Ok([base, len]) = UserPtr::<[u64; 2]>::new(addr.offset(16 * n)).read() else {
            return write_address(out, addr.offset(16 * n));
        };
        out.push_str("{iov_base=");
        write_bytes(out, GuestAddr(base), len.min(rest));
        put(out, format_args!(", iov_len={len}}}"));
        rest = rest.saturating_sub(len);
    }
    out.push_str(if count > SHOWN_ITEMS { ", ...]" } else { "]" });
}

/// An array of strings that ends in null.
fn write_strings(out: &mut String, addr: GuestAddr) {
    if addr.is_null() {
        return write_address(out, addr);
    }
    out.push('[');
    for n in 0..=SHOWN_ITEMS {
        match UserPtr::<u64>::new(addr.offset(8 * n)).read() {
            Ok(0) => break,
            Ok(_) if n == SHOWN_ITEMS => out.push_str(", ..."),
            Ok(string) => {
                out.push_str(if n == 0 { "" } else { ", " });
                write_str(out, GuestAddr(string), SHOWN_PATH);
            }
            Err(_) => return write_address(out, addr.offset(8 * n)),
        }
    }
    out.push(']');
}

/// The environment: its address, and how much there is.
fn write_count(out: &mut String, addr: GuestAddr) {
    write_address(out, addr);
    if !addr.is_null() {
        let pointers = (0..1 << 20).map_while(|n| UserPtr::<u64>::new(addr.offset(8 * n)).read().ok());
        let count = pointers.take_while(|&pointer| pointer != 0).count();
        put(out, format_args!(" /* {count} var{} */", if count == 1 { "" } else { "s" }));
    }
}

/// Signals without SIG, and the smaller of the set and its complement.
fn write_set(out: &mut String, set: SigSet) {
    let rest = SigSet::ALL.without(set);
    let (sign, shown) = if set.iter().count() > 32 { ("~", rest) } else { ("", set) };
    let name = |signal: Signal| match signal.name() {
        Some(name) => name.trim_start_matches("SIG").to_owned(),
        None if signal.number() == 32 => "RTMIN".into(),
        None => format!("RT_{}", signal.number() - 32),
    };
    put(out, format_args!("{sign}[{}]", shown.iter().map(name).collect::<Vec<_>>().join(" ")));
}

/// Bits with their names.
pub fn write_flags(out: &mut String, names: FlagNames, value: u64) {
    if let Some((_, name)) = names.iter().find(|(bits, _)| *bits == value) {
        return out.push_str(name);
    }
    let (mut rest, from) = (value, out.len());
    for &(bits, name) in names.iter().filter(|(bits, _)| *bits != 0) {
        if rest & bits == bits {
            rest &= !bits;
            put(out, format_args!("{}{name}", if out.len() == from { "" } else { "|" }));
        }
    }
    if rest != 0 {
        put(out, format_args!("{}{rest:#x}", if out.len() == from { "" } else { "|" }));
    } else if out.len() == from {
        out.push('0');
    }
}

/// One of several names.
pub fn write_choice(out: &mut String, names: FlagNames, value: u64) {
    match names.iter().find(|(number, _)| *number == value) {
        Some((_, name)) => out.push_str(name),
        None if value == 0 => out.push('0'),
        None => put(out, format_args!("{value:#x}")),
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

/// A string as C would have it: octal where nothing shorter stands for a byte.
pub fn write_quoted(out: &mut String, bytes: &[u8], cut: bool) {
    out.push('"');
    for (n, &byte) in bytes.iter().enumerate() {
        let digit_follows = bytes.get(n + 1).is_some_and(u8::is_ascii_digit);
        match byte {
            b'"' | b'\\' => put(out, format_args!("\\{}", byte as char)),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b' '..=b'~' => out.push(byte as char),
            _ if digit_follows => put(out, format_args!("\\{byte:03o}")),
            _ => put(out, format_args!("\\{byte:o}")),
        }
    }
    out.push_str(if cut { "\"..." } else { "\"" });
}
