//! What a system call says should happen. The run loop applies it.

use crate::signal::{SigSet, Signal};
use memory::{Changed, Errno, Fault, GuestAddr};
use std::ffi::CString;

/// The ways a system call can end.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// Put the value, or the negated error number, into the guest's result register and go on.
    Return(u64),
    /// The same, after forgetting translations of code that changed.
    CodeChanged {
        /// For the result register.
        value: u64,
        /// What changed.
        changed: Changed,
    },
    /// A signal was pending before the call was begun. Deliver it, then make the same call again, whatever the
    /// handler's flags: for the guest the signal came before the call.
    NotBegun,
    /// A signal interrupted the call before it had any effect. Make it again after the handler if [`Restart`] says
    /// so, else the result is EINTR. If no handler ran at all, make it again.
    Restart(Restart),
    /// The result is EINTR, and the handler of the signal runs with `mask` blocked beside its own (rt_sigsuspend,
    /// ppoll and others with a temporary mask); the frame keeps the thread's own mask.
    Interrupted {
        /// The temporary mask.
        mask: SigSet,
    },
    /// End the thread.
    Exit {
        /// Exit status.
        status: i32,
    },
    /// End the process.
    ExitGroup {
        /// Exit status.
        status: i32,
    },
    /// End the process by a signal, whatever is done about that.
    Kill {
        /// Which.
        signal: Signal,
    },
    /// SIGSYS is sent instead of the call (seccomp(2), SECCOMP_RET_TRAP; user dispatch). The registers stay as they are.
    Filtered {
        /// si_code.
        code: i32,
        /// si_errno.
        data: u16,
    },
    /// A filter leaves the call to the tracer (SECCOMP_RET_TRACE).
    Inspect {
        /// What the filter says besides.
        data: u16,
    },
    /// Make a thread or process; the run loop sets the results of parent and child.
    Clone(Box<CloneRequest>),
    /// Run another program; returns only if that fails.
    Exec(Box<ExecRequest>),
    /// ptrace(2): the run loop knows tracees.
    Trace(TraceRequest),
    /// Wait for a child; of stops of tracees the run loop says what they are to the guest.
    Wait(Wait),
    /// PR_SET_TAGGED_ADDR_CTRL and PR_GET_TAGGED_ADDR_CTRL where the length of tags is among the registers.
    Tags(TagRequest),
    /// PR_RISCV_V_GET_CONTROL, or with a word PR_RISCV_V_SET_CONTROL: it is among the registers.
    Vectors(Option<u64>),
    /// PR_PAC_RESET_KEYS and its like: the keys are among the registers.
    Keys(KeyRequest),
    /// Return from a signal handler: restore the state from the frame at the stack pointer.
    SigReturn,
}

/// What is asked of the keys of pointer authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRequest {
    /// Give these new values.
    Reset(u64),
    /// Of the first enable those in the second, and disable the others.
    Enable(u64, u64),
    /// Say which are enabled.
    Enabled,
}

/// Whether an interrupted call is made again (signal(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// ERESTARTSYS: if the handler has SA_RESTART.
    IfAsked,
    /// ERESTARTNOINTR: always.
    Always,
    /// ERESTARTNOHAND, ERESTART_RESTARTBLOCK: unless a handler ran.
    Unhandled,
}

impl Outcome {
    /// The value for the result register where the outcome has one.
    pub fn value(&self) -> Option<u64> {
        match self {
            Outcome::Return(value) | Outcome::CodeChanged { value, .. } => Some(*value),
            Outcome::Interrupted { .. } => Some(Errno::EINTR.to_return()),
            _ => None,
        }
    }
}

/// Why a handler stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The call fails.
    Errno(Errno),
    /// See [`Outcome::NotBegun`].
    NotBegun,
    /// See [`Outcome::Restart`].
    Restart(Restart),
    /// See [`Outcome::Interrupted`].
    Interrupted(SigSet),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        Stop::Errno(errno)
    }
}

impl From<Fault> for Stop {
    fn from(_: Fault) -> Stop {
        Stop::Errno(Errno::EFAULT)
    }
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Outcome {
        match stop {
            Stop::Errno(errno) => Outcome::Return(errno.to_return()),
            Stop::NotBegun => Outcome::NotBegun,
            Stop::Restart(restart) => Outcome::Restart(restart),
            Stop::Interrupted(mask) => Outcome::Interrupted { mask },
        }
    }
}

impl From<Result<u64, Stop>> for Outcome {
    fn from(result: Result<u64, Stop>) -> Outcome {
        match result {
            Ok(value) => Outcome::Return(value),
            Err(stop) => stop.into(),
        }
    }
}

impl From<Result<Outcome, Stop>> for Outcome {
    fn from(result: Result<Outcome, Stop>) -> Outcome {
        result.unwrap_or_else(Outcome::from)
    }
}

/// What clone(2), clone3(2) and their like ask for, in one form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloneRequest {
    /// CLONE_* flags without the exit signal.
    pub flags: u64,
    /// Signal to the parent when the child ends; 0 for none.
    pub exit_signal: i32,
    /// The child's stack pointer; null to go on with the parent's.
    pub stack: GuestAddr,
    /// CLONE_SETTLS: the child's thread pointer.
    pub tls: u64,
    /// CLONE_PARENT_SETTID: where the child's tid goes in the parent's memory.
    pub parent_tid: GuestAddr,
    /// CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID: the word in the child's memory.
    pub child_tid: GuestAddr,
    /// CLONE_PIDFD: where the descriptor goes.
    pub pidfd: GuestAddr,
    /// Tids wanted in the child's pid namespaces (clone3).
    pub set_tid: Vec<i32>,
    /// CLONE_INTO_CGROUP: the cgroup's descriptor (clone3).
    pub cgroup: u64,
    /// Whether clone3 was called: it alone has the larger flags and the two fields above.
    pub clone3: bool,
}

/// What ptrace(2) asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRequest {
    /// PTRACE_*.
    pub request: i32,
    /// Of which thread.
    pub tid: i32,
    /// The third argument.
    pub addr: u64,
    /// The fourth.
    pub data: u64,
}

/// What is asked for about tags in pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagRequest {
    /// What there is.
    Get,
    /// This control word.
    Set(u64),
}

/// The calls that wait for children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// wait4(2).
    Status {
        /// For whom.
        pid: i32,
        /// Where the status goes.
        status: GuestAddr,
        /// W* and __W*.
        flags: u32,
        /// Where what it used goes.
        usage: GuestAddr,
    },
    /// waitid(2).
    Info {
        /// P_*.
        which: i32,
        /// For whom.
        id: i32,
        /// Where the `siginfo_t` goes.
        info: GuestAddr,
        /// W* and __W*.
        flags: u32,
        /// Where what it used goes.
        usage: GuestAddr,
    },
}

/// What execve(2) and execveat(2) ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecRequest {
    /// Directory that a relative path is relative to, or the program's descriptor with AT_EMPTY_PATH.
    pub dirfd: i32,
    /// The path to open on the host: looked up in the sysroots, /proc/self/exe replaced.
    pub path: CString,
    /// The path as the guest gave it: for scripts and AT_EXECFN.
    pub guest_path: CString,
    /// The arguments.
    pub argv: Vec<CString>,
    /// The environment.
    pub envp: Vec<CString>,
    /// AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW.
    pub flags: i32,
}
