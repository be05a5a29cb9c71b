//! What prctl(2) chooses among the registers: vectors, keys of pointer authentication, and pointer masking by
//! PR_SET_TAGGED_ADDR_CTRL or, of a tracer's, the set of registers of that name (arch/riscv/kernel/process.c,
//! set_tagged_addr_ctrl). The length of tags is the thread's, whether system calls take them the memory's.

use ir::GuestState;
use memory::Errno;
use syscalls::tagging::{ENABLE, LENGTH_MASK, LENGTH_SHIFT, LOCKED, length};
use syscalls::{KeyRequest, TagRequest};
use target::Target;

use crate::random::Random;
use crate::vcpu::Vcpu;

/// NT_RISCV_TAGGED_ADDR_CTRL.
pub const REGSET: u32 = 0x902;

/// The control word of a thread with these registers on a memory whose part is `shared`.
pub fn control(target: &dyn Target, state: &GuestState, shared: u64) -> Result<u64, Errno> {
    let bits = target.tag_bits(state).ok_or(Errno::EINVAL)?;
    Ok(u64::from(bits) << LENGTH_SHIFT | shared & ENABLE)
}

/// Sets it; what the memory's part becomes.
pub fn set_control(target: &dyn Target, state: &mut GuestState, shared: u64, asked: u64) -> Result<u64, Errno> {
    let before = target.tag_bits(state).ok_or(Errno::EINVAL)?;
    let enables = asked & ENABLE != 0;
    if asked & !(LENGTH_MASK | ENABLE) != 0
        || enables && length(asked) == 0
        || !target.set_tag_bits(state, length(asked))
    {
        return Err(Errno::EINVAL);
    }
    let word = if enables { control(target, state, ENABLE)? } else { 0 };
    if shared & LOCKED != 0 && length(shared) != length(word) {
        target.set_tag_bits(state, before);
        return Err(Errno::EBUSY);
    }
    Ok(word | shared & LOCKED)
}

impl Vcpu {
    /// What the thread asks for.
    pub fn tags(&mut self, request: TagRequest) -> Result<u64, Errno> {
        let (target, tagging) = (self.machine.engine.target, &self.process.tagging);
        match request {
            TagRequest::Get => control(target, &self.context.guest, tagging.word()),
            TagRequest::Set(asked) => {
                tagging.set_word(set_control(target, &mut self.context.guest, tagging.word(), asked)?);
                Ok(0)
            }
        }
    }

    /// Gives the keys of pointer authentication new values, enables them, or says which are.
    pub fn keys(&mut self, request: KeyRequest) -> Result<u64, Errno> {
        let (target, guest) = (self.machine.engine.target, &mut self.context.guest);
        match request {
            KeyRequest::Reset(which) => target.reset_keys(guest, which, &mut || Random::new(None).key()).map(|()| 0),
            KeyRequest::Enable(which, on) => target.enable_keys(guest, which, on).map(|()| 0),
            KeyRequest::Enabled => target.enabled_keys(guest),
        }
    }

    /// Says whether vectors may be used, or changes that.
    pub fn vector_control(&mut self, word: Option<u64>) -> Result<u64, Errno> {
        let (target, guest) = (self.machine.engine.target, &mut self.context.guest);
        match word {
            Some(word) => target.set_vector_control(guest, word).map(|()| 0),
            None => target.vector_control(guest).ok_or(Errno::EINVAL),
        }
    }
}
