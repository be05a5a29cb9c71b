//! The files from which systemd-binfmt registers at boot (binfmt.d(5)), in a root that may not be the running one.

use std::path::{Path, PathBuf};

use super::registration::{self, Registration};
use crate::guest::Architecture;

/// Where files are looked for; of two of the same name the first counts.
const FOLDERS: [&str; 3] = ["etc/binfmt.d", "run/binfmt.d", "usr/lib/binfmt.d"];

/// The file for an architecture.
fn path(root: &Path, architecture: &Architecture) -> PathBuf {
    root.join(FOLDERS[0]).join(format!("{}.conf", registration::name(architecture)))
}

/// Writes the file of a registration; its path.
pub fn write(root: &Path, architecture: &Architecture, registration: &Registration) -> Result<PathBuf, String> {
    if !root.is_dir() {
        return Err(format!("{}: is no folder", root.display()));
    }
    let path = path(root, architecture);
    let folder = path.parent().unwrap_or(root);
    let text = format!("# Written by `transom binfmt install`; see binfmt.d(5).\n{}\n", registration.line());
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map_err(|error| format!("{}: {error}", path.display())).map(|()| path)
}

/// Removes the file of an architecture; its path if it was there.
pub fn remove(root: &Path, architecture: &Architecture) -> Result<Option<PathBuf>, String> {
    let path = path(root, architecture);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(Some(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The registrations of all files, in the order in which they are made.
pub fn registrations(root: &Path) -> Vec<(PathBuf, Registration)> {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in FOLDERS {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let found = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "conf"));
        for path in found.collect::<Vec<_>>() {
            if !files.iter().any(|other| other.file_name() == path.file_name()) {
                files.push(path);
            }
        }
    }
    files.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    let lines = |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let all = files.iter().flat_map(|path| {
        let found = lines(path)
            .lines()
            .filter(|line| !line.starts_with(['#', ';']))
            .filter_map(Registration::from_line)
            .collect::<Vec<_>>();
        found.into_iter().map(|registration| (path.clone(), registration))
    });
    all.collect()
}
