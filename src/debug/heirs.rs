//! What a program that is executed has of the session with the debugger before it: the connection, what was agreed on it,
//! and the files that the debugger has open. They go along as descriptors, and one word says which is what.

use std::fmt::Write;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use super::wire::Features;

/// What goes along; the descriptors are the sender's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Legacy {
    /// The connection.
    pub connection: i32,
    /// What the debugger understands.
    pub features: Features,
    /// The numbers of the debugger's files, and the files.
    pub files: Vec<(u32, i32)>,
}

impl Legacy {
    /// As a word: `500,mfe,9c00=501`.
    pub fn encode(&self) -> String {
        let mut word = format!("{},{}", self.connection, self.features.encode());
        for (number, fd) in &self.files {
            // Writing to a string can't fail.
            let _ = write!(word, ",{number:x}={fd}");
        }
        word
    }

    fn decode(word: &str) -> Option<Legacy> {
        let mut parts = word.split(',');
        let connection = parts.next()?.parse().ok()?;
        let features = Features::decode(parts.next()?);
        let file = |part: &str| {
            let (number, fd) = part.split_once('=')?;
            Some((u32::from_str_radix(number, 16).ok()?, fd.parse().ok()?))
        };
        Some(Legacy { connection, features, files: parts.map(file).collect::<Option<_>>()? })
    }
}

/// The same where it has arrived.
#[derive(Debug)]
pub struct Inheritance {
    /// The connection.
    pub connection: OwnedFd,
    /// What the debugger understands.
    pub features: Features,
    /// The debugger's files.
    pub files: Vec<(u32, OwnedFd)>,
}

impl Inheritance {
    /// Takes over what the word tells of.
    pub fn claim(word: &str) -> io::Result<Inheritance> {
        let legacy = Legacy::decode(word).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: execve passed it for this.
        let own = |fd: i32| unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Inheritance {
            connection: own(legacy.connection),
            features: legacy.features,
            files: legacy.files.into_iter().map(|(number, fd)| (number, own(fd))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive() {
        let features = Features { exec: true, ..Features::default() };
        let legacy = Legacy { connection: 500, features, files: vec![(0x9c00, 501), (0x9c01, 502)] };
        assert_eq!(legacy.encode(), "500,e,9c00=501,9c01=502");
        assert_eq!(Legacy::decode(&legacy.encode()), Some(legacy));
        assert_eq!(Legacy::decode("500"), None);
        assert_eq!(Legacy::decode("500,e,x"), None);
    }
}
