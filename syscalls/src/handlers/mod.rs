//! The handlers of the calls that are not bare forwards, by subsystem.

pub mod clone;
pub mod exec;
pub mod fd;
pub mod fs;
pub mod futex;
pub mod identity;
pub mod ipc;
pub mod memory;
pub mod net;
pub mod open;
pub mod poll;
pub mod prctl;
pub mod process;
pub mod riscv;
pub mod seccomp;
pub mod signal;
pub mod time;
pub mod trace;
pub mod uring;

use crate::outcome::{Outcome, Stop};

/// What most handlers return.
pub type Value = Result<u64, Stop>;
/// What handlers return that ask the run loop for something.
pub type Asked = Result<Outcome, Stop>;
