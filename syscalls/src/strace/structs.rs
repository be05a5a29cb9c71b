//! Structures in the guest's memory as text. Both guests have the asm-generic layouts (include/uapi/asm-generic).

use super::flags;
use super::render::{put, write_choice, write_flags, write_quoted};
use crate::signal::Signal;

/// A structure: how large it is, and how it is shown.
pub struct Shape {
    /// Its size.
    pub size: usize,
    /// Appends it.
    pub show: fn(&mut String, &[u8]),
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    u32_at(bytes, at) as i32
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    u64_at(bytes, at) as i64
}

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident($size:literal) = $show:expr;)*) => { $(
        $(#[$meta])*
        pub static $name: Shape = Shape { size: $size, show: $show };
    )* };
}

shapes! {
    /// `struct stat`.
    STAT(128) = |out, b| {
        out.push_str("{st_mode=");
        write_mode(out, u32_at(b, 16));
        match u32_at(b, 16) & libc::S_IFMT {
            libc::S_IFCHR | libc::S_IFBLK => {
                let (major, minor) = (libc::major(u64_at(b, 32)), libc::minor(u64_at(b, 32)));
                put(out, format_args!(", st_rdev=makedev({major:#x}, {minor:#x})"));
            }
            _ => put(out, format_args!(", st_size={}", i64_at(b, 48))),
        }
        out.push_str(", ...}");
    };
    /// `struct statx`.
    STATX(256) = |out, b| {
        put(out, format_args!("{{stx_mask={:#x}, stx_mode=", u32_at(b, 0)));
        write_mode(out, u16_at(b, 28).into());
        put(out, format_args!(", stx_size={}, ...}}", u64_at(b, 40)));
    };
    /// `struct statfs`.
    STATFS(120) = |out, b| {
        put(out, format_args!("{{f_type={:#x}, f_bsize={}, f_blocks={}, ...}}", u64_at(b, 0), u64_at(b, 8), u64_at(b, 16)));
    };
    /// `struct timespec`.
    TIMESPEC(16) = |out, b| put(out, format_args!("{{tv_sec={}, tv_nsec={}}}", i64_at(b, 0), i64_at(b, 8)));
    /// `struct timeval`.
    TIMEVAL(16) = |out, b| put(out, format_args!("{{tv_sec={}, tv_usec={}}}", i64_at(b, 0), i64_at(b, 8)));
    /// Two times, of access and modification (utimensat).
    TIMES(32) = |out, b| list(out, [&b[..16], &b[16..]], |out, time| (TIMESPEC.show)(out, time));
    /// `struct itimerspec`.
    ITIMERSPEC(32) = |out, b| interval(out, b, &TIMESPEC);
    /// `struct itimerval`.
    ITIMERVAL(32) = |out, b| interval(out, b, &TIMEVAL);
    /// `struct rlimit64`.
    RLIMIT(16) = |out, b| {
        out.push_str("{rlim_cur=");
        write_limit(out, u64_at(b, 0));
        out.push_str(", rlim_max=");
        write_limit(out, u64_at(b, 8));
        out.push('}');
    };
    /// `struct new_utsname`.
    UTSNAME(390) = |out, b| {
        out.push_str("{sysname=");
        write_quoted(out, field(&b[..65]), false);
        out.push_str(", nodename=");
        write_quoted(out, field(&b[65..130]), false);
        out.push_str(", ...}");
    };
    /// `struct pollfd`, as it is asked.
    POLLFD(8) = |out, b| {
        put(out, format_args!("{{fd={}, events=", i32_at(b, 0)));
        write_flags(out, flags::POLL, u16_at(b, 4).into());
        out.push('}');
    };
    /// `struct epoll_event`.
    EPOLL_EVENT(16) = |out, b| {
        out.push_str("{events=");
        write_flags(out, flags::EPOLL, u32_at(b, 0).into());
        put(out, format_args!(", data={{u32={}, u64={}}}}}", u32_at(b, 8), u64_at(b, 8)));
    };
    /// What wait4(2) tells.
    WAIT_STATUS(4) = |out, b| write_wait_status(out, i32_at(b, 0));
    /// `struct rusage`.
    RUSAGE(144) = |out, b| {
        out.push_str("{ru_utime=");
        (TIMEVAL.show)(out, &b[..16]);
        out.push_str(", ru_stime=");
        (TIMEVAL.show)(out, &b[16..32]);
        out.push_str(", ...}");
    };
    /// `siginfo_t`.
    SIGINFO(128) = write_siginfo;
    /// `stack_t`.
    STACK(24) = |out, b| {
        put(out, format_args!("{{ss_sp={:#x}, ss_flags=", u64_at(b, 0)));
        write_choice(out, flags::STACK, u32_at(b, 8).into());
        put(out, format_args!(", ss_size={}}}", u64_at(b, 16)));
    };
    /// An `int`.
    INT(4) = |out, b| put(out, format_args!("[{}]", i32_at(b, 0)));
    /// A 64-bit offset.
    LONG(8) = |out, b| put(out, format_args!("[{}]", i64_at(b, 0)));
}

fn list<'a>(out: &mut String, items: impl IntoIterator<Item = &'a [u8]>, show: impl Fn(&mut String, &[u8])) {
    out.push('[');
    for (n, item) in items.into_iter().enumerate() {
        out.push_str(if n == 0 { "" } else { ", " });
        show(out, item);
    }
    out.push(']');
}

fn interval(out: &mut String, bytes: &[u8], time: &Shape) {
    out.push_str("{it_interval=");
    (time.show)(out, &bytes[..16]);
    out.push_str(", it_value=");
    (time.show)(out, &bytes[16..32]);
    out.push('}');
}

