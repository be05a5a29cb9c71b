//! Limits on the guest's own memory: RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK.
//!
//! The host process holds the translator beside the guest, so that these three are not the host's to enforce. They
//! are accounted by [`memory::AddressSpace`], and given to the host only right before it runs another program: where that
//! is the translator again, the stack's alone (of which the kernel takes the most arguments), as the others would be
//! its own; it is told them.

use crate::abi::Rlimit;
use crate::sys;
use memory::{AddressSpace, Errno, Lock, LockGuard};

/// The resources that are the guest's own.
const RESOURCES: [u32; 3] = [libc::RLIMIT_AS, libc::RLIMIT_DATA, libc::RLIMIT_STACK];

/// The guest's limits on its memory.
pub struct GuestLimits(Lock<[Rlimit; 3]>);

impl GuestLimits {
    /// What the process inherited.
    pub fn from_host() -> GuestLimits {
        let unlimited = Rlimit { current: u64::MAX, maximum: u64::MAX };
        GuestLimits(Lock::new(RESOURCES.map(|resource| {
            let mut limit = unlimited;
            let args = [0, resource.into(), 0, sys::address_mut(&mut limit), 0, 0];
            sys::host(libc::SYS_prlimit64, args).map_or(unlimited, |_| limit)
        })))
    }

    /// The same, but for those on mappings and data, as the run before told them.
    pub fn handed_over(mappings: [Rlimit; 2]) -> GuestLimits {
        let limits = GuestLimits::from_host();
        limits.0.lock()[..2].copy_from_slice(&mappings);
        limits
    }

    /// Those on mappings and data, for [`GuestLimits::handed_over`].
    pub fn hand_over(&self) -> [Rlimit; 2] {
        let [mappings, data, _] = *self.0.lock();
        [mappings, data]
    }

    /// A copy for a child that shares memory but not limits.
    pub fn copy(&self) -> GuestLimits {
        GuestLimits(Lock::new(*self.0.lock()))
    }

    pub(crate) fn lock_for_fork(&self) -> LockGuard<'_, [Rlimit; 3]> {
        self.0.lock()
    }

    pub(crate) fn recover_after_vfork(&self) {
        self.0.recover();
    }

    fn index(resource: u32) -> Option<usize> {
        RESOURCES.iter().position(|&own| own == resource)
    }

    /// The limit, if the resource is one of the guest's own.
    pub fn get(&self, resource: u32) -> Option<Rlimit> {
        Some(self.0.lock()[Self::index(resource)?])
    }

    /// Sets a limit of the guest's own as setrlimit(2) does.
    pub fn set(&self, resource: u32, limit: Rlimit, space: &AddressSpace) -> Result<(), Errno> {
        let index = Self::index(resource).ok_or(Errno::EINVAL)?;
        if limit.current > limit.maximum {
            return Err(Errno::EINVAL);
        }
        let mut limits = self.0.lock();
        // CAP_SYS_RESOURCE is needed to raise the hard limit; root's effective id stands for it here.
        if limit.maximum > limits[index].maximum && sys::host(libc::SYS_geteuid, [0; 6]) != Ok(0) {
            return Err(Errno::EPERM);
        }
        limits[index] = limit;
        space.set_limits(memory::space::Limits { address_space: limits[0].current, data: limits[1].current });
        Ok(())
    }

    /// What the guest's address space is to keep to.
    pub fn of_space(&self) -> memory::space::Limits {
        let limits = self.0.lock();
        memory::space::Limits { address_space: limits[0].current, data: limits[1].current }
    }

    /// Gives the limits to the host, right before execve: the next program inherits them, but what the translator, if that
    /// is the program, is told ([`GuestLimits::hand_over`]). Returns what to [`GuestLimits::restore_host`] if that fails.
    pub fn apply_to_host(&self, are_told: bool) -> HostLimits {
        let limits = *self.0.lock();
        let mut old = [None; 3];
        let told = if are_told { 2 } else { 0 };
        for ((resource, limit), old) in RESOURCES.into_iter().zip(limits).zip(&mut old).skip(told) {
            let mut before = Rlimit::default();
            let args = [0, resource.into(), sys::address(&limit), sys::address_mut(&mut before), 0, 0];
            *old = sys::host(libc::SYS_prlimit64, args).ok().map(|_| before);
        }
        HostLimits(old)
    }

    /// Takes [`GuestLimits::apply_to_host`] back, as far as the host allows.
    pub fn restore_host(&self, old: HostLimits) {
        for (resource, limit) in RESOURCES.into_iter().zip(old.0) {
            if let Some(limit) = limit {
                // A hard limit that was lowered stays so without privilege; the translator then lives with it.
                let _ = sys::host(libc::SYS_prlimit64, [0, resource.into(), sys::address(&limit), 0, 0, 0]);
            }
        }
    }
}

/// The host's limits before [`GuestLimits::apply_to_host`].
pub struct HostLimits([Option<Rlimit>; 3]);
