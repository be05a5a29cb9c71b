//! One generation of machine code: its arenas and what is known of each block in them.

use memory::Errno;

use super::arena::{Arena, patch};
use super::filled::Filled;
use super::table::Key;
use crate::persist::assemble::{Jump, Piece, Pieces};
use crate::persist::format::Site;

/// Index of a block in its generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockId(pub u32);

/// End of a list of links.
const END: u32 = u32::MAX;
/// The region of arenas whose unit goes.
const CLOSED: u64 = u64::MAX;
/// Arenas in a generation; when they are full all code is dropped and translation begins anew.
pub const MAX_ARENAS: usize = 24;

/// What is known of a block.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// What it was translated from.
    pub key: Key,
    /// Guest address behind it.
    pub end: u64,
    /// Digest of its guest bytes.
    pub digest: u64,
    /// Host address of its code.
    pub code: u64,
    code_len: u32,
    faults: (u32, u32),
    /// First of the links that lead here.
    incoming: u32,
    live: bool,
    /// Fields that are distances to guest addresses, but those in exits of jumps; `None` if the code can't be moved or is not to be kept.
    distances: Option<(u32, u32)>,
}

/// A jump from one block to another.
#[derive(Clone, Copy, Debug)]
struct Link {
    site: u64,
    /// Where it leads while it is not linked.
    stub: u64,
    target: u64,
    /// Of the code that it leads to; unless it `switches`, which is told where it is linked.
    mode: target::Mode,
    switches: bool,
    next: u32,
    linked: bool,
}

/// What a fault in a block needs.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    /// What the block was translated from.
    pub key: Key,
    /// The distance of the host address from the block's beginning.
    pub offset: u32,
    /// Its fault table.
    pub faults: &'a [u8],
}

/// A generation.
#[derive(Default)]
pub struct Code {
    /// In the order of their mapping.
    arenas: Vec<Filled>,
    blocks: Vec<Block>,
    links: Vec<Link>,
    /// The first link of each block, and the end of the last; one more than there are blocks.
    link_starts: Vec<u32>,
    faults: Vec<u8>,
    distances: Vec<u32>,
    /// Jumps of cache files to blocks of this generation.
    filed: Vec<Link>,
    thunks: super::thunks::Thunks,
    /// The arena that room was lent in last.
    lent: usize,
    /// Blocks below this number were offered to the persistent cache.
    saved: u32,
}

/// Marks the number of a link in `Code::filed`.
const FILED: u32 = 1 << 31;

impl Code {
    /// Room for a block; `None` when the generation is full.
    pub fn room(&mut self, known: &super::Ranges) -> Result<Option<(u64, &mut [u8])>, Errno> {
        let last = self.arenas.iter_mut().rposition(|filled| filled.region == 0 && filled.arena.free().is_some());
        self.lent = match last {
            Some(last) => last,
            None if self.arenas.iter().filter(|filled| filled.region == 0).count() == MAX_ARENAS => return Ok(None),
            None => {
                let arena = Arena::map()?;
                known.add(arena.base(), super::arena::ARENA as u64);
                self.arenas.push(Filled { arena, starts: Vec::new(), ids: Vec::new(), before: Vec::new(), region: 0 });
                self.arenas.len() - 1
            }
        };
        Ok(self.arenas[self.lent].arena.free())
    }

    /// Lends room for a block in a unit's region. False when that is full.
    pub fn lend_in(&mut self, unit: &super::Unit) -> bool {
        let region = unit.place.region;
        self.lent = match self.arenas.iter().position(|filled| filled.region == region) {
            Some(known) => known,
            None => {
                // SAFETY: the region is mapped as long as the unit lives, and the cache frees a unit only when no
                // generation that has code there is in use; behind `used` it is empty.
                let arena =
                    unsafe { Arena::within(region + unit.used, unit.place.len.saturating_sub(unit.used) as usize) };
                self.arenas.push(Filled { arena, starts: Vec::new(), ids: Vec::new(), before: Vec::new(), region });
                self.arenas.len() - 1
            }
        };
        self.arenas[self.lent].arena.free().is_some()
    }

    /// The room lent last.
    pub fn lent(&mut self) -> Option<(u64, &mut [u8])> {
        self.arenas.get_mut(self.lent)?.arena.free()
    }

    /// How much of a unit's region this generation takes behind `Unit::used`.
    pub fn used_in(&self, region: u64) -> u64 {
        self.arenas.iter().find(|filled| filled.region == region).map_or(0, |filled| filled.arena.used() as u64)
    }

    /// Gives no more room in a unit's region. Its blocks are dead; they stay known to threads that are in them.
    pub fn close_region(&mut self, region: u64) {
        if let Some(filled) = self.arenas.iter_mut().find(|filled| filled.region == region) {
            filled.region = CLOSED;
        }
    }

