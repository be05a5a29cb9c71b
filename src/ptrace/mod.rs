//! ptrace(2) between guests.
//!
//! The host's ptrace is the transport: so who may attach, who waits for whom, what becomes of tracees when their tracer dies,
//! and which children are traced from their birth is the kernel's business. But the host stops a tracee at any instruction of
//! the translator's, and for each signal that the translator lives by; a guest stops between two instructions. The two runs
//! of the translator come to terms about that:
//!
//! - Each thread has a [`record::Record`], which its tracer reads and writes in the tracee's memory. It is found by the
//!   thread-local storage of a stopped thread, and believed if it carries the build-id of the tracer.
//! - A thread that has come to something that its tracer is to see ([`tracee`]) writes it into its record and executes a trap.
//!   A thread in a system call that the kernel would restart stands between two instructions too.
//! - Where a tracer waits ([`waits`]), [`judge`] tells of each stop of the host's what it is to the guest. What is nothing is
//!   undone: a fault goes to the tracee's handler; any other signal goes to it in the disguise of a SIGTRAP
//!   ([`words::Word`]), whatever its action is, and so comes to where signals are delivered, which is where the guest stops.
//! - Requests ([`requests`]) work on the record, and on the guest's registers that it leads to.
//!
//! A thread that nobody traces asks one word of its record a round of the run loop.

mod calls;
mod decisions;
mod files;
mod host;
mod judge;
pub mod record;
mod registers;
mod requests;
mod resume;
mod table;
mod tracee;
mod waits;
pub mod words;

pub use files::traces;
pub use table::{forget_in_child, lock_for_fork, recover_after_vfork};
