//! Where code arenas are, for the signal handler, which may take no lock.

use std::sync::atomic::{AtomicU64, Ordering};

use super::arena::ARENA;

/// Arenas of the present generation, of one on its way out, and the runtime's.
const MAX: usize = 64;

/// The bases of all arenas, 0 in empty rows.
pub struct Ranges([AtomicU64; MAX]);

impl Default for Ranges {
    fn default() -> Ranges {
        Ranges([const { AtomicU64::new(0) }; MAX])
    }
}

impl Ranges {
    /// Enters an arena. Only for the holder of the cache's lock.
    pub fn add(&self, base: u64) {
        if let Some(row) = self.0.iter().find(|row| row.load(Ordering::Relaxed) == 0) {
            row.store(base, Ordering::Release);
        }
    }

    /// Removes an arena. Only for the holder of the cache's lock.
    pub fn remove(&self, base: u64) {
        if let Some(row) = self.0.iter().find(|row| row.load(Ordering::Relaxed) == base) {
            row.store(0, Ordering::Release);
        }
    }

    /// Whether `addr` lies in an arena.
    pub fn contains(&self, addr: u64) -> bool {
        let within = |base: u64| base != 0 && addr >= base && addr - base < ARENA as u64;
        self.0.iter().any(|row| within(row.load(Ordering::Acquire)))
    }
}
