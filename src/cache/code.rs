//! One generation of machine code: its arenas and what is known of each block in them.

use memory::Errno;

use super::arena::{Arena, patch};
use super::table::Key;

/// Index of a block in its generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockId(pub u32);

/// End of a list of links.
const END: u32 = u32::MAX;
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
}

/// A jump from one block to another.
#[derive(Clone, Copy, Debug)]
struct Link {
    site: u64,
    /// Where it leads while it is not linked.
    stub: u64,
    target: u64,
    mode: target::Mode,
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

/// An arena with its blocks.
struct Filled {
    arena: Arena,
    /// Number of its first block.
    first: u32,
    /// Where in the arena each block begins. Apart from the blocks themselves, so that a search stays in the
    /// processor's cache.
    starts: Vec<u32>,
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
}

impl Code {
    /// Room for a block; `None` when the generation is full.
    pub fn room(&mut self, known: &super::Ranges) -> Result<Option<(u64, &mut [u8])>, Errno> {
        let full = self.arenas.last_mut().is_none_or(|filled| filled.arena.free().is_none());
        if full {
            if self.arenas.len() == MAX_ARENAS {
                return Ok(None);
            }
            let arena = Arena::map()?;
            known.add(arena.base());
            self.arenas.push(Filled { arena, first: self.blocks.len() as u32, starts: Vec::new() });
        }
        Ok(self.arenas.last_mut().and_then(|filled| filled.arena.free()))
    }

    /// Enters the block that was written to the room lent last; its address.
    pub fn add(&mut self, key: Key, end: u64, digest: u64, compiled: &codegen::Compiled<'_>) -> Option<BlockId> {
        let filled = self.arenas.last_mut()?;
        let (code, _) = filled.arena.free()?;
        filled.arena.take(compiled.len);
        filled.starts.push((code - filled.arena.base()) as u32);
        let id = self.blocks.len() as u32;
        let faults = (self.faults.len() as u32, compiled.faults.len() as u32);
        self.faults.extend_from_slice(compiled.faults);
        self.link_starts.push(self.links.len() as u32);
        self.links.extend(compiled.links.iter().map(|link| Link {
            site: code + u64::from(link.offset),
            stub: code + u64::from(link.stub),
            target: link.target,
            mode: key.mode,
            next: END,
            linked: false,
        }));
        let code_len = compiled.len as u32;
        self.blocks.push(Block { key, end, digest, code, code_len, faults, incoming: END, live: true });
        Some(BlockId(id))
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
        let after = filled.starts.partition_point(|&start| start <= offset);
        let id = BlockId(filled.first + after.checked_sub(1)? as u32);
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

    /// The number of the link whose field is at `site`.
    pub fn link_at(&self, site: u64) -> Option<u32> {
        self.links_of(self.at(site)?).find(|&n| self.links[n].site == site).map(|n| n as u32)
    }

    /// Points a link to a block.
    pub fn link(&mut self, number: u32, to: BlockId) {
        let link = &mut self.links[number as usize];
        let target = &mut self.blocks[to.0 as usize];
        if link.linked || !target.live {
            return;
        }
        // SAFETY: the compiler said that there is an aligned rel32 field.
        if unsafe { patch(link.site, target.code) } {
            (link.next, target.incoming, link.linked) = (target.incoming, number, true);
        }
    }

    /// Points all links to a block back to their stubs, and says that it is gone. Its code stays: a thread may
    /// be in it.
    pub fn remove(&mut self, id: BlockId) {
        let block = &mut self.blocks[id.0 as usize];
        block.live = false;
        let mut number = std::mem::replace(&mut block.incoming, END);
        while number != END {
            let link = &mut self.links[number as usize];
            // SAFETY: as in `link`; the stub is in the same block, so it fits.
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
        self.arenas.iter().map(|filled| filled.arena.base())
    }
}
