//! transom's own command line, by clap: long options, and a variable `TRANSOM_…` for each.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use memory::space::place;

use super::{Called, Command, Refused, Request, Tool, split};
use crate::filter::Addresses;
use crate::guest;
use crate::options::{Engine, Options, Profiles, Trace};

/// Run AArch64 and RISC-V Linux programs on x86-64 Linux.
#[derive(Parser, Debug)]
#[command(
    name = "transom",
    version,
    about,
    override_usage = "transom [OPTIONS] PROGRAM [ARGS]...\n       transom TOOL [ARGS]...",
    subcommand_value_name = "TOOL",
    subcommand_help_heading = "Tools",
    args_conflicts_with_subcommands = true,
    after_help = "A program that is called like a tool is run by `transom ./NAME` or `transom -- NAME`.\n\
                  Called as qemu-aarch64, qemu-riscv64, transom-aarch64 or transom-riscv64, transom takes qemu-user's \
                  options: see `transom-aarch64 -h`."
)]
pub struct Args {
    #[command(subcommand)]
    tool: Option<Tool>,
    /// Look absolute paths up in DIR first; may be given several times
    #[arg(short = 'L', long = "sysroot", value_name = "DIR", env = "TRANSOM_SYSROOT", hide_env_values = true)]
    sysroots: Vec<PathBuf>,
    /// Set a variable in the program's environment [env: TRANSOM_SET_ENV=A=1,B=2]
    #[arg(short = 'E', long = "env", value_name = "VAR=VALUE")]
    set: Vec<OsString>,
    /// Remove a variable from the program's environment [env: TRANSOM_UNSET_ENV=A,B]
    #[arg(short = 'U', long = "unset", value_name = "VAR")]
    unset: Vec<OsString>,
    /// Give the program this argv[0]
    #[arg(short = '0', long = "argv0", value_name = "NAME", env = "TRANSOM_ARGV0", hide_env_values = true)]
    argv0: Option<OsString>,
    /// The CPU, as MODEL[,+FEATURE][,-FEATURE]...; "help" lists them
    #[arg(long, value_name = "MODEL", env = "TRANSOM_CPU", hide_env_values = true)]
    cpu: Option<String>,
    /// The release of Linux that uname tells
    #[arg(short = 'r', long, value_name = "RELEASE", env = "TRANSOM_UNAME", hide_env_values = true)]
    uname: Option<String>,
    /// The size of the program's stack, in bytes or with K, M or G behind it, whatever `ulimit -s` says
    #[arg(short = 's', long, value_name = "SIZE", value_parser = size, env = "TRANSOM_STACK_SIZE", hide_env_values = true)]
    stack_size: Option<u64>,
    /// Give the program the addresses below SIZE alone, as a kernel for fewer bits does (512G: 39 bits)
    #[arg(long, value_name = "SIZE", value_parser = address_space, env = "TRANSOM_ADDRESS_SPACE", hide_env_values = true)]
    address_space: Option<u64>,
    /// Give the program the same random numbers each time: those at its start (AT_RANDOM)
    #[arg(long, value_name = "NUMBER", env = "TRANSOM_SEED", hide_env_values = true)]
    seed: Option<u64>,
    /// Keep translated code in DIR [env: TRANSOM_CACHE_DIR]; may be given several times: only the last is written
    #[arg(long = "cache-dir", value_name = "DIR")]
    cache: Vec<PathBuf>,
    /// Print system calls and signals as strace does, or those of a FILTER as its option -e has it: names and classes
    /// with commas, `!` before them for all others
    #[arg(long, value_name = "FILTER", num_args = 0..=1, require_equals = true, default_missing_value = "all", env = "TRANSOM_STRACE", hide_env_values = true)]
    strace: Option<String>,
    /// The same as JSON, an object a line
    #[arg(long, value_parser = FalseyValueParser::new(), env = "TRANSOM_STRACE_JSON", hide_env_values = true)]
    strace_json: bool,
    /// Write traces to FILE instead of standard error; %d stands for the process
    #[arg(short = 'o', long = "log", value_name = "FILE", env = "TRANSOM_LOG", hide_env_values = true)]
    log: Option<PathBuf>,
    /// What runs the program: jit (machine code) or interp (the interpreter of the intermediate representation)
    #[arg(long, value_name = "ENGINE", value_parser = engine, default_value = "jit", env = "TRANSOM_ENGINE", hide_env_values = true)]
    engine: Engine,
    /// Print to standard error, several with commas: translated blocks as guest, ir or host code; each block before it
    /// runs (exec) and the registers (cpu, fpu: all); the mappings at the start (maps)
    #[arg(long, value_name = "WHAT", value_parser = Trace::parse, env = "TRANSOM_TRACE", hide_env_values = true)]
    trace: Option<Trace>,
    /// Trace only these addresses: START..END, START+SIZE, START-SIZE, several with commas
    #[arg(long, value_name = "RANGE", value_parser = addresses, env = "TRANSOM_TRACE_FILTER", hide_env_values = true)]
    trace_filter: Option<String>,
    /// Make each instruction a block of its own
    #[arg(long, value_parser = FalseyValueParser::new(), env = "TRANSOM_ONE_INSN", hide_env_values = true)]
    one_insn: bool,
    /// Tell perf(1) the names of the program's functions, in /tmp/perf-PID.map
    #[arg(long, value_parser = FalseyValueParser::new(), env = "TRANSOM_PERF_MAP", hide_env_values = true)]
    perf_map: bool,
    /// Leave the translated code for `perf inject --jit`, in jit-PID.dump
    #[arg(long, value_parser = FalseyValueParser::new(), env = "TRANSOM_JITDUMP", hide_env_values = true)]
    jitdump: bool,
    /// Print counts of translation and execution to standard error at the end
    #[arg(long, value_parser = FalseyValueParser::new(), env = "TRANSOM_STATS", hide_env_values = true)]
    stats: bool,
    /// Wait for gdb to connect at PORT, HOST:PORT or the socket PATH before the program's first instruction
    #[arg(short = 'g', long, value_name = "PLACE", env = "TRANSOM_GDB", hide_env_values = true)]
    gdb: Option<String>,
    /// Tell about a program that a signal ends, on standard error: registers, mapping, backtrace, latest system calls
    #[arg(long, value_parser = FalseyValueParser::new(), env = "TRANSOM_CRASH_REPORT", hide_env_values = true)]
    crash_report: bool,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", trailing_var_arg = true)]
    program: Vec<OsString>,
}

