//! What was translated anew goes to disk: as a file of its own that continues those there are, or merged with them
//! into a new first file when there are too many or they have grown.
//!
//! A file that is there is never changed. Each appears whole, under its name, by link(2) or rename(2); who comes second
//! sees what the first has written and adds what is missing.

use std::io::Read;

use memory::{Errno, PAGE_SIZE};

use super::Persist;
use super::assemble::{Piece, Title, assemble, target_of};
use super::attach::{MAX_CONTINUATIONS, name, read_header};
use super::folder::{Folder, fresh_number};
use super::format::{HEADER, Header, Tables};
use super::hash::checksum;
use crate::cache::{Code, Locked, Unit};

/// Fewer new guest bytes are not worth a file.
const LEAST: usize = 256;
/// How often it is tried again where others write at the same time.
const TRIES: usize = 3;
/// Continuations are merged when they have the n-th part of the first file's bytes.
const MERGE_AT: u64 = 3;

/// A file that was read.
struct Known {
    header: Header,
    bytes: Vec<u8>,
}

impl Known {
    fn tables(&self) -> Option<Tables<'_>> {
        Tables::new(&self.header, &self.bytes)
    }

    fn end(&self) -> u64 {
        (u64::from(self.header.position) + u64::from(self.header.len)).next_multiple_of(PAGE_SIZE)
    }

    fn position(&self, guest: u32, mode: u16) -> Option<u32> {
        Some(self.header.position + self.tables()?.find(guest, mode)?.code)
    }

    /// Its blocks, to be written anew.
    fn pieces(&self, unit: &Unit) -> Option<Vec<Piece<'_>>> {
        let tables = self.tables()?;
        (0..tables.len()).map(|n| self.piece(unit, &tables, n)).collect()
    }

    fn piece<'a>(&'a self, unit: &Unit, tables: &Tables<'a>, n: usize) -> Option<Piece<'a>> {
        let record = tables.record(n)?;
        let code = self.bytes.get(record.code as usize..tables.code_end(n) as usize)?;
        let aux = tables.aux(&record)?;
        let (distances, sites) = aux.fixups()?;
        let position = u64::from(self.header.position) + u64::from(record.code);
        let start = unit.place.range.start.0;
        let target = |site| {
            let target = target_of(code, site, unit.place.distances, unit.place.region + position)?;
            u32::try_from(target.checked_sub(start)?).ok()
        };
        let targets = sites.iter().map(target).collect();
        let (guest, len, mode) = (record.guest, record.len, record.mode);
        Some(Piece { guest, len, mode, position, code, faults: aux.faults, distances, sites, targets })
    }
}

impl Persist {
    /// Writes what was translated since the last time.
    pub fn save(&self, cache: &mut Locked<'_>) {
        let Some(folder) = self.folders.last().filter(|folder| folder.index.is_some()) else { return };
        let mut wrote = false;
        cache.each_unit(|unit, code| wrote |= self.save_unit(folder, unit, code));
        cache.mark_saved();
        if wrote {
            super::evict::now_and_then(folder, self.bound);
        }
    }

    fn save_unit(&self, folder: &Folder, unit: &Unit, code: &Code) -> bool {
        let pieces = code.pieces(unit);
        if pieces.iter().map(|piece| usize::from(piece.len)).sum::<usize>() < LEAST {
            return false;
        }
        for _ in 0..TRIES {
            match self.try_to_save(folder, unit, &pieces) {
                // Another process was faster.
                Err(Errno::EEXIST) => {}
                result => return result.is_ok(),
            }
        }
        false
    }

