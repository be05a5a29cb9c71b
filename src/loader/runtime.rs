//! Programs that only run in the address space of some kernels.
//!
//! The sanitizers' runtimes know where the kernels for some numbers of address bits place things, and end a program whose
//! stack is elsewhere: ThreadSanitizer on AArch64 takes 39, 42 and 48 bits (compiler-rt, tsan_platform.h); on RISC-V the
//! runtimes up to that of GCC 12 were made for Sv39. x86-64 has 47.

use goblin::elf64::dynamic::{DT_GNU_HASH, DT_NEEDED, DT_NULL, DT_STRTAB};
use goblin::elf64::program_header::PT_DYNAMIC;
use memory::space::place::USER_END;

use super::header::read_some;
use super::{Headers, Opened};
use crate::guest::{EM_AARCH64, EM_RISCV};

/// A runtime: by the beginning of its library's name or, where it is linked into the program, by what that defines.
struct Runtime {
    machine: u16,
    library: &'static [u8],
    symbol: &'static [u8],
    /// Where the addresses of its programs end.
    end: u64,
}

/// Half of RISC-V's 39 bits is the kernel's.
const SV39: u64 = 1 << 38;

const RUNTIMES: [Runtime; 4] = [
    Runtime { machine: EM_AARCH64, library: b"libtsan.so", symbol: b"__tsan_init", end: 1 << 42 },
    Runtime { machine: EM_RISCV, library: b"libtsan.so", symbol: b"__tsan_init", end: SV39 },
    Runtime { machine: EM_RISCV, library: b"libasan.so", symbol: b"__asan_init", end: SV39 },
    Runtime { machine: EM_RISCV, library: b"liblsan.so", symbol: b"__lsan_init", end: SV39 },
];

/// Bytes that are read of a dynamic section: 64 entries. It begins with the libraries.
const DYNAMIC: usize = 64 * 16;
/// Symbols of a bucket that are looked at: linkers make buckets of a few.
const BUCKET: usize = 64;

/// Where a program's addresses end: earlier than the host's if it is built with one of the runtimes.
pub fn address_end(program: &Opened) -> u64 {
    Dynamic::read(program).and_then(|dynamic| wanted(&dynamic)).unwrap_or(USER_END)
}

fn wanted(dynamic: &Dynamic<'_>) -> Option<u64> {
    let machine = dynamic.program.headers.header.e_machine;
    let first = dynamic.first_library();
    let is_in = |runtime: &&Runtime| {
        let linked = first.is_some_and(|library| library.starts_with(runtime.library));
        runtime.machine == machine && (linked || dynamic.defines(runtime.symbol).unwrap_or(false))
    };
    RUNTIMES.iter().find(is_in).map(|runtime| runtime.end)
}

/// A program's dynamic section.
struct Dynamic<'a> {
    program: &'a Opened,
    bytes: [u8; DYNAMIC],
}

impl Dynamic<'_> {
    fn read(program: &Opened) -> Option<Dynamic<'_>> {
        let segment = program.headers.segments.iter().find(|segment| segment.p_type == PT_DYNAMIC)?;
        let mut bytes = [0; DYNAMIC];
        let len = DYNAMIC.min(segment.p_filesz as usize);
        read_some(&program.file, &mut bytes[..len], segment.p_offset);
        Some(Dynamic { program, bytes })
    }

    /// The first entry of a kind.
    fn entry(&self, tag: u64) -> Option<u64> {
        let (entries, _) = self.bytes.as_chunks::<16>();
        let entries = entries.iter().map(|entry| (word(entry, 0), word(entry, 8)));
        entries.take_while(|&(tag, _)| tag != DT_NULL).find(|&(found, _)| found == tag).map(|(_, value)| value)
    }

    /// The beginning of the name of the first library: the compilers put a runtime there, as it must come before all others.
    fn first_library(&self) -> Option<[u8; 16]> {
        self.at(self.entry(DT_STRTAB)?.checked_add(self.entry(DT_NEEDED)?)?)
    }

    /// Whether a symbol of that hash is defined, by the GNU hash table.
    fn defines(&self, name: &[u8]) -> Option<bool> {
        let hash = name.iter().fold(5381u32, |hash, &byte| hash.wrapping_mul(33).wrapping_add(byte.into()));
        let table = self.entry(DT_GNU_HASH)?;
        let header = self.at::<16>(table)?;
        let [buckets, first, words, shift] = header.as_chunks::<4>().0 else { return None };
        let [buckets, first, words, shift] = [buckets, first, words, shift].map(|&word| u32::from_le_bytes(word));
        let filter = table.checked_add(16)?;
        let bits = word(&self.at::<8>(filter.checked_add(u64::from((hash / 64).checked_rem(words)?) * 8)?)?, 0);
        let both = 1 << (hash % 64) | 1 << (hash.checked_shr(shift)? % 64);
        if bits & both != both {
            return Some(false);
        }
        let heads = filter.checked_add(u64::from(words) * 8)?;
        let chains = heads.checked_add(u64::from(buckets) * 4)?;
        let element = |table: u64, n: u32| self.at(table.checked_add(u64::from(n) * 4)?).map(u32::from_le_bytes);
        let symbol = element(heads, hash.checked_rem(buckets)?)?.checked_sub(first)?;
        for symbol in (symbol..).take(BUCKET) {
            // The last one of a bucket has bit 0 set.
            let found = element(chains, symbol)?;
            if found | 1 == hash | 1 || found & 1 != 0 {
                return Some(found | 1 == hash | 1);
            }
        }
        None
    }

    /// What the file has for an address of the image; what is missing reads as zero.
    fn at<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let offset = file_offset(&self.program.headers, address)?;
        (read_some(&self.program.file, &mut bytes, offset) != 0).then_some(bytes)
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// Where in the file an address of the image is.
fn file_offset(headers: &Headers, address: u64) -> Option<u64> {
    headers.loads().find_map(|segment| {
        let offset = address.checked_sub(segment.p_vaddr).filter(|&offset| offset < segment.p_filesz)?;
        segment.p_offset.checked_add(offset)
    })
}
