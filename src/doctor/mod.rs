//! `transom doctor`: what of this machine, or of one program, matters to transom, and what to do about it.

mod machine;
mod program;

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;

/// What to look at.
#[derive(Args, Debug)]
pub struct Command {
    /// Look absolute paths up in DIR first; may be given several times
    #[arg(
        short = 'L',
        long = "sysroot",
        value_name = "DIR",
        env = "TRANSOM_SYSROOT",
        value_delimiter = ':',
        hide_env_values = true
    )]
    sysroots: Vec<PathBuf>,
    /// A program: say whether it can be run, and where its libraries come from
    #[arg(value_name = "PROGRAM")]
    program: Option<PathBuf>,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// As it should be.
    Good,
    /// Good enough, but worth to be known.
    Note,
    /// Something will not work.
    Bad,
}

/// One thing that was looked at.
struct Finding {
    /// What.
    subject: &'static str,
    /// How it is.
    state: State,
    /// In words.
    text: String,
    /// What to do; empty for nothing.
    advice: String,
}

impl Finding {
    fn good(subject: &'static str, text: impl Into<String>) -> Finding {
        Finding { subject, state: State::Good, text: text.into(), advice: String::new() }
    }

    fn note(subject: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { subject, state: State::Note, text: text.into(), advice: advice.into() }
    }

    fn bad(subject: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { subject, state: State::Bad, text: text.into(), advice: advice.into() }
    }
}

/// Looks; the text, and the exit status: 1 where something will not work.
pub fn run(command: &Command) -> (String, i32) {
    let findings = match &command.program {
        Some(program) => program::look_at(program, &command.sysroots),
        None => machine::look_at(&command.sysroots),
    };
    let mut text = String::new();
    for finding in &findings {
        let mark = match finding.state {
            State::Good => "ok  ",
            State::Note => "note",
            State::Bad => "BAD ",
        };
        // Writing to a string can't fail.
        let _ = writeln!(text, "{mark}  {:<16} {}", finding.subject, finding.text);
        if !finding.advice.is_empty() {
            let _ = writeln!(text, "{:<22} -> {}", "", finding.advice);
        }
    }
    (text, i32::from(findings.iter().any(|finding| finding.state == State::Bad)))
}
