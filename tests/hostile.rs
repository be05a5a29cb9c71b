//! Ten thousand damaged ELF files from a fixed seed: each ends in a clear error or in a fault of the guest, never in
//! a panic of transom's nor in a hang that is not the guest's own.
//!
//! `TRANSOM_HOSTILE=FIRST..LAST` runs some of them only and keeps their files.

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use support::random::Random;
use support::run::{End, run};
use support::{GUESTS, program, transom};

const CASES: usize = 10_000;
const SEED: u64 = 0x7261_6e73_6f6d;

/// Code with flipped bits may loop for ever by right. CPU time is limited by the kernel, and so the signal tells
/// such a loop of the guest's from a transom that waits for something.
const CPU_SECONDS: u64 = 1;
const LIMIT: Duration = Duration::from_secs(20);

/// Small programs of different kinds: without a library, static, relocating themselves, with an interpreter.
const ORIGINALS: [&str; 4] = ["hello-asm", "hello", "hello-pie", "hello-dynamic"];

fn main() {
    let (first, last, keep) = range();
    let originals: Vec<Vec<u8>> = GUESTS
        .iter()
        .flat_map(|guest| ORIGINALS.map(|name| program(guest, name)))
        .map(|path| std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let transom = prepare(folder.path()).unwrap_or_else(|error| panic!("{}: {error}", folder.path().display()));
    let next = AtomicUsize::new(first);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let number @ 0.. = next.fetch_add(1, Ordering::Relaxed)
                    && number < last
                {
                    let path = folder.path().join(format!("case-{number}"));
                    if let Err(what) = check(&transom, &path, &damaged(number, &originals)) {
                        failures.lock().expect("no panic while it is held").push(format!("case {number}: {what}"));
                    }
                    if !keep {
                        std::fs::remove_file(&path).expect("a file of ours");
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic while it was held");
    for failure in &failures {
        eprintln!("{failure}");
    }
    if keep {
        eprintln!("the files are in {}", folder.keep().display());
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {} passed; {} failed", last - first - failures.len(), failures.len());
    std::process::exit(i32::from(!failures.is_empty()));
}

/// Which cases to run, and whether to keep their files.
fn range() -> (usize, usize, bool) {
    let Ok(range) = std::env::var("TRANSOM_HOSTILE") else { return (0, CASES, false) };
    let parsed = range.split_once("..").and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let (first, last) = parsed.unwrap_or_else(|| panic!("TRANSOM_HOSTILE is FIRST..LAST, not '{range}'"));
    (first, last, true)
}

/// Has everyone run transom and the cases in `folder`; where transom is to be run from.
fn prepare(folder: &Path) -> std::io::Result<PathBuf> {
    let copy = folder.join("transom");
    std::fs::copy(transom(), &copy)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    Ok(copy)
}

/// Takes root's rights from a command: damaged code may call anything, chmod(2) of `/` too.
fn without_rights(command: &mut Command, folder: &Path) {
    const NOBODY: u32 = 65534;
    if folder.metadata().is_ok_and(|folder| folder.uid() == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
}

/// Runs one file and says what transom did wrong, if anything.
fn check(transom: &Path, path: &Path, bytes: &[u8]) -> Result<(), String> {
    write_executable(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let outcome = run(&mut limited(transom, path, &[]), LIMIT);
    let (end, stderr) = (outcome.end, outcome.stderr());
    let what = match end {
        _ if outcome.is_bug() => "a bug of transom's",
        End::TimeOut if !waits_by_right(transom, path) => "a hang that takes no CPU time",
        End::Signal(libc::SIGABRT) if !stderr.is_empty() => "an abort",
        _ => return Ok(()),
    };
    Err(format!("{what}: ends by {end:?}\n{stderr}"))
}

/// transom with one file, without rights and with limits, which hold for the guest too: it may ask for any amount
/// of memory or files.
fn limited(transom: &Path, path: &Path, options: &[&str]) -> Command {
    let limits = format!("ulimit -t {CPU_SECONDS} && ulimit -v 4194304 && ulimit -f 1024 && ulimit -c 0");
    let script = format!("{limits} && exec \"$0\" \"$@\" >/dev/null");
    let mut command = Command::new("/bin/sh");
    let folder = path.parent().expect("a file in a folder");
    command.args(["-c", &script]).arg(transom).args(options).arg(path).current_dir(folder);
    without_rights(&mut command, folder);
    command
}

/// A damaged program may wait for ever by its own doing: for a lock word that is garbage, say. Then it waits in a
/// system call that it made, which is the last that the trace shows, without a result.
fn waits_by_right(transom: &Path, path: &Path) -> bool {
    // Whether it comes to that may hang on where its memory is, which differs from run to run.
    const RUNS: usize = 20;
    let hangs = (0..RUNS).map(|_| run(&mut limited(transom, path, &["--strace"]), LIMIT / 4));
    let Some(outcome) = hangs.into_iter().find(|outcome| outcome.end == End::TimeOut) else { return false };
    let last = outcome.stderr.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    last.contains(&b'(')
}

fn write_executable(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o755).open(path)?.write_all(bytes)
}

/// The bytes of one case: they depend on its number alone.
fn damaged(number: usize, originals: &[Vec<u8>]) -> Vec<u8> {
    let mut random = Random::new(SEED ^ number as u64);
    let mut bytes = originals[random.below(originals.len())].clone();
    match number % 5 {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => flip(&mut random, &mut bytes, HEADERS),
        2 => flip(&mut random, &mut bytes, usize::MAX),
        3 => extremes(&mut random, &mut bytes),
        _ => noise(&mut random, &mut bytes),
    }
    bytes
}

/// The file header and the program headers of all the originals lie within.
const HEADERS: usize = 64 + 10 * 56;

/// Flips some bits in the first bytes.
fn flip(random: &mut Random, bytes: &mut [u8], within: usize) {
    for _ in 0..1 + random.below(12) {
        let at = random.below(bytes.len().min(within));
        bytes[at] ^= 1 << random.below(8);
    }
}

/// Puts values that overflow sums and comparisons into aligned fields of the headers.
fn extremes(random: &mut Random, bytes: &mut [u8]) {
    const VALUES: [u64; 8] = [0, 1, u64::MAX, 1 << 63, i64::MAX as u64, 0xffff_f000, 1 << 47, (1 << 47) - 1];
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len().min(HEADERS) / 8 - 1) * 8;
        let value = VALUES[random.below(VALUES.len())].to_le_bytes();
        let (from, size) = [(0, 8), (0, 4), (4, 4), (0, 2), (6, 2)][random.below(5)];
        bytes[at + from..at + from + size].copy_from_slice(&value[..size]);
    }
}

/// Random bytes: the whole file, or all but what makes it an ELF file of a guest, or its code.
fn noise(random: &mut Random, bytes: &mut Vec<u8>) {
    match random.below(3) {
        0 => {
            bytes.truncate(1 + random.below(8192));
            random.fill(bytes);
        }
        1 => {
            let size = bytes.len().min(HEADERS);
            random.fill(&mut bytes[20..size]);
        }
        _ => {
            let from = random.below(bytes.len());
            let to = (from + 1 + random.below(512)).min(bytes.len());
            random.fill(&mut bytes[from..to]);
        }
    }
}
