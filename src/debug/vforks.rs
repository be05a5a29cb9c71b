//! vfork as a debugger follows it: into the parent or the child, not both.
//!
//! The child is on its parent's memory, and the session with it. So it is the child that tells of itself, as a thread of
//! its parent's would; then one of the two goes on with the debugger. A child that is followed takes the session along, and the parent
//! goes on without a debugger once it has its memory back. To a parent that is followed the end of that is an event of
//! its own (`vforkdone` among GDB's Stop Reply Packets). A debugger that wants to hold both (`set detach-on-fork off`)
//! holds the parent; the child goes its own way.

use std::sync::atomic::{AtomicI32, Ordering};

use gdbstub::common::Tid;
use memory::sys;
use syscalls::Signal;

use super::forks::Event;
use super::{Debugger, Session, lock};
use crate::signals::fatal;
use crate::vcpu::Vcpu;

/// The process that the session is about; 0 for this one, where there was no vfork yet. It is on the memory that parent
/// and child have together.
static PID: AtomicI32 = AtomicI32::new(0);

/// The process that the session is about.
pub fn pid() -> i32 {
    match PID.load(Ordering::SeqCst) {
        0 => std::process::id() as i32,
        pid => pid,
    }
}

/// Says which process the session is about.
pub fn set_pid(pid: i32) {
    PID.store(pid, Ordering::SeqCst);
}

/// What becomes of the child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Nobody said yet.
    Open,
    /// It is left alone.
    Left,
    /// The parent is.
    Followed,
    /// It is to end.
    Killed,
}

/// A vfork that the debugger hears of, in the parent.
pub struct Lending {
    parent: i32,
    connection: i32,
}

impl Vcpu {
    /// Before a vfork: what `child` is to tell the debugger. `None` where that does not want to hear it.
    pub fn before_vfork(&self, child: &mut Vcpu) -> Option<Lending> {
        if !self.debug_alone() || !self.debug_features().vfork {
            return None;
        }
        let connection = lock(&self.debugged()?.0.session).as_mut()?.connection()?.descriptor();
        let parent = std::process::id() as i32;
        set_pid(parent);
        child.event = Some(Event::Vforked(self.tid()));
        Some(Lending { parent, connection })
    }

    /// In the child, before its first instruction.
    pub fn vforked_from_debugged(&mut self) {
        let (Some(Event::Vforked(_)), Some(debugger)) = (&self.event, &self.machine.debugger) else { return };
        let seat = self.new_seat();
        debugger.world.enter(seat.clone());
        self.seat = Some(seat);
        self.debug_point();
    }

    /// Tells of the child, which this is, and does what is said of it.
    pub(super) fn tell_vfork(&mut self, parent: Tid) {
        let Some((debugger, seat)) = self.debugged() else { return };
        let (child, process) = (seat.pid, pid());
        let mut fate = Fate::Left;
        self.speak_surely(|session| {
            set_vforked(session, Some((child, Fate::Open)));
            let next = session.report_event(parent, format!("vfork:p{child:x}.{child:x};"), None);
            fate = set_vforked(session, None).unwrap_or(Fate::Left);
            next
        });
        match fate {
            Fate::Killed => fatal::die(Signal::SIGKILL),
            Fate::Followed => debugger.world.remove_process(process),
            Fate::Open | Fate::Left => {
                self.seat = None;
                debugger.world.remove_process(child);
            }
        }
    }

    /// In the parent, which has its memory for itself again; `child` is what the call returned.
    pub fn after_vfork_debugged(&mut self, lending: Option<Lending>, child: Option<i32>) {
        let (Some((debugger, _)), Some(lending)) = (self.debugged(), lending) else { return };
        let followed = pid() != lending.parent;
        set_pid(lending.parent);
        let Some(child) = child else { return };
        debugger.world.remove_process(child);
        if let Some(session) = lock(&debugger.session).as_mut() {
            session.forget_files_of(child);
        }
        if followed { self.lose_session(debugger, lending.connection) } else { self.event = Some(Event::Alone) }
    }

    /// The session went with the child: closes this process' end of it.
    fn lose_session(&mut self, debugger: &Debugger, connection: i32) {
        if lock(&debugger.session).take().is_none() {
            // The child closed it, in its own table of descriptors.
            // SAFETY: the descriptor was the session's, which is gone.
            let _ = unsafe { sys::syscall(libc::SYS_close as u64, [connection as u64, 0, 0, 0, 0, 0]) };
        }
        self.forget_debugger();
    }
}

/// Says what is known of the child; what was known before.
fn set_vforked(session: &mut Session, vforked: Option<(i32, Fate)>) -> Option<Fate> {
    let connection = session.connection()?;
    connection.wire.others = vforked.iter().map(|&(child, _)| (child, child)).collect();
    std::mem::replace(&mut connection.vforked, vforked).map(|(_, fate)| fate)
}
