//! What was translated anew goes to disk: as a file of its own that continues those there are, or merged with them
//! into a new first file when there are too many or they have grown.
//!
//! A file that is there is never changed. Each appears whole, under its name, by rename(2); who comes second sees what
//! the first has written and adds what is missing.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::io::Read;

use memory::{Errno, PAGE_SIZE};

use super::Persist;
use super::assemble::{Assembly, Jump, Piece, Pieces, Title, target_of};
use super::attach::{MAX_CONTINUATIONS, name, read_header};
use super::folder::{Folder, Found, fresh_number};
use super::format::{HEADER, Header, Site, Tables};
use super::hash::checksum;
use crate::cache::{Code, Locked, Unit};

/// Fewer new guest bytes are not worth a file: its calls take each later start as long as a few blocks do. A small program
/// has hardly more of its own.
const LEAST: usize = 64;
/// How often it is tried again where others write at the same time.
const TRIES: usize = 3;
/// Continuations are merged when they have the n-th part of the first file's bytes.
const MERGE_AT: u64 = 3;

/// A file that is there.
struct Known<'a> {
    header: Header,
    /// All of it, or what comes before its code.
    bytes: Cow<'a, [u8]>,
}

impl Known<'_> {
    fn tables(&self) -> Option<Tables<'_>> {
        Tables::new(&self.header, &self.bytes)
    }

    fn end(&self) -> u64 {
        (u64::from(self.header.position) + u64::from(self.header.len)).next_multiple_of(PAGE_SIZE)
    }

    fn position(&self, guest: u32, mode: u16) -> Option<u32> {
        Some(self.header.position + self.tables()?.find(guest, mode)?.code)
    }

    /// Adds its blocks to those that are to be written anew.
    fn add_pieces<'a>(&'a self, unit: &Unit, pieces: &mut Pieces<'a>) -> Option<()> {
        let tables = self.tables()?;
        (0..tables.len()).try_for_each(|n| self.add_piece(unit, &tables, n, pieces))
    }

    fn add_piece<'a>(&'a self, unit: &Unit, tables: &Tables<'a>, n: usize, pieces: &mut Pieces<'a>) -> Option<()> {
        let record = tables.record(n)?;
        let code = self.bytes.get(record.code as usize..tables.code_end(n) as usize)?;
        let aux = tables.aux(&record)?;
        let (distances, sites) = aux.fixups()?;
        let position = u64::from(self.header.position) + u64::from(record.code);
        let start = unit.place.range.start.0;
        let target = |site: &Site| {
            let target = target_of(code, site, unit.place.distances, unit.place.home + position)?;
            u32::try_from(target.checked_sub(start)?).ok()
        };
        let piece = Piece::new(record.guest, record.len, record.mode, position as i64, code, aux.faults);
        pieces.add(piece, distances, sites.iter().map(|&site| Jump { site, target: target(&site) }));
        Some(())
    }
}

impl Persist {
    /// Writes what was translated since the last time.
    pub fn save(&self, cache: &mut Locked<'_>) {
        let Some(folder) = self.folders.last().filter(|folder| folder.index.is_some()) else { return };
        if cache.is_saved() {
            return;
        }
        let mut wrote = false;
        let maps = Maps::default();
        cache.each_unit(|unit, code| wrote |= self.save_unit(folder, &maps, unit, code));
        cache.mark_saved();
        if wrote {
            super::evict::now_and_then(folder, self.bound);
        }
    }

    fn save_unit(&self, folder: &Folder, maps: &Maps, unit: &Unit, code: &Code) -> bool {
        for _ in 0..TRIES {
            let pieces = code.pieces(unit);
            if pieces.list.iter().map(|piece| usize::from(piece.len)).sum::<usize>() < LEAST {
                return false;
            }
            match self.try_to_save(folder, maps, unit, pieces) {
                // Another process was faster.
                Err(Errno::EEXIST) => {}
                result => return result.is_ok(),
            }
        }
        false
    }

    fn try_to_save(&self, folder: &Folder, maps: &Maps, unit: &Unit, mut new: Pieces<'_>) -> Result<(), Errno> {
        let chain = self.read_chain(unit, true);
        let known = |guest, mode| chain.iter().find_map(|file| file.position(guest, mode));
        if !chain.is_empty() {
            new.list.retain(|piece| known(piece.guest, piece.mode).is_none());
        }
        if new.list.is_empty() {
            return Ok(());
        }
        let mut title = Title {
            label: &maps.path_at(unit.place.range.start.0),
            key: unit.place.key,
            generation: fresh_number(),
            ordinal: 0,
            position: 0,
            distances: unit.place.distances,
        };
        let Some(first) = chain.first() else { return create(folder, unit, title, new, |_, _| None) };
        let continued: u64 = chain[1..].iter().map(|file| u64::from(file.header.len)).sum();
        let grown = new.list.iter().map(|piece| piece.code.len() as u64).sum::<u64>() + continued;
        if chain.len() as u32 > MAX_CONTINUATIONS || grown > u64::from(first.header.len) / MERGE_AT {
            return merge(folder, unit, title, &self.read_chain(unit, false), new);
        }
        title.generation = first.header.generation;
        title.ordinal = chain.len() as u32;
        let end = chain.last().map_or(0, Known::end);
        title.position = u32::try_from(end).map_err(|_| Errno::EFBIG)?;
        create(folder, unit, title, new, known)
    }

