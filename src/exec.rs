//! execve(2) of the guest: another run of this program, under the same options.
//!
//! Whatever the kernel would refuse is refused before, so that errors reach the guest. Then our own program is executed
//! again through a descriptor: its file need not be visible (chroot, containers), and the name it
//! has is nobody's business. What the new run needs is told by arguments ([`Handover`]). Programs that bring rights with
//! them are the exception ([`rights`]).

mod handover;
mod passed;
mod rights;

use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;

use memory::{Errno, sys};
use syscalls::{ExecRequest, SigSet};

use crate::debug::Ended;
use crate::loader::Headers;
use crate::program::{self, Found, Kind};
use crate::signals::handler;
use crate::vcpu::Vcpu;
pub use handover::Handover;
use passed::{PassedOn, pass_on_debugger};

/// How an execve came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// With an error.
    Errno(Errno),
    /// A signal came before.
    SignalPending,
}

impl From<Errno> for Failed {
    fn from(error: Errno) -> Failed {
        Failed::Errno(error)
    }
}

impl Vcpu {
    /// Executes another program; comes back only if that fails.
    pub fn exec(&mut self, request: Box<ExecRequest>) -> Failed {
        let found = match self.find_program(&request) {
            Ok(found) => found,
            Err(error) => return Failed::Errno(error),
        };
        // From here on signals wait for the new program.
        let mask = handler::set_mask(SigSet::ALL);
        let failed = match self.mailbox.is_pending() {
            true => Failed::SignalPending,
            false => Failed::Errno(self.replace(request, found)),
        };
        handler::set_mask(mask);
        failed
    }

    fn find_program(&self, request: &ExecRequest) -> Result<Found, Errno> {
        let nofollow = if request.flags & libc::AT_SYMLINK_NOFOLLOW != 0 { libc::O_NOFOLLOW } else { 0 };
        let file = match request.path.is_empty() {
            true => reopen(request.dirfd)?,
            false => program::open_at(request.dirfd, &request.path, nofollow)?,
        };
        program::is_executable(&file)?;
        program::is_not_busy(&file)?;
        let name = execfn(request);
        let found = program::find(&self.process.roots, file, request.path.clone(), name, request.argv.clone());
        let found = found.map_err(|error| if error == Errno::EISDIR { Errno::EACCES } else { error })?;
        program::is_executable(&found.file)?;
        if found.argv != request.argv && is_closed_by_execve(request) {
            // The interpreter could not open the script (execveat(2), BUGS).
            return Err(Errno::ENOENT);
        }
        if found.kind == Kind::Guest {
            let headers = Headers::read(&found.file).map_err(|_| Errno::ENOEXEC)?;
            if let Some(interpreter) = headers.interpreter.and_then(|name| CString::new(name).ok()) {
                program::open_at(libc::AT_FDCWD, &program::on_host(&self.process.roots, &interpreter), 0)?;
            }
        }
        Ok(found)
    }

    /// The point of no return.
    fn replace(&mut self, request: Box<ExecRequest>, found: Found) -> Errno {
        let filters = self.thread.seccomp.encode();
        let by_us = filters.is_some() || !rights::are_the_kernels_to_give(&found, &self.machine.options);
        let mut passed = match (found.kind, self.machine.own_program) {
            (Kind::Guest, Some(own)) if by_us => match PassedOn::new(own, &found, filters, self.strace_lines()) {
                Ok(passed) => Some(passed),
                Err(error) => return error,
            },
            // Nobody would run the guest's filters over a program of the host's.
            _ if filters.is_some() => return Errno::EACCES,
            // Without a file of our own the host's kernel has to know what to do: binfmt_misc.
            (Kind::Guest | Kind::Other, _) => None,
        };
        let debugger = passed.as_ref().and_then(|_| self.debug_leave_by_exec());
        let follows = debugger.is_some();
        if let (Some(passed), Some(legacy)) = (&mut passed, debugger) {
            passed.debugger = pass_on_debugger(legacy).ok();
        }
        let argv = match &passed {
            Some(passed) => self.hand_over(&request, &found, passed),
            None => found.argv.clone(),
        };
        self.executing = Some(Box::new(Executing::new(request, found, argv)));
        // What the guest ignores although the translator takes it: the next program inherits that.
        for signal in SigSet::SYNCHRONOUS.iter().filter(|&signal| self.process.actions.get(signal).handler == 1) {
            handler::reset(signal, true);
        }
        self.machine.engine.save();
        let limits = self.process.limits.apply_to_host(passed.is_some());
        if !follows {
            self.debug_end(Ended::Exited(0));
        }
        if let Some(strace) = &self.process.strace {
            strace.executes(self.thread.tid);
        }
        let Some(executing) = &self.executing else { return Errno::ENOEXEC };
        // That it has a tracer already is not for execve to say.
        let _ = self.trace_me_now();
        let error = match &passed {
            Some(passed) => executing.call(passed.own.0, c"", libc::AT_EMPTY_PATH),
            None => {
                // One that came from here on would be noted by nobody.
                for signal in SigSet::ALL.iter().filter(|&signal| self.process.actions.get(signal).handler == 0) {
                    handler::reset(signal, false);
                }
                handler::set_mask(self.thread.mask);
                executing.call_host_program()
            }
        };
        handler::set_mask(SigSet::ALL);
        self.process.limits.restore_host(limits);
        // That worked at the start of this program, and has no reason to fail now.
        let _ = handler::install().and_then(|()| handler::install_ends());
        self.executing = None;
        if follows {
            self.debug_stay();
        }
        error
    }

    /// The file of what the processes share that `--strace` writes of.
    fn strace_lines(&self) -> Option<i32> {
        self.process.strace.as_ref().and_then(|strace| strace.shared())
    }

