//! The interval map: regions by start address, never overlapping, neighbours that are alike joined.

use super::gaps::Gaps;
use super::place::USER_END;
use super::region::{Backing, ObjectId, Prot, Region, RegionFlags};
use super::rows::{Head, Rows};
use crate::{GuestAddr, Range};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The regions and their totals.
pub struct RegionMap {
    regions: BTreeMap<u64, Entry>,
    /// The same for other processes.
    rows: Rows,
    gaps: Gaps,
    /// Where the regions begin that the host may extend (MAP_GROWSDOWN).
    growing: BTreeSet<u64>,
    total: u64,
    data: u64,
    views: HashMap<ObjectId, Views>,
    /// Executable mappings of files that the guest may write to.
    writable_code: u32,
}

/// A region and its row.
struct Entry {
    region: Region,
    row: usize,
}

/// How many mappings of an object there are of two kinds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Views {
    /// Executable ones.
    pub code: u32,
    /// Shared ones that can be written to.
    pub writers: u32,
}

impl Default for RegionMap {
    fn default() -> RegionMap {
        RegionMap {
            regions: BTreeMap::new(),
            rows: Rows::default(),
            gaps: Gaps::new(),
            growing: BTreeSet::new(),
            total: 0,
            data: 0,
            views: HashMap::new(),
            writable_code: 0,
        }
    }
}

impl RegionMap {
    /// Bytes that count against RLIMIT_AS.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Where other processes read of the regions.
    pub fn head(&self) -> &Head {
        self.rows.head()
    }

    /// How many regions there are.
    pub fn regions(&self) -> usize {
        self.regions.len()
    }

    /// Bytes that count against RLIMIT_DATA.
    pub fn data(&self) -> u64 {
        self.data
    }

    fn add(&mut self, region: Region) {
        self.total += region.counted_bytes();
        self.data += region.data_bytes();
        self.count(&region, |count| count + 1);
        if region.grows_down() {
            self.growing.insert(region.range.start.0);
        }
        let row = self.rows.add(&region);
        self.regions.insert(region.range.start.0, Entry { region, row });
    }

    fn take(&mut self, start: GuestAddr) -> Option<Region> {
        let Entry { region, row } = self.regions.remove(&start.0)?;
        self.rows.take(row);
        self.total -= region.counted_bytes();
        self.data -= region.data_bytes();
        self.count(&region, |count| count - 1);
        if region.grows_down() {
            self.growing.remove(&region.range.start.0);
        }
        Some(region)
    }

    /// Counts a mapping in or out of what is known of its object.
    fn count(&mut self, region: &Region, step: fn(u32) -> u32) {
        let (code, writer) = (region.prot.contains(Prot::EXEC), region.is_writer());
        if code && region.flags.intersects(RegionFlags::SHARED | RegionFlags::OPEN_TO_WRITE) {
            self.writable_code = step(self.writable_code);
        }
        if let Backing::Object { id, .. } = region.backing
            && (code || writer)
        {
            let views = self.views.entry(id).or_default();
            views.code = if code { step(views.code) } else { views.code };
            views.writers = if writer { step(views.writers) } else { views.writers };
            if *views == Views::default() {
                self.views.remove(&id);
            }
        }
    }

    /// Whether code is mapped that can change by writing to a file.
    pub fn has_writable_code(&self) -> bool {
        self.writable_code != 0
    }

    /// The mappings of an object, counted.
    pub fn views(&self, id: ObjectId) -> Views {
        self.views.get(&id).copied().unwrap_or_default()
    }

    /// The region that holds `addr`.
    pub fn at(&self, addr: GuestAddr) -> Option<&Region> {
        self.regions
            .range(..=addr.0)
            .next_back()
            .map(|(_, entry)| &entry.region)
            .filter(|region| region.range.contains(addr))
    }

