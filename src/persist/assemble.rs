//! Putting a file together: blocks in the order of their guest code, their links among each other resolved.

use super::format::{Aux, CODE_ALIGN, FileKey, HEADER, Header, RECORD, Record, Site};
use super::hash::checksum;

/// Code of blocks begins at a multiple of this: fields of links are aligned to it.
const BLOCK_ALIGN: usize = 4;
/// Bytes of the call that a link's exit begins with; the guest address follows (codegen's `call_with_addr`).
pub const STUB_CALL: usize = 6;

/// A block to be written.
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    /// Where its guest code begins, from the unit's beginning.
    pub guest: u32,
    /// Guest bytes.
    pub len: u16,
    /// The mode it is for.
    pub mode: u16,
    /// Where in the unit's region its code is now.
    pub position: u64,
    /// Its code.
    pub code: &'a [u8],
    /// Its fault table.
    pub faults: &'a [u8],
    /// Fields that are distances to guest addresses, but those in the exits of its sites.
    pub distances: Vec<u32>,
    /// Its jumps.
    pub sites: Vec<Site>,
    /// Where they lead: offsets of guest code from the unit's beginning, where that is in it.
    pub targets: Vec<Option<u32>>,
}

impl Piece<'_> {
    fn order(&self) -> (u32, u16) {
        (self.guest, self.mode)
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

/// The bytes of a file with these blocks. `elsewhere` finds the position in the region of a block of another file.
/// `None` if it grows too large.
pub fn assemble(
    title: &Title<'_>,
    mut pieces: Vec<Piece<'_>>,
    elsewhere: impl Fn(u32, u16) -> Option<u32>,
) -> Option<Vec<u8>> {
    pieces.sort_by_key(Piece::order);
    pieces.dedup_by_key(|piece| piece.order());
    let mut aux = Vec::new();
    let mut records = tables(&pieces, &mut aux);
    let tables = HEADER + records.len() * RECORD + aux.len();
    let code = (tables + title.label.len()).next_multiple_of(CODE_ALIGN);
    let mut at = code;
    for (record, piece) in records.iter_mut().zip(&pieces) {
        record.code = u32::try_from(at).ok()?;
        at = (at + piece.code.len()).next_multiple_of(BLOCK_ALIGN);
    }
    let mut file = vec![0; at];
    put_tables(&mut file, &records, &aux);
    file[tables..tables + title.label.len()].copy_from_slice(title.label.as_bytes());
    let within = |guest: u32, mode: u16| {
        let n = records.binary_search_by_key(&(guest, mode), Record::order).ok()?;
        Some(title.position + records[n].code)
    };
    for (record, piece) in records.iter().zip(&pieces) {
        let room = &mut file[record.code as usize..][..piece.code.len()];
        room.copy_from_slice(piece.code);
        place(title, room, record, piece, |guest, mode| within(guest, mode).or_else(|| elsewhere(guest, mode)))?;
    }
    let header = Header {
        key: title.key,
        generation: title.generation,
        ordinal: title.ordinal,
        position: title.position,
        len: u32::try_from(file.len()).ok()?,
        count: records.len() as u32,
        aux_len: aux.len() as u32,
        label_len: title.label.len() as u32,
        code: code as u32,
        guest_bytes: pieces.iter().map(|piece| u64::from(piece.len)).sum(),
        body: checksum(&file[HEADER..]),
    };
    file[..HEADER].copy_from_slice(&header.encode());
    Some(file)
}

fn tables(pieces: &[Piece<'_>], aux: &mut Vec<u8>) -> Vec<Record> {
    let record = |piece: &Piece<'_>| {
        let at = aux.len() as u32;
        Aux::encode(aux, piece.faults, &piece.distances, &piece.sites);
        Record { guest: piece.guest, code: 0, aux: at, len: piece.len, mode: piece.mode }
    };
    pieces.iter().map(record).collect()
}

fn put_tables(file: &mut [u8], records: &[Record], aux: &[u8]) {
    let (slots, _) = file[HEADER..].as_chunks_mut::<RECORD>();
    slots.iter_mut().zip(records).for_each(|(slot, record)| *slot = record.encode());
    file[HEADER + records.len() * RECORD..][..aux.len()].copy_from_slice(aux);
}

/// Makes copied code right for its new place.
fn place(
    title: &Title<'_>,
    code: &mut [u8],
    record: &Record,
    piece: &Piece<'_>,
    find: impl Fn(u32, u16) -> Option<u32>,
) -> Option<()> {
    let here = i64::from(title.position) + i64::from(record.code);
    let moved = piece.position as i64 - here;
    let mut shift = |offset: usize| {
        let field = code.get_mut(offset..offset + 4)?.first_chunk_mut::<4>()?;
        *field = i32::try_from(i64::from(i32::from_le_bytes(*field)) + moved).ok()?.to_le_bytes();
        Some(())
    };
    for &offset in &piece.distances {
        shift(offset as usize)?;
    }
    if title.distances {
        for site in &piece.sites {
            shift(site.stub as usize + STUB_CALL)?;
        }
    }
    for (site, target) in piece.sites.iter().zip(&piece.targets) {
        let to = target.and_then(|guest| find(guest, piece.mode)).map_or(here + i64::from(site.stub), i64::from);
        let distance = i32::try_from(to - here - i64::from(site.field) - 4).ok()?;
        *code.get_mut(site.field as usize..)?.first_chunk_mut::<4>()? = distance.to_le_bytes();
    }
    Some(())
}

/// The guest address that the exit of a jump names: of code at `host`, with distances or not.
pub fn target_of(code: &[u8], site: &Site, distances: bool, host: u64) -> Option<u64> {
    let at = site.stub as usize + STUB_CALL;
    if distances {
        let field = i32::from_le_bytes(*code.get(at..)?.first_chunk()?);
        return Some(host.wrapping_add(at as u64).wrapping_add_signed(field.into()));
    }
    Some(u64::from_le_bytes(*code.get(at..)?.first_chunk()?))
}
