//! What is said to a debugger and what it answers, by gdbstub's state machine.

use std::io;
use std::sync::Arc;

use gdbstub::conn::Connection as _;
use gdbstub::stub::state_machine::GdbStubStateMachine as Stub;
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use syscalls::Process;

use super::connection::Connection;
use super::inferior::Inferior;
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
    pub fn new(machine: &'static Machine, process: Arc<Process>, connection: Connection) -> io::Result<Session> {
        let mut inferior = Inferior::new(machine, process);
        let stub = GdbStub::builder(connection).packet_buffer_size(PACKET).build().map_err(io::Error::other)?;
        let stub = stub.run_state_machine(&mut inferior).map_err(io::Error::other)?;
        Ok(Session { stub: Some(stub), inferior })
    }

    /// Tells why the guest has stopped; it stands until this returns.
    pub fn report(&mut self, reason: Reason) -> Next {
        let told = match self.stub.take() {
            None => return Next::Detached,
            Some(Stub::Running(mut stub)) => {
                stub.borrow_conn().listen(false);
                stub.report_stop(&mut self.inferior, reason).map_err(|error| error.to_string())
            }
            Some(Stub::CtrlCInterrupt(stub)) => {
                stub.interrupt_handled(&mut self.inferior, Some(reason)).map_err(|error| error.to_string())
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
        let stub = self.stub.take().ok_or_else(String::new);
        self.settle(stub)
    }

    fn settle(&mut self, told: Result<Stub<'static, Inferior, Connection>, String>) -> Next {
        match told.and_then(|stub| self.converse(stub)) {
            Ok(Stub::Disconnected(mut stub)) => match stub.get_reason() {
                DisconnectReason::Kill => {
                    // gdbstub leaves vKill without the answer that gdb waits for.
                    let connection = stub.borrow_conn();
                    let _ = connection.write_all(b"$OK#9a").and_then(|()| connection.flush());
                    Next::Kill
                }
                _ => Next::Detached,
            },
            Ok(mut stub) => {
                if let Stub::Running(stub) = &mut stub {
                    stub.borrow_conn().listen(true);
                }
                self.stub = Some(stub);
                Next::Run
            }
            Err(error) => {
                eprintln!("transom: the debugger is gone: {error}");
                Next::Detached
            }
        }
    }

    /// Does what the debugger says until it has the guest go on, or leaves.
    fn converse(
        &mut self,
        stub: Stub<'static, Inferior, Connection>,
    ) -> Result<Stub<'static, Inferior, Connection>, String> {
        let mut stub = stub;
        loop {
            stub = match stub {
                Stub::Idle(mut idle) => {
                    let byte = idle.borrow_conn().read().map_err(|error| error.to_string())?;
                    idle.incoming_data(&mut self.inferior, byte).map_err(|error| error.to_string())?
                }
                Stub::CtrlCInterrupt(stub) => {
                    let none: Option<Reason> = None;
                    stub.interrupt_handled(&mut self.inferior, none).map_err(|error| error.to_string())?
                }
                stub @ (Stub::Running(_) | Stub::Disconnected(_)) => return Ok(stub),
            };
        }
    }
}
