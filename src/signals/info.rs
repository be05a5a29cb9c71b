//! `siginfo_t` of signals that instructions cause (include/uapi/asm-generic/siginfo.h).

use super::mailbox::Info;
use syscalls::Signal;

/// si_code of the signals that arise here.
pub mod code {
    pub const SEGV_MAPERR: i32 = 1;
    pub const SEGV_ACCERR: i32 = 2;
    pub const BUS_ADRALN: i32 = 1;
    pub const BUS_ADRERR: i32 = 2;
    pub const ILL_ILLOPC: i32 = 1;
    pub const ILL_ILLOPN: i32 = 2;
    pub const TRAP_BRKPT: i32 = 1;
    /// Raised by the kernel without a more exact reason: what x86 says of addresses it can't hold.
    pub const SI_KERNEL: i32 = 0x80;
}

/// `siginfo_t` of a system call that was refused: si_code, si_errno, then si_call_addr, si_syscall, si_arch.
pub fn filtered(code: i32, data: u16, pc: u64, nr: i32, arch: u32) -> Info {
    let mut info = Cause { signal: Signal::SIGSYS, code, addr: pc }.info();
    info[4..8].copy_from_slice(&u32::from(data).to_le_bytes());
    info[24..28].copy_from_slice(&nr.to_le_bytes());
    info[28..32].copy_from_slice(&arch.to_le_bytes());
    info
}

/// A signal that an instruction caused.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// Which.
    pub signal: Signal,
    /// si_code.
    pub code: i32,
    /// si_addr.
    pub addr: u64,
}

impl Cause {
    /// Its `siginfo_t`: si_signo, si_errno, si_code, padding, si_addr.
    pub fn info(&self) -> Info {
        let mut info = [0; 128];
        info[0..4].copy_from_slice(&self.signal.number().to_le_bytes());
        info[8..12].copy_from_slice(&self.code.to_le_bytes());
        info[16..24].copy_from_slice(&self.addr.to_le_bytes());
        info
    }
}
