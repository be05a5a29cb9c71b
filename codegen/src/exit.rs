//! How control comes back from emitted code: the number the exit stub returns, and its meaning.

use crate::context::Context;
use ir::{Exit, Trap};

/// What the exit stub returns. [`RawExit::of`] reads it together with the context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum RawExit {
    Link,
    Miss,
    Syscall,
    Illegal,
    Breakpoint,
    Misaligned,
    Authentication,
    Sync,
    Invalidate,
    Interrupted,
    Fault,
    /// A system call that emitted code made and the kernel would restart.
    Restart,
}

/// An exit, and what the run loop can do so that it does not come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Left {
    /// Why.
    pub exit: Exit,
    /// What to mend.
    pub mend: Mend,
}

/// What made a jump leave emitted code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mend {
    /// Nothing to do.
    Nothing,
    /// The jump whose exit ([`LinkSite::stub`](crate::LinkSite::stub)) is at this host address can be pointed to the code
    /// for `pc`.
    Link(u64),
    /// The table of indirect branches did not know `pc`.
    Lookup,
}

impl Context {
    /// The meaning of `raw`, which the exit stub returned.
    #[inline]
    pub fn left(&self, raw: u32) -> Left {
        const EXITS: [RawExit; 12] = [
            RawExit::Link,
            RawExit::Miss,
            RawExit::Syscall,
            RawExit::Illegal,
            RawExit::Breakpoint,
            RawExit::Misaligned,
            RawExit::Authentication,
            RawExit::Sync,
            RawExit::Invalidate,
            RawExit::Interrupted,
            RawExit::Fault,
            RawExit::Restart,
        ];
        let raw = EXITS[raw as usize % EXITS.len()];
        let exit = match raw {
            RawExit::Link | RawExit::Miss | RawExit::Sync => Exit::Jump,
            RawExit::Syscall => Exit::Syscall,
            RawExit::Restart => Exit::Restart,
            RawExit::Illegal => Exit::Trap(Trap::Illegal),
            RawExit::Breakpoint => Exit::Trap(Trap::Breakpoint),
            RawExit::Misaligned => Exit::Trap(Trap::Misaligned),
            RawExit::Authentication => Exit::Trap(Trap::Authentication),
            RawExit::Invalidate => Exit::Invalidate { addr: self.exit_addr, len: self.exit_len },
            RawExit::Interrupted => Exit::Interrupted,
            RawExit::Fault => Exit::Fault { addr: self.fault.addr },
        };
        let mend = match raw {
            RawExit::Link => Mend::Link(self.exit_link),
            RawExit::Miss => Mend::Lookup,
            _ => Mend::Nothing,
        };
        Left { exit, mend }
    }
}
