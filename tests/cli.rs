//! The command line as its user meets it: what an error says, and how the guest's end reaches the caller.

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, Outcome, expect, run};
use support::{GUESTS, program, transom};

const LIMIT: Duration = Duration::from_secs(30);

type Result = std::result::Result<(), Failed>;
type Test = (&'static str, fn() -> Result);

/// What a shell says of a command that it cannot run, and of one that is not there.
const CANNOT_RUN: End = End::Exit(126);
const NOT_FOUND: End = End::Exit(127);

fn main() {
    let arguments = Arguments::from_args();
    let tests: &[Test] = &[
        ("version", version),
        ("help", help),
        ("no_program", no_program),
        ("unknown_option", unknown_option),
        ("missing_file", missing_file),
        ("missing_file_in_path", missing_file_in_path),
        ("directory", directory),
        ("not_executable", not_executable),
        ("not_an_elf", not_an_elf),
        ("truncated_elf", truncated_elf),
        ("wrong_machine", wrong_machine),
        ("big_endian", big_endian),
        ("missing_interpreter", missing_interpreter),
        ("script_for_the_host", script_for_the_host),
        ("missing_sysroot", missing_sysroot),
        ("sysroot_program", sysroot_program),
        ("found_in_path", found_in_path),
        ("variables", variables),
        ("tools", tools),
        ("exit_status", exit_status),
        ("death_by_signal", death_by_signal),
        ("fault_report", fault_report),
        ("set_variable", set_variable),
        ("unset_variable", unset_variable),
        ("argument_zero", argument_zero),
        ("options_of_the_program", options_of_the_program),
        ("strace", strace),
        ("stats", stats),
        ("trace", trace),
        ("unknown_cpu", unknown_cpu),
        ("closed_output", closed_output),
    ];
    let trials = tests.iter().map(|(name, test)| Trial::test(*name, test)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn start<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Outcome {
    run(Command::new(transom()).args(arguments), LIMIT)
}

fn on(guest: &str, name: &str) -> String {
    program(guest, name).display().to_string()
}

/// An error of transom's own: its status, and each of the words that tell what is wrong and what to do.
fn refuses(outcome: &Outcome, end: End, words: &[&str]) -> Result {
    expect(outcome.end == end, &format!("should end by {end:?}"), outcome)?;
    let stderr = outcome.stderr();
    expect(stderr.starts_with("transom: "), "an error begins by naming transom", outcome)?;
    expect(stderr.lines().count() <= 3, "an error is three lines at most", outcome)?;
    for word in words {
        expect(stderr.contains(word), &format!("the error should name '{word}'"), outcome)?;
    }
    Ok(())
}

/// A file in a temporary folder, executable.
fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a writable temporary folder");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("one's own file");
    path.display().to_string()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn version() -> Result {
    let outcome = start(["--version"]);
    expect(outcome.end == End::Exit(0), "succeeds", &outcome)?;
    expect(outcome.stdout() == format!("transom {}\n", env!("CARGO_PKG_VERSION")), "tells its version", &outcome)
}

fn help() -> Result {
    let outcome = start(["--help"]);
    expect(outcome.end == End::Exit(0), "succeeds", &outcome)?;
    for option in ["--sysroot", "-L", "-E", "-U", "-0", "--cpu", "--strace", "--engine", "--trace", "--stats"] {
        expect(outcome.stdout().contains(option), &format!("tells of {option}"), &outcome)?;
    }
    Ok(())
}

fn no_program() -> Result {
    let outcome = start::<&str>([]);
    expect(matches!(outcome.end, End::Exit(1 | 2)), "fails", &outcome)?;
    expect(outcome.stderr().contains("PROGRAM") && outcome.stderr().contains("--help"), "tells the usage", &outcome)
}

fn unknown_option() -> Result {
    let outcome = start(["--no-such-option", &on("aarch64", "hello")]);
    expect(matches!(outcome.end, End::Exit(1 | 2)), "fails", &outcome)?;
    expect(outcome.stderr().contains("--no-such-option"), "names the option", &outcome)
}

fn missing_file() -> Result {
    refuses(&start(["/nonexistent/program"]), NOT_FOUND, &["/nonexistent/program", "No such file"])
}

fn missing_file_in_path() -> Result {
    refuses(&start(["surely-no-such-program"]), NOT_FOUND, &["surely-no-such-program"])?;
    refuses(&start(["doctr"]), NOT_FOUND, &["doctr", "transom doctor"])
}

fn directory() -> Result {
    refuses(&start(["/tmp"]), CANNOT_RUN, &["/tmp", "directory"])
}

fn not_executable() -> Result {
    let folder = folder();
    let path = file(&folder, "hello", &read(&on("aarch64", "hello")));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    // As with qemu and `ld.so`, a program that is named on the command line need not have the x bit.
    let outcome = start([&path]);
    expect(outcome.stdout() == "Hello, world\n" || outcome.end == CANNOT_RUN, "runs it, or says why not", &outcome)
}

fn not_an_elf() -> Result {
    let folder = folder();
    refuses(&start([&file(&folder, "text", b"just text\n")]), CANNOT_RUN, &["text", "ELF"])?;
    refuses(&start([&file(&folder, "empty", b"")]), CANNOT_RUN, &["empty"])
}

fn truncated_elf() -> Result {
    let folder = folder();
    let bytes = read(&on("riscv64", "hello"));
    for size in [5, 40, 63, 64, 100, 1000] {
        let outcome = start([&file(&folder, "cut", &bytes[..size])]);
        refuses(&outcome, CANNOT_RUN, &["cut"])?;
    }
    Ok(())
}

/// Offset of `e_machine` in an ELF header, and the number of a machine that is no guest.
const E_MACHINE: usize = 18;
const EM_S390: u8 = 22;

fn wrong_machine() -> Result {
    let folder = folder();
    let mut bytes = read(&on("aarch64", "hello"));
    bytes[E_MACHINE..E_MACHINE + 2].copy_from_slice(&[EM_S390, 0]);
    refuses(&start([&file(&folder, "foreign", &bytes)]), CANNOT_RUN, &["foreign", "AArch64", "RISC-V"])
}

/// Offset of `e_ident[EI_DATA]`, and the value for big-endian files.
const EI_DATA: usize = 5;
const ELFDATA2MSB: u8 = 2;

fn big_endian() -> Result {
    let folder = folder();
    let mut bytes = read(&on("aarch64", "hello"));
    bytes[EI_DATA] = ELFDATA2MSB;
    refuses(&start([&file(&folder, "big", &bytes)]), CANNOT_RUN, &["big", "endian"])
}

fn missing_interpreter() -> Result {
    for (guest, interpreter) in
        [("aarch64", "/lib/ld-linux-aarch64.so.1"), ("riscv64", "/lib/ld-linux-riscv64-lp64d.so.1")]
    {
        // Where the machine has the guest's libraries, the program just runs.
        if Path::new(interpreter).exists() {
            continue;
        }
        let outcome = start([on(guest, "hello-dynamic")]);
        refuses(&outcome, NOT_FOUND, &["hello-dynamic", interpreter, "-L"])?;
    }
    Ok(())
}

/// What is wrong is said of the script that was asked for, not of its interpreter alone.
fn script_for_the_host() -> Result {
    refuses(&start([&file(&folder(), "script", b"#!/bin/sh\n")]), CANNOT_RUN, &["/script: ", "/bin/sh: ", "x86-64"])
}

fn missing_sysroot() -> Result {
    let outcome = start(["-L", "/nonexistent/sysroot", &on("aarch64", "hello")]);
    expect(outcome.end != End::Exit(0), "a sysroot that is not there is no sysroot", &outcome)?;
    expect(outcome.stderr().contains("/nonexistent/sysroot"), "names it", &outcome)
}

/// `-L` is looked in first, for the program itself and for what it opens, and links stay inside it.
fn sysroot_program() -> Result {
    for guest in GUESTS {
        let root = folder();
        std::fs::create_dir_all(root.path().join("opt/real"))?;
        std::fs::copy(program(guest, "proc"), root.path().join("opt/real/proc"))?;
        symlink("/opt/real", root.path().join("opt/link"))?;
        let sysroot = root.path().display().to_string();
        for path in ["/opt/real/proc", "/opt/link/proc"] {
            let outcome = start(["-L", &sysroot, path, "first argument", "second"]);
            expect(outcome.end == End::Exit(0), &format!("{path} runs from the sysroot on {guest}"), &outcome)?;
        }
    }
    Ok(())
}

/// Each option has a variable; a tool is the first word alone.
fn variables() -> Result {
    let program = on("aarch64", "hello-asm");
    for (value, shows) in [("1", true), ("yes", true), ("0", false), ("", false)] {
        let outcome = run(Command::new(transom()).env("TRANSOM_STRACE", value).arg(&program), LIMIT);
        let shown = outcome.stderr().contains("exit_group(7)");
        expect(shown == shows, &format!("TRANSOM_STRACE={value}"), &outcome)?;
    }
    let mut command = Command::new(transom());
    command.env("TRANSOM_SET_ENV", "GREETING=a,EMPTY=b").args(["-E", "EMPTY=c", &on("riscv64", "args")]);
    let outcome = run(&mut command, LIMIT);
    expect(outcome.stdout().contains("GREETING='a' EMPTY='c'"), "TRANSOM_SET_ENV, then -E", &outcome)
}

fn tools() -> Result {
    for (arguments, word) in [
        (&["man"][..], ".TH transom"),
        (&["completions", "bash"], "complete"),
        (&["doctor"], "mmap_min_addr"),
        (&["help"], "Tools"),
    ] {
        let outcome = start(arguments);
        expect(outcome.stdout().contains(word), &format!("{arguments:?}"), &outcome)?;
    }
    let outcome = start(["doctor", &on("aarch64", "hello-dynamic")]);
    let of_program = outcome.stdout().contains("AArch64, dynamic") && outcome.stdout().contains("libc.so.6");
    expect(of_program, "looks at a program", &outcome)?;
    let outcome = start(["--", "completions"]);
    expect(outcome.end == NOT_FOUND && outcome.stdout.is_empty(), "behind -- it is a program", &outcome)
}

fn found_in_path() -> Result {
    for guest in GUESTS {
        let folder = program(guest, "hello");
        let folder = folder.parent().expect("a folder");
        let outcome = run(Command::new(transom()).arg("hello").env("PATH", folder), LIMIT);
        expect(outcome.stdout() == "Hello, world\n", "a name without a slash is looked up in PATH", &outcome)?;
    }
    Ok(())
}

fn exit_status() -> Result {
    for guest in GUESTS {
        let outcome = start([on(guest, "exit")]);
        expect(outcome.end == End::Exit(42), "the status is passed on", &outcome)?;
        expect(outcome.stderr.is_empty(), "nothing else is said", &outcome)?;
    }
    Ok(())
}

fn death_by_signal() -> Result {
    for guest in GUESTS {
        for (name, signal) in [("abort", libc::SIGABRT), ("segv", libc::SIGSEGV), ("term", libc::SIGTERM)] {
            let outcome = start([on(guest, name)]);
            expect(outcome.end == End::Signal(signal), &format!("{name} dies by its signal on {guest}"), &outcome)?;
        }
    }
    Ok(())
}

/// A crash of the guest is the guest's: the report speaks of it and does not blame transom.
fn fault_report() -> Result {
    for guest in GUESTS {
        let outcome = start([on(guest, "segv")]);
        expect(!outcome.is_bug(), "no bug of transom's", &outcome)?;
        let outcome = start([on(guest, "term")]);
        expect(outcome.stderr.is_empty(), "a death that was asked for needs no report", &outcome)?;
    }
    Ok(())
}

fn set_variable() -> Result {
    for guest in GUESTS {
        let program = on(guest, "args");
        let outcome = start(["-E", "GREETING=given", "-E", "EMPTY=a=b", &program]);
        expect(outcome.stdout().contains("GREETING='given' EMPTY='a=b'"), "-E sets a variable", &outcome)?;
    }
    Ok(())
}

fn unset_variable() -> Result {
    let program = on("aarch64", "args");
    let mut command = Command::new(transom());
    command.env("GREETING", "x").env("EMPTY", "kept").args(["-U", "GREETING", &program]);
    let outcome = run(&mut command, LIMIT);
    expect(outcome.stdout().contains("GREETING='(null)' EMPTY='kept'"), "-U takes a variable away", &outcome)
}

fn argument_zero() -> Result {
    for guest in GUESTS {
        let outcome = start(["-0", "another name", "--strace", &on(guest, "hello")]);
        expect(outcome.stdout() == "Hello, world\n", "-0 takes one argument", &outcome)?;
        let outcome = start(["-0", "another name", &on(guest, "argv0")]);
        expect(outcome.stdout() == "another name\n", "-0 sets argv[0]", &outcome)?;
    }
    Ok(())
}

/// What follows the program is the program's, whatever it looks like.
fn options_of_the_program() -> Result {
    let outcome = start([&on("aarch64", "args"), "--version", "-L", "--", "-x"]);
    for line in ["argv[1] = '--version'", "argv[2] = '-L'", "argv[3] = '--'", "argv[4] = '-x'"] {
        expect(outcome.stdout().contains(line), &format!("passes {line}"), &outcome)?;
    }
    let outcome = start(["--", &on("aarch64", "hello")]);
    expect(outcome.stdout() == "Hello, world\n", "-- ends transom's own options", &outcome)
}

fn strace() -> Result {
    for guest in GUESTS {
        let outcome = start(["--strace", &on(guest, "hello-asm")]);
        expect(outcome.end == End::Exit(7) && outcome.stdout() == "Hello, kernel\n", "runs as ever", &outcome)?;
        let stderr = outcome.stderr();
        let has_write = stderr.lines().any(|line| line.contains("write(1, ") && line.contains("= 14"));
        expect(has_write, "shows the call with its result", &outcome)?;
        expect(stderr.contains("exit_group(7)"), "shows the last call", &outcome)?;
        let outcome = start(["--strace=!write", &on(guest, "hello-asm")]);
        let shown = outcome.stderr().contains("exit_group(7)") && !outcome.stderr().contains("write(");
        expect(shown, "leaves out what a filter names", &outcome)?;
        let outcome = start(["--strace-json", &on(guest, "hello-asm")]);
        let is_json = outcome.stderr().lines().all(|line| line.starts_with('{') && line.ends_with('}'));
        expect(is_json && outcome.stderr().contains("\"call\":\"write\""), "prints objects", &outcome)?;
        let log = tempfile::NamedTempFile::new()?;
        let name = log.path().to_string_lossy().into_owned();
        let outcome = start(["--strace", "-o", &name, &on(guest, "hello-asm")]);
        let has_calls = std::fs::read_to_string(log.path())?.contains("exit_group(7)");
        expect(outcome.stderr.is_empty() && has_calls, "writes to a file", &outcome)?;
    }
    let outcome = start(["--strace=raed", &on("aarch64", "hello-asm")]);
    expect(outcome.end == End::Exit(1) && outcome.stderr().contains("raed"), "refuses an unknown call", &outcome)
}

fn stats() -> Result {
    for guest in GUESTS {
        let outcome = start(["--stats", &on(guest, "hello")]);
        expect(outcome.end == End::Exit(0) && outcome.stdout() == "Hello, world\n", "runs as ever", &outcome)?;
        for word in ["instructions", "bytes", "exits"] {
            expect(outcome.stderr().contains(word), &format!("counts {word}"), &outcome)?;
        }
    }
    Ok(())
}

fn trace() -> Result {
    for guest in GUESTS {
        for kind in ["guest", "ir", "host", "guest,ir,host"] {
            let outcome = start([&format!("--trace={kind}"), &on(guest, "hello-asm")]);
            let shown =
                if kind == "host" { outcome.stderr().contains("  mov ebx,7\n") } else { !outcome.stderr.is_empty() };
            expect(outcome.end == End::Exit(7) && shown, &format!("traces {kind}"), &outcome)?;
        }
    }
    let outcome = start(["--trace=nonsense", &on("aarch64", "hello")]);
    expect(outcome.end != End::Exit(0) && outcome.stderr().contains("nonsense"), "refuses an unknown kind", &outcome)
}

fn unknown_cpu() -> Result {
    let outcome = start(["--cpu", "no-such-model", &on("aarch64", "hello")]);
    expect(outcome.end != End::Exit(0), "refuses an unknown model", &outcome)?;
    expect(outcome.stderr().contains("no-such-model"), "names the model", &outcome)
}

/// `transom --help | head -0`: nobody reads, and that is no reason to panic.
fn closed_output() -> Result {
    for arguments in [&["--help"][..], &["--version"]] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let outcome = Command::new(transom()).args(arguments).stdout(writer).output()?;
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        if stderr.contains("panicked") {
            return Err(format!("panics on a closed pipe:\n{stderr}").into());
        }
    }
    Ok(())
}
