//! System V shared memory: shmat and shmdt.

use super::host;
use super::{AddressSpace, Backing, Changed, Inner, Name, ObjectId, Prot, Region, RegionFlags};
use crate::{Errno, GuestAddr, PAGE_SIZE, Range};

impl AddressSpace {
    /// shmat(2).
    pub fn shmat(&self, id: u64, addr: GuestAddr, flags: i32) -> Result<(GuestAddr, Changed), Errno> {
        let len = GuestAddr(host::shm_size(id)?).align_up(PAGE_SIZE).ok_or(Errno::ENOMEM)?.0;
        let mut prot = if flags & libc::SHM_RDONLY != 0 { Prot::READ } else { Prot::READ | Prot::WRITE };
        prot.set(Prot::EXEC, flags & libc::SHM_EXEC != 0);
        let host_flags = flags & !(libc::SHM_EXEC | libc::SHM_RND | libc::SHM_REMAP);
        let inner = &mut *self.inner.lock();
        inner.check_limits(len, 0)?;
        let prot = inner.allowed(Prot::EXEC, prot, RegionFlags::SHARED)?;
        let mut changed = Changed::default();
        let range = if addr.is_null() {
            if flags & libc::SHM_REMAP != 0 {
                return Err(Errno::EINVAL);
            }
            inner.attach_anywhere(id, len, host_flags)?
        } else {
            let start = if flags & libc::SHM_RND != 0 { addr.page() } else { addr };
            let range = super::checked_range(start, len, Errno::EINVAL)?;
            if range.end > inner.end {
                return Err(Errno::ENOMEM);
            }
            if flags & libc::SHM_REMAP != 0 {
                let remap = host_flags | libc::SHM_REMAP;
                inner.map_over(range, |range| host::shm_attach(id, range.start, remap).map(|_| ()))?;
                changed = inner.retire(range);
            } else if inner.map.overlaps(range) {
                return Err(Errno::EINVAL);
            } else {
                // Without SHM_REMAP the kernel refuses a place where anything is mapped.
                host::shm_attach(id, range.start, host_flags)?;
            }
            range
        };
        let backing = Backing::Object { id: ObjectId::Shm(id), offset: 0 };
        let region = Region { range, prot, flags: RegionFlags::SHARED, backing, name: Name::None };
        inner.map.insert(region);
        inner.report_writer(&region, &mut changed);
        Ok((range.start, changed))
    }

    /// shmdt(2).
    pub fn shmdt(&self, addr: GuestAddr) -> Result<Changed, Errno> {
        let inner = &mut *self.inner.lock();
        let attached = |region: &Region| match region.backing {
            Backing::Object { id: ObjectId::Shm(id), offset } if region.range.start.since(addr) == offset => Some(id),
            _ => None,
        };
        let id = inner.map.at(addr).and_then(attached).ok_or(Errno::EINVAL)?;
        let parts: Vec<Range> =
            inner.map.iter().filter(|region| attached(region) == Some(id)).map(|region| region.range).collect();
        host::shm_detach(addr)?;
        let mut changed = Changed::default();
        for part in parts {
            changed.ranges.extend(inner.retire(part).ranges);
            inner.map.remove(part);
        }
        Ok(changed)
    }
}

/// What segments are made of: pages, or huge ones (SHM_HUGETLB).
const PAGES: [u64; 3] = [PAGE_SIZE, 2 << 20, 1 << 30];

impl Inner {
    /// Attaches a segment where there is room. What pages it is made of nothing tells but that places are refused.
    fn attach_anywhere(&self, id: u64, len: u64, flags: i32) -> Result<Range, Errno> {
        for page in PAGES {
            let len = GuestAddr(len).align_up(page).ok_or(Errno::ENOMEM)?.0;
            let start = self.map.gap_below(self.mmap_base, len, page).ok_or(Errno::ENOMEM)?;
            match host::shm_attach(id, start, flags) {
                Err(Errno::EINVAL) => {}
                attached => return attached.map(|_| Range { start, end: start.offset(len) }),
            }
        }
        Err(Errno::EINVAL)
    }
}
