//! The connection to the debugger.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use gdbstub::conn::Connection as Bytes;
use syscalls::HiddenFds;

/// The connection's descriptor, for the signal handler; -1 for none.
static FD: AtomicI32 = AtomicI32::new(-1);
/// Whether the debugger said something while the guest ran.
static HEARD: AtomicBool = AtomicBool::new(false);

/// For the signal handler: whether this SIGTRAP says that the debugger sent something, which it then notes.
/// `si_code` is then SI_SIGIO, as for all signals with codes of their own, and si_fd, behind the eight bytes of
/// si_band, the descriptor (fcntl(2), F_SETSIG; fs/fcntl.c, send_sigio_to_task).
pub fn hears(info: &[u8; 128]) -> bool {
    let word = |at: usize| i32::from_le_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
    let fd = FD.load(Ordering::Relaxed);
    let heard = fd >= 0 && word(8) == SI_SIGIO && word(24) == fd;
    if heard {
        HEARD.store(true, Ordering::SeqCst);
    }
    heard
}

/// asm-generic/siginfo.h; libc does not name it.
const SI_SIGIO: i32 = -5;

/// Whether the debugger said something since this was last asked.
pub fn heard() -> bool {
    HEARD.swap(false, Ordering::SeqCst)
}

/// Closes the child's copy of the connection.
pub fn close_in_child() {
    let fd = FD.swap(-1, Ordering::SeqCst);
    if fd >= 0 {
        // SAFETY: nothing in the child uses it: its one thread has no seat.
        unsafe { libc::close(fd) };
    }
}

/// Where a debugger can connect to.
#[derive(Debug)]
pub enum Listener {
    /// On the network.
    Tcp(TcpListener),
    /// A socket in the file system, and its name.
    Unix(UnixListener, String),
}

impl Listener {
    /// Listens at `PORT` of this machine, at `HOST:PORT`, or at a socket of the file system.
    pub fn bind(place: &str) -> io::Result<Listener> {
        if let Ok(port) = place.parse::<u16>() {
            return TcpListener::bind(("127.0.0.1", port)).map(Listener::Tcp);
        }
        if !place.contains('/') && place.contains(':') {
            return TcpListener::bind(place).map(Listener::Tcp);
        }
        // One that a run before left behind.
        let _ = std::fs::remove_file(place);
        UnixListener::bind(place).map(|listener| Listener::Unix(listener, place.to_owned()))
    }

    /// Waits for a debugger.
    pub fn accept(self, hidden: &HiddenFds) -> io::Result<Connection> {
        let socket: OwnedFd = match self {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                stream.into()
            }
            Listener::Unix(listener, name) => {
                let (stream, _) = listener.accept()?;
                let _ = std::fs::remove_file(name);
                stream.into()
            }
        };
        let fd = hidden.adopt(socket.into_raw_fd()).map_err(|error| io::Error::from_raw_os_error(error.0))?;
        // SAFETY: the number is new and this value's.
        Ok(Connection { file: unsafe { File::from_raw_fd(fd) }, input: VecDeque::new(), output: Vec::new() })
    }
}

/// A debugger.
pub struct Connection {
    file: File,
    input: VecDeque<u8>,
    output: Vec<u8>,
}

impl Connection {
    /// The next byte the debugger sends; waits for it.
    pub fn read(&mut self) -> io::Result<u8> {
        loop {
            if let Some(byte) = self.input.pop_front() {
                return Ok(byte);
            }
            let mut buf = [0; 4096];
            match self.file.read(&mut buf) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) => self.input.extend(&buf[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next byte if there is one.
    pub fn try_read(&mut self) -> io::Result<Option<u8>> {
        if self.input.is_empty() && !self.is_readable() {
            return Ok(None);
        }
        self.read().map(Some)
    }

    fn is_readable(&self) -> bool {
        let mut poll = libc::pollfd { fd: self.file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry; it does not wait.
        unsafe { libc::poll(&raw mut poll, 1, 0) > 0 }
    }

    /// Whether the kernel is to tell by SIGTRAP that the debugger sends something: while the guest runs, nobody waits
    /// for it here.
    pub fn listen(&mut self, wanted: bool) {
        let fd = self.file.as_raw_fd();
        let set = |command: i32, value: i32| {
            // SAFETY: these change the descriptor alone, which is ours.
            unsafe { libc::fcntl(fd, command, value) }
        };
        let flags = set(libc::F_GETFL, 0);
        if !wanted {
            set(libc::F_SETFL, flags & !libc::O_ASYNC);
            return;
        }
        FD.store(fd, Ordering::SeqCst);
        set(F_SETSIG, libc::SIGTRAP);
        // SAFETY: getpid touches no memory.
        set(libc::F_SETOWN, unsafe { libc::getpid() });
        set(libc::F_SETFL, flags | libc::O_ASYNC);
        if !self.input.is_empty() || self.is_readable() {
            HEARD.store(true, Ordering::SeqCst);
        }
    }
}

/// fcntl(2); libc does not name it.
const F_SETSIG: i32 = 10;

impl Drop for Connection {
    fn drop(&mut self) {
        FD.store(-1, Ordering::SeqCst);
    }
}

impl Bytes for Connection {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        self.output.push(byte);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let output = std::mem::take(&mut self.output);
        self.file.write_all(&output)
    }
}
