//! The persistent cache under ill treatment: whatever happens to its files, programs run as without it.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use support::random::Random;
use support::run::{End, Outcome, run};
use support::{program, repository, transom};

const LIMIT: Duration = Duration::from_secs(60);
/// Guest programs: one whose code keeps its distance to the guest's, and one at fixed addresses.
const PROGRAMS: [(&str, &str); 2] = [("aarch64", "hello-pie"), ("riscv64", "threads.glibc")];

/// A cache folder of a test's own.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn command(under_test: &Path, cache: &Path, (guest, name): (&str, &str)) -> Command {
    let mut command = Command::new(under_test);
    command.env_clear().env("TRANSOM_CACHE_DIR", cache).arg("--stats").arg(program(guest, name));
    command
}

fn start(cache: &Path, program: (&str, &str)) -> Outcome {
    run(&mut command(&transom(), cache, program), LIMIT)
}

fn expected((_, name): (&str, &str)) -> Vec<u8> {
    let source = name.split('.').next().unwrap_or(name);
    std::fs::read(repository("testdata/programs").join(source).with_extension("out")).expect("an expectation")
}

fn check(outcome: &Outcome, program: (&str, &str), what: &str) {
    assert_eq!(outcome.end, End::Exit(0), "{what}: {}", outcome.stderr());
    assert!(outcome.stdout == expected(program), "{what}: {}", outcome.stdout());
}

/// The number that a line of `--stats` has.
fn count(outcome: &Outcome, name: &str) -> u64 {
    let stderr = outcome.stderr();
    let line = stderr.lines().find_map(|line| line.trim().strip_prefix(name)).expect("a line of the statistics");
    line.trim().parse().expect("a number")
}

/// The cache files of a folder.
fn files(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache).expect("a readable folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name != "index"));
    files.sort();
    files
}

#[test]
fn a_second_run_translates_nothing() {
    for program in PROGRAMS {
        let cache = folder();
        let cold = start(cache.path(), program);
        check(&cold, program, "cold");
        assert!(count(&cold, "blocks translated") > 100);
        // Which blocks threads meet depends on who is first.
        (0..3).for_each(|_| check(&start(cache.path(), program), program, "warm"));
        let warm = start(cache.path(), program);
        check(&warm, program, "warm");
        assert!(count(&warm, "blocks translated") < 20, "{}", warm.stderr());
        assert!(count(&warm, "blocks found in cache files") > 0);
    }
}

#[test]
fn forked_children_find_what_their_siblings_kept() {
    for guest in ["aarch64", "riscv64"] {
        let cache = folder();
        // It forks hundreds of times, and each child goes a way that its parent never went.
        let cold = start(cache.path(), (guest, "costs.glibc"));
        assert_eq!(cold.end, End::Exit(0), "{}", cold.stderr());
        let stderr = cold.stderr();
        let found = stderr.lines().filter_map(|line| line.trim().strip_prefix("blocks found in cache files"));
        let with_some = found.filter(|count| count.trim() != "0").count();
        assert!(with_some > 100, "{guest}: {with_some} processes");
    }
}

#[test]
fn damaged_files_are_never_run() {
    let rounds: usize = std::env::var("TRANSOM_CACHE_FLIPS").ok().and_then(|count| count.parse().ok()).unwrap_or(40);
    let mut random = Random::new(5);
    let cache = folder();
    let program = PROGRAMS[0];
    check(&start(cache.path(), program), program, "cold");
    for round in 0..rounds {
        let files = files(cache.path());
        let path = &files[random.below(files.len())];
        let mut bytes = std::fs::read(path).expect("a readable file");
        let bit = random.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let how = round % 3;
        match how {
            // In place, with the inode that the index knows.
            0 => std::fs::write(path, &bytes).expect("a writable file"),
            1 => std::fs::write(path, &bytes[..bit / 8]).expect("a writable file"),
            _ => std::fs::write(cache.path().join("index"), &bytes).expect("a writable file"),
        }
        check(&start(cache.path(), program), program, &format!("bit {bit} of {}, way {how}", path.display()));
    }
}

