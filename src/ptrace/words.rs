//! What a tracer's side of the translator says to a tracee's: a SIGTRAP, which the tracee's handler always takes, whose si_errno
//! nothing else has.

use std::sync::atomic::Ordering;

use syscalls::Signal;

use crate::signals::{Info, Mailbox};

/// The upper half of si_errno.
const MARK: u32 = 0x7472_0000;

/// A word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// A signal came; the rest of the `siginfo_t` is its own.
    Signal(Signal),
    /// The same, and the tracer has seen it.
    Approved(Signal),
    /// Come to a stop.
    Stop,
    /// Give up the system call that you are in, and make it anew.
    Leave,
}

impl Word {
    /// The word in a `siginfo_t` of a SIGTRAP.
    pub fn of(info: &Info) -> Option<Word> {
        let errno = u32::from_le_bytes([info[4], info[5], info[6], info[7]]);
        let signal = || Signal::new((errno & 0xff) as i32);
        match errno.checked_sub(MARK)? >> 8 {
            0 => signal().map(Word::Signal),
            1 => signal().map(Word::Approved),
            2 => Some(Word::Stop),
            3 => Some(Word::Leave),
            _ => None,
        }
    }

    /// Makes a `siginfo_t` that of a SIGTRAP with the word.
    pub fn disguise(self, info: &Info) -> Info {
        let code = match self {
            Word::Signal(signal) => signal.number() as u32,
            Word::Approved(signal) => 1 << 8 | signal.number() as u32,
            Word::Stop => 2 << 8,
            Word::Leave => 3 << 8,
        };
        let mut info = *info;
        info[..4].copy_from_slice(&libc::SIGTRAP.to_le_bytes());
        info[4..8].copy_from_slice(&(MARK | code).to_le_bytes());
        info
    }
}

/// Hears a word in the signal handler; the signal that came by it, if one did. `None` if it is no word.
pub fn hear(info: &Info, mailbox: &Mailbox) -> Option<Option<(Signal, Info)>> {
    let word = Word::of(info).filter(|_| mailbox.trace.is_traced())?;
    let trace = &mailbox.trace;
    let (signal, note) = match word {
        Word::Signal(signal) => (Some(signal), None),
        Word::Approved(signal) => {
            trace.approved.store(signal.number() as u32, Ordering::Relaxed);
            (Some(signal), None)
        }
        Word::Stop => (None, Some(&trace.asked)),
        Word::Leave => (None, Some(&trace.leaving)),
    };
    if let Some(note) = note {
        note.store(1, Ordering::Relaxed);
        mailbox.wake();
    }
    Some(signal.map(|signal| {
        let mut info = *info;
        info[..4].copy_from_slice(&signal.number().to_le_bytes());
        info[4..8].fill(0);
        (signal, info)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_through() {
        let info = [9; 128];
        for word in [Word::Signal(Signal::SIGSTOP), Word::Approved(Signal::SIGUSR1), Word::Stop, Word::Leave] {
            let disguised = word.disguise(&info);
            assert_eq!((Word::of(&disguised), &disguised[8..]), (Some(word), &info[8..]));
        }
        assert_eq!([Word::of(&info), Word::of(&[0; 128])], [None, None]);
    }
}