    /// Forgets the blocks in a unit's region, which is freed.
    pub fn forget_region(&mut self, unit: &super::Unit) {
        self.arenas.retain(|filled| filled.region == 0 || !unit.holds(filled.arena.base()));
        self.thunks.forget(|arena| unit.holds(arena));
    }

    /// Enters the block that was written to the room lent last; its address.
    pub fn add(
        &mut self,
        key: Key,
        end: u64,
        digest: u64,
        compiled: &codegen::Compiled<'_>,
        keep: bool,
    ) -> Option<BlockId> {
        let filled = self.arenas.get_mut(self.lent)?;
        let (code, _) = filled.arena.free()?;
        filled.arena.take(compiled.len);
        filled.enter((code - filled.arena.base()) as u32);
        let id = self.blocks.len() as u32;
        filled.ids.push(id);
        let faults = (self.faults.len() as u32, compiled.faults.len() as u32);
        self.faults.extend_from_slice(compiled.faults);
        self.link_starts.push(self.links.len() as u32);
        self.links.extend(compiled.links.iter().map(|link| Link {
            site: code + u64::from(link.offset),
            stub: code + u64::from(link.stub),
            target: link.target,
            mode: key.mode,
            switches: link.switches,
            next: END,
            linked: false,
        }));
        let code_len = compiled.len as u32;
        let distances = (filled.region != 0 && keep).then(|| {
            let start = self.distances.len() as u32;
            let relocs = compiled.relocs.iter().filter(|reloc| reloc.kind.is_distance());
            self.distances.extend(relocs.map(|reloc| reloc.offset));
            (start, self.distances.len() as u32 - start)
        });
        self.blocks.push(Block { key, end, digest, code, code_len, faults, incoming: END, live: true, distances });
        Some(BlockId(id))
    }

