//! The crate's one door to the host kernel.

use crate::hidden::HiddenFds;
use memory::Errno;
use memory::sys::{Ended, interruptible, syscall};
use std::cell::Cell;
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

/// A file of one page in memory.
pub(crate) fn shared_file() -> Result<i32, Errno> {
    let fd = host(libc::SYS_memfd_create, [address(c"transom-strace"), libc::MFD_CLOEXEC.into(), 0, 0, 0, 0])?;
    host(libc::SYS_ftruncate, [fd, memory::PAGE_SIZE, 0, 0, 0, 0])?;
    Ok(fd as i32)
}

/// Words that all processes share that have the file of them; without one, those that are forked.
pub(crate) fn shared_words(file: Option<i32>) -> [&'static AtomicU32; 4] {
    let anonymous = if file.is_none() { libc::MAP_ANONYMOUS } else { 0 };
    let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | anonymous);
    let args = [0, memory::PAGE_SIZE, prot as u64, flags as u64, file.unwrap_or(-1) as u64, 0];
    let page = host(libc::SYS_mmap, args);
    let words: &'static [AtomicU32; 4] = match page {
        // SAFETY: the page is new, zeroed, aligned, and never unmapped.
        Ok(addr) => unsafe { &*(addr as *const [AtomicU32; 4]) },
        Err(_) => Box::leak(Box::default()),
    };
    let [a, b, c, d] = words;
    [a, b, c, d]
}

thread_local! {
    static HIDDEN: Cell<*const HiddenFds> = const { Cell::new(std::ptr::null()) };
}

/// Notes whose table of descriptors the calling thread has. [`HiddenFds::enter`] says how long it has to live.
pub(crate) fn set_hidden(hidden: *const HiddenFds) {
    HIDDEN.set(hidden);
}

/// The hidden descriptors of the calling thread's table.
pub(crate) fn with_hidden<R>(go: impl FnOnce(&HiddenFds) -> R) -> R {
    let hidden = HIDDEN.get();
    assert!(!hidden.is_null(), "a thread that has entered no table of descriptors");
    // SAFETY: it lives as long as it stands here.
    go(unsafe { &*hidden })
}
