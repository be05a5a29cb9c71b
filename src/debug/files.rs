//! Files of the guest's root, for a debugger that has none of its own (`set sysroot target:`).

use std::ffi::CString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};

use gdbstub::target::ext::host_io::{
    FsKind, HostIo, HostIoClose, HostIoCloseOps, HostIoErrno, HostIoError, HostIoFstat, HostIoFstatOps, HostIoOpen,
    HostIoOpenFlags, HostIoOpenMode, HostIoOpenOps, HostIoPread, HostIoPreadOps, HostIoReadlink, HostIoReadlinkOps,
    HostIoResult, HostIoSetfs, HostIoSetfsOps, HostIoStat,
};

use memory::Errno;
use syscalls::HiddenFds;

use super::inferior::Inferior;
use crate::program;

/// The files that the debugger has open, and the numbers that it has for them, by which they stand. The numbers say whose
/// they are, as two processes may be behind a connection; the child of a fork has those of its parent too, and a program
/// that is executed those of the one before.
#[derive(Default)]
pub struct Files(Vec<Option<(u32, File)>>);

/// How many bits of a number count the files of a process; the process is in those above (pids have 22 bits).
const INDEX_BITS: u32 = 9;
const MOST: usize = 1 << INDEX_BITS;

/// The process whose file has this number.
pub fn owner(fd: u32) -> i32 {
    (fd >> INDEX_BITS) as i32
}

/// Puts a file out of the guest's sight.
fn hide(file: File, hidden: &HiddenFds) -> std::io::Result<File> {
    let fd = hidden.adopt(file.into_raw_fd()).map_err(io_error)?;
    // SAFETY: the number is new and this value's.
    Ok(unsafe { File::from_raw_fd(fd) })
}

fn io_error(error: Errno) -> std::io::Error {
    std::io::Error::from_raw_os_error(error.0)
}

impl Files {
    fn add(&mut self, file: File) -> Result<u32, HostIoError<&'static str>> {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        if free == MOST {
            return Err(HostIoError::Errno(HostIoErrno::EMFILE));
        }
        if free == self.0.len() {
            self.0.push(None);
        }
        let number = std::process::id() << INDEX_BITS | free as u32;
        self.0[free] = Some((number, file));
        Ok(number)
    }

    /// Their numbers and descriptors.
    pub fn list(&self) -> Vec<(u32, i32)> {
        self.0.iter().flatten().map(|(number, file)| (*number, file.as_raw_fd())).collect()
    }

    /// Files that were listed by the program before this one.
    pub fn inherited(files: Vec<(u32, OwnedFd)>, hidden: &HiddenFds) -> std::io::Result<Files> {
        let mut entries: Vec<Option<(u32, File)>> = Vec::new();
        for (number, fd) in files {
            let index = number as usize % MOST;
            entries.resize_with(entries.len().max(index + 1), || None);
            entries[index] = Some((number, hide(fd.into(), hidden)?));
        }
        Ok(Files(entries))
    }

    fn get(&self, fd: u32) -> Result<&File, HostIoError<&'static str>> {
        let entry = self.0.get(fd as usize % MOST).and_then(Option::as_ref);
        entry.map(|(_, file)| file).ok_or(HostIoError::Errno(HostIoErrno::EBADF))
    }

    /// After a vfork: what its child opened it has closed, or taken with it.
    pub fn forget_of(&mut self, child: i32) {
        for entry in &mut self.0 {
            if let Some((_, file)) = entry.take_if(|(number, _)| owner(*number) == child) {
                std::mem::forget(file);
            }
        }
    }
}

impl HostIo for Inferior {
    fn support_open(&mut self) -> Option<HostIoOpenOps<'_, Inferior>> {
        Some(self)
    }

    fn support_close(&mut self) -> Option<HostIoCloseOps<'_, Inferior>> {
        Some(self)
    }

    fn support_pread(&mut self) -> Option<HostIoPreadOps<'_, Inferior>> {
        Some(self)
    }

    fn support_fstat(&mut self) -> Option<HostIoFstatOps<'_, Inferior>> {
        Some(self)
    }

    fn support_readlink(&mut self) -> Option<HostIoReadlinkOps<'_, Inferior>> {
        Some(self)
    }

    fn support_setfs(&mut self) -> Option<HostIoSetfsOps<'_, Inferior>> {
        Some(self)
    }
}

