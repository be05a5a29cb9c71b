//! Ends: death by a signal of the guest's, and reports of bugs of ours.

use std::fmt::Write;

use memory::sys;
use syscalls::{SigSet, Signal};

use super::handler;
use super::mailbox::HostFault;

/// Ends the process by `signal`, so that its parent sees that. A core of the translator would tell nobody
/// anything: there is none.
pub fn die(signal: Signal) -> ! {
    handler::reset(signal, false);
    let set = |nr: i64, args: [u64; 6]| {
        // SAFETY: these calls touch no memory.
        unsafe { sys::syscall(nr as u64, args) }
    };
    let _ = set(libc::SYS_prctl, [libc::PR_SET_DUMPABLE as u64, 0, 0, 0, 0, 0]);
    let ids = [libc::SYS_getpid, libc::SYS_gettid].map(|nr| set(nr, [0; 6]).unwrap_or(0));
    let _ = set(libc::SYS_tgkill, [ids[0], ids[1], signal.number() as u64, 0, 0, 0]);
    handler::set_mask(SigSet::ALL.without(SigSet::of(&[signal])));
    // Only a signal whose default is to do nothing gets here.
    exit_group(128 + signal.number())
}

/// Ends the process.
pub fn exit_group(status: i32) -> ! {
    loop {
        // SAFETY: it does not return.
        let _ = unsafe { sys::syscall(libc::SYS_exit_group as u64, [status as u64, 0, 0, 0, 0, 0]) };
    }
}

/// Says that transom itself is at fault, and aborts.
pub fn bug(what: &str) -> ! {
    let mut text = Text::default();
    let _ = writeln!(text, "transom: this is a bug in transom, not in the program it runs: {what}");
    let _ = writeln!(text, "transom: please report it with the program and its arguments");
    text.print();
    die(Signal::SIGABRT)
}

/// The same from the signal handler.
pub fn bug_at(fault: HostFault, ucontext: &libc::ucontext_t) -> ! {
    let mut text = Text::default();
    let registers = &ucontext.uc_mcontext.gregs;
    let rip = registers[libc::REG_RIP as usize] as u64;
    let here = handler::install as *const () as u64;
    let _ = write!(text, "signal {} at {rip:#x} (code+{:#x}), ", fault.signal, rip.wrapping_sub(here) as i64);
    let _ = write!(text, "address {:#x}, stack {:#x}", fault.addr, registers[libc::REG_RSP as usize]);
    bug(text.as_str())
}

/// A line of text without allocation.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Default for Text {
    fn default() -> Text {
        Text { bytes: [0; 512], len: 0 }
    }
}

impl Text {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }

    fn print(&self) {
        let args = [2, self.bytes.as_ptr() as u64, self.len as u64, 0, 0, 0];
        // SAFETY: write(2) reads the bytes; that nobody may listen changes nothing.
        let _ = unsafe { sys::syscall(libc::SYS_write as u64, args) };
    }
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let room = &mut self.bytes[self.len..];
        let len = s.len().min(room.len());
        room[..len].copy_from_slice(&s.as_bytes()[..len]);
        self.len += len;
        Ok(())
    }
}

/// The host has no memory for machine code.
pub fn out_of_memory() -> ! {
    let mut text = Text::default();
    let _ = writeln!(text, "transom: no memory for machine code; raise the limit (ulimit -v) or free memory");
    text.print();
    exit_group(126)
}

/// Ends the calling thread alone; the process goes on with its others.
pub fn exit_thread(status: i32) -> ! {
    loop {
        // SAFETY: it does not return.
        let _ = unsafe { sys::syscall(libc::SYS_exit as u64, [status as u64, 0, 0, 0, 0, 0]) };
    }
}
