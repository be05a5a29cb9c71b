//! The crate's one door to the host kernel.

use memory::Errno;
use memory::sys::{Ended, interruptible, syscall};
use std::sync::atomic::AtomicU32;

/// Makes a host system call that can't block for long.
pub(crate) fn host(nr: i64, args: [u64; 6]) -> Result<u64, Errno> {
    // SAFETY: the pointers among the arguments are the guest's, whose memory is its own to break, or come from live
    // references of the callers in this crate. Calls that change mappings go through `AddressSpace` instead.
    unsafe { syscall(nr as u64, args) }
}

/// Makes a host system call on the guest's behalf, unless a signal is pending.
pub(crate) fn guest(nr: i64, args: &[u64; 6], pending: &AtomicU32) -> Ended {
    // SAFETY: as above.
    unsafe { interruptible(nr as u64, args, pending) }
}

/// The time on a clock, by the C library: most clocks are read without entering the kernel (vdso(7)).
pub(crate) fn clock_gettime(clock: i32) -> Result<libc::timespec, Errno> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the struct in.
    match unsafe { libc::clock_gettime(clock, &mut time) } {
        0 => Ok(time),
        _ => Err(Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL))),
    }
}

/// Where a value that the call reads stands, as an argument.
pub(crate) fn address<T: ?Sized>(of: &T) -> u64 {
    (of as *const T).cast::<u8>() as u64
}

/// The same for what the call fills in.
pub(crate) fn address_mut<T: ?Sized>(of: &mut T) -> u64 {
    (of as *mut T).cast::<u8>() as u64
}
