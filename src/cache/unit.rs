//! A stretch of a guest file whose code stands in cache files: they are mapped beside it, at a distance that is part of
//! their name, in the first half of a region; new code goes to the second.
//!
//! Code of a file is entered in the table of code when it is met, and not before. It is never removed on its own:
//! blocks of a file lead to each other without a trace in memory. So where guest code of a unit changes, the
//! whole unit goes ([`super::Locked::detach`]).

use memory::{Errno, GuestAddr, Range};

use super::table::Key;
use crate::persist::assemble::{STUB_CALL, target_of};
use crate::persist::format::{FileKey, Header, Record, Site, Tables};

/// A cache file in a unit's region.
#[derive(Debug)]
pub struct Part {
    header: Header,
    base: u64,
}

impl Part {
    fn bytes(&self, from: u32, to: u32) -> &[u8] {
        // SAFETY: the file is mapped there for as long as its unit lives, and `decode` found that it is that long.
        unsafe { std::slice::from_raw_parts((self.base + u64::from(from)) as *const u8, (to - from) as usize) }
    }

    fn tables(&self) -> Option<Tables<'_>> {
        // What follows are instructions, which may be changed while they run: only the tables are borrowed.
        Tables::new(&self.header, self.bytes(0, self.header.code))
    }

    /// Adds to all its fields that are distances to guest addresses.
    fn shift_distances(&self, by: i64) -> Option<()> {
        let tables = self.tables()?;
        for record in (0..tables.len()).map_while(|n| tables.record(n)) {
            let (distances, sites) = tables.aux(&record)?.fixups()?;
            let in_stubs = sites.iter().map(|site| site.stub.wrapping_add(STUB_CALL as u32));
            for offset in distances.iter().copied().chain(in_stubs) {
                self.shift_field(record.code.checked_add(offset)?, by)?;
            }
        }
        Some(())
    }

    fn shift_field(&self, offset: u32, by: i64) -> Option<()> {
        let is_code = offset >= self.header.code && offset.checked_add(4)? <= self.header.len;
        let field = (self.base + u64::from(offset)) as *mut i32;
        // SAFETY: the file is mapped there, privately, and it is so long; what is borrowed of it lies before its code, of
        // which nothing has run yet.
        let old = is_code.then(|| unsafe { field.read_unaligned() })?;
        let new = i32::try_from(i64::from(old) + by).ok()?;
        // SAFETY: as above.
        unsafe { field.write_unaligned(new) };
        Some(())
    }

    fn contains(&self, host: u64) -> bool {
        host >= self.base + u64::from(self.header.code) && host < self.base + u64::from(self.header.len)
    }
}

/// Where a unit is, and what it is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Guest addresses.
    pub range: Range,
    /// What its files are named after.
    pub key: FileKey,
    /// Host address of the region for its code.
    pub region: u64,
    /// Where the region is as far as its files know: they are made for one distance from the guest code.
    pub home: u64,
    /// Bytes of the region.
    pub len: u64,
    /// Whether its code names guest addresses by their distance.
    pub distances: bool,
}

/// A unit.
#[derive(Debug)]
pub struct Unit {
    /// Where it is.
    pub place: Place,
    parts: Vec<Part>,
    /// Bytes of the region that the files take. The first half of it is theirs, so that files may join them later.
    files_end: u64,
    /// Bytes of the region that are in use, for files or by generations of code that were let go of.
    pub used: u64,
    /// When files were looked for last: see [`super::units::Units::age`].
    pub age: u32,
    /// Keys of blocks of its files that were entered in the table of code.
    entered: Vec<Key>,
}

/// A block of a cache file.
#[derive(Clone, Copy, Debug)]
pub struct Filed<'a> {
    /// What it was translated from.
    pub key: Key,
    /// Host address of its code.
    pub code: u64,
    /// Its fault table.
    pub faults: &'a [u8],
}

impl Unit {
    /// Reserves a region for a unit's code: at `at`, or anywhere for 0. All of it can be written and executed.
    pub fn reserve(at: u64, len: u64) -> Result<u64, Errno> {
        let prot = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let fixed = if at == 0 { 0 } else { libc::MAP_FIXED_NOREPLACE };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | fixed;
        let args = [at, len, prot as u64, flags as u64, u64::MAX, 0];
        // SAFETY: a new mapping, at a place that must be free or of the kernel's choice.
        let got = unsafe { memory::sys::syscall(libc::SYS_mmap as u64, args) }?;
        if at != 0 && got != at {
            release(got, len);
            return Err(Errno::EEXIST);
        }
        Ok(got)
    }

