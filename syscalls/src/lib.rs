//! Linux as the guest sees it.
//!
//! A system call is a row of [`table`]: number, name, argument types, and one of *forward*, *convert*, *emulate* or
//! *absent*. [`dispatch`] finds the row and returns an [`Outcome`], which the run loop applies; nothing here calls
//! back up. Forwarding works because a guest address is a host address and both guests use the asm-generic layouts,
//! most of which are x86-64's too.

pub mod abi;
mod args;
mod dispatch;
mod handlers;
mod hidden;
pub mod limits;
pub mod outcome;
pub mod paths;
pub mod proc;
pub mod process;
mod procmap;
pub mod seccomp;
pub mod shown;
pub mod signal;
pub mod strace;
mod sys;
pub mod table;
pub mod tagging;
pub mod uring;
pub mod user_dispatch;
pub mod written;

pub use abi::Abi;
pub use dispatch::{Call, dispatch};
pub use handlers::seccomp::may_administer;
pub use hidden::{HiddenFd, HiddenFds};
pub use outcome::{CloneRequest, ExecRequest, KeyRequest, Outcome, Restart, TagRequest, TraceRequest, Wait};
pub use process::{CpuInfo, HwProbe, Image, Process, Thread};
pub use signal::{Action, Actions, AltStack, Disposition, HostAction, HostSignals, SigSet, Signal};
pub use user_dispatch::UserDispatch;
