//! The ELF header and program headers, checked. Every field may be hostile.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;

use goblin::elf64::header::{EI_CLASS, EI_DATA, ELFCLASS64, ELFDATA2LSB, ELFMAG, EM_X86_64, ET_DYN, ET_EXEC, Header};
use goblin::elf64::program_header::{PF_W, PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD, ProgramHeader};
use memory::{GuestAddr, PAGE_SIZE, Range, space::place::USER_END};

use crate::guest;

/// Longest name of an interpreter, its zero included (PATH_MAX).
const PATH_MAX: u64 = 4096;
/// More program headers than a page holds are refused, as the kernel does (fs/binfmt_elf.c, load_elf_phdrs, takes 64 K).
const MAX_SEGMENTS: u16 = 1170;

/// What is wrong with an ELF file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// The file ends within what it says it has.
    Truncated,
    /// No ELF file at all.
    NotElf,
    /// 32 bits.
    Class,
    /// Big-endian.
    Endian,
    /// Neither a program nor position-independent.
    Type(u16),
    /// For another machine than was asked for.
    Machine(u16),
    /// For the guest that was not asked for.
    OtherGuest(u16),
    /// The program headers are not where or what they should be.
    ProgramHeaders,
    /// A segment's addresses, sizes or offset make no sense.
    Segment(usize),
    /// Nothing to load.
    NoSegments,
    /// The interpreter's name is too long, empty or has no end.
    Interpreter,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Truncated => f.write_str("the file is cut short; copy or build it again"),
            Malformed::NotElf => f.write_str("neither an ELF program nor a script that begins with #!"),
            Malformed::Class => f.write_str("a 32-bit program; transom runs 64-bit AArch64 and RISC-V"),
            Malformed::Endian => f.write_str("a big-endian program; transom runs little-endian AArch64 and RISC-V"),
            Malformed::Type(kind) => write!(f, "no program (ELF type {kind}); link it first"),
            Malformed::Machine(EM_X86_64) => {
                f.write_str("a program for x86-64, as this machine is; run it without transom")
            }
            Malformed::Machine(machine) => {
                write!(f, "a program for ELF machine {machine}; transom runs AArch64 (183) and RISC-V (243)")
            }
            Malformed::OtherGuest(machine) => {
                let (title, name) = guest::architecture(*machine).map_or(("another", ""), |it| (it.title, it.name));
                write!(f, "a program for {title}; run it by transom-{name} or transom")
            }
            Malformed::ProgramHeaders => f.write_str("damaged: its program headers are out of place"),
            Malformed::Segment(n) => write!(f, "damaged: program header {n} has an impossible address, size or offset"),
            Malformed::NoSegments => f.write_str("damaged: nothing in it is to be loaded"),
            Malformed::Interpreter => f.write_str("damaged: the name of its interpreter is malformed"),
        }
    }
}

/// The headers of an ELF file that passed every check that needs no mapping.
pub struct Headers {
    /// The file header.
    pub header: Header,
    /// The program headers, all kinds.
    pub segments: Vec<ProgramHeader>,
    /// The interpreter that PT_INTERP names.
    pub interpreter: Option<Vec<u8>>,
}

/// An ELF header's bytes, aligned as goblin wants them.
#[repr(C, align(8))]
struct Raw([u8; 64]);

impl Headers {
    /// Reads and checks the headers of `file`.
    pub fn read(file: &File) -> Result<Headers, Malformed> {
        let mut raw = Raw([0; 64]);
        let got = read_some(file, &mut raw.0, 0);
        let header = check_ident(&raw.0[..got]).and_then(|()| check_header(*Header::from_bytes(&raw.0)))?;
        let mut bytes = vec![0; header.e_phnum as usize * size_of::<ProgramHeader>()];
        if read_some(file, &mut bytes, header.e_phoff) != bytes.len() {
            return Err(Malformed::Truncated);
        }
        let segments = ProgramHeader::from_bytes(&bytes, header.e_phnum as usize);
        check_segments(&segments)?;
        let interpreter = match segments.iter().find(|segment| segment.p_type == PT_INTERP) {
            Some(segment) => Some(read_interpreter(file, segment)?),
            None => None,
        };
        Ok(Headers { header, segments, interpreter })
    }

    /// The segments to load, which is at least one.
    pub fn loads(&self) -> impl Iterator<Item = &ProgramHeader> {
        self.segments.iter().filter(|segment| is_load(segment))
    }

    /// Whether it may be loaded anywhere.
    pub fn is_relocatable(&self) -> bool {
        self.header.e_type == ET_DYN
    }

    /// The addresses it asks for, whole pages.
    pub fn span(&self) -> Range {
        let start = self.loads().map(|segment| segment.p_vaddr).min().unwrap_or(0);
        let end = self.loads().map(|segment| segment.p_vaddr + segment.p_memsz).max().unwrap_or(0);
        Range::new(start & !(PAGE_SIZE - 1), (end + PAGE_SIZE - 1) & !(PAGE_SIZE - 1))
    }

    /// The largest alignment a segment asks for; what is no power of two is ignored, as the kernel does.
    pub fn alignment(&self) -> u64 {
        let powers = self.loads().map(|segment| segment.p_align).filter(|align| align.is_power_of_two());
        powers.max().unwrap_or(1).clamp(PAGE_SIZE, 1 << 30)
    }

