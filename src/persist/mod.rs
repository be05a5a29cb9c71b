//! The persistent cache: code on disk, by the content of the guest file that it was translated from. docs/cache.md
//! tells the form of the files and what is checked when.
//!
//! - [`format`]: the form of a file; [`assemble`]: making one
//! - [`folder`]: the folders, safely; [`index`]: what is known of files by their stamps; [`hash`]
//! - [`attach`]: from a guest address to a unit with its files mapped
//! - [`tool`]: `transom cache`
//! - [`save`]: what was translated anew goes to disk; [`evict`]: and does not grow for ever

pub mod assemble;
mod attach;
pub mod build_id;
mod evict;
mod folder;
pub mod format;
mod hash;
mod index;
mod save;
pub mod tool;

use std::path::PathBuf;

use syscalls::HiddenFds;

use crate::host;
use crate::options::{Options, Profiles};
use folder::Folder;
use hash::Hasher;

/// The persistent cache of a process.
#[derive(Debug)]
pub struct Persist {
    /// Where files are looked for, in order. The last may be written, if it has an index.
    folders: Vec<Folder>,
    /// Hash of all that changes code but the guest's: see [`identity`].
    identity: [u64; 2],
    /// RLIMIT_AS at the start.
    address_space: u64,
    /// How large the folder may grow.
    bound: u64,
}

impl Persist {
    /// Opens it; `None` where it is off or can't be had.
    pub fn open(options: &Options, guest: &str, hidden: &HiddenFds) -> Option<Persist> {
        let jit = options.engine == crate::options::Engine::Jit;
        // A debugger stops within what would be a block; its code is its own. A profile tells of code as it is made.
        let profiled = options.profiles != Profiles::default();
        if options.trace.any() || options.one_insn || !jit || options.gdb.is_some() || profiled || is_set_id() {
            return None;
        }
        let (last, layers) = options.cache.split_last()?;
        let mut folders: Vec<Folder> = layers.iter().filter_map(|path| Folder::open(path, false, hidden)).collect();
        folders.extend(Folder::open(last, true, hidden));
        if folders.is_empty() {
            return None;
        }
        let bound = options.cache_bound.unwrap_or(evict::DEFAULT_BOUND);
        Some(Persist { identity: identity(options, guest)?, folders, address_space: address_space_limit(), bound })
    }
}

/// What files are for: this very build, on a host that can do the same, for a guest CPU with these features.
fn identity(options: &Options, guest: &str) -> Option<[u64; 2]> {
    let mut hasher = Hasher::new(2);
    hasher.add(build_id::own()?);
    hasher.add(format!("{:?}", host::features()).as_bytes());
    hasher.add(guest.as_bytes());
    hasher.add(options.cpu.as_deref().unwrap_or_default().as_bytes());
    Some(hasher.finish())
}

/// Whether we run with rights that our caller has not (AT_SECURE, getauxval(3)).
fn is_set_id() -> bool {
    // SAFETY: an entry of the auxiliary vector is a number.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

fn address_space_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills the struct in.
    let got = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } == 0;
    if got { limit.rlim_cur } else { u64::MAX }
}

/// The folders that are named by `--cache-dir`, by TRANSOM_CACHE_DIR (several with colons), or by custom (XDG Base
/// Directory Specification); none with TRANSOM_CACHE=off.
pub fn folders(named: Vec<PathBuf>) -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if variable("TRANSOM_CACHE").is_some_and(|value| value == "off") {
        return Vec::new();
    }
    if !named.is_empty() {
        return named;
    }
    if let Some(list) = variable("TRANSOM_CACHE_DIR") {
        return std::env::split_paths(&list).filter(|path| path.is_absolute()).collect();
    }
    by_custom().into_iter().collect()
}

/// The folder that the XDG Base Directory Specification names.
fn by_custom() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    // A home that is not there is not made: users that are to have none are given such a one.
    let home = || variable("HOME").map(PathBuf::from).filter(|home| home.is_dir());
    let base = base.or_else(|| home().map(|home| home.join(".cache")));
    base.filter(|path| path.is_absolute()).map(|path| path.join("transom"))
}

/// The folders of a program that an execve replaced, for what it executed. It made the one to be written, so that is
/// there, but in another root (chroot(2)): no folder is made there but by custom.
pub fn inherited(folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let serves = folders.last().is_some_and(|last| last.is_dir() || by_custom().as_ref() == Some(last));
    if serves { folders } else { Vec::new() }
}

/// The bound on the folder's size that TRANSOM_CACHE_SIZE names, in MiB.
pub fn bound() -> Option<u64> {
    let mebibytes: u64 = std::env::var("TRANSOM_CACHE_SIZE").ok()?.parse().ok()?;
    mebibytes.checked_mul(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_another_root_has_not_is_not_made() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let there = vec![PathBuf::from("/nowhere/layer"), folder.path().to_owned()];
        assert_eq!(inherited(there.clone()), there);
        assert_eq!(inherited(vec![folder.path().join("gone")]), Vec::<PathBuf>::new());
        assert_eq!(inherited(Vec::new()), Vec::<PathBuf>::new());
    }
}
