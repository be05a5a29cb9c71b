//! The code cache: machine code by guest address and mode, shared by all threads.
//!
//! - [`table`]: look-up without a lock
//! - [`code`]: arenas, blocks, links, fault tables of one generation
//! - [`unit`]: stretches of guest files whose code comes from cache files
//! - [`pages`]: which blocks go when guest code changes
//! - [`residents`]: which threads may be in code, so that none is freed under them
//! - [`gone`]: which code went lately, for what threads remember of it
//!
//! Code whose guest bytes may have changed is *suspended*: unlinked at once and no longer found. When the guest comes
//! to it again and its bytes turn out to be the same, it is revived as it was. Code that is stale is unlinked at once and no longer found. A thread that is in it is asked to leave at its next
//! poll, and is not waited for: an architecture promises no more for code that another thread
//! changed (Arm ARM B2.2.5; RISC-V Zifencei). The [`CodeCache::epoch`] tells each thread that some of what it
//! remembers of code (its table of indirect branches, its return addresses) is out of date.

mod arena;
mod code;
mod filled;
mod gone;
mod joins;
mod pages;
mod ranges;
mod residents;
mod table;
#[cfg(test)]
mod tests;
mod thunks;
mod unit;
mod units;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use memory::{Errno, Lock, LockGuard, Range};

pub use arena::{ARENA, Arena};
pub use code::{BlockId, Code, Located};
pub use ranges::Ranges;
pub use residents::{Resident, Residents};
pub use table::{CodeTable, Key};
pub use unit::{Place, Unit};

/// The cache.
#[derive(Default)]
pub struct CodeCache {
    /// Code by key.
    pub table: CodeTable,
    /// Where code is.
    pub ranges: Ranges,
    /// The threads that run code.
    pub residents: Residents,
    epoch: AtomicU64,
    inner: Lock<Inner>,
}

/// What the lock guards.
#[derive(Default)]
pub struct Inner {
    current: Code,
    /// Generations that a thread may still be in, each with the epoch at which it was retired.
    retired: Vec<(u64, Code)>,
    pages: pages::Pages,
    gone: gone::Gone,
    /// Blocks whose guest bytes are to be looked at before they run again.
    suspended: HashMap<Key, BlockId>,
    units: units::Units,
    /// Addresses of blocks that met an address with a tag, and must mask.
    tagged: HashSet<u64>,
}

/// The cache locked: for translation and all that changes code.
pub struct Locked<'a> {
    cache: &'a CodeCache,
    inner: LockGuard<'a, Inner>,
}

impl CodeCache {
    /// A number that changes whenever code was dropped.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Locks the cache. Also held over a fork.
    pub fn lock(&self) -> Locked<'_> {
        Locked { cache: self, inner: self.inner.lock() }
    }

    /// Releases the locks if a vfork child died holding them.
    pub fn recover_after_vfork(&self) {
        self.inner.recover();
        self.residents.recover_after_vfork();
    }

    /// Tells all threads that code was dropped.
    pub fn bump(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.residents.call();
    }
}

