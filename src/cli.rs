//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::options::{Engine, Options, Trace};

/// What to run, and how.
#[derive(Debug)]
pub struct Command {
    /// Options for it and its children.
    pub options: Options,
    /// The program's path.
    pub program: OsString,
    /// Its argv[0].
    pub argv0: OsString,
    /// What follows it.
    pub args: Vec<OsString>,
    /// Variables to set, or to unset where there is no value.
    pub env: Vec<(OsString, Option<OsString>)>,
}

/// Run AArch64 and RISC-V Linux programs on x86-64 Linux.
#[derive(Parser, Debug)]
#[command(name = "transom", version, about, override_usage = "transom [OPTIONS] PROGRAM [ARGS]...")]
struct Args {
    /// Look absolute paths up in DIR first; may be given several times
    #[arg(short = 'L', long = "sysroot", value_name = "DIR")]
    sysroots: Vec<PathBuf>,
    /// Set a variable in the program's environment
    #[arg(short = 'E', long = "env", value_name = "VAR=VALUE")]
    set: Vec<OsString>,
    /// Remove a variable from the program's environment
    #[arg(short = 'U', long = "unset", value_name = "VAR")]
    unset: Vec<OsString>,
    /// Give the program this argv[0]
    #[arg(short = '0', long = "argv0", value_name = "NAME")]
    argv0: Option<OsString>,
    /// The CPU, as MODEL[,+FEATURE][,-FEATURE]...; "help" lists them
    #[arg(long, value_name = "MODEL")]
    cpu: Option<String>,
    /// Print system calls and signals to standard error
    #[arg(long)]
    strace: bool,
    /// What runs the program: jit (machine code) or interp (the interpreter of the intermediate representation)
    #[arg(long, value_name = "ENGINE", value_parser = engine, default_value = "jit")]
    engine: Engine,
    /// Print each translated block to standard error: guest, ir, host, or several with commas
    #[arg(long, value_name = "WHAT", value_parser = Trace::parse)]
    trace: Option<Trace>,
    /// Print counts of translation and execution to standard error at the end
    #[arg(long)]
    stats: bool,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", required_unless_present = "cpu", trailing_var_arg = true)]
    program: Vec<OsString>,
}

fn engine(name: &str) -> Result<Engine, String> {
    match name {
        "jit" => Ok(Engine::Jit),
        "interp" => Ok(Engine::Interp),
        _ => Err("use jit or interp".into()),
    }
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Request {
    /// To run a program.
    Run(Command),
    /// To list the CPU models and features.
    CpuHelp,
}

/// Parses the command line; ends the process where it asks for help or is wrong.
pub fn parse(args: Vec<OsString>) -> Request {
    // `transom PROGRAM ARGS`, as binfmt_misc has it, needs no parser.
    match args.get(1) {
        Some(first) if !first.as_encoded_bytes().starts_with(b"-") => Request::Run(plain(args)),
        _ => full(args),
    }
}

fn plain(args: Vec<OsString>) -> Command {
    let mut words = args.into_iter().skip(1);
    let program = words.next().unwrap_or_default();
    let argv0 = if binfmt_keeps_argv0() { words.next() } else { None };
    let argv0 = argv0.unwrap_or_else(|| program.clone());
    Command { options: Options::default(), argv0, program, args: words.collect(), env: Vec::new() }
}

/// Whether binfmt_misc started us with its flag P: argv[0] then follows the program's path
/// (Documentation/admin-guide/binfmt-misc.rst; linux/binfmts.h, AT_FLAGS_PRESERVE_ARGV0).
fn binfmt_keeps_argv0() -> bool {
    // SAFETY: an entry of the auxiliary vector is a number.
    unsafe { libc::getauxval(libc::AT_FLAGS) & 1 != 0 }
}

fn full(args: Vec<OsString>) -> Request {
    let args = Args::parse_from(args);
    let mut words = args.program.into_iter();
    let program = match words.next() {
        _ if args.cpu.as_deref() == Some("help") => return Request::CpuHelp,
        Some(program) => program,
        None => <Args as clap::CommandFactory>::command()
            .error(clap::error::ErrorKind::MissingRequiredArgument, "no PROGRAM is given")
            .exit(),
    };
    let set = args.set.into_iter().map(|pair| {
        let (name, value) = split_variable(&pair);
        (name, Some(value))
    });
    let env = set.chain(args.unset.into_iter().map(|name| (name, None))).collect();
    let options = Options {
        sysroots: args.sysroots,
        cpu: args.cpu,
        strace: args.strace,
        engine: args.engine,
        trace: args.trace.unwrap_or_default(),
        stats: args.stats,
    };
    Request::Run(Command {
        options,
        argv0: args.argv0.unwrap_or_else(|| program.clone()),
        program,
        args: words.collect(),
        env,
    })
}

/// `NAME=VALUE` in two; a name alone has an empty value.
fn split_variable(pair: &OsString) -> (OsString, OsString) {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let bytes = pair.as_bytes();
    let cut = bytes.iter().position(|&byte| byte == b'=').unwrap_or(bytes.len());
    let value = bytes.get(cut + 1..).unwrap_or_default();
    (OsString::from_vec(bytes[..cut].to_vec()), OsString::from_vec(value.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Command {
        match parse(words.iter().map(OsString::from).collect()) {
            Request::Run(command) => command,
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
    }

    #[test]
    fn environment_and_argv0() {
        let command = run(&["transom", "-E", "A=b=c", "-U", "D", "-0", "name", "--", "prog"]);
        assert_eq!(command.argv0, "name");
        assert_eq!(command.env, [("A".into(), Some("b=c".into())), ("D".into(), None)]);
    }
}
