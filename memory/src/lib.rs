//! The guest's memory: its addresses, fault-safe access to it, and the map of what is where.
//!
//! A guest address is a host address (ARCHITECTURE.md, "Guest address = host address"), so reaching guest
//! memory is one host instruction. What this crate adds is that a wrong guest address comes back as a
//! [`Fault`] instead of ending the translator, and that the guest's mappings never meet the translator's own.

pub mod addr;
pub mod clock;
pub mod copy;
pub mod errno;
pub mod fault;
mod lock;
mod pod;
pub mod space;
pub mod sys;
mod user_ptr;
mod zeroed;

pub use addr::{GuestAddr, PAGE_SIZE, Range};
pub use copy::{read, read_bytes, read_cstr, write, write_bytes};
pub use errno::Errno;
pub use fault::Fault;
pub use lock::{Lock, LockGuard, renew_owner};
pub use pod::{Pod, bytes_of, bytes_of_slice, bytes_of_slice_mut, zeroed as pod_zeroed};
pub use space::{AddressSpace, Changed, Prot};
pub use user_ptr::{IoVec, UserPtr};
pub use zeroed::Zeroed;
