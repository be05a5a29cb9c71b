//! What is left of a guest program that a signal ended: a report, where the user asked for it, and a core file, where the
//! kernel would leave one (core(5)).
//!
//! Nothing is said unasked: a program's standard error is then what it is natively.

mod core;
mod notes;
mod others;
mod report;

pub use others::wait_for_the_end;

use syscalls::Signal;

use crate::maps::Maps;
use crate::signals::Info;
use crate::vcpu::Vcpu;

/// Called before `signal`, whose default is to dump core, ends the process.
pub fn crashed(vcpu: &Vcpu, signal: Signal, info: &Info) {
    let pattern = core::wanted();
    if !vcpu.machine.options.crash_report && pattern.is_none() {
        return;
    }
    let maps = Maps::of(&vcpu.process.space);
    if vcpu.machine.options.crash_report {
        report::print(vcpu, signal, info, &maps);
    }
    if let Some(pattern) = pattern
        && let Err(error) = core::write(vcpu, signal, info, &maps, &pattern)
        && vcpu.machine.options.crash_report
    {
        eprintln!("transom: no core file: {error}");
    }
}
