//! What is said to a debugger and what it answers, by gdbstub's state machine.

use std::io;
use std::sync::Arc;

use gdbstub::common::{Signal, Tid};
use gdbstub::conn::Connection as _;
use gdbstub::stub::state_machine::GdbStubStateMachine as Stub;
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use syscalls::Process;

use super::connection::{Connection, Over};
use super::files::Files;
use super::heirs::Legacy;
use super::inferior::Inferior;
use super::peer::Peer;
use super::wire::Features;
use crate::machine::Machine;

/// Why the guest has stopped.
pub type Reason = MultiThreadStopReason<u64>;

/// How it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// As the seats say.
    Run,
    /// Without a debugger.
    Detached,
    /// Not at all.
    Kill,
}

/// A debugger that is connected.
pub struct Session {
    /// `None` once it has gone.
    stub: Option<Stub<'static, Inferior, Connection>>,
    inferior: Inferior,
}

/// The largest packet: pulling a file of the guest's root takes a round trip for each half of it.
const PACKET: usize = 64 << 10;

impl Session {
    /// Begins one, the guest standing at its first instruction.
    pub fn new(
        machine: &'static Machine,
        process: Arc<Process>,
        connection: Connection,
        files: Files,
    ) -> io::Result<Session> {
        let mut inferior = Inferior::new(machine, process, files);
        let stub = GdbStub::builder(connection).packet_buffer_size(PACKET).build().map_err(io::Error::other)?;
        let stub = stub.run_state_machine(&mut inferior).map_err(io::Error::other)?;
        Ok(Session { stub: Some(stub), inferior })
    }

    /// Goes on with one that the program before this one had, which executed this one: gdbstub is told what the
    /// debugger said then.
    pub fn inherit(&mut self) {
        let Some(features) = self.connection().map(|connection| {
            connection.wire.muted = true;
            connection.wire.features
        }) else {
            return;
        };
        for byte in features.packets().bytes() {
            self.stub = match self.stub.take() {
                Some(Stub::Idle(idle)) => idle.incoming_data(&mut self.inferior, byte).ok(),
                other => other,
            };
        }
        if let Some(connection) = self.connection() {
            // What was acknowledged meanwhile is nothing that the debugger said.
            let _ = connection.flush();
            connection.wire.muted = false;
        }
    }

    /// The connection, while the guest runs or the debugger is heard.
    pub fn connection(&mut self) -> Option<&mut Connection> {
        match self.stub.as_mut()? {
            Stub::Idle(stub) => Some(stub.borrow_conn()),
            Stub::Running(stub) => Some(stub.borrow_conn()),
            Stub::CtrlCInterrupt(stub) => Some(stub.borrow_conn()),
            Stub::Disconnected(stub) => Some(stub.borrow_conn()),
        }
    }

    /// What a program that is executed is to have of it; `None` once the debugger has gone.
    pub fn bequeath(&mut self) -> Option<Legacy> {
        let files = self.inferior.files.list();
        let connection = self.connection()?;
        connection.listen(false);
        Some(Legacy { connection: connection.descriptor(), features: connection.wire.features, files })
    }

    /// After a vfork: forgets files that its child opened for the debugger.
    pub fn forget_files_of(&mut self, child: i32) {
        self.inferior.files.forget_of(child);
    }

    /// What the debugger understands.
    pub fn features(&mut self) -> Features {
        self.connection().map_or_else(Features::default, |connection| connection.wire.features)
    }

    /// Tells of an event: the words that a stop reply has for it (Stop Reply Packets in GDB's manual).
    pub fn report_event(&mut self, tid: Tid, event: String, peer: Option<Peer>) -> Next {
        if let Some(connection) = self.connection() {
            connection.wire.event = Some(event);
            if peer.is_some() {
                connection.set_peer(peer);
            }
        }
        self.report(Reason::SignalWithThread { tid, signal: Signal::SIGTRAP })
    }

