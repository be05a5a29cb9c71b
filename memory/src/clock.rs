//! The host's clocks, by its vDSO where it has them there (vdso(7)).

use crate::Errno;

/// The time on a clock.
#[inline]
pub fn read(clock: i32) -> Result<libc::timespec, Errno> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the struct in.
    match unsafe { libc::clock_gettime(clock, &mut time) } {
        0 => Ok(time),
        _ => Err(Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL))),
    }
}
