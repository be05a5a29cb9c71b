//! The other threads of a program that dies: they stand still while the core file is written, and don't go on.
//!
//! A thread stands still before it enters code again, or in a system call, whose result it won't see.

use std::time::{Duration, Instant};

use ir::GuestState;
use memory::sys;

use crate::cache::Resident;
use crate::vcpu::Vcpu;

/// How long they may take to come to a poll.
const PATIENCE: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(1);

/// A thread that stands still.
pub struct Other {
    /// Its id.
    pub tid: i32,
    /// The signals it blocks.
    pub mask: u64,
    /// Its registers.
    pub state: GuestState,
}

/// Has the other threads stand still for good. Of threads that die at once one goes on from here.
pub fn stop(vcpu: &Vcpu) -> Vec<Other> {
    let residents = &vcpu.machine.engine.cache.residents;
    if !residents.halt(std::process::id()) {
        wait_for_the_end();
    }
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && residents.others(&vcpu.resident).iter().any(|other| is_moving(other)) {
        std::thread::sleep(PAUSE);
    }
    let registers = residents.registers(&vcpu.resident);
    registers.into_iter().filter_map(|(tid, state)| Some(Other { tid, mask: mask(tid)?, state })).collect()
}

/// Where a thread stands until the process is gone.
pub fn wait_for_the_end() -> ! {
    loop {
        // SAFETY: the call touches no memory.
        let _ = unsafe { sys::syscall(libc::SYS_pause as u64, [0; 6]) };
    }
}

/// A file of a thread of this process; none of the child of a vfork, which is one of another.
fn file(tid: i32, name: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/self/task/{tid}/{name}")).ok()
}

/// Whether the registers may be about to change: the thread is in code, or in ours (proc_pid_stat(5), field 3).
fn is_moving(resident: &Resident) -> bool {
    let Some(stat) = file(resident.tid(), "stat") else { return false };
    resident.is_in_code() || stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('R'))
}

/// The signals that a thread of this process blocks (proc_pid_status(5)).
fn mask(tid: i32) -> Option<u64> {
    let status = file(tid, "status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
    Some(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
}
