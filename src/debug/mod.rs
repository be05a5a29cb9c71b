//! The debugger's side of a guest process: a server for gdb's remote protocol (`-g`).
//!
//! The guest process has no thread for it: the thread that has something to say stops the others ([`world`]) and
//! speaks with the debugger itself ([`session`]). What arrives while the guest runs (Ctrl-C) comes by a signal
//! ([`connection`]).
//!
//! The debugger may follow a fork into either process or both, and an execve ([`forks`]); what gdbstub has not of that
//! is in [`wire`]; of a vfork it follows one process ([`vforks`]). For one that does not want to hear of execve the first program has ended then, and the second waits
//! for it at the same place.

pub mod connection;
mod files;
mod forks;
mod heirs;
mod inferior;
mod information;
mod peer;
mod processes;
mod registers;
mod session;
mod signal;
mod stops;
mod vforks;
mod wire;
pub mod world;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syscalls::Process;

use crate::engine::watch::Watch;
use crate::machine::Machine;
use connection::Listener;
use files::Files;
pub use forks::{Event, Parting};
use heirs::Inheritance;
pub use heirs::Legacy;
pub use session::Session;
pub use stops::Ended;
pub use world::Seat;
use world::World;

/// The debugger of a process.
pub struct Debugger {
    /// The threads.
    pub world: World,
    /// Watched ranges.
    watches: Mutex<Vec<Watch>>,
    listener: Mutex<Option<Listener>>,
    session: Mutex<Option<Session>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Debugger {
    /// One that can be connected to at `place`, or that has followed here by execve.
    pub fn bind(place: &str, inherited: Option<&str>) -> io::Result<Debugger> {
        let listener = match inherited {
            Some(word) => Listener::Inherited(Inheritance::claim(word)?),
            None => Listener::bind(place)?,
        };
        Ok(Debugger {
            world: World::default(),
            watches: Mutex::default(),
            listener: Mutex::new(Some(listener)),
            session: Mutex::default(),
        })
    }

    /// Waits for the debugger. Whether it has followed here.
    fn connect(&self, machine: &'static Machine, process: &Arc<Process>) -> io::Result<bool> {
        let Some(mut listener) = lock(&self.listener).take() else { return Ok(false) };
        let inherited = match &mut listener {
            Listener::Inherited(inheritance) => Some(std::mem::take(&mut inheritance.files)),
            _ => None,
        };
        let follows = inherited.is_some();
        let files = Files::inherited(inherited.unwrap_or_default(), &process.hidden)?;
        let connection = listener.accept(&process.hidden)?;
        let session = Session::new(machine, Arc::clone(process), connection, files)?;
        *lock(&self.session) = Some(session);
        Ok(follows)
    }

    /// The watched ranges.
    pub fn watches(&self) -> Vec<Watch> {
        lock(&self.watches).clone()
    }
}
