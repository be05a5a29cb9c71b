//! Project tools, run as `cargo xtask COMMAND`.

mod chart;
mod check;
mod dist;
mod docs;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy             check the invariants of ARCHITECTURE.md that a tool can see
  check            the quick tier: format, lints, tidy, docs and the tests that take seconds
  docs [--check]   write docs/ from the tables in the code, or say what is out of date
  dist [PROGRAM]   make target/dist: a tar and Debian packages of transom, which is built if no PROGRAM is given
  chart FILE…      draw docs/speed.svg from what the bench wrote (--json), and print the README's table";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["tidy"] => tidy::run(&repository()),
        ["docs"] => docs::write(&repository()),
        ["docs", "--check"] => docs::check(&repository()),
        ["dist"] => dist::build(&repository()).and_then(|program| dist::pack(&repository(), &program)),
        ["dist", program] => dist::pack(&repository(), Path::new(program)),
        ["chart", ref files @ ..] if !files.is_empty() => chart::draw(&repository(), files),
        ["check"] => check::run(&repository()),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
