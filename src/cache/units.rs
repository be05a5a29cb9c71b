//! The units of a process, and what the cache does with their code.

use std::cell::Cell;

use memory::Range;

use super::code::{Code, Located};
use super::table::Key;
use super::unit::Unit;
use super::{Inner, Locked};

/// Units in use at once, at the most: each is a row for the signal handler.
const MAX_UNITS: usize = 256;

/// The units.
#[derive(Default)]
pub struct Units {
    /// By their guest addresses.
    live: Vec<Unit>,
    /// The one that was looked up last: most look-ups are for the same one as the last.
    latest: Cell<usize>,
    /// Units that a thread may still be in, each with the epoch at which it was detached.
    retired: Vec<(u64, Unit)>,
    /// Guest addresses whose code is to come from no file.
    refused: Vec<Range>,
    /// Goes up where there may be files by now that were not there when a unit was attached.
    age: u32,
}

impl Units {
    fn index(&self, pc: u64) -> Option<usize> {
        let holds = |n: usize| self.live.get(n).is_some_and(|unit| unit.place.range.contains(memory::GuestAddr(pc)));
        if holds(self.latest.get()) {
            return Some(self.latest.get());
        }
        let after = self.live.partition_point(|unit| unit.place.range.start.0 <= pc);
        let found = after.checked_sub(1).filter(|&n| holds(n))?;
        self.latest.set(found);
        Some(found)
    }

    /// The unit of a guest address.
    pub fn at(&self, pc: u64) -> Option<&Unit> {
        Some(&self.live[self.index(pc)?])
    }

    /// What a fault in code of a file needs.
    pub fn locate(&self, host: u64) -> Option<Located<'_>> {
        let mut units = self.live.iter().chain(self.retired.iter().map(|(_, unit)| unit));
        let filed = units.find(|unit| unit.holds(host))?.locate(host)?;
        Some(Located { key: filed.key, offset: (host - filed.code) as u32, faults: filed.faults })
    }

    /// Prepares for the end of a generation: no file leads to its code, and its room in the units is not used again.
    pub fn let_go_of(&mut self, code: &mut Code) {
        code.unlink_files(|site| self.live.iter().any(|unit| unit.holds(site)));
        for unit in &mut self.live {
            unit.used = (unit.used + code.used_in(unit.place.region)).next_multiple_of(memory::PAGE_SIZE);
            unit.take_entered();
        }
    }

    /// Whether units wait to be freed.
    pub fn any_retired(&self) -> bool {
        !self.retired.is_empty()
    }

    /// Takes out the units that no thread is in any more, `oldest` being the earliest epoch of one.
    pub fn reclaim(&mut self, oldest: u64) -> impl Iterator<Item = Unit> + '_ {
        self.retired.extract_if(.., move |(epoch, _)| oldest >= *epoch).map(|(_, unit)| unit)
    }
}

