//! Guest threads and processes: clone(2) in all its forms.
//!
//! | the child shares | becomes | where |
//! |---|---|---|
//! | memory, and is a thread | a thread of libc's, on a small stack of ours | [`spawn`] |
//! | memory, and is a process (vfork) | a process on our address space, the parent stopped | [`vfork`] |
//! | memory, and is a process beside its parent | the same with thread-locals of its own | [`kin`] |
//! | no memory | a fork, our locks held across it | [`fork`] |

mod clone_args;
mod fork;
mod kin;
mod quarters;
mod registration;
mod spawn;
mod stacks;
mod vfork;

pub use quarters::Quarters;
pub use registration::give_back;
pub use stacks::Stacks;

use std::sync::atomic::{AtomicBool, Ordering};

use ir::GuestState;
use memory::Errno;
use syscalls::{Action, CloneRequest, SigSet};
use target::Target;

use crate::vcpu::Vcpu;

/// Whether the process ever had a second task that ran on its memory beside the first: one that is gone for the guest may
/// still be in libc, on its way out.
static SHARED: AtomicBool = AtomicBool::new(false);

/// Declares that there will be another task on this memory.
fn share() {
    SHARED.store(true, Ordering::Relaxed);
}

/// Whether no other task was ever on this memory: its locks are open then.
fn is_alone() -> bool {
    !SHARED.load(Ordering::Relaxed)
}

/// Whether the request has the flag, or all of several.
fn has(request: &CloneRequest, flag: i32) -> bool {
    let flag = u64::from(flag as u32);
    request.flags & flag == flag
}

impl Vcpu {
    /// Makes a thread or process; its id.
    pub fn clone_task(&mut self, request: &CloneRequest) -> Result<i32, Errno> {
        if has(request, libc::CLONE_VM) {
            self.process.tagging.lock();
        }
        if has(request, libc::CLONE_THREAD) {
            self.spawn(request)
        } else if has(request, libc::CLONE_VM | libc::CLONE_VFORK) {
            self.vfork(request)
        } else if has(request, libc::CLONE_VM) {
            self.kin(request)
        } else {
            self.fork(request)
        }
    }

    /// Sets every handler back to the default (CLONE_CLEAR_SIGHAND); what is ignored stays so.
    fn clear_handlers(&self) {
        let actions = &self.process.actions;
        for signal in SigSet::ALL.iter().filter(|&signal| actions.get(signal).handler > 1) {
            // The host takes the default for every signal that can have a handler.
            let _ = actions.set(signal, Action::default(), self.process.host_signals);
        }
    }

    /// The registers a child begins with.
    fn child_state(&self, request: &CloneRequest) -> GuestState {
        let mut state = self.context.guest.clone();
        make_child_state(self.machine.engine.target, &mut state, request);
        state
    }
}

/// Makes a parent's registers those that its child begins with.
fn make_child_state(target: &dyn Target, state: &mut GuestState, request: &CloneRequest) {
    target.set_result(state, 0);
    if !request.stack.is_null() {
        target.set_sp(state, request.stack.0);
    }
    if has(request, libc::CLONE_SETTLS) {
        target.set_tls(state, request.tls);
    }
}
