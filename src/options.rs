//! What the user asked for, and its form across execve: a program that the guest executes runs under
//! the same options.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What runs the translated blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Engine {
    /// Machine code.
    #[default]
    Jit,
    /// The IR's interpreter.
    Interp,
}

/// What is printed of the program's code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// Guest instructions.
    pub guest: bool,
    /// The block in IR.
    pub ir: bool,
    /// The machine code.
    pub host: bool,
    /// Each block before it runs.
    pub exec: bool,
    /// The registers before it runs.
    pub cpu: bool,
    /// With `cpu`: also those of floating point and vectors.
    pub fpu: bool,
    /// The mappings at the start.
    pub maps: bool,
}

impl Trace {
    /// Whether anything is.
    pub fn any(self) -> bool {
        self.guest || self.ir || self.host || self.runs()
    }

    /// Whether anything is each time that a block runs.
    pub fn runs(self) -> bool {
        self.exec || self.cpu
    }

    /// Adds what a comma-separated list names.
    pub fn parse(list: &str) -> Result<Trace, String> {
        let mut trace = Trace::default();
        for word in list.split(',') {
            match word {
                "guest" => trace.guest = true,
                "ir" => trace.ir = true,
                "host" => trace.host = true,
                "exec" => trace.exec = true,
                "cpu" => trace.cpu = true,
                "fpu" => (trace.cpu, trace.fpu) = (true, true),
                "maps" => trace.maps = true,
                _ => {
                    let known = "guest, ir, host, exec, cpu, fpu, maps";
                    return Err(format!("'{word}' can't be traced; use {known} or several with commas"));
                }
            }
        }
        Ok(trace)
    }
}

/// What perf(1) is told of emitted code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Profiles {
    /// Its map of names.
    pub map: bool,
    /// Its dump of code.
    pub dump: bool,
}

/// Options that hold for a program and the programs it executes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Where absolute paths are looked up first.
    pub sysroots: Vec<PathBuf>,
    /// CPU model and features.
    pub cpu: Option<String>,
    /// The release that uname(2) tells.
    pub uname: Option<String>,
    /// Size of the stack, instead of RLIMIT_STACK.
    pub stack_size: Option<u64>,
    /// First address that the program can't have; none: the host's, or what the program is known to need.
    pub address_end: Option<u64>,
    /// What the random bytes at the start (AT_RANDOM) are made of, instead of the host's.
    pub seed: Option<u64>,
    /// Whether system calls are printed.
    pub strace: bool,
    /// What runs the blocks.
    pub engine: Engine,
    /// What is printed of the program's code.
    pub trace: Trace,
    /// Of which addresses; of all if empty.
    pub trace_filter: String,
    /// Whether each instruction is a block of its own.
    pub one_insn: bool,
    /// Which system calls are printed, as strace's `-e trace=` has it; all if empty.
    pub strace_filter: String,
    /// Whether they are printed as JSON.
    pub strace_json: bool,
    /// The descriptor of what processes share that print them.
    pub strace_lines: Option<i32>,
    /// Where traces go instead of standard error; %d is the process.
    pub log: Option<PathBuf>,
    /// What perf is told of.
    pub profiles: Profiles,
    /// Whether counts are printed at the end.
    pub stats: bool,
    /// Whether the end by a signal is told of.
    pub crash_report: bool,
    /// Where gdb connects to.
    pub gdb: Option<String>,
    /// The connection with it, where it has followed here by execve.
    pub gdb_connection: Option<String>,
    /// Folders of the persistent cache; the last is written as well. None: there is no cache.
    pub cache: Vec<PathBuf>,
    /// Bytes that the cache's folder may have.
    pub cache_bound: Option<u64>,
    /// Whether the kernel started the first program (binfmt_misc).
    pub by_kernel: bool,
}

