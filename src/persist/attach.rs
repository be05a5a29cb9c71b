//! From an address that the guest is about to execute to a unit with its files mapped.

use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use memory::space::place::USER_END;
use memory::space::{Backing, FileStamp, ObjectId, RegionFlags};
use memory::{AddressSpace, GuestAddr, PAGE_SIZE, Prot, Range};

use super::Persist;
use super::folder::Found;
use super::format::{FileKey, HEADER, Header};
use super::hash::{Hasher, checksum};
use super::index::Subject;
use crate::cache::{Locked, Place, Unit};

/// The most guest code that one unit has: a browser's executable has 240 MB.
const MAX_RANGE: u64 = 384 << 20;
/// Region per byte of guest code: several times what code takes, since code that is dropped leaves its room unused.
const REGION_FACTOR: u64 = 12;
/// Beyond this little of a large file runs, and what lies within reach has to do for all files of a process.
const WHOLE_REGION: u64 = 16 << 20;
const LARGE_FACTOR: u64 = 2;
const MIN_REGION: u64 = 4 << 20;
const MAX_REGION: u64 = 512 << 20;
/// Guest code below this is at fixed addresses: its code names them as they are, and may lie anywhere.
const LOW: u64 = 1 << 32;
/// A region that keeps its distance begins at most this far from its guest code, so that 32 bits can tell the
/// distance of anything from anything around.
const REACH: u64 = 0x6000_0000;
/// Small regions begin this far away, as the guest's other libraries are nearer.
const CLEAR: u64 = 0x1800_0000;
/// They begin within this much, large ones further away: strewn among each other, the small ones of a program with many
/// libraries would leave no gap that is large enough.
const NEAR: u64 = 0x3800_0000;
const SMALL_REGION: u64 = 32 << 20;
// The largest unit finds room, and reaches from its region's start to its code's end.
const _: () = assert!(NEAR + MAX_REGION < REACH && REACH + MAX_RANGE < i32::MAX as u64);
/// Distances to try: one may be taken by another mapping.
const CHOICES: u64 = 16;
/// Files that continue a first one.
pub(super) const MAX_CONTINUATIONS: u32 = 6;
/// The part of a limited address space that all units together may take.
const LIMITED_SHARE: u64 = 8;

/// How large the region is for so much guest code.
fn region_len(guest: u64) -> u64 {
    let large = WHOLE_REGION + guest * LARGE_FACTOR;
    (guest * REGION_FACTOR).min(large).clamp(MIN_REGION, MAX_REGION).next_multiple_of(PAGE_SIZE)
}

/// Guest code in a file, by its content.
struct Code {
    range: Range,
    content: [u64; 2],
}

impl Persist {
    /// Looks for cache files for the guest code around `pc`, and has the cache use them. Where there are none yet it
    /// is prepared for them.
    pub fn attach(&self, space: &AddressSpace, cache: &mut Locked<'_>, pc: u64) {
        if !cache.may_attach(pc) {
            return;
        }
        let Some((range, subject, stamp)) = candidate(space, pc) else { return };
        cache.make_room();
        let is_small = space.layout().end.0 < USER_END;
        let unit = self.identify(range, &subject, &stamp).and_then(|code| self.place(&code, is_small));
        match unit {
            Some(mut unit) => {
                self.map_files(&mut unit);
                cache.attach(unit);
            }
            None => cache.refuse(range),
        }
    }

    /// What the code in `range` is.
    fn identify(&self, range: Range, subject: &Subject, stamp: &FileStamp) -> Option<Code> {
        let index = self.folders.last().and_then(|folder| folder.index.as_ref());
        let content = match index.and_then(|index| index.get(subject, stamp)) {
            Some(content) => content,
            None => {
                let content = hash_of(range)?;
                if let Some(index) = index {
                    index.set(subject, stamp, content);
                }
                content
            }
        };
        Some(Code { range, content })
    }

    /// A unit for it, at the first place that is free. In a small address space it is above the code: sanitizers claim
    /// all that lies below the least address where the kernel loads programs.
    fn place(&self, code: &Code, is_small: bool) -> Option<Unit> {
        let len = region_len(code.range.len());
        if len > self.address_space / LIMITED_SHARE / 8 {
            return None;
        }
        let start = code.range.start.0;
        let (range, key) = (code.range, self.key(code));
        if start < LOW {
            let region = Unit::reserve(0, len).ok()?;
            return Some(Unit::new(Place { range, key, region, home: region, len, distances: false }));
        }
        let home = start.checked_sub(distance(code, len, 0)?)?;
        (0..CHOICES).find_map(|choice| {
            let distance = distance(code, len, choice)?;
            let place = if is_small { start.checked_add(distance) } else { start.checked_sub(distance) };
            let region = Unit::reserve(place?, len).ok()?;
            Some(Unit::new(Place { range, key, region, home, len, distances: true }))
        })
    }

    /// The name of its files.
    fn key(&self, code: &Code) -> FileKey {
        let start = code.range.start.0;
        let fixed = if start < LOW { start } else { 0 };
        let mut hasher = Hasher::new(3);
        hasher.add_words(&[self.identity[0], self.identity[1], code.content[0], code.content[1]]);
        hasher.add_words(&[code.range.len(), fixed]);
        hasher.finish()
    }