    /// Where the program headers are once loaded; 0 if no segment holds them (AT_PHDR).
    pub fn phdr_address(&self) -> u64 {
        let phoff = self.header.e_phoff;
        let holder =
            self.loads().find(|segment| segment.p_offset <= phoff && phoff - segment.p_offset < segment.p_filesz);
        holder.map_or(0, |segment| phoff - segment.p_offset + segment.p_vaddr)
    }

    /// Whether a segment is writable and executable.
    pub fn has_writable_code(&self) -> bool {
        let flags = PF_W | PF_X;
        self.loads().any(|segment| segment.p_flags & flags == flags)
    }

    /// Whether the stack is to be executable: only where PT_GNU_STACK says so.
    pub fn executable_stack(&self) -> bool {
        self.segments
            .iter()
            .rfind(|segment| segment.p_type == PT_GNU_STACK)
            .is_some_and(|segment| segment.p_flags & 1 != 0)
    }
}

fn is_load(segment: &ProgramHeader) -> bool {
    segment.p_type == PT_LOAD && segment.p_memsz != 0
}

/// As much as there is; errors read as an early end.
pub fn read_some(file: &File, out: &mut [u8], offset: u64) -> usize {
    let mut done = 0;
    while done < out.len() {
        match offset.checked_add(done as u64).map(|at| file.read_at(&mut out[done..], at)) {
            Some(Ok(n)) if n != 0 => done += n,
            Some(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    done
}

fn check_ident(bytes: &[u8]) -> Result<(), Malformed> {
    let magic = bytes.get(..4) == Some(ELFMAG.as_slice());
    match bytes.get(EI_CLASS) {
        _ if !magic => Err(Malformed::NotElf),
        Some(&class) if class != ELFCLASS64 => Err(Malformed::Class),
        Some(_) if bytes.get(EI_DATA).is_some_and(|&data| data != ELFDATA2LSB) => Err(Malformed::Endian),
        _ if bytes.len() < 64 => Err(Malformed::Truncated),
        _ => Ok(()),
    }
}

fn check_header(header: Header) -> Result<Header, Malformed> {
    if !matches!(header.e_type, ET_EXEC | ET_DYN) {
        return Err(Malformed::Type(header.e_type));
    }
    let sized = header.e_phentsize as usize == size_of::<ProgramHeader>();
    if !sized || header.e_phnum == 0 || header.e_phnum > MAX_SEGMENTS {
        return Err(Malformed::ProgramHeaders);
    }
    Ok(header)
}

fn check_segments(segments: &[ProgramHeader]) -> Result<(), Malformed> {
    for (n, segment) in segments.iter().enumerate().filter(|(_, segment)| is_load(segment)) {
        let in_space = segment.p_vaddr.checked_add(segment.p_memsz).is_some_and(|end| end <= USER_END);
        let in_file = segment.p_offset.checked_add(segment.p_filesz).is_some_and(|end| end <= i64::MAX as u64);
        // mmap places whole pages: file offset and address must agree within theirs.
        let congruent = segment.p_filesz == 0 || segment.p_offset % PAGE_SIZE == segment.p_vaddr % PAGE_SIZE;
        if !in_space || !in_file || !congruent || segment.p_filesz > segment.p_memsz {
            return Err(Malformed::Segment(n));
        }
    }
    if segments.iter().any(is_load) { Ok(()) } else { Err(Malformed::NoSegments) }
}

fn read_interpreter(file: &File, segment: &ProgramHeader) -> Result<Vec<u8>, Malformed> {
    if !(2..=PATH_MAX).contains(&segment.p_filesz) {
        return Err(Malformed::Interpreter);
    }
    let mut name = vec![0; segment.p_filesz as usize];
    if read_some(file, &mut name, segment.p_offset) != name.len() {
        return Err(Malformed::Truncated);
    }
    match (name.last(), name.iter().position(|&byte| byte == 0)) {
        (Some(0), Some(end)) if end != 0 => {
            name.truncate(end);
            Ok(name)
        }
        _ => Err(Malformed::Interpreter),
    }
}

/// A guest address in a loaded image.
pub fn biased(bias: u64, vaddr: u64) -> GuestAddr {
    GuestAddr(vaddr.wrapping_add(bias))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(vaddr: u64, offset: u64, filesz: u64, memsz: u64) -> ProgramHeader {
        ProgramHeader {
            p_type: PT_LOAD,
            p_vaddr: vaddr,
            p_offset: offset,
            p_filesz: filesz,
            p_memsz: memsz,
            ..ProgramHeader::default()
        }
    }

    #[test]
    fn hostile_segments_are_refused() {
        assert_eq!(check_segments(&[load(0x10000, 0, 0x100, 0x200)]), Ok(()));
        assert_eq!(check_segments(&[]), Err(Malformed::NoSegments));
        for bad in [
            load(u64::MAX - 4, 0, 0, 64),
            load(USER_END, 0, 0, 1),
            load(0x10000, 0, 0x300, 0x200),
            load(0x10010, 0, 0x10, 0x10),
            load(0x10000, u64::MAX - 0xfff, 0x2000, 0x2000),
        ] {
            assert_eq!(check_segments(&[bad]), Err(Malformed::Segment(0)), "{bad:?}");
        }
    }

    #[test]
    fn foreign_files_are_told_apart() {
        assert_eq!(check_ident(b"hello"), Err(Malformed::NotElf));
        assert_eq!(check_ident(b"\x7fELF\x01\x01"), Err(Malformed::Class));
        assert_eq!(check_ident(b"\x7fELF\x02\x02"), Err(Malformed::Endian));
        assert_eq!(check_ident(b"\x7fELF\x02\x01"), Err(Malformed::Truncated));
    }
}
