//! The guest process as gdbstub handles it: registers, memory, how threads go on, where they stop.

use std::sync::Arc;

use gdbstub::common::{Signal, Tid};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadRangeStepping, MultiThreadRangeSteppingOps, MultiThreadResume, MultiThreadResumeOps,
    MultiThreadSchedulerLocking, MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint, SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::{
    auxv, exec_file, extended_mode, host_io, libraries, monitor_cmd, target_description_xml_override, thread_extra_info,
};
use gdbstub::target::{Target, TargetError, TargetResult};
use memory::{GuestAddr, copy};
use syscalls::Process;
use target::debug::{self, Register};

use super::files::Files;
use super::registers::{Guest, Number, Values};
use super::vforks::pid;
use super::world::Action;
use super::{Debugger, lock, signal};
use crate::engine::watch::{Access, Watch};
use crate::machine::Machine;

/// EFAULT, as gdb's errors are numbered.
const EFAULT: u8 = 14;

/// The process.
pub struct Inferior {
    pub machine: &'static Machine,
    pub process: Arc<Process>,
    pub description: String,
    pub files: Files,
    registers: Vec<Register>,
    /// The threads that the debugger said how to go on with, and whether the others stay.
    named: Vec<Tid>,
    others_stay: bool,
}

impl Inferior {
    /// The process that `machine` runs.
    pub fn new(machine: &'static Machine, process: Arc<Process>, files: Files) -> Inferior {
        let target = machine.engine.target;
        let features = target.debug_features();
        Inferior {
            machine,
            process,
            description: debug::description(target.debug_name(), &features),
            files,
            registers: debug::registers(&features),
            named: Vec::new(),
            others_stay: false,
        }
    }

    /// The debugger that it belongs to.
    pub fn debugger(&self) -> &'static Debugger {
        self.machine.debugger.as_ref().unwrap_or_else(|| crate::signals::fatal::bug("a session without a debugger"))
    }

    /// The threads of the process that the debugger hears of.
    pub fn threads(&self) -> Vec<i32> {
        let seats = self.debugger().world.seats();
        seats.iter().filter(|seat| seat.pid == pid()).map(|seat| seat.tid).collect()
    }

    fn set_action(&mut self, tid: Tid, action: Action, signal: Option<Signal>) {
        self.named.push(tid);
        let signal = signal.and_then(signal::from_gdb).map(|signal| signal.number());
        for seat in self.debugger().world.seats().iter().filter(|seat| seat.tid as usize == tid.get()) {
            seat.set_action(action, signal);
        }
    }

    fn with_state<R>(&self, tid: Tid, act: impl FnOnce(&mut ir::GuestState) -> R) -> TargetResult<R, Inferior> {
        self.debugger().world.with_state(tid.get() as i32, act).ok_or(TargetError::NonFatal)
    }
}

impl Target for Inferior {
    type Arch = Guest;
    type Error = &'static str;

    fn base_ops(&mut self) -> BaseOps<'_, Guest, &'static str> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Inferior>> {
        Some(self)
    }

    fn support_target_description_xml_override(
        &mut self,
    ) -> Option<target_description_xml_override::TargetDescriptionXmlOverrideOps<'_, Inferior>> {
        Some(self)
    }

    fn support_host_io(&mut self) -> Option<host_io::HostIoOps<'_, Inferior>> {
        Some(self)
    }

    fn support_exec_file(&mut self) -> Option<exec_file::ExecFileOps<'_, Inferior>> {
        Some(self)
    }

    fn support_auxv(&mut self) -> Option<auxv::AuxvOps<'_, Inferior>> {
        Some(self)
    }

    fn support_libraries_svr4(&mut self) -> Option<libraries::LibrariesSvr4Ops<'_, Inferior>> {
        Some(self)
    }

    fn support_extended_mode(&mut self) -> Option<extended_mode::ExtendedModeOps<'_, Inferior>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<monitor_cmd::MonitorCmdOps<'_, Inferior>> {
        Some(self)
    }

    /// The guest's own breakpoint instructions raise SIGTRAP, which is passed on like any signal.
    fn guard_rail_implicit_sw_breakpoints(&self) -> bool {
        true
    }
}

impl MultiThreadBase for Inferior {
    fn read_registers(&mut self, values: &mut Values, tid: Tid) -> TargetResult<(), Inferior> {
        *values = self.with_state(tid, |state| {
            let bytes = self.registers.iter().flat_map(|register| {
                let value = (register.get)(state, register.n).to_le_bytes();
                value.into_iter().take(register.bytes())
            });
            Values { bytes: bytes.collect(), pc: state.pc }
        })?;
        Ok(())
    }