    /// All regions from the lowest up.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Region> {
        self.regions.values().map(|entry| &entry.region)
    }

    /// The regions that begin below `end`, from the highest down.
    pub fn below(&self, end: GuestAddr) -> impl Iterator<Item = &Region> {
        self.regions.range(..end.0).rev().map(|(_, entry)| &entry.region)
    }

    /// Where the first region that does not begin below `addr` begins.
    pub fn next(&self, addr: GuestAddr) -> GuestAddr {
        self.regions.range(addr.0..).next().map_or(GuestAddr(USER_END), |(&start, _)| GuestAddr(start))
    }

    /// The regions that grow down and begin above `addr`.
    pub fn growing_above(&self, addr: GuestAddr) -> Vec<Region> {
        self.growing.range(addr.0 + 1..).filter_map(|start| self.regions.get(start)).map(|entry| entry.region).collect()
    }

    /// A high place below `top` of `len` bytes in which nothing is mapped, aligned to `align`.
    pub fn gap_below(&self, top: GuestAddr, len: u64, align: u64) -> Option<GuestAddr> {
        self.gaps.find(self, top, len, align)
    }

    /// The parts of regions that lie within `range`, in order.
    pub fn pieces(&self, range: Range) -> impl Iterator<Item = Region> + '_ {
        let first = self.at(range.start).map_or(range.start, |region| region.range.start);
        self.regions
            .range(first.0..range.end.0.max(first.0))
            .map(move |(_, entry)| entry.region.clipped(range))
            .filter(|piece| !piece.range.is_empty())
    }

    /// The parts of `range` in which nothing is mapped.
    pub fn holes(&self, range: Range) -> Vec<Range> {
        let mut holes = Vec::new();
        let mut at = range.start;
        for piece in self.pieces(range) {
            holes.push(Range { start: at, end: piece.range.start });
            at = piece.range.end;
        }
        holes.push(Range { start: at, end: range.end });
        holes.retain(|hole| !hole.is_empty());
        holes
    }

    /// Whether anything is mapped within `range`.
    pub fn overlaps(&self, range: Range) -> bool {
        self.pieces(range).next().is_some()
    }

    /// Whether all of `range` is mapped.
    pub fn covers(&self, range: Range) -> bool {
        let mut at = range.start;
        for piece in self.pieces(range) {
            if piece.range.start != at {
                return false;
            }
            at = piece.range.end;
        }
        at == range.end
    }

    /// Forgets what is mapped within `range`.
    pub fn remove(&mut self, range: Range) {
        self.with_gaps(range, |map| map.clear(range));
    }

    /// Maps a region over whatever is there.
    pub fn insert(&mut self, region: Region) {
        self.with_gaps(region.range, |map| {
            map.clear(region.range);
            map.add(region);
            map.join(region.range.end);
            map.join(region.range.start);
        });
    }

    /// Makes a change within `range`, and knows the gaps in it and beside it anew.
    fn with_gaps(&mut self, range: Range, change: impl FnOnce(&mut RegionMap)) {
        let below = self.below(range.start).next().map_or(GuestAddr(0), |region| region.range.end);
        let inside = self.at(range.end).is_some();
        let end = if inside { range.end } else { self.next(range.end) };
        let around = Range { start: below.min(range.start), end: end.max(range.end) };
        self.holes(around).into_iter().for_each(|gap| self.gaps.take(gap));
        self.rows.begin();
        change(self);
        self.rows.end();
        self.holes(around).into_iter().for_each(|gap| self.gaps.add(gap));
    }

    fn clear(&mut self, range: Range) {
        self.split(range.start);
        self.split(range.end);
        let starts: Vec<u64> = self.regions.range(range.start.0..range.end.0).map(|(&start, _)| start).collect();
        for start in starts {
            self.take(GuestAddr(start));
        }
    }

    /// Changes each region within `range`.
    pub fn update(&mut self, range: Range, change: impl Fn(&mut Region)) {
        self.rows.begin();
        self.split(range.start);
        self.split(range.end);
        let starts: Vec<u64> = self.regions.range(range.start.0..range.end.0).map(|(&start, _)| start).collect();
        for &start in &starts {
            if let Some(mut region) = self.take(GuestAddr(start)) {
                change(&mut region);
                self.add(region);
            }
        }
        self.join(range.end);
        for &start in starts.iter().rev() {
            self.join(GuestAddr(start));
        }
        self.rows.end();
    }

    /// Keeps the regions for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&Region) -> bool) {
        let gone: Vec<Range> = self.iter().filter(|region| !keep(region)).map(|region| region.range).collect();
        gone.into_iter().for_each(|range| self.remove(range));
    }

    /// Makes `at` a border if it lies inside a region.
    fn split(&mut self, at: GuestAddr) {
        let Some(&whole) = self.at(at).filter(|region| region.range.start != at) else { return };
        self.take(whole.range.start);
        self.add(whole.clipped(Range { start: whole.range.start, end: at }));
        self.add(whole.clipped(Range { start: at, end: whole.range.end }));
    }

    /// Joins the regions that meet at `at` if they are alike.
    fn join(&mut self, at: GuestAddr) {
        let Some(right) = self.regions.get(&at.0).map(|entry| entry.region) else { return };
        let Some(&left) = self.below(at).next() else { return };
        if left.continues_into(&right) {
            self.take(left.range.start);
            self.take(at);
            self.add(Region { range: Range { start: left.range.start, end: right.range.end }, ..left });
        }
    }
}
