//! The way from guest bytes to machine code.

use codegen::{CodeBuf, Compiler};
use ir::{Builder, Passes, Tables};
use memory::{AddressSpace, Errno, Range};
use target::{Limits, Mode, Stop, Target};

use super::fetch::{self, FetchFault, MAX_BLOCK, Origin};
use super::stats::{Clock, Translation};
use super::{Engine, NoCode};
use crate::cache::{Key, Locked};
use crate::profile::Profile;

/// What translation works with; it is reused from one block to the next.
pub struct Workshop {
    pub builder: Builder,
    compiler: Box<Compiler>,
    bytes: Box<[u8; MAX_BLOCK]>,
    /// What was translated.
    pub counts: Translation,
    /// What perf is told of, if the user asked for it.
    pub profile: Option<Profile>,
}

impl Workshop {
    /// A workshop for one guest.
    pub fn new(target: &dyn Target, compiler: Box<Compiler>, profile: Option<Profile>) -> Workshop {
        let builder = Builder::new(target.slots(), Passes::ALL);
        Workshop { builder, compiler, bytes: Box::new([0; MAX_BLOCK]), counts: Translation::default(), profile }
    }

    /// Builds a block; returns the digest of its bytes.
    fn lower(&mut self, origin: Origin<'_>, mode: Mode) -> Result<u64, FetchFault> {
        let Origin { target, space, limits, key, .. } = origin;
        if key.pc & ((1 << target.code_shift()) - 1) != 0 {
            return Err(FetchFault::Misaligned(key.pc));
        }
        let window = origin.window(&mut self.bytes);
        target::translate(target, &mut self.builder, window, key.pc, mode, limits)
            .map_err(|Stop::Fetch { addr }| fetch::why_not(space, addr))?;
        let block = self.builder.block();
        ir::passes::verify(block, &Tables { slots: target.slots(), helpers: target.helpers() });
        Ok(fetch::digest(&self.bytes[..(block.end - key.pc) as usize]))
    }
}

/// What a block is made for.
#[derive(Clone, Copy)]
struct Terms {
    mode: Mode,
    limits: Limits,
    expectation: u64,
}

impl Engine {
    /// Translates the block at `key`, unless another thread just did; returns its code. What it may expect of the state
    /// is [`Target::expectation`].
    pub fn translate(&self, space: &AddressSpace, key: Key, expectation: u64) -> Result<u64, NoCode> {
        let shop = &mut *self.workshop.lock();
        let mut cache = self.cache.lock();
        if let Some(code) = self.cache.table.get(key) {
            return Ok(code);
        }
        if self.breakpoints.contains(key.pc) {
            return Err(NoCode::Breakpoint);
        }
        if let Some(code) = self.revive(&mut cache, space, key) {
            return Ok(code);
        }
        let tagged = cache.is_tagged(key.pc);
        if let Some(persist) = self.persist.as_ref().filter(|_| !tagged) {
            persist.attach(space, &mut cache, key.pc);
            let mut found = cache.find_in_files(key);
            if found.is_none() && persist.catch_up(&mut cache, key.pc) {
                found = cache.find_in_files(key);
            }
            if let Some(code) = found {
                shop.counts.from_files += 1;
                return Ok(code);
            }
        }
        let mode = if tagged { self.target.masking(key.mode) } else { key.mode };
        let mut terms = Terms { mode, limits: self.limits, expectation };
        loop {
            match self.attempt(shop, &mut cache, space, key, terms)? {
                Some(code) => return Ok(code),
                // More values at once than there is room for: a shorter block has fewer.
                None if terms.limits.insts > 1 => terms.limits.insts /= 2,
                None => return Err(NoCode::Memory(Errno::ENOMEM)),
            }
        }
    }

    /// The suspended block for `key`, if its bytes are still those that it was translated from.
    fn revive(&self, cache: &mut Locked<'_>, space: &AddressSpace, key: Key) -> Option<u64> {
        let (end, digest) = cache.suspended(key)?;
        let len = (end - key.pc) as usize;
        if self.breakpoints.room(key.pc, 0, len) < len {
            return None;
        }
        self.watch(space, key.pc, end);
        (fetch::digest_of_code(space, key.pc, end) == Some(digest)).then(|| cache.revive(key))?
    }

    /// Has writes to the code at `start..end` seen. True if they were not so far.
    fn watch(&self, space: &AddressSpace, start: u64, end: u64) -> bool {
        let news = self.watches && space.watch(Range::new(start, end));
        if news {
            // The run loop looks at what calls write to.
            self.calls.close();
        }
        news
    }

    /// The pipeline. `None` if the block is too much for the compiler.
    fn attempt(
        &self,
        shop: &mut Workshop,
        cache: &mut Locked<'_>,
        space: &AddressSpace,
        key: Key,
        Terms { mode, limits, expectation }: Terms,
    ) -> Result<Option<u64>, NoCode> {
        let mut clock = Clock::start(self.stats);
        // Bytes that were not watched when they were read may be others by now.
        let digest = loop {
            let origin =
                Origin { target: self.target, space, stops: &self.breakpoints, limits, key, expectation, cache };
            let digest = shop.lower(origin, mode).map_err(NoCode::Fetch)?;
            if !self.watch(space, key.pc, shop.builder.block().end) {
                break digest;
            }
        };
        clock.lap(&mut shop.counts.lower);
        let block = shop.builder.block();
        let form = cache.unit_form(key.pc);
        let in_unit = form.is_some() && cache.lend_in_unit(key.pc);
        // Behind the above, by which a unit that is full goes: a block elsewhere must not count on the unit's code.
        let flags_die = match cache.unit_range(key.pc) {
            Some(unit) => self.where_flags_die(space, block, unit),
            None => Vec::new(),
        };
        let (code, room) = match in_unit {
            true => cache.lent().ok_or(NoCode::Memory(Errno::ENOMEM))?,
            false => cache.room().map_err(NoCode::Memory)?,
        };
        let mut buf = match form.filter(|_| in_unit) {
            Some(true) => CodeBuf::beside_guest(room, code),
            _ => CodeBuf::new(room),
        };
        let Ok(compiled) = shop.compiler.compile_knowing(block, &flags_die, &mut buf) else { return Ok(None) };
        clock.lap(&mut shop.counts.compile);
        if let Some(tracer) = &self.tracer {
            tracer.made(space, block, &shop.bytes[..], buf.written().ok().map(|bytes| (code, bytes)));
        }
        if let (Some(profile), Ok(bytes)) = (&mut shop.profile, buf.written()) {
            profile.block(space, key.pc, code, bytes);
        }
        shop.counts.add(block, compiled.len);
        let movable = match form {
            Some(false) => compiled.links.iter().all(|link| u32::try_from(link.target).is_ok()),
            _ => compiled.relocs.iter().all(|reloc| reloc.kind.is_distance()),
        };
        let keep = in_unit && movable && mode == key.mode && cache.is_in_unit(key.pc, block.end);
        let published = cache.publish(key, block.end, digest, &compiled, keep);
        clock.lap(&mut shop.counts.publish);
        Ok(published)
    }
}