    fn write_registers(&mut self, values: &Values, tid: Tid) -> TargetResult<(), Inferior> {
        self.with_state(tid, |state| {
            let mut rest = values.bytes.as_slice();
            for register in &self.registers {
                let Some((value, behind)) = rest.split_at_checked(register.bytes()) else { break };
                (register.set)(state, register.n, number(value));
                rest = behind;
            }
        })
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Inferior>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u64, data: &mut [u8], _: Tid) -> TargetResult<usize, Inferior> {
        match copy::read_some(GuestAddr(start), data) {
            0 if !data.is_empty() => Err(TargetError::Errno(EFAULT)),
            len => Ok(len),
        }
    }

    fn write_addrs(&mut self, start: u64, data: &[u8], _: Tid) -> TargetResult<(), Inferior> {
        let written = copy::write_some(GuestAddr(start), data);
        self.machine.engine.code_written(&self.process.space, start, written as u64);
        if written == data.len() { Ok(()) } else { Err(TargetError::Errno(EFAULT)) }
    }

    fn list_active_threads(&mut self, found: &mut dyn FnMut(Tid)) -> Result<(), &'static str> {
        self.threads().into_iter().filter_map(|tid| Tid::new(tid as usize)).for_each(found);
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Inferior>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<thread_extra_info::ThreadExtraInfoOps<'_, Inferior>> {
        Some(self)
    }
}

/// A number of up to 16 bytes.
fn number(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u128::from(byte))
}

impl SingleRegisterAccess<Tid> for Inferior {
    fn read_register(&mut self, tid: Tid, Number(n): Number, buf: &mut [u8]) -> TargetResult<usize, Inferior> {
        let register = *self.registers.get(n).ok_or(TargetError::NonFatal)?;
        let value = self.with_state(tid, |state| (register.get)(state, register.n))?.to_le_bytes();
        let out = buf.get_mut(..register.bytes()).ok_or(TargetError::NonFatal)?;
        out.copy_from_slice(&value[..register.bytes()]);
        Ok(register.bytes())
    }

    fn write_register(&mut self, tid: Tid, Number(n): Number, value: &[u8]) -> TargetResult<(), Inferior> {
        let register = *self.registers.get(n).ok_or(TargetError::NonFatal)?;
        if value.len() != register.bytes() {
            return Err(TargetError::NonFatal);
        }
        self.with_state(tid, |state| (register.set)(state, register.n, number(value)))
    }
}

impl MultiThreadResume for Inferior {
    fn resume(&mut self) -> Result<(), &'static str> {
        let named = std::mem::take(&mut self.named);
        for seat in self.debugger().world.seats() {
            if self.others_stay && !named.iter().any(|tid| tid.get() == seat.tid as usize) {
                seat.set_action(Action::Hold, None);
            }
        }
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), &'static str> {
        self.named.clear();
        self.others_stay = false;
        self.debugger().world.seats().iter().for_each(|seat| seat.set_action(Action::Continue, None));
        Ok(())
    }

    fn set_resume_action_continue(&mut self, tid: Tid, signal: Option<Signal>) -> Result<(), &'static str> {
        self.set_action(tid, Action::Continue, signal);
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Inferior>> {
        Some(self)
    }

    fn support_range_step(&mut self) -> Option<MultiThreadRangeSteppingOps<'_, Inferior>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Inferior>> {
        Some(self)
    }
}

impl MultiThreadSingleStep for Inferior {
    fn set_resume_action_step(&mut self, tid: Tid, signal: Option<Signal>) -> Result<(), &'static str> {
        self.set_action(tid, Action::Step, signal);
        Ok(())
    }
}

impl MultiThreadRangeStepping for Inferior {
    fn set_resume_action_range_step(&mut self, tid: Tid, start: u64, end: u64) -> Result<(), &'static str> {
        self.set_action(tid, Action::StepWithin(start, end), None);
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for Inferior {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), &'static str> {
        self.others_stay = true;
        Ok(())
    }
}

impl Breakpoints for Inferior {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Inferior>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Inferior>> {
        Some(self)
    }
}

impl SwBreakpoint for Inferior {
    fn add_sw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Inferior> {
        self.machine.engine.set_breakpoint(addr, true);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, addr: u64, _: usize) -> TargetResult<bool, Inferior> {
        Ok(self.machine.engine.set_breakpoint(addr, false))
    }
}

fn watch(addr: u64, len: u64, kind: WatchKind) -> Watch {
    let access = match kind {
        WatchKind::Read => Access::Read,
        WatchKind::Write => Access::Write,
        WatchKind::ReadWrite => Access::Any,
    };
    Watch { addr, len, access }
}

impl HwWatchpoint for Inferior {
    fn add_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Inferior> {
        lock(&self.debugger().watches).push(watch(addr, len, kind));
        Ok(true)
    }

    fn remove_hw_watchpoint(&mut self, addr: u64, len: u64, kind: WatchKind) -> TargetResult<bool, Inferior> {
        let mut watches = lock(&self.debugger().watches);
        let at = watches.iter().position(|&other| other == watch(addr, len, kind));
        Ok(at.map(|at| watches.remove(at)).is_some())
    }
}
