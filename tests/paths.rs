//! Runs testdata/programs/paths.c over a tree of its own by `-L`: what calls make of its paths must be what the native
//! build finds in a chroot.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, expect, run};
use support::{GUESTS, difference, program, repository, transom};

const LIMIT: Duration = Duration::from_secs(180);

fn main() {
    let arguments = Arguments::from_args();
    let trials = GUESTS.into_iter().map(|guest| Trial::test(guest, move || check(guest))).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(guest: &str) -> Result<(), Failed> {
    let root = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let binary = program(guest, "paths");
    let made = run(command(&binary).arg(root.path()), LIMIT);
    expect(made.end == End::Exit(0), "makes the tree", &made)?;
    std::fs::copy(&binary, root.path().join("pt/program")).map_err(|error| format!("no program: {error}"))?;
    let mut walk = command(Path::new("-L"));
    let outcome = run(walk.arg(root.path()).arg("/pt/program"), LIMIT);
    let expected = repository("testdata/programs/paths.out");
    let expected = std::fs::read_to_string(&expected).map_err(|error| format!("{}: {error}", expected.display()))?;
    let wrong = difference(&expected, &String::from_utf8_lossy(&outcome.stdout));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// The translator with its first argument.
fn command(argument: &Path) -> Command {
    let mut command = Command::new(transom());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TRANSOM_CACHE", "off").arg(argument);
    command
}
