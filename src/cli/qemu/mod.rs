//! The command line of qemu-user (docs/user/main.rst there), when transom is called by one of its names: options of one
//! dash or two, up to the first word without; before them the variables `QEMU_…`, each of which stands for its option.

mod rows;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::{Called, Command, Refused, Request};
use crate::guest::{self, Architecture};
use rows::{ROWS, Row};

/// The qemu whose options these are.
const QEMU_VERSION: &str = "11.1";

/// What the options seen so far ask for.
#[derive(Default)]
struct Wanted {
    command: Command,
    /// What to print instead of running anything.
    print: Option<Print>,
    /// What was accepted although it changes nothing, and why.
    warnings: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Print {
    Help,
    Version,
    Cpus,
    Logs,
}

impl Wanted {
    fn warn(&mut self, why: impl Into<String>) -> Result<(), String> {
        self.warnings.push(why.into());
        Ok(())
    }
}

/// Parses the command line as `qemu-ARCHITECTURE`.
pub fn parse(called: &Called, architecture: &'static Architecture, words: Vec<OsString>) -> Result<Request, Refused> {
    let mut wanted = Wanted::default();
    if !called.is_secure {
        take_variables(&mut wanted)?;
    }
    let mut words = words.into_iter().skip(1).peekable();
    // What binfmt_misc passes is a program, whatever it is called.
    while !called.by_binfmt()
        && let Some(word) = words.next_if(|word| word.as_bytes().starts_with(b"-") && wanted.print.is_none())
    {
        if word == "--" {
            break;
        }
        take_option(&mut wanted, &word, &mut words)?;
    }
    if let Some(print) = wanted.print {
        return Ok(Request::Print(text(print, &called.name, architecture)));
    }
    if words.peek().is_none() {
        return Err(Refused(format!("no program is given; `{} -h` lists the options", called.name)));
    }
    for warning in &wanted.warnings {
        super::warn(warning);
    }
    let mut command = wanted.command;
    let argv0 = command.argv0.take();
    command.take_words(called, words);
    command.argv0 = argv0.or(command.argv0);
    command.only = Some(architecture);
    command.lenient_sysroots = true;
    if command.options.sysroots.is_empty() {
        command.options.sysroots = default_sysroot(architecture).into_iter().collect();
    }
    Ok(Request::Run(Box::new(command)))
}

fn take_variables(wanted: &mut Wanted) -> Result<(), Refused> {
    let variables = ROWS.iter().filter(|row| !row.variable.is_empty());
    for (row, value) in variables.filter_map(|row| Some((row, std::env::var_os(row.variable)?))) {
        (row.take)(wanted, &value).map_err(|why| Refused(format!("{}: {why}", row.variable)))?;
    }
    Ok(())
}

fn take_option(wanted: &mut Wanted, word: &OsStr, words: &mut impl Iterator<Item = OsString>) -> Result<(), Refused> {
    let word = word.to_string_lossy();
    let name = word.trim_start_matches('-');
    let is_it = |row: &&Row| word.len() <= name.len() + 2 && row.names.contains(&name);
    let row = ROWS.iter().find(is_it).ok_or_else(|| unknown(&word, name))?;
    let argument = match row.argument {
        "" => OsString::new(),
        what => words.next().ok_or_else(|| Refused(format!("{word} wants an argument: {what}")))?,
    };
    (row.take)(wanted, &argument).map_err(|why| Refused(format!("{word}: {why}")))
}

fn unknown(word: &str, name: &str) -> Refused {
    let names = ROWS.iter().flat_map(|row| row.names).copied();
    let hint = match crate::suggest::nearest(name, names) {
        Some(near) => format!("; did you mean -{near}?"),
        None => "; -h lists the options".into(),
    };
    Refused(format!("unknown option '{word}'{hint}"))
}

/// Where qemu-user looks without `-L`: its own default, and Debian's before version 13.
fn default_sysroot(architecture: &Architecture) -> Option<PathBuf> {
    let places = ["/usr/gnemul/qemu-", "/etc/qemu-binfmt/"];
    places.iter().map(|place| PathBuf::from(format!("{place}{}", architecture.name))).find(|path| path.is_dir())
}

fn text(print: Print, name: &str, architecture: &Architecture) -> String {
    match print {
        Print::Help => help(name, architecture),
        // Scripts look for "version" and a number; the first line is what qemu's own looks like.
        Print::Version => format!(
            "{name} version {QEMU_VERSION} (transom {})\ntransom in place of qemu-user {QEMU_VERSION}\n",
            env!("CARGO_PKG_VERSION")
        ),
        Print::Cpus => guest::cpu_help(),
        Print::Logs => rows::LOGS.iter().map(|log| format!("{:<12} {}\n", log.name, log.help)).collect(),
    }
}

fn help(name: &str, architecture: &Architecture) -> String {
    let mut text = format!(
        "usage: {name} [OPTIONS] PROGRAM [ARGUMENTS...]\n\
         Run a program for {} Linux: transom {}, by the options of qemu-user {QEMU_VERSION}.\n\n",
        architecture.title,
        env!("CARGO_PKG_VERSION")
    );
    for row in ROWS {
        let option = format!("-{} {}", row.names[0], row.argument);
        text += &format!("  {option:<18} {:<21} {}\n", row.variable, row.help);
    }
    text + "\n`transom --help` tells of what transom has beyond these.\n"
}

#[cfg(test)]
mod tests {
    use super::super::tests::{request, run};
    use super::*;

