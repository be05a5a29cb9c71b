//! `--strace`: system calls as strace(1) shows them, by the rows of the table.

mod filter;
pub mod flags;
mod json;
mod line;
mod render;
pub mod structs;

use crate::dispatch::Call;
use crate::outcome::{Outcome, Restart};
use crate::process::{Process, Thread};
use crate::sys;
use crate::table::{self, Row};
use crate::{HiddenFd, HiddenFds, Signal};
use line::Lines;
use memory::Errno;
use render::View;
use std::fmt::Write;

pub use filter::{Filter, classes};

/// How calls are shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// Which.
    pub filter: Filter,
    /// As JSON, an object a line.
    pub json: bool,
    /// Whether each line has its thread's id, also while there is but one.
    pub numbered: bool,
    /// What the processes share that write lines: [`Strace::share`]'s.
    pub shared: Option<i32>,
}

/// Writes the lines to a descriptor, or keeps the latest.
pub struct Strace {
    lines: Lines,
    filter: Filter,
    json: bool,
    shared: Option<i32>,
}

impl Strace {
    /// A descriptor of what the processes share that write lines, for [`Style::shared`].
    pub fn share(hidden: &HiddenFds) -> Option<i32> {
        sys::shared_file().ok().and_then(|fd| hidden.adopt(fd).ok())
    }

    /// That descriptor, for a program that takes this one's place.
    pub fn shared(&self) -> Option<i32> {
        self.shared
    }

    /// Lines go to `fd`; one that the guest can close is moved out of its reach by the caller.
    pub fn new(fd: HiddenFd, style: Style) -> Strace {
        let Style { filter, json, numbered, shared } = style;
        Strace { lines: Lines::new(fd, shared, numbered), filter, json, shared }
    }

    /// The latest lines are kept, for a crash report.
    pub fn recording() -> Strace {
        Strace { lines: Lines::kept(), filter: Filter::default(), json: false, shared: None }
    }

    /// The lines kept.
    pub fn recent(&self) -> Vec<String> {
        self.lines.recent()
    }

    /// A call is about to be made: the arguments that it does not fill in.
    pub(crate) fn before(&self, process: &Process, thread: &Thread, row: &Row, call: &Call) {
        if self.filter.shows(row) && !self.json {
            self.lines.begin(thread.tid, &View::new(process, row, call, None).early());
        }
    }

    /// The outcome is known: the rest of the line. What the run loop carries out it tells [`Strace::finish`].
    pub(crate) fn after(&self, process: &Process, thread: &Thread, row: &Row, call: &Call, outcome: &Outcome) {
        let value = outcome.value();
        let result = match outcome {
            // Before there is a child that writes lines too.
            Outcome::Clone(_) => return self.lines.number(),
            Outcome::Exec(_)
            | Outcome::Trace(_)
            | Outcome::Tags(_)
            | Outcome::Vectors(_)
            | Outcome::Keys(_)
            | Outcome::Wait(_)
            | Outcome::Inspect { .. } => {
                return;
            }
            Outcome::NotBegun | Outcome::Restart(Restart::Always) => "? ERESTARTNOINTR (To be restarted)".to_owned(),
            Outcome::Restart(Restart::IfAsked) => "? ERESTARTSYS (To be restarted if SA_RESTART is set)".to_owned(),
            Outcome::Interrupted { .. } | Outcome::Restart(Restart::Unhandled) => {
                "? ERESTARTNOHAND (To be restarted if no handler)".to_owned()
            }
            Outcome::Filtered { .. } | Outcome::Kill { .. } => "? (filtered)".to_owned(),
            Outcome::Exit { .. } | Outcome::ExitGroup { .. } | Outcome::SigReturn => "?".to_owned(),
            Outcome::Return(value) | Outcome::CodeChanged { value, .. } => result_text(row, *value),
        };
        self.show(process, thread.tid, (row, call), value, &result);
    }

    fn show(&self, process: &Process, tid: i32, (row, call): (&Row, &Call), value: Option<u64>, result: &str) {
        if !self.filter.shows(row) {
            return;
        }
        let view = View::new(process, row, call, value);
        match self.json {
            true => self.lines.raw(&json::call(tid, row.name, &view.all(), value)),
            false => self.lines.end(tid, row.name, &view.late(), result),
        }
    }

    /// For the run loop: a call whose result it found out itself (clone, a failed execve).
    pub fn finish(&self, process: &Process, tid: i32, call: &Call, value: u64) {
        let Some(row) = table::find(call.nr, process.abi.guest) else { return };
        // The child: the line is its parent's.
        if row.name.starts_with("clone") && value == 0 {
            return;
        }
        self.show(process, tid, (row, call), Some(value), &result_text(row, value));
    }

    /// For the run loop: how a call ended that it made itself, if it is to be made again.
    pub fn ended(&self, process: &Process, thread: &Thread, call: &Call, outcome: &Outcome) {
        if let Some(row) = table::find(call.nr, process.abi.guest) {
            self.after(process, thread, row, call, outcome);
        }
    }

    /// For the run loop: another program takes this one's place.
    pub fn executes(&self, tid: i32) {
        if !self.json && self.shows_named("execve") {
            self.lines.end(tid, "execve", "", "0");
        }
    }

    fn shows_named(&self, name: &str) -> bool {
        table::ROWS.iter().find(|row| row.name == name).is_some_and(|row| self.filter.shows(row))
    }

    /// For the run loop: a signal is delivered; `info` is its `siginfo_t`.
    pub fn signal(&self, tid: i32, signal: Signal, info: &[u8]) {
        let mut text = String::new();
        structs::write_siginfo(&mut text, info);
        match self.json {
            true => self.lines.raw(&json::event(tid, "signal", &signal.to_string(), Some(&text))),
            false => self.lines.line(tid, &format!("--- {signal} {text} ---")),
        }
    }

    /// For the run loop: a thread ends with a status.
    pub fn exited(&self, tid: i32, status: i32) {
        match self.json {
            true => self.lines.raw(&json::event(tid, "exited", &(status & 0xff).to_string(), None)),
            false => self.lines.line(tid, &format!("+++ exited with {} +++", status & 0xff)),
        }
    }

    /// For the run loop: the process is ended by a signal.
    pub fn killed(&self, tid: i32, signal: Signal) {
        match self.json {
            true => self.lines.raw(&json::event(tid, "killed", &signal.to_string(), None)),
            false => self.lines.line(tid, &format!("+++ killed by {signal} +++")),
        }
    }

    pub(crate) fn unknown(&self, thread: &Thread, call: &Call) {
        let [a, b, c, d, e, f] = call.args;
        let text = format!("syscall_{:#x}({a:#x}, {b:#x}, {c:#x}, {d:#x}, {e:#x}, {f:#x})", call.nr);
        match self.json {
            true => {
                let result = Some(Errno::ENOSYS.to_return());
                self.lines.raw(&json::call(thread.tid, &format!("syscall_{:#x}", call.nr), &[], result));
            }
            false => {
                self.lines.begin(thread.tid, &text);
                self.lines.end(thread.tid, "syscall", "", "-1 ENOSYS (Function not implemented)");
            }
        }
    }
}

fn result_text(row: &Row, value: u64) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = match Errno::from_return(value) {
        Err(errno) => write!(out, "-1 {} ({errno})", errno.name()),
        Ok(value) if table::returns_address(row) => write!(out, "{value:#x}"),
        Ok(value) if row.name == "umask" => write!(out, "0{value:o}"),
        Ok(value) => write!(out, "{}", value as i64),
    };
    out
}
