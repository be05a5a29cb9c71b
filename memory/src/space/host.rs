//! The host's mapping calls, raw.

use super::FileStamp;
use crate::sys::syscall;
use crate::{Errno, GuestAddr, Prot, Range};

/// What mmap needs beside place and protection.
#[derive(Clone, Copy)]
pub struct Source {
    /// MAP_* without the bits that say where.
    pub flags: i32,
    /// Descriptor, or -1.
    pub fd: i32,
    /// Offset in the file.
    pub offset: u64,
}

impl Source {
    /// Address space without memory, to hold a place.
    pub const NOTHING: Source =
        Source { flags: libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, fd: -1, offset: 0 };
    /// Zero pages.
    pub const ZERO: Source = Source { flags: libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, fd: -1, offset: 0 };
}

fn mmap(range: Range, prot: Prot, source: Source, place: i32) -> Result<GuestAddr, Errno> {
    let flags = source.flags | place;
    let args =
        [range.start.0, range.len(), prot.host() as u64, flags as u64, i64::from(source.fd) as u64, source.offset];
    // SAFETY: the callers map only over what the guest owns, or with MAP_FIXED_NOREPLACE, or where the kernel likes.
    unsafe { syscall(libc::SYS_mmap as u64, args) }.map(GuestAddr)
}

/// Maps over the guest's own `range`.
pub fn map_over(range: Range, prot: Prot, source: Source) -> Result<(), Errno> {
    mmap(range, prot, source, libc::MAP_FIXED).map(|_| ())
}

/// Maps at `range` if no one holds any of it, else EEXIST.
pub fn map_new(range: Range, prot: Prot, source: Source) -> Result<(), Errno> {
    if source.flags & libc::MAP_TYPE == libc::MAP_SHARED_VALIDATE {
        // The kernel validates MAP_FIXED_NOREPLACE too, and knows it for no file (do_mmap in mm/mmap.c).
        map_new(range, Prot::empty(), Source::NOTHING)?;
        return map_over(range, prot, source).inspect_err(|_| {
            // The place was claimed just now; giving it back can't fail.
            let _ = unmap(range);
        });
    }
    let got = mmap(range, prot, source, libc::MAP_FIXED_NOREPLACE)?;
    if got == range.start {
        return Ok(());
    }
    // A kernel before 4.17 takes the flag for a hint.
    unmap(Range { start: got, end: got.offset(range.len()) })?;
    Err(Errno::EEXIST)
}

/// Maps where the host kernel likes.
pub fn map_anywhere(len: u64, prot: Prot, source: Source) -> Result<GuestAddr, Errno> {
    mmap(Range::new(0, len), prot, source, 0)
}

/// Unmaps the guest's own `range`.
pub fn unmap(range: Range) -> Result<(), Errno> {
    // SAFETY: the callers pass ranges that the guest owns.
    unsafe { syscall(libc::SYS_munmap as u64, [range.start.0, range.len(), 0, 0, 0, 0]) }.map(|_| ())
}

/// Protects the guest's own `range`.
pub fn protect(range: Range, prot: Prot) -> Result<(), Errno> {
    let args = [range.start.0, range.len(), prot.host() as u64, 0, 0, 0];
    // SAFETY: as for `unmap`.
    unsafe { syscall(libc::SYS_mprotect as u64, args) }.map(|_| ())
}

/// mremap(2) of the guest's own range, perhaps to one that it claimed.
pub fn remap(old: Range, new_len: u64, flags: i32, new: GuestAddr) -> Result<GuestAddr, Errno> {
    let args = [old.start.0, old.len(), new_len, flags as u64, new.0, 0];
    // SAFETY: as for `unmap`; MREMAP_FIXED goes only to places claimed before.
    unsafe { syscall(libc::SYS_mremap as u64, args) }.map(GuestAddr)
}

/// madvise(2) on the guest's own range.
pub fn advise(range: Range, advice: i32) -> Result<u64, Errno> {
    let args = [range.start.0, range.len(), advice as u64, 0, 0, 0];
    // SAFETY: as for `unmap`.
    unsafe { syscall(libc::SYS_madvise as u64, args) }
}

/// mlock2(2) of the guest's own range.
pub fn lock(range: Range, flags: u32) -> Result<(), Errno> {
    // SAFETY: locking changes nothing that the translator sees.
    unsafe { syscall(libc::SYS_mlock2 as u64, [range.start.0, range.len(), flags.into(), 0, 0, 0]) }.map(|_| ())
}

/// munlock(2) of the guest's own range.
pub fn unlock(range: Range) -> Result<(), Errno> {
    // SAFETY: as for `lock`.
    unsafe { syscall(libc::SYS_munlock as u64, [range.start.0, range.len(), 0, 0, 0, 0]) }.map(|_| ())
}

/// munlockall(2): the translator locks nothing of its own.
pub fn unlock_all() -> Result<u64, Errno> {
    // SAFETY: as for `lock`.
    unsafe { syscall(libc::SYS_munlockall as u64, [0; 6]) }
}