    /// A unit without files, in a region that [`Unit::reserve`] gave.
    pub fn new(place: Place) -> Unit {
        let used = (place.len / 2).next_multiple_of(memory::PAGE_SIZE);
        Unit { place, parts: Vec::new(), files_end: 0, used, age: 0, entered: Vec::new() }
    }

    /// Maps a cache file whose header was read. False if it has no room.
    pub fn map(&mut self, fd: i32, header: Header) -> bool {
        let (position, len) = (u64::from(header.position), u64::from(header.len));
        let end = (position + len).next_multiple_of(memory::PAGE_SIZE);
        if position < self.files_end || !position.is_multiple_of(memory::PAGE_SIZE) || end > self.place.len / 2 {
            return false;
        }
        let base = self.place.region + position;
        let prot = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
        let args = [base, len, prot as u64, flags as u64, fd as u64, 0];
        // SAFETY: the region is ours, and nothing of its first half behind `files_end` is in use.
        if unsafe { memory::sys::syscall(libc::SYS_mmap as u64, args) }.is_err() {
            return false;
        }
        self.parts.push(Part { header, base });
        self.files_end = end;
        true
    }

    /// All bytes of the file mapped last, before any of its code runs; its header.
    pub fn last_mapped(&self) -> Option<(&[u8], &Header)> {
        let part = self.parts.last()?;
        Some((part.bytes(0, part.header.len), &part.header))
    }

    /// Makes the code of the file mapped last name guest addresses from where it is. False if the tables are wrong.
    pub fn rebase_last(&mut self) -> bool {
        let by = self.place.home.wrapping_sub(self.place.region) as i64;
        let last = self.parts.last().filter(|_| self.place.distances && by != 0);
        last.is_none_or(|part| part.shift_distances(by).is_some())
    }

    /// The generation of its files, and the ordinal of the one that would come next.
    pub fn next_file(&self) -> (u64, u32) {
        (self.parts.first().map_or(0, |part| part.header.generation), self.parts.len() as u32)
    }

    /// What does not change of a file, if it is mapped: all before its code.
    pub fn mapped(&self, header: &Header) -> Option<&[u8]> {
        let part = self.parts.iter().find(|part| part.header == *header)?;
        Some(part.bytes(0, header.code))
    }

    /// Takes the file mapped last out again.
    pub fn unmap_last(&mut self) {
        let Some(part) = self.parts.pop() else { return };
        self.files_end = u64::from(part.header.position);
        let prot = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
        let args = [part.base, u64::from(part.header.len), prot as u64, flags as u64, u64::MAX, 0];
        // SAFETY: the place is the unit's own, and no code there has run. Should there be no memory for another
        // mapping, the file's stays, private and never run.
        let _ = unsafe { memory::sys::syscall(libc::SYS_mmap as u64, args) };
    }

    /// Whether a host address is in its region.
    pub fn holds(&self, host: u64) -> bool {
        host >= self.place.region && host - self.place.region < self.place.len
    }

    /// Whether a host address is code of one of its files.
    pub fn files_hold(&self, host: u64) -> bool {
        self.parts.iter().any(|part| part.contains(host))
    }

    /// The code for a key in its files.
    pub fn find(&self, key: Key) -> Option<u64> {
        let guest = u32::try_from(key.pc.checked_sub(self.place.range.start.0)?).ok()?;
        let mode = u16::try_from(key.mode.0).ok()?;
        self.parts.iter().find_map(|part| Some(part.base + u64::from(part.tables()?.find(guest, mode)?.code)))
    }

    /// The block whose code holds a host address, and its file.
    fn at(&self, host: u64) -> Option<(&Part, Record)> {
        let part = self.parts.iter().find(|part| part.contains(host))?;
        Some((part, part.tables()?.at((host - part.base) as u32)?))
    }

    fn key_of(&self, record: &Record) -> Key {
        let pc = GuestAddr(self.place.range.start.0 + u64::from(record.guest)).0;
        Key { pc, mode: target::Mode(record.mode.into()) }
    }

