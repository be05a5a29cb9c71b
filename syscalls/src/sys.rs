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
#[inline]
pub(crate) fn guest(nr: i64, args: &[u64; 6], pending: &AtomicU32) -> Ended {
    // SAFETY: as above.
    unsafe { interruptible(nr as u64, args, pending) }
}

/// Where a value that the call reads stands, as an argument.
pub(crate) fn address<T: ?Sized>(of: &T) -> u64 {
    (of as *const T).cast::<u8>() as u64
}

/// The same for what the call fills in.
pub(crate) fn address_mut<T: ?Sized>(of: &mut T) -> u64 {
    (of as *mut T).cast::<u8>() as u64
}
