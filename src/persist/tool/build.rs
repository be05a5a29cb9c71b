//! `transom cache build`: translating ahead of time.
//!
//! Files are translated by processes of their own, one for each processor: each maps a file where a guest would have
//! it, which two could not do in one address space.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use clap::Args;
use ir::GuestState;
use memory::AddressSpace;
use memory::space::Limits;
use syscalls::HiddenFds;

use super::entry_points;
use crate::cache::Key;
use crate::engine::Engine;
use crate::guest;
use crate::loader::{Opened, map_image};
use crate::options::Options;
use crate::persist::Persist;

/// Arguments of `build`.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    place: super::Where,
    /// The CPU that programs will be run with, as for running them
    #[arg(long, value_name = "MODEL", env = "TRANSOM_CPU", hide_env_values = true)]
    cpu: Option<String>,
    /// Processes at once; as many as there are processors by default
    #[arg(short, long, value_name = "COUNT")]
    jobs: Option<usize>,
    /// Translate the files named on standard input, and say so after each
    #[arg(long, hide = true)]
    worker: bool,
    /// Programs, libraries, folders
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<String, String> {
    let folder = arguments.place.path()?;
    if arguments.worker {
        work(arguments, folder);
        return Ok(String::new());
    }
    if arguments.paths.is_empty() {
        return Err("name programs, libraries or folders to translate".into());
    }
    let mut files = Vec::new();
    for path in &arguments.paths {
        collect(path, &mut files).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    files.sort();
    files.dedup();
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |count| count.get()));
    let progress = Progress::new(files.len());
    let queue = Mutex::new(files.into_iter());
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..jobs.max(1)).map(|_| scope.spawn(|| feed(arguments, &folder, &queue, &progress))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("a worker failed".into())))
    })?;
    Ok(progress.summary())
}

/// The guest's ELF files at and under a path. Symbolic links in folders lead to what is found anyhow, or elsewhere.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_symlink() {
                continue;
            }
            // What can't be read is passed over within folders.
            let _ = collect(&entry.path(), files);
        }
    } else if path.metadata()?.is_file() && is_code(path) {
        files.push(path.canonicalize()?);
    }
    Ok(())
}

/// Whether it is an ELF file of a guest's.
fn is_code(path: &Path) -> bool {
    let mut head = [0; 20];
    let read = File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    read.is_ok() && head.starts_with(b"\x7fELF\x02\x01") && guest::is_known(u16::from_le_bytes([head[18], head[19]]))
}

fn start_worker(arguments: &Arguments, folder: &Path) -> std::io::Result<Child> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["cache", "build", "--worker", "--cache-dir"]).arg(folder);
    command.args(arguments.cpu.iter().flat_map(|cpu| ["--cpu", cpu]));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

/// Gives a worker one file after the other; begins another where one dies of a file.
fn feed(
    arguments: &Arguments,
    folder: &Path,
    queue: &Mutex<std::vec::IntoIter<PathBuf>>,
    progress: &Progress,
) -> Result<(), String> {
    let next = || queue.lock().ok()?.next();
    let mut file = next();
    while file.is_some() {
        let mut worker = start_worker(arguments, folder).map_err(|error| format!("can't start a worker: {error}"))?;
        let (Some(mut input), Some(output)) = (worker.stdin.take(), worker.stdout.take()) else { return Ok(()) };
        let mut lines = BufReader::new(output).lines();
        while let Some(path) = &file {
            let said = input.write_all(&[path.as_os_str().as_bytes(), b"\n"].concat()).and_then(|()| input.flush());
            let answer = said.ok().and_then(|()| lines.next()?.ok());
            progress.done(path, answer.as_deref());
            file = next();
            if answer.is_none() {
                break;
            }
        }
        drop(input);
        let _ = worker.wait();
    }
    Ok(())
}

/// What was done so far.
struct Progress {
    total: usize,
    shows: bool,
    state: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    done: usize,
    failed: usize,
    blocks: u64,
}

impl Progress {
    fn new(total: usize) -> Progress {
        Progress { total, shows: std::io::stderr().is_terminal(), state: Mutex::default() }
    }

    /// A file is done; the answer is its number of blocks.
    fn done(&self, path: &Path, answer: Option<&str>) {
        let Ok(mut sums) = self.state.lock() else { return };
        sums.done += 1;
        match answer.and_then(|answer| answer.parse::<u64>().ok()) {
            Some(blocks) => sums.blocks += blocks,
            None => sums.failed += 1,
        }
        if self.shows {
            const WIDTH: usize = 30;
            let bar = "#".repeat(sums.done * WIDTH / self.total.max(1));
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            eprint!("\r\x1b[K[{bar:WIDTH$}] {}/{} {name:.40}", sums.done, self.total);
        }
    }

    fn summary(&self) -> String {
        if self.shows {
            eprintln!();
        }
        let Ok(sums) = self.state.lock() else { return String::new() };
        let Sums { done, failed, blocks } = *sums;
        format!("{done} files, {blocks} blocks translated, {failed} files could not be\n")
    }
}

/// Translates the files named on standard input.
fn work(arguments: &Arguments, folder: PathBuf) {
    let options = Options { cpu: arguments.cpu.clone(), cache: vec![folder], ..Options::default() };
    let bound = crate::persist::bound();
    let options = Options { cache_bound: bound, ..options };
    // Without the handler a file that is cut short would end the worker; another is begun then.
    let _ = crate::signals::handler::install();
    for line in std::io::stdin().lock().split(b'\n').map_while(Result::ok) {
        let path = PathBuf::from(std::ffi::OsString::from_vec(line));
        let answer = match translate(&path, &options) {
            Ok(blocks) => blocks.to_string(),
            Err(why) => why,
        };
        if writeln!(std::io::stdout(), "{answer}").is_err() {
            return;
        }
    }
}

/// Translates all that can be found in a file, and keeps it; the number of blocks.
fn translate(path: &Path, options: &Options) -> Result<u64, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let opened = Opened::new(path.to_owned(), file).map_err(|error| error.to_string())?;
    let guest = guest::of_machine(opened.headers.header.e_machine, options.cpu.as_deref())?.ok_or("no guest")?;
    let space = AddressSpace::new(true, Limits::NONE);
    let image = map_image(&space, &opened).map_err(|error| error.to_string())?;
    let hidden = HiddenFds::begin();
    let persist = Persist::open(options, guest.target.name(), &hidden).ok_or("the cache can't be written")?;
    let log = crate::log::Log::STDERR;
    let engine = Engine::new(guest.target, options, Box::new(codegen::DirectCalls::closed()), Some(persist), log, None)
        .map_err(|error| error.to_string())?;
    let mode = guest.target.mode(&GuestState::default());
    let mut found: Vec<u64> =
        entry_points::of(&opened.file, &opened.headers).iter().map(|addr| addr.wrapping_add(image.bias)).collect();
    let mut tried: HashSet<u64> = found.iter().copied().collect();
    let mut seen = 0;
    while !found.is_empty() {
        for pc in found {
            // What turns out to be no code ends in a fault that nobody takes.
            let _ = engine.translate(&space, Key { pc, mode }, 0);
        }
        found = engine.cache.lock().open_targets(&mut seen);
        found.retain(|&pc| tried.insert(pc) && space.is_executable(memory::GuestAddr(pc)));
    }
    engine.save();
    let blocks = engine.translation().blocks;
    drop(engine);
    for region in space.regions() {
        // It is about to be forgotten; that it can't be unmapped costs address space of a worker.
        let _ = space.munmap(region.range.start, region.range.len());
    }
    Ok(blocks)
}
