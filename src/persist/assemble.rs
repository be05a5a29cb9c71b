//! Putting a file together: blocks in the order of their guest code, their links among each other resolved.
//!
//! A file may have megabytes, and is made while somebody waits for a program's end. So nothing is allocated for each
//! block, and the file is written as it is made, in stretches of a buffer that stays in the processor's cache.

use std::fs::File;
use std::os::unix::fs::FileExt;

use memory::Errno;

use super::format::{ANCHORED, Aux, CODE_ALIGN, FileKey, HEADER, Header, Record, Site, records_end};
use super::hash::Hasher;

/// Code of blocks begins at a multiple of this: fields of links are aligned to it.
const BLOCK_ALIGN: usize = 4;
/// Where a link's exit has the guest address: four bytes.
pub const STUB_CALL: usize = codegen::EXIT_CALL;
/// Bytes that are written at once. A multiple of what the checksum takes in at once.
const STRETCH: usize = 32 << 10;

/// Guest code is divided into stretches of so many bits of an address, each with a few blocks, to find one among many.
const GUEST_STRETCH: u32 = 8;

/// A block to be written.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Where its guest code begins, from the unit's beginning.
    pub guest: u32,
    /// Guest bytes.
    pub len: u16,
    /// The mode it is for.
    pub mode: u16,
    /// Where its code is now, from where the unit's region is for its files (`Place::home`).
    pub position: i64,
    /// Its code.
    pub code: &'a [u8],
    /// Its fault table.
    pub faults: &'a [u8],
    distances: Span,
    jumps: Span,
}

/// A stretch of a list that all pieces share.
#[derive(Clone, Copy, Default, Debug)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn of<T>(self, list: &[T]) -> &[T] {
        &list[self.start as usize..self.end as usize]
    }
}

/// Appends to a list; where that stands there.
fn append<T>(list: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Span {
    let start = list.len() as u32;
    list.extend(items);
    Span { start, end: list.len() as u32 }
}

/// A jump of a block.
#[derive(Clone, Copy, Debug)]
pub struct Jump {
    /// Where it is.
    pub site: Site,
    /// Where it leads: the offset of guest code from the unit's beginning, where that is in it.
    pub target: Option<u32>,
}

impl<'a> Piece<'a> {
    /// A block; [`Pieces::add`] brings its fields and jumps.
    pub fn new(guest: u32, len: u16, mode: u16, position: i64, code: &'a [u8], faults: &'a [u8]) -> Piece<'a> {
        Piece { guest, len, mode, position, code, faults, distances: Span::default(), jumps: Span::default() }
    }

    fn order(&self) -> (u32, u16) {
        (self.guest, self.mode)
    }
}

/// Blocks to be written.
#[derive(Clone, Default, Debug)]
pub struct Pieces<'a> {
    /// The blocks.
    pub list: Vec<Piece<'a>>,
    distances: Vec<u32>,
    jumps: Vec<Jump>,
}

impl<'a> Pieces<'a> {
    /// Adds a block with its fields that are distances to guest addresses, but those in the exits of its jumps, and
    /// with its jumps.
    pub fn add(
        &mut self,
        piece: Piece<'a>,
        distances: impl IntoIterator<Item = u32>,
        jumps: impl IntoIterator<Item = Jump>,
    ) {
        let distances = append(&mut self.distances, distances);
        self.distances[distances.start as usize..].sort_unstable();
        self.list.push(Piece { distances, jumps: append(&mut self.jumps, jumps), ..piece });
    }
}

/// What a file is to say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Title<'a> {
    /// What it is for.
    pub key: FileKey,
    /// See [`Header::generation`].
    pub generation: u64,
    /// See [`Header::ordinal`].
    pub ordinal: u32,
    /// Where in the unit's region it is to be mapped.
    pub position: u32,
    /// Whether guest addresses in code are distances.
    pub distances: bool,
    /// What a person would call it: the path of the guest's file.
    pub label: &'a str,
}

