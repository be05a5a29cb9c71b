//! What the test programs of this folder share: where things are, and running a command within a time limit.
#![allow(dead_code, reason = "each test program is a crate of its own and uses a part of this")]

pub mod random;
pub mod run;
pub mod source;

use std::path::{Path, PathBuf};

/// The guests, by the names that their folders and their `qemu-` programs have.
pub const GUESTS: [&str; 2] = ["aarch64", "riscv64"];

/// The program under test: the one just built, or an installed one that `TRANSOM_UNDER_TEST` names.
pub fn transom() -> PathBuf {
    std::env::var_os("TRANSOM_UNDER_TEST").map_or(env!("CARGO_BIN_EXE_transom").into(), PathBuf::from)
}

/// A path inside the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A guest program of `testdata/programs`.
pub fn program(guest: &str, name: &str) -> PathBuf {
    repository("testdata/programs/bin").join(guest).join(name)
}

/// Where `tests/fetch` has put its packages: the same rule as there.
pub fn fetched(name: &str) -> PathBuf {
    match std::env::var_os("TRANSOM_SYSROOTS") {
        Some(top) => PathBuf::from(top).join(name),
        None => repository("target/test-sysroots").join(name),
    }
}

/// gdb-multiarch as `tests/fetch gdb` unpacked it, with its own libraries: the machine needs none.
pub fn gdb() -> std::process::Command {
    let root = fetched("gdb");
    let program = root.join("usr/bin/gdb-multiarch");
    assert!(program.exists(), "{} is missing: run tests/fetch gdb", program.display());
    let mut gdb = std::process::Command::new(root.join("lib64/ld-linux-x86-64.so.2"));
    gdb.arg("--library-path").arg(root.join("usr/lib/x86_64-linux-gnu")).arg(program);
    gdb.arg("--data-directory").arg(root.join("usr/share/gdb")).args(["-q", "-nx", "-batch"]);
    gdb.env("PYTHONHOME", root.join("usr"));
    gdb
}

/// The files of a folder with the given extension, in the order of their names.
pub fn files_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// The first line that differs, with its number.
pub fn difference(expected: &str, found: &str) -> String {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    for number in 1.. {
        match (expected.next(), found.next()) {
            (None, None) => break,
            (e, f) if e != f => {
                let [e, f] = [e, f].map(|line| line.unwrap_or("(nothing)"));
                return format!("stdout, line {number}:\n  expected: {e}\n     found: {f}\n");
            }
            _ => {}
        }
    }
    String::new()
}