/// The bytes before the first zero.
fn field(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A mode with the kind of file.
pub fn write_mode(out: &mut String, mode: u32) {
    let kind = flags::FILE_KINDS.iter().find(|(bits, _)| *bits == u64::from(mode & libc::S_IFMT));
    match kind {
        Some((_, name)) => put(out, format_args!("{name}|0{:03o}", mode & 0o7777)),
        None => put(out, format_args!("0{mode:o}")),
    }
}

fn write_limit(out: &mut String, limit: u64) {
    match limit {
        u64::MAX => out.push_str("RLIM64_INFINITY"),
        _ if limit > 1024 && limit.is_multiple_of(1024) => put(out, format_args!("{}*1024", limit / 1024)),
        _ => put(out, format_args!("{limit}")),
    }
}

fn write_wait_status(out: &mut String, status: i32) {
    let name = |number| Signal::new(number).map_or(number.to_string(), |signal| signal.to_string());
    if libc::WIFEXITED(status) {
        put(out, format_args!("[{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}]", libc::WEXITSTATUS(status)));
    } else if libc::WIFSIGNALED(status) {
        let core = if libc::WCOREDUMP(status) { " && WCOREDUMP(s)" } else { "" };
        put(out, format_args!("[{{WIFSIGNALED(s) && WTERMSIG(s) == {}{core}}}]", name(libc::WTERMSIG(status))));
    } else if libc::WIFSTOPPED(status) {
        put(out, format_args!("[{{WIFSTOPPED(s) && WSTOPSIG(s) == {}}}]", name(libc::WSTOPSIG(status))));
    } else {
        out.push_str("[{WIFCONTINUED(s)}]");
    }
}

/// `siginfo_t`: what the code says is in it (sigaction(2)).
pub fn write_siginfo(out: &mut String, b: &[u8]) {
    let (number, code) = (i32_at(b, 0), i32_at(b, 8));
    let name = Signal::new(number).map_or(number.to_string(), |signal| signal.to_string());
    put(out, format_args!("{{si_signo={name}, si_code="));
    let codes = match number {
        _ if !(1..0x80).contains(&code) => flags::SI_CODES,
        libc::SIGCHLD => flags::CLD_CODES,
        libc::SIGSEGV => flags::SEGV_CODES,
        libc::SIGBUS => flags::BUS_CODES,
        libc::SIGILL => flags::ILL_CODES,
        libc::SIGFPE => flags::FPE_CODES,
        libc::SIGTRAP => flags::TRAP_CODES,
        _ => &[],
    };
    write_choice(out, codes, code as u32 as u64);
    match (number, code) {
        (libc::SIGCHLD, 1..) => {
            let status = i32_at(b, 24);
            put(out, format_args!(", si_pid={}, si_uid={}, si_status=", i32_at(b, 16), u32_at(b, 20)));
            match (code, Signal::new(status)) {
                (2.., Some(signal)) => put(out, format_args!("{signal}")),
                _ => put(out, format_args!("{status}")),
            }
            put(out, format_args!(", si_utime={}, si_stime={}", i64_at(b, 32), i64_at(b, 40)));
        }
        (_, 1..) => {
            let addr = u64_at(b, 16);
            if addr == 0 { out.push_str(", si_addr=NULL") } else { put(out, format_args!(", si_addr={addr:#x}")) }
        }
        (_, libc::SI_TIMER) => {
            put(out, format_args!(", si_timerid={:#x}, si_overrun={}", i32_at(b, 16), i32_at(b, 20)));
        }
        _ => {
            put(out, format_args!(", si_pid={}, si_uid={}", i32_at(b, 16), u32_at(b, 20)));
            if code == libc::SI_QUEUE {
                put(out, format_args!(", si_value={{sival_int={}, sival_ptr={:#x}}}", i32_at(b, 24), u64_at(b, 24)));
            }
        }
    }
    out.push('}');
}

/// A socket's address.
pub fn write_sockaddr(out: &mut String, b: &[u8]) {
    if b.len() < 2 {
        return out.push_str("{}");
    }
    let port = || b.get(2..4).map_or(0, |port| u16::from_be_bytes([port[0], port[1]]));
    match i32::from(u16_at(b, 0)) {
        libc::AF_UNIX => {
            out.push_str("{sa_family=AF_UNIX");
            match b.get(2..).unwrap_or_default() {
                [] => {}
                [0, name @ ..] => {
                    out.push_str(", sun_path=@");
                    write_quoted(out, name, false);
                }
                path => {
                    out.push_str(", sun_path=");
                    write_quoted(out, field(path), false);
                }
            }
        }
        libc::AF_INET if b.len() >= 8 => {
            put(out, format_args!("{{sa_family=AF_INET, sin_port=htons({}), ", port()));
            put(out, format_args!("sin_addr=inet_addr(\"{}.{}.{}.{}\")", b[4], b[5], b[6], b[7]));
        }
        libc::AF_INET6 if b.len() >= 24 => {
            let mut octets = [0; 16];
            octets.copy_from_slice(&b[8..24]);
            let addr = std::net::Ipv6Addr::from(octets);
            put(out, format_args!("{{sa_family=AF_INET6, sin6_port=htons({}), sin6_flowinfo=htonl(0), ", port()));
            put(out, format_args!("inet_pton(AF_INET6, \"{addr}\", &sin6_addr)"));
        }
        family => {
            out.push_str("{sa_family=");
            write_choice(out, flags::FAMILIES, family as u64);
            out.push_str(", sa_data=");
            write_quoted(out, &b[2..], false);
        }
    }
    out.push('}');
}
