//! Names of functions, from the symbol tables of the files that are mapped (ELF specification, chapter 4).

use std::collections::HashMap;
use std::path::Path;

use crate::maps::Line;

const PT_LOAD: u64 = 1;
const SHT_SYMTAB: u64 = 2;
const SHT_DYNSYM: u64 = 11;
const STT_FUNC: u64 = 2;
/// Functions that may begin between an address and the beginning of the one it is in: those that lie within others.
const NESTED: usize = 16;

/// The files read so far, by path.
#[derive(Default)]
pub struct Symbols(HashMap<String, File>);

/// What is known of a file.
#[derive(Default)]
struct File {
    segments: Vec<Segment>,
    /// By their beginning.
    functions: Vec<Function>,
}

/// Bytes of the file, and the address that the first is linked at.
struct Segment {
    offset: u64,
    size: u64,
    addr: u64,
}

struct Function {
    start: u64,
    size: u64,
    name: String,
}

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
        let offset = line.offset + (addr - line.range.start.0);
        match self.function(&line.name, offset) {
            Some((name, into)) => format!("{name}+{into:#x} in {}", line.name),
            None => format!("{}+{offset:#x}", line.name),
        }
    }

    /// The function that the byte at `offset` of a file belongs to, and the distance from its beginning.
    pub fn function(&mut self, path: &str, offset: u64) -> Option<(&str, u64)> {
        let read = || File::of(&std::fs::read(Path::new(path)).unwrap_or_default());
        let file = match self.0.contains_key(path) {
            true => self.0.get(path)?,
            false => self.0.entry(path.to_owned()).or_insert_with(read),
        };
        file.function(file.addr(offset)?)
    }
}

impl File {
    /// What the bytes of a file tell; nothing where they are no ELF file.
    fn of(image: &[u8]) -> File {
        let mut file = File { segments: segments(image), functions: functions(image) };
        // Of several names for one place the first is kept that says how far it goes.
        file.functions.sort_by_key(|function| (function.start, function.size == 0));
        file.functions.dedup_by_key(|function| function.start);
        file
    }

    /// The address that the byte at `offset` is linked at.
    fn addr(&self, offset: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let into = offset.checked_sub(segment.offset).filter(|&into| into < segment.size)?;
            Some(segment.addr.wrapping_add(into))
        })
    }

    fn function(&self, addr: u64) -> Option<(&str, u64)> {
        let until = self.functions.partition_point(|function| function.start <= addr);
        let before = self.functions[..until].iter().rev().take(NESTED);
        let found = before.into_iter().find(|function| addr - function.start < function.size.max(1))?;
        Some((&found.name, addr - found.start))
    }
}

fn segments(image: &[u8]) -> Vec<Segment> {
    let headers = entries(image, number(image, 0x20, 8), number(image, 0x38, 2), number(image, 0x36, 2));
    let loaded = headers.into_iter().filter(|&header| number(image, header, 4) == PT_LOAD);
    let field = |header: u64, at: u64| number(image, header + at, 8);
    loaded
        .map(|header| Segment { offset: field(header, 8), addr: field(header, 16), size: field(header, 32) })
        .collect()
}

/// The functions of all symbol tables.
fn functions(image: &[u8]) -> Vec<Function> {
    let sections = || entries(image, number(image, 0x28, 8), number(image, 0x3c, 2), number(image, 0x3a, 2));
    let mut functions = Vec::new();
    for kind in [SHT_SYMTAB, SHT_DYNSYM] {
        let Some(table) = sections().find(|&section| number(image, section + 4, 4) == kind) else { continue };
        let Some(strings) = sections().nth(number(image, table + 40, 4) as usize) else { continue };
        let strings = number(image, strings + 24, 8);
        let symbols = entries(image, number(image, table + 24, 8), number(image, table + 32, 8) / 24, 24);
        functions.extend(symbols.filter_map(|symbol| function(image, symbol, strings)));
    }
    functions
}

/// A symbol, if it is a function that is defined here.
fn function(image: &[u8], symbol: u64, strings: u64) -> Option<Function> {
    let (start, size) = (number(image, symbol + 8, 8), number(image, symbol + 16, 8));
    if number(image, symbol + 4, 1) & 15 != STT_FUNC || number(image, symbol + 6, 2) == 0 {
        return None;
    }
    let name = image.get(usize::try_from(strings.checked_add(number(image, symbol, 4))?).ok()?..)?;
    let name = name.split(|&byte| byte == 0).next()?;
    Some(Function { start, size, name: String::from_utf8_lossy(name).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_its_size_or_one_place() {
        let function = |start, size, name: &str| Function { start, size, name: name.into() };
        let file = File {
            segments: vec![Segment { offset: 0x1000, size: 0x100, addr: 0x40_1000 }],
            functions: vec![
                function(0x40_1000, 0x80, "outer"),
                function(0x40_1010, 8, "inner"),
                function(0x40_1090, 0, "label"),
            ],
        };
        let name = |offset| file.function(file.addr(offset)?);
        assert_eq!(name(0x1004), Some(("outer", 4)));
        assert_eq!(name(0x1017), Some(("inner", 7)));
        assert_eq!(name(0x1018), Some(("outer", 0x18)));
        assert_eq!((name(0x1090), name(0x1091), name(0x1080), name(0xfff)), (Some(("label", 0)), None, None, None));
    }

    #[test]
    fn a_damaged_file_has_no_functions() {
        let own = std::fs::read("/proc/self/exe").expect("a program");
        assert!(File::of(&own).functions.iter().any(|function| function.name == "main"));
        for len in [0, 16, 64, 4096] {
            assert!(File::of(&own[..len]).functions.is_empty(), "{len}");
        }
    }
}
