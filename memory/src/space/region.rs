//! What one mapping is.

use crate::{GuestAddr, Range};

/// What the kernel gives a program of its stack to begin with.
const FIRST_STACK: u64 = 132 << 10;

bitflags::bitflags! {
    /// A guest mapping's protection, in mmap's numbers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Prot: u8 {
        /// PROT_READ
        const READ = 1;
        /// PROT_WRITE
        const WRITE = 2;
        /// PROT_EXEC
        const EXEC = 4;
    }

    /// Other properties of a mapping.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct RegionFlags: u8 {
        /// MAP_SHARED
        const SHARED = 1;
        /// MAP_GROWSDOWN: the host kernel extends it downwards on faults.
        const GROWS_DOWN = 2;
        /// MADV_DONTFORK: absent in a forked child.
        const DONT_FORK = 4;
        /// The descriptor that was mapped allows writing to the file.
        const OPEN_TO_WRITE = 8;
        /// A private mapping of a file that is or was writable: its bytes may not be the file's any more.
        const WRITABLE = 16;
        /// Of a file on a file system mounted noexec: can't be made executable.
        const NO_EXEC = 32;
    }
}

impl Prot {
    /// The protection the host is asked for: never executable; code must be readable to be translated.
    pub fn host(self) -> i32 {
        let readable = if self.contains(Prot::EXEC) { Prot::READ } else { Prot::empty() };
        ((self - Prot::EXEC) | readable).bits().into()
    }
}

/// What tells a file's content from what it was before (stat(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FileStamp {
    /// Bytes.
    pub size: u64,
    /// st_mtim in nanoseconds.
    pub modified: i64,
    /// st_ctim in nanoseconds.
    pub changed: i64,
}

/// Which file or shared object's bytes are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectId {
    /// A file, a memfd, or what else fstat(2) tells apart.
    File {
        /// st_dev
        dev: u64,
        /// st_ino
        ino: u64,
    },
    /// A shared anonymous mapping, by a number of our own.
    Anonymous(u64),
    /// A System V segment by its id.
    Shm(u64),
}

/// Where a mapping's bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// Private zero pages.
    Zero,
    /// An object, from `offset` on at the mapping's start.
    Object {
        /// Which.
        id: ObjectId,
        /// Offset of the mapping's first byte.
        offset: u64,
    },
}

impl Backing {
    /// The backing as seen `bytes` further in.
    pub fn advanced(self, bytes: u64) -> Backing {
        match self {
            Backing::Zero => Backing::Zero,
            Backing::Object { id, offset } => Backing::Object { id, offset: offset.wrapping_add(bytes) },
        }
    }
}

/// What a mapping is called in /proc/self/maps if not by its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Name {
    /// By its file, or nothing.
    #[default]
    None,
    /// `[heap]`
    Heap,
    /// `[stack]`
    Stack,
    /// `[vdso]`
    Vdso,
    /// `[vvar]`
    Vvar,
}

impl Name {
    /// All of them.
    pub const ALL: [Name; 5] = [Name::None, Name::Heap, Name::Stack, Name::Vdso, Name::Vvar];

    /// The text in brackets.
    pub fn text(self) -> Option<&'static str> {
        match self {
            Name::None => None,
            Name::Heap => Some("[heap]"),
            Name::Stack => Some("[stack]"),
            Name::Vdso => Some("[vdso]"),
            Name::Vvar => Some("[vvar]"),
        }
    }
}

/// One guest mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its addresses.
    pub range: Range,
    /// The protection the guest asked for.
    pub prot: Prot,
    /// Other properties.
    pub flags: RegionFlags,
    /// Whose bytes it shows.
    pub backing: Backing,
    /// What it is called.
    pub name: Name,
}

impl Region {
    /// The part of the region within `range`, which must overlap it.
    pub fn clipped(self, range: Range) -> Region {
        let start = self.range.start.max(range.start);
        let end = self.range.end.min(range.end);
        let backing = self.backing.advanced(start.since(self.range.start));
        Region { range: Range { start, end }, backing, ..self }
    }

    /// Whether `next` continues this region, so that the two are one.
    pub fn continues_into(&self, next: &Region) -> bool {
        self.range.end == next.range.start
            && (self.prot, self.flags, self.name) == (next.prot, next.flags, next.name)
            && self.backing.advanced(self.range.len()) == next.backing
    }

    /// Whether the host kernel extends it downwards.
    pub fn grows_down(&self) -> bool {
        self.flags.contains(RegionFlags::GROWS_DOWN)
    }

    /// Bytes that count against RLIMIT_DATA: private and writable, but no stack (mmap(2), `is_data_mapping`).
    pub fn data_bytes(&self) -> u64 {
        let stack = self.name == Name::Stack || self.grows_down();
        let data = self.prot.contains(Prot::WRITE) && !self.flags.contains(RegionFlags::SHARED) && !stack;
        if data { self.range.len() } else { 0 }
    }

    /// Bytes that count against RLIMIT_AS. The main stack is mapped as large as it may grow: of it, what the kernel begins
    /// with (`setup_arg_pages` in fs/exec.c).
    pub fn counted_bytes(&self) -> u64 {
        if self.name == Name::Stack { self.range.len().min(FIRST_STACK) } else { self.range.len() }
    }

    /// The object and offset behind an address in the region.
    pub fn backing_at(&self, addr: GuestAddr) -> Backing {
        self.backing.advanced(addr.since(self.range.start))
    }
}
