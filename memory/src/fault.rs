//! What happens when an access to guest memory goes wrong.
//!
//! All accesses by the translator's own code are made by the routines of [`crate::copy`], which stand together in one
//! stretch of code, use no stack, and keep what they must restore in registers. The handler of SIGSEGV and SIGBUS asks
//! [`recover`] about the faulting program counter and continues at the address it names: the routine then returns an
//! error to its caller.

/// The guest address could not be read or written: EFAULT to a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault;

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bad guest address")
    }
}

impl std::error::Error for Fault {}

unsafe extern "C" {
    fn transom_access_begin();
    fn transom_access_rbx();
    fn transom_access_end();
    fn transom_access_copy_end();
    fn transom_fault_plain();
    fn transom_fault_rbx();
    fn transom_fault_copy();
}

/// For the fault handler: where to continue if `rip` is in one of the access routines, else none.
pub fn recover(rip: u64) -> Option<u64> {
    let at = |label: unsafe extern "C" fn()| label as *const () as u64;
    let copy = crate::copy::transom_access_copy as *const () as u64;
    let exit = if (copy..at(transom_access_copy_end)).contains(&rip) {
        transom_fault_copy
    } else if (at(transom_access_rbx)..at(transom_access_end)).contains(&rip) {
        transom_fault_rbx
    } else if (at(transom_access_begin)..at(transom_access_rbx)).contains(&rip) {
        transom_fault_plain
    } else {
        return None;
    };
    Some(at(exit))
}

/// Installs a handler of SIGSEGV and SIGBUS that does nothing but [`recover`]. For tests of crates that don't have
/// the running machine's handler; a fault elsewhere ends the process as usual.
pub fn install_for_tests() {
    extern "C" fn handler(signal: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the kernel passes a valid ucontext to an SA_SIGINFO handler.
        let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
        match recover(registers[libc::REG_RIP as usize] as u64) {
            Some(rip) => registers[libc::REG_RIP as usize] = rip as i64,
            // SAFETY: signal(2) is async-signal-safe; the access is repeated and ends the process.
            None => unsafe {
                libc::signal(signal, libc::SIG_DFL);
            },
        }
    }
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: a zeroed sigaction with handler and flags set is valid.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}
