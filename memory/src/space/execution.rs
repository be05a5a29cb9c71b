//! Which mappings may be executed: READ_IMPLIES_EXEC of personality(2), and PR_SET_MDWE of prctl(2).

use super::{AddressSpace, Inner, Prot, RegionFlags};
use crate::Errno;
use std::sync::atomic::Ordering;

bitflags::bitflags! {
    /// What PR_SET_MDWE turns on, in its numbers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Mdwe: u32 {
        /// No mapping is writable and executable, nor becomes executable that was not.
        const REFUSE_EXEC_GAIN = 1;
        /// A forked child, and a program that is executed, are free of it.
        const NO_INHERIT = 2;
    }
}

impl Mdwe {
    /// What a forked child or a program that is executed has of it.
    pub fn inherited(self) -> Mdwe {
        if self.contains(Mdwe::NO_INHERIT) { Mdwe::empty() } else { self }
    }
}

/// What holds for all mappings of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    pub(super) read_implies_exec: bool,
    pub(super) mdwe: Mdwe,
}

impl AddressSpace {
    /// Says whether mappings that may be read may also be executed from now on (READ_IMPLIES_EXEC, personality(2)).
    pub fn set_read_implies_exec(&self, on: bool) {
        self.inner.lock().policy.read_implies_exec = on;
    }

    /// PR_GET_MDWE.
    pub fn mdwe(&self) -> Mdwe {
        self.inner.lock().policy.mdwe
    }

    /// PR_SET_MDWE: once set it stays (prctl_set_mdwe in kernel/sys.c).
    pub fn set_mdwe(&self, bits: Mdwe) -> Result<(), Errno> {
        let mdwe = &mut self.inner.lock().policy.mdwe;
        if bits == Mdwe::NO_INHERIT {
            return Err(Errno::EINVAL);
        }
        if !mdwe.is_empty() && *mdwe != bits {
            return Err(Errno::EPERM);
        }
        *mdwe = bits;
        self.withheld.fetch_or(bits.contains(Mdwe::NO_INHERIT), Ordering::Relaxed);
        Ok(())
    }
}

impl Inner {
    /// The protection that a mapping gets which has `old` and is to have `prot` (map_deny_write_exec in the
    /// kernel).
    pub(super) fn allowed(&self, old: Prot, prot: Prot, flags: RegionFlags) -> Result<Prot, Errno> {
        let can_execute = !flags.contains(RegionFlags::NO_EXEC);
        let is_implied = self.policy.read_implies_exec && prot.contains(Prot::READ) && can_execute;
        let wanted = if is_implied { prot | Prot::EXEC } else { prot };
        let gains = wanted.contains(Prot::WRITE) || !old.contains(Prot::EXEC);
        let refused = !can_execute || gains && !self.policy.mdwe.is_empty();
        if wanted.contains(Prot::EXEC) && refused { Err(Errno::EACCES) } else { Ok(wanted) }
    }
}
