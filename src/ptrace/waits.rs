//! wait4(2) and waitid(2), for guests whose children may be their tracees.

use memory::sys::{Ended, interruptible};
use memory::{Errno, UserPtr};
use syscalls::{Outcome, Restart, Wait};

use super::{judge, table};
use crate::signals::Info;
use crate::vcpu::Vcpu;

/// si_code of SIGCHLD (asm-generic/siginfo.h).
const CLD_EXITED: i32 = 1;
const CLD_DUMPED: i32 = 3;
const CLD_TRAPPED: i32 = 4;
const CLD_STOPPED: i32 = 5;

/// What a round of waiting comes to.
enum Round {
    Done(Outcome),
    Again,
}

impl Vcpu {
    /// Waits.
    pub fn wait(&mut self, wait: Wait) -> Outcome {
        loop {
            let round = match wait {
                Wait::Status { pid, status, flags, usage } => self.wait_status(pid, status.0, flags, usage.0),
                Wait::Info { which, id, info, flags, usage } => self.wait_info((which, id), info.0, flags, usage.0),
            };
            if let Round::Done(outcome) = round {
                return outcome;
            }
        }
    }

    fn wait_status(&self, pid: i32, to: u64, flags: u32, usage: u64) -> Round {
        let mut status = 0i32;
        let args = [pid as u64, (&raw mut status) as u64, flags.into(), usage, 0, 0];
        let tid = match self.wait_call(libc::SYS_wait4, &args) {
            Ok(0) => return done(0),
            Ok(tid) => tid as i32,
            Err(outcome) => return Round::Done(outcome),
        };
        let Some(status) = told(tid, status) else { return Round::Again };
        match to != 0 && UserPtr::<i32>::new(to.into()).write(status).is_err() {
            true => done(Errno::EFAULT.to_return()),
            false => done(tid as u64),
        }
    }

    fn wait_info(&self, (which, id): (i32, i32), to: u64, flags: u32, usage: u64) -> Round {
        let mut info: Info = [0; 128];
        let args = [which as u64, id as u64, (&raw mut info) as u64, flags.into(), usage, 0];
        let result = match self.wait_call(libc::SYS_waitid, &args) {
            Ok(result) => result,
            Err(Outcome::Return(error)) => error,
            Err(outcome) => return Round::Done(outcome),
        };
        let word = |info: &Info, at: usize| i32::from_le_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
        let (code, tid, status) = (word(&info, 8), word(&info, 16), word(&info, 24));
        match code {
            CLD_TRAPPED | CLD_STOPPED => match judge::judge(tid, status << 8 | 0x7f) {
                Some(status) => info[24..28].copy_from_slice(&(status >> 8).to_le_bytes()),
                None => return Round::Again,
            },
            CLD_EXITED..=CLD_DUMPED if flags & libc::WNOWAIT as u32 == 0 && is_hidden(tid) => return Round::Again,
            _ => {}
        }
        // These fields alone, zeros where nothing is to be told or the call fails (kernel/exit.c, waitid).
        let write = |from: usize, end: usize| memory::write_bytes((to + from as u64).into(), &info[from..end]);
        match to != 0 && (write(0, 12).is_err() || write(16, 28).is_err()) {
            true => done(Errno::EFAULT.to_return()),
            false => done(result),
        }
    }

    fn wait_call(&self, number: i64, args: &[u64; 6]) -> Result<u64, Outcome> {
        // SAFETY: what the kernel fills in are live values of the callers, and the guest's own.
        match unsafe { interruptible(number as u64, args, &self.thread.pending) } {
            Ended::Done(result) => result.map_err(|error| Outcome::Return(error.to_return())),
            Ended::NotBegun => Err(Outcome::NotBegun),
            Ended::Restartable => Err(Outcome::Restart(Restart::IfAsked)),
        }
    }
}

fn done(value: u64) -> Round {
    Round::Done(Outcome::Return(value))
}

/// The status that the guest is told; `None` if it is told nothing.
fn told(tid: i32, status: i32) -> Option<i32> {
    if libc::WIFSTOPPED(status) {
        return judge::judge(tid, status);
    }
    if !libc::WIFCONTINUED(status) && is_hidden(tid) {
        return None;
    }
    Some(status)
}

/// Whether a thread that has ended was never the guest's to see. It is forgotten.
fn is_hidden(tid: i32) -> bool {
    table::remove(tid).is_some_and(|tracee| tracee.hidden)
}
