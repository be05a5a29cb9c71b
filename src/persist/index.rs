//! What is known of files by their stamps, so that a warm start reads no content: the hash of a guest file's code, and
//! that a cache file's checksum was found right.
//!
//! One file of rows that are read and written alone, without a lock: a row that is torn, damaged or another's does
//! not have the sum that it says, and counts for nothing.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;

use memory::space::FileStamp;
use syscalls::HiddenFd;

use super::hash::{Hasher, checksum};

/// Words of a row.
const WORDS: usize = 12;
const ROW: usize = WORDS * 8;
/// Rows; a file's place is a hash of its identity, or one of the few behind that.
const ROWS: u64 = 16 << 10;
const PROBES: usize = 4;
/// A file that was changed as shortly before as this may change again without a new stamp: stamps come from a clock that
/// ticks every few milliseconds.
const SETTLED: i64 = 100_000_000;

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject {
    /// Device and inode.
    pub file: (u64, u64),
    /// What part of it: offset and length, or zeros for the whole.
    pub part: (u64, u64),
}

/// The index, opened.
#[derive(Debug)]
pub struct Index(pub HiddenFd);

fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_nanos() as i64)
}

impl Subject {
    fn words(&self) -> [u64; 4] {
        [self.file.0, self.file.1, self.part.0, self.part.1]
    }

    fn position(&self) -> u64 {
        let mut hasher = Hasher::new(1);
        hasher.add_words(&self.words());
        hasher.finish()[0] % (ROWS - PROBES as u64) * ROW as u64
    }
}

fn stamp_words(stamp: &FileStamp) -> [u64; 3] {
    [stamp.size, stamp.modified as u64, stamp.changed as u64]
}

/// The words of a row, if it is whole.
fn decode(bytes: &[u8; ROW]) -> Option<[u64; WORDS]> {
    let (words, _) = bytes.as_chunks::<8>();
    let mut row = [0; WORDS];
    row.iter_mut().zip(words).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
    (row[WORDS - 1] == checksum(&bytes[..ROW - 8])).then_some(row)
}

impl Index {
    fn with<R>(&self, act: impl FnOnce(&File) -> std::io::Result<R>) -> Option<R> {
        // SAFETY: the descriptor is open as long as this process is, and is not closed here.
        self.0.with(|fd| act(&ManuallyDrop::new(unsafe { File::from_raw_fd(fd) }))).ok()
    }

    fn read(&self, rows: &mut [u8], position: u64) -> Option<()> {
        self.with(|file| file.read_exact_at(rows, position))
    }

    /// What was noted of a file while it had this stamp.
    pub fn get(&self, subject: &Subject, stamp: &FileStamp) -> Option<[u64; 2]> {
        let mut rows = [0; ROW * PROBES];
        self.read(&mut rows, subject.position())?;
        let (rows, _) = rows.as_chunks::<ROW>();
        let row = rows.iter().filter_map(decode).find(|row| row[..4] == subject.words())?;
        let settled = row[9] as i64 - stamp.modified.max(stamp.changed) > SETTLED;
        (row[4..7] == stamp_words(stamp) && settled).then_some([row[7], row[8]])
    }

    /// What was noted of a file last, whatever its stamp was.
    pub fn noted(&self, subject: &Subject) -> Option<[u64; 2]> {
        let mut rows = [0; ROW * PROBES];
        self.read(&mut rows, subject.position())?;
        let (rows, _) = rows.as_chunks::<ROW>();
        rows.iter().filter_map(decode).find(|row| row[..4] == subject.words()).map(|row| [row[7], row[8]])
    }

    /// Notes something of a file with this stamp. A row that can't be written is no loss but of time.
    pub fn set(&self, subject: &Subject, stamp: &FileStamp, value: [u64; 2]) {
        if super::folder::exceeds_limit(Index::size()) {
            return;
        }
        let mut rows = [0; ROW * PROBES];
        let position = subject.position();
        // The file may be shorter: what is missing is empty.
        self.with(|file| file.read_at(&mut rows, position));
        let (rows, _) = rows.as_chunks::<ROW>();
        let known: Vec<Option<[u64; WORDS]>> = rows.iter().map(decode).collect();
        let own = known.iter().position(|row| row.is_some_and(|row| row[..4] == subject.words()));
        let free = || known.iter().position(Option::is_none);
        let oldest = || (0..PROBES).min_by_key(|&n| known[n].map_or(0, |row| row[9]));
        let Some(place) = own.or_else(free).or_else(oldest) else { return };
        let mut row = [0; WORDS];
        row[..4].copy_from_slice(&subject.words());
        row[4..7].copy_from_slice(&stamp_words(stamp));
        row[7..10].copy_from_slice(&[value[0], value[1], now() as u64]);
        let mut bytes: Vec<u8> = row.iter().flat_map(|word| word.to_le_bytes()).collect();
        let sum = checksum(&bytes[..ROW - 8]);
        bytes[ROW - 8..].copy_from_slice(&sum.to_le_bytes());
        self.with(|file| file.write_all_at(&bytes, position + (place * ROW) as u64));
    }

    /// Bytes of an index that is full.
    pub fn size() -> u64 {
        ROWS * ROW as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn rows_are_found_by_stamp_and_damage_is_no_row() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(Index::size()).unwrap();
        let index = Index(HiddenFd::Fixed(file.as_raw_fd()));
        let subject = Subject { file: (1, 2), part: (3, 4) };
        let old = FileStamp { size: 9, modified: 5, changed: 6 };
        index.set(&subject, &old, [7, 8]);
        assert_eq!(index.get(&subject, &old), Some([7, 8]));
        assert_eq!(index.get(&Subject { part: (0, 0), ..subject }, &old), None);
        assert_eq!(index.get(&subject, &FileStamp { changed: 7, ..old }), None);
        let fresh = FileStamp { changed: now(), ..old };
        index.set(&subject, &fresh, [7, 9]);
        assert_eq!(index.get(&subject, &fresh), None, "it may still change under the same stamp");
        index.set(&subject, &old, [1, 1]);
        file.write_all_at(b"x", subject.position() + 60).unwrap();
        assert_eq!(index.get(&subject, &old), None);
    }
}
