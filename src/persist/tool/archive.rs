//! Tar archives of cache files: what a CI job or an image layer carries (POSIX.1-2024, pax, "ustar interchange format").

use std::io::{Read, Write};
use std::path::Path;

use super::files::{kept, sound};
use crate::persist::folder::Folder;

/// Bytes of a header, and what content is padded to.
const BLOCK: usize = 512;
/// Places of a header's fields.
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const SUM: std::ops::Range<usize> = 148..156;
const TYPE: usize = 156;
const MAGIC: std::ops::Range<usize> = 257..265;

fn header(name: &str, size: usize) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(NAME.start, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(SIZE.start, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(SUM.start, b"        ");
    put(TYPE, b"0");
    put(MAGIC.start, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    usize::from_str_radix(text, 8).ok()
}

/// The entries of an archive that are plain files.
fn entries(mut bytes: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut entries = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<BLOCK>() {
        if header.iter().all(|&byte| byte == 0) {
            break;
        }
        let size = octal(&header[SIZE])?;
        let content = rest.get(..size)?;
        bytes = rest.get(size.next_multiple_of(BLOCK)..)?;
        let name = header[NAME].split(|&byte| byte == 0).next()?;
        if matches!(header[TYPE], b'0' | 0) {
            let name = std::str::from_utf8(name).ok()?;
            entries.push((name.trim_start_matches("./").to_owned(), content));
        }
    }
    Some(entries)
}

/// Writes all whole files to an archive.
pub fn export(folder: &Path, archive: &Path) -> Result<String, String> {
    let files = kept(folder)?;
    let mut bytes = Vec::new();
    let mut count = 0;
    for file in files.iter().filter(|file| file.header.is_some()) {
        bytes.extend_from_slice(&header(&file.name, file.bytes.len()));
        bytes.extend_from_slice(&file.bytes);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        count += 1;
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    if archive == Path::new("-") {
        std::io::stdout().write_all(&bytes).map_err(|error| error.to_string())?;
        return Ok(String::new());
    }
    std::fs::write(archive, bytes).map_err(|error| format!("{}: {error}", archive.display()))?;
    Ok(format!("{count} files written\n"))
}

/// Takes in the whole files of an archive. What is there already stays.
pub fn import(path: &Path, archive: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", archive.display());
    let mut bytes = Vec::new();
    match archive == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut bytes).map_err(failed)?,
        false => std::fs::File::open(archive).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(failed)?,
    };
    let entries = entries(&bytes).ok_or_else(|| format!("{} is no tar archive, or cut short", archive.display()))?;
    let hidden = syscalls::HiddenFds::begin();
    let folder = Folder::open(path, true, &hidden)
        .ok_or_else(|| format!("{}: can't be written, or others may write to it", path.display()))?;
    let (mut new, mut known, mut refused) = (0, 0, 0);
    for (name, content) in entries {
        match sound(&name, content).map(|_| folder.write(&name, content, false)) {
            Some(Ok(())) => new += 1,
            Some(Err(memory::Errno::EEXIST)) => known += 1,
            Some(Err(error)) => return Err(format!("{}: {error}", path.join(name).display())),
            None => refused += 1,
        }
    }
    Ok(format!("{new} files taken in, {known} known before, {refused} refused\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_read_as_written() {
        let mut bytes = header("name", 5).to_vec();
        bytes.extend_from_slice(b"hello");
        bytes.resize(BLOCK * 2, 0);
        bytes.resize(BLOCK * 4, 0);
        assert_eq!(entries(&bytes), Some(vec![("name".to_owned(), &b"hello"[..])]));
        assert_eq!(entries(&bytes[..BLOCK + 3]), None);
    }
}