    /// The files of a unit as they are now; of those that are mapped no more than the tables if that will do.
    fn read_chain<'a>(&self, unit: &'a Unit, tables_do: bool) -> Vec<Known<'a>> {
        let mut chain: Vec<Known<'a>> = Vec::new();
        for ordinal in 0..=MAX_CONTINUATIONS {
            let generation = chain.first().map_or(0, |file| file.header.generation);
            let name = name(unit.place.key, generation, ordinal);
            let position = chain.last().map_or(0, Known::end);
            let read = |folder: &Folder| {
                let found = folder.find(&name)?;
                let header = read_header(&found, unit.place.key, generation, ordinal);
                let header = header.filter(|header| u64::from(header.position) == position);
                let mapped = header.and_then(|header| unit.mapped(&header)).filter(|_| tables_do).map(Cow::Borrowed);
                let bytes = header.and_then(|header| mapped.or_else(|| read_whole(found, &header).map(Cow::Owned)));
                if bytes.is_none() {
                    folder.discard(&name);
                }
                Some(Known { header: header?, bytes: bytes? })
            };
            let Some(known) = self.folders.iter().find_map(read) else { break };
            chain.push(known);
        }
        chain
    }
}

/// All bytes of a file, if they are as they were written.
fn read_whole(mut found: Found, header: &Header) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    found.file.read_to_end(&mut bytes).ok()?;
    let sound = bytes.len() as u64 == u64::from(header.len) && checksum(&bytes[HEADER..]) == header.body;
    sound.then_some(bytes)
}

/// Writes a file that is not there yet.
fn create(
    folder: &Folder,
    unit: &Unit,
    title: Title<'_>,
    pieces: Pieces<'_>,
    elsewhere: impl Fn(u32, u16) -> Option<u32>,
) -> Result<(), Errno> {
    let file = Assembly::new(title, pieces).filter(|file| fits(unit, title.position, file.len)).ok_or(Errno::EFBIG)?;
    let name = name(title.key, title.generation, title.ordinal);
    folder.create(&name, file.len.into(), false, |to| file.write(to, elsewhere))
}

/// Writes all blocks in one new first file.
fn merge<'a>(
    folder: &Folder,
    unit: &Unit,
    title: Title<'a>,
    chain: &'a [Known<'_>],
    mut pieces: Pieces<'a>,
) -> Result<(), Errno> {
    let first = name(title.key, 0, 0);
    // One in a folder that is not written would hide the new one.
    folder.find(&first).ok_or(Errno::EROFS)?;
    for file in chain {
        file.add_pieces(unit, &mut pieces).ok_or(Errno::EINVAL)?;
    }
    let file = Assembly::new(title, pieces).filter(|file| fits(unit, 0, file.len)).ok_or(Errno::EFBIG)?;
    folder.create(&first, file.len.into(), true, |to| file.write(to, |_, _| None))?;
    for old in chain.iter().skip(1) {
        folder.remove(&name(title.key, old.header.generation, old.header.ordinal));
    }
    Ok(())
}

/// The host's mappings, read when they are asked for first.
#[derive(Default)]
struct Maps(OnceCell<String>);

impl Maps {
    /// The path of the file that is mapped at an address, as the host knows it now.
    fn path_at(&self, at: u64) -> String {
        let maps = self.0.get_or_init(|| std::fs::read_to_string("/proc/self/maps").unwrap_or_default());
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let holds = |line: &str| {
            let (from, rest) = line.split_once('-')?;
            let to = rest.split(' ').next()?;
            Some(number(from)? <= at && at < number(to)?)
        };
        let line = maps.lines().find(|line| holds(line) == Some(true));
        line.and_then(|line| Some(line[line.find('/')?..].to_owned())).unwrap_or_default()
    }
}

/// Whether a file will be mapped there (`Unit::map`).
fn fits(unit: &Unit, position: u32, len: u32) -> bool {
    u64::from(position) + u64::from(len) + PAGE_SIZE <= unit.place.len / 2
}
