//! The dump that `perf inject --jit` reads: `jit-PID.dump` in the folder that the program was started in. Its form is that of
//! tools/perf/Documentation/jitdump-specification.txt in Linux' sources, version 1.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::path::{Path, PathBuf};

use memory::Errno;
use syscalls::HiddenFds;

use super::Emitted;

const MAGIC: u32 = 0x4a69_5444;
const VERSION: u32 = 1;
const HEADER: u32 = 40;
const EM_X86_64: u32 = 62;
/// JIT_CODE_LOAD, and the bytes of its fields before the name.
const LOAD: u32 = 0;
const LOAD_HEADER: usize = 56;

/// Where the dump of this process goes.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(format!("jit-{}.dump", std::process::id()))
}

/// The dump.
pub struct Dump {
    file: File,
    /// The number of the next code. perf names files after it, so that what follows on another program's code has others.
    next: u64,
}

impl Dump {
    /// Opens it, and has perf notice it.
    pub fn open(path: &Path, hidden: &HiddenFds, goes_on: bool) -> Result<Dump, Errno> {
        let file = super::create(path, goes_on)?;
        let len = file.metadata().map_or(0, |metadata| metadata.len());
        let fd = hidden.adopt(file.into_raw_fd())?;
        // SAFETY: the descriptor is this file's alone.
        let file = unsafe { File::from_raw_fd(fd) };
        if len == 0 {
            super::put(&file, &header());
        }
        mark(&file)?;
        Ok(Dump { file, next: len })
    }

    /// Writes a piece of code.
    pub fn add(&mut self, emitted: &Emitted<'_>) {
        super::put(&self.file, &load(emitted, self.next, now()));
        self.next += 1;
    }
}

/// perf records mappings of code: by this one, of the file's first page, it learns of the file.
fn mark(file: &File) -> Result<(), Errno> {
    let prot = libc::PROT_READ | libc::PROT_EXEC;
    let args = [0, memory::PAGE_SIZE, prot as u64, libc::MAP_PRIVATE as u64, file.as_raw_fd() as u64, 0];
    // SAFETY: a new mapping at a place of the kernel's choice, which stays for the life of the process.
    unsafe { memory::sys::syscall(libc::SYS_mmap as u64, args) }.map(|_| ())
}

/// The clock of `perf record -k mono`, in nanoseconds.
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills the struct in; it has this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn words<const N: usize>(words: [u32; N]) -> impl Iterator<Item = u8> {
    words.into_iter().flat_map(u32::to_le_bytes)
}

fn longs<const N: usize>(longs: [u64; N]) -> impl Iterator<Item = u8> {
    longs.into_iter().flat_map(u64::to_le_bytes)
}

/// `struct jitheader`.
fn header() -> Vec<u8> {
    const FLAGS: u64 = 0;
    let start = words([MAGIC, VERSION, HEADER, EM_X86_64, 0, std::process::id()]);
    start.chain(longs([now(), FLAGS])).collect()
}

/// `struct jr_code_load`, with the name and the code behind it.
fn load(emitted: &Emitted<'_>, index: u64, time: u64) -> Vec<u8> {
    let name = emitted.name.replace('\0', "?");
    let size = emitted.bytes.len() as u64;
    let total = LOAD_HEADER + name.len() + 1 + emitted.bytes.len();
    // SAFETY: the call has no arguments.
    let thread = unsafe { libc::gettid() } as u32;
    let mut record: Vec<u8> = words([LOAD, total as u32]).chain(longs([time])).collect();
    record.extend(words([std::process::id(), thread]));
    record.extend(longs([emitted.addr, emitted.addr, size, index]));
    record.extend(name.bytes().chain([0]));
    record.extend_from_slice(emitted.bytes);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_as_long_as_they_say() {
        assert_eq!(header().len(), HEADER as usize);
        let record = load(&Emitted { addr: 0x1000, bytes: &[0x90, 0xc3], name: "spin" }, 7, 9);
        assert_eq!(record.len(), LOAD_HEADER + 5 + 2);
        assert_eq!(record[4..8], (record.len() as u32).to_le_bytes());
        assert_eq!(record[48..56], 7u64.to_le_bytes());
        assert_eq!(&record[56..], b"spin\0\x90\xc3");
    }
}
