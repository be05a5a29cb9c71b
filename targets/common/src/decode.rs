//! From an instruction word to its row: a table made at compile time, indexed by the bits that
//! tell most rows apart; what is left is a handful of candidates to compare.
//! Two rows that could match the same word are a compile error.

use crate::rows::{Instruction, Pattern, Row, Table};

/// Up to how many bits of the word index the table.
pub const KEY_BITS: usize = 11;
const BUCKETS: usize = 1 << KEY_BITS;

/// The bits that index the table, lowest first, as runs of neighbours: each is a shift and the bits it then yields.
#[derive(Clone, Copy)]
struct Key([(u8, u16); Key::RUNS]);

impl Key {
    /// More than any guest's key has.
    const RUNS: usize = 5;

    /// `all` has the bits set.
    const fn new(mut all: u32) -> Key {
        let mut key = Key([(0, 0); Key::RUNS]);
        let (mut run, mut done) = (0, 0);
        while all != 0 {
            let first = all.trailing_zeros();
            let len = (!(all >> first)).trailing_zeros();
            let mask = ((1 << len) - 1) << done;
            key.0[run] = ((first - done) as u8, mask as u16);
            all &= !(((1 << len) - 1) << first);
            done += len;
            run += 1;
        }
        key
    }

    /// Gathers the key bits of `word`.
    #[inline(always)]
    const fn of(&self, word: u32) -> usize {
        let (mut i, mut out) = (0, 0);
        while i < Key::RUNS {
            out |= word >> self.0[i].0 & self.0[i].1 as u32;
            i += 1;
        }
        out as usize
    }
}

/// The bits that index a table, as a decoder's parameter; `bits` names each once.
pub const fn key(bits: [u8; KEY_BITS]) -> u32 {
    let (mut i, mut all) = (0, 0u32);
    while i < KEY_BITS {
        all |= 1 << bits[i];
        i += 1;
    }
    assert!(all.count_ones() as usize == KEY_BITS, "a key names each bit once");
    all
}

/// A candidate: its row's pattern, so that most words need no look at another row, and where the row is.
#[derive(Clone, Copy)]
struct Entry {
    mask: u32,
    value: u32,
    row: u16,
    group: u8,
    /// Whether words of the pattern are left out.
    excepts: bool,
}

/// A decoder for rows of one width. `KEY` is the [`key`] by which it looks them up: a parameter, so that gathering the bits
/// is a few instructions with constants. `N` is [`Decoder::entries`] of the same rows.
pub struct Decoder<const KEY: u32, const N: usize> {
    tables: &'static [Table],
    /// First entry of each bucket, and the end of the last.
    start: [u16; BUCKETS + 1],
    /// Group and index of a candidate row.
    entry: [Entry; N],
    width: u8,
}

impl<const KEY: u32, const N: usize> Decoder<KEY, N> {
    const BITS: Key = Key::new(KEY);

    /// How many entries a decoder for these rows needs.
    pub const fn entries(tables: &[Table], width: u8) -> usize {
        let key = Self::BITS;
        let (mut group, mut total) = (0, 0);
        while group < tables.len() {
            let mut i = 0;
            while i < tables[group].rows.len() {
                if tables[group].rows[i].pattern.width == width {
                    let free = !key.of(tables[group].rows[i].pattern.mask) & (BUCKETS - 1);
                    total += 1 << free.count_ones();
                }
                i += 1;
            }
            group += 1;
        }
        total
    }

    /// Makes the table.
    pub const fn new(tables: &'static [Table], width: u8) -> Self {
        let mut count = [0u16; BUCKETS + 1];
        let key = Self::BITS;
        let none = Entry { mask: 0, value: 0, row: 0, group: 0, excepts: false };
        let mut table = Decoder { tables, start: [0; BUCKETS + 1], entry: [none; N], width };
        // Two walks over the rows: how many fall into each bucket, then which.
        let mut fill = false;
        loop {
            let mut group = 0;
            while group < tables.len() {
                let mut i = 0;
                while i < tables[group].rows.len() {
                    let row = &tables[group].rows[i];
                    if row.pattern.width == width {
                        let fixed = key.of(row.pattern.value);
                        let free = !key.of(row.pattern.mask) & (BUCKETS - 1);
                        let Pattern { mask, value, .. } = row.pattern;
                        let excepts = row.except[0].is_some();
                        let entry = Entry { mask, value, row: i as u16, group: group as u8, excepts };
                        let mut subset = 0;
                        loop {
                            let bucket = fixed | subset;
                            if fill {
                                table.entry[(table.start[bucket] + count[bucket]) as usize] = entry;
                            }
                            count[bucket] += 1;
                            subset = subset.wrapping_sub(free) & free;
                            if subset == 0 {
                                break;
                            }
                        }
                    }
                    i += 1;
                }
                group += 1;
            }
            if fill {
                break;
            }
            let (mut bucket, mut total) = (0, 0);
            while bucket <= BUCKETS {
                table.start[bucket] = total;
                total += count[bucket];
                count[bucket] = 0;
                bucket += 1;
            }
            fill = true;
        }
        table.check_overlaps();
        table
    }

    const fn check_overlaps(&self) {
        let mut bucket = 0;
        while bucket < BUCKETS {
            let (mut i, end) = (self.start[bucket] as usize, self.start[bucket + 1] as usize);
            while i < end {
                let a = self.row(self.entry[i]);
                let mut j = i + 1;
                while j < end {
                    assert!(!a.overlaps(self.row(self.entry[j])), "two rows match the same word");
                    j += 1;
                }
                i += 1;
            }
            bucket += 1;
        }
    }

    const fn row(&self, entry: Entry) -> &'static Row {
        &self.tables[entry.group as usize].rows[entry.row as usize]
    }

    /// What `word` is.
    #[inline]
    pub fn decode(&self, word: u32) -> Option<Instruction> {
        let bucket = Self::BITS.of(word);
        let entries = &self.entry[self.start[bucket] as usize..self.start[bucket + 1] as usize];
        let entry = entries
            .iter()
            .find(|entry| word & entry.mask == entry.value && (!entry.excepts || self.row(**entry).matches(word)))?;
        let Table { rows, lower } = self.tables[entry.group as usize];
        Some(Instruction { row: &rows[entry.row as usize], lower: lower[entry.row as usize] })
    }

    /// All rows, for documentation, tests and generators.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.tables.iter().flat_map(|table| table.rows.iter()).filter(|row| row.pattern.width == self.width)
    }
}