/// Where a file of the guest's is on the host.
fn on_host(inferior: &Inferior, name: &[u8]) -> Result<CString, HostIoError<&'static str>> {
    let name = CString::new(name).map_err(|_| HostIoError::Errno(HostIoErrno::EINVAL))?;
    Ok(program::on_host(&inferior.process.roots, &name))
}

/// Whether the debugger means the list of the process' mappings.
fn is_maps(name: &[u8]) -> bool {
    let own = format!("/proc/{}/", std::process::id());
    name.strip_prefix(own.as_bytes()).is_some_and(|name| name.ends_with(b"maps") && !name.ends_with(b"smaps"))
}

/// The guest's mappings as a file.
fn maps(inferior: &Inferior) -> std::io::Result<File> {
    let text = inferior.process.space.render_maps(&std::fs::read_to_string("/proc/self/maps")?);
    // SAFETY: the name ends in zero, and the descriptor is new.
    let mut file = match unsafe { libc::memfd_create(c"maps".as_ptr(), libc::MFD_CLOEXEC) } {
        -1 => return Err(std::io::Error::last_os_error()),
        // SAFETY: as above.
        fd => unsafe { File::from_raw_fd(fd) },
    };
    file.write_all(text.as_bytes())?;
    Ok(file)
}

impl HostIoOpen for Inferior {
    /// For reading alone: a debugger looks at the guest's files, and changes none.
    fn open(&mut self, name: &[u8], flags: HostIoOpenFlags, _: HostIoOpenMode) -> HostIoResult<u32, Inferior> {
        if flags.intersects(HostIoOpenFlags::O_WRONLY | HostIoOpenFlags::O_RDWR | HostIoOpenFlags::O_CREAT) {
            return Err(HostIoError::Errno(HostIoErrno::EROFS));
        }
        let file = match is_maps(name) {
            true => maps(self)?,
            false => {
                let file = program::open_at(libc::AT_FDCWD, &on_host(self, name)?, 0);
                file.map_err(io_error)?
            }
        };
        let file = hide(file, &self.process.hidden)?;
        self.files.add(file)
    }
}

impl HostIoClose for Inferior {
    fn close(&mut self, fd: u32) -> HostIoResult<(), Inferior> {
        self.files.get(fd)?;
        if let Some((_, file)) = self.files.0[fd as usize % MOST].take() {
            self.process.hidden.release(file.as_raw_fd());
        }
        Ok(())
    }
}

impl HostIoPread for Inferior {
    fn pread(&mut self, fd: u32, count: usize, offset: u64, buf: &mut [u8]) -> HostIoResult<usize, Inferior> {
        let room = count.min(buf.len());
        Ok(self.files.get(fd)?.read_at(&mut buf[..room], offset)?)
    }
}

impl HostIoFstat for Inferior {
    fn fstat(&mut self, fd: u32) -> HostIoResult<HostIoStat, Inferior> {
        let data = self.files.get(fd)?.metadata()?;
        Ok(HostIoStat {
            st_dev: data.dev() as u32,
            st_ino: data.ino() as u32,
            st_mode: HostIoOpenMode::from_bits_truncate(data.mode()),
            st_nlink: data.nlink() as u32,
            st_uid: data.uid(),
            st_gid: data.gid(),
            st_rdev: data.rdev() as u32,
            st_size: data.size(),
            st_blksize: data.blksize(),
            st_blocks: data.blocks(),
            st_atime: data.atime() as u32,
            st_mtime: data.mtime() as u32,
            st_ctime: data.ctime() as u32,
        })
    }
}

impl HostIoReadlink for Inferior {
    fn readlink(&mut self, name: &[u8], buf: &mut [u8]) -> HostIoResult<usize, Inferior> {
        use std::os::unix::ffi::OsStrExt;
        // The link itself, in the folder that the rest of the name leads to.
        let path = self.process.roots.find(name, false).unwrap_or(on_host(self, name)?);
        let link = std::fs::read_link(std::ffi::OsStr::from_bytes(path.to_bytes()))?;
        let link = link.as_os_str().as_bytes();
        let len = link.len().min(buf.len());
        buf[..len].copy_from_slice(&link[..len]);
        Ok(len)
    }
}

impl HostIoSetfs for Inferior {
    /// There is one root: the guest's.
    fn setfs(&mut self, _: FsKind) -> HostIoResult<(), Inferior> {
        Ok(())
    }
}
