//! The form of a cache file; docs/cache.md has its picture.
//!
//! Everything is little-endian and at fixed places, so that a mapped file serves as it is: a search for a block is a
//! binary search in its records. Reading is checked at every step; a file that lies yields `None`.

use super::hash::checksum;

/// First word of each file. It changes with this form; the key covers all else.
const MAGIC: u64 = u64::from_le_bytes(*b"transom2");
/// Bytes of the header.
pub const HEADER: usize = 128;
/// Bytes of a record.
pub const RECORD: usize = 14;
/// So many records in a row say where their tables are from the first one's on, which an anchor of four bytes says.
pub const ANCHORED: usize = 16;
/// Bytes of an anchor.
const ANCHOR: usize = 4;
/// Code begins at a multiple of this in the file.
pub const CODE_ALIGN: usize = 64;

/// What identifies the file's content: what was translated, by what, for what.
pub type FileKey = [u64; 2];

/// The head of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// What it is for.
    pub key: FileKey,
    /// A number that a first file shares with those that continue it.
    pub generation: u64,
    /// 0 in a first file, and counted up in those that continue it.
    pub ordinal: u32,
    /// Where in the unit's region it is to be mapped.
    pub position: u32,
    /// Bytes of the file.
    pub len: u32,
    /// Number of records; they follow the header.
    pub count: u32,
    /// Bytes of tables, which follow the records.
    pub aux_len: u32,
    /// Where code begins.
    pub code: u32,
    /// Guest bytes that were translated.
    pub guest_bytes: u64,
    /// Checksum of all that follows the header.
    pub body: u64,
    /// Bytes of the label, which stands before the code.
    pub label_len: u32,
}

impl Header {
    /// Its bytes.
    pub fn encode(&self) -> [u8; HEADER] {
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let mut words = [0u64; HEADER / 8];
        words[..10].copy_from_slice(&[
            MAGIC,
            self.key[0],
            self.key[1],
            self.generation,
            pair(self.ordinal, self.position),
            pair(self.len, self.count),
            pair(self.aux_len, self.code),
            self.guest_bytes,
            self.body,
            self.label_len.into(),
        ]);
        let mut bytes = [0; HEADER];
        let (slots, _) = bytes.as_chunks_mut::<8>();
        slots.iter_mut().zip(words).for_each(|(slot, word)| *slot = word.to_le_bytes());
        let sum = checksum(&bytes[..HEADER - 8]);
        bytes[HEADER - 8..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads it, for a file of `len` bytes; `None` where it is damaged or of another form.
    pub fn decode(bytes: &[u8; HEADER], len: u64) -> Option<Header> {
        let (words, _) = bytes.as_chunks::<8>();
        let word = |n: usize| u64::from_le_bytes(words[n]);
        let (low, high) = (|n| word(n) as u32, |n| (word(n) >> 32) as u32);
        if word(0) != MAGIC || word(HEADER / 8 - 1) != checksum(&bytes[..HEADER - 8]) {
            return None;
        }
        let header = Header {
            key: [word(1), word(2)],
            generation: word(3),
            ordinal: low(4),
            position: high(4),
            len: low(5),
            count: high(5),
            aux_len: low(6),
            code: high(6),
            guest_bytes: word(7),
            body: word(8),
            label_len: low(9),
        };
        let tables = header.tables_end() + u64::from(header.label_len);
        let fits = u64::from(header.len) == len && tables <= u64::from(header.code) && header.code <= header.len;
        fits.then_some(header)
    }

    fn tables_end(&self) -> u64 {
        records_end(self.count as usize) as u64 + u64::from(self.aux_len)
    }

    /// What the file is said to be for, in its bytes.
    pub fn label<'a>(&self, file: &'a [u8]) -> Option<&'a [u8]> {
        file.get(self.tables_end() as usize..)?.get(..self.label_len as usize)
    }
}

/// Where the anchors of so many records end, which follow these.
pub fn records_end(count: usize) -> usize {
    HEADER + count * RECORD + count.div_ceil(ANCHORED) * ANCHOR
}

/// A block in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where its guest code begins, from the unit's beginning.
    pub guest: u32,
    /// Where its code begins in the file.
    pub code: u32,
    /// Where its tables begin, in the tables.
    pub aux: u32,
    /// Guest bytes.
    pub len: u16,
    /// The mode it is for.
    pub mode: u16,
}

impl Record {
    /// Its bytes; `None` if its tables are too far from their anchor.
    pub fn encode(&self, anchor: u32) -> Option<[u8; RECORD]> {
        let mut bytes = [0; RECORD];
        bytes[..4].copy_from_slice(&self.guest.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.code.to_le_bytes());
        bytes[8..10].copy_from_slice(&u16::try_from(self.aux.checked_sub(anchor)?).ok()?.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.len.to_le_bytes());
        bytes[12..].copy_from_slice(&self.mode.to_le_bytes());
        Some(bytes)
    }

    fn decode(bytes: &[u8; RECORD], anchor: u32) -> Record {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *bytes;
        Record {
            guest: u32::from_le_bytes([a, b, c, d]),
            code: u32::from_le_bytes([e, f, g, h]),
            aux: anchor.wrapping_add(u16::from_le_bytes([i, j]).into()),
            len: u16::from_le_bytes([k, l]),
            mode: u16::from_le_bytes([m, n]),
        }
    }

    /// Records ascend in this, and so does their code.
    pub fn order(&self) -> (u32, u16) {
        (self.guest, self.mode)
    }
}

/// The records and tables of a file: all that does not change while its code is in use.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    records: &'a [[u8; RECORD]],
    anchors: &'a [[u8; ANCHOR]],
    aux: &'a [u8],
    end: u32,
}