impl Locked<'_> {
    /// Whether code for a guest address may be looked for in cache files, and was not yet.
    pub fn may_attach(&self, pc: u64) -> bool {
        let units = &self.inner.units;
        let refused = || units.refused.iter().any(|range| range.contains(memory::GuestAddr(pc)));
        units.at(pc).is_none() && units.live.len() < MAX_UNITS && !refused()
    }

    /// Frees what threads have left, so that its place may serve again.
    pub fn make_room(&mut self) {
        self.reclaim();
    }

    /// Takes in a unit. Blocks that were translated of its guest code before are dropped: no jump of a file could find
    /// them.
    pub fn attach(&mut self, mut unit: Unit) {
        if !self.cache.ranges.add(unit.place.region, unit.place.len) {
            return self.refuse(unit.place.range);
        }
        self.drop_blocks(unit.place.range);
        let units = &mut self.inner.units;
        unit.age = units.age;
        let at = units.live.partition_point(|other| other.place.range.start < unit.place.range.start);
        units.live.insert(at, unit);
    }

    /// The unit of `pc`, if files are to be looked for again: that is told once.
    pub fn outdated_unit(&mut self, pc: u64) -> Option<&mut Unit> {
        let units = &mut self.inner.units;
        let n = units.index(pc)?;
        let unit = &mut units.live[n];
        (std::mem::replace(&mut unit.age, units.age) != units.age).then_some(unit)
    }

    /// The units.
    pub fn units_mut(&mut self) -> &mut [Unit] {
        &mut self.inner.units.live
    }

    /// Has files looked for again, where code is missing: the process is a forked child, and others of its kind may have
    /// come and gone.
    pub fn outdate_units(&mut self) {
        self.inner.units.age += 1;
    }

    /// Has code of these guest addresses come from no file, until they are mapped anew.
    pub fn refuse(&mut self, range: Range) {
        self.inner.units.refused.push(range);
    }

    /// Lets go of all units of a range of guest addresses, with all their code.
    pub fn detach(&mut self, range: Range) {
        self.inner.units.refused.retain(|refused| !refused.overlaps(range));
        while let Some(n) = self.inner.units.live.iter().position(|unit| unit.place.range.overlaps(range)) {
            let mut unit = self.inner.units.live.remove(n);
            unit.take_entered().into_iter().for_each(|key| self.cache.table.set(key, 0));
            self.drop_blocks(unit.place.range);
            self.inner.current.unlink_to(unit.place.range);
            self.inner.current.close_region(unit.place.region);
            self.bump_all();
            let epoch = self.cache.epoch();
            self.inner.units.retired.push((epoch, unit));
        }
    }

    /// Drops all blocks that come from a range, for good: their memory goes.
    fn drop_blocks(&mut self, range: Range) {
        self.verify(range, |_, _| None);
        self.inner.suspended.retain(|key, _| !range.contains(memory::GuestAddr(key.pc)));
    }

    /// The code for a key in a file; it is entered in the table.
    pub fn find_in_files(&mut self, key: Key) -> Option<u64> {
        let units = &mut self.inner.units;
        let n = units.index(key.pc)?;
        let code = units.live[n].find(key)?;
        units.live[n].enter(key);
        self.cache.table.set(key, code);
        Some(code)
    }

    /// Points the jump of a file whose exit is at `exit` to the code for `target`, if that is in the same unit: further away nobody
    /// would notice when one of the two goes.
    pub(super) fn link_in_file(&mut self, exit: u64, target: Key) {
        let Inner { current, units, .. } = &mut *self.inner;
        let Some(unit) = units.live.iter().find(|unit| unit.holds(exit)) else { return };
        let Some((_, site, _)) = unit.link_at(exit) else { return };
        let Some(code) = self.cache.table.get(target).filter(|&code| unit.holds(code)) else { return };
        match current.at(code) {
            Some(to) => current.link_from_file(site, exit, target, to),
            // SAFETY: the site is an aligned rel32 field, as the file's tables say, and code of the unit near.
            None if unit.files_hold(code) => drop(unsafe { super::arena::patch(site, code) }),
            None => {}
        }
    }

    /// Whether new code for `pc` goes to a unit, and how: `Some(true)` where it names guest addresses by distance.
    pub fn unit_form(&self, pc: u64) -> Option<bool> {
        Some(self.inner.units.at(pc)?.place.distances)
    }

    /// The guest addresses of the unit of `pc`, which all change together.
    pub fn unit_range(&self, pc: u64) -> Option<Range> {
        Some(self.inner.units.at(pc)?.place.range)
    }

    /// Whether the guest code from `pc` to `end` is of one unit.
    pub fn is_in_unit(&self, pc: u64, end: u64) -> bool {
        self.inner.units.at(pc).is_some_and(|unit| end <= unit.place.range.end.0)
    }

    /// Lends room for a block in the unit of `pc`; false if there is no unit. One that is full goes.
    pub fn lend_in_unit(&mut self, pc: u64) -> bool {
        let Inner { current, units, .. } = &mut *self.inner;
        let Some(unit) = units.at(pc) else { return false };
        let (has_room, range) = (current.lend_in(unit), unit.place.range);
        if !has_room {
            self.detach(range);
            self.refuse(range);
        }
        has_room
    }

    /// The room lent last.
    pub fn lent(&mut self) -> Option<(u64, &mut [u8])> {
        self.inner.current.lent()
    }

    /// Guest addresses that jumps lead to and that have no code yet. `seen` counts the jumps that were looked at before.
    pub fn open_targets(&self, seen: &mut usize) -> Vec<u64> {
        let known = |key: &Key| {
            self.cache.table.get(*key).is_some()
                || self.inner.units.at(key.pc).is_some_and(|unit| unit.find(*key).is_some())
        };
        self.inner
            .current
            .unlinked(std::mem::replace(seen, self.inner.current.link_count()))
            .filter(|key| !known(key))
            .map(|key| key.pc)
            .collect::<std::collections::BTreeSet<u64>>()
            .into_iter()
            .collect()
    }

    /// The units with what is to be kept of their new code.
    pub fn each_unit(&self, mut save: impl FnMut(&Unit, &Code)) {
        self.inner.units.live.iter().for_each(|unit| save(unit, &self.inner.current));
    }

    /// Whether nothing was translated since.
    pub fn is_saved(&self) -> bool {
        self.inner.current.is_saved()
    }

    /// The code that there is was kept as far as it can be.
    pub fn mark_saved(&mut self) {
        self.inner.current.mark_saved();
    }

    /// Whether guest addresses of a range belong to a unit.
    pub fn units_within(&self, range: Range) -> bool {
        self.inner.units.live.iter().any(|unit| unit.place.range.overlaps(range))
    }
}
