//! The table against the headers of the machine, where it has them, and against itself.

use std::collections::HashMap;
use syscalls::abi::Guest;
use syscalls::table::{ROWS, Verb, find, markdown};

/// `#define __NR_name number` lines.
fn defines(path: &str, prefixes: &[&str]) -> Option<HashMap<String, u64>> {
    let text = std::fs::read_to_string(path).ok()?;
    let parse = |line: &str| {
        let rest = line.strip_prefix("#define ")?;
        let rest = prefixes.iter().find_map(|prefix| rest.strip_prefix(prefix))?;
        let mut words = rest.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
    };
    Some(text.lines().filter_map(parse).collect())
}

#[test]
fn host_numbers_are_the_hosts() {
    let Some(host) = defines("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", &["__NR_"]) else { return };
    for row in ROWS {
        if let (Verb::Forward(nr), Some(&known)) = (row.verb, host.get(row.name)) {
            assert_eq!(nr as u64, known, "{}", row.name);
        }
    }
}

#[test]
fn guest_numbers_are_the_generic_tables() {
    let Some(mut generic) = defines("/usr/include/asm-generic/unistd.h", &["__NR3264_", "__NR_"]) else { return };
    generic.insert("newfstatat".to_owned(), 79);
    // Markers and calls of 32-bit guests.
    let absent = |name: &str, nr: u64| {
        name.contains("time64")
            || ["syscalls", "arch_specific_syscall", "sync_file_range2"].contains(&name)
            || (403..424).contains(&nr)
            || name == "fstatat"
    };
    for (name, nr) in generic.into_iter().filter(|(name, nr)| !absent(name, *nr)) {
        let row = ROWS.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name} has no row"));
        assert_eq!(u64::from(row.nr), nr, "{name}");
    }
}

#[test]
fn calls_of_one_guest_alone() {
    assert!(find(38, Guest::Aarch64).is_some() && find(38, Guest::Riscv64).is_none());
    assert!(find(258, Guest::Riscv64).is_some() && find(258, Guest::Aarch64).is_none());
    assert!(find(259, Guest::Riscv64).is_some());
    for nr in [244, 257, 295, 423, 470, 1 << 16, u64::MAX] {
        assert!(find(nr, Guest::Aarch64).is_none(), "{nr}");
    }
}

#[test]
fn most_calls_work() {
    let works = ROWS.iter().filter(|row| !matches!(row.verb, Verb::Absent(_))).count();
    assert!(works >= 315, "{works} of {}", ROWS.len());
    let text = markdown();
    assert!(text.contains("| 117 | ptrace | emulate |") && text.contains("| 63 | read | forward |"));
}