fn engine(name: &str) -> Result<Engine, String> {
    match name {
        "jit" => Ok(Engine::Jit),
        "interp" => Ok(Engine::Interp),
        _ => Err("use jit or interp".into()),
    }
}

/// A list that [`Addresses`] are made of.
pub fn addresses(list: &str) -> Result<String, String> {
    Addresses::parse(list).map(|_| list.to_owned())
}

/// The size of an address space, as [`size`].
pub fn address_space(text: &str) -> Result<u64, String> {
    let given = size(text)?;
    let (least, most) = (place::SMALLEST >> 30, (place::USER_END >> 30) + 1);
    match (place::SMALLEST..=most << 30).contains(&given) {
        true => Ok(given.min(place::USER_END)),
        false => Err(format!("an address space has {least}G to {most}G")),
    }
}

/// A size with its unit: `8388608`, `0x800000`, `8192K`, `8M`.
pub fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    let bytes = number.ok().and_then(|number| number.checked_mul(1 << shift)).filter(|&bytes| bytes != 0);
    bytes.ok_or_else(|| format!("'{text}' is no size: write a number of bytes, or one with K, M or G behind it"))
}

/// Parses the command line; ends the process where clap prints help or what is wrong.
pub fn parse(called: &Called, words: Vec<OsString>) -> Result<Request, Refused> {
    // What binfmt_misc passes is a program, whatever it is called.
    let guard = called.by_binfmt().then(|| OsString::from("--"));
    let mut words = words.into_iter();
    let name = words.next();
    let matches = Args::command().get_matches_from(name.into_iter().chain(guard).chain(words));
    let mut args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(tool) = args.tool {
        return Ok(Request::Tool(tool));
    }
    if args.cpu.as_deref() == Some("help") {
        return Ok(Request::Print(guest::cpu_help()));
    }
    // `--strace help` reads as a program of that name.
    let is_asked_with_space = args.strace.as_deref() == Some("all") && args.program == ["help"];
    if args.strace.as_deref() == Some("help") || is_asked_with_space {
        return Ok(Request::Print(strace_help()));
    }
    if args.program.is_empty() {
        Args::command().error(clap::error::ErrorKind::MissingRequiredArgument, "no PROGRAM is given").exit();
    }
    let mut command = Command { env: changes(&matches, &args), ..Command::default() };
    let program = std::mem::take(&mut args.program);
    let argv0 = args.argv0.take();
    command.options = options(&matches, args);
    command.take_words(called, program.into_iter());
    command.argv0 = argv0.or(command.argv0);
    Ok(Request::Run(Box::new(command)))
}