    /// The blocks of a unit that can be kept, as pieces of a file.
    pub fn pieces(&self, unit: &super::Unit) -> Pieces<'_> {
        let mut pieces = Pieces::default();
        let filled = self.arenas.iter().find(|filled| filled.region == unit.place.region);
        let new = filled.into_iter().flat_map(|filled| &filled.ids).filter(|&&id| id >= self.saved);
        new.for_each(|&id| {
            self.add_piece(unit, BlockId(id), &mut pieces);
        });
        pieces
    }

    /// Whether all blocks that there are were offered.
    pub fn is_saved(&self) -> bool {
        self.saved as usize == self.blocks.len()
    }

    /// The blocks that there are need not be kept once more.
    pub fn mark_saved(&mut self) {
        self.saved = self.blocks.len() as u32;
    }

    /// Adds a block to the pieces, if it can be kept.
    fn add_piece<'a>(&'a self, unit: &super::Unit, id: BlockId, pieces: &mut Pieces<'a>) -> Option<()> {
        let block = self.block(id);
        let (start, count) = block.distances.filter(|_| block.live)?;
        let within = |pc: u64| u32::try_from(pc.checked_sub(unit.place.range.start.0)?).ok();
        let links = &self.links[self.links_of(id)];
        let site = |link: &Link| Site {
            field: (link.site - block.code) as u32,
            stub: (link.stub - block.code) as u32,
            switches: link.switches,
        };
        let distances = self.distances[start as usize..(start + count) as usize].iter().copied();
        // SAFETY: code of a block is mapped as long as its generation; its fields change only under the cache's
        // lock, which the caller holds.
        let code = unsafe { std::slice::from_raw_parts(block.code as *const u8, block.code_len as usize) };
        let faults = &self.faults[block.faults.0 as usize..(block.faults.0 + block.faults.1) as usize];
        let (guest, mode) = (within(block.key.pc)?, u16::try_from(block.key.mode.0).ok()?);
        let len = u16::try_from(block.end - block.key.pc).ok()?;
        pieces.add(
            Piece::new(guest, len, mode, block.code.wrapping_sub(unit.place.home) as i64, code, faults),
            distances,
            links.iter().map(|link| Jump { site: site(link), target: within(link.target) }),
        );
        Some(())
    }

    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    /// Whether the block was not removed.
    pub fn is_live(&self, id: BlockId) -> bool {
        self.blocks[id.0 as usize].live
    }

    /// The block whose code holds a host address.
    pub fn at(&self, host: u64) -> Option<BlockId> {
        let filled = self.arenas.iter().find(|filled| filled.arena.contains(host))?;
        let offset = (host - filled.arena.base()) as u32;
        let id = BlockId(filled.ids[filled.up_to(offset).checked_sub(1)?]);
        let block = self.block(id);
        (host - block.code < u64::from(block.code_len)).then_some(id)
    }

    /// The same, with what a fault there needs.
    pub fn locate(&self, host: u64) -> Option<Located<'_>> {
        let block = self.block(self.at(host)?);
        let (start, len) = block.faults;
        let faults = &self.faults[start as usize..(start + len) as usize];
        Some(Located { key: block.key, offset: (host - block.code) as u32, faults })
    }

    /// The numbers of a block's links.
    pub fn links_of(&self, id: BlockId) -> std::ops::Range<usize> {
        let start = self.link_starts[id.0 as usize] as usize;
        start..self.link_starts.get(id.0 as usize + 1).map_or(self.links.len(), |&end| end as usize)
    }

    /// Where a link is to lead.
    pub fn target_of(&self, number: u32) -> Key {
        let link = &self.links[number as usize];
        Key { pc: link.target, mode: link.mode }
    }

    /// Whether a link leads to code for another mode, which nobody knows before it is taken.
    pub fn switches(&self, number: u32) -> bool {
        self.links[number as usize].switches
    }

    /// How many links there are.
    pub fn link_count(&self) -> usize {
        self.links.len()
    }

    /// Where links from the one with number `first` on lead that are not linked.
    pub fn unlinked(&self, first: usize) -> impl Iterator<Item = Key> + '_ {
        self.links
            .iter()
            .skip(first)
            .filter(|link| !link.linked && !link.switches)
            .map(|link| Key { pc: link.target, mode: link.mode })
    }

    fn link_mut(&mut self, number: u32) -> &mut Link {
        match number & FILED {
            0 => &mut self.links[number as usize],
            _ => &mut self.filed[(number & !FILED) as usize],
        }
    }

    /// The number of the link whose exit is at `exit`.
    pub fn link_at(&self, exit: u64) -> Option<u32> {
        self.links_of(self.at(exit)?).find(|&n| self.links[n].stub == exit).map(|n| n as u32)
    }

    /// Points a link to a block.
    pub fn link(&mut self, number: u32, to: BlockId) {
        let Block { code, incoming, live, .. } = self.blocks[to.0 as usize];
        if live && self.lead(number, code) {
            self.link_mut(number).next = incoming;
            self.blocks[to.0 as usize].incoming = number;
        }
    }

    /// Points a link that is not linked to `code`, however far that is. False if it is linked, or there is no way.
    fn lead(&mut self, number: u32, code: u64) -> bool {
        let Link { site, linked, .. } = *self.link_mut(number);
        if linked {
            return false;
        }
        // SAFETY: the compiler said that there is an aligned rel32 field.
        let leads = |to| unsafe { patch(site, to) };
        let linked = leads(code) || self.thunk_near(site, code).is_some_and(leads);
        self.link_mut(number).linked = linked;
        linked
    }

    fn thunk_near(&mut self, site: u64, code: u64) -> Option<u64> {
        let filled = self.arenas.iter_mut().find(|filled| filled.arena.contains(site))?;
        self.thunks.get(&mut filled.arena, code)
    }

    /// Points a link to code of a file, which stays until its unit goes.
    pub fn link_to_file(&mut self, number: u32, code: u64) {
        self.lead(number, code);
    }

    /// Points a jump of a file, at `site` and with its exit at `stub`, to a block.
    pub fn link_from_file(&mut self, site: u64, stub: u64, target: Key, to: BlockId) {
        let number = self.filed.len() as u32 | FILED;
        let link = Link { site, stub, target: target.pc, mode: target.mode, switches: false, next: END, linked: false };
        self.filed.push(link);
        self.link(number, to);
    }

    /// Points the jumps that lead to guest code in `range` back to their exits: what they lead to is no block of this
    /// generation, and goes.
    pub fn unlink_to(&mut self, range: memory::Range) {
        for link in self.links.iter_mut().filter(|link| link.linked && range.contains(memory::GuestAddr(link.target))) {
            // SAFETY: as in `remove`.
            unsafe { patch(link.site, link.stub) };
            link.linked = false;
        }
    }

    /// Points the jumps of files, in so far as these are mapped, back to their exits: the generation goes.
    pub fn unlink_files(&mut self, is_mapped: impl Fn(u64) -> bool) {
        for link in self.filed.drain(..).filter(|link| link.linked && is_mapped(link.site)) {
            // SAFETY: the unit is mapped, and the site and exit of its file are as its tables say.
            unsafe { patch(link.site, link.stub) };
        }
    }

    /// Points all links to a block back to their stubs, and says that it is gone. Its code stays: a thread may
    /// be in it.
    pub fn remove(&mut self, id: BlockId) {
        let block = &mut self.blocks[id.0 as usize];
        block.live = false;
        let mut number = std::mem::replace(&mut block.incoming, END);
        while number != END {
            let link = self.link_mut(number);
            // SAFETY: as in `lead`; the stub is in the same block, so it fits.
            unsafe { patch(link.site, link.stub) };
            link.linked = false;
            number = std::mem::replace(&mut link.next, END);
        }
    }

    /// Says that a removed block is there again.
    pub fn revive(&mut self, id: BlockId) {
        self.blocks[id.0 as usize].live = true;
    }

    /// Base addresses of its arenas.
    pub fn bases(&self) -> impl Iterator<Item = u64> + '_ {
        self.arenas.iter().filter(|filled| filled.region == 0).map(|filled| filled.arena.base())
    }
}
