//! A program that a signal ends leaves a report, where it is asked for, and a core file that gdb-multiarch opens
//! (`tests/fetch gdb`).

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, expect, run};
use support::{GUESTS, gdb, program, transom};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let arguments = Arguments::from_args();
    let trials = GUESTS.iter().flat_map(|&guest| {
        [
            Trial::test(format!("{guest}/report"), move || report(guest)),
            Trial::test(format!("{guest}/with_strace"), move || with_strace(guest)),
            Trial::test(format!("{guest}/silence"), move || silence(guest)),
            Trial::test(format!("{guest}/core"), move || core(guest)),
            Trial::test(format!("{guest}/abort"), move || abort(guest)),
            Trial::test(format!("{guest}/core_of_threads"), move || core_of_threads(guest)),
        ]
    });
    let trials = trials.chain([Trial::test("riscv64/core_of_vectors", core_of_vectors)]);
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn report(guest: &str) -> Result<(), Failed> {
    let mut command = Command::new(transom());
    let outcome = run(command.arg("--crash-report").arg(program(guest, "segv")), LIMIT);
    expect(outcome.end == End::Signal(libc::SIGSEGV), "the signal reaches the parent", &outcome)?;
    let stderr = outcome.stderr();
    let wanted = [
        "SIGSEGV ends /",
        "code 1, address 0x10\n",
        "pc=0000",
        "address 0x0000000000000010  not mapped",
        "#0 ",
        "write",
    ];
    for part in wanted {
        expect(stderr.contains(part), part, &outcome)?;
    }
    Ok(())
}

/// With `--strace` the calls are shown as they are made, and not promised once more.
fn with_strace(guest: &str) -> Result<(), Failed> {
    let mut command = Command::new(transom());
    let outcome = run(command.args(["--crash-report", "--strace"]).arg(program(guest, "segv")), LIMIT);
    let stderr = outcome.stderr();
    let calls = stderr.find("writev(1").zip(stderr.find("backtrace:")).is_some_and(|(call, report)| call < report);
    expect(calls && !stderr.contains("latest system calls"), "the calls, then the report", &outcome)
}

/// Unasked nothing is said: standard error is what it is natively.
fn silence(guest: &str) -> Result<(), Failed> {
    let outcome = run(Command::new(transom()).arg(program(guest, "segv")), LIMIT);
    expect(outcome.end == End::Signal(libc::SIGSEGV) && outcome.stderr.is_empty(), "nothing is said", &outcome)
}

/// The core file that a program leaves, by itself in a folder; none where the kernel's pattern leads elsewhere.
fn dump(binary: &Path, signal: i32) -> Result<Option<(TempDir, PathBuf)>, Failed> {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern")?;
    if pattern.starts_with(['|', '@', '/']) {
        eprintln!("core files go elsewhere here: {}", pattern.trim_end());
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$1\""]).arg(transom()).arg(binary);
    let outcome = run(command.current_dir(folder.path()), LIMIT);
    expect(outcome.end == End::Signal(signal), "the signal reaches the parent", &outcome)?;
    let file = std::fs::read_dir(folder.path())?.next().ok_or("no core file")??.path();
    Ok(Some((folder, file)))
}

/// The file as the kernel names it when the pattern is relative, which it is by default (core(5)).
fn core(guest: &str) -> Result<(), Failed> {
    let binary = program(guest, "segv");
    let Some((_folder, file)) = dump(&binary, libc::SIGSEGV)? else { return Ok(()) };
    let mut gdb = gdb();
    gdb.args(["-ex", "p $_siginfo.si_signo", "-ex", "p $_siginfo._sifields._sigfault.si_addr"]);
    gdb.args(["-ex", "x/i $pc", "-ex", "info auxv", "-ex", "info files"]).arg(&binary).arg(&file);
    let outcome = run(&mut gdb, LIMIT);
    let wanted = ["terminated with signal SIGSEGV", "$1 = 11", "= (void *) 0x10", "=> 0x", "AT_ENTRY", "is load1"];
    for part in wanted {
        expect(outcome.stdout().contains(part), part, &outcome)?;
    }
    Ok(())
}

/// A signal that a program sends itself leaves the same as a fault.
fn abort(guest: &str) -> Result<(), Failed> {
    let binary = program(guest, "abort");
    let outcome = run(Command::new(transom()).arg("--crash-report").arg(&binary), LIMIT);
    expect(outcome.end == End::Signal(libc::SIGABRT), "the signal reaches the parent", &outcome)?;
    expect(outcome.stderr().contains("SIGABRT ends /"), "a report", &outcome)?;
    let Some((_folder, file)) = dump(&binary, libc::SIGABRT)? else { return Ok(()) };
    let outcome = run(gdb().args(["-ex", "p $_siginfo.si_signo"]).arg(&binary).arg(&file), LIMIT);
    for part in ["terminated with signal SIGABRT", "$1 = 6"] {
        expect(outcome.stdout().contains(part), part, &outcome)?;
    }
    Ok(())
}

/// All threads are in it, each where it was.
fn core_of_threads(guest: &str) -> Result<(), Failed> {
    let binary = program(guest, "crowd.glibc");
    let Some((_folder, file)) = dump(&binary, libc::SIGSEGV)? else { return Ok(()) };
    let mut gdb = gdb();
    let outcome = run(gdb.args(["-ex", "info threads"]).arg(&binary).arg(&file), LIMIT);
    let stdout = outcome.stdout();
    expect(stdout.matches("[New LWP ").count() == 3, "three threads", &outcome)
}

/// Sets of registers beside the usual ones: notes of Linux' own (uapi/linux/elf.h, NT_RISCV_VECTOR, NT_RISCV_TAGGED_ADDR_CTRL).
fn core_of_vectors() -> Result<(), Failed> {
    let Some((_folder, file)) = dump(&program("riscv64", "vector-crash.glibc"), libc::SIGSEGV)? else { return Ok(()) };
    let bytes = std::fs::read(file)?;
    let note = |kind: u32, size: usize| {
        let head = [[6, size as u32, kind].map(u32::to_le_bytes).concat(), b"LINUX\0\0\0".to_vec()].concat();
        let at = bytes.windows(head.len()).position(|window| window == head)? + head.len();
        bytes.get(at..at + size)
    };
    let word = |bytes: &[u8], at: usize| bytes[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let vectors = note(0x901, 40 + 32 * 16).ok_or("no vectors")?;
    let (vl, vlenb, last) = (word(vectors, 8), word(vectors, 32), word(vectors, 40 + 31 * 16 + 8));
    if (vl, vlenb, last) != (Some(2), Some(16), Some(0x1122_3344_5566_7788)) {
        return Err(format!("vl {vl:?}, vlenb {vlenb:?}, v31 {last:x?}").into());
    }
    let tags = note(0x902, 8).and_then(|word_of| word(word_of, 0));
    if tags == Some(7 << 24 | 1) { Ok(()) } else { Err(format!("tags {tags:x?}").into()) }
}
