//! `cargo xtask check`: what to run before a commit, under a minute once it is built.

use std::path::Path;
use std::process::Command;

const STEPS: &[&[&str]] = &[
    &["fmt", "--all", "--check"],
    &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"],
    &["xtask", "tidy"],
    &["xtask", "docs", "--check"],
    &["xtask", "docs", "--check"],
    &["test", "--quiet", "--workspace", "--lib", "--bins"],
    &["test", "--quiet", "--test", "cli"],
    &["test", "--quiet", "--test", "programs", "--", "jit"],
];

/// Runs every step, also behind one that failed, so that one call tells all.
pub fn run(repository: &Path) -> Result<(), String> {
    let failed: Vec<String> = STEPS
        .iter()
        .map(|step| (step, Command::new(env!("CARGO")).args(*step).current_dir(repository).status()))
        .filter(|(_, status)| !status.as_ref().is_ok_and(|status| status.success()))
        .map(|(step, _)| format!("failed: cargo {}", step.join(" ")))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}
