//! `--perf-map`, `--jitdump`: telling perf(1) what emitted code is, by the names of the guest's functions.
//!
//! - [`map`]: a line a block, with its name; code that was replaced has the name of what came last
//! - [`jitdump`]: each block with its time and bytes, for `perf inject --jit` and `perf annotate`

mod jitdump;
mod map;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use memory::{AddressSpace, Errno};
use syscalls::HiddenFds;

use crate::log::Log;
use crate::names::{Names, Place};
use crate::options::Profiles;
use crate::program;

/// What is written, and what names are made of.
pub struct Profile {
    wanted: Profiles,
    /// Where the process was when it began: the dump is left there.
    folder: PathBuf,
    map: Option<Log>,
    dump: Option<jitdump::Dump>,
    names: Names,
}

/// Code that was emitted.
pub struct Emitted<'a> {
    /// Where it is.
    pub addr: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What it is called.
    pub name: &'a str,
}

impl Profile {
    /// Opens what is asked for; `None` where nothing is. `goes_on`: the process was another program before, whose files
    /// are continued.
    pub fn open(wanted: Profiles, hidden: &HiddenFds, goes_on: bool) -> Result<Option<Profile>, (PathBuf, Errno)> {
        if !wanted.map && !wanted.dump {
            return Ok(None);
        }
        let folder = std::env::current_dir().unwrap_or_else(|_| "/".into());
        let mut profile = Profile { wanted, folder, map: None, dump: None, names: Names::default() };
        profile.begin(hidden, goes_on)?;
        Ok(Some(profile))
    }

    fn begin(&mut self, hidden: &HiddenFds, goes_on: bool) -> Result<(), (PathBuf, Errno)> {
        let (map, dump) = (map::path(), jitdump::path(&self.folder));
        if self.wanted.map {
            self.map = Some(map::open(&map, hidden, goes_on).map_err(|error| (map, error))?);
        }
        if self.wanted.dump {
            self.dump = Some(jitdump::Dump::open(&dump, hidden, goes_on).map_err(|error| (dump, error))?);
        }
        Ok(())
    }

    /// The process is a forked child: it has files of its own. Where it can't make them it is not told of.
    pub fn in_child(&mut self, hidden: &HiddenFds) {
        (self.map, self.dump) = (None, None);
        let _ = self.begin(hidden, false);
    }

    /// Tells of code that is no block's.
    pub fn runtime(&mut self, addr: u64, bytes: &[u8]) {
        self.add(&Emitted { addr, bytes, name: "[transom-runtime]" });
    }

    /// Tells of the code for the block at `pc`.
    pub fn block(&mut self, space: &AddressSpace, pc: u64, addr: u64, bytes: &[u8]) {
        let name = self.name(space, pc);
        self.add(&Emitted { addr, bytes, name: &name });
    }

    fn add(&mut self, emitted: &Emitted<'_>) {
        if let Some(map) = &self.map {
            map.write(&map::line(emitted));
        }
        if let Some(dump) = &mut self.dump {
            dump.add(emitted);
        }
    }

    /// The function at a guest address; where it has none, the file and the offset in it. All blocks of a function have
    /// one name, so that what sums up by name sums up by function.
    fn name(&mut self, space: &AddressSpace, pc: u64) -> String {
        match self.names.place(space, pc) {
            None => format!("guest-{pc:#x}"),
            Some(Place { function: Some(name), .. }) => name.to_owned(),
            Some(Place { path, offset, .. }) => format!("{}+{offset:#x}", path.rsplit('/').next().unwrap_or(path)),
        }
    }
}

/// Creates a file, or opens it to write behind what is there.
fn create(path: &std::path::Path, goes_on: bool) -> Result<File, Errno> {
    let mut options = File::options();
    // What another user put under the name in a folder that all may write to is not followed or written over.
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW);
    if !goes_on {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(program::errno_of(error)),
            _ => options.create_new(true),
        };
    }
    options.create(true).append(true).read(true).open(path).map_err(program::errno_of)
}

/// Writes bytes; that there is no room for them is not the program's affair.
fn put(mut file: &File, bytes: &[u8]) {
    let _ = file.write_all(bytes);
}
