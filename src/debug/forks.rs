//! Fork and execve as a debugger follows them.
//!
//! A fork copies the conversation with the debugger: parent and child both stop, the parent tells of it, and the
//! debugger says whom it leaves (`set follow-fork-mode`, `set detach-on-fork`). A program that is executed inherits the
//! connection.

use std::os::fd::OwnedFd;

use gdbstub::common::Tid;

use super::heirs::Legacy;
use super::peer::{self, Peer};
use super::wire::Features;
use super::{Debugger, Seat, connection, lock, vforks};
use crate::vcpu::Vcpu;

/// What a thread tells, or waits for, at its next stop.
pub enum Event {
    /// It made a process.
    Forked(Peer),
    /// It is a new process.
    Born(Peer),
    /// It is a new process on the memory of this thread's.
    Vforked(Tid),
    /// The child of its vfork has left the memory.
    Alone,
}

/// A fork that the debugger follows, before it is made.
pub struct Parting {
    parent: i32,
    /// The parent's end and the child's.
    ends: [OwnedFd; 2],
}

impl Vcpu {
    /// What the debugger of this thread understands.
    pub(super) fn debug_features(&self) -> Features {
        let session = self.debugged().map(|(debugger, _)| lock(&debugger.session));
        session.and_then(|mut session| Some(session.as_mut()?.features())).unwrap_or_default()
    }

    /// Stops the world for a fork that the debugger follows: the child finds its locks open. `None` for others.
    pub fn before_fork(&mut self) -> Option<Parting> {
        let (debugger, seat) = self.debugged()?;
        while !debugger.world.stop(&seat, &raw mut self.context.guest) {}
        let parting = self.part();
        if parting.is_none() {
            self.after_stop(debugger, &seat);
        }
        parting
    }

    fn part(&self) -> Option<Parting> {
        if !self.debug_alone() || !self.debug_features().fork {
            return None;
        }
        let ends = peer::channel(&self.process.hidden).ok()?;
        Some(Parting { parent: std::process::id() as i32, ends })
    }

    /// Whether the debugger has this process and no other.
    pub(super) fn debug_alone(&self) -> bool {
        let session = self.debugged().map(|(debugger, _)| lock(&debugger.session));
        let alone = session.and_then(|mut session| Some(session.as_mut()?.connection()?.peer.is_none()));
        alone.unwrap_or(false)
    }

    /// The world goes on; this thread is still in its call.
    fn after_stop(&mut self, debugger: &Debugger, seat: &Seat) {
        debugger.world.resume(seat);
        debugger.world.stand(seat, &raw mut self.context.guest);
    }

    /// In the parent of a fork.
    pub fn after_fork(&mut self, parting: Option<Parting>, child: Option<i32>) {
        let (Some((debugger, seat)), Some(Parting { ends: [own, _], .. })) = (self.debugged(), parting) else { return };
        self.event = child.map(|pid| Event::Forked(Peer::new(pid, own)));
        self.after_stop(debugger, &seat);
    }

    /// In the child of a fork: one that nobody follows has no debugger.
    pub fn forked_from_debugged(&mut self, parting: Option<Parting>) {
        let Some((debugger, _)) = self.debugged() else { return };
        let Some(Parting { parent, ends: [_, own] }) = parting else {
            self.seat = None;
            connection::close_in_child();
            return self.machine.engine.breakpoints.clear();
        };
        vforks::set_pid(std::process::id() as i32);
        self.event = Some(Event::Born(Peer::new(parent, own)));
        let seat = self.new_seat();
        debugger.world.begin_again(seat.clone());
        debugger.world.stand(&seat, &raw mut self.context.guest);
        self.seat = Some(seat);
    }

    /// Tells of what happened, at a place where the registers are what they are to be.
    pub fn tell_event(&mut self, event: Event) {
        let tid = self.tid();
        match event {
            Event::Forked(peer) => {
                let words = format!("fork:p{pid:x}.{pid:x};", pid = peer.pid);
                self.speak_surely(|session| session.report_event(tid, words, Some(peer)));
            }
            Event::Born(parent) => {
                self.speak_surely(|session| session.join(tid, parent));
            }
            Event::Vforked(parent) => self.tell_vfork(parent),
            Event::Alone => self.speak_surely(|session| session.report_event(tid, "vforkdone:;".into(), None)),
        }
    }

    /// Before a program is executed whose run can go on with the debugger: the world stands, and what the run is to have.
    /// `None` where the debugger does not follow.
    pub fn debug_leave_by_exec(&mut self) -> Option<Legacy> {
        let (debugger, seat) = self.debugged()?;
        if !self.debug_features().exec {
            return None;
        }
        while !debugger.world.stop(&seat, &raw mut self.context.guest) {}
        let legacy = lock(&debugger.session).as_mut().and_then(super::Session::bequeath);
        if legacy.is_none() {
            debugger.world.resume(&seat);
        }
        legacy
    }

    /// The program was not executed after all.
    pub fn debug_stay(&mut self) {
        let Some((debugger, seat)) = self.debugged() else { return };
        if let Some(connection) = lock(&debugger.session).as_mut().and_then(|session| session.connection()) {
            connection.listen(true);
        }
        debugger.world.resume(&seat);
    }

    /// Before the first instruction of a program: hears the debugger, or tells one that has followed here.
    pub fn begin_debugging(&mut self, follows: bool) {
        if !follows {
            self.speak_surely(super::Session::begin);
            return;
        }
        let path: String = self.process.image.exe.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let tid = self.tid();
        self.speak_surely(|session| {
            session.inherit();
            session.report_event(tid, format!("exec:{path};"), None)
        });
    }
}
