//! Where the kernel put us.
//!
//! With `ulimit -s unlimited` it lays address spaces out from below (mm/util.c, mmap_is_legacy): the translator's own
//! mappings would then stand in the middle of the guest's part. A new run under a bounded limit mends that; the
//! guest gets the limit back.

use std::ffi::CString;

use memory::Errno;

use crate::cli::Auxiliary;
use crate::exec;

/// First argument of a run with the layout mended; the soft limit on the stack follows, and what the kernel told the
/// first run alone: AT_FLAGS and, where there is one, the descriptor of AT_EXECFD.
const MARK: &[u8] = b"--transom-stack=";
/// The limit under which the layout is the usual one.
const BOUNDED: u64 = 8 << 20;
/// Addresses from here on are never chosen for the guest.
const OURS: u64 = 0x5500_0000_0000;

/// Takes the mark of [`mend`] off the arguments, and restores the limit it names. Returns what the kernel told.
pub fn unmark(args: &mut Vec<CString>) -> Auxiliary {
    let told = Auxiliary::of_process();
    // Behind a descriptor there is a program's path, which whoever executes it may choose.
    if told.execfd.is_some() {
        return told;
    }
    let mark = args.get(1).and_then(|arg| std::str::from_utf8(arg.as_bytes().strip_prefix(MARK)?).ok());
    let numbers = mark.map(|mark| mark.split(':').map(|number| u64::from_str_radix(number, 16)).collect());
    let Some(Ok::<Vec<u64>, _>(numbers)) = numbers else { return told };
    let [limit, flags, ref execfd @ ..] = numbers[..] else { return told };
    set_stack_limit(limit);
    args.remove(1);
    Auxiliary { flags, execfd: execfd.first().map(|&fd| fd as i32), ..told }
}

/// Runs again with the layout mended if need be; comes back where there is none, or no way.
pub fn mend(args: &[CString], env: &[CString]) {
    let here = mend as *const () as u64;
    // SAFETY: an entry of the auxiliary vector is a number.
    let vdso = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) };
    let misplaced = here < OURS || vdso != 0 && vdso < OURS;
    let Some(limit) = stack_limit().filter(|&limit| misplaced && limit > BOUNDED) else { return };
    set_stack_limit(BOUNDED);
    let told = Auxiliary::of_process();
    let execfd = told.execfd.map(|fd| format!(":{fd:x}")).unwrap_or_default();
    let mark = [MARK, format!("{limit:x}:{:x}{execfd}", told.flags).as_bytes()].concat();
    let mark = CString::new(mark).unwrap_or_default();
    let mut again = args.to_vec();
    again.insert(1.min(again.len()), mark);
    let Ok(own) = crate::program::open_at(libc::AT_FDCWD, c"/proc/self/exe", 0) else { return };
    let _failed: Errno = exec::execveat_fd(std::os::fd::AsRawFd::as_raw_fd(&own), &again, env);
    set_stack_limit(limit);
}

fn stack_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills the struct in.
    (unsafe { libc::getrlimit(libc::RLIMIT_STACK, &mut limit) } == 0).then_some(limit.rlim_cur)
}

fn set_stack_limit(soft: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls work on the struct alone.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_STACK, &mut limit) == 0 {
            limit.rlim_cur = soft.min(limit.rlim_max);
            libc::setrlimit(libc::RLIMIT_STACK, &limit);
        }
    }
}