    /// What a fault at a host address needs.
    pub fn locate(&self, host: u64) -> Option<Filed<'_>> {
        let (part, record) = self.at(host)?;
        let faults = part.tables()?.aux(&record)?.faults;
        Some(Filed { key: self.key_of(&record), code: part.base + u64::from(record.code), faults })
    }

    /// The jump whose exit is at a host address: the key of its block, where its field is, and the guest address it goes
    /// to.
    pub fn link_at(&self, host: u64) -> Option<(Key, u64, u64)> {
        let (part, record) = self.at(host)?;
        let code = part.base + u64::from(record.code);
        let (_, sites) = part.tables()?.aux(&record)?.fixups()?;
        let site = sites.into_iter().find(|site| code + u64::from(site.stub) == host)?;
        let target = self.target(part, &record, &site)?;
        Some((self.key_of(&record), code + u64::from(site.field), target))
    }

    fn target(&self, part: &Part, record: &Record, site: &Site) -> Option<u64> {
        // The exit's bytes are never changed; the fields of jumps, which may be, are not borrowed.
        let rest = part.bytes(record.code.checked_add(site.stub)?, part.header.len);
        let stub = Site { field: 0, stub: 0, switches: false };
        target_of(rest, &stub, self.place.distances, part.base + u64::from(record.code + site.stub))
    }

    /// Notes that a block of a file was entered in the table of code.
    pub fn enter(&mut self, key: Key) {
        self.entered.push(key);
    }

    /// The keys entered since the last time.
    pub fn take_entered(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.entered)
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        release(self.place.region, self.place.len);
    }
}

/// Unmaps what was mapped.
fn release(at: u64, len: u64) {
    // SAFETY: nobody runs or refers to code there any more; see `super::Locked::reclaim`.
    let _ = unsafe { memory::sys::syscall(libc::SYS_munmap as u64, [at, len, 0, 0, 0, 0]) };
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::persist::assemble::{Assembly, Jump, Piece, Pieces, Title};
    use crate::persist::format::HEADER;

    /// In the test's block: a field that is a distance, a jump's field, and the jump's exit.
    const DISTANCE: u32 = 4;
    const SITE: Site = Site { field: 8, stub: 16, switches: false };

    /// A block that stands at `host` and names `named`, and jumps to `target`.
    fn block(host: u64, named: u64, target: u64) -> [u8; 32] {
        let mut code = [0x90; 32];
        for (offset, to) in [(DISTANCE as usize, named), (SITE.stub as usize + STUB_CALL, target)] {
            let field = to.wrapping_sub(host + offset as u64) as i32;
            code[offset..offset + 4].copy_from_slice(&field.to_le_bytes());
        }
        code
    }

    #[test]
    fn code_at_another_place_names_what_it_named() {
        const LEN: u64 = 1 << 20;
        let region = Unit::reserve(0, LEN).unwrap();
        let start = region + (64 << 20);
        let (home, range) = (region + 0x3000, Range::new(start, start + 0x1000));
        let mut unit = Unit::new(Place { range, key: [1, 2], region, home, len: LEN, distances: true });
        // As it was translated, in a region that is not at home either.
        let (here, named, target) = (region + 0x100, start + 0x10, start + 0x800);
        let code = block(here, named, target);
        let mut pieces = Pieces::default();
        let piece = Piece::new(0x20, 8, 0, here.wrapping_sub(home) as i64, &code, &[]);
        pieces.add(piece, [DISTANCE], [Jump { site: SITE, target: Some(0x800) }]);
        let title = Title { key: [1, 2], generation: 0, ordinal: 0, position: 0, distances: true, label: "test" };
        let file = tempfile::tempfile().unwrap();
        Assembly::new(title, pieces).unwrap().write(&file, |_, _| None).unwrap();

        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).unwrap();
        let header = Header::decode(&header, file.metadata().unwrap().len()).unwrap();
        assert!(unit.map(file.as_raw_fd(), header) && unit.rebase_last());
        let code = unit.find(Key { pc: start + 0x20, mode: target::Mode(0) }).unwrap();
        // SAFETY: the block is mapped there.
        let mapped = unsafe { std::slice::from_raw_parts(code as *const u8, 32) };
        let expected = block(code, named, target);
        assert_eq!(mapped[DISTANCE as usize..][..4], expected[DISTANCE as usize..][..4]);
        assert_eq!(unit.link_at(code + u64::from(SITE.stub)).map(|(_, _, target)| target), Some(target));
    }
}