#[test]
fn writers_that_are_killed_leave_nothing_wrong() {
    let rounds: u64 = std::env::var("TRANSOM_CACHE_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(40);
    let mut random = Random::new(7);
    let cache = folder();
    let program = PROGRAMS[0];
    for round in 0..rounds {
        let mut writers: Vec<_> = (0..3)
            .map(|_| {
                let mut command = command(&transom(), cache.path(), program);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child")
            })
            .collect();
        std::thread::sleep(Duration::from_micros(random.below(30_000) as u64));
        for writer in &mut writers {
            writer.kill().expect("a child of ours");
            writer.wait().expect("a child of ours");
        }
        if round % 4 == 0 {
            check(&start(cache.path(), program), program, "after writers were killed");
            files(cache.path()).iter().for_each(|path| drop(std::fs::remove_file(path)));
        }
    }
}

#[test]
fn two_builds_share_a_folder_and_no_file() {
    let cache = folder();
    let mut bytes = std::fs::read(transom()).expect("our own program");
    // The note with the build-id: sizes, type 3, the name.
    let note = b"\x03\0\0\0GNU\0";
    let at = bytes.windows(note.len()).position(|window| window == note).expect("a build-id") + note.len();
    bytes[at] ^= 1;
    let other = cache.path().join("other-transom");
    std::fs::write(&other, bytes).expect("a new file");
    std::fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("our file");
    let shared = cache.path().join("cache");
    for program in PROGRAMS {
        check(&start(&shared, program), program, "ours");
        let cold = run(&mut command(&other, &shared, program), LIMIT);
        check(&cold, program, "the other's");
        assert_eq!(count(&cold, "blocks found in cache files"), 0);
        let warm = run(&mut command(&other, &shared, program), LIMIT);
        check(&warm, program, "the other's, warm");
        check(&start(&shared, program), program, "ours, warm");
    }
}

#[test]
fn eviction_under_load() {
    let cache = folder();
    std::thread::scope(|scope| {
        for guest in ["aarch64", "riscv64"] {
            for name in ["hello-pie", "threads.glibc", "files.glibc", "signals.glibc"] {
                let cache = cache.path();
                if !program(guest, name).exists() {
                    continue;
                }
                scope.spawn(move || {
                    for _ in 0..5 {
                        let mut command = command(&transom(), cache, (guest, name));
                        // Less than what they write: files go while others map them.
                        command.env("TRANSOM_CACHE_SIZE", "0");
                        let outcome = run(&mut command, LIMIT);
                        assert_eq!(outcome.end, End::Exit(0), "{guest}/{name}: {}", outcome.stderr());
                    }
                });
            }
        }
    });
}

#[test]
fn folders_of_others_are_not_used() {
    let cache = folder();
    let open = cache.path().join("open");
    std::fs::create_dir(&open).expect("a new folder");
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("our folder");
    check(&start(&open, PROGRAMS[0]), PROGRAMS[0], "a folder that all may write to");
    assert_eq!(files(&open).len(), 0);
    let off = run(command(&transom(), cache.path(), PROGRAMS[0]).env("TRANSOM_CACHE", "off"), LIMIT);
    check(&off, PROGRAMS[0], "off");
    assert_eq!(files(cache.path()), [open]);
    check(&start(Path::new("/proc/nowhere"), PROGRAMS[0]), PROGRAMS[0], "a folder that can't be made");
}

/// Users that are to have no home are given one that is not there: Debian's `_apt` and `nobody`.
#[test]
fn a_home_that_is_not_there_is_not_made() {
    let folder = folder();
    let home = folder.path().join("nonexistent");
    let mut command = Command::new(transom());
    command.env_clear().env("HOME", &home).arg(program("aarch64", "hello-pie"));
    check(&run(&mut command, LIMIT), PROGRAMS[0], "without a home");
    assert!(!home.exists());
}

#[test]
fn what_is_carried_in_an_archive_serves_as_a_layer() {
    let (cache, other) = (folder(), folder());
    let program = PROGRAMS[0];
    check(&start(cache.path(), program), program, "cold");
    let archive = other.path().join("cache.tar");
    let tool = |cache: &Path, word: &str| {
        let mut command = Command::new(transom());
        command.env_clear().args(["cache", word, "--cache-dir"]).arg(cache).arg(&archive);
        let outcome = run(&mut command, LIMIT);
        assert_eq!(outcome.end, End::Exit(0), "{word}: {}", outcome.stderr());
    };
    tool(cache.path(), "export");
    let (layer, own) = (other.path().join("layer"), other.path().join("own"));
    tool(&layer, "import");
    let mut command = Command::new(transom());
    command.env_clear().arg("--cache-dir").arg(&layer).arg("--cache-dir").arg(&own);
    let warm = run(command.arg("--stats").arg(support::program(program.0, program.1)), LIMIT);
    check(&warm, program, "from a layer");
    assert!(count(&warm, "blocks translated") < 20 && files(&own).is_empty(), "{}", warm.stderr());
}

#[test]
fn built_ahead_of_time() {
    let cache = folder();
    let program = PROGRAMS[0];
    let tool = |words: &[&str]| {
        let mut command = Command::new(transom());
        let outcome = run(command.env_clear().env("TRANSOM_CACHE_DIR", cache.path()).arg("cache").args(words), LIMIT);
        assert_eq!(outcome.end, End::Exit(0), "{words:?}: {}", outcome.stderr());
        outcome.stdout()
    };
    let path = support::program(program.0, program.1);
    tool(&["build", path.to_str().expect("a path in UTF-8")]);
    let warm = start(cache.path(), program);
    check(&warm, program, "built");
    // Code that only computed jumps lead to is not found ahead of time.
    assert!(count(&warm, "blocks translated") < 200, "{}", warm.stderr());
    assert!(tool(&["list"]).contains("hello-pie") && tool(&["verify"]).contains("all whole"));
    tool(&["clear"]);
    assert_eq!(files(cache.path()).len(), 0);
}

/// However a program is ended, what was translated is kept: servers are ended by SIGTERM, filters by SIGPIPE.
#[test]
fn what_a_signal_ends_is_kept() {
    for guest in ["aarch64", "riscv64"] {
        for signal in ["HUP", "INT", "PIPE", "TERM", "ABRT"] {
            let cache = folder();
            let end = || {
                let mut shell = Command::new(transom());
                shell.env_clear().env("TRANSOM_CACHE_DIR", cache.path()).args(["--stats", "--strace"]);
                let outcome = run(shell.arg(program(guest, "ended")).arg(signal), LIMIT);
                let told = format!("+++ killed by SIG{signal} +++");
                assert!(matches!(outcome.end, End::Signal(_)), "{signal}: {}", outcome.stderr());
                assert!(outcome.stderr().contains(&told), "{signal}: {}", outcome.stderr());
                outcome
            };
            let cold = count(&end(), "blocks translated");
            let warm = count(&end(), "blocks translated");
            assert!(cold > 50 && warm < 20, "{signal}: {cold} blocks, then {warm}");
        }
    }
}
