//! What perf is told of translated code: the map and the dump, read as perf reads them (tools/perf/Documentation/
//! jit-interface.txt and jitdump-specification.txt in Linux' sources). `tests/perf` has perf itself read them.

mod support;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, expect, run};
use support::{GUESTS, repository, transom};

const LIMIT: Duration = Duration::from_secs(60);
const HEADER: usize = 40;
const LOAD_HEADER: usize = 56;

type Result<T = ()> = std::result::Result<T, Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let trials = GUESTS.iter().flat_map(|&guest| {
        [
            Trial::test(format!("{guest}/dump"), move || dump(guest)),
            Trial::test(format!("{guest}/map"), move || map(guest)),
            Trial::test(format!("{guest}/by_qemus_name"), move || by_qemus_name(guest)),
            Trial::test(format!("{guest}/no_room"), move || no_room(guest)),
        ]
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// A run of the program that forks a child and then executes another; what it left in its folder, by process.
struct Run {
    _folder: tempfile::TempDir,
    dumps: Vec<(u32, PathBuf)>,
}

fn start(program: &Path, guest: &str, options: &[&str]) -> Result<Run> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command.args(options).arg(repository("testdata/profile/bin").join(guest).join("spin")).arg("x");
    let outcome = run(command.current_dir(folder.path()), LIMIT);
    expect(outcome.end == End::Exit(7) && outcome.stderr.is_empty(), "runs", &outcome)?;
    let mut dumps = Vec::new();
    for entry in std::fs::read_dir(folder.path())? {
        let name = entry?.file_name().into_string().map_err(|name| format!("{name:?}"))?;
        let pid = name.strip_prefix("jit-").and_then(|name| name.strip_suffix(".dump")).ok_or(name.clone())?;
        dumps.push((pid.parse()?, folder.path().join(&name)));
    }
    // The child's number is the greater one, but where numbers begin anew: the parent's dump is the longer one.
    dumps.sort_by_key(|(_, path)| std::cmp::Reverse(path.metadata().map_or(0, |data| data.len())));
    Ok(Run { _folder: folder, dumps })
}

/// The names of the functions of `testdata/profile/spin.c` that were run by parent and child.
const PARENT: [&str; 4] = ["_start", "begin", "spin", "second_spin"];
const CHILD: [&str; 1] = ["child_spin"];

fn has(names: &HashSet<String>, wanted: &[&str]) -> Result {
    match wanted.iter().find(|&&name| !names.contains(name)) {
        Some(name) => Err(format!("no {name} among {names:?}").into()),
        None => Ok(()),
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64> {
    let field = bytes.get(at..at + N).ok_or("the dump is cut short")?;
    Ok(field.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// The names in a dump of process `pid`, whose records must follow each other to its end.
fn names_of_dump(pid: u32, dump: &[u8]) -> Result<HashSet<String>> {
    let header = (number::<4>(dump, 0)?, number::<4>(dump, 4)?, number::<4>(dump, 8)?, number::<4>(dump, 20)?);
    if header != (0x4a69_5444, 1, HEADER as u64, pid.into()) {
        return Err(format!("the header is {header:x?}").into());
    }
    let (mut at, mut time, mut names) = (HEADER, number::<8>(dump, 24)?, HashSet::new());
    let mut indices = HashSet::new();
    while at < dump.len() {
        let [kind, size] = [number::<4>(dump, at)?, number::<4>(dump, at + 4)?];
        let [then, code_size] = [number::<8>(dump, at + 8)?, number::<8>(dump, at + 40)?];
        let name_end = at + size as usize - code_size as usize;
        let name = dump.get(at + LOAD_HEADER..name_end).ok_or("a record is shorter than its parts")?;
        let name = name.strip_suffix(b"\0").ok_or("a name does not end in zero")?;
        if !indices.insert(number::<8>(dump, at + 48)?) {
            return Err("two pieces of code have one number".into());
        }
        if kind != 0 || then < time || code_size == 0 || number::<4>(dump, at + 16)? != pid.into() {
            return Err(format!("record at {at}: kind {kind}, time {then} after {time}, {code_size} bytes").into());
        }
        names.insert(String::from_utf8(name.to_vec())?);
        (at, time) = (at + size as usize, then);
    }
    Ok(names)
}

fn dump(guest: &str) -> Result {
    let run = start(&transom(), guest, &["--jitdump"])?;
    let [(parent, first), (child, second)] = &run.dumps[..] else { return Err(format!("{:?}", run.dumps).into()) };
    has(&names_of_dump(*parent, &std::fs::read(first)?)?, &PARENT)?;
    has(&names_of_dump(*child, &std::fs::read(second)?)?, &CHILD)
}

/// The map of a process, which is removed.
fn take_map(pid: u32) -> Result<Vec<(u64, u64, String)>> {
    let path = format!("/tmp/perf-{pid}.map");
    let text = std::fs::read_to_string(&path)?;
    std::fs::remove_file(&path)?;
    let parse = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let mut hex = || u64::from_str_radix(parts.next()?, 16).ok();
        Some((hex()?, hex()?, parts.next()?.to_owned()))
    };
    text.lines().map(|line| parse(line).ok_or_else(|| format!("'{line}' is no line of a map").into())).collect()
}

fn map(guest: &str) -> Result {
    // The dumps tell of the processes' numbers.
    let run = start(&transom(), guest, &["--jitdump", "--perf-map"])?;
    let pids: Vec<u32> = run.dumps.iter().map(|(pid, _)| *pid).collect();
    for (pid, wanted) in pids.iter().zip([&PARENT[..], &CHILD]) {
        let map = take_map(*pid)?;
        has(&map.iter().map(|(_, _, name)| name.clone()).collect(), wanted)?;
        if map.iter().any(|(addr, size, _)| *addr == 0 || *size == 0) {
            return Err(format!("code without a place: {map:?}").into());
        }
    }
    Ok(())
}

fn by_qemus_name(guest: &str) -> Result {
    let folder = tempfile::tempdir()?;
    let qemu = folder.path().join(format!("qemu-{guest}"));
    std::os::unix::fs::symlink(transom(), &qemu)?;
    let run = start(&qemu, guest, &["-perfmap", "-jitdump"])?;
    for (pid, _) in &run.dumps {
        take_map(*pid)?;
    }
    match run.dumps.len() {
        2 => Ok(()),
        _ => Err(format!("{:?}", run.dumps).into()),
    }
}

/// A dump that can't be written is told of, and by its name.
fn no_room(guest: &str) -> Result {
    let mut command = Command::new(transom());
    command.arg("--jitdump").arg(repository("testdata/profile/bin").join(guest).join("spin")).current_dir("/proc");
    let outcome = run(&mut command, LIMIT);
    let told = outcome.stderr().contains("/proc/jit-");
    expect(outcome.end != End::Exit(7) && told, "says what can't be written", &outcome)
}
