//! The command line: what it asks for, by the name that transom is called by.

mod args;
mod called;
mod qemu;
mod tools;

use std::ffi::{CString, OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

pub use called::{Auxiliary, Called};
pub use tools::{Tool, print, tool_like};

use crate::guest::Architecture;
use crate::options::Options;

/// What to run, and how.
#[derive(Debug, Default)]
pub struct Command {
    /// Options for it and its children.
    pub options: Options,
    /// The program's path.
    pub program: OsString,
    /// The program, opened by the kernel (AT_EXECFD); its path may not be readable, or not be there.
    pub opened: Option<i32>,
    /// Its argv[0]; the path where there is none.
    pub argv0: Option<OsString>,
    /// What follows it.
    pub args: Vec<OsString>,
    /// Variables to set, or to unset where there is no value.
    pub env: Vec<(OsString, Option<OsString>)>,
    /// The architecture that it has to be for.
    pub only: Option<&'static Architecture>,
    /// Whether a sysroot that is not there is passed over, as qemu-user does.
    pub lenient_sysroots: bool,
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Request {
    /// To run a program.
    Run(Box<Command>),
    /// To run a tool of ours.
    Tool(Tool),
    /// To print a text.
    Print(String),
}

/// Why a command line can't be followed.
#[derive(Debug)]
pub struct Refused(pub String);

/// Parses the command line; ends the process where clap prints help or what is wrong.
pub fn parse(called: &Called, args: Vec<OsString>, env: &[CString]) -> Result<Request, Refused> {
    match called.stands_for {
        Some(architecture) => qemu::parse(called, architecture, args),
        None => match plain(called, &args, env) {
            Some(command) => Ok(Request::Run(Box::new(command))),
            None => args::parse(called, args),
        },
    }
}

/// The command, if the arguments are sysroots, a program's path and its arguments and nothing else: such a call needs no
/// parser, whose tables take longer to build than many a program runs.
fn plain(called: &Called, args: &[OsString], env: &[CString]) -> Option<Command> {
    let is_program = |first: &OsString| !first.as_bytes().starts_with(b"-") && !tools::is_tool(first);
    // Those of the cache are read by itself.
    let is_option = |entry: &[u8]| entry.starts_with(b"TRANSOM_") && !entry.starts_with(b"TRANSOM_CACHE");
    let asked = !called.is_secure && env.iter().any(|entry| is_option(entry.as_bytes()));
    let mut command = Command::default();
    let mut words = args.get(1..)?;
    if !called.by_binfmt() {
        while let [option, folder, rest @ ..] = words
            && option == "-L"
            && !folder.is_empty()
            && !folder.as_bytes().starts_with(b"-")
        {
            command.options.sysroots.push(folder.into());
            words = rest;
        }
        words.first().filter(|first| is_program(first))?;
    }
    command.take_words(called, words.iter().cloned());
    (!asked).then_some(command)
}

impl Command {
    /// Takes in the program and its arguments.
    fn take_words(&mut self, called: &Called, mut words: impl Iterator<Item = OsString>) {
        self.program = words.next().unwrap_or_default();
        if called.keeps_argv0 {
            self.argv0 = words.next();
        }
        self.opened = called.execfd;
        self.options.by_kernel = called.by_binfmt();
        self.args = words.collect();
    }

    /// Takes in `NAME=VALUE` for the program's environment; a later one goes before.
    fn set_variable(&mut self, pair: &OsStr) {
        let (name, value) = split_variable(pair);
        self.env.push((name, Some(value)));
    }
}

/// Says something that the user should know, in a line on standard error.
pub fn warn(text: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "transom: {text}");
}

/// `NAME=VALUE` in two; a name alone has an empty value.
fn split_variable(pair: &OsStr) -> (OsString, OsString) {
    let bytes = pair.as_bytes();
    let cut = bytes.iter().position(|&byte| byte == b'=').unwrap_or(bytes.len());
    let value = bytes.get(cut + 1..).unwrap_or_default();
    (OsString::from_vec(bytes[..cut].to_vec()), OsString::from_vec(value.to_vec()))
}

/// The parts of a list.
fn split(list: &OsStr, separator: u8) -> impl Iterator<Item = &OsStr> {
    list.as_bytes().split(move |&byte| byte == separator).filter(|part| !part.is_empty()).map(OsStr::from_bytes)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    pub fn request(words: &[&str]) -> Result<Request, Refused> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        parse(&Called::new(&words[0], called::Auxiliary::default()), words, &[])
    }

    pub fn run(words: &[&str]) -> Command {
        match request(words) {
            Ok(Request::Run(command)) => *command,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_after_the_program_are_its_own() {
        let command = run(&["transom", "-L", "/r", "--strace", "prog", "-L", "--help"]);
        assert_eq!(command.program, "prog");
        assert_eq!(command.args, ["-L", "--help"]);
        assert_eq!(command.options.sysroots, [PathBuf::from("/r")]);
        assert!(command.options.strace);
        assert_eq!(run(&["transom", "prog", "--version"]).args, ["--version"]);
        let command = run(&["transom", "-L", "/r", "-L", "s", "prog", "-L", "t"]);
        assert_eq!(command.options.sysroots, [PathBuf::from("/r"), PathBuf::from("s")]);
        assert_eq!((command.program, command.args), ("prog".into(), vec!["-L".into(), "t".into()]));
    }

    #[test]
    fn environment_and_argv0() {
        let command = run(&["transom", "-E", "A=b=c", "-U", "D", "-U", "A", "-E", "D=1,2", "-0", "name", "--", "prog"]);
        assert_eq!(command.argv0, Some("name".into()));
        let [set, unset] =
            [|name: &str, value: &str| (name.into(), Some(value.into())), |name: &str, _: &str| (name.into(), None)];
        assert_eq!(command.env, [set("A", "b=c"), unset("D", ""), unset("A", ""), set("D", "1,2")]);
    }

    #[test]
    fn a_tool_is_the_first_word_alone() {
        assert!(matches!(request(&["transom", "man"]), Ok(Request::Tool(Tool::Man))));
        for words in [&["transom", "./man"][..], &["transom", "--", "man"], &["transom", "--strace", "man"]] {
            assert!(run(words).program.as_bytes().ends_with(b"man"), "{words:?}");
        }
        assert_eq!(run(&["transom-riscv64", "man"]).program, "man");
    }

    #[test]
    fn filters_of_system_calls_are_listed() {
        for words in [&["transom", "--strace=help"][..], &["transom", "--strace", "help"]] {
            assert!(matches!(request(words), Ok(Request::Print(text)) if text.contains("network")), "{words:?}");
        }
        assert!(run(&["transom", "--strace", "./help"]).options.strace);
    }

    #[test]
    fn binfmt_misc_names_no_tool_and_no_option() {
        let kernel = called::Auxiliary { flags: 1, execfd: Some(3), secure: false };
        for path in ["man", "-L"] {
            let words: Vec<OsString> = ["/usr/bin/transom", path, "zero", "one"].map(OsString::from).into();
            let Ok(Request::Run(command)) = parse(&Called::new(&words[0], kernel), words, &[]) else {
                panic!("{path}")
            };
            assert_eq!((command.program, command.argv0, command.opened), (path.into(), Some("zero".into()), Some(3)));
            assert_eq!(command.args, ["one"]);
        }
    }
}