    fn try_to_save(&self, folder: &Folder, unit: &Unit, pieces: &[Piece<'_>]) -> Result<(), Errno> {
        let chain = self.read_chain(unit);
        let known = |guest, mode| chain.iter().find_map(|file| file.position(guest, mode));
        let new: Vec<Piece<'_>> =
            pieces.iter().filter(|piece| known(piece.guest, piece.mode).is_none()).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        let label = path_of(unit);
        let mut title = Title {
            label: &label,
            key: unit.place.key,
            generation: fresh_number(),
            ordinal: 0,
            position: 0,
            distances: unit.place.distances,
        };
        let Some(first) = chain.first() else {
            let file = assemble(&title, new, |_, _| None).filter(|file| fits(unit, 0, file)).ok_or(Errno::EFBIG)?;
            return folder.write(&name(title.key, 0, 0), &file, false);
        };
        let continued: u64 = chain[1..].iter().map(|file| u64::from(file.header.len)).sum();
        let grown = new.iter().map(|piece| piece.code.len() as u64).sum::<u64>() + continued;
        if chain.len() as u32 > MAX_CONTINUATIONS || grown > u64::from(first.header.len) / MERGE_AT {
            return merge(folder, unit, &title, &chain, new);
        }
        let end = chain.last().map_or(0, Known::end);
        title.generation = first.header.generation;
        title.ordinal = chain.len() as u32;
        title.position = u32::try_from(end).map_err(|_| Errno::EFBIG)?;
        let file = assemble(&title, new, known).filter(|file| fits(unit, end, file)).ok_or(Errno::EFBIG)?;
        folder.write(&name(title.key, title.generation, title.ordinal), &file, false)
    }

    /// The files of a unit as they are now.
    fn read_chain(&self, unit: &Unit) -> Vec<Known> {
        let mut chain: Vec<Known> = Vec::new();
        for ordinal in 0..=MAX_CONTINUATIONS {
            let generation = chain.first().map_or(0, |file| file.header.generation);
            let name = name(unit.place.key, generation, ordinal);
            let position = chain.last().map_or(0, Known::end);
            let read = |folder: &Folder| {
                let mut found = folder.find(&name)?;
                let header = read_header(&found, unit.place.key, generation, ordinal);
                let mut bytes = Vec::new();
                found.file.read_to_end(&mut bytes).ok()?;
                let sound = header.filter(|header| {
                    bytes.len() as u64 == u64::from(header.len)
                        && u64::from(header.position) == position
                        && checksum(&bytes[HEADER..]) == header.body
                });
                if sound.is_none() {
                    folder.discard(&name);
                }
                Some(Known { header: sound?, bytes })
            };
            let Some(known) = self.folders.iter().find_map(read) else { break };
            chain.push(known);
        }
        chain
    }
}

/// Writes all blocks in one new first file.
fn merge(folder: &Folder, unit: &Unit, title: &Title<'_>, chain: &[Known], new: Vec<Piece<'_>>) -> Result<(), Errno> {
    let first = name(title.key, 0, 0);
    // One in a folder that is not written would hide the new one.
    folder.find(&first).ok_or(Errno::EROFS)?;
    let mut pieces = new;
    for file in chain {
        pieces.extend(file.pieces(unit).ok_or(Errno::EINVAL)?);
    }
    let file = assemble(title, pieces, |_, _| None).filter(|file| fits(unit, 0, file)).ok_or(Errno::EFBIG)?;
    folder.write(&first, &file, true)?;
    for old in &chain[1..] {
        folder.remove(&name(title.key, old.header.generation, old.header.ordinal));
    }
    Ok(())
}

/// The path of a unit's file, as the host knows it now.
fn path_of(unit: &Unit) -> String {
    let start = unit.place.range.start.0;
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let holds = |line: &str| {
        let (from, rest) = line.split_once('-')?;
        let to = rest.split(' ').next()?;
        Some(number(from)? <= start && start < number(to)?)
    };
    let line = maps.lines().find(|line| holds(line) == Some(true));
    line.and_then(|line| Some(line[line.find('/')?..].to_owned())).unwrap_or_default()
}

/// Whether a file will be mapped there (`Unit::map`).
fn fits(unit: &Unit, position: u64, file: &[u8]) -> bool {
    position + file.len() as u64 + PAGE_SIZE <= unit.place.len / 2
}
