//! `transom binfmt` for real: mounted, registered and used in a user namespace of its own (Linux 6.7), or where that
//! can't be, by root on the machine; and its files for systemd-binfmt.

mod support;

use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, Outcome, expect, run};
use support::{GUESTS, program, transom};

const LIMIT: Duration = Duration::from_secs(60);

type Result = std::result::Result<(), Failed>;
type Test = (&'static str, fn() -> Result);

fn main() {
    let arguments = Arguments::from_args();
    let tests: &[Test] = &[
        ("programs_run", programs_run),
        ("argument_zero", argument_zero),
        ("program_called_like_a_tool", program_called_like_a_tool),
        ("empty_root", empty_root),
        ("unlimited_stack", unlimited_stack),
        ("rivals_are_shown", rivals_are_shown),
        ("removal", removal),
        ("wrong_flags", wrong_flags),
        ("files", files),
    ];
    let trials = tests.iter().map(|(name, test)| Trial::test(*name, test)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// What every script begins with. $T is transom; other arguments follow.
const PREAMBLE: &str = r#"
    set -e
    T=$1; shift
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 77
    trap '"$T" binfmt remove >/dev/null' EXIT
"#;
/// The preamble's status where there is no binfmt_misc for it.
const NO_MOUNT: End = End::Exit(77);

/// Runs a script in namespaces of its own; on an older kernel, on the machine itself.
fn script(text: &str, arguments: &[&str]) -> Outcome {
    let start = |namespaces: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(namespaces).args(["bash", "-c", &[PREAMBLE, text].concat(), "script"]);
        run(command.arg(transom()).args(arguments), LIMIT)
    };
    let outcome = start(&["--user", "--map-root-user", "--mount"]);
    if outcome.end == NO_MOUNT { start(&["--mount"]) } else { outcome }
}

fn path(guest: &str, name: &str) -> String {
    program(guest, name).display().to_string()
}

fn programs_run() -> Result {
    for guest in GUESTS {
        let text = r#""$T" binfmt install --arch "$1"; "$2" a; exec "$3""#;
        let outcome = script(text, &[guest, &path(guest, "args"), &path(guest, "hello")]);
        let stdout = outcome.stdout();
        let both = stdout.contains("argv[1] = 'a'") && stdout.ends_with("done\nHello, world\n");
        expect(outcome.end == End::Exit(0) && both, "the kernel runs a program through transom", &outcome)?;
    }
    Ok(())
}

/// Flag P, and its absence.
fn argument_zero() -> Result {
    for guest in GUESTS {
        let text = r#""$T" binfmt install --flags "$1" >/dev/null; (exec -a zero "$2")"#;
        let program = path(guest, "argv0");
        for (flags, expected) in [("POCF", "zero"), ("F", program.as_str()), ("P", "zero")] {
            let outcome = script(text, &[flags, &program]);
            expect(outcome.stdout() == format!("{expected}\n"), &format!("argv[0] with flags {flags}"), &outcome)?;
        }
    }
    Ok(())
}

/// A name that is found in PATH comes without a slash, and may be that of a tool, or look like an option.
fn program_called_like_a_tool() -> Result {
    let text = r#"
        "$T" binfmt install >/dev/null
        cd "$(mktemp -d)"; cp "$1" doctor; cp "$1" ./-L; PATH=; doctor; -L
    "#;
    let outcome = script(text, &[&path("aarch64", "hello")]);
    expect(outcome.stdout() == "Hello, world\nHello, world\n", "programs and not tools", &outcome)
}

/// In a root with guest programs, nothing of ours and no /proc: one executes itself, and that one another.
fn empty_root() -> Result {
    for guest in GUESTS {
        let text = r#"
            "$T" binfmt install --flags "$3" >/dev/null
            root=$(mktemp -d); cp "$1" "$root/run"; cp "$2" "$root/hello"
            chroot "$root" /run /run /hello
        "#;
        for flags in ["POCF", "F"] {
            let outcome = script(text, &[&path(guest, "run"), &path(guest, "hello"), flags]);
            expect(outcome.stdout() == "Hello, world\n", "a program in a root of its own", &outcome)?;
        }
    }
    Ok(())
}

/// With `ulimit -s unlimited` transom starts a second time, and still knows what the kernel told it.
fn unlimited_stack() -> Result {
    for guest in GUESTS {
        let text = r#""$T" binfmt install >/dev/null; ulimit -s unlimited; (exec -a zero "$1" | cat)"#;
        let outcome = script(text, &[&path(guest, "argv0")]);
        expect(outcome.stdout() == "zero\n", "argv[0] is kept", &outcome)?;
    }
    Ok(())
}

fn rivals_are_shown() -> Result {
    let text = r#"
        printf ':qemu-riscv64:M:18:\\xf3\\x00::/bin/false:' >/proc/sys/fs/binfmt_misc/register
        "$T" binfmt status --arch riscv64
        "$T" binfmt install --arch riscv64
        "$T" binfmt status
        "$T" doctor | grep binfmt_misc
        "$1"
        echo -1 >/proc/sys/fs/binfmt_misc/qemu-riscv64
    "#;
    let outcome = script(text, &[&path("riscv64", "hello")]);
    let stdout = outcome.stdout();
    for words in ["goes before qemu-riscv64: /bin/false", "in conflict", "registered last", "Hello, world"] {
        expect(stdout.contains(words), &format!("says '{words}'"), &outcome)?;
    }
    Ok(())
}

fn removal() -> Result {
    let text = r#"
        "$T" binfmt install; "$T" binfmt remove --arch arm64; "$T" binfmt remove --arch arm64; "$T" binfmt status
        ! "$1" && "$2"
    "#;
    let outcome = script(text, &[&path("aarch64", "hello"), &path("riscv64", "hello")]);
    let stdout = outcome.stdout();
    for words in ["transom-aarch64: removed", "was not registered", "nobody", "Hello, world"] {
        expect(stdout.contains(words), &format!("says '{words}'"), &outcome)?;
    }
    expect(outcome.end == End::Exit(0), "one is gone, the other is not", &outcome)
}

fn wrong_flags() -> Result {
    let outcome = run(Command::new(transom()).args(["binfmt", "install", "--flags", "FX"]), LIMIT);
    expect(outcome.end == End::Exit(2) && outcome.stderr().contains("'X'"), "an unknown flag is named", &outcome)?;
    let outcome = run(Command::new(transom()).args(["binfmt", "install", "--arch", "mips"]), LIMIT);
    expect(outcome.stderr().contains("aarch64"), "the architectures are named", &outcome)
}

/// Files for systemd-binfmt, beside one of another package.
fn files() -> Result {
    let root = tempfile::tempdir()?;
    let folder = root.path().join("usr/lib/binfmt.d");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("qemu-aarch64.conf"), r":qemu-aarch64:M:18:\xb7\x00::/usr/bin/qemu-aarch64:F")?;
    let tool = |action: &str| run(Command::new(transom()).args(["binfmt", action, "--root"]).arg(root.path()), LIMIT);
    let outcome = tool("install");
    expect(outcome.end == End::Exit(0), "writes files", &outcome)?;
    for guest in GUESTS {
        let text = std::fs::read_to_string(root.path().join(format!("etc/binfmt.d/transom-{guest}.conf")))?;
        if !text.contains(&format!("\n:transom-{guest}:M:0:")) || !text.ends_with(":/usr/bin/transom:POCF\n") {
            return Err(text.into());
        }
    }
    let outcome = tool("status");
    expect(outcome.stdout().contains("qemu-aarch64: /usr/bin/qemu-aarch64"), "shows the other's", &outcome)?;
    let outcome = tool("remove");
    expect(outcome.stdout().lines().count() == 2, "removes both", &outcome)?;
    let outcome = tool("status");
    expect(outcome.stdout().contains("nobody"), "none is left for RISC-V", &outcome)
}
