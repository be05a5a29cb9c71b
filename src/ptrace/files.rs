//! Writes to a tracee's memory by other ways than ptrace(2): /proc/PID/mem and process_vm_writev(2). Debuggers set breakpoints so.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use memory::{GuestAddr, IoVec, UserPtr, sys};
use syscalls::{Call, Outcome, table};

use super::requests::written;
use super::table as tracees;
use crate::vcpu::Vcpu;

/// Whether this process ever traced anybody.
static TRACES: AtomicBool = AtomicBool::new(false);

/// Declares that this process traces somebody.
pub fn begin() {
    TRACES.store(true, Ordering::Relaxed);
}

/// Whether it ever did.
#[inline]
pub fn traces() -> bool {
    TRACES.load(Ordering::Relaxed)
}

/// UIO_MAXIOV.
const MAX_VECTORS: u64 = 1024;

impl Vcpu {
    /// A tracer's call was made: was it one by which it writes to a tracee, or will?
    #[cold]
    pub fn tracer_called(&self, call: &Call, outcome: &Outcome) {
        let Outcome::Return(value) = *outcome else { return };
        let Some(row) = table::find(call.nr, self.process.abi.guest).filter(|_| (value as i64) >= 0) else { return };
        let [fd, _, _, offset, ..] = call.args;
        match row.name {
            // From now on its writes are looked at.
            "openat" | "openat2" if process_of(value).is_some() => self.machine.engine.calls.close(),
            "pwrite64" | "pwritev" | "pwritev2" => note_file(fd, || Some(offset), value),
            "write" | "writev" => note_file(fd, || position(fd)?.checked_sub(value), value),
            "process_vm_writev" => note_vectors(call),
            _ => {}
        }
    }
}

fn note_file(fd: u64, start: impl FnOnce() -> Option<u64>, len: u64) {
    if let Some(process) = process_of(fd)
        && let Some(start) = start()
    {
        note(process, start, start.saturating_add(len));
    }
}

fn note_vectors(call: &Call) {
    let [process, _, _, vectors, count, _] = call.args;
    for index in 0..count.min(MAX_VECTORS) {
        let Ok(vector) = UserPtr::<IoVec>::new(GuestAddr(vectors)).element(index).read() else { return };
        note(process as i32, vector.base.0, vector.base.0.saturating_add(vector.len));
    }
}

/// Tells a process that it was written to, by way of a thread of it that we trace.
fn note(process: i32, start: u64, end: u64) {
    let of_it = |tid: i32| tid == process || Path::new(&format!("/proc/{process}/task/{tid}")).exists();
    let found = tracees::all().into_iter().find(|tracee| tracee.record != 0 && of_it(tracee.tid));
    if let Some(tracee) = found {
        // One that is gone needs no telling.
        let _ = written(&tracee, start, end);
    }
}

/// The process or thread whose memory an open file is.
fn process_of(fd: u64) -> Option<i32> {
    let name = std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
    let name = name.to_str()?.strip_prefix("/proc/")?.strip_suffix("/mem")?;
    name.rsplit('/').next()?.parse().ok()
}

/// Where a file is read and written next.
fn position(fd: u64) -> Option<u64> {
    let args = [fd, 0, libc::SEEK_CUR as u64, 0, 0, 0];
    // SAFETY: the call touches no memory.
    unsafe { sys::syscall(libc::SYS_lseek as u64, args) }.ok()
}
