//! Running a command to its end or to its time limit, whichever comes first, with all that it started.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How a command ended, and what it said.
pub struct Outcome {
    pub end: End,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// The ways a command can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
    TimeOut,
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> End {
        match status.signal() {
            Some(number) => End::Signal(number),
            None => End::Exit(status.code().expect("an exit status or a signal")),
        }
    }
}

impl Outcome {
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Whether transom itself failed, as opposed to the guest or the request.
    pub fn is_bug(&self) -> bool {
        let stderr = self.stderr();
        self.end == End::Exit(101) || stderr.contains("panicked at") || stderr.contains("bug in transom")
    }
}

/// A failure that shows the whole outcome, unless it is so.
pub fn expect(is_so: bool, what: &str, outcome: &Outcome) -> Result<(), libtest_mimic::Failed> {
    if is_so {
        return Ok(());
    }
    let (stdout, stderr) = (outcome.stdout(), outcome.stderr());
    Err(format!("{what}\nends by {:?}\nstdout:\n{stdout}\nstderr:\n{stderr}", outcome.end).into())
}

/// Runs `command` without input, in a process group of its own, so that at the time limit its children go too.
pub fn run(command: &mut Command, limit: Duration) -> Outcome {
    let shown = format!("{command:?}");
    // SAFETY: one system call, which neither allocates nor takes a lock.
    unsafe { command.pre_exec(keep_standard_streams) };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let end = wait(&mut child, limit);
    // What the command left running would hold the pipes open for ever.
    kill_group(&child);
    Outcome { end, stdout: collect(stdout), stderr: collect(stderr) }
}

/// Descriptors that the test itself was started with are no business of the command's.
fn keep_standard_streams() -> std::io::Result<()> {
    const FIRST: u32 = 3;
    // SAFETY: it changes flags of descriptors of a process that is about to become another program.
    match unsafe { libc::close_range(FIRST, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as i32) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

fn wait(child: &mut Child, limit: Duration) -> End {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status.into();
        }
        if start.elapsed() > limit {
            kill_group(child);
            child.wait().expect("a child of ours");
            return End::TimeOut;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

fn kill_group(child: &Child) {
    let group = nix::unistd::Pid::from_raw(child.id() as i32);
    // An error means that nothing of the group is left.
    let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    // Nobody looks at more; who writes on gets SIGPIPE.
    const MOST: u64 = 64 << 20;
    let mut pipe = pipe.expect("a piped stream").take(MOST);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A stream cut short shows as output that differs.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

fn collect(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    reader.join().expect("a reader that does not panic")
}
