//! A new process on the same memory that runs beside its parent: clone(2) with CLONE_VM alone.
//!
//! Two tasks can't share thread-local storage, and libc makes new storage only for threads of its own. So it makes one:
//! that thread makes the child on a part of its stack and ends, and only then the child begins, with what libc has left
//! of the thread: storage that works and that libc no longer knows of. The parent frees what the child used once there
//! is no such process any more.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering};

use memory::{Errno, Lock, sys};
use syscalls::abi::CloneArgs;
use syscalls::{CloneRequest, SigSet};

use super::clone_args::{args_of, call_of, host_flags};
use super::give_back;
use super::spawn::{create, futex};
use super::vfork::{child_main, transom_vfork};
use crate::heap;
use crate::signals::handler;
use crate::vcpu::Vcpu;

/// The child to be.
struct Birth {
    vcpu: Box<Vcpu>,
    number: u64,
    arguments: [u64; 5],
    /// What the call said.
    result: u64,
    /// The kernel clears it when the thread that makes the child is gone.
    maker: AtomicU32,
    /// Set when the child may begin.
    begins: AtomicU32,
}

/// A child that was made, by its process' id.
struct Kin(i32, *mut Birth);

// SAFETY: what it points to is its process' alone, and looked at here only once that is gone.
unsafe impl Send for Kin {}

static KIN: Lock<Vec<Kin>> = Lock::new(Vec::new());

impl Vcpu {
    /// Makes a process on this one's memory; its id.
    pub(super) fn kin(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        free_dead();
        let vcpu = self.child_on_this_memory(request)?;
        let (base, size) = vcpu.stacks.host();
        let args = CloneArgs {
            flags: host_flags(request),
            stack: base,
            // The maker's own frames and its thread-locals are in the upper half.
            stack_size: size / 2,
            ..args_of(request)
        };
        let (number, arguments) = call_of(&args, request.clone3);
        let (maker, begins) = (AtomicU32::new(1), AtomicU32::new(0));
        let birth = Birth { vcpu, number: number as u64, arguments, result: 0, maker, begins };
        let birth = Box::into_raw(Box::new(birth));
        let mask = handler::set_mask(SigSet::ALL.host_mask());
        let hides = &self.mailbox.trace.hides;
        hides.store(1, Ordering::Relaxed);
        let result = make(base, size, birth);
        hides.store(0, Ordering::Relaxed);
        handler::set_mask(mask);
        match result {
            Ok(pid) => KIN.lock().push(Kin(pid, birth)),
            Err(_) => free(birth),
        }
        result
    }
}

/// Has a thread make the child, and lets that begin when the thread is gone.
fn make(base: u64, size: u64, birth: *mut Birth) -> Result<i32, Errno> {
    create(base, size, maker, birth.cast())?;
    // SAFETY: the box is freed by the caller alone; thread and child use the same fields.
    let Birth { maker, begins, result, .. } = unsafe { &*birth };
    while maker.load(Ordering::Acquire) != 0 {
        // The kernel wakes who waits for shared memory (clone(2), CLONE_CHILD_CLEARTID).
        let args = [maker.as_ptr() as u64, libc::FUTEX_WAIT as u64, 1, 0, 0, 0];
        // SAFETY: the word is alive; a wait that ends early is looped on.
        let _ = unsafe { sys::syscall(libc::SYS_futex as u64, args) };
    }
    begins.store(1, Ordering::Release);
    futex(begins, libc::FUTEX_WAKE);
    Errno::from_return(*result).map(|pid| pid as i32)
}

extern "C" fn maker(birth: *mut c_void) -> *mut c_void {
    // SAFETY: `make` passed it, and waits until this thread is gone.
    let birth = unsafe { &mut *birth.cast::<Birth>() };
    give_back(birth.maker.as_ptr() as u64);
    let argument = (&raw mut *birth).cast();
    // SAFETY: the child runs on the lower half of this stack, and waits until this thread is gone.
    birth.result = unsafe { transom_vfork(first_breath, argument, birth.number, &birth.arguments) };
    std::ptr::null_mut()
}

extern "C" fn first_breath(birth: *mut c_void) -> ! {
    // SAFETY: `make` passed it; it is freed when this process is gone.
    let birth = unsafe { &mut *birth.cast::<Birth>() };
    while birth.begins.load(Ordering::Acquire) == 0 {
        futex(&birth.begins, libc::FUTEX_WAIT);
    }
    child_main((&raw mut *birth.vcpu).cast())
}

/// Frees what children used that are gone.
fn free_dead() {
    let is_gone = |kin: &mut Kin| {
        // SAFETY: signal 0 is none.
        let alive = unsafe { sys::syscall(libc::SYS_kill as u64, [kin.0 as u64, 0, 0, 0, 0, 0]) };
        alive == Err(Errno::ESRCH)
    };
    KIN.lock().extract_if(.., is_gone).for_each(|Kin(_, birth)| free(birth));
    heap::clean_up();
}

fn free(birth: *mut Birth) {
    // SAFETY: it came from a box; nobody runs on it any more.
    let mut vcpu = unsafe { Box::from_raw(birth) }.vcpu;
    if let Some(executing) = vcpu.executing.take() {
        executing.forget();
    }
    let stacks = vcpu.stacks.again();
    drop(vcpu);
    stacks.free();
}

/// Holds the list over a fork.
pub fn lock_for_fork() -> impl Sized {
    KIN.lock()
}

/// Releases the list if a vfork child died holding it.
pub fn recover_after_vfork() {
    KIN.recover();
}
