//! All guest threads of the process, and how one of them has the others stand still.
//!
//! A thread stands still where its registers are exact and nobody changes them: between two instructions, or in a
//! system call. A call that waits goes on waiting; its thread stands as soon as it comes back. So nothing is
//! interrupted that the guest could see.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ir::GuestState;

use crate::cache::Resident;

/// What a thread does once the world goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Action {
    /// It runs.
    #[default]
    Continue,
    /// It executes one instruction.
    Step,
    /// It executes instructions until it is out of a range.
    StepWithin(u64, u64),
    /// It stays where it is.
    Hold,
}

/// One guest thread as the debugger knows it.
pub struct Seat {
    /// Its id.
    pub tid: i32,
    /// Its process': not this one's where that is the child of a vfork.
    pub pid: i32,
    inner: Mutex<Sitting>,
    /// The thread's [`syscalls::Thread::pending`].
    pending: Arc<AtomicU32>,
    resident: Arc<Resident>,
}

#[derive(Default)]
struct Sitting {
    /// The thread's registers while it stands still.
    state: Option<StatePtr>,
    action: Action,
    /// The signal that the debugger sends it on with.
    signal: Option<i32>,
}

#[derive(Clone, Copy)]
struct StatePtr(*mut GuestState);

// SAFETY: it is looked at only while its thread stands still.
unsafe impl Send for StatePtr {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    /// A seat for the thread `tid`, which is running.
    pub fn new(tid: i32, pending: Arc<AtomicU32>, resident: Arc<Resident>) -> Seat {
        Seat { tid, pid: std::process::id() as i32, inner: Mutex::default(), pending, resident }
    }

    /// What the thread is to do.
    pub fn action(&self) -> Action {
        lock(&self.inner).action
    }

    /// Says what the thread is to do, and with which signal.
    pub fn set_action(&self, action: Action, signal: Option<i32>) {
        let mut inner = lock(&self.inner);
        (inner.action, inner.signal) = (action, signal);
    }

    /// The signal to go on with, once.
    pub fn take_signal(&self) -> Option<i32> {
        lock(&self.inner).signal.take()
    }

    fn stand(&self, state: *mut GuestState) {
        lock(&self.inner).state = Some(StatePtr(state));
    }

    fn go(&self) {
        lock(&self.inner).state = None;
    }

    fn stands(&self) -> bool {
        lock(&self.inner).state.is_some()
    }

    /// Has the thread come to where it can stand.
    fn ask(&self) {
        self.pending.store(1, Ordering::SeqCst);
        self.resident.call();
    }
}

/// All threads.
#[derive(Default)]
pub struct World {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    seats: Vec<Arc<Seat>>,
    /// The thread that speaks with the debugger: all others stand still.
    speaker: Option<i32>,
}

impl World {
    /// Enters a thread that runs.
    pub fn enter(&self, seat: Arc<Seat>) {
        lock(&self.inner).seats.push(seat);
    }

    /// In the child of a fork: its one thread is all there is.
    pub fn begin_again(&self, seat: Arc<Seat>) {
        *lock(&self.inner) = Inner { seats: vec![seat], speaker: None };
    }

    /// Holds it still over a fork.
    pub fn lock_for_fork(&self) -> impl Sized + '_ {
        lock(&self.inner)
    }

    /// Removes a thread that ends; how many are left.
    pub fn leave(&self, seat: &Seat) -> usize {
        let mut inner = lock(&self.inner);
        inner.seats.retain(|other| other.tid != seat.tid);
        self.changed.notify_all();
        inner.seats.len()
    }

    /// Removes the threads of process `pid`, which go on by themselves; one of them may have died while it spoke.
    pub fn remove_process(&self, pid: i32) {
        let mut inner = lock(&self.inner);
        let (gone, rest): (Vec<_>, Vec<_>) = inner.seats.drain(..).partition(|seat| seat.pid == pid);
        inner.seats = rest;
        gone.iter().for_each(|seat| seat.set_action(Action::Continue, None));
        inner.speaker = inner.speaker.filter(|&speaker| gone.iter().all(|seat| seat.tid != speaker));
        self.changed.notify_all();
    }

    /// The threads.
    pub fn seats(&self) -> Vec<Arc<Seat>> {
        lock(&self.inner).seats.clone()
    }

    /// Does something with the registers of a thread that stands still.
    pub fn with_state<R>(&self, tid: i32, act: impl FnOnce(&mut GuestState) -> R) -> Option<R> {
        let seat = lock(&self.inner).seats.iter().find(|seat| seat.tid == tid).cloned()?;
        let inner = lock(&seat.inner);
        // SAFETY: the thread stands still, and can't go on before the lock on its seat is released.
        inner.state.map(|state| act(unsafe { &mut *state.0 }))
    }

    /// Stops the world for thread `me` to speak with the debugger. False if another thread came first: the world has
    /// gone on since, and what `me` wanted to say may no longer be so.
    pub fn stop(&self, me: &Seat, state: *mut GuestState) -> bool {
        let mut inner = lock(&self.inner);
        if inner.speaker.is_some() {
            drop(inner);
            self.pause(me, state);
            return false;
        }
        inner.speaker = Some(me.tid);
        me.stand(state);
        while let Some(running) = inner.seats.iter().find(|seat| !seat.stands()) {
            running.ask();
            inner = self.wait(inner);
        }
        true
    }

    /// Has the world go on.
    pub fn resume(&self, me: &Seat) {
        let mut inner = lock(&self.inner);
        inner.speaker = None;
        me.go();
        self.changed.notify_all();
    }

    /// A place where the thread can stand: it does if the debugger wants it to.
    pub fn pause(&self, me: &Seat, state: *mut GuestState) {
        me.stand(state);
        self.changed.notify_all();
        self.go_on(me);
    }

    /// The thread touches none of its registers until [`World::go_on`].
    pub fn stand(&self, me: &Seat, state: *mut GuestState) {
        me.stand(state);
        self.changed.notify_all();
    }

    /// The thread goes on as soon as it may.
    pub fn go_on(&self, me: &Seat) {
        let mut inner = lock(&self.inner);
        while inner.speaker.is_some() || me.action() == Action::Hold {
            inner = self.wait(inner);
        }
        me.go();
    }

    /// Waits for a change. A thread that was asked may be about to enter code and not have seen it: so not for long.
    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        self.changed.wait_timeout(inner, Duration::from_millis(2)).unwrap_or_else(PoisonError::into_inner).0
    }
}
