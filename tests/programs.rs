//! Runs each guest program of `testdata/programs` with each engine, and twice with a cache: output, exit status and signal must be those of
//! the program's native build. One program alone: `cargo test --test programs aarch64/hello`.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, run};
use support::source::Source;
use support::{difference, files_in, program, repository, transom};

/// How a program is run: machine code, the same kept on disk by a first run for a second one, and the interpreter.
const WAYS: [&str; 3] = ["jit", "kept", "interp"];

/// Generous: the interpreter is slow, and a busy machine slower. Nothing waits for it but what hangs.
const LIMIT: Duration = Duration::from_secs(180);

fn main() {
    let arguments = Arguments::from_args();
    let folder = repository("testdata/programs");
    let mut sources = files_in(&folder, "c");
    sources.extend(files_in(&folder, "S"));
    let trials = sources.iter().flat_map(|path| trials_of(path)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials_of(path: &Path) -> Vec<Trial> {
    let source = Source::read(path).unwrap_or_else(|error| panic!("{error}"));
    let mut trials = Vec::new();
    if !source.is_test {
        return trials;
    }
    for guest in &source.guests {
        for binary in source.binaries() {
            for way in WAYS {
                let (path, guest) = (path.to_owned(), guest.clone());
                let name = format!("{guest}/{binary}/{way}");
                let binary = program(&guest, &binary);
                trials.push(Trial::test(name, move || check(&path, &guest, &binary, way)));
            }
        }
    }
    trials
}

fn check(path: &Path, guest: &str, binary: &Path, way: &str) -> Result<(), Failed> {
    match way {
        "kept" => {
            let cache = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
            let run = |run: &str| {
                check_run(path, guest, binary, "jit", Some(cache.path()))
                    .map_err(|failed| format!("{run}: {}", failed.message().unwrap_or_default()))
            };
            run("cold")?;
            Ok(run("warm")?)
        }
        engine => check_run(path, guest, binary, engine, None),
    }
}

fn check_run(path: &Path, guest: &str, binary: &Path, engine: &str, cache: Option<&Path>) -> Result<(), Failed> {
    let source = Source::read(path)?;
    let expected_path = expectation(path, guest);
    let expected = std::fs::read(&expected_path).map_err(|error| format!("{}: {error}", expected_path.display()))?;
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut command = Command::new(transom());
    command.args(["--engine", engine]).arg(binary).args(&source.args);
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(source.env.iter().cloned());
    match cache {
        Some(cache) => command.env("TRANSOM_CACHE_DIR", cache),
        None => command.env("TRANSOM_CACHE", "off"),
    };
    let outcome = run(command.current_dir(folder.path()), LIMIT);

    let end = match &source.ends {
        Ok(status) => End::Exit(*status),
        Err(name) => End::Signal(signal(name)?),
    };
    if outcome.end == end && outcome.stdout == expected {
        return Ok(());
    }
    let mut message = format!("ends by {:?}, should by {end:?}\n", outcome.end);
    message += &difference(&String::from_utf8_lossy(&expected), &outcome.stdout());
    message += &format!("stderr:\n{}", outcome.stderr());
    Err(message.into())
}

/// `NAME.GUEST.out` where the guests differ, else `NAME.out`.
fn expectation(path: &Path, guest: &str) -> PathBuf {
    let own = path.with_extension(format!("{guest}.out"));
    if own.exists() { own } else { path.with_extension("out") }
}

fn signal(name: &str) -> Result<i32, String> {
    let signal: nix::sys::signal::Signal = format!("SIG{name}").parse().map_err(|_| format!("no signal SIG{name}"))?;
    Ok(signal as i32)
}
