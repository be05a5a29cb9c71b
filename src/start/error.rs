//! Why a program cannot be started, in words for the user, and the exit status for it.

use std::fmt;
use std::path::PathBuf;

use memory::Errno;

use crate::cli::Refused;
use crate::loader::{LoadError, Wrong};

/// Why a program can't be started.
#[derive(Debug)]
pub enum Error {
    /// The command line.
    Usage(Refused),
    /// Its file, its interpreter.
    Load(LoadError),
    /// A root of `-L` can't be opened.
    Sysroot(PathBuf, Errno),
    /// `--cpu` makes no sense.
    Cpu(String),
    /// The host can't run the translator's code.
    Host(&'static str),
    /// The file for traces can't be written.
    Log(PathBuf, Errno),
    /// No debugger can connect there.
    Debugger(String, Errno),
    /// The translator could not get what it needs of the host.
    Setup(Errno),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(Refused(why)) => f.write_str(why),
            Error::Load(error) => error.fmt(f),
            Error::Sysroot(path, error) => {
                write!(f, "{}: {error}; -L names the root of the guest's files", path.display())
            }
            Error::Cpu(error) => f.write_str(error),
            Error::Host(lacks) => write!(f, "this machine's CPU lacks {lacks}, which translated code needs"),
            Error::Log(path, error) => write!(f, "{}: {error}", path.display()),
            Error::Debugger(place, error) => write!(f, "can't wait for gdb at {place}: {error}"),
            Error::Setup(error) => {
                write!(f, "can't set up: {error}; raise the limits on memory (ulimit -v) or threads")
            }
        }
    }
}

impl Error {
    /// The exit status, as shells have it: 127 for what is not there, 126 for what can't be run.
    pub fn status(&self) -> i32 {
        match self {
            Error::Load(LoadError {
                wrong: Wrong::Open(Errno::ENOENT) | Wrong::NoProgram(_) | Wrong::NoInterpreter(..),
                ..
            }) => 127,
            // As qemu-user has it.
            Error::Usage(_) | Error::Cpu(_) | Error::Log(..) => 1,
            _ => 126,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::Usage(refused)
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Error {
        Error::Load(error)
    }
}

impl From<Errno> for Error {
    fn from(error: Errno) -> Error {
        Error::Setup(error)
    }
}
