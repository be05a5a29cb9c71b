//! The debugger's side of a guest process: a server for gdb's remote protocol (`-g`).
//!
//! The guest process has no thread for it: the thread that has something to say stops the others ([`world`]) and
//! speaks with the debugger itself ([`session`]). What arrives while the guest runs (Ctrl-C) comes by a signal
//! ([`connection`]).
//!
//! One process is debugged: the child of a fork goes its own way, without breakpoints. Where the process executes
//! another program, the debugger is told that the first has ended, and the second waits for it at the same place.

pub mod connection;
mod files;
mod inferior;
mod information;
mod registers;
mod session;
mod signal;
mod stops;
pub mod world;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syscalls::Process;

use crate::engine::watch::Watch;
use crate::machine::Machine;
use connection::Listener;
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
    /// One that can be connected to at `place`.
    pub fn bind(place: &str) -> io::Result<Debugger> {
        Ok(Debugger {
            world: World::default(),
            watches: Mutex::default(),
            listener: Mutex::new(Some(Listener::bind(place)?)),
            session: Mutex::default(),
        })
    }

    /// Waits for the debugger.
    fn connect(&self, machine: &'static Machine, process: &Arc<Process>) -> io::Result<()> {
        let Some(listener) = lock(&self.listener).take() else { return Ok(()) };
        let connection = listener.accept(&process.hidden)?;
        let session = Session::new(machine, Arc::clone(process), connection)?;
        *lock(&self.session) = Some(session);
        Ok(())
    }

    /// The watched ranges.
    pub fn watches(&self) -> Vec<Watch> {
        lock(&self.watches).clone()
    }
}
