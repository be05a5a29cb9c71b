//! The other process of a fork, while the debugger has not let go of either.
//!
//! Both have the connection; one of them reads from it, the other waits here until the first passes on a packet that
//! is the other's.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use syscalls::HiddenFds;

use super::wire::Features;

/// What one process tells the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// It is the other's turn; it begins with this packet, and where that is all, gives the turn back. The threads are
    /// the sender's.
    Turn { once: bool, threads: Vec<i32>, features: Features, packet: Vec<u8> },
    /// The debugger has left the sender: the other is alone with it.
    Alone,
    /// The debugger has left the receiver.
    Free,
    /// The receiver is to end.
    Kill,
}

/// No packet is longer, and so is no message.
const LONGEST: usize = 256 << 10;

impl Message {
    fn encode(&self) -> Vec<u8> {
        match self {
            Message::Turn { once, threads, features, packet } => {
                let kind = if *once { 'O' } else { 'T' };
                let threads: Vec<String> = threads.iter().map(i32::to_string).collect();
                [format!("{kind}{};{};", threads.join(","), features.encode()).as_bytes(), packet].concat()
            }
            Message::Alone => b"A".to_vec(),
            Message::Free => b"F".to_vec(),
            Message::Kill => b"K".to_vec(),
        }
    }

    /// Without a word the sender has ended, and the receiver is alone.
    fn decode(bytes: &[u8]) -> Message {
        let mut parts = bytes.get(1..).unwrap_or_default().splitn(3, |&byte| byte == b';');
        match bytes.first() {
            Some(kind @ (b'T' | b'O')) => {
                let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
                let threads = text().split(',').filter_map(|tid| tid.parse().ok()).collect();
                let features = Features::decode(&text());
                let once = *kind == b'O';
                Message::Turn { once, threads, features, packet: parts.next().unwrap_or_default().to_vec() }
            }
            Some(b'F') => Message::Free,
            Some(b'K') => Message::Kill,
            _ => Message::Alone,
        }
    }
}

/// The other process.
pub struct Peer {
    /// Its id.
    pub pid: i32,
    /// Its threads, when it was last heard of.
    pub threads: Vec<i32>,
    channel: File,
}

impl Peer {
    /// The process `pid` at the other end of a channel.
    pub fn new(pid: i32, channel: OwnedFd) -> Peer {
        Peer { pid, threads: vec![pid], channel: channel.into() }
    }

    /// Says something; that the other has ended meanwhile is no matter here.
    pub fn tell(&self, message: &Message) {
        let bytes = message.encode();
        // SAFETY: the bytes live across the call.
        let _ = unsafe { libc::send(self.channel.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) };
    }

    /// Waits for what it says.
    pub fn listen(&mut self) -> Message {
        let mut bytes = vec![0; LONGEST];
        let len = loop {
            match self.channel.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.unwrap_or(0),
            }
        };
        let message = Message::decode(&bytes[..len]);
        if let Message::Turn { threads, .. } = &message {
            self.threads.clone_from(threads);
        }
        message
    }
}

/// The two ends of a channel between processes, out of the guest's sight.
pub fn channel(hidden: &HiddenFds) -> io::Result<[OwnedFd; 2]> {
    let mut fds = [0; 2];
    // SAFETY: the array has room for both.
    match unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, fds.as_mut_ptr()) } {
        0 => {}
        _ => return Err(io::Error::last_os_error()),
    }
    let adopt = |fd| hidden.adopt(fd).map_err(|error| io::Error::from_raw_os_error(error.0));
    let fds = [adopt(fds[0])?, adopt(fds[1])?];
    // SAFETY: both are new and nobody else's.
    Ok(fds.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive() {
        let features = Features { exec: true, ..Features::default() };
        let turn = Message::Turn { once: true, threads: vec![5, 17], features, packet: b"$Hgp5.5#00;;".to_vec() };
        for message in [turn, Message::Alone, Message::Free, Message::Kill] {
            assert_eq!(Message::decode(&message.encode()), message);
        }
        assert_eq!(Message::decode(b""), Message::Alone);
    }
}
