//! What all threads of the running machine share, for the life of the process.

use memory::Lock;
use syscalls::HiddenFd;

use crate::debug::Debugger;
use crate::engine::Engine;
use crate::engine::stats::Exits;
use crate::options::Options;

/// The machine.
pub struct Machine {
    /// What runs guest code.
    pub engine: Engine,
    /// What gdb talks to, if the user asked for it.
    pub debugger: Option<Debugger>,
    /// What the user asked for.
    pub options: Options,
    /// A descriptor of our own program, to be executed again; `None` where it could not be had.
    pub own_program: Option<HiddenFd>,
    /// Guest address of the vDSO's signal return.
    pub sigreturn: u64,
    /// Exits of the threads that ended.
    pub exits: Lock<Exits>,
}