impl Options {
    /// One string per option that is not at its default, for [`Options::decode`].
    pub fn encode(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(log) = &self.log {
            words.push(OsString::from_vec([b"D", log.as_os_str().as_bytes()].concat()));
        }
        for path in &self.sysroots {
            words.push(OsString::from_vec([b"L", path.as_os_str().as_bytes()].concat()));
        }
        for path in &self.cache {
            words.push(OsString::from_vec([b"C", path.as_os_str().as_bytes()].concat()));
        }
        words.extend(self.cache_bound.map(|bound| format!("B{bound}").into()));
        let texts = [
            ('c', self.cpu.clone()),
            ('u', self.uname.clone()),
            ('G', self.gdb.clone()),
            ('K', self.gdb_connection.clone()),
            ('m', self.strace_lines.map(|fd| fd.to_string())),
            ('a', (!self.trace_filter.is_empty()).then(|| self.trace_filter.clone())),
            ('f', (!self.strace_filter.is_empty()).then(|| self.strace_filter.clone())),
            ('S', self.stack_size.map(|size| size.to_string())),
            ('A', self.address_end.map(|end| end.to_string())),
            ('e', self.seed.map(|seed| seed.to_string())),
        ];
        words.extend(texts.into_iter().filter_map(|(letter, text)| Some(format!("{letter}{}", text?).into())));
        let flags = [
            (self.strace, 's'),
            (self.strace_json, 'j'),
            (self.engine == Engine::Interp, 'i'),
            (self.stats, 't'),
            (self.crash_report, 'R'),
            (self.trace.guest, 'g'),
            (self.trace.ir, 'r'),
            (self.trace.host, 'h'),
            (self.trace.exec, 'x'),
            (self.trace.cpu, 'y'),
            (self.trace.fpu, 'z'),
            (self.trace.maps, 'M'),
            (self.one_insn, 'o'),
            (self.profiles.map, 'p'),
            (self.profiles.dump, 'd'),
            (self.by_kernel, 'k'),
        ];
        words.extend(flags.iter().filter(|(on, _)| *on).map(|(_, letter)| letter.to_string().into()));
        words
    }

    /// Takes in one string of [`Options::encode`]; false where it is none.
    pub fn decode(&mut self, word: &[u8]) -> bool {
        match word {
            [b'L', path @ ..] => self.sysroots.push(OsString::from_vec(path.to_vec()).into()),
            [b'C', path @ ..] => self.cache.push(OsString::from_vec(path.to_vec()).into()),
            [b'B', bound @ ..] => self.cache_bound = str::from_utf8(bound).ok().and_then(|bound| bound.parse().ok()),
            [b'c', cpu @ ..] => self.cpu = Some(String::from_utf8_lossy(cpu).into_owned()),
            [b'u', release @ ..] => self.uname = Some(String::from_utf8_lossy(release).into_owned()),
            [b'S', size @ ..] => self.stack_size = number(size),
            [b'A', end @ ..] => self.address_end = number(end),
            [b'e', seed @ ..] => self.seed = number(seed),
            [b'G', place @ ..] => self.gdb = Some(String::from_utf8_lossy(place).into_owned()),
            [b'K', connection @ ..] => self.gdb_connection = Some(String::from_utf8_lossy(connection).into_owned()),
            [b'a', filter @ ..] => self.trace_filter = String::from_utf8_lossy(filter).into_owned(),
            [b'f', filter @ ..] => self.strace_filter = String::from_utf8_lossy(filter).into_owned(),
            [b'D', path @ ..] => self.log = Some(OsString::from_vec(path.to_vec()).into()),
            [b'm', fd @ ..] => self.strace_lines = number(fd).map(|fd| fd as i32),
            b"j" => self.strace_json = true,
            b"s" => self.strace = true,
            b"i" => self.engine = Engine::Interp,
            b"t" => self.stats = true,
            b"R" => self.crash_report = true,
            b"g" => self.trace.guest = true,
            b"r" => self.trace.ir = true,
            b"h" => self.trace.host = true,
            b"x" => self.trace.exec = true,
            b"y" => self.trace.cpu = true,
            b"z" => self.trace.fpu = true,
            b"M" => self.trace.maps = true,
            b"o" => self.one_insn = true,
            b"p" => self.profiles.map = true,
            b"d" => self.profiles.dump = true,
            b"k" => self.by_kernel = true,
            _ => return false,
        }
        true
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_execve() {
        let options = Options {
            sysroots: vec!["/a b".into(), "/c".into()],
            cpu: Some("max,+lse".into()),
            uname: Some("5.4.0".into()),
            stack_size: Some(1 << 20),
            address_end: Some(1 << 42),
            seed: Some(7),
            strace: true,
            strace_filter: "file,!read".into(),
            strace_json: true,
            strace_lines: Some(7),
            log: Some("/tmp/log.%d".into()),
            engine: Engine::Interp,
            trace: Trace { guest: true, host: true, cpu: true, maps: true, ..Trace::default() },
            trace_filter: "0x1000+16".into(),
            one_insn: true,
            profiles: Profiles { map: true, dump: true },
            stats: true,
            crash_report: true,
            gdb: Some("/tmp/socket".into()),
            gdb_connection: Some("500,me".into()),
            cache: vec!["/d e".into()],
            cache_bound: Some(1 << 40),
            by_kernel: true,
        };
        let mut back = Options::default();
        assert!(options.encode().iter().all(|word| back.decode(word.as_bytes())));
        assert_eq!(back, options);
        assert!(!back.decode(b"?"));
    }
}
