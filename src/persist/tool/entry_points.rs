//! Where code of an ELF file may begin: its entry, its functions' symbols, and its unwind table.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::loader::Headers;

/// Types of sections and segments (gABI 4, 7).
const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
const STT_FUNC: u8 = 2;
const SYMBOL: usize = 24;
const SECTION: usize = 64;
/// The forms that `.eh_frame_hdr` has its table in (LSB, 10.6.2): count in four bytes, addresses relative to it.
const UDATA4: u8 = 0x03;
const TABLE: u8 = 0x3b;
/// No table is larger in earnest.
const MOST: u64 = 64 << 20;

fn read(file: &File, offset: u64, len: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len.min(MOST)).ok()?];
    file.read_exact_at(&mut bytes, offset).ok()?;
    Some(bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The addresses, as the file has them, in order.
pub fn of(file: &File, headers: &Headers) -> Vec<u64> {
    let mut found = vec![headers.header.e_entry];
    found.extend(symbols(file, headers).unwrap_or_default());
    found.extend(unwind_table(file).unwrap_or_default());
    found.sort_unstable();
    found.dedup();
    found
}

fn symbols(file: &File, headers: &Headers) -> Option<Vec<u64>> {
    let header = &headers.header;
    let sections = read(file, header.e_shoff, u64::from(header.e_shnum) * SECTION as u64)?;
    let mut found = Vec::new();
    for section in sections.chunks_exact(SECTION) {
        if !matches!(word(section, 4)?, SHT_SYMTAB | SHT_DYNSYM) {
            continue;
        }
        let Some(table) = read(file, long(section, 24)?, long(section, 32)?) else { continue };
        let functions =
            table.chunks_exact(SYMBOL).filter(|symbol| symbol[4] & 15 == STT_FUNC && symbol[6..8] != [0; 2]);
        found.extend(functions.filter_map(|symbol| long(symbol, 8)));
    }
    Some(found)
}

fn unwind_table(file: &File) -> Option<Vec<u64>> {
    let head = read(file, 0, 64)?;
    let (at, count) = (long(&head, 32)?, u16::from_le_bytes([head[56], head[57]]));
    let segments = read(file, at, u64::from(count) * 56)?;
    let segment = segments.chunks_exact(56).find(|segment| word(segment, 0) == Some(PT_GNU_EH_FRAME))?;
    let (offset, address, len) = (long(segment, 8)?, long(segment, 16)?, long(segment, 32)?);
    let table = read(file, offset, len)?;
    if table.get(..4).is_none_or(|head| head[2] != UDATA4 || head[3] != TABLE) {
        return None;
    }
    // Version and forms, the place of .eh_frame, the count; then pairs of addresses, sorted.
    let rows = table.get(12..)?.chunks_exact(8);
    Some(rows.filter_map(|row| Some(address.wrapping_add_signed(i64::from(word(row, 0)? as i32)))).collect())
}
