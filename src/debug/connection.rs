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

use super::heirs::Inheritance;
use super::peer::{Message, Peer};
use super::vforks::{Fate, pid, set_pid};
use super::wire::{self, Wire};

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

/// Why there is nothing more to read.
#[derive(Debug)]
pub enum Over {
    /// The debugger has left this process.
    Left,
    /// It wants the process to end.
    Killed,
    /// The connection is broken.
    Broken(io::Error),
}

impl From<io::Error> for Over {
    fn from(error: io::Error) -> Over {
        Over::Broken(error)
    }
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
    /// It is connected: to the program that executed this one.
    Inherited(Inheritance),
}

impl Listener {
    /// Listens at `PORT` of this machine, at `HOST:PORT`, or at a socket of the file system, in whose name `%d` is
    /// the process.
    pub fn bind(place: &str) -> io::Result<Listener> {
        let place = &place.replace("%d", &std::process::id().to_string());
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
        let mut wire = Wire::default();
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
            Listener::Inherited(inheritance) => {
                wire.features = inheritance.features;
                inheritance.connection
            }
        };
        let fd = hidden.adopt(socket.into_raw_fd()).map_err(|error| io::Error::from_raw_os_error(error.0))?;
        // SAFETY: the number is new and this value's.
        let file = unsafe { File::from_raw_fd(fd) };
        Ok(Connection {
            file,
            raw: Vec::new(),
            input: VecDeque::new(),
            output: Vec::new(),
            wire,
            threads: Vec::new(),
            peer: None,
            vforked: None,
            once: false,
            waits: false,
        })
    }
}

/// A debugger.
pub struct Connection {
    file: File,
    /// What was read and not looked at.
    raw: Vec<u8>,
    /// What is gdbstub's.
    input: VecDeque<u8>,
    output: Vec<u8>,
    /// What gdbstub leaves out.
    pub wire: Wire,
    /// The threads of this process.
    pub threads: Vec<i32>,
    /// The other process of the session.
    pub peer: Option<Peer>,
    /// The child of a vfork that is being told of, and what is to become of it.
    pub vforked: Option<(i32, Fate)>,
    /// Whether the peer has its turn again after the next reply.
    once: bool,
    /// Whether it has it.
    waits: bool,
}

impl Connection {
    /// The next byte for gdbstub; waits for it.
    pub fn read(&mut self) -> Result<u8, Over> {
        loop {
            if let Some(byte) = self.input.pop_front() {
                return Ok(byte);
            }
            if std::mem::take(&mut self.waits) {
                self.wait_for_turn()?;
            }
            match wire::first_piece(&mut self.raw) {
                Some(piece) => self.take(piece)?,
                None => self.fill()?,
            }
        }
    }

