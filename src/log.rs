//! Where traces go: standard error, or the file of `--log`.

use std::fs::OpenOptions;
use std::os::fd::IntoRawFd;
use std::path::{Path, PathBuf};

use memory::{Errno, sys};
use syscalls::{HiddenFd, HiddenFds};

use crate::program;

/// A descriptor that the guest does not see, or its standard error.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Which one.
    pub fd: HiddenFd,
}

impl Log {
    /// Standard error.
    pub const STDERR: Log = Log { fd: HiddenFd::Fixed(2) };

    /// Standard error, or `path` with `%d` replaced by the process' id. Programs that the guest executes write behind
    /// what is there, as does everybody where the name is the same for all.
    pub fn open(path: Option<&Path>, hidden: &HiddenFds) -> Result<Log, Errno> {
        let Some(path) = path else { return Ok(Log::STDERR) };
        let file = OpenOptions::new().create(true).append(true).open(named(path)).map_err(program::errno_of)?;
        hidden.keep(file.into_raw_fd()).map(|fd| Log { fd })
    }

    /// Empties the file, at the start of the first program.
    pub fn begin(path: Option<&Path>) -> Result<(), Errno> {
        let Some(path) = path else { return Ok(()) };
        std::fs::File::create(named(path)).map(|_| ()).map_err(program::errno_of)
    }

    /// Writes a text in one call; that nobody may be listening changes nothing.
    pub fn write(&self, text: &str) {
        let write = |fd: i32| {
            let args = [fd as u64, text.as_ptr() as u64, text.len() as u64, 0, 0, 0];
            // SAFETY: write(2) reads the bytes.
            unsafe { sys::syscall(libc::SYS_write as u64, args) }
        };
        let _ = self.fd.with(write);
    }
}

fn named(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) => text.replace("%d", &std::process::id().to_string()).into(),
        None => path.to_owned(),
    }
}
