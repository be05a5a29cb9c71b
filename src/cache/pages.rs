//! Which blocks were translated from which guest page, and where blocks begin.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use memory::{PAGE_SIZE, Range};

use super::code::BlockId;

/// Blocks by page number. A block that spans two pages is listed under both.
#[derive(Default)]
pub struct Pages {
    blocks: HashMap<u64, Vec<BlockId>, BuildHasherDefault<PageHasher>>,
    begun: Begun,
}

/// A bit for each address, those that lie far apart having some in common: set where a block begins, or one began that is
/// gone. Nothing is there before the first block.
#[derive(Default)]
struct Begun(Vec<u64>);

/// Bits of [`Begun`], a power of two.
const BEGUN: u64 = 1 << 18;

impl Begun {
    /// The word and the bit of an address; no instruction is at an odd one.
    fn place(pc: u64) -> (usize, u64) {
        let n = pc / 2 % BEGUN;
        ((n / 64) as usize, 1 << (n % 64))
    }

    fn add(&mut self, pc: u64) {
        if self.0.is_empty() {
            self.0 = vec![0; (BEGUN / 64) as usize];
        }
        let (word, bit) = Begun::place(pc);
        self.0[word] |= bit;
    }
}

/// Page numbers are nobody's to choose freely, and a block enters one each time: Fibonacci hashing does.
#[derive(Default)]
struct PageHasher(u64);

impl Hasher for PageHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, page: u64) {
        // The high bits of the product depend on all bits of the number, and the table takes low and high ones.
        let product = (self.0 ^ page).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ product >> 32;
    }
}

fn pages(start: u64, end: u64) -> std::ops::RangeInclusive<u64> {
    start / PAGE_SIZE..=end.saturating_sub(1).max(start) / PAGE_SIZE
}

impl Pages {
    /// Enters a block translated from `start..end`.
    pub fn add(&mut self, start: u64, end: u64, id: BlockId) {
        self.begun.add(start);
        for page in pages(start, end) {
            self.blocks.entry(page).or_default().push(id);
        }
    }

    /// Whether a block may begin at `pc`: a quick no for most addresses.
    #[inline]
    pub fn may_begin(&self, pc: u64) -> bool {
        let (word, bit) = Begun::place(pc);
        self.begun.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The blocks listed under the pages of a range, some perhaps twice.
    pub fn within(&self, range: Range) -> Vec<BlockId> {
        let wanted = pages(range.start.0, range.end.0);
        let count = (wanted.end() - wanted.start()) as usize;
        // Ranges may be as large as the address space, lists few; or the other way round.
        if count > self.blocks.len() {
            self.blocks
                .iter()
                .filter(|(page, _)| wanted.contains(page))
                .flat_map(|(_, ids)| ids.iter().copied())
                .collect()
        } else {
            wanted.filter_map(|page| self.blocks.get(&page)).flatten().copied().collect()
        }
    }

    /// Drops the blocks for which `keep` does not hold from the lists of a range.
    pub fn retain(&mut self, range: Range, keep: impl Fn(BlockId) -> bool) {
        let wanted = pages(range.start.0, range.end.0);
        let touched: Vec<u64> = match (wanted.end() - wanted.start()) as usize > self.blocks.len() {
            true => self.blocks.keys().copied().filter(|page| wanted.contains(page)).collect(),
            false => wanted.collect(),
        };
        for page in touched {
            if let Entry::Occupied(mut entry) = self.blocks.entry(page) {
                entry.get_mut().retain(|&id| keep(id));
                if entry.get().is_empty() {
                    entry.remove();
                }
            }
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.begun = Begun::default();
    }
}
