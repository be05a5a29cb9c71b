//! Syscall user dispatch (prctl(2), PR_SET_SYSCALL_USER_DISPATCH): a thread has SIGSYS instead of its calls from outside
//! a range of code, while a byte of its own says so. Emulators of other systems live of that.

use crate::dispatch::Call;
use crate::outcome::Outcome;
use crate::process::Thread;
use crate::signal::Signal;
use memory::space::place::USER_END;
use memory::{Errno, GuestAddr, copy};

/// One thread's; forked children and new threads begin without.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserDispatch(Option<Region>);

/// Where calls are let through, and the byte that is asked elsewhere, if there is one.
#[derive(Clone, Copy, Debug)]
struct Region {
    start: u64,
    len: u64,
    selector: GuestAddr,
}

// linux/prctl.h.
const OFF: u64 = 0;
const EXCLUSIVE_ON: u64 = 1;
const INCLUSIVE_ON: u64 = 2;
/// What the byte says (SYSCALL_DISPATCH_FILTER_*).
const ALLOW: u8 = 0;
const BLOCK: u8 = 1;
/// si_code (asm-generic/siginfo.h).
const SYS_USER_DISPATCH: i32 = 2;

impl UserDispatch {
    /// From prctl's arguments, found wrong as kernel/entry/syscall_user_dispatch.c does.
    pub fn new(mode: u64, start: u64, len: u64, selector: u64) -> Result<UserDispatch, Errno> {
        let is_empty = start.wrapping_add(len) <= start;
        let region = match mode {
            OFF if start | len | selector == 0 => return Ok(UserDispatch(None)),
            EXCLUSIVE_ON if start == 0 || !is_empty => Region { start, len, selector: GuestAddr(selector) },
            // What is outside the range is the range from its end around to its start.
            INCLUSIVE_ON if len != 0 && !is_empty => {
                Region { start: start + len, len: len.wrapping_neg(), selector: GuestAddr(selector) }
            }
            _ => return Err(Errno::EINVAL),
        };
        if selector >= USER_END {
            return Err(Errno::EFAULT);
        }
        Ok(UserDispatch(Some(region)))
    }

    /// The same as a mode and three words; another range than was given where calls from that are refused.
    pub fn told(&self) -> [u64; 4] {
        self.0.map_or([OFF, 0, 0, 0], |region| [EXCLUSIVE_ON, region.start, region.len, region.selector.0])
    }

    /// Whether calls may be refused.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

/// What happens instead of a call, if it is not let through.
#[cold]
pub(crate) fn check(thread: &Thread, call: &Call) -> Option<Outcome> {
    let region = thread.user_dispatch.0?;
    if call.pc.0.wrapping_sub(region.start) < region.len {
        return None;
    }
    let says = if region.selector.is_null() { Ok(BLOCK) } else { copy::read::<u8>(region.selector) };
    match says {
        Ok(ALLOW) => None,
        Ok(BLOCK) => Some(Outcome::Filtered { code: SYS_USER_DISPATCH, data: 0 }),
        Ok(_) => Some(Outcome::Kill { signal: Signal::SIGSYS }),
        Err(_) => Some(Outcome::Kill { signal: Signal::SIGSEGV }),
    }
}
