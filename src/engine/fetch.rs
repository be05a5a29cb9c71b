//! Guest code as bytes: what the guest may execute at an address, and a digest of it.

use memory::{AddressSpace, GuestAddr, PAGE_SIZE};
use target::{Limits, Source, Target};

use super::breakpoints::Breakpoints;
use crate::cache::{Key, Locked};

/// The most bytes a block is translated from.
pub const MAX_BLOCK: usize = 2048;
/// As many as most blocks have.
const USUAL_BLOCK: usize = 128;
/// How many times more are there once a block turns out longer.
const LONGER_BLOCK: usize = 4;

/// Why an instruction can't be fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FetchFault {
    /// Nothing is mapped at the address: SEGV_MAPERR.
    Unmapped(u64),
    /// The mapping is not executable: SEGV_ACCERR.
    NotExecutable(u64),
    /// The mapping is beyond the end of its file: SIGBUS, BUS_ADRERR.
    BeyondFile(u64),
    /// The address is not aligned as instructions are: SIGBUS, BUS_ADRALN.
    Misaligned(u64),
}

/// The instruction bytes at `pc`, as many as can be fetched and fit.
pub fn fetch<'a>(space: &AddressSpace, pc: u64, buf: &'a mut [u8]) -> &'a [u8] {
    let room = buf.len() as u64;
    let executable = space.code_bytes(GuestAddr(pc), room).min(room) as usize;
    let mut got = memory::copy::read_some(GuestAddr(pc), &mut buf[..executable]);
    // A page that can't be read although it is mapped does not hide the bytes before it.
    let to_page_end = (PAGE_SIZE - pc % PAGE_SIZE) as usize;
    if got < executable && got < to_page_end {
        got = memory::copy::read_some(GuestAddr(pc), &mut buf[..executable.min(to_page_end)]);
    }
    &buf[..got]
}

/// The first instruction of `bytes`, or all of them where they hold none.
pub fn first<'a>(target: &dyn Target, bytes: &'a [u8]) -> &'a [u8] {
    &bytes[..target.fetch(bytes).map_or(bytes.len(), |(_, len)| len)]
}

/// The part of `bytes` that a block with these limits is made of: a limit grows where nothing leaves the block early, but
/// one instruction is to be one.
pub fn within<'a>(target: &dyn Target, limits: Limits, bytes: &'a [u8]) -> &'a [u8] {
    if limits.insts == 1 { first(target, bytes) } else { bytes }
}

/// The part of `bytes`, which are at `pc`, that lies before the next place to stop at behind the first instruction.
pub fn until_stop<'a>(target: &dyn Target, stops: &Breakpoints, pc: u64, bytes: &'a [u8]) -> &'a [u8] {
    &bytes[..stops.room(pc, first(target, bytes).len(), bytes.len())]
}

/// Where a block is made, and how.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// The guest.
    pub target: &'a dyn Target,
    /// Its memory.
    pub space: &'a AddressSpace,
    /// Addresses that blocks end before.
    pub stops: &'a Breakpoints,
    /// How long the block may get.
    pub limits: Limits,
    /// What it is found by.
    pub key: Key,
    /// See [`Target::expectation`].
    pub expectation: u64,
    /// The code that there is.
    pub cache: &'a Locked<'a>,
}

/// The block's bytes, fetched piece by piece: most blocks are short.
pub struct Window<'a> {
    origin: Origin<'a>,
    buf: &'a mut [u8; MAX_BLOCK],
    len: usize,
    /// How many there would be if all could be fetched.
    tried: usize,
}

impl<'a> Origin<'a> {
    /// The block's bytes in `buf`, none of them so far.
    pub fn window(self, buf: &'a mut [u8; MAX_BLOCK]) -> Window<'a> {
        Window { origin: self, buf, len: 0, tried: 0 }
    }
}

impl Source for Window<'_> {
    fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    fn more(&mut self) -> bool {
        let Origin { target, space, stops, limits, key, .. } = self.origin;
        let before = self.len;
        if before < self.tried || before == MAX_BLOCK {
            return false;
        }
        self.tried = (before * LONGER_BLOCK).clamp(USUAL_BLOCK, MAX_BLOCK);
        let new = fetch(space, key.pc + before as u64, &mut self.buf[before..self.tried]).len();
        let bytes = until_stop(target, stops, key.pc, &self.buf[..before + new]);
        self.len = within(target, limits, bytes).len();
        self.len > before
    }

    fn expectation(&self) -> u64 {
        self.origin.expectation
    }

    fn is_known(&self, pc: u64) -> bool {
        self.origin.cache.goes_on_at(self.origin.key, pc)
    }
}

/// Why the byte at `addr` can't be fetched.
pub fn why_not(space: &AddressSpace, addr: u64) -> FetchFault {
    match space.mapping_at(GuestAddr(addr)) {
        None => FetchFault::Unmapped(addr),
        Some(region) if region.prot.contains(memory::Prot::EXEC) => FetchFault::BeyondFile(addr),
        Some(_) => FetchFault::NotExecutable(addr),
    }
}

/// A digest of instruction bytes: to tell whether they changed, not against an attacker.
pub fn digest(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte)))
}

/// The digest of what the guest can fetch at `start..end` now.
pub fn digest_of_code(space: &AddressSpace, start: u64, end: u64) -> Option<u64> {
    if space.code_bytes(GuestAddr(start), end - start) < end - start {
        return None;
    }
    let mut buf = [0; MAX_BLOCK];
    let bytes = buf.get_mut(..(end - start) as usize)?;
    memory::read_bytes(GuestAddr(start), bytes).ok()?;
    Some(digest(bytes))
}
