//! Table: the options of qemu-user and their variables, and what each means here.

use std::ffi::OsStr;
use std::path::PathBuf;

use memory::space::place;

use super::super::{args, split};
use super::{Print, Wanted};
use crate::guest;
use crate::options::Options;

/// An option.
pub struct Row {
    /// Its names, without the dash.
    pub names: &'static [&'static str],
    /// Its variable, empty for none.
    pub variable: &'static str,
    /// What follows it, empty for nothing.
    pub argument: &'static str,
    /// What it does, for `-h`.
    pub help: &'static str,
    /// Takes it in; an error says what is wrong with the argument.
    pub take: fn(&mut Wanted, &OsStr) -> Result<(), String>,
}

macro_rules! rows {
    ($( $($name:literal)|+, $variable:literal, $argument:literal, $help:literal => $take:expr; )*) => {
        &[$( Row { names: &[$($name),+], variable: $variable, argument: $argument, help: $help, take: $take } ),*]
    };
}

/// The options, in the order in which qemu-user reads their variables.
pub const ROWS: &[Row] = rows! {
    "h"|"help", "", "", "print this" => |to, _| print(to, Print::Help);
    "g", "QEMU_GDB", "PORT|SOCKET", "wait for gdb to connect" => |to, place| {
        let place = text(place)?;
        let place = match place.split_once(",suspend=") {
            Some((place, value)) if is_on(value) == Some(true) => place,
            Some(_) => return Err("the program waits for gdb; suspend=n is not to be had".into()),
            None => place,
        };
        to.command.options.gdb = Some(place.to_owned());
        Ok(())
    };
    "L", "QEMU_LD_PREFIX", "DIR", "look absolute paths up in DIR first" => |to, dir| {
        to.command.options.sysroots = vec![PathBuf::from(dir)];
        Ok(())
    };
    "s", "QEMU_STACK_SIZE", "SIZE", "size of the stack; K, M or G may follow" => |to, size| {
        to.command.options.stack_size = Some(args::size(text(size)?)?);
        Ok(())
    };
    "cpu", "QEMU_CPU", "MODEL", "the CPU; 'help' lists them" => |to, model| {
        if model == "help" {
            return print(to, Print::Cpus);
        }
        let description = cpu(to, text(model)?)?;
        to.command.options.cpu = Some(description);
        Ok(())
    };
    "E", "QEMU_SET_ENV", "VAR=VALUE,...", "set variables of the program" => set_variables;
    "U", "QEMU_UNSET_ENV", "VAR,...", "unset variables of the program" => |to, names| {
        to.command.env.extend(split(names, b',').map(|name| (name.to_owned(), None)));
        Ok(())
    };
    "0", "QEMU_ARGV0", "NAME", "the program's argv[0]" => |to, name| {
        to.command.argv0 = Some(name.to_owned());
        Ok(())
    };
    "r", "QEMU_UNAME", "RELEASE", "the release that uname tells" => |to, release| {
        to.command.options.uname = Some(text(release)?.to_owned());
        Ok(())
    };
    "B", "QEMU_GUEST_BASE", "ADDRESS", "no effect: addresses of the program are the host's" => |to, base| {
        match number(base)? {
            0 => Ok(()),
            _ => to.warn("-B has no effect: the program's addresses are the host's"),
        }
    };
    "R", "QEMU_RESERVED_VA", "SIZE", "give the program the addresses below SIZE alone" => |to, size| {
        if number(size) == Ok(0) {
            return Ok(());
        }
        let size = text(size)?;
        if args::size(size)? < place::SMALLEST {
            return to.warn("-R has no effect below 64G: the program has all addresses, and none are reserved");
        }
        to.command.options.address_end = Some(args::address_space(size)?);
        Ok(())
    };
    "p", "QEMU_PAGESIZE", "SIZE", "no effect: pages have the host's size" => |to, size| {
        match number(size)? {
            4096 => Ok(()),
            _ => to.warn("-p has no effect: pages have 4096 bytes, as the host's"),
        }
    };
    "t", "QEMU_RTSIG_MAP", "TSIG HSIG N,...", "no effect: all signals are the host's" => |to, _| {
        to.warn("-t has no effect: the program has all 64 signals as they are")
    };
    "d", "QEMU_LOG", "ITEM,...", "log; 'help' lists what" => log;
    "dfilter", "QEMU_DFILTER", "RANGE,...", "log code at these addresses alone" => |to, list| {
        to.command.options.trace_filter = args::addresses(text(list)?)?;
        Ok(())
    };
    "D", "QEMU_LOG_FILENAME", "FILE", "write logs there instead of to standard error" => |to, file| {
        to.command.options.log = Some(file.into());
        Ok(())
    };
    "one-insn-per-tb"|"singlestep", "QEMU_ONE_INSN_PER_TB", "", "make each instruction a block of its own" => |to, _| {
        to.command.options.one_insn = true;
        Ok(())
    };
    "tb-size", "QEMU_TB_SIZE", "SIZE", "no effect: room for code grows as needed" => |to, _| {
        to.warn("-tb-size has no effect: the room for translated code grows as needed")
    };
    "strace", "QEMU_STRACE", "", "print system calls and signals" => |to, _| {
        to.command.options.strace = true;
        Ok(())
    };
    "seed", "QEMU_RAND_SEED", "NUMBER", "the same random numbers at each start" => |to, seed| {
        to.command.options.seed = Some(number(seed)?);
        Ok(())
    };
    "trace", "QEMU_TRACE", "EVENTS", "no effect: these events are qemu's own" => |to, _| {
        to.warn("-trace has no effect: its events are qemu's own")
    };
    "plugin", "QEMU_PLUGIN", "FILE", "refused: plugins are made for qemu" => |_, _| {
        Err("qemu's plugins can't be loaded; `transom --trace` and `--stats` tell what runs".into())
    };
    "version"|"v", "QEMU_VERSION", "", "print the version" => |to, _| print(to, Print::Version);
    "perfmap", "QEMU_PERFMAP", "", "write /tmp/perf-PID.map for perf" => |to, _| {
        to.command.options.profiles.map = true;
        Ok(())
    };
    "jitdump", "QEMU_JITDUMP", "", "write jit-PID.dump for perf" => |to, _| {
        to.command.options.profiles.dump = true;
        Ok(())
    };
};

