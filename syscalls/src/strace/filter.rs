//! Which calls are shown: `--strace=FILTER`, as strace's `-e trace=`.

use crate::args::Kind;
use crate::table::{ROWS, Row};

/// The calls that are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Whether those named are the ones left out.
    not: bool,
    names: Vec<&'static str>,
}

type Has = fn(&Row) -> bool;

/// strace's classes: those that derive from the types of arguments, and those that are lists.
const CLASSES: &[(&str, Has)] = &[
    ("all", |_| true),
    ("none", |_| false),
    ("file", |row| row.paths != 0),
    ("desc", |row| row.fds != 0),
    ("memory", |row| is_one_of(row, "brk mmap munmap mremap mprotect madvise msync mlock mincore shmat shmdt mbind")),
    ("process", |row| {
        is_one_of(row, "clone execve exit wait4 waitid kill tkill tgkill pidfd_send_signal rt_sigqueueinfo")
    }),
    ("signal", |row| row.name.contains("sig") || row.args.iter().any(|kind| matches!(kind, Kind::Signal))),
    ("network", |row| {
        is_one_of(
            row,
            "socket bind listen accept connect getsockname getpeername send recv setsockopt getsockopt shutdown",
        )
    }),
    ("ipc", |row| is_one_of(row, "msg sem shm")),
    ("creds", |row| {
        row.name.contains("uid")
            || row.name.contains("gid")
            || is_one_of(row, "capget capset getgroups setgroups prctl")
    }),
    ("clock", |row| {
        row.name.contains("time") && row.name.contains("clock") || is_one_of(row, "gettimeofday settimeofday adjtimex")
    }),
];

fn is_one_of(row: &Row, stems: &str) -> bool {
    stems.split(' ').any(|stem| row.name.starts_with(stem))
}

impl Default for Filter {
    /// All calls.
    fn default() -> Filter {
        Filter { not: true, names: Vec::new() }
    }
}

impl Filter {
    /// From strace's syntax: names and classes with commas, `!` before all of them for all others; `trace=` and `%` may
    /// stand before them.
    pub fn parse(text: &str) -> Result<Filter, String> {
        let text = text.strip_prefix("trace=").unwrap_or(text);
        let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let mut names = Vec::new();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            let found = named(word);
            if found.is_empty() && word != "none" {
                return Err(format!("there is no system call '{word}'; classes are {}", classes()));
            }
            names.extend(found);
        }
        let is_all = !not && (text.is_empty() || names.len() >= ROWS.len());
        Ok(Filter { not: not || is_all, names: if is_all { Vec::new() } else { names } })
    }

    /// Whether a call is shown.
    pub fn shows(&self, row: &Row) -> bool {
        self.names.contains(&row.name) != self.not
    }
}

fn named(word: &str) -> Vec<&'static str> {
    let class = CLASSES.iter().find(|(name, _)| word.strip_prefix('%').unwrap_or(word) == *name);
    let is_named = |row: &&Row| class.map_or(row.name == word, |(_, has)| has(row));
    ROWS.iter().filter(is_named).map(|row| row.name).collect()
}

/// The names of the classes.
pub fn classes() -> String {
    CLASSES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(filter: &str, name: &str) -> bool {
        let row = ROWS.iter().find(|row| row.name == name).expect("a call");
        Filter::parse(filter).expect("a filter").shows(row)
    }

    #[test]
    fn names_classes_and_their_opposite() {
        assert!(shows("", "read") && shows("all", "read") && !shows("none", "read"));
        assert!(shows("read,write", "read") && !shows("read,write", "close"));
        assert!(!shows("!read", "read") && shows("!read", "close"));
        assert!(shows("trace=%file", "openat") && !shows("file", "read") && shows("desc", "read"));
        assert!(shows("network,memory", "mmap") && shows("network", "accept4") && shows("signal", "kill"));
        assert!(Filter::parse("raed").is_err());
    }
}
