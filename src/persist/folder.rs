//! Folders with cache files, and what makes them and the files in them fit to be run.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use memory::space::FileStamp;
use memory::{Errno, sys};
use syscalls::{HiddenFd, HiddenFds};

use super::hash::Hasher;
use super::index::{Index, Subject};

/// The name of the index in a folder.
pub const INDEX: &str = "index";
/// Permissions that let others write.
const OTHERS_WRITE: u32 = 0o022;

/// A folder, held by a descriptor: what the guest does to its root, its namespaces or its working directory changes
/// nothing.
#[derive(Debug)]
pub struct Folder {
    fd: HiddenFd,
    /// The index, in a folder that may be written.
    pub index: Option<Index>,
    /// Whose files are run.
    owner: u32,
}

/// A file with what stat(2) tells of it.
#[derive(Debug)]
pub struct Found {
    /// The file.
    pub file: File,
    /// Its bytes.
    pub stamp: FileStamp,
    /// Device and inode.
    pub id: (u64, u64),
}

impl Found {
    /// The index's name for it.
    pub fn subject(&self) -> Subject {
        Subject { file: self.id, part: (0, 0) }
    }
}

/// Whether files of `owner` and of nobody else can be there: root's are everybody's.
fn is_safe(metadata: &std::fs::Metadata, owner: u32) -> bool {
    (metadata.uid() == owner || metadata.uid() == 0) && metadata.mode() & OTHERS_WRITE == 0
}

fn effective_user() -> u32 {
    // SAFETY: it reads a number of the process.
    unsafe { libc::geteuid() }
}