/// An item of `-d`.
pub struct Log {
    /// Its name.
    pub name: &'static str,
    /// What it logs, for `-d help`.
    pub help: &'static str,
    /// Turns it on; `None` for what has no counterpart here.
    turn_on: Option<fn(&mut Options)>,
}

/// The items.
pub const LOGS: &[Log] = &[
    Log { name: "in_asm", help: "the program's instructions of each block", turn_on: Some(|to| to.trace.guest = true) },
    Log { name: "op", help: "each block in transom's intermediate language", turn_on: Some(|to| to.trace.ir = true) },
    Log { name: "op_opt", help: "the same", turn_on: Some(|to| to.trace.ir = true) },
    Log { name: "op_ind", help: "the same", turn_on: Some(|to| to.trace.ir = true) },
    Log { name: "out_asm", help: "the machine code of each block", turn_on: Some(|to| to.trace.host = true) },
    Log { name: "strace", help: "system calls and signals", turn_on: Some(|to| to.strace = true) },
    Log { name: "int", help: "no effect", turn_on: None },
    Log { name: "exec", help: "each block before it runs", turn_on: Some(|to| to.trace.exec = true) },
    Log { name: "cpu", help: "the registers before each block", turn_on: Some(|to| to.trace.cpu = true) },
    Log { name: "fpu", help: "with cpu: those of floating point too", turn_on: Some(|to| to.trace.fpu = true) },
    Log { name: "vpu", help: "with cpu: those of vectors too", turn_on: Some(|to| to.trace.fpu = true) },
    Log { name: "mmu", help: "no effect", turn_on: None },
    Log { name: "page", help: "the mappings at the start", turn_on: Some(|to| to.trace.maps = true) },
    Log { name: "pcall", help: "no effect", turn_on: None },
    Log { name: "unimp", help: "nothing: what is not there raises SIGILL or ENOSYS", turn_on: Some(|_| {}) },
    Log { name: "guest_errors", help: "nothing: these are errors of devices", turn_on: Some(|_| {}) },
    Log { name: "invalid_mem", help: "no effect", turn_on: None },
    Log { name: "cpu_reset", help: "no effect", turn_on: None },
    Log { name: "nochain", help: "nothing: exec and cpu show every block anyhow", turn_on: Some(|_| {}) },
    Log { name: "plugin", help: "no effect", turn_on: None },
    Log { name: "tid", help: "no effect", turn_on: None },
    Log { name: "tb_cpu", help: "no effect", turn_on: None },
];

fn log(to: &mut Wanted, items: &OsStr) -> Result<(), String> {
    let items = text(items)?;
    if items == "help" {
        return print(to, Print::Logs);
    }
    for item in items.split(',').filter(|item| !item.is_empty()) {
        // `trace:EVENT` is `-trace EVENT`.
        let name = if item.starts_with("trace:") { "plugin" } else { item };
        let known = LOGS.iter().find(|log| log.name == name);
        match known.ok_or_else(|| format!("there is no '{item}' to log; -d help lists what there is"))?.turn_on {
            Some(turn_on) => turn_on(&mut to.command.options),
            None => to.warn(format!("-d {item} has no effect: nothing here corresponds to it"))?,
        }
    }
    Ok(())
}

/// What turns a property of a CPU on or off (qapi_bool_parse in qemu).
fn is_on(value: &str) -> Option<bool> {
    match value {
        "on" | "yes" | "true" | "y" => Some(true),
        "off" | "no" | "false" | "n" => Some(false),
        _ => None,
    }
}

/// A CPU as [`Options`] has it: qemu describes it by `MODEL,PROPERTY=VALUE,...`, and by + and - as well.
fn cpu(to: &mut Wanted, model: &str) -> Result<String, String> {
    let mut parts = model.split(',');
    let mut description = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            description += &format!(",{part}");
            continue;
        };
        match is_on(value) {
            Some(on) if guest::is_cpu_feature(name) => description += &format!(",{}{name}", if on { '+' } else { '-' }),
            // What is not there is off.
            Some(false) => {}
            _ => to.warn(format!("-cpu {part} has no effect: no CPU here has that"))?,
        }
    }
    Ok(description)
}

fn print(to: &mut Wanted, what: Print) -> Result<(), String> {
    to.print = Some(what);
    Ok(())
}

fn set_variables(to: &mut Wanted, pairs: &OsStr) -> Result<(), String> {
    for pair in split(pairs, b',') {
        if !pair.as_encoded_bytes().contains(&b'=') {
            return Err(format!("write NAME=VALUE instead of '{}'", pair.display()));
        }
        to.command.set_variable(pair);
    }
    Ok(())
}

fn text(argument: &OsStr) -> Result<&str, String> {
    argument.to_str().ok_or_else(|| format!("'{}' is no text", argument.display()))
}

/// A number, in any of C's notations.
fn number(argument: &OsStr) -> Result<u64, String> {
    let text = text(argument)?;
    let number = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(digits), _) => u64::from_str_radix(digits, 16),
        (None, Some(digits)) if !digits.is_empty() => u64::from_str_radix(digits, 8),
        _ => text.parse(),
    };
    number.map_err(|_| format!("'{text}' is no number"))
}