/// A file in the making.
#[derive(Debug)]
pub struct Assembly<'a> {
    title: Title<'a>,
    pieces: Pieces<'a>,
    records: Vec<Record>,
    /// By stretch of guest code: how many blocks begin before it.
    before: Vec<u32>,
    aux: Vec<u8>,
    code: usize,
    /// Bytes of the file.
    pub len: u32,
}

impl<'a> Assembly<'a> {
    /// The file with these blocks. `None` if it grows too large.
    pub fn new(title: Title<'a>, mut pieces: Pieces<'a>) -> Option<Assembly<'a>> {
        // Pieces are many words each: their keys are sorted.
        pieces.list.sort_by_cached_key(Piece::order);
        pieces.list.dedup_by_key(|piece| piece.order());
        let mut aux = Vec::new();
        let mut records = tables(&pieces, &mut aux);
        let tables = records_end(records.len()) + aux.len() + title.label.len();
        let code = tables.next_multiple_of(CODE_ALIGN);
        let mut at = code;
        for (record, piece) in records.iter_mut().zip(&pieces.list) {
            record.code = u32::try_from(at).ok()?;
            at = (at + piece.code.len()).next_multiple_of(BLOCK_ALIGN);
        }
        let before = counts(&records);
        Some(Assembly { title, pieces, records, before, aux, code, len: u32::try_from(at).ok()? })
    }

    /// Writes it. `elsewhere` finds the position in the region of a block of another file.
    pub fn write(&self, file: &File, elsewhere: impl Fn(u32, u16) -> Option<u32>) -> Result<(), Errno> {
        let mut body = Body { file, at: HEADER, buffer: Vec::with_capacity(2 * STRETCH), hasher: Hasher::new(0) };
        for records in self.records.chunks(ANCHORED) {
            for record in records {
                body.buffer.extend_from_slice(&record.encode(records[0].aux).ok_or(Errno::EFBIG)?);
            }
            body.write_stretches()?;
        }
        for anchor in self.records.iter().step_by(ANCHORED) {
            body.buffer.extend_from_slice(&anchor.aux.to_le_bytes());
        }
        body.buffer.extend_from_slice(&self.aux);
        body.buffer.extend_from_slice(self.title.label.as_bytes());
        let find = |guest, mode| self.position(guest, mode).or_else(|| elsewhere(guest, mode));
        for (record, piece) in self.records.iter().zip(&self.pieces.list) {
            body.pad_to(record.code as usize);
            let room = body.buffer.len();
            body.buffer.extend_from_slice(piece.code);
            self.place(&mut body.buffer[room..], record, piece, find).ok_or(Errno::EFBIG)?;
            body.write_stretches()?;
        }
        body.pad_to(self.len as usize);
        let header = self.header(body.finish()?);
        file.write_all_at(&header.encode(), 0).map_err(|_| Errno::ENOSPC)
    }

    fn header(&self, body: u64) -> Header {
        Header {
            key: self.title.key,
            generation: self.title.generation,
            ordinal: self.title.ordinal,
            position: self.title.position,
            len: self.len,
            count: self.records.len() as u32,
            aux_len: self.aux.len() as u32,
            label_len: self.title.label.len() as u32,
            code: self.code as u32,
            guest_bytes: self.pieces.list.iter().map(|piece| u64::from(piece.len)).sum(),
            body,
        }
    }

    /// The position in the region of a block of this file.
    fn position(&self, guest: u32, mode: u16) -> Option<u32> {
        let stretch = (guest >> GUEST_STRETCH) as usize;
        let from = *self.before.get(stretch)? as usize;
        let to = self.before.get(stretch + 1).map_or(self.records.len(), |&count| count as usize);
        let near = &self.records[from..to];
        Some(self.title.position + near.iter().find(|record| record.order() == (guest, mode))?.code)
    }

    /// Makes copied code right for its new place.
    fn place(
        &self,
        code: &mut [u8],
        record: &Record,
        piece: &Piece<'_>,
        find: impl Fn(u32, u16) -> Option<u32>,
    ) -> Option<()> {
        let here = i64::from(self.title.position) + i64::from(record.code);
        let moved = piece.position - here;
        let mut shift = |offset: usize| {
            let field = code.get_mut(offset..offset + 4)?.first_chunk_mut::<4>()?;
            *field = i32::try_from(i64::from(i32::from_le_bytes(*field)) + moved).ok()?.to_le_bytes();
            Some(())
        };
        for &offset in piece.distances.of(&self.pieces.distances) {
            shift(offset as usize)?;
        }
        let jumps = piece.jumps.of(&self.pieces.jumps);
        if self.title.distances {
            for jump in jumps {
                shift(jump.site.stub as usize + STUB_CALL)?;
            }
        }
        for Jump { site, target } in jumps {
            let known = target.filter(|_| !site.switches).and_then(|guest| find(guest, piece.mode));
            let to = known.map_or(here + i64::from(site.stub), i64::from);
            let distance = i32::try_from(to - here - i64::from(site.field) - 4).ok()?;
            *code.get_mut(site.field as usize..)?.first_chunk_mut::<4>()? = distance.to_le_bytes();
        }
        Some(())
    }
}