    /// The next byte if there is one.
    pub fn try_read(&mut self) -> Result<Option<u8>, Over> {
        while self.input.is_empty() {
            match wire::first_piece(&mut self.raw) {
                Some(piece) => self.take(piece)?,
                None if self.is_readable() => self.fill()?,
                None => return Ok(None),
            }
        }
        self.read().map(Some)
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut buf = [0; 4096];
        match self.file.read(&mut buf) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                self.raw.extend(&buf[..len]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives a packet to whom it is for.
    fn take(&mut self, piece: Vec<u8>) -> Result<(), Over> {
        let Some(body) = wire::body(&piece) else {
            self.input.extend(piece);
            return Ok(());
        };
        match wire::addressee(body).filter(|&named| named != pid()) {
            Some(pid) => return self.take_for(pid, piece),
            None => match body {
                [b'D', ..] if self.decide(Fate::Followed) => return self.confirm(),
                [b'D', ..] => self.leave_peer(&Message::Alone),
                [b'k', ..] => self.leave_peer(&Message::Kill),
                _ => {}
            },
        }
        self.wire.hear(body);
        self.input.extend(piece);
        Ok(())
    }

    /// Decides about the child of a vfork, where there is one to decide about.
    fn decide(&mut self, fate: Fate) -> bool {
        let Some((child, decided @ Fate::Open)) = &mut self.vforked else { return false };
        *decided = fate;
        if fate == Fate::Followed {
            set_pid(*child);
        }
        self.wire.others.clear();
        true
    }

    fn confirm(&mut self) -> Result<(), Over> {
        let ack: &[u8] = if self.wire.features.no_acks { b"" } else { b"+" };
        Ok(self.file.write_all(&[ack, &wire::framed(b"OK")].concat())?)
    }

    /// A packet for another process. One that has gone its way, the parent of a vfork say, needs no more than an answer.
    fn take_for(&mut self, pid: i32, piece: Vec<u8>) -> Result<(), Over> {
        let is_vforked = self.vforked.is_some_and(|(child, _)| child == pid);
        let is_peer = self.peer.as_ref().is_some_and(|peer| peer.pid == pid);
        let last = match wire::body(&piece) {
            Some([b'D', ..]) => Message::Free,
            Some([b'v', b'K', ..]) => Message::Kill,
            _ if is_peer => {
                // gdb says by H and vCont whom it means from here on; what else names a process is meant once.
                let once = !matches!(wire::body(&piece), Some([b'H', ..] | [b'v', b'C', ..]));
                self.give_turn(once, piece);
                return self.wait_for_turn();
            }
            body => {
                // gdb leaves the parent of a vfork that it does not follow when the child has left the memory.
                if is_vforked && matches!(body, Some([b'v', b'C', ..])) {
                    self.decide(Fate::Followed);
                }
                self.input.extend(piece);
                return Ok(());
            }
        };
        if is_peer {
            self.leave_peer(&last);
        } else if is_vforked {
            self.decide(if last == Message::Kill { Fate::Killed } else { Fate::Left });
        }
        self.confirm()
    }

    fn give_turn(&self, once: bool, packet: Vec<u8>) {
        let (threads, features) = (self.threads.clone(), self.wire.features);
        self.tell_peer(&Message::Turn { once, threads, features, packet });
    }

    fn tell_peer(&self, message: &Message) {
        self.peer.iter().for_each(|peer| peer.tell(message));
    }

    fn leave_peer(&mut self, message: &Message) {
        self.tell_peer(message);
        self.set_peer(None);
    }

    /// Says which process there is besides this one.
    pub fn set_peer(&mut self, peer: Option<Peer>) {
        let others = peer.iter().flat_map(|peer| peer.threads.iter().map(|&tid| (peer.pid, tid)));
        self.wire.others = others.collect();
        self.peer = peer;
    }

    /// Waits until the debugger says something to this process.
    pub fn wait_for_turn(&mut self) -> Result<(), Over> {
        let Some(mut peer) = self.peer.take() else { return Ok(()) };
        let message = peer.listen();
        match message {
            Message::Turn { once, features, packet, .. } => {
                self.once = once;
                self.wire.features = features;
                self.set_peer(Some(peer));
                self.raw.splice(..0, packet);
                Ok(())
            }
            Message::Alone => {
                self.set_peer(None);
                Ok(())
            }
            Message::Free => Err(Over::Left),
            Message::Kill => Err(Over::Killed),
        }
    }

    fn is_readable(&self) -> bool {
        let mut poll = libc::pollfd { fd: self.file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry; it does not wait.
        unsafe { libc::poll(&raw mut poll, 1, 0) > 0 }
    }

    /// The descriptor.
    pub fn descriptor(&self) -> i32 {
        self.file.as_raw_fd()
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
        set(libc::F_SETOWN, pid());
        set(libc::F_SETFL, flags | libc::O_ASYNC);
        if !self.input.is_empty() || !self.raw.is_empty() || self.is_readable() {
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
        let output = self.wire.complete(std::mem::take(&mut self.output));
        self.file.write_all(&output)?;
        if std::mem::take(&mut self.once) {
            self.give_turn(false, Vec::new());
            self.waits = true;
        }
        Ok(())
    }
}
