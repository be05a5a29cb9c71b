//! A new thread of the guest process.
//!
//! It is a thread of libc's, so that thread-locals work; but detached, on a stack of ours, and with its
//! registrations given back, so that its id, robust list and clear-tid word are the guest's. Its start function
//! returns normally: libc frees what it keeps, and the kernel clears the guest's word after that.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering};

use memory::{Errno, UserPtr, sys};
use syscalls::{AltStack, CloneRequest, HiddenFds, SigSet};

use super::{Stacks, give_back, has};
use crate::debug::Ended;
use crate::heap;
use crate::run::End;
use crate::signals::{self, fatal, handler};
use crate::vcpu::Vcpu;

/// PIDFD_THREAD of pidfd_open(2).
const PIDFD_THREAD: u64 = libc::O_EXCL as u64;

/// Where a thread begins.
pub(super) type Start = extern "C" fn(*mut c_void) -> *mut c_void;

/// What parent and child say to each other until the child runs.
struct Birth {
    vcpu: Option<Box<Vcpu>>,
    request: CloneRequest,
    /// 0, then the child's tid, or -1 if it can't live.
    answer: AtomicU32,
    /// Whether it runs on another process' memory, as its parent does.
    is_lodger: bool,
    error: Errno,
}

impl Vcpu {
    /// Starts a thread; its id.
    pub(super) fn spawn(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        if !request.set_tid.is_empty() {
            return Err(Errno::EPERM);
        }
        let stacks = Stacks::new(&self.process.space)?;
        if !has(request, libc::CLONE_FILES) {
            self.process.hidden.fix();
        }
        let (base, size) = stacks.host();
        let mut vcpu = Vcpu::new(self.machine, self.process.clone(), self.child_state(request), stacks);
        vcpu.thread.mask = self.thread.mask;
        vcpu.thread.alt_stack = AltStack::NONE;
        vcpu.thread.seccomp = self.process.seccomp.begin(&self.thread.seccomp);
        vcpu.be_born(self.heir(request));
        let mut birth = Birth {
            vcpu: Some(Box::new(vcpu)),
            request: request.clone(),
            answer: AtomicU32::new(0),
            is_lodger: heap::is_lodger(),
            error: Errno::EAGAIN,
        };
        // The child takes no signal before it is complete.
        let mask = handler::set_mask(SigSet::ALL.host_mask());
        let created = create(base, size, start, (&raw mut birth).cast());
        if created.is_ok() {
            while birth.answer.load(Ordering::Acquire) == 0 {
                futex(&birth.answer, libc::FUTEX_WAIT);
            }
        }
        handler::set_mask(mask);
        created?;
        match birth.answer.load(Ordering::Acquire) as i32 {
            -1 => Err(birth.error),
            tid => Ok(tid),
        }
    }
}

pub(super) fn futex(word: &AtomicU32, op: i32) {
    let op = op | libc::FUTEX_PRIVATE_FLAG;
    let count = if op & libc::FUTEX_WAKE != 0 { 1 } else { 0 };
    // SAFETY: the word is alive while its parent waits on it; a wait that ends early is looped on.
    let _ = unsafe { sys::syscall(libc::SYS_futex as u64, [word.as_ptr() as u64, op as u64, count, 0, 0, 0]) };
}

/// Starts a thread of libc's on a stack of ours.
pub(super) fn create(base: u64, size: u64, start: Start, arg: *mut c_void) -> Result<(), Errno> {
    super::share();
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: the attributes are initialised first; the stack is the child's alone; what `arg` points to outlives the
    // wait for the child's answer, after which the child does not touch it.
    let error = unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstack(attributes.as_mut_ptr(), base as *mut c_void, size as usize);
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
        let create = || libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), start, arg);
        let error = handler::keeping_signals(create);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        error
    };
    if error == 0 { Ok(()) } else { Err(Errno(error)) }
}

extern "C" fn start(birth: *mut c_void) -> *mut c_void {
    // SAFETY: `create` passed it, and the parent waits for the answer.
    let birth = unsafe { &mut *birth.cast::<Birth>() };
    if let Some(vcpu) = birth.vcpu.take() {
        live(vcpu, birth);
    }
    std::ptr::null_mut()
}

/// The life of a thread.
fn live(mut vcpu: Box<Vcpu>, birth: &mut Birth) {
    heap::set_lodger(birth.is_lodger);
    let clear = if has(&birth.request, libc::CLONE_CHILD_CLEARTID) { birth.request.child_tid.0 } else { 0 };
    let tid = give_back(clear);
    vcpu.set_tid(tid);
    signals::set_current(&raw const *vcpu.mailbox);
    HiddenFds::enter(&vcpu.process.hidden);
    let (base, size) = vcpu.stacks.signal();
    handler::set_stack(base, size);
    let made = announce(&birth.request, tid);
    let answer = match made {
        Ok(()) => tid as u32,
        Err(error) => {
            birth.error = error;
            u32::MAX
        }
    };
    // From here on the parent may be gone with `birth`; waking a word that is no more wakes nobody.
    birth.answer.store(answer, Ordering::Release);
    futex(&birth.answer, libc::FUTEX_WAKE);
    if made.is_ok() {
        handler::set_mask(vcpu.thread.mask.host_mask());
        vcpu.meet_debugger(false);
        match vcpu.run() {
            End::Thread { status } => vcpu.leave_debugger(status),
            End::Process { status } => {
                vcpu.debug_end(Ended::Exited(status));
                vcpu.finish();
                fatal::exit_group(status)
            }
        }
    }
    vcpu.leave_signals();
    signals::set_current(std::ptr::null());
    HiddenFds::leave();
    vcpu.stacks.retire(tid);
}

/// What clone(2) promises to have done before parent and child go on.
fn announce(request: &CloneRequest, tid: i32) -> Result<(), Errno> {
    // A libc thread shares these; one that was asked not to gets its own copy.
    let own = (libc::CLONE_FILES | libc::CLONE_FS | libc::CLONE_SYSVSEM) as u64 & !request.flags;
    if own & (libc::CLONE_FILES | libc::CLONE_FS) as u64 != 0 {
        // SAFETY: unsharing touches no memory.
        unsafe { sys::syscall(libc::SYS_unshare as u64, [own, 0, 0, 0, 0, 0]) }?;
    }
    if has(request, libc::CLONE_PIDFD) {
        // SAFETY: as above.
        let fd = unsafe { sys::syscall(libc::SYS_pidfd_open as u64, [tid as u64, PIDFD_THREAD, 0, 0, 0, 0]) }?;
        UserPtr::<i32>::new(request.pidfd).write(fd as i32)?;
    }
    // The kernel does not mind if these can't be written (put_user in kernel/fork.c).
    if has(request, libc::CLONE_PARENT_SETTID) {
        let _ = UserPtr::<i32>::new(request.parent_tid).write(tid);
    }
    if has(request, libc::CLONE_CHILD_SETTID) {
        let _ = UserPtr::<i32>::new(request.child_tid).write(tid);
    }
    Ok(())
}