    /// The arguments of the run that takes over.
    fn hand_over(&self, request: &ExecRequest, found: &Found, passed: &PassedOn) -> Vec<CString> {
        let mut options = self.machine.options.clone();
        if self.seat.is_none() {
            options.gdb = None;
        }
        options.gdb_connection = passed.debugger.as_ref().map(|(_, word)| word.clone());
        options.strace_lines = passed.lines.as_ref().map(|file| file.0);
        if !self.process.roots.are_active() {
            options.sysroots.clear();
        }
        let handover = Handover {
            program: passed.program.0,
            own: passed.own.0,
            mask: self.thread.mask.0,
            personality: self.process.personality.load(Ordering::Relaxed),
            mdwe: self.process.space.mdwe().inherited().bits(),
            limits: self.process.limits.hand_over(),
            heritage: self.machine.engine.target.heritage(&self.context.guest),
            filters: passed.filters.as_ref().map_or(-1, |file| file.0),
            traced: self.mailbox.trace.legacy(),
            former: self.thread.tid,
            options,
            execfn: execfn(request),
            nameless: request.guest_path.is_empty(),
            argv: found.argv.clone(),
        };
        [c"transom".to_owned()].into_iter().chain(handover.encode()).collect()
    }
}

/// What is in use while a program is executed. It stands in the vcpu and not on the stack: when the child of a vfork
/// has left the common memory for its program, the parent frees it.
pub struct Executing {
    request: Box<ExecRequest>,
    found: Found,
    /// What `argv` points to.
    _args: Vec<CString>,
    argv: Vec<u64>,
    envp: Vec<u64>,
}

impl Executing {
    fn new(request: Box<ExecRequest>, found: Found, args: Vec<CString>) -> Executing {
        let (argv, envp) = (pointers(&args), pointers(&request.envp));
        Executing { request, found, _args: args, argv, envp }
    }

    fn call(&self, dirfd: i32, path: &CStr, flags: i32) -> Errno {
        execveat_raw(dirfd, path, &self.argv, &self.envp, flags)
    }

    /// A program of the host's goes by its path, so that /proc and `ps` show that.
    fn call_host_program(&self) -> Errno {
        let path = &self.found.path;
        let by_descriptor = || self.call(self.found.file.as_raw_fd(), c"", libc::AT_EMPTY_PATH);
        match path.to_bytes() {
            [] => by_descriptor(),
            [b'/', ..] => self.call(libc::AT_FDCWD, path, 0),
            _ if self.request.dirfd == libc::AT_FDCWD => self.call(libc::AT_FDCWD, path, 0),
            _ => by_descriptor(),
        }
    }

    /// In the parent of a vfork child that executed this: the child's descriptors are not the parent's.
    pub fn forget(self) {
        std::mem::forget(self.found.file);
    }
}

/// The name that a program is told it was run by (AT_EXECFN; fs/exec.c, alloc_bprm).
fn execfn(request: &ExecRequest) -> CString {
    let path = request.guest_path.to_bytes();
    if request.dirfd == libc::AT_FDCWD || path.starts_with(b"/") {
        return request.guest_path.clone();
    }
    let slash = if path.is_empty() { "" } else { "/" };
    let name = [format!("/dev/fd/{}{slash}", request.dirfd).as_bytes(), path].concat();
    CString::new(name).unwrap_or_default()
}

/// Whether the program is named by a descriptor that the new program does not get.
fn is_closed_by_execve(request: &ExecRequest) -> bool {
    if request.dirfd == libc::AT_FDCWD || request.guest_path.to_bytes().starts_with(b"/") {
        return false;
    }
    let args = [request.dirfd as u64, libc::F_GETFD as u64, 0, 0, 0, 0];
    // SAFETY: the call touches no memory.
    let flags = unsafe { sys::syscall(libc::SYS_fcntl as u64, args) };
    flags.is_ok_and(|flags| flags & libc::FD_CLOEXEC as u64 != 0)
}

/// The file behind a descriptor, which may be O_PATH, opened anew.
fn reopen(fd: i32) -> Result<File, Errno> {
    if fd == libc::AT_FDCWD {
        return program::open_at(fd, c".", 0);
    }
    let link = CString::new(format!("/proc/self/fd/{fd}")).map_err(|_| Errno::EBADF)?;
    match program::open_at(libc::AT_FDCWD, &link, 0) {
        // Without /proc the descriptor itself has to do.
        Err(Errno::ENOENT) => {
            let args = [fd as u64, libc::F_DUPFD_CLOEXEC as u64, 3, 0, 0, 0];
            // SAFETY: the new descriptor is nobody else's.
            unsafe {
                let fd = sys::syscall(libc::SYS_fcntl as u64, args)?;
                Ok(std::os::fd::FromRawFd::from_raw_fd(fd as i32))
            }
        }
        opened => opened,
    }
}

fn pointers(strings: &[CString]) -> Vec<u64> {
    strings.iter().map(|string| string.as_ptr() as u64).chain([0]).collect()
}

/// Executes the program behind a descriptor.
pub fn execveat_fd(fd: i32, argv: &[CString], envp: &[CString]) -> Errno {
    execveat_raw(fd, c"", &pointers(argv), &pointers(envp), libc::AT_EMPTY_PATH)
}

fn execveat_raw(dirfd: i32, path: &CStr, argv: &[u64], envp: &[u64], flags: i32) -> Errno {
    let args = [dirfd as u64, path.as_ptr() as u64, argv.as_ptr() as u64, envp.as_ptr() as u64, flags as u64, 0];
    // SAFETY: the arrays end in null and their strings in zero; the call returns only when it failed.
    match unsafe { sys::syscall(libc::SYS_execveat as u64, args) } {
        Err(error) => error,
        Ok(_) => Errno::ENOEXEC,
    }
}
