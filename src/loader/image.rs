//! Mapping an ELF file's segments into the guest's address space.

use std::fs::File;
use std::os::fd::AsRawFd;

use goblin::elf64::program_header::{PF_R, PF_W, PF_X, ProgramHeader};
use memory::space::MapRequest;
use memory::{AddressSpace, Errno, GuestAddr, PAGE_SIZE, Prot, Range};

use super::header::{Headers, biased};

/// A loaded ELF file.
#[derive(Clone, Copy, Debug)]
pub struct Image {
    /// What was added to its addresses.
    pub bias: u64,
    /// Its entry point.
    pub entry: GuestAddr,
    /// First address behind its last segment.
    pub end: GuestAddr,
    /// Where its program headers are, 0 if not loaded.
    pub phdr: GuestAddr,
    /// How many there are.
    pub phnum: u64,
}

/// Maps all segments of `file`, position-independent ones at `place`, the others where they say.
pub fn map(space: &AddressSpace, file: &File, headers: &Headers, place: GuestAddr) -> Result<Image, Errno> {
    let span = headers.span();
    let bias = match headers.is_relocatable() {
        true => place.align_up(headers.alignment()).ok_or(Errno::ENOMEM)?.since(span.start),
        false => 0,
    };
    for segment in headers.loads() {
        map_segment(space, file, segment, bias)?;
    }
    let phdr = headers.phdr_address();
    Ok(Image {
        bias,
        entry: biased(bias, headers.header.e_entry),
        end: biased(bias, span.end.0),
        phdr: if phdr == 0 { GuestAddr::NULL } else { biased(bias, phdr) },
        phnum: u64::from(headers.header.e_phnum),
    })
}

fn protection(segment: &ProgramHeader) -> Prot {
    let mut prot = Prot::empty();
    prot.set(Prot::READ, segment.p_flags & PF_R != 0);
    prot.set(Prot::WRITE, segment.p_flags & PF_W != 0);
    prot.set(Prot::EXEC, segment.p_flags & PF_X != 0);
    prot
}

/// Maps one segment: the file's pages, then zeros (fs/binfmt_elf.c, elf_load).
fn map_segment(space: &AddressSpace, file: &File, segment: &ProgramHeader, bias: u64) -> Result<(), Errno> {
    let prot = protection(segment);
    let start = biased(bias, segment.p_vaddr);
    let file_end = start.checked_add(segment.p_filesz).ok_or(Errno::ENOMEM)?;
    let end = start.checked_add(segment.p_memsz).and_then(|end| end.align_up(PAGE_SIZE)).ok_or(Errno::ENOMEM)?;
    let mut zeros = Range { start: start.page(), end };
    if segment.p_filesz != 0 {
        let within = start.since(start.page());
        let request = MapRequest {
            addr: start.page(),
            len: segment.p_filesz + within,
            prot,
            flags: libc::MAP_PRIVATE | libc::MAP_FIXED,
            fd: file.as_raw_fd(),
            offset: segment.p_offset - within,
        };
        let _nothing_translated_yet = space.mmap(request)?;
        zeros.start = file_end.align_up(PAGE_SIZE).ok_or(Errno::ENOMEM)?;
        if segment.p_memsz > segment.p_filesz && prot.contains(Prot::WRITE) {
            clear(file_end, zeros.start)?;
        }
    }
    if !zeros.is_empty() {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        let _nothing_translated_yet =
            space.mmap(MapRequest { addr: zeros.start, len: zeros.len(), prot, flags, fd: -1, offset: 0 })?;
    }
    Ok(())
}

/// Zeroes the rest of the page that the file's bytes end in. Where the file is shorter than its
/// headers say, that page is not there: EFAULT.
fn clear(from: GuestAddr, to: GuestAddr) -> Result<(), Errno> {
    const ZEROS: [u8; PAGE_SIZE as usize] = [0; PAGE_SIZE as usize];
    memory::write_bytes(from, &ZEROS[..to.since(from) as usize]).map_err(Errno::from)
}
