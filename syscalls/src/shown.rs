//! Which signals another guest process handles and ignores, and what it has mapped. The host knows of the translator's
//! handlers and of its mappings too, so each process keeps its own where another run of the same translator finds them:
//! at a fixed distance from where its file is mapped.

use std::mem::offset_of;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use memory::space::{Head, Snapshot};

use crate::process::Process;
use crate::signal::{Actions, SigSet};
use crate::sys;

/// Where the process' own are. A child on its parent's memory has its parent's only as long as it forks none of its own.
#[repr(C)]
struct Shown {
    actions: AtomicPtr<Actions>,
    mappings: AtomicPtr<Head>,
}

static SHOWN: Shown = Shown { actions: AtomicPtr::new(ptr::null_mut()), mappings: AtomicPtr::new(ptr::null_mut()) };

/// Has other processes see the actions and the mappings of this one.
pub fn show(process: &Process) {
    SHOWN.mappings.store(process.space.head().cast_mut(), Ordering::Relaxed);
    SHOWN.actions.store(ptr::from_ref(&*process.actions).cast_mut(), Ordering::Release);
}

/// The signals that a process handles and those that it ignores, if it runs under this translator and may be looked at.
pub(crate) fn signals(pid: i32) -> Option<[SigSet; 2]> {
    let mut sets = [0; 2];
    match shown(pid)? {
        // It has not begun: execve has left it no handler.
        [0, _] => {}
        [actions, _] => read(pid, actions + offset_of!(Actions, shown) as u64, &mut sets)?,
    }
    Some(sets.map(SigSet))
}

/// What a process has mapped, with the same exceptions.
pub(crate) fn mappings(pid: i32) -> Option<Snapshot> {
    match shown(pid)? {
        [_, 0] => Some(Snapshot::default()),
        [_, head] => Snapshot::copy(head, |addr, words| read(pid, addr, words)),
    }
}

/// The words of another process' [`SHOWN`].
fn shown(pid: i32) -> Option<[u64; 2]> {
    let cell = &raw const SHOWN as u64;
    let own = std::fs::read_to_string("/proc/self/maps").ok()?;
    let file = own.lines().map(Line::parse).find(|line| line.as_ref().is_some_and(|line| line.holds(cell)))??.file;
    let base = |maps: &str| maps.lines().filter_map(Line::parse).find(|line| line.file == file).map(|line| line.start);
    let theirs = base(&std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?)?;
    let mut words = [0; 2];
    read(pid, theirs + (cell - base(&own)?), &mut words)?;
    Some(words)
}

/// A line of /proc/PID/maps.
#[derive(Clone, Copy)]
struct Line<'a> {
    start: u64,
    end: u64,
    /// Device and number of the file.
    file: (&'a str, &'a str),
}

impl Line<'_> {
    fn parse(line: &str) -> Option<Line<'_>> {
        let mut parts = line.split(' ');
        let (start, end) = parts.next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        Some(Line { start: number(start)?, end: number(end)?, file: (parts.nth(2)?, parts.next()?) })
    }

    fn holds(&self, addr: u64) -> bool {
        (self.start..self.end).contains(&addr)
    }
}

/// Reads words of another process.
fn read(pid: i32, addr: u64, words: &mut [u64]) -> Option<()> {
    let size = size_of_val(words) as u64;
    let (here, there) = ([sys::address_mut(words), size], [addr, size]);
    let args = [pid as u64, sys::address(&here), 1, sys::address(&there), 1, 0];
    (sys::host(libc::SYS_process_vm_readv, args) == Ok(size)).then_some(())
}
