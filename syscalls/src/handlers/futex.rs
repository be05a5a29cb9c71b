//! futex(2): words are compared and waited for by the kernel, in memory that is the guest's and the host's alike.

use crate::args::{Addr, FutexOp, TimePtr, UInt};
use crate::dispatch::Cx;
use crate::outcome::{Restart, Stop};

/// FUTEX_LOCK_PI2 (Linux 5.14).
const FUTEX_LOCK_PI2: i32 = 13;
/// What goes on after any handler (ERESTARTNOINTR): taking a priority-inheriting lock, waiting to be moved to one.
const ALWAYS_RESTARTED: [i32; 3] = [libc::FUTEX_LOCK_PI, FUTEX_LOCK_PI2, libc::FUTEX_WAIT_REQUEUE_PI];

pub fn futex(
    cx: &mut Cx<'_>,
    word: Addr,
    op: FutexOp,
    value: UInt,
    timeout: TimePtr,
    word2: Addr,
    value3: UInt,
) -> super::Value {
    let args = [word.0.0, op.0 as u64, value.0.into(), timeout.0.0, word2.0.0, value3.0.into()];
    let result = cx.call(libc::SYS_futex, args);
    let command = op.0 & libc::FUTEX_CMD_MASK;
    match result {
        Err(Stop::Restart(_)) if ALWAYS_RESTARTED.contains(&command) => Err(Stop::Restart(Restart::Always)),
        result => result,
    }
}
