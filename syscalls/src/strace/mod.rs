//! `--strace`: system calls as lines of text, by the rows of the table.

pub mod flags;
mod render;

use crate::dispatch::Call;
use crate::outcome::{Outcome, Restart};
use crate::process::{Process, Thread};
use crate::sys;
use crate::table::{self, Row};
use memory::Errno;
use render::View;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

/// How many lines a crash report shows.
const KEPT: usize = 12;

/// What becomes of the lines.
enum Sink {
    Descriptor(i32),
    /// The latest are kept. Taken only by who finds it free: a forked child may have it locked for ever, and a line that is
    /// missing is no harm.
    Memory(Mutex<VecDeque<String>>),
}

/// System calls as lines.
pub struct Strace {
    sink: Sink,
}

impl Strace {
    /// Lines go to `fd`; one that the guest can close is moved out of its reach by the caller.
    pub fn new(fd: i32) -> Strace {
        Strace { sink: Sink::Descriptor(fd) }
    }

    /// Lines go to standard error if they are to be shown; for a crash report the latest are kept.
    pub fn wanted(shown: bool, kept: bool) -> Option<Arc<Strace>> {
        let recording = || Strace { sink: Sink::Memory(Mutex::default()) };
        if shown { Some(Arc::new(Strace::new(2))) } else { kept.then(|| Arc::new(recording())) }
    }

    /// The lines kept.
    pub fn recent(&self) -> Vec<String> {
        match &self.sink {
            Sink::Memory(lines) => {
                lines.try_lock().map_or_else(|_| Vec::new(), |lines| lines.iter().cloned().collect())
            }
            Sink::Descriptor(_) => Vec::new(),
        }
    }

    /// The call as text before it is made, if it does not return or changes what its arguments point to.
    pub(crate) fn before(&self, process: &Process, row: &Row, call: &Call) -> Option<String> {
        let early = matches!(row.name, "exit" | "exit_group" | "execve" | "execveat" | "rt_sigreturn" | "munmap");
        early.then(|| call_text(process, row, call, None))
    }

    /// Writes the line once the outcome is known. Clones are written by [`Strace::finish`], calls that are made again
    /// when they are.
    pub(crate) fn after(
        &self,
        process: &Process,
        thread: &Thread,
        row: &Row,
        call: &Call,
        before: Option<String>,
        outcome: &Outcome,
    ) {
        let text = || before.clone().unwrap_or_else(|| call_text(process, row, call, outcome.value()));
        let line = match outcome {
            Outcome::NotBegun | Outcome::Clone(_) => return,
            Outcome::Restart(Restart::IfAsked) => format!("{} = ? ERESTARTSYS", text()),
            Outcome::Restart(Restart::Always) => format!("{} = ? ERESTARTNOINTR", text()),
            Outcome::Filtered { .. } | Outcome::Kill { .. } => format!("{} = ? (filtered)", text()),
            Outcome::Exit { .. } | Outcome::ExitGroup { .. } | Outcome::Exec(_) | Outcome::SigReturn => {
                format!("{} = ?", text())
            }
            Outcome::Return(value) | Outcome::CodeChanged { value, .. } => {
                format!("{} = {}", text(), result_text(row, *value))
            }
            Outcome::Interrupted { .. } => format!("{} = {}", text(), result_text(row, Errno::EINTR.to_return())),
        };
        self.write(thread.tid, &line);
    }

    /// For the run loop: writes a call whose result it found out itself (clone, a failed execve).
    pub fn finish(&self, process: &Process, tid: i32, call: &Call, value: u64) {
        let Some(row) = table::find(call.nr, process.abi.guest) else { return };
        let text = call_text(process, row, call, Some(value));
        self.write(tid, &format!("{text} = {}", result_text(row, value)));
    }

    /// For the run loop: writes that a signal is delivered.
    pub fn signal(&self, tid: i32, signal: crate::Signal, what: &str) {
        self.write(tid, &format!("--- {signal} {what} ---"));
    }

    pub(crate) fn unknown(&self, thread: &Thread, call: &Call) {
        self.write(thread.tid, &format!("syscall_{:#x}() = -1 ENOSYS", call.nr));
    }

    fn write(&self, tid: i32, line: &str) {
        let line = format!("[{tid}] {line}\n");
        match &self.sink {
            Sink::Descriptor(fd) => {
                let args = [*fd as u64, sys::address(line.as_bytes()), line.len() as u64, 0, 0, 0];
                // One write a line, so that threads don't mix; a closed descriptor loses the trace, not the guest.
                let _ = sys::host(libc::SYS_write, args);
            }
            Sink::Memory(lines) => {
                if let Ok(mut lines) = lines.try_lock() {
                    lines.push_back(line);
                    let surplus = lines.len().saturating_sub(KEPT);
                    lines.drain(..surplus);
                }
            }
        }
    }
}

fn call_text(process: &Process, row: &Row, call: &Call, result: Option<u64>) -> String {
    let view = View { process, args: &call.args, result };
    let mut out = String::with_capacity(120);
    out.push_str(row.name);
    out.push('(');
    for (index, &kind) in row.args.iter().enumerate() {
        if index != 0 {
            out.push_str(", ");
        }
        view.write_arg(&mut out, index, kind);
    }
    out.push(')');
    out
}

fn result_text(row: &Row, value: u64) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = match Errno::from_return(value) {
        Err(errno) => write!(out, "-1 {} ({errno})", errno.name()),
        Ok(value) if table::returns_address(row) => write!(out, "{value:#x}"),
        Ok(value) => write!(out, "{}", value as i64),
    };
    out
}