fn tables(pieces: &Pieces<'_>, aux: &mut Vec<u8>) -> Vec<Record> {
    let record = |piece: &Piece<'_>| {
        let at = aux.len() as u32;
        let sites = piece.jumps.of(&pieces.jumps).iter().map(|jump| jump.site);
        Aux::encode(aux, piece.faults, piece.distances.of(&pieces.distances), sites);
        Record { guest: piece.guest, code: 0, aux: at, len: piece.len, mode: piece.mode }
    };
    pieces.list.iter().map(record).collect()
}

/// By stretch of guest code: how many of these blocks, which ascend, begin before it.
fn counts(records: &[Record]) -> Vec<u32> {
    let mut before = Vec::new();
    for (n, record) in records.iter().enumerate() {
        let stretches = (record.guest >> GUEST_STRETCH) as usize + 1;
        if before.len() < stretches {
            before.resize(stretches, n as u32);
        }
    }
    before
}

/// What follows the header, as far as it is not written.
struct Body<'a> {
    file: &'a File,
    /// Where in the file the buffer begins.
    at: usize,
    buffer: Vec<u8>,
    hasher: Hasher,
}

impl Body<'_> {
    /// Fills up to an offset of the file, to which no more is missing than an alignment.
    fn pad_to(&mut self, offset: usize) {
        const ZEROS: [u8; CODE_ALIGN] = [0; CODE_ALIGN];
        let missing = offset - self.at - self.buffer.len();
        self.buffer.extend_from_slice(&ZEROS[..missing]);
    }

    /// Writes what is full.
    fn write_stretches(&mut self) -> Result<(), Errno> {
        match self.buffer.len() / STRETCH * STRETCH {
            0 => Ok(()),
            len => self.write(len),
        }
    }

    fn write(&mut self, len: usize) -> Result<(), Errno> {
        let bytes = &self.buffer[..len];
        self.hasher.add(bytes);
        self.file.write_all_at(bytes, self.at as u64).map_err(|_| Errno::ENOSPC)?;
        self.at += len;
        self.buffer.drain(..len);
        Ok(())
    }

    /// Writes what is left; the checksum of all.
    fn finish(mut self) -> Result<u64, Errno> {
        self.write(self.buffer.len())?;
        Ok(self.hasher.finish()[0])
    }
}

/// The guest address that the exit of a jump names: of code at `host`, with distances or not.
pub fn target_of(code: &[u8], site: &Site, distances: bool, host: u64) -> Option<u64> {
    let at = site.stub as usize + STUB_CALL;
    let field = u32::from_le_bytes(*code.get(at..)?.first_chunk()?);
    Some(match distances {
        true => host.wrapping_add(at as u64).wrapping_add_signed(i64::from(field as i32)),
        false => u64::from(field),
    })
}
