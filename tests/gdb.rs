//! gdb-multiarch debugs guests (`tests/fetch gdb roots`): the scripts `testdata/gdb/*.gdb`,
//! each line of whose `.out` must come out, in that order. It is the judge of traces' text as well.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::run::{End, run};
use support::{GUESTS, fetched, gdb, program, repository, transom};

const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    let arguments = Arguments::from_args();
    let trials = GUESTS.iter().flat_map(|&guest| {
        [
            Trial::test(format!("{guest}/session"), move || session(guest)),
            Trial::test(format!("{guest}/interrupt"), move || interrupt(guest)),
            Trial::test(format!("{guest}/kill"), move || killed(guest)),
            Trial::test(format!("{guest}/follow-parent"), move || follow(guest, "follow-parent", End::Exit(4))),
            Trial::test(format!("{guest}/follow-child"), move || follow(guest, "follow-child", End::Exit(4))),
            Trial::test(format!("{guest}/follow-both"), move || follow(guest, "follow-both", End::Signal(9))),
            Trial::test(format!("{guest}/follow-vfork"), move || follow(guest, "follow-vfork", End::Exit(4))),
        ]
    });
    let text = Trial::test("riscv64/disassembly", disassembly);
    libtest_mimic::run(&arguments, trials.chain([text]).collect()).exit();
}

