//! The mappings once more in plain words, for other processes: one that may read this one's memory copies them out of it
//! ([`Snapshot`]), whatever this one is doing.

use super::region::{Backing, Name, Prot, Region, RegionFlags};
use super::render::{self, Mappings};
use crate::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// A mapping's start, its end and what [`kind`] says of it; zeros where there is none.
type Row = [u64; 3];

/// Rows that a process can have: vm.max_map_count may be raised, but no reader is to be led on for ever.
const MOST: u64 = 1 << 22;
/// How often a reader begins anew because the mappings changed under it.
const TRIES: usize = 100;

/// What readers begin with. The rows may move, their head does not.
#[derive(Default)]
#[repr(C)]
pub struct Head {
    /// Odd while they change, and another number after each change.
    changes: AtomicU64,
    /// Where the rows are.
    rows: AtomicU64,
    /// How many.
    count: AtomicU64,
}

/// The rows, in no order.
#[derive(Default)]
pub struct Rows {
    head: Head,
    rows: Vec<Row>,
    free: Vec<usize>,
}

impl Rows {
    /// The rows are about to change. A vfork child may have died over a change: the next one sets the count right.
    pub fn begin(&self) {
        self.head.changes.fetch_or(1, Ordering::AcqRel);
    }

    /// They are what the mappings are.
    pub fn end(&self) {
        let changes = self.head.changes.load(Ordering::Relaxed);
        self.head.changes.store((changes | 1).wrapping_add(1), Ordering::Release);
    }

    /// Adds a mapping; returns its row.
    pub fn add(&mut self, region: &Region) -> usize {
        let row = [region.range.start.0, region.range.end.0, kind(region)];
        if let Some(index) = self.free.pop() {
            self.rows[index] = row;
            return index;
        }
        self.rows.push(row);
        self.head.rows.store(self.rows.as_ptr() as u64, Ordering::Relaxed);
        self.head.count.store(self.rows.len() as u64, Ordering::Relaxed);
        self.rows.len() - 1
    }

    /// Removes the mapping of a row.
    pub fn take(&mut self, index: usize) {
        self.rows[index] = Row::default();
        self.free.push(index);
    }

    /// Where readers begin.
    pub fn head(&self) -> &Head {
        &self.head
    }
}

/// Protection, flags and name in a word, each in a byte.
fn kind(region: &Region) -> u64 {
    u64::from_le_bytes([region.prot.bits(), region.flags.bits(), region.name as u8, 0, 0, 0, 0, 0])
}

fn region([start, end, kind]: Row) -> Region {
    let [prot, flags, name, ..] = kind.to_le_bytes();
    Region {
        range: Range::new(start, end.max(start)),
        prot: Prot::from_bits_truncate(prot),
        flags: RegionFlags::from_bits_truncate(flags),
        backing: Backing::Zero,
        name: Name::ALL.into_iter().find(|&known| known as u8 == name).unwrap_or_default(),
    }
}

/// The mappings of another guest process, as they were.
#[derive(Debug, Default)]
pub struct Snapshot(Vec<Region>);

impl Snapshot {
    /// Copies the mappings whose [`AddressSpace::head`](super::AddressSpace::head) is at `head` in the memory that
    /// `read` reads words of. None if it can't, or if they never stand still.
    pub fn copy(head: u64, read: impl Fn(u64, &mut [u64]) -> Option<()>) -> Option<Snapshot> {
        let attempt = || {
            let mut before = [0; 3];
            read(head, &mut before)?;
            let [changes, rows, count] = before;
            if changes % 2 != 0 || count > MOST {
                return None;
            }
            let mut words = vec![0; count as usize * size_of::<Row>() / size_of::<u64>()];
            read(rows, &mut words)?;
            let mut after = [0; 3];
            read(head, &mut after)?;
            (before == after).then_some(words)
        };
        let words = (0..TRIES).find_map(|_| attempt())?;
        let (rows, _) = words.as_chunks();
        let mut regions: Vec<Region> = rows.iter().map(|&row| region(row)).collect();
        regions.retain(|region| !region.range.is_empty());
        regions.sort_unstable_by_key(|region| region.range.start);
        Some(Snapshot(regions))
    }

    /// The text of the process' maps, made from the host's.
    pub fn render_maps(&self, host_maps: &str) -> String {
        render::maps(host_maps, self)
    }

    /// The text of the process' smaps, made from the host's.
    pub fn render_smaps(&self, host_smaps: &str) -> String {
        render::smaps(host_smaps, self)
    }
}

impl Mappings for Snapshot {
    fn within(&self, range: Range) -> Vec<Region> {
        let first = self.0.partition_point(|region| region.range.end <= range.start);
        let inside = self.0[first..].iter().take_while(|region| region.range.start < range.end);
        inside.map(|region| region.clipped(range)).collect()
    }
}