impl Folder {
    /// Opens a folder; one that is to be written is made if it is not there. `None` where it is not fit.
    pub fn open(path: &Path, writable: bool, hidden: &HiddenFds) -> Option<Folder> {
        if writable && !path.is_dir() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).ok()?;
        }
        let flags = libc::O_DIRECTORY | libc::O_CLOEXEC;
        let folder = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
        let owner = effective_user();
        if !is_safe(&folder.metadata().ok()?, owner) {
            return None;
        }
        let fd = hidden.keep(folder.into_raw_fd()).ok()?;
        let mut folder = Folder { fd, index: None, owner };
        if writable {
            folder.index = folder.open_index(hidden);
        }
        Some(folder)
    }

    fn open_index(&self, hidden: &HiddenFds) -> Option<Index> {
        let file = self.open_at(INDEX, libc::O_RDWR | libc::O_CREAT).ok()?;
        let metadata = file.metadata().ok()?;
        if metadata.uid() != self.owner || metadata.mode() & OTHERS_WRITE != 0 || !metadata.is_file() {
            return None;
        }
        if exceeds_limit(Index::size()) {
            return None;
        }
        if metadata.len() != Index::size() {
            file.set_len(Index::size()).ok()?;
        }
        hidden.keep(file.into_raw_fd()).ok().map(Index)
    }

    fn call(&self, number: i64, name: &str, rest: [u64; 3]) -> Result<u64, Errno> {
        let name = CString::new(name.as_bytes()).map_err(|_| Errno::EINVAL)?;
        let call = |fd: i32| {
            let args = [fd as u64, name.as_ptr() as u64, rest[0], rest[1], rest[2], 0];
            // SAFETY: these calls read the name and touch no other memory.
            unsafe { sys::syscall(number as u64, args) }
        };
        self.fd.with(call)
    }

    fn open_at(&self, name: &str, flags: i32) -> Result<File, Errno> {
        let flags = flags | libc::O_CLOEXEC | libc::O_NOFOLLOW;
        let fd = self.call(libc::SYS_openat, name, [flags as u64, 0o600, 0])?;
        // SAFETY: the descriptor was just made and is nobody else's.
        Ok(unsafe { File::from_raw_fd(fd as i32) })
    }

    /// Opens a cache file, if it is there and fit to be run.
    pub fn find(&self, name: &str) -> Option<Found> {
        let file = self.open_at(name, libc::O_RDONLY).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || !is_safe(&metadata, self.owner) {
            return None;
        }
        let nanoseconds = |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
        let stamp = FileStamp {
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        };
        Some(Found { file, stamp, id: (metadata.dev(), metadata.ino()) })
    }

    /// Writes a file that is there whole or not at all; see [`Folder::create`].
    pub fn write(&self, name: &str, bytes: &[u8], replace: bool) -> Result<(), Errno> {
        let all = |file: &File| file.write_all_at(bytes, 0).map_err(|_| Errno::ENOSPC);
        self.create(name, bytes.len() as u64, replace, all)
    }

    /// Makes a file of `len` bytes, which `fill` writes. It appears whole or not at all. With `replace` it takes the place
    /// of one of that name; without, EEXIST tells that there is one.
    pub fn create(
        &self,
        name: &str,
        len: u64,
        replace: bool,
        fill: impl FnOnce(&File) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        if exceeds_limit(len) {
            return Err(Errno::EFBIG);
        }
        let temporary = format!("tmp.{:016x}", fresh_number());
        let file = self.open_at(&temporary, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL)?;
        let mode = std::fs::Permissions::from_mode(0o600);
        let filled = file.set_permissions(mode).map_err(|_| Errno::ENOSPC).and_then(|()| fill(&file));
        let put = filled.and_then(|()| self.put(&temporary, name, replace));
        if put.is_err() {
            self.remove(&temporary);
        }
        put
    }

    /// Gives a file its name.
    fn put(&self, temporary: &str, name: &str, replace: bool) -> Result<(), Errno> {
        let to = CString::new(name).map_err(|_| Errno::EINVAL)?;
        let to_here = |number, flags: u32| {
            self.fd.with(|fd| self.call(number, temporary, [fd as u64, to.as_ptr() as u64, flags.into()]))
        };
        match to_here(libc::SYS_renameat2, if replace { 0 } else { libc::RENAME_NOREPLACE }) {
            // Not every file system can do without replacing (rename(2)); all that have links do by them.
            Err(Errno::EINVAL) if !replace => {
                to_here(libc::SYS_linkat, 0)?;
                self.remove(temporary);
                Ok(())
            }
            result => result.map(|_| ()),
        }
    }

    /// Removes a file that is damaged, if the folder is one that may be written.
    pub fn discard(&self, name: &str) {
        if self.index.is_some() {
            self.remove(name);
        }
    }

    /// Removes a file; that it is not there is as well.
    pub fn remove(&self, name: &str) {
        let _ = self.call(libc::SYS_unlinkat, name, [0; 3]);
    }

    /// The path of the folder as far as this process is concerned, for reading its list of files.
    pub fn path(&self) -> std::path::PathBuf {
        self.fd.with(|fd| format!("/proc/self/fd/{fd}")).into()
    }
}

/// A number that no other process has at this moment, whatever it is called in its namespace.
pub fn fresh_number() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut hasher = Hasher::new(6);
    // SAFETY: both calls touch no memory.
    let ids = unsafe { [libc::getpid() as u64, libc::gettid() as u64] };
    // The address of a variable is random as well.
    let place = &raw const hasher as u64;
    hasher.add_words(&[elapsed.map_or(0, |elapsed| elapsed.as_nanos() as u64), ids[0], ids[1], place]);
    hasher.finish()[0]
}

/// Whether a file of that size would be too large for RLIMIT_FSIZE: writing it would raise SIGXFSZ.
pub fn exceeds_limit(len: u64) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills the struct in.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) != 0 || limit.rlim_cur < len }
}

/// Whether a name in a folder is that of a cache file or one in the making, and not the user's.
pub fn is_ours(name: &std::ffi::OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b"tmp.") || name.len() >= 32 && name[..32].iter().all(u8::is_ascii_hexdigit)
}
