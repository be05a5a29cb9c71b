//! The core file: an ELF file of the guest's machine, named as the kernel would name it (core(5)).

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use memory::space::{Backing, ObjectId, Region, RegionFlags};
use memory::{PAGE_SIZE, Prot, copy};
use nix::sys::resource::{Resource, getrlimit};
use syscalls::Signal;

use super::{notes, others};
use crate::maps::Maps;
use crate::signals::Info;
use crate::vcpu::Vcpu;

const HEADER: u64 = 64;
const PROGRAM_HEADER: u64 = 56;
const ET_CORE: u16 = 4;
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
/// Program headers that can be counted in the header (PN_XNUM); mappings beyond are left out.
const MAX_HEADERS: usize = 0xfffe;

/// Where a core file is to go, and how large it may get.
pub struct Wanted {
    pattern: String,
    limit: u64,
}

/// What the process' limit and the kernel's pattern say. A pattern that names a program to pipe to, or a socket, gets
/// nothing: the kernel alone can start that, and vouch there for whose core it is.
pub fn wanted() -> Option<Wanted> {
    let (limit, _) = getrlimit(Resource::RLIMIT_CORE).ok().filter(|&(soft, _)| soft != 0)?;
    // SAFETY: the command touches no memory.
    if unsafe { libc::prctl(libc::PR_GET_DUMPABLE) } != 1 {
        return None;
    }
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").ok()?.trim_end().to_owned();
    (!pattern.is_empty() && !pattern.starts_with(['|', '@'])).then_some(Wanted { pattern, limit })
}

/// The pattern with its % signs replaced.
fn path(vcpu: &Vcpu, signal: Signal, pattern: &str) -> PathBuf {
    let pid = std::process::id();
    let exe = vcpu.process.image.exe.to_string_lossy().into_owned();
    let (mut out, mut has_pid) = (String::new(), false);
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('p' | 'P') => {
                has_pid = true;
                out += &pid.to_string();
            }
            Some('i' | 'I') => out += &vcpu.thread.tid.to_string(),
            Some('s') => out += &signal.number().to_string(),
            Some('e' | 'f') => out += exe.rsplit('/').next().unwrap_or(""),
            Some('E') => out += &exe.replace('/', "!"),
            Some('u') => out += &nix::unistd::getuid().to_string(),
            Some('g') => out += &nix::unistd::getgid().to_string(),
            Some('h') => out += &nix::unistd::gethostname().unwrap_or_default().to_string_lossy(),
            Some('t') => out += &std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs().to_string(),
            Some('%') => out.push('%'),
            _ => {}
        }
    }
    let uses_pid = std::fs::read("/proc/sys/kernel/core_uses_pid").is_ok_and(|text| text.first() == Some(&b'1'));
    if uses_pid && !has_pid {
        out += &format!(".{pid}");
    }
    out.into()
}

/// Writes the file.
pub fn write(vcpu: &Vcpu, signal: Signal, info: &Info, maps: &Maps, wanted: &Wanted) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
    let file = options.open(path(vcpu, signal, &wanted.pattern))?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("the core pattern leads to what is no file"));
    }
    let others = others::stop(vcpu);
    let mut regions = vcpu.process.space.regions();
    regions.truncate(MAX_HEADERS - 1);
    let notes = notes::all(vcpu, signal, info, maps, &others);
    let mut out = Limited { file, left: wanted.limit };
    let head = head(vcpu, &regions, notes.len() as u64);
    let padding = (head.len() + notes.len()).next_multiple_of(PAGE_SIZE as usize) - notes.len() - head.len();
    out.write(&head)?;
    out.write(&notes)?;
    out.write(&vec![0; padding])?;
    regions.iter().try_for_each(|region| out.copy(region))?;
    // Pages left out at the end are a part of it.
    let end = out.file.stream_position()?;
    out.file.set_len(end)
}

/// File header and program headers.
fn head(vcpu: &Vcpu, regions: &[Region], notes: u64) -> Vec<u8> {
    let count = regions.len() as u64 + 1;
    let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend(ET_CORE.to_le_bytes());
    out.extend(vcpu.machine.engine.target.elf_machine().to_le_bytes());
    out.extend(1u32.to_le_bytes());
    for value in [0, HEADER, 0] {
        out.extend(value.to_le_bytes());
    }
    out.extend(0u32.to_le_bytes());
    for value in [HEADER as u16, PROGRAM_HEADER as u16, count as u16, 0, 0, 0] {
        out.extend(value.to_le_bytes());
    }
    let at = HEADER + PROGRAM_HEADER * count;
    program_header(&mut out, (PT_NOTE, 0), at, 0, (notes, 0), 4);
    let mut at = (at + notes).next_multiple_of(PAGE_SIZE);
    for region in regions {
        // PF_X is 1, PF_W 2, PF_R 4.
        let flag = |prot, bit| if region.prot.contains(prot) { bit } else { 0 };
        let flags = flag(Prot::EXEC, 1) | flag(Prot::WRITE, 2) | flag(Prot::READ, 4);
        let size = dumped(region);
        program_header(&mut out, (PT_LOAD, flags), at, region.range.start.0, (size, region.range.len()), PAGE_SIZE);
        at += size;
    }
    out
}

fn program_header(out: &mut Vec<u8>, (kind, flags): (u32, u32), at: u64, addr: u64, sizes: (u64, u64), align: u64) {
    out.extend(kind.to_le_bytes());
    out.extend(flags.to_le_bytes());
    for value in [at, addr, 0, sizes.0, sizes.1, align] {
        out.extend(value.to_le_bytes());
    }
}

/// How much of a mapping is written: of code and shared files, which can be had from the file, the page that tells which
/// file it is (the kernel's choice, coredump_filter).
fn dumped(region: &Region) -> u64 {
    let shared = region.flags.contains(RegionFlags::SHARED);
    match region.backing {
        _ if region.prot.is_empty() => 0,
        Backing::Object { id: ObjectId::File { .. }, .. } if shared => 0,
        Backing::Object { id: ObjectId::File { .. }, offset } if !region.prot.contains(Prot::WRITE) => {
            if region.prot.contains(Prot::EXEC) && offset != 0 { PAGE_SIZE } else { region.range.len() }
        }
        _ => region.range.len(),
    }
}

/// A file that may grow to a limit; the rest is lost.
struct Limited {
    file: File,
    left: u64,
}

impl Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bytes = &bytes[..(bytes.len() as u64).min(self.left) as usize];
        self.left -= bytes.len() as u64;
        self.file.write_all(bytes)
    }

    /// Writes what is mapped in `region`. Pages that are all zeros, or can't be read, are left out of the file.
    fn copy(&mut self, region: &Region) -> io::Result<()> {
        let mut page = [0; PAGE_SIZE as usize];
        let start = region.range.start;
        for at in (0..dumped(region)).step_by(page.len()) {
            let got = copy::read_some(start.offset(at), &mut page);
            if page[..got].iter().any(|&byte| byte != 0) {
                page[got..].fill(0);
                self.write(&page)?;
            } else if self.left >= PAGE_SIZE {
                self.left -= PAGE_SIZE;
                self.file.seek(io::SeekFrom::Current(PAGE_SIZE as i64))?;
            }
        }
        Ok(())
    }
}
