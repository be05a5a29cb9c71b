//! What the debugger may do with processes: it learns which one this is, and ends it. It starts and attaches to none,
//! as the program was given on the command line.

use gdbstub::common::Pid;
use gdbstub::target::ext::extended_mode::{
    Args, AttachKind, CurrentActivePid, CurrentActivePidOps, ExtendedMode, ShouldTerminate,
};
use gdbstub::target::{TargetError, TargetResult};

use super::inferior::Inferior;
use super::vforks::pid;

/// EPERM, as gdb's errors are numbered.
const EPERM: u8 = 1;

impl ExtendedMode for Inferior {
    fn run(&mut self, _: Option<&[u8]>, _: Args<'_, '_>) -> TargetResult<Pid, Inferior> {
        Err(TargetError::Errno(EPERM))
    }

    fn attach(&mut self, _: Pid) -> TargetResult<(), Inferior> {
        Err(TargetError::Errno(EPERM))
    }

    /// A debugger that leaves detaches, and does not kill what it did not start.
    fn query_if_attached(&mut self, _: Pid) -> TargetResult<AttachKind, Inferior> {
        Ok(AttachKind::Attach)
    }

    fn kill(&mut self, _: Option<Pid>) -> TargetResult<ShouldTerminate, Inferior> {
        Ok(ShouldTerminate::Yes)
    }

    fn restart(&mut self) -> Result<(), &'static str> {
        Err("the program can't be started again")
    }

    fn support_current_active_pid(&mut self) -> Option<CurrentActivePidOps<'_, Inferior>> {
        Some(self)
    }
}

impl CurrentActivePid for Inferior {
    /// The process that the debugger hears of.
    fn current_active_pid(&mut self) -> Result<Pid, &'static str> {
        Pid::new(pid() as usize).ok_or("a process without an id")
    }
}
