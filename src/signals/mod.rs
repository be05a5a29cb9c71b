//! Signals: taken from the host, delivered to the guest.
//!
//! A host handler stands for each guest handler. It notes the signal in its thread's [`Mailbox`] and has emitted
//! code leave at the next poll ([`handler`]); the run loop then builds the guest's frame at an instruction
//! border, where the guest's state is exact ([`deliver`]). Recording and delivering are apart because the
//! handler may interrupt anything of ours: an allocation, a lock, half a system call.
//!
//! The host's mask is the guest's but for the signals that instructions cause. So blocking, queueing, order,
//! `sigwait`, `signalfd` and `sigpending` are the kernel's own.

pub mod deliver;
pub mod fatal;
pub mod faults;
pub mod handler;
mod info;
mod mailbox;

pub use info::Cause;
pub use mailbox::{Info, Mailbox, current_cell, set_current};

use syscalls::{Restart, SigSet};

/// How the guest goes on if no signal handler comes first.
#[derive(Clone, Copy, Debug)]
pub enum Resume {
    /// As its state says.
    Here,
    /// A system call was interrupted that did nothing yet.
    Restart {
        /// Whether it is made again after a handler.
        restart: Restart,
        /// Its first argument, which the result may have replaced.
        arg0: u64,
    },
    /// A system call had a mask of its own while it waited, which holds for choosing the signal.
    Suspended {
        /// That mask.
        mask: SigSet,
        /// Its first argument, which the result has replaced.
        arg0: u64,
    },
    /// A system call was refused.
    Filtered {
        /// By whom: si_code.
        code: i32,
        /// What a filter says besides.
        data: u16,
        /// The call.
        nr: i32,
    },
    /// The instruction at the program counter caused a signal.
    Cause(Cause),
}
