//! `cargo xtask tidy`: the invariants of ARCHITECTURE.md that can be read off the sources.
//!
//! A check looks at one file and returns what it found; each finding is one line `path:line: what`.

mod crates;
mod files;
mod source;
mod words;

use std::fmt;
use std::path::Path;
use std::process::Command;

/// One breach of an invariant.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    line: usize,
    what: String,
}

impl Finding {
    fn new(line: usize, what: impl Into<String>) -> Finding {
        Finding { line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// A check of one file, given its path from the repository's root and its text.
type Check = fn(&str, &str) -> Vec<Finding>;

/// All checks, each applied to every file; a check leaves alone what is not its business.
const CHECKS: &[Check] = &[
    crates::edges,
    files::head,
    files::length,
    source::forbids_unsafe,
    source::unsafe_in_place,
    source::safety_comments,
    source::allow_reasons,
    source::ignored_tests,
    source::guest_matches,
    words::forbidden,
];

/// Checks every file of the repository.
pub fn run(repository: &Path) -> Result<(), String> {
    let mut found = Vec::new();
    for path in tracked(repository)? {
        // What is not text has nothing to check.
        let Ok(text) = std::fs::read_to_string(repository.join(&path)) else { continue };
        for check in CHECKS {
            found.extend(check(&path, &text).iter().map(|finding| format!("{path}:{finding}")));
        }
    }
    found.extend(crates::unlisted(&repository.join("Cargo.toml"))?);
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// The files that git knows or would add.
fn tracked(repository: &Path) -> Result<Vec<String>, String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository)
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
