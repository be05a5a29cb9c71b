//! An arena of machine code and which blocks are in it.

use super::arena::Arena;

/// An arena with its blocks.
pub struct Filled {
    /// The room.
    pub(super) arena: Arena,
    /// Where in the arena each block begins. Apart from the blocks themselves, so that a search stays in the
    /// processor's cache.
    pub(super) starts: Vec<u32>,
    /// The block that begins there.
    pub(super) ids: Vec<u32>,
    /// Host address of the region of the unit that it is for, 0 for what belongs to none.
    pub(super) region: u64,
    /// By stretch of the arena: how many blocks begin before it.
    pub(super) before: Vec<u32>,
}

/// Bytes of a stretch, some blocks' size.
const STRETCH: u32 = 1 << 10;

impl Filled {
    /// Enters a block that begins behind all others.
    pub(super) fn enter(&mut self, start: u32) {
        let count = self.starts.len() as u32;
        self.before.resize((start / STRETCH) as usize + 1, count);
        self.starts.push(start);
    }

    /// How many blocks begin at or before `offset`.
    pub(super) fn up_to(&self, offset: u32) -> usize {
        let before = self.before.get((offset / STRETCH) as usize).map_or(self.starts.len(), |&count| count as usize);
        let within = self.starts[before..].iter().take_while(|&&start| start <= offset);
        before + within.count()
    }
}