    /// Maps the files that other processes wrote for the unit of `pc` since this one was forked, once. True if there
    /// are any.
    pub fn catch_up(&self, cache: &mut Locked<'_>, pc: u64) -> bool {
        cache.outdated_unit(pc).is_some_and(|unit| {
            let before = unit.next_file();
            self.map_files(unit);
            unit.next_file() != before
        })
    }

    /// Maps the files that other processes wrote since for all units.
    pub fn catch_up_with_all(&self, cache: &mut Locked<'_>) {
        cache.units_mut().iter_mut().for_each(|unit| self.map_files(unit));
    }

    /// Maps the files that follow those that are mapped.
    fn map_files(&self, unit: &mut Unit) {
        let (mut generation, first) = unit.next_file();
        for ordinal in first..=MAX_CONTINUATIONS {
            let name = name(unit.place.key, generation, ordinal);
            let Some(header) = self.map_file(unit, &name, generation, ordinal) else { return };
            generation = header.generation;
        }
    }

    /// Maps one file from the first folder that has it whole.
    fn map_file(&self, unit: &mut Unit, name: &str, generation: u64, ordinal: u32) -> Option<Header> {
        self.folders.iter().find_map(|folder| {
            let found = folder.find(name)?;
            let header = read_header(&found, unit.place.key, generation, ordinal);
            let mapped = header.filter(|header| unit.map(found.file.as_raw_fd(), *header));
            if mapped.is_some() && !(self.is_sound(&found, unit) && unit.rebase_last()) {
                unit.unmap_last();
                folder.discard(name);
                return None;
            }
            if header.is_none() {
                folder.discard(name);
            }
            mapped
        })
    }

    /// Whether the file mapped last is as it was written. That it was found so is noted, with the time of its use.
    fn is_sound(&self, found: &Found, unit: &Unit) -> bool {
        let Some((bytes, header)) = unit.last_mapped() else { return false };
        let index = self.folders.last().and_then(|folder| folder.index.as_ref());
        let noted = index.and_then(|index| index.get(&found.subject(), &found.stamp));
        let hour = super::evict::hour_now();
        let sound = noted.is_some_and(|[body, _]| body == header.body) || checksum(&bytes[HEADER..]) == header.body;
        if let Some(index) = index.filter(|_| sound && noted != Some([header.body, hour])) {
            index.set(&found.subject(), &found.stamp, [header.body, hour]);
        }
        sound
    }
}

/// How far the region of code is from it, by choice.
fn distance(code: &Code, len: u64, choice: u64) -> Option<u64> {
    let mut hasher = Hasher::new(4);
    hasher.add_words(&[code.content[0], choice]);
    let (nearest, furthest) = if len <= SMALL_REGION { (CLEAR + len, NEAR) } else { (NEAR + len, REACH) };
    let slack = (furthest.checked_sub(nearest)? / PAGE_SIZE).max(1);
    Some(nearest + hasher.finish()[0] % slack * PAGE_SIZE)
}

/// A file's name in its folder.
pub(super) fn name(key: FileKey, generation: u64, ordinal: u32) -> String {
    match ordinal {
        0 => format!("{:016x}{:016x}", key[0], key[1]),
        _ => format!("{:016x}{:016x}.{generation:016x}.{ordinal}", key[0], key[1]),
    }
}

/// Reads the header of a file that is to be the one named; the generation of a first one is open.
pub(super) fn read_header(found: &Found, key: FileKey, generation: u64, ordinal: u32) -> Option<Header> {
    let mut bytes = [0; HEADER];
    found.file.read_exact_at(&mut bytes, 0).ok()?;
    let header = Header::decode(&bytes, found.stamp.size)?;
    let fits = header.key == key && header.ordinal == ordinal && (ordinal == 0 || header.generation == generation);
    fits.then_some(header)
}

/// The mapping around `pc`, if its bytes are a file's for certain.
fn candidate(space: &AddressSpace, pc: u64) -> Option<(Range, Subject, FileStamp)> {
    let region = space.mapping_at(GuestAddr(pc))?;
    let changed = RegionFlags::WRITABLE | RegionFlags::SHARED | RegionFlags::OPEN_TO_WRITE;
    if region.prot != Prot::READ | Prot::EXEC || region.flags.intersects(changed) {
        return None;
    }
    let Backing::Object { id: ObjectId::File { dev, ino }, offset } = region.backing else { return None };
    let stamp = space.file_stamp(dev, ino)?;
    let in_file = stamp.size.checked_sub(offset)?.next_multiple_of(PAGE_SIZE);
    let len = region.range.len().min(in_file);
    let range = Range::sized(region.range.start, len)?;
    let fits = range.contains(GuestAddr(pc)) && len <= MAX_RANGE;
    fits.then_some((range, Subject { file: (dev, ino), part: (offset, len) }, stamp))
}

/// The hash of guest memory; `None` where it can't all be read.
fn hash_of(range: Range) -> Option<[u64; 2]> {
    const CHUNK: u64 = 64 << 10;
    let mut buffer = vec![0; CHUNK as usize];
    let mut hasher = Hasher::new(5);
    for at in (range.start.0..range.end.0).step_by(CHUNK as usize) {
        let chunk = &mut buffer[..CHUNK.min(range.end.0 - at) as usize];
        memory::read_bytes(GuestAddr(at), chunk).ok()?;
        hasher.add(chunk);
    }
    Some(hasher.finish())
}