/// A guest that waits for gdb at a socket.
struct Guest {
    child: Child,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Guest {
    fn start(guest: &str, program: &str, args: &[&str]) -> Result<Guest, Failed> {
        let root = fetched(if guest == "aarch64" { "arm64" } else { guest });
        if !root.join("usr/bin/bash").exists() {
            return Err(format!("{} has no bash: run tests/fetch roots", root.display()).into());
        }
        let folder = tempfile::tempdir()?;
        let program = repository("testdata/gdb/bin").join(guest).join(program);
        let mut command = Command::new(transom());
        command.arg("-L").arg(root).arg("-g").arg(folder.path().join("gdb.%d")).arg(program).args(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let socket = folder.path().join(format!("gdb.{}", child.id()));
        let guest = Guest { child, socket, _folder: folder };
        let begin = Instant::now();
        while !guest.socket.exists() {
            if begin.elapsed() > LIMIT {
                return Err("nobody listens".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(guest)
    }

    /// gdb, connected, with more arguments to come.
    fn gdb(&self) -> Command {
        let mut gdb = gdb();
        let remote = format!("target remote {}", self.socket.display());
        gdb.args(["-ex", "set sysroot target:", "-ex"]).arg(remote).env("LC_ALL", "C.UTF-8");
        gdb.current_dir(repository("testdata/gdb"));
        gdb
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script(name: &str) -> String {
    repository(&format!("testdata/gdb/{name}")).display().to_string()
}

/// Looks for the lines of `file` in what gdb printed.
fn compare(file: &str, output: &str) -> Result<(), Failed> {
    let expected = std::fs::read_to_string(Path::new(&script(file)))?;
    let mut rest = output;
    for line in expected.lines() {
        match rest.find(line) {
            Some(at) => rest = &rest[at + line.len()..],
            None => return Err(format!("gdb did not print '{line}' where it should:\n{output}").into()),
        }
    }
    Ok(())
}

fn session(guest: &str) -> Result<(), Failed> {
    let mut guest = Guest::start(guest, "threads", &[])?;
    let outcome = run(guest.gdb().args(["-x", &script("session.gdb")]), LIMIT);
    compare("session.out", &(outcome.stdout() + &outcome.stderr()))?;
    match guest.child.wait()?.code() {
        Some(7) => Ok(()),
        other => Err(format!("the guest ended by {other:?}").into()),
    }
}

/// Fork and execve by the script `name`; the first process ends as it says.
fn follow(guest: &str, name: &str, end: End) -> Result<(), Failed> {
    let mut guest = Guest::start(guest, "forks", &[])?;
    let outcome = run(guest.gdb().args(["-x", &script(&format!("{name}.gdb"))]), LIMIT);
    compare(&format!("{name}.out"), &(outcome.stdout() + &outcome.stderr()))?;
    match End::from(guest.child.wait()?) {
        ended if ended == end => Ok(()),
        other => Err(format!("the guest ended by {other:?}").into()),
    }
}

/// Ctrl-C while the guest sleeps; after `detach` it runs on.
fn interrupt(guest: &str) -> Result<(), Failed> {
    let mut guest = Guest::start(guest, "threads", &["sleep"])?;
    let mut gdb = guest.gdb();
    gdb.args(["-ex", "handle SIGUSR1 nostop noprint", "-x", &script("interrupt.gdb")]);
    gdb.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let gdb = gdb.spawn()?;
    let pid = Pid::from_raw(gdb.id() as i32);
    // Until the guest sleeps. A Ctrl-C that comes before gdb has said `continue` ends the script.
    wait_for_sleep(&guest)?;
    kill(pid, Signal::SIGINT)?;
    let output = gdb.wait_with_output()?;
    compare("interrupt.out", &String::from_utf8_lossy(&output.stdout))?;
    match guest.child.try_wait()? {
        None => Ok(()),
        Some(status) => Err(format!("the guest ended by {status:?}").into()),
    }
}

/// Waits until the guest has printed its line and sleeps: no thread but its first, in clock_nanosleep.
fn wait_for_sleep(guest: &Guest) -> Result<(), Failed> {
    let begin = Instant::now();
    loop {
        let call = std::fs::read_to_string(format!("/proc/{}/syscall", guest.pid()))?;
        if call.starts_with("230 ") {
            return Ok(());
        }
        if begin.elapsed() > LIMIT {
            return Err(format!("the guest does not sleep: {call}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn killed(guest: &str) -> Result<(), Failed> {
    use std::os::unix::process::ExitStatusExt;
    let mut guest = Guest::start(guest, "threads", &[])?;
    let outcome = run(guest.gdb().args(["-ex", "kill"]), LIMIT);
    if outcome.end != End::Exit(0) {
        return Err(format!("gdb: {}", outcome.stderr()).into());
    }
    match guest.child.wait()?.signal() {
        Some(9) => Ok(()),
        other => Err(format!("the guest ended by {other:?}").into()),
    }
}

/// RISC-V instructions of a trace read as gdb prints them, operands and all.
fn disassembly() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for name in ["atomics", "bitmanip", "divide", "float", "integer", "rounding", "strings.glibc"] {
        let (program, log) = (program("riscv64", name), folder.path().join(name));
        run(Command::new(transom()).arg("--trace=guest").arg("-o").arg(&log).arg(&program), LIMIT);
        let traced = std::fs::read_to_string(&log)?;
        let ours: BTreeMap<u64, &str> = traced.lines().filter_map(traced_instruction).collect();
        let mut gdb = gdb();
        gdb.args(["-ex", "set disassembler-options no-aliases"]);
        let (Some((&first, _)), Some((&last, _))) = (ours.first_key_value(), ours.last_key_value()) else {
            return Err(format!("{name}: nothing is traced").into());
        };
        gdb.args(["-ex", &format!("disassemble {first:#x},{:#x}", last + 4)]).arg(&program);
        let printed = run(&mut gdb, LIMIT).stdout();
        let theirs: BTreeMap<u64, String> = printed.lines().filter_map(printed_instruction).collect();
        for (pc, text) in &ours {
            match theirs.get(pc) {
                // What can't be executed has other names there.
                Some(printed) if printed == text || printed.ends_with("unimp") => {}
                printed => return Err(format!("{name}, {pc:#x}: '{text}', gdb {printed:?}").into()),
            }
        }
    }
    Ok(())
}

/// Address and text of a line `0x10078:  1141  c.addi sp,-16`.
fn traced_instruction(line: &str) -> Option<(u64, &str)> {
    let mut parts = line.splitn(3, "  ");
    let pc = parts.next()?.strip_prefix("0x")?.strip_suffix(':')?;
    Some((u64::from_str_radix(pc, 16).ok()?, parts.nth(1)?))
}

/// Address and text of gdb's line `   0x10078 <main+4>:\tc.addi\tsp,-16`, without names and remarks behind.
fn printed_instruction(line: &str) -> Option<(u64, String)> {
    let (place, text) = line.split_once(":\t")?;
    let pc = place.trim().strip_prefix("0x")?.split_whitespace().next()?;
    let text = text.split(['#', '<']).next()?.replace('\t', " ");
    Some((u64::from_str_radix(pc, 16).ok()?, text.trim().to_owned()))
}
