//! Large values in mappings of their own, which the kernel fills with zeros page by page as they are touched. The
//! allocator would write the zeros itself, to all pages, where it has the memory at hand.
//!
//! Of what is soon in use everywhere all pages can be had at once. A table that is searched before something is entered
//! in it costs two faults a page otherwise, one for reading and one for writing, of a microsecond or more each.

use std::alloc::{Layout, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::{NonNull, slice_from_raw_parts_mut};

use crate::sys;

/// As a `Box`, in a mapping.
pub struct Zeroed<T: ?Sized>(NonNull<T>);

// SAFETY: it owns its value, as a box does.
unsafe impl<T: ?Sized + Send> Send for Zeroed<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for Zeroed<T> {}

impl<T> Zeroed<T> {
    /// A value of zeros. Without memory the process ends, as with any other allocation.
    ///
    /// # Safety
    /// All zeros must be a value of the type.
    pub unsafe fn new() -> Zeroed<T> {
        Zeroed(map(Layout::new::<T>(), 0).cast())
    }

    /// The same, with all its pages there.
    ///
    /// # Safety
    /// All zeros must be a value of the type.
    pub unsafe fn present() -> Zeroed<T> {
        Zeroed(map(Layout::new::<T>(), libc::MAP_POPULATE).cast())
    }
}

impl<T> Zeroed<[T]> {
    /// So many values of zeros, with all their pages there.
    ///
    /// # Safety
    /// All zeros must be a value of the type.
    pub unsafe fn slice(count: usize) -> Zeroed<[T]> {
        let layout = Layout::array::<T>(count).expect("a table fits into memory");
        let slice = slice_from_raw_parts_mut(map(layout, libc::MAP_POPULATE).cast().as_ptr(), count);
        // SAFETY: it was made of what is not null.
        Zeroed(unsafe { NonNull::new_unchecked(slice) })
    }
}

/// Pages for a value that aligns to no more than a page. `more` is flags of mmap(2).
fn map(layout: Layout, more: i32) -> NonNull<u8> {
    assert!(layout.size() != 0 && layout.align() as u64 <= crate::PAGE_SIZE);
    let prot = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | more;
    // SAFETY: a new mapping at a place of the kernel's choice.
    let mapped = unsafe {
        sys::syscall(libc::SYS_mmap as u64, [0, layout.size() as u64, prot as u64, flags as u64, u64::MAX, 0])
    };
    let first = mapped.ok().and_then(|addr| NonNull::new(addr as *mut u8));
    first.unwrap_or_else(|| handle_alloc_error(layout))
}

impl<T: ?Sized> Deref for Zeroed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value is this one's, and was whole from the start.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Zeroed<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { self.0.as_mut() }
    }
}

impl<T: ?Sized> Drop for Zeroed<T> {
    fn drop(&mut self) {
        let size = size_of_val::<T>(self);
        // SAFETY: nobody refers to the value any more.
        unsafe { self.0.drop_in_place() };
        // SAFETY: as above; unmapping what was mapped can't fail.
        let _ = unsafe {
            sys::syscall(libc::SYS_munmap as u64, [self.0.as_ptr().cast::<u8>() as u64, size as u64, 0, 0, 0, 0])
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_zeros_and_drops_what_it_holds() {
        // SAFETY: numbers may be zero.
        let mut rows = unsafe { Zeroed::<[u64]>::slice(5000) };
        assert!(rows.len() == 5000 && rows.iter().all(|&row| row == 0));
        rows[4999] = 7;
        assert_eq!(rows[4999], 7);
        // SAFETY: `None` of a reference-counted pointer is zero.
        let mut counted = unsafe { Zeroed::<Option<std::sync::Arc<()>>>::new() };
        let kept = std::sync::Arc::new(());
        *counted = Some(std::sync::Arc::clone(&kept));
        drop(counted);
        assert_eq!(std::sync::Arc::strong_count(&kept), 1);
    }
}
