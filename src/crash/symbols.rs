//! Names of functions, from the symbol tables of the files that are mapped (ELF specification, chapter 4).

use std::collections::HashMap;

use super::maps::Line;

const PT_LOAD: u64 = 1;
const SHT_SYMTAB: u64 = 2;
const SHT_DYNSYM: u64 = 11;
const STT_FUNC: u64 = 2;

/// The files read so far, by path.
#[derive(Default)]
pub struct Symbols(HashMap<String, Vec<u8>>);

/// A little-endian number of `size` bytes; 0 beyond the end, which no table begins at.
fn number(image: &[u8], at: u64, size: usize) -> u64 {
    let bytes = usize::try_from(at).ok().and_then(|at| image.get(at..at.checked_add(size)?));
    bytes.unwrap_or_default().iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// The entries of a table in the file: `count` of `size` bytes from `start` on, as far as there are.
fn entries(image: &[u8], start: u64, count: u64, size: u64) -> impl Iterator<Item = u64> + '_ {
    let room = (image.len() as u64).saturating_sub(start) / size.max(1);
    (0..count.min(room)).map(move |index| start + index * size)
}

impl Symbols {
    /// Where an address in a mapping is: file, function and the distance from its beginning.
    pub fn describe(&mut self, line: &Line, addr: u64) -> String {
        if !line.is_file() {
            return line.name.clone();
        }
        let image = self.0.entry(line.name.clone()).or_insert_with(|| std::fs::read(&line.name).unwrap_or_default());
        let offset = line.offset + (addr - line.range.start.0);
        match virtual_address(image, offset).and_then(|addr| Some((addr, function(image, addr)?))) {
            Some((addr, (name, start))) => format!("{name}+{:#x} in {}", addr - start, line.name),
            None => format!("{}+{offset:#x}", line.name),
        }
    }
}

/// The address that the file's byte at `offset` is linked at.
fn virtual_address(image: &[u8], offset: u64) -> Option<u64> {
    let headers = entries(image, number(image, 0x20, 8), number(image, 0x38, 2), number(image, 0x36, 2));
    headers.into_iter().find_map(|header| {
        let (start, size) = (number(image, header + 8, 8), number(image, header + 32, 8));
        let within = number(image, header, 4) == PT_LOAD && offset.checked_sub(start).is_some_and(|into| into < size);
        within.then(|| number(image, header + 16, 8).wrapping_add(offset - start))
    })
}

/// The function that holds an address, and its beginning.
fn function(image: &[u8], addr: u64) -> Option<(String, u64)> {
    let sections = || entries(image, number(image, 0x28, 8), number(image, 0x3c, 2), number(image, 0x3a, 2));
    [SHT_SYMTAB, SHT_DYNSYM].into_iter().find_map(|kind| {
        let table = sections().find(|&section| number(image, section + 4, 4) == kind)?;
        let strings = sections().nth(number(image, table + 40, 4) as usize)?;
        let strings = number(image, strings + 24, 8);
        let count = number(image, table + 32, 8) / 24;
        let symbol = entries(image, number(image, table + 24, 8), count, 24).find(|&symbol| {
            let (start, size) = (number(image, symbol + 8, 8), number(image, symbol + 16, 8));
            number(image, symbol + 4, 1) & 15 == STT_FUNC
                && addr.checked_sub(start).is_some_and(|into| into < size.max(1))
        })?;
        let name = image.get(usize::try_from(strings.checked_add(number(image, symbol, 4))?).ok()?..)?;
        let name = name.split(|&byte| byte == 0).next()?;
        Some((String::from_utf8_lossy(name).into_owned(), number(image, symbol + 8, 8)))
    })
}
