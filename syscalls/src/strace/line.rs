//! Lines of several threads and processes on one descriptor, as strace(1) has them: a call that another thread's line
//! comes between is `<unfinished ...>`, and later `<... resumed>`.

use crate::{HiddenFd, sys};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where strace aligns results (its option -a).
const RESULT_COLUMN: usize = 39;
/// Attempts at the lock until its holder is taken for dead: a process may be killed at any time.
const PATIENCE: u32 = 100_000;

/// How many lines a crash report shows.
const KEPT: usize = 12;

/// What becomes of the lines.
enum Sink {
    Descriptor(HiddenFd),
    /// The latest are kept. Taken only by who finds it free: a forked child may have it locked for ever, and a line that is
    /// missing is no harm.
    Memory(Mutex<String>),
}

/// What the threads of all processes share that write lines.
pub struct Lines {
    sink: Sink,
    /// The lock.
    busy: &'static AtomicU32,
    /// The thread whose line has no end yet, and how long that is.
    open: &'static AtomicU32,
    column: &'static AtomicU32,
    /// Whether there is more than one thread, so that lines begin with its id.
    many: &'static AtomicU32,
}

impl Lines {
    /// Lines on `fd`; with ids from the first on if `many`. `shared` is the file of what is shared.
    pub fn new(fd: HiddenFd, shared: Option<i32>, many: bool) -> Lines {
        let [busy, open, column, numbered] = sys::shared_words(shared);
        numbered.fetch_or(many.into(), Ordering::Relaxed);
        Lines { sink: Sink::Descriptor(fd), busy, open, column, many: numbered }
    }

    /// Lines of this process alone, the latest of which are kept.
    pub fn kept() -> Lines {
        let [busy, open, column, many]: &'static [AtomicU32; 4] = Box::leak(Box::default());
        Lines { sink: Sink::Memory(Mutex::default()), busy, open, column, many }
    }

    /// The lines kept; the last may have no end yet.
    pub fn recent(&self) -> Vec<String> {
        match &self.sink {
            Sink::Memory(kept) => {
                kept.try_lock().map_or_else(|_| Vec::new(), |kept| kept.lines().map(Into::into).collect())
            }
            Sink::Descriptor(_) => Vec::new(),
        }
    }

    /// From here on lines begin with ids.
    pub fn number(&self) {
        self.many.store(1, Ordering::Relaxed);
    }

    /// Writes the beginning of a line.
    pub fn begin(&self, tid: i32, text: &str) {
        self.locked(|| {
            self.write(&format!("{}{}{text}", self.interrupt(), self.prefix(tid)));
            self.open.store(tid as u32, Ordering::Relaxed);
            self.column.store(text.len() as u32, Ordering::Relaxed);
        });
    }

    /// Writes the end of the line that `begin` began for a call of that name: more of it, and the result.
    pub fn end(&self, tid: i32, name: &str, more: &str, result: &str) {
        self.locked(|| {
            let (start, column) = match self.open.load(Ordering::Relaxed) == tid as u32 {
                true => (String::new(), self.column.load(Ordering::Relaxed) as usize),
                false => {
                    let resumed = format!("<... {name} resumed>");
                    let column = resumed.len();
                    (format!("{}{}{resumed}", self.interrupt(), self.prefix(tid)), column)
                }
            };
            let pad = RESULT_COLUMN.saturating_sub(column + more.len());
            self.write(&format!("{start}{more}{:pad$} = {result}\n", ""));
            self.open.store(0, Ordering::Relaxed);
        });
    }

    /// Writes a whole line.
    pub fn line(&self, tid: i32, text: &str) {
        self.locked(|| {
            self.write(&format!("{}{}{text}\n", self.interrupt(), self.prefix(tid)));
            self.open.store(0, Ordering::Relaxed);
        });
    }

    /// Writes a text that is no line of strace's.
    pub fn raw(&self, text: &str) {
        self.locked(|| self.write(text));
    }

    fn prefix(&self, tid: i32) -> String {
        if self.many.load(Ordering::Relaxed) == 0 { String::new() } else { format!("[pid {tid:>5}] ") }
    }

    /// What ends the line that is open.
    fn interrupt(&self) -> &'static str {
        if self.open.load(Ordering::Relaxed) == 0 { "" } else { " <unfinished ...>\n" }
    }

    fn locked(&self, act: impl FnOnce()) {
        let mut patience = PATIENCE;
        while self.busy.swap(1, Ordering::Acquire) != 0 && patience > 0 {
            patience -= 1;
            let _ = sys::host(libc::SYS_sched_yield, [0; 6]);
        }
        act();
        self.busy.store(0, Ordering::Release);
    }

    fn write(&self, text: &str) {
        match &self.sink {
            Sink::Descriptor(fd) => {
                let args = |fd: i32| [fd as u64, sys::address(text.as_bytes()), text.len() as u64, 0, 0, 0];
                // In one call; a closed descriptor loses the trace, not the guest.
                let _ = fd.with(|fd| sys::host(libc::SYS_write, args(fd)));
            }
            Sink::Memory(kept) => {
                if let Ok(mut kept) = kept.try_lock() {
                    kept.push_str(text);
                    let surplus = kept.rmatch_indices('\n').nth(KEPT).map_or(0, |(end, _)| end + 1);
                    kept.drain(..surplus);
                }
            }
        }
    }
}
