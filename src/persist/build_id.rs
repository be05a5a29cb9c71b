//! What tells one build of the translator from another: the build-id that the linker made of its content.

/// Type of the note with the build-id (elf.h, NT_GNU_BUILD_ID).
const NT_GNU_BUILD_ID: u32 = 3;
const PT_NOTE: u32 = 4;

/// A program header of our own.
#[derive(Clone, Copy)]
#[repr(C)]
struct ProgramHeader {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    physical: u64,
    file_size: u64,
    size: u64,
    align: u64,
}

const PT_PHDR: u32 = 6;

/// The build-id of the running program; `None` where the linker put none in.
pub fn own() -> Option<&'static [u8]> {
    // SAFETY: the kernel tells where our program headers are, and how many (getauxval(3)); they stay mapped.
    let headers = unsafe {
        let at = libc::getauxval(libc::AT_PHDR) as *const ProgramHeader;
        if at.is_null() {
            return None;
        }
        std::slice::from_raw_parts(at, libc::getauxval(libc::AT_PHNUM) as usize)
    };
    let own = headers.iter().find(|header| header.kind == PT_PHDR);
    let bias = match own {
        Some(own) => (headers.as_ptr() as u64).wrapping_sub(own.address),
        // Without one the headers are where a static-pie has them: at the beginning.
        None => headers.as_ptr() as u64 & !(memory::PAGE_SIZE - 1),
    };
    headers.iter().filter(|header| header.kind == PT_NOTE).find_map(|header| {
        // SAFETY: a note segment is part of a loaded one.
        let notes =
            unsafe { std::slice::from_raw_parts(bias.wrapping_add(header.address) as *const u8, header.size as usize) };
        find(notes)
    })
}

/// The build-id among notes: each has the sizes of its name and its content, a type, and both, padded to four bytes.
fn find(mut notes: &'static [u8]) -> Option<&'static [u8]> {
    while let Some((head, rest)) = notes.split_first_chunk::<12>() {
        let (words, _) = head.as_chunks::<4>();
        let [name, len, kind] = [0, 1, 2].map(|n| u32::from_le_bytes(words[n]));
        let start = (name as usize).next_multiple_of(4);
        let content = rest.get(start..)?.get(..len as usize)?;
        if kind == NT_GNU_BUILD_ID && rest.starts_with(b"GNU\0") {
            return Some(content);
        }
        notes = rest.get(start + (len as usize).next_multiple_of(4)..)?;
    }
    None
}
