//! Where nothing is mapped, sorted by size, so that a free place is found without passing all mappings (mm/mmap.c has
//! its tree of them for that).

use super::RegionMap;
use super::place::{LOWEST, USER_END};
use crate::{GuestAddr, Range};
use std::collections::BTreeSet;

/// Gaps from 2^n up to below 2^(n+1) bytes are in class n.
const CLASSES: usize = USER_END.ilog2() as usize + 1;
/// How many gaps of a class are tried, of which some may be too small.
const TRIES: usize = 16;

/// The starts of all gaps, by class.
pub struct Gaps([BTreeSet<GuestAddr>; CLASSES]);

fn class(len: u64) -> usize {
    len.max(1).ilog2() as usize
}

impl Gaps {
    /// All is free.
    pub fn new() -> Gaps {
        let mut gaps = Gaps([const { BTreeSet::new() }; CLASSES]);
        gaps.add(Range::new(0, USER_END));
        gaps
    }

    /// A gap came about.
    pub fn add(&mut self, gap: Range) {
        self.0[class(gap.len())].insert(gap.start);
    }

    /// A gap is no more.
    pub fn take(&mut self, gap: Range) {
        self.0[class(gap.len())].remove(&gap.start);
    }

    /// The highest place below `top` of `len` bytes, aligned to `align`. Where many gaps are of nearly that size a lower one
    /// may be found.
    pub fn find(&self, map: &RegionMap, top: GuestAddr, len: u64, align: u64) -> Option<GuestAddr> {
        let fit = |gap: GuestAddr| {
            let end = map.next(gap).min(top);
            let start = GuestAddr(end.0.checked_sub(len)?).align_down(align);
            (start >= gap.max(GuestAddr(LOWEST))).then_some(start)
        };
        let mut best = None;
        for gaps in &self.0[class(len).min(CLASSES)..] {
            let higher = gaps.range(best.unwrap_or_default()..top).rev();
            best = higher.take(TRIES).find_map(|&gap| fit(gap)).or(best);
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Backing, Name, Prot, Region, RegionFlags};
    use super::*;

    /// A map with a region of a page at each of these pages.
    fn map(pages: impl IntoIterator<Item = u64>) -> RegionMap {
        let mut map = RegionMap::default();
        for page in pages {
            let (flags, backing, name) = (RegionFlags::empty(), Backing::Zero, Name::None);
            let range = Range::new(page << 12, (page + 1) << 12);
            map.insert(Region { range, prot: Prot::READ, flags, backing, name });
        }
        map
    }

    fn find(map: &RegionMap, top: u64, pages: u64, align: u64) -> Option<u64> {
        map.gap_below(GuestAddr(top << 12), pages << 12, align << 12).map(|place| place.0 >> 12)
    }

    #[test]
    fn the_highest_gap_that_is_large_enough() {
        let map = map([100, 102, 105, 200]);
        assert_eq!(find(&map, 200, 1, 1), Some(199));
        assert_eq!(find(&map, 106, 1, 1), Some(104));
        assert_eq!(find(&map, 106, 3, 1), Some(97));
        assert_eq!(find(&map, 103, 1, 1), Some(101));
        assert_eq!(find(&map, 200, 60, 64), Some(128));
        assert_eq!(find(&map, 100, 85, 1), None);
    }

    #[test]
    fn gaps_follow_what_is_mapped() {
        let mut map = map(100..200);
        assert_eq!(find(&map, 200, 1, 1), Some(99));
        map.remove(Range::new(150 << 12, 152 << 12));
        assert_eq!(find(&map, 200, 2, 1), Some(150));
        map.remove(Range::new(120 << 12, 160 << 12));
        assert_eq!(find(&map, 200, 40, 1), Some(120));
        map.remove(Range::new(0, 1 << 30));
        assert_eq!(find(&map, 200, 150, 1), Some(50));
    }

    #[test]
    fn a_large_gap_is_found_behind_many_that_are_slightly_too_small() {
        let map = map((0..10_000).map(|index| 1_000 + index * 3));
        assert_eq!(find(&map, 31_000, 3, 1), Some(997));
        assert_eq!(find(&map, 30_998, 3, 1), Some(997));
        assert_eq!(find(&map, 30_998, 2, 1), Some(30_995));
    }
}