    fn refusal(words: &[&str]) -> String {
        match request(words) {
            Err(Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_have_qemus_meaning() {
        let command = run(&[
            "qemu-aarch64",
            "-L",
            "/a",
            "-L",
            "/b",
            "-E",
            "A=1,B=2",
            "-U",
            "C,D",
            "-0",
            "zero",
            "-r",
            "5.4",
            "-s",
            "16M",
            "--strace",
            "-seed",
            "7",
            "-cpu",
            "cortex-a53",
            "-d",
            "in_asm,strace",
            "prog",
            "-h",
        ]);
        assert_eq!(command.options.sysroots, [PathBuf::from("/b")]);
        let names: Vec<_> = command.env.iter().map(|(name, value)| (name.to_str(), value.is_some())).collect();
        assert_eq!(names, [(Some("A"), true), (Some("B"), true), (Some("C"), false), (Some("D"), false)]);
        assert_eq!((command.argv0, command.args), (Some("zero".into()), vec!["-h".into()]));
        assert_eq!(command.options.uname.as_deref(), Some("5.4"));
        assert_eq!((command.options.stack_size, command.options.seed), (Some(16 << 20), Some(7)));
        assert!(command.options.strace && command.options.trace.guest);
        assert_eq!(command.only.map(|only| only.name), Some("aarch64"));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(refusal(&["qemu-riscv64", "-strase", "x"]).contains("-strace"));
        assert!(refusal(&["qemu-riscv64", "-s"]).contains("SIZE"));
        assert!(refusal(&["qemu-riscv64", "-E", "novalue", "x"]).contains("NAME=VALUE"));
        assert!(refusal(&["qemu-riscv64", "-strace"]).contains("no program"));
        assert!(refusal(&["qemu-riscv64", "---strace", "x"]).contains("---strace"));
    }

    #[test]
    fn texts_are_printed() {
        for (option, word) in [("-h", "QEMU_LD_PREFIX"), ("--version", "version 11.1"), ("-help", "-one-insn-per-tb")] {
            let Ok(Request::Print(text)) = request(&["qemu-riscv64", option]) else { panic!("{option}") };
            assert!(text.contains(word), "{text}");
        }
        assert!(matches!(request(&["qemu-riscv64", "-cpu", "help"]), Ok(Request::Print(_))));
        assert!(matches!(request(&["qemu-riscv64", "-d", "help"]), Ok(Request::Print(_))));
    }
}
