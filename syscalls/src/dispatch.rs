//! From a system call's number and registers to its outcome.

use crate::abi::Abi;
use crate::args::{Arg, Kind};
use crate::hidden;
use crate::outcome::{Outcome, Restart, Stop};
use crate::paths::PathStore;
use crate::process::{Process, Thread};
use crate::seccomp;
use crate::sys;
use crate::table::{self, Row, Verb};
use crate::tagging;
use crate::user_dispatch;
use memory::sys::Ended;
use memory::{Errno, GuestAddr};

/// A system call as the guest made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number.
    pub nr: u64,
    /// Its argument registers.
    pub args: [u64; 6],
    /// The guest's program counter, behind the instruction: what a filter sees.
    pub pc: GuestAddr,
    /// The guest's stack pointer: sigaltstack(2) asks whether it is on the alternate stack.
    pub sp: GuestAddr,
}

/// What a handler works with.
pub struct Cx<'a> {
    /// The process.
    pub process: &'a Process,
    /// The calling thread.
    pub thread: &'a mut Thread,
    /// The call as made, before pointers were replaced.
    pub call: &'a Call,
}

impl Cx<'_> {
    /// The guest's interface.
    pub fn abi(&self) -> &'static Abi {
        self.process.abi
    }

    /// Makes a host system call for the guest; a pending or arriving signal stops it.
    pub fn call(&self, nr: i64, args: [u64; 6]) -> Result<u64, Stop> {
        settle(sys::guest(nr, &args, &self.thread.pending))
    }

    /// The same for a call that puts a signal mask in place while it waits.
    pub fn call_masked(&self, nr: i64, args: [u64; 6], mask: Option<crate::SigSet>) -> Result<u64, Stop> {
        match (self.call(nr, args), mask) {
            // A restart is how the EINTR of a traced thread comes (memory/src/sys.rs).
            (Err(Stop::Errno(Errno::EINTR) | Stop::Restart(_)), Some(mask)) => Err(Stop::Interrupted(mask)),
            (result, _) => result,
        }
    }
}

/// Makes a call of the host's for a thread of which no [`Cx`] stands yet: a filter asks before its call begins.
pub(crate) fn ask(nr: i64, args: &[u64; 6], thread: &Thread) -> Result<u64, Stop> {
    settle(sys::guest(nr, args, &thread.pending))
}

#[inline]
fn settle(ended: Ended) -> Result<u64, Stop> {
    match ended {
        Ended::Done(result) => result.map_err(Stop::Errno),
        Ended::NotBegun => Err(Stop::NotBegun),
        Ended::Restartable => Err(Stop::Restart(Restart::IfAsked)),
    }
}

/// Carries out a system call as far as that is possible here; the outcome says the rest.
pub fn dispatch(process: &Process, thread: &mut Thread, call: &Call) -> Outcome {
    // Before the filters (kernel/entry/common.c).
    if thread.user_dispatch.is_on()
        && let Some(outcome) = user_dispatch::check(thread, call)
    {
        return outcome;
    }
    if thread.seccomp.mode() != seccomp::DISABLED
        && let Some(outcome) = seccomp::check(process, thread, call)
    {
        return outcome;
    }
    let Some(row) = table::find(call.nr, process.abi.guest) else {
        return unknown(process, thread, call);
    };
    match &process.strace {
        None => run(row, process, thread, call),
        Some(strace) => {
            strace.before(process, thread, row, call);
            let outcome = run(row, process, thread, call);
            strace.after(process, thread, row, call, &outcome);
            outcome
        }
    }
}

fn unknown(process: &Process, thread: &Thread, call: &Call) -> Outcome {
    if let Some(strace) = &process.strace {
        strace.unknown(thread, call);
    }
    Outcome::Return(Errno::ENOSYS.to_return())
}

#[inline]
fn run(row: &Row, process: &Process, thread: &mut Thread, call: &Call) -> Outcome {
    // Most calls get their registers as they are: a copy right after they were written stalls the host.
    let untagged;
    let args = match process.tag_bits() {
        bits if bits != 0 && row.pointers != 0 => {
            untagged = untag(row, bits, &call.args);
            if process.tagging.is_on() {
                return run_untagged(row, process, thread, call, untagged);
            }
            &untagged
        }
        _ => &call.args,
    };
    run_with(row, process, thread, call, args)
}