/// remap_file_pages(2) of the guest's own range.
pub fn remap_file_pages(range: Range, page: u64, flags: u64) -> Result<(), Errno> {
    let args = [range.start.0, range.len(), 0, page, flags, 0];
    // SAFETY: as for `unmap`.
    unsafe { syscall(libc::SYS_remap_file_pages as u64, args) }.map(|_| ())
}

/// Whether a page is mapped by anyone.
pub fn is_mapped(page: GuestAddr) -> bool {
    let mut resident = 0u8;
    let args = [page.0, crate::PAGE_SIZE, &raw mut resident as u64, 0, 0, 0];
    // SAFETY: mincore writes one byte for one page.
    unsafe { syscall(libc::SYS_mincore as u64, args) }.is_ok()
}

/// The part of a mapping from its lowest resident page up.
pub fn resident_end(range: Range) -> Range {
    let mut resident = vec![0u8; (range.len() / crate::PAGE_SIZE) as usize];
    let args = [range.start.0, range.len(), resident.as_mut_ptr() as u64, 0, 0, 0];
    // SAFETY: mincore writes one byte for each page.
    let known = unsafe { syscall(libc::SYS_mincore as u64, args) }.is_ok();
    let first = resident.iter().position(|&page| page & 1 != 0).filter(|_| known).unwrap_or(0);
    Range { start: range.start.offset(first as u64 * crate::PAGE_SIZE), ..range }
}

/// The file behind a descriptor: its device and inode, and the stamp of its content.
pub fn identity(fd: i32) -> Result<(u64, u64, FileStamp), Errno> {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
    let args = [i64::from(fd) as u64, stat.as_mut_ptr() as u64, 0, 0, 0, 0];
    // SAFETY: fstat fills the struct in when it succeeds.
    let stat = unsafe {
        syscall(libc::SYS_fstat as u64, args)?;
        stat.assume_init()
    };
    let nanoseconds = |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
    let stamp = FileStamp {
        size: stat.st_size as u64,
        modified: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        changed: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
    };
    Ok((stat.st_dev, stat.st_ino, stamp))
}

/// Whether a descriptor's file is on a file system that is mounted noexec.
pub fn is_noexec(fd: i32) -> bool {
    const FLAGS: usize = 10;
    // `struct statfs` of x86-64 is 15 words.
    let mut statfs = [0u64; 15];
    // SAFETY: fstatfs fills the struct in.
    let known =
        unsafe { syscall(libc::SYS_fstatfs as u64, [i64::from(fd) as u64, statfs.as_mut_ptr() as u64, 0, 0, 0, 0]) };
    known.is_ok() && statfs[FLAGS] & libc::ST_NOEXEC != 0
}

/// Whether a descriptor allows writing.
pub fn is_open_to_write(fd: i32) -> bool {
    let args = [i64::from(fd) as u64, libc::F_GETFL as u64, 0, 0, 0, 0];
    // SAFETY: the command touches no memory.
    let flags = unsafe { syscall(libc::SYS_fcntl as u64, args) };
    flags.is_ok_and(|flags| flags as i32 & libc::O_ACCMODE != libc::O_RDONLY)
}

/// shmat(2) at a place that the caller chose; SHM_REMAP only over what the guest owns.
pub fn shm_attach(id: u64, addr: GuestAddr, flags: i32) -> Result<GuestAddr, Errno> {
    // SAFETY: as said.
    unsafe { syscall(libc::SYS_shmat as u64, [id, addr.0, flags as u64, 0, 0, 0]) }.map(GuestAddr)
}

/// shmdt(2) of a segment that the guest attached.
pub fn shm_detach(addr: GuestAddr) -> Result<(), Errno> {
    // SAFETY: as said.
    unsafe { syscall(libc::SYS_shmdt as u64, [addr.0, 0, 0, 0, 0, 0]) }.map(|_| ())
}

/// Size of a System V segment.
pub fn shm_size(id: u64) -> Result<u64, Errno> {
    let mut info = std::mem::MaybeUninit::<libc::shmid_ds>::uninit();
    // SAFETY: IPC_STAT fills the struct in when it succeeds.
    let info = unsafe {
        let args = [id, libc::IPC_STAT as u64, info.as_mut_ptr() as u64, 0, 0, 0];
        syscall(libc::SYS_shmctl as u64, args)?;
        info.assume_init()
    };
    Ok(info.shm_segsz as u64)
}

/// Random bytes, for placement only: zeros if the kernel has none yet.
pub fn random() -> [u64; 4] {
    let mut bytes = [0u64; 4];
    let args = [bytes.as_mut_ptr() as u64, 32, libc::GRND_NONBLOCK as u64, 0, 0, 0];
    // SAFETY: getrandom writes at most 32 bytes.
    let _ = unsafe { syscall(libc::SYS_getrandom as u64, args) };
    bytes
}
