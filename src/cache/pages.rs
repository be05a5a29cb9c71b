//! Which blocks were translated from which guest page.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use memory::{PAGE_SIZE, Range};

use super::code::BlockId;

/// Blocks by page number. A block that spans two pages is listed under both.
#[derive(Default)]
pub struct Pages(HashMap<u64, Vec<BlockId>, BuildHasherDefault<PageHasher>>);

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
        for page in pages(start, end) {
            self.0.entry(page).or_default().push(id);
        }
    }

    /// The blocks listed under the pages of a range, some perhaps twice.
    pub fn within(&self, range: Range) -> Vec<BlockId> {
        let wanted = pages(range.start.0, range.end.0);
        let count = (wanted.end() - wanted.start()) as usize;
        // Ranges may be as large as the address space, lists few; or the other way round.
        if count > self.0.len() {
            self.0.iter().filter(|(page, _)| wanted.contains(page)).flat_map(|(_, ids)| ids.iter().copied()).collect()
        } else {
            wanted.filter_map(|page| self.0.get(&page)).flatten().copied().collect()
        }
    }

    /// Drops the blocks for which `keep` does not hold from the lists of a range.
    pub fn retain(&mut self, range: Range, keep: impl Fn(BlockId) -> bool) {
        let wanted = pages(range.start.0, range.end.0);
        let touched: Vec<u64> = match (wanted.end() - wanted.start()) as usize > self.0.len() {
            true => self.0.keys().copied().filter(|page| wanted.contains(page)).collect(),
            false => wanted.collect(),
        };
        for page in touched {
            if let Entry::Occupied(mut entry) = self.0.entry(page) {
                entry.get_mut().retain(|&id| keep(id));
                if entry.get().is_empty() {
                    entry.remove();
                }
            }
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