/// With pointers in memory that may have tags too.
#[cold]
fn run_untagged(row: &Row, process: &Process, thread: &mut Thread, call: &Call, mut args: [u64; 6]) -> Outcome {
    let copies = tagging::Copies::of(row, process.tag_bits(), &mut args);
    let outcome = run_with(row, process, thread, call, &args);
    copies.write_back();
    outcome
}

#[inline(always)]
fn run_with(row: &Row, process: &Process, thread: &mut Thread, call: &Call, args: &[u64; 6]) -> Outcome {
    if row.fds != 0
        && !process.hidden.is_empty()
        && let Err(errno) = keep_hidden(row, process, args)
    {
        return Outcome::Return(errno.to_return());
    }
    if row.paths == 0 {
        return act(row, process, thread, call, args);
    }
    let mut args = *args;
    let mut store = PathStore::default();
    match crate::paths::locate(process, row, &mut args, &mut store) {
        Ok(()) => act(row, process, thread, call, &args),
        Err(errno) => Outcome::Return(errno.to_return()),
    }
}

#[inline(always)]
fn act(row: &Row, process: &Process, thread: &mut Thread, call: &Call, args: &[u64; 6]) -> Outcome {
    match row.verb {
        Verb::Forward(nr) => match sys::guest(nr, args, &thread.pending) {
            Ended::Done(Ok(value)) => Outcome::Return(value),
            other => settle(other).into(),
        },
        Verb::Convert(handler) | Verb::Emulate(handler) => handler(&mut Cx { process, thread, call }, args),
        Verb::Absent(_) => Outcome::Return(Errno::ENOSYS.to_return()),
    }
}

#[inline]
fn untag(row: &Row, bits: u32, args: &[u64; 6]) -> [u64; 6] {
    std::array::from_fn(|index| if row.is_pointer(index) { tagging::untag(args[index], bits) } else { args[index] })
}

/// To the guest the translator's descriptors are closed, and their numbers free.
#[inline]
fn keep_hidden(row: &Row, process: &Process, args: &[u64; 6]) -> Result<(), Errno> {
    for index in (0..row.args.len()).filter(|&index| row.is_fd(index)) {
        let fd = args[index] as i32;
        if process.hidden.contains(fd) {
            match row.args[index] {
                Kind::NewFd if (fd as u32) < hidden::limit() => process.hidden.give_way(fd as u32)?,
                _ => return Err(Errno::EBADF),
            }
        }
    }
    Ok(())
}

/// A handler with its arguments taken from the registers by their types.
pub trait Handler<Args> {
    /// Calls it.
    fn call(self, cx: &mut Cx<'_>, registers: &[u64; 6]) -> Outcome;
}

macro_rules! handlers {
    ($($arg:ident $index:literal),*) => {
        impl<Func, Ret: Into<Outcome>, $($arg: Arg),*> Handler<($($arg,)*)> for Func
        where
            Func: FnOnce(&mut Cx<'_>, $($arg),*) -> Ret,
        {
            #[allow(unused_variables, reason = "no register is read for a handler without arguments")]
            fn call(self, cx: &mut Cx<'_>, registers: &[u64; 6]) -> Outcome {
                self(cx, $($arg::from_register(registers[$index])),*).into()
            }
        }
    };
}
handlers!();
handlers!(A 0);
handlers!(A 0, B 1);
handlers!(A 0, B 1, C 2);
handlers!(A 0, B 1, C 2, D 3);
handlers!(A 0, B 1, C 2, D 3, E 4);
handlers!(A 0, B 1, C 2, D 3, E 4, F 5);

/// A bit for each argument for which `which` holds; for the table's compile-time columns.
pub const fn mask_of(kinds: &[Kind], which: Column) -> u8 {
    let (mut mask, mut i) = (0, 0);
    while i < kinds.len() {
        let set = match which {
            Column::Pointers => kinds[i].is_pointer(),
            Column::Fds => matches!(kinds[i], Kind::Fd | Kind::OutFd | Kind::NewFd | Kind::DirFd),
            Column::Paths => matches!(kinds[i], Kind::Path(_)),
        };
        if set {
            mask |= 1 << i;
        }
        i += 1;
    }
    mask
}

/// A column of the table that is derived from the argument types.
#[derive(Clone, Copy)]
pub enum Column {
    /// Addresses.
    Pointers,
    /// Descriptors.
    Fds,
    /// Paths.
    Paths,
}
