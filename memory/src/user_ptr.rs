//! Typed pointers into guest memory.

use crate::copy;
use crate::{Errno, Fault, GuestAddr, PAGE_SIZE, Pod};
use std::fmt;
use std::marker::PhantomData;

/// A guest pointer to a `T`, perhaps null, perhaps wrong: every access is checked by making it.
pub struct UserPtr<T> {
    addr: GuestAddr,
    of: PhantomData<*const T>,
}

impl<T> UserPtr<T> {
    /// A pointer to `addr`.
    pub const fn new(addr: GuestAddr) -> UserPtr<T> {
        UserPtr { addr, of: PhantomData }
    }

    /// Where it points.
    pub const fn addr(self) -> GuestAddr {
        self.addr
    }

    /// Whether it is null.
    pub const fn is_null(self) -> bool {
        self.addr.is_null()
    }

    /// The pointer itself unless it is null.
    pub fn non_null(self) -> Option<UserPtr<T>> {
        (!self.is_null()).then_some(self)
    }

    /// The same address as a pointer to another type.
    pub const fn cast<U>(self) -> UserPtr<U> {
        UserPtr::new(self.addr)
    }
}

impl<T: Pod> UserPtr<T> {
    /// Reads the value.
    pub fn read(self) -> Result<T, Fault> {
        copy::read(self.addr)
    }

    /// Reads a struct of which there are versions, by the size that the caller says and at least `least` bytes of it: a
    /// shorter one is filled up with zeros, a longer one must have zeros behind (copy_struct_from_user in linux/uaccess.h).
    pub fn read_sized(self, size: u64, least: usize) -> Result<T, Errno> {
        let size = size as usize;
        if size < least {
            return Err(Errno::EINVAL);
        }
        if size > PAGE_SIZE as usize {
            return Err(Errno::E2BIG);
        }
        let mut value = [crate::pod_zeroed()];
        let known = size.min(size_of::<T>());
        let mut behind = vec![0u8; size - known];
        copy::read_bytes(self.addr.offset(known as u64), &mut behind)?;
        if behind.iter().any(|&byte| byte != 0) {
            return Err(Errno::E2BIG);
        }
        copy::read_bytes(self.addr, &mut crate::bytes_of_slice_mut(&mut value)[..known])?;
        Ok(value[0])
    }

    /// Writes the value.
    pub fn write(self, value: T) -> Result<(), Fault> {
        copy::write(self.addr, value)
    }

    /// Pointer to element `index` of an array that starts here.
    pub fn element(self, index: u64) -> UserPtr<T> {
        UserPtr::new(self.addr.offset(index.wrapping_mul(size_of::<T>() as u64)))
    }

    /// Reads `out.len()` values that stand here one after the other.
    pub fn read_slice(self, out: &mut [T]) -> Result<(), Fault> {
        copy::read_bytes(self.addr, crate::bytes_of_slice_mut(out))
    }

    /// Writes the values here one after the other.
    pub fn write_slice(self, values: &[T]) -> Result<(), Fault> {
        copy::write_bytes(self.addr, crate::bytes_of_slice(values))
    }

    /// Reads `count` values into a vector. The caller has bounded `count`.
    pub fn read_vec(self, count: usize) -> Result<Vec<T>, Fault> {
        let mut out = vec![crate::pod_zeroed(); count];
        self.read_slice(&mut out)?;
        Ok(out)
    }
}

impl<T> Clone for UserPtr<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for UserPtr<T> {}
impl<T> fmt::Debug for UserPtr<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.addr, f)
    }
}
impl<T> PartialEq for UserPtr<T> {
    fn eq(&self, other: &Self) -> bool {
        self.addr == other.addr
    }
}
impl<T> Eq for UserPtr<T> {}

/// One entry of the guest's `struct iovec` (readv(2)).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct IoVec {
    /// Where the bytes are.
    pub base: GuestAddr,
    /// How many.
    pub len: u64,
}
// SAFETY: two 64-bit numbers, no padding.
unsafe impl Pod for IoVec {}
