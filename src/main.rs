//! transom runs AArch64 and RISC-V Linux programs on x86-64 Linux.
//!
//! `main` is C's ([`begin`]): Rust's own start would ignore SIGPIPE and take SIGSEGV, which are the guest's to decide on.
#![cfg_attr(not(test), no_main)]

mod binfmt;
mod cache;
mod calls;
mod cli;
mod clock;
mod controls;
mod crash;
mod debug;
mod doctor;
mod engine;
mod exec;
mod filter;
mod guest;
mod heap;
mod host;
mod layout;
mod loader;
mod log;
mod machine;
mod maps;
mod names;
mod options;
mod persist;
mod profile;
mod program;
mod ptrace;
mod random;
mod run;
mod signals;
mod start;
mod suggest;
mod symbols;
mod sysroots;
mod threads;
mod vcpu;

use std::ffi::{CStr, CString, OsString, c_char, c_int};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;

use crate::cli::{Called, Request};
use crate::exec::Handover;
use crate::run::End;
use crate::signals::fatal;
use crate::start::Error;
use crate::vcpu::Vcpu;

/// Where the C library begins.
///
/// # Safety
/// `argv` and `envp` must be arrays of C strings that end in null, as the C library passes them.
#[cfg_attr(not(test), unsafe(export_name = "main"))]
#[cfg_attr(test, allow(dead_code, reason = "the test harness brings its own"))]
pub unsafe extern "C" fn begin(_: c_int, argv: *const *const c_char, envp: *const *const c_char) -> c_int {
    clock::watch();
    // SAFETY: the caller's.
    let (args, env) = unsafe { (strings(argv), strings(envp)) };
    match prepare(args, env) {
        Ok(Prepared::Program(vcpu)) => run(*vcpu),
        Ok(Prepared::Done(status)) => status,
        Err(error) => {
            // Nobody may be listening; the status tells it as well.
            let _ = writeln!(std::io::stderr(), "transom: {error}");
            error.status()
        }
    }
}

/// The strings of an array that ends in null.
///
/// # Safety
/// It must be one.
unsafe fn strings(mut array: *const *const c_char) -> Vec<CString> {
    let mut strings = Vec::new();
    // SAFETY: every element before the null is a C string.
    while let Some(string) = unsafe { array.read().as_ref() } {
        // SAFETY: as above; the element after it is in the array too.
        unsafe {
            strings.push(CStr::from_ptr(string).to_owned());
            array = array.add(1);
        }
    }
    strings
}

/// What the command line came to.
enum Prepared {
    /// A program, ready to run.
    Program(Box<Vcpu>),
    /// What was asked for is done, with this exit status.
    Done(i32),
}

fn prepare(mut args: Vec<CString>, env: Vec<CString>) -> Result<Prepared, Error> {
    layout::mend(&args, &env);
    let auxiliary = layout::unmark(&mut args);
    // With a descriptor binfmt_misc started us, perhaps with rights that the caller has not, who chose the program's path.
    let taken_over = || Handover::decode(args.get(1..).unwrap_or_default());
    if let Some(handover) = auxiliary.execfd.is_none().then(taken_over).flatten() {
        return start::take_over(handover, env).map(|vcpu| Prepared::Program(Box::new(vcpu)));
    }
    let args: Vec<_> = args.into_iter().map(|arg| OsString::from_vec(arg.into_bytes())).collect();
    let called = Called::new(args.first().map_or("".as_ref(), |name| name), auxiliary);
    match cli::parse(&called, args, &env)? {
        Request::Run(command) => start::command(*command, env).map(|vcpu| Prepared::Program(Box::new(vcpu))),
        Request::Tool(tool) => Ok(Prepared::Done(tool.run())),
        Request::Print(text) => Ok(Prepared::Done(cli::print(text.as_bytes()))),
    }
}

/// Runs the first thread to its end.
fn run(vcpu: Vcpu) -> ! {
    // It lives as long as the process: signal handlers and other threads may look at it to the last.
    let vcpu = Box::leak(Box::new(vcpu));
    vcpu.settle_in();
    vcpu.trace_executed();
    vcpu.meet_debugger(true);
    let end = vcpu.run();
    match end {
        End::Process { status } => vcpu.debug_end(debug::Ended::Exited(status)),
        End::Thread { status } => {
            vcpu.leave_signals();
            vcpu.leave_debugger(status);
            vcpu.process.seccomp.end(&vcpu.thread.seccomp);
        }
    }
    vcpu.finish();
    match end {
        End::Process { status } => fatal::exit_group(status),
        End::Thread { status } => fatal::exit_thread(status),
    }
}
