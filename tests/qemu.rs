//! transom in qemu-user's place: called by its names, with its options and its variables.

mod support;

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, Outcome, expect, run};
use support::{GUESTS, program, repository, transom};

const LIMIT: Duration = Duration::from_secs(30);

type Result = std::result::Result<(), Failed>;
type Test = (&'static str, fn(&Called) -> Result);

fn main() {
    let arguments = Arguments::from_args();
    let tests: &[Test] = &[
        ("version_and_help", version_and_help),
        ("environment", environment),
        ("variables", variables),
        ("argument_zero", argument_zero),
        ("release", release),
        ("strace", strace),
        ("sysroot", sysroot),
        ("seed", seed),
        ("stack_size", stack_size),
        ("logs", logs),
        ("log_filter", log_filter),
        ("one_instruction", one_instruction),
        ("without_effect", without_effect),
        ("cpus", cpus),
        ("mistakes", mistakes),
        ("other_guest", other_guest),
    ];
    let trials = GUESTS.iter().flat_map(|guest| {
        let trial =
            move |&(name, test): &Test| Trial::test(format!("{guest}/{name}"), move || test(&Called::new(guest)?));
        tests.iter().map(trial).collect::<Vec<_>>()
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// A folder with transom in it by a name of qemu-user's.
struct Called {
    guest: &'static str,
    folder: tempfile::TempDir,
}

impl Called {
    fn new(guest: &'static str) -> std::result::Result<Called, Failed> {
        let called = Called { guest, folder: tempfile::tempdir()? };
        symlink(transom(), called.by("qemu-", ""))?;
        symlink(transom(), called.by("qemu-", "-static"))?;
        symlink(transom(), called.by("transom-", ""))?;
        Ok(called)
    }

    fn by(&self, prefix: &str, suffix: &str) -> PathBuf {
        self.folder.path().join(format!("{prefix}{}{suffix}", self.guest))
    }

    /// A run of a guest program: options, program, arguments, with variables.
    fn run(&self, variables: &[(&str, &str)], options: &[&str], name: &str) -> Outcome {
        let mut command = Command::new(self.by("qemu-", ""));
        command.args(options).arg(program(self.guest, name)).envs(variables.iter().copied());
        run(&mut command, LIMIT)
    }
}

fn version_and_help(called: &Called) -> Result {
    for path in [called.by("qemu-", ""), called.by("qemu-", "-static"), called.by("transom-", "")] {
        let outcome = run(Command::new(&path).arg("-version"), LIMIT);
        let first = format!("{} version ", path.file_name().expect("a name").display());
        expect(outcome.end == End::Exit(0) && outcome.stdout().starts_with(&first), "tells its version", &outcome)?;
        let outcome = run(Command::new(&path).arg("--help"), LIMIT);
        expect(outcome.end == End::Exit(0) && outcome.stdout().contains("QEMU_LD_PREFIX"), "tells options", &outcome)?;
        let outcome = run(Command::new(&path).arg("--").arg(program(called.guest, "exit")), LIMIT);
        expect(outcome.end == End::Exit(42), "runs a program", &outcome)?;
    }
    Ok(())
}

fn environment(called: &Called) -> Result {
    let outcome = called.run(&[("EMPTY", "x")], &["-E", "GREETING=a,EMPTY=b", "-U", "EMPTY,OTHER"], "args");
    expect(outcome.stdout().contains("GREETING='a' EMPTY='(null)'"), "the last change stays", &outcome)
}

fn variables(called: &Called) -> Result {
    let variables = [("QEMU_SET_ENV", "GREETING=a,EMPTY=b"), ("QEMU_UNSET_ENV", "HOME")];
    let outcome = called.run(&variables, &["-E", "EMPTY=c"], "args");
    expect(outcome.stdout().contains("GREETING='a' EMPTY='c'"), "options come after variables", &outcome)?;
    let outcome = called.run(&[("QEMU_VERSION", "")], &[], "args");
    expect(outcome.stdout().contains(" version "), "a variable without a value counts", &outcome)
}

fn argument_zero(called: &Called) -> Result {
    let outcome = called.run(&[], &["-0", "another"], "argv0");
    expect(outcome.stdout() == "another\n", "-0", &outcome)?;
    let outcome = called.run(&[("QEMU_ARGV0", "third")], &[], "argv0");
    expect(outcome.stdout() == "third\n", "QEMU_ARGV0", &outcome)
}

fn release(called: &Called) -> Result {
    for (variables, options) in [(&[("QEMU_UNAME", "4.19.0-x")][..], &[][..]), (&[], &["-r", "4.19.0-x"])] {
        let outcome = called.run(variables, options, "release");
        expect(outcome.stdout() == "4.19.0-x\n", "uname tells the release", &outcome)?;
    }
    Ok(())
}

fn strace(called: &Called) -> Result {
    for (variables, options) in [(&[("QEMU_STRACE", "")][..], &[][..]), (&[], &["-strace"]), (&[], &["-d", "strace"])] {
        let outcome = called.run(variables, options, "hello-asm");
        let shown = outcome.stderr().contains("exit_group(7)");
        expect(outcome.end == End::Exit(7) && shown, "shows system calls", &outcome)?;
    }
    Ok(())
}

/// A sysroot that is there is looked in, one that is not is passed over.
fn sysroot(called: &Called) -> Result {
    let root = called.folder.path().join("root");
    std::fs::create_dir_all(root.join("opt"))?;
    std::fs::copy(program(called.guest, "hello"), root.join("opt/hello"))?;
    let prefix = root.display().to_string();
    let path = called.by("qemu-", "");
    let outcome = run(Command::new(&path).args(["-L", &prefix, "/opt/hello"]), LIMIT);
    expect(outcome.stdout() == "Hello, world\n", "-L", &outcome)?;
    let outcome = run(Command::new(&path).env("QEMU_LD_PREFIX", &prefix).arg("/opt/hello"), LIMIT);
    expect(outcome.stdout() == "Hello, world\n", "QEMU_LD_PREFIX", &outcome)?;
    let outcome = called.run(&[("QEMU_LD_PREFIX", "/nonexistent/root")], &[], "hello");
    expect(outcome.stdout() == "Hello, world\n", "a sysroot that is not there", &outcome)
}

/// The same seed, the same bytes; another seed, others.
fn seed(called: &Called) -> Result {
    let bytes = |seed: &str| {
        let outcome = called.run(&[], &["-seed", seed], "random");
        expect(outcome.end == End::Exit(0), "runs", &outcome).map(|()| outcome.stdout)
    };
    let (one, again, other) = (bytes("1")?, bytes("1")?, bytes("2")?);
    if one != again || one == other {
        return Err(format!("{one:?} {again:?} {other:?}").into());
    }
    Ok(())
}

/// A recursion that wants more than 8 MiB, which is what the stack has otherwise.
fn stack_size(called: &Called) -> Result {
    let outcome = called.run(&[], &["-s", "64M"], "deep");
    expect(outcome.stdout() == "deep\n", "a large stack", &outcome)?;
    let outcome = called.run(&[("QEMU_STACK_SIZE", "256K")], &[], "deep");
    expect(outcome.end == End::Signal(libc::SIGSEGV), "a small stack", &outcome)
}

/// What is logged of `testdata/profile/spin.c`, whose functions have names.
fn log(called: &Called, options: &[&str]) -> std::result::Result<String, Failed> {
    let mut command = Command::new(called.by("qemu-", ""));
    command.args(options).arg(repository("testdata/profile/bin").join(called.guest).join("spin"));
    let outcome = run(&mut command, LIMIT);
    expect(outcome.end == End::Exit(7), "runs", &outcome)?;
    Ok(outcome.stderr())
}

/// The addresses and names of the blocks that ran: `Trace 0: 0x0 [0/ADDRESS/0/0] NAME`.
fn traced(log: &str) -> Vec<(u64, &str)> {
    let lines = log.lines().filter_map(|line| line.starts_with("Trace ").then(|| line.split_once("] ")).flatten());
    let addr = |place: &str| u64::from_str_radix(place.split('/').nth(1)?, 16).ok();
    lines.filter_map(|(place, name)| Some((addr(place)?, name))).collect()
}

fn logs(called: &Called) -> Result {
    let log = log(called, &["-d", "in_asm,exec,cpu,fpu,nochain,page"])?;
    let ran = traced(&log);
    let loops = ran.iter().filter(|(_, name)| *name == "second_spin").count();
    if ran.first().is_none_or(|(_, name)| *name != "_start") || loops < 999 {
        return Err(format!("every block is told of, {loops} rounds: {:?}", ran.first()).into());
    }
    for part in ["r-xp 00000000", "IN: _start\n", "IN: begin\n", "sp=0000"] {
        if !log.contains(part) {
            return Err(format!("no '{part}' in:\n{}", &log[..log.len().min(4000)]).into());
        }
    }
    Ok(())
}

fn log_filter(called: &Called) -> Result {
    let all = log(called, &["-d", "exec"])?;
    let (start, _) = *traced(&all).first().ok_or("nothing is told of")?;
    for range in [format!("{start:#x}+4"), format!("{start:#x}..{start:#x}"), format!("{:#x}-2", start + 1)] {
        let some = log(called, &["-d", "in_asm,exec", "-dfilter", &range])?;
        if traced(&some) != [(start, "_start")] || some.matches("IN: ").count() != 1 {
            return Err(format!("{range}: {some}").into());
        }
    }
    let outcome = called.run(&[("QEMU_DFILTER", "main")], &[], "exit");
    expect(outcome.end == End::Exit(1) && outcome.stderr().contains("START..END"), "what is no range", &outcome)
}

/// Each instruction of a straight line is logged, by the interpreter and by machine code.
fn one_instruction(called: &Called) -> Result {
    for items in ["exec", "in_asm"] {
        let (blocks, single) = (log(called, &["-d", items])?, log(called, &["-d", items, "-one-insn-per-tb"])?);
        let count = |log: &str| log.matches("Trace ").count() + log.matches("IN: ").count();
        if count(&single) < 2 * count(&blocks) {
            return Err(format!("{items}: {} against {} blocks", count(&single), count(&blocks)).into());
        }
    }
    Ok(())
}

fn without_effect(called: &Called) -> Result {
    for options in [
        &["-B", "0x10000"][..],
        &["-R", "4G"],
        &["-p", "8192"],
        &["-t", "1 2 3"],
        &["-tb-size", "64"],
        &["-d", "int"],
        &["-trace", "x"],
        &["-cpu", "max,vlen=128"],
        &["-cpu", "max,sve-max-vq=4"],
    ] {
        let outcome = called.run(&[], options, "exit");
        let said = outcome.stderr();
        let one_line = said.lines().count() == 1 && said.contains("no effect") && said.contains(options[0]);
        expect(outcome.end == End::Exit(42) && one_line, &format!("{options:?} is accepted, with a line"), &outcome)?;
    }
    for options in [["-B", "0"], ["-R", "0"], ["-p", "4096"], ["-cpu", "max,sve=off"]] {
        let outcome = called.run(&[], &options, "exit");
        expect(outcome.stderr.is_empty(), &format!("{options:?} is what is anyhow"), &outcome)?;
    }
    Ok(())
}

/// The models of qemu-user that programs are run on, and features turned on and off as it has it.
fn cpus(called: &Called) -> Result {
    let (models, feature) = match called.guest {
        "aarch64" => {
            let cortex = "cortex-a35 cortex-a53 cortex-a55 cortex-a57 cortex-a72 cortex-a76 cortex-a78ae cortex-a710";
            (
                format!("max max,pauth-impdef=on max,pauth=off a64fx neoverse-n1 neoverse-n2 neoverse-v1 {cortex}"),
                "cortex-a57,crc32=off,atomics=on",
            )
        }
        _ => ("max rv64 rva22s64 rva22u64 rva23s64 rva23u64 sifive-u54 shakti-c".to_owned(), "rv64,zba=false,zbb=true"),
    };
    for model in models.split(' ').chain([feature]) {
        let outcome = called.run(&[], &["-cpu", model], "exit");
        expect(outcome.end == End::Exit(42) && outcome.stderr.is_empty(), &format!("runs on {model}"), &outcome)?;
    }
    Ok(())
}

fn mistakes(called: &Called) -> Result {
    for (options, words) in [
        (&["-strase"][..], &["-strase", "-strace"][..]),
        (&["-plugin", "x"], &["plugin", "qemu"]),
        (&["-s", "much"], &["-s", "much"]),
        (&["-cpu", "pentium"], &["pentium"]),
        (&["-g", "1234,suspend=n"], &["-g", "suspend"]),
        (&["-d", "everything"], &["everything", "-d help"]),
    ] {
        let outcome = called.run(&[], options, "exit");
        let named = words.iter().all(|word| outcome.stderr().contains(word));
        expect(outcome.end == End::Exit(1) && named, &format!("{options:?} is refused"), &outcome)?;
    }
    Ok(())
}

fn other_guest(called: &Called) -> Result {
    let other = GUESTS.iter().find(|guest| **guest != called.guest).expect("two guests");
    let outcome = run(Command::new(called.by("qemu-", "")).arg(program(other, "exit")), LIMIT);
    let said = outcome.stderr().contains(&format!("transom-{other}"));
    expect(outcome.end == End::Exit(126) && said, "a program for another machine is refused", &outcome)
}