impl Locked<'_> {
    /// Room for a block. Where the cache is full all code is dropped first.
    pub fn room(&mut self) -> Result<(u64, &mut [u8]), Errno> {
        self.reclaim();
        if self.inner.current.room(&self.cache.ranges)?.is_none() {
            self.flush();
        }
        self.inner.current.room(&self.cache.ranges)?.ok_or(Errno::ENOMEM)
    }

    /// Publishes the block written to the room lent last, and links it with its neighbours.
    pub fn publish(
        &mut self,
        key: Key,
        end: u64,
        digest: u64,
        compiled: &codegen::Compiled<'_>,
        keep: bool,
    ) -> Option<u64> {
        let id = self.inner.current.add(key, end, digest, compiled, keep)?;
        if !self.inner.suspended.is_empty() {
            self.inner.suspended.remove(&key);
        }
        Some(self.enter(id))
    }

    /// Has a live block found, and links it with its neighbours.
    fn enter(&mut self, id: BlockId) -> u64 {
        let code::Block { key, end, code, .. } = *self.inner.current.block(id);
        self.inner.pages.add(key.pc, end, id);
        self.cache.table.set(key, code);
        for number in self.inner.current.links_of(id).map(|number| number as u32) {
            if !self.inner.current.switches(number) {
                let target = self.inner.current.target_of(number);
                self.link_to(number, target);
            }
        }
        code
    }

    /// The end and digest of the suspended block for `key`.
    pub fn suspended(&self, key: Key) -> Option<(u64, u64)> {
        let block = self.inner.current.block(*self.inner.suspended.get(&key)?);
        Some((block.end, block.digest))
    }

    /// Has the suspended block for `key` run again, whose bytes are what they were.
    pub fn revive(&mut self, key: Key) -> Option<u64> {
        let id = self.inner.suspended.remove(&key)?;
        self.inner.current.revive(id);
        Some(self.enter(id))
    }

    fn link_to(&mut self, number: u32, target: Key) {
        let Inner { current, units, pages, .. } = &mut *self.inner;
        let unit = units.at(target.pc);
        // Most jumps lead to what is not there yet; what was met of a file is found there again.
        let here = pages.may_begin(target.pc).then(|| self.cache.table.get(target)).flatten();
        let known = here.or_else(|| unit?.find(target));
        let Some(code) = known else { return };
        match current.at(code) {
            Some(to) => current.link(number, to),
            None if unit.is_some_and(|unit| unit.files_hold(code)) => current.link_to_file(number, code),
            None => {}
        }
    }

    /// Points the jump whose exit is at `exit`, through which a thread left that is still a resident, to the code for
    /// `target`. A jump of a retired generation stays as it is.
    pub fn link(&mut self, exit: u64, target: Key) {
        if let Some(number) = self.inner.current.link_at(exit) {
            self.link_to(number, target);
        } else {
            self.link_in_file(exit, target);
        }
    }

    /// What a fault at a host address needs to know.
    pub fn locate(&self, host: u64) -> Option<Located<'_>> {
        let generations = std::iter::once(&self.inner.current).chain(self.inner.retired.iter().map(|(_, code)| code));
        generations.into_iter().find_map(|code| code.locate(host)).or_else(|| self.inner.units.locate(host))
    }

    /// Whether the block at `pc` must mask tags off addresses.
    pub fn is_tagged(&self, pc: u64) -> bool {
        self.inner.tagged.contains(&pc)
    }

    /// Has the block at `key` translated again, with masking, and the one at `pc`, where an instruction of it met
    /// an address with a tag; false if that is so already.
    pub fn set_tagged(&mut self, key: Key, pc: u64) -> bool {
        let new = self.inner.tagged.insert(key.pc) | self.inner.tagged.insert(pc);
        self.inner.suspended.retain(|suspended, _| suspended.pc != key.pc && suspended.pc != pc);
        let code = self.cache.table.get(key);
        if let Some(id) = code.and_then(|code| self.inner.current.at(code)) {
            self.remove(id);
            self.cache.bump();
        } else if let Some(unit) = self.inner.units.at(key.pc) {
            // Its code leads to blocks without masks in ways that nobody noted.
            let range = unit.place.range;
            self.detach(range);
            self.refuse(range);
        }
        new
    }

    /// Suspends all blocks that come from a range of guest addresses.
    pub fn suspend(&mut self, range: Range) {
        self.drop_if(range, true, |_, _| true);
    }

    /// Drops the blocks of a range whose guest bytes are no longer those that were translated.
    pub fn verify(&mut self, range: Range, digest_now: impl Fn(u64, u64) -> Option<u64>) {
        self.drop_if(range, false, |pc, block| digest_now(pc, block.end) != Some(block.digest));
    }

    fn drop_if(&mut self, range: Range, suspend: bool, stale: impl Fn(u64, &code::Block) -> bool) {
        let mut dropped = false;
        for id in self.inner.pages.within(range) {
            let block = *self.inner.current.block(id);
            let overlaps = block.key.pc < range.end.0 && range.start.0 < block.end.max(block.key.pc + 1);
            if self.inner.current.is_live(id) && overlaps && stale(block.key.pc, &block) {
                self.remove(id);
                if suspend {
                    self.inner.suspended.insert(block.key, id);
                }
                dropped = true;
            }
        }
        if dropped {
            let Inner { current, pages, .. } = &mut *self.inner;
            pages.retain(range, |id| current.is_live(id));
            self.cache.bump();
        }
    }

    /// The caller bumps the epoch afterwards.
    fn remove(&mut self, id: BlockId) {
        let key = self.inner.current.block(id).key;
        self.cache.table.set(key, 0);
        self.inner.current.remove(id);
        let epoch = self.cache.epoch() + 1;
        self.inner.gone.add(epoch, key.pc);
    }

    /// Tells all threads to forget everything that they remember of code.
    fn bump_all(&mut self) {
        self.cache.bump();
        self.inner.gone.all(self.cache.epoch());
    }

    /// Guest addresses of the code that went after `epoch`; `None` where a thread must forget all that it knows.
    pub fn gone_after(&self, epoch: u64) -> Option<impl Iterator<Item = u64> + '_> {
        self.inner.gone.after(epoch)
    }

    /// Drops all code. Its memory stays until the last thread has left it.
    pub fn flush(&mut self) {
        self.cache.table.clear();
        let Inner { current, units, pages, suspended, .. } = &mut *self.inner;
        pages.clear();
        suspended.clear();
        units.let_go_of(current);
        let old = std::mem::take(current);
        self.bump_all();
        let epoch = self.cache.epoch();
        self.inner.retired.push((epoch, old));
    }

    /// Frees the generations that no thread is in any more.
    fn reclaim(&mut self) {
        if self.inner.retired.is_empty() && !self.inner.units.any_retired() {
            return;
        }
        let oldest = self.cache.residents.oldest_epoch();
        let Inner { current, retired, units, .. } = &mut *self.inner;
        for unit in units.reclaim(oldest) {
            retired.iter_mut().for_each(|(_, code)| code.forget_region(&unit));
            current.forget_region(&unit);
            self.cache.ranges.remove(unit.place.region);
        }
        retired.retain(|(epoch, code)| {
            let in_use = oldest < *epoch;
            if !in_use {
                code.bases().for_each(|base| self.cache.ranges.remove(base));
            }
            in_use
        });
    }
}
