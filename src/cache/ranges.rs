//! Where code is, for the signal handler, which may take no lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Arenas of the present generation, of one on its way out, the runtime's, and the regions of units.
const MAX: usize = 512;

struct Row {
    start: AtomicU64,
    end: AtomicU64,
}

/// The ranges; rows that are not in use have an empty one.
pub struct Ranges {
    /// On the heap from the start: as part of the machine they would be copied from frame to frame while it is put together,
    /// each time on new pages of the stack.
    rows: Box<[Row]>,
    /// No row from this on is in use.
    bound: AtomicU64,
}

impl Default for Ranges {
    fn default() -> Ranges {
        let none = || Row { start: AtomicU64::new(u64::MAX), end: AtomicU64::new(0) };
        Ranges { rows: std::iter::repeat_with(none).take(MAX).collect(), bound: AtomicU64::new(0) }
    }
}

impl Ranges {
    /// Enters a range; false if there are too many. Only for the holder of the cache's lock.
    pub fn add(&self, start: u64, len: u64) -> bool {
        let Some(free) = self.rows.iter().position(|row| row.end.load(Ordering::Relaxed) == 0) else { return false };
        self.bound.fetch_max(free as u64 + 1, Ordering::Release);
        let row = &self.rows[free];
        row.start.store(start, Ordering::Release);
        row.end.store(start + len, Ordering::Release);
        true
    }

    /// Removes the range that begins at `start`. Only for the holder of the cache's lock.
    pub fn remove(&self, start: u64) {
        if let Some(row) = self.rows.iter().find(|row| row.start.load(Ordering::Relaxed) == start) {
            row.end.store(0, Ordering::Release);
            row.start.store(u64::MAX, Ordering::Release);
        }
    }

    /// Whether `addr` lies in a range.
    pub fn contains(&self, addr: u64) -> bool {
        let within = |row: &Row| row.start.load(Ordering::Acquire) <= addr && addr < row.end.load(Ordering::Acquire);
        self.rows[..self.bound.load(Ordering::Acquire) as usize].iter().any(within)
    }
}
