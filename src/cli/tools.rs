//! The tools beside running programs: `transom TOOL …`, the first word of the command line. A program of that name is
//! run by `transom ./NAME` or `transom -- NAME`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use clap::{CommandFactory, Subcommand};
use clap_complete::Shell;

use super::args::Args;
use crate::{binfmt, doctor, persist, suggest};

/// A tool and its arguments.
#[derive(Subcommand, Debug)]
pub enum Tool {
    /// Make the kernel run AArch64 and RISC-V programs through transom
    #[command(subcommand)]
    Binfmt(binfmt::Command),
    /// Say what of this machine matters to transom, and what to do about it
    Doctor(doctor::Command),
    /// Look at, fill and carry the cache of translated code
    #[command(subcommand)]
    Cache(persist::tool::Command),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// Whether a first argument names a tool.
pub fn is_tool(word: &OsStr) -> bool {
    word.to_str().is_some_and(|word| NAMES.contains(&word))
}

/// The tools' names.
const NAMES: [&str; 6] = ["binfmt", "doctor", "cache", "completions", "man", "help"];

/// The tool that somebody may have meant by a program that is not there.
pub fn tool_like(program: &Path) -> Option<&'static str> {
    suggest::nearest(program.to_str()?, NAMES.into_iter())
}

impl Tool {
    /// Runs it; the exit status.
    pub fn run(self) -> i32 {
        match self {
            Tool::Binfmt(command) => finish(binfmt::run(command)),
            Tool::Doctor(command) => {
                let (text, status) = doctor::run(&command);
                print(text.as_bytes()).max(status)
            }
            Tool::Cache(command) => finish(persist::tool::run(command)),
            Tool::Completions { shell } => print(&completions(shell)),
            Tool::Man => print(&manual()),
        }
    }
}

/// Prints what a tool did, or why it could not.
fn finish(result: Result<String, String>) -> i32 {
    match result {
        Ok(text) => print(text.as_bytes()),
        Err(why) => {
            super::warn(&why);
            1
        }
    }
}

/// Prints to standard output. That nobody listens is no error of ours, as in `transom man | head`.
pub fn print(text: &[u8]) -> i32 {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => 1,
        _ => 0,
    }
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "transom", &mut text);
    text
}

/// transom(1), and a part for each tool.
fn manual() -> Vec<u8> {
    let mut text = Vec::new();
    // Writing to memory can't fail.
    let _ = clap_mangen::Man::new(Args::command()).render(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_its_name() {
        let command = Args::command();
        let names: Vec<&str> = command.get_subcommands().map(|tool| tool.get_name()).collect();
        assert_eq!(names, NAMES[..names.len()], "clap adds `help` when it parses");
        assert_eq!(tool_like("dotcor".as_ref()), Some("doctor"));
        assert_eq!(tool_like("/bin/mann".as_ref()), None);
    }
}