    /// In the child of a fork: waits for what the debugger makes of it, and listens if it is followed.
    pub fn join(&mut self, tid: Tid, parent: Peer) -> Next {
        let told = match self.stub.take() {
            Some(Stub::Running(mut stub)) => {
                let connection = stub.borrow_conn();
                connection.wire.muted = true;
                connection.set_peer(Some(parent));
                // The parent tells of the stop.
                let reason = Reason::SignalWithThread { tid, signal: Signal::SIGTRAP };
                stub.report_stop(&mut self.inferior, reason).map_err(broken)
            }
            _ => Err(Over::Left),
        };
        let told = told.and_then(|stub| match stub {
            Stub::Idle(mut idle) => {
                let connection = idle.borrow_conn();
                connection.wire.muted = false;
                connection.wait_for_turn().map(|()| Stub::Idle(idle))
            }
            other => Ok(other),
        });
        self.settle(told)
    }

    /// Tells why the guest has stopped; it stands until this returns.
    pub fn report(&mut self, reason: Reason) -> Next {
        let told = match self.stub.take() {
            None => return Next::Detached,
            Some(Stub::Running(mut stub)) => {
                stub.borrow_conn().listen(false);
                stub.report_stop(&mut self.inferior, reason).map_err(broken)
            }
            Some(Stub::CtrlCInterrupt(stub)) => {
                stub.interrupt_handled(&mut self.inferior, Some(reason)).map_err(broken)
            }
            Some(other) => Ok(other),
        };
        self.settle(told)
    }

    /// The debugger sent something while the guest ran. Whether it wants the guest to stop.
    pub fn is_interrupted(&mut self) -> bool {
        loop {
            match self.stub.take() {
                Some(Stub::Running(mut stub)) => match stub.borrow_conn().try_read() {
                    Ok(Some(byte)) => self.stub = stub.incoming_data(&mut self.inferior, byte).ok(),
                    Ok(None) => {
                        stub.borrow_conn().listen(true);
                        self.stub = Some(Stub::Running(stub));
                        return false;
                    }
                    Err(_) => return false,
                },
                Some(stub @ Stub::CtrlCInterrupt(_)) => {
                    self.stub = Some(stub);
                    return true;
                }
                other => {
                    self.stub = other;
                    return false;
                }
            }
        }
    }

    /// Whether the debugger is there.
    pub fn is_open(&self) -> bool {
        self.stub.is_some()
    }

    /// The first conversation, before the guest's first instruction.
    pub fn begin(&mut self) -> Next {
        let stub = self.stub.take().ok_or(Over::Left);
        self.settle(stub)
    }

    fn settle(&mut self, told: Result<Stub<'static, Inferior, Connection>, Over>) -> Next {
        match told.and_then(|stub| self.converse(stub)) {
            Ok(Stub::Disconnected(stub)) => match stub.get_reason() {
                DisconnectReason::Kill => Next::Kill,
                _ => Next::Detached,
            },
            Ok(mut stub) => {
                if let Stub::Running(stub) = &mut stub {
                    stub.borrow_conn().listen(true);
                }
                self.stub = Some(stub);
                Next::Run
            }
            Err(Over::Left) => Next::Detached,
            Err(Over::Killed) => Next::Kill,
            Err(Over::Broken(error)) => {
                eprintln!("transom: the debugger is gone: {error}");
                Next::Detached
            }
        }
    }

    /// Does what the debugger says until it has the guest go on, or leaves.
    fn converse(
        &mut self,
        stub: Stub<'static, Inferior, Connection>,
    ) -> Result<Stub<'static, Inferior, Connection>, Over> {
        let mut stub = stub;
        if let Stub::Idle(idle) = &mut stub {
            idle.borrow_conn().threads = self.inferior.threads();
        }
        loop {
            stub = match stub {
                Stub::Idle(mut idle) => {
                    let byte = idle.borrow_conn().read()?;
                    idle.incoming_data(&mut self.inferior, byte).map_err(broken)?
                }
                Stub::CtrlCInterrupt(stub) => {
                    let none: Option<Reason> = None;
                    stub.interrupt_handled(&mut self.inferior, none).map_err(broken)?
                }
                stub @ (Stub::Running(_) | Stub::Disconnected(_)) => return Ok(stub),
            };
        }
    }
}

/// What gdbstub could not go on after.
fn broken(error: impl std::fmt::Display) -> Over {
    Over::Broken(io::Error::other(error.to_string()))
}
