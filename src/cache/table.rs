//! The table from guest address and mode to machine code. Any thread reads it without a lock; the
//! holder of the cache's lock writes.
//!
//! A key once written to a row stays until the table is replaced; its value may change, and is 0 where
//! there is no code. So a reader that finds its key finds a value that was right at that moment.
//! A replaced table is kept, for readers that still look at it: each is twice the one before.

use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use memory::Zeroed;
use target::Mode;

/// Bits of an address that can be executed; above them a key's word has the mode.
const PC_BITS: u32 = 47;

/// What code is found by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// Guest address.
    pub pc: u64,
    /// Mode it was translated for.
    pub mode: Mode,
}

impl Key {
    /// The key in one word, never 0.
    fn word(self) -> u64 {
        debug_assert!(self.mode.0 < 1 << 16 && self.pc < 1 << PC_BITS);
        (self.pc | u64::from(self.mode.0) << PC_BITS) + 1
    }
}

struct Row {
    key: AtomicU64,
    code: AtomicU64,
}

struct Rows {
    rows: Zeroed<[Row]>,
    used: AtomicUsize,
}

/// Enough for a small program; larger ones soon have more.
const FIRST_ROWS: usize = 1 << 10;
/// Bits of an address within a stretch of code that lies together in the table.
const STRETCH_BITS: u32 = 12;

impl Rows {
    fn new(count: usize) -> Rows {
        // SAFETY: a row is two numbers, for which zero is a value.
        let rows = unsafe { Zeroed::slice(count) };
        Rows { rows, used: AtomicUsize::new(0) }
    }

    /// The row that holds `word`, or the empty one where it would go.
    #[inline]
    fn row(&self, word: u64) -> &Row {
        let mask = self.rows.len() - 1;
        // What lies together is looked up together: rows go by the low bits of the address, each stretch of code from
        // a place of its own on. Fibonacci hashing: the high bits of the product depend on all bits of the stretch.
        let stretch = word >> STRETCH_BITS;
        let begin = stretch.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut at = ((word >> 2) + begin) as usize & mask;
        loop {
            let row = &self.rows[at];
            let key = row.key.load(Ordering::Acquire);
            if key == word || key == 0 {
                return row;
            }
            at = (at + 1) & mask;
        }
    }
}

/// The table.
pub struct CodeTable {
    current: AtomicPtr<Rows>,
}

impl Default for CodeTable {
    fn default() -> CodeTable {
        CodeTable { current: AtomicPtr::new(Box::into_raw(Box::new(Rows::new(FIRST_ROWS)))) }
    }
}

impl CodeTable {
    fn rows(&self) -> &Rows {
        // SAFETY: tables are never freed.
        unsafe { &*self.current.load(Ordering::Acquire) }
    }

    /// The code for a key.
    #[inline]
    pub fn get(&self, key: Key) -> Option<u64> {
        // A wild jump may go anywhere; no code lies there, and the word has no room for it.
        if key.pc >= 1 << PC_BITS {
            return None;
        }
        let word = key.word();
        let row = self.rows().row(word);
        let code = row.code.load(Ordering::Acquire);
        // An empty row may just be filled for another key: its value counts only with the right key.
        (code != 0 && row.key.load(Ordering::Acquire) == word).then_some(code)
    }

    /// Sets the code for a key, 0 for none. Only for the holder of the cache's lock.
    pub fn set(&self, key: Key, code: u64) {
        let word = key.word();
        let row = self.rows().row(word);
        if row.key.load(Ordering::Relaxed) == word {
            return row.code.store(code, Ordering::Release);
        }
        if code == 0 {
            return;
        }
        row.code.store(code, Ordering::Release);
        row.key.store(word, Ordering::Release);
        let used = self.rows().used.fetch_add(1, Ordering::Relaxed) + 1;
        let len = self.rows().rows.len();
        if used * 2 > len {
            self.replace(len * 2);
        }
    }

    /// Forgets everything. Only for the holder of the cache's lock.
    pub fn clear(&self) {
        for row in self.rows().rows.iter() {
            row.code.store(0, Ordering::Release);
        }
    }

    fn replace(&self, len: usize) {
        let old = self.rows();
        let new = Rows::new(len);
        for row in old.rows.iter() {
            let (word, code) = (row.key.load(Ordering::Relaxed), row.code.load(Ordering::Relaxed));
            if word != 0 && code != 0 {
                let to = new.row(word);
                to.code.store(code, Ordering::Relaxed);
                to.key.store(word, Ordering::Relaxed);
                new.used.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.current.store(Box::into_raw(Box::new(new)), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pc: u64, mode: u32) -> Key {
        Key { pc, mode: Mode(mode) }
    }

    #[test]
    fn finds_by_address_and_mode() {
        let table = CodeTable::default();
        assert_eq!(table.get(key(0, 0)), None);
        for pc in 0..20_000 {
            table.set(key(pc * 4, 0), pc + 1);
        }
        table.set(key(8, 1), 99);
        table.set(key(12, 0), 0);
        assert_eq!(table.get(key(8, 0)), Some(3));
        assert_eq!(table.get(key(8, 1)), Some(99));
        assert_eq!(table.get(key(12, 0)), None);
        assert!((0..20_000).filter(|pc| *pc != 3).all(|pc| table.get(key(pc * 4, 0)) == Some(pc + 1)));
        table.clear();
        assert_eq!(table.get(key(8, 0)), None);
    }
}
