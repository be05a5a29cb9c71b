//! From an instruction word to its row: a table made at compile time, indexed by the bits that
//! tell most rows apart; what is left is a handful of candidates to compare.
//! Two rows that could match the same word are a compile error.

use crate::rows::Row;

/// Up to how many bits of the word index the table.
pub const KEY_BITS: usize = 11;
const BUCKETS: usize = 1 << KEY_BITS;

/// Gathers the key bits of `word`; `key` has one bit set per bit of the index.
const fn key_of(word: u32, key: &[u8; KEY_BITS]) -> usize {
    let (mut i, mut out) = (0, 0);
    while i < KEY_BITS {
        out |= ((word >> key[i] & 1) as usize) << i;
        i += 1;
    }
    out
}

/// A decoder for rows of one width. `N` is [`Decoder::entries`] of the same rows.
pub struct Decoder<const N: usize> {
    rows: &'static [&'static [Row]],
    /// First entry of each bucket, and the end of the last.
    start: [u16; BUCKETS + 1],
    /// Group and index of a candidate row.
    entry: [(u8, u16); N],
    key: [u8; KEY_BITS],
    width: u8,
}

impl<const N: usize> Decoder<N> {
    /// How many entries a decoder for these rows needs.
    pub const fn entries(rows: &[&[Row]], width: u8, key: [u8; KEY_BITS]) -> usize {
        let (mut group, mut total) = (0, 0);
        while group < rows.len() {
            let mut i = 0;
            while i < rows[group].len() {
                if rows[group][i].pattern.width == width {
                    let free = !key_of(rows[group][i].pattern.mask, &key) & (BUCKETS - 1);
                    total += 1 << free.count_ones();
                }
                i += 1;
            }
            group += 1;
        }
        total
    }

    /// Makes the table; `key` names the bits that index it, each once.
    pub const fn new(rows: &'static [&'static [Row]], width: u8, key: [u8; KEY_BITS]) -> Self {
        let mut count = [0u16; BUCKETS + 1];
        let mut table = Decoder { rows, start: [0; BUCKETS + 1], entry: [(0, 0); N], key, width };
        // Two walks over the rows: how many fall into each bucket, then which.
        let mut fill = false;
        loop {
            let mut group = 0;
            while group < rows.len() {
                let mut i = 0;
                while i < rows[group].len() {
                    let row = &rows[group][i];
                    if row.pattern.width == width {
                        let fixed = key_of(row.pattern.value, &key);
                        let free = !key_of(row.pattern.mask, &key) & (BUCKETS - 1);
                        let mut subset = 0;
                        loop {
                            let bucket = fixed | subset;
                            if fill {
                                table.entry[(table.start[bucket] + count[bucket]) as usize] = (group as u8, i as u16);
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
                let (ga, a) = self.entry[i];
                let mut j = i + 1;
                while j < end {
                    let (gb, b) = self.entry[j];
                    assert!(
                        !self.rows[ga as usize][a as usize].overlaps(&self.rows[gb as usize][b as usize]),
                        "two rows match the same word"
                    );
                    j += 1;
                }
                i += 1;
            }
            bucket += 1;
        }
    }

    /// The row of `word`.
    #[inline]
    pub fn decode(&self, word: u32) -> Option<&'static Row> {
        let bucket = key_of(word, &self.key);
        let entries = &self.entry[self.start[bucket] as usize..self.start[bucket + 1] as usize];
        entries.iter().map(|&(group, i)| &self.rows[group as usize][i as usize]).find(|row| row.matches(word))
    }

    /// All rows, for documentation, tests and generators.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.rows.iter().flat_map(|group| group.iter()).filter(|row| row.pattern.width == self.width)
    }
}