impl<'a> Tables<'a> {
    /// The tables in the beginning of a file, which reaches to its code at the least.
    pub fn new(header: &Header, bytes: &'a [u8]) -> Option<Tables<'a>> {
        let count = header.count as usize;
        let (records, anchors) = bytes.get(HEADER..records_end(count))?.split_at(count * RECORD);
        let aux = bytes.get(records_end(count)..)?.get(..header.aux_len as usize)?;
        Some(Tables { records: records.as_chunks().0, anchors: anchors.as_chunks().0, aux, end: header.len })
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Block number `n`.
    pub fn record(&self, n: usize) -> Option<Record> {
        let anchor = u32::from_le_bytes(*self.anchors.get(n / ANCHORED)?);
        Some(Record::decode(self.records.get(n)?, anchor))
    }

    /// Where the code of block number `n` ends; at the padding behind it.
    pub fn code_end(&self, n: usize) -> u32 {
        self.record(n + 1).map_or(self.end, |next| next.code)
    }

    /// The block that begins at a guest offset.
    pub fn find(&self, guest: u32, mode: u16) -> Option<Record> {
        let n = self.records.partition_point(|bytes| Record::decode(bytes, 0).order() < (guest, mode));
        self.record(n).filter(|record| record.order() == (guest, mode))
    }

    /// The block whose code holds an offset of the file.
    pub fn at(&self, code: u32) -> Option<Record> {
        let n = self.records.partition_point(|bytes| Record::decode(bytes, 0).code <= code);
        self.record(n.checked_sub(1)?).filter(|_| code < self.end)
    }

    /// The tables of a block.
    pub fn aux(&self, record: &Record) -> Option<Aux<'a>> {
        Aux::decode(self.aux.get(record.aux as usize..)?)
    }
}

/// A jump that can be linked: offsets in its block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Site {
    /// The rel32 field.
    pub field: u32,
    /// The exit it leads to while it is not linked.
    pub stub: u32,
    /// Whether it leads to code for another mode than the block's.
    pub switches: bool,
}

/// A block's tables.
#[derive(Clone, Copy, Debug)]
pub struct Aux<'a> {
    /// Its fault table.
    pub faults: &'a [u8],
    fixups: &'a [u8],
}

impl<'a> Aux<'a> {
    /// Appends the tables of a block. Offsets of distances ascend, and so do sites and their exits, whose first is behind
    /// the first site.
    pub fn encode(out: &mut Vec<u8>, faults: &[u8], distances: &[u32], sites: impl ExactSizeIterator<Item = Site>) {
        put(out, faults.len() as u32);
        out.extend_from_slice(faults);
        put(out, distances.len() as u32);
        let mut last = 0;
        for &offset in distances {
            put(out, offset - std::mem::replace(&mut last, offset));
        }
        put(out, sites.len() as u32);
        let (mut field, mut stub) = (0, None);
        for site in sites {
            put(out, site.field.wrapping_sub(std::mem::replace(&mut field, site.field)));
            let before = stub.replace(site.stub).unwrap_or(site.field);
            put(out, site.stub.wrapping_sub(before) << 1 | u32::from(site.switches));
        }
    }

    fn decode(mut bytes: &'a [u8]) -> Option<Aux<'a>> {
        let len = take(&mut bytes)? as usize;
        let (faults, fixups) = bytes.split_at_checked(len)?;
        Some(Aux { faults, fixups })
    }

    /// The offsets of fields that are distances, but those in the exits of its sites; and its sites.
    pub fn fixups(&self) -> Option<(Vec<u32>, Vec<Site>)> {
        let mut bytes = self.fixups;
        let mut last = 0u32;
        let mut distance = |bytes: &mut &[u8]| {
            last = last.wrapping_add(take(bytes)?);
            Some(last)
        };
        let count = take(&mut bytes)?;
        let distances = (0..count).map(|_| distance(&mut bytes)).collect::<Option<_>>()?;
        let (mut field, mut stub) = (0u32, None);
        let mut site = |bytes: &mut &[u8]| {
            field = field.wrapping_add(take(bytes)?);
            let exit = take(bytes)?;
            let at = stub.unwrap_or(field).wrapping_add(exit >> 1);
            stub = Some(at);
            Some(Site { field, stub: at, switches: exit & 1 != 0 })
        };
        let count = take(&mut bytes)?;
        let sites = (0..count).map(|_| site(&mut bytes)).collect::<Option<_>>()?;
        Some((distances, sites))
    }
}

/// Appends a number in LEB128.
fn put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..32).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_and_damage_is_seen() {
        let header =
            Header { key: [1, 2], generation: 3, len: 4096, count: 5, aux_len: 6, code: 256, ..Header::default() };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes, 4096), Some(header));
        assert_eq!(Header::decode(&bytes, 4095), None, "cut short");
        for bit in 0..HEADER * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&damaged, 4096), None, "bit {bit}");
        }
    }

    #[test]
    fn tables_of_blocks() {
        let sites = [Site { field: 8, stub: 300, switches: true }, Site { field: 700, stub: 720, switches: false }];
        let mut bytes = Vec::new();
        Aux::encode(&mut bytes, b"faults", &[4, 200, 1000], sites.into_iter());
        let aux = Aux::decode(&bytes).unwrap();
        assert_eq!(aux.faults, b"faults");
        assert_eq!(aux.fixups(), Some((vec![4, 200, 1000], sites.to_vec())));
        for len in 0..bytes.len() {
            assert!(Aux::decode(&bytes[..len]).and_then(|aux| aux.fixups()).is_none());
        }
    }
}