/// The text of `--strace help`.
fn strace_help() -> String {
    format!(
        "--strace=FILTER prints these system calls alone: names and classes with commas between them, all others with a ! \
         before.\n\nclasses: {}\nnames:   those of docs/syscalls.md\n",
        syscalls::strace::classes()
    )
}

/// What a variable says that turns something on or off; else it is a filter.
const ON: [&str; 5] = ["all", "1", "true", "yes", "on"];
const OFF: [&str; 5] = ["", "0", "false", "no", "off"];

fn options(matches: &ArgMatches, args: Args) -> Options {
    // As PATH, the variable holds several folders with colons between them.
    let from_variable = matches.value_source("sysroots") == Some(ValueSource::EnvVariable);
    let sysroots = match from_variable {
        true => args.sysroots.iter().flat_map(|list| split(list.as_os_str(), b':')).map(PathBuf::from).collect(),
        false => args.sysroots,
    };
    Options {
        sysroots,
        cpu: args.cpu,
        uname: args.uname,
        stack_size: args.stack_size,
        address_end: args.address_space,
        seed: args.seed,
        strace: args.strace_json || args.strace.as_deref().is_some_and(|filter| !OFF.contains(&filter)),
        strace_filter: args.strace.filter(|filter| !ON.contains(&filter.as_str())).unwrap_or_default(),
        strace_json: args.strace_json,
        strace_lines: None,
        log: args.log,
        engine: args.engine,
        trace: args.trace.unwrap_or_default(),
        trace_filter: args.trace_filter.unwrap_or_default(),
        one_insn: args.one_insn,
        profiles: Profiles { map: args.perf_map, dump: args.jitdump },
        stats: args.stats,
        crash_report: args.crash_report,
        gdb: args.gdb,
        gdb_connection: None,
        cache: args.cache,
        cache_bound: None,
        by_kernel: false,
    }
}

/// The changes of the environment: those of the variables, then those of the options, in their order.
fn changes(matches: &ArgMatches, args: &Args) -> Vec<(OsString, Option<OsString>)> {
    let variable = |name| std::env::var_os(name).unwrap_or_default();
    let mut command = Command::default();
    split(&variable("TRANSOM_SET_ENV"), b',').for_each(|pair| command.set_variable(pair));
    command.env.extend(split(&variable("TRANSOM_UNSET_ENV"), b',').map(|name| (name.to_owned(), None)));
    let indices = |name| matches.indices_of(name).into_iter().flatten();
    let set = indices("set").zip(args.set.iter().map(|pair| (true, pair)));
    let mut changes: Vec<(usize, (bool, &OsString))> =
        set.chain(indices("unset").zip(args.unset.iter().map(|name| (false, name)))).collect();
    changes.sort_by_key(|(index, _)| *index);
    for (_, (sets, text)) in changes {
        match sets {
            true => command.set_variable(text),
            false => command.env.push((OsStr::to_owned(text), None)),
        }
    }
    command.env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("8388608", 8 << 20), ("0x1000", 4096), ("64k", 65536), ("2M", 2 << 20), ("1G", 1 << 30)]
        {
            assert_eq!(size(text), Ok(bytes));
        }
        for text in ["", "M", "0", "x", "-1", "99999999999G", "ß"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_of_address_spaces() {
        assert_eq!(address_space("512G"), Ok(1 << 39));
        assert_eq!(address_space("0x800000000000"), Ok(place::USER_END));
        for wrong in ["63G", "0x800040000000", "4096", "many"] {
            assert!(address_space(wrong).is_err(), "{wrong}");
        }
    }
}
