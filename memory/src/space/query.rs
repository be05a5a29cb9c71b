//! Questions about the map.

use super::{AddressSpace, Backing, FileStamp, Name, ObjectId, Prot, Region};
use crate::{GuestAddr, Range};

impl AddressSpace {
    /// The mapping that holds `addr`.
    pub fn mapping_at(&self, addr: GuestAddr) -> Option<Region> {
        self.inner.lock().map.at(addr).copied()
    }

    /// Whether the guest may execute at `addr`.
    pub fn is_executable(&self, addr: GuestAddr) -> bool {
        self.inner.lock().map.at(addr).is_some_and(|region| region.prot.contains(Prot::EXEC))
    }

    /// How many bytes from `addr` on the guest may fetch as code without a gap; 0 if none. At most `max` or the
    /// region's end past it are looked at.
    pub fn code_bytes(&self, addr: GuestAddr, max: u64) -> u64 {
        let inner = self.inner.lock();
        let mut end = addr;
        while end.since(addr) < max {
            match inner.map.at(end) {
                Some(region) if region.prot.contains(Prot::EXEC) => end = region.range.end,
                _ => break,
            }
        }
        end.since(addr)
    }

    /// The object and offset behind the byte at `addr`, and whether the mapping is shared. For keeping translations
    /// by what they were made from.
    pub fn backing_at(&self, addr: GuestAddr) -> Option<(Backing, bool)> {
        let inner = self.inner.lock();
        let region = inner.map.at(addr)?;
        Some((region.backing_at(addr), region.flags.contains(super::RegionFlags::SHARED)))
    }

    /// All executable mappings of the object, as guest ranges with the object's offset at each start.
    pub fn executable_views(&self, id: super::ObjectId) -> Vec<(Range, u64)> {
        let inner = self.inner.lock();
        let views = inner.map.iter().filter(|region| region.prot.contains(Prot::EXEC));
        views
            .filter_map(|region| match region.backing {
                Backing::Object { id: other, offset } if other == id => Some((region.range, offset)),
                _ => None,
            })
            .collect()
    }

    /// The stamp that a file had when the guest mapped it last; `None` where the guest may have changed it since, or may
    /// while it is mapped, without a trace in the stamp.
    pub fn file_stamp(&self, dev: u64, ino: u64) -> Option<FileStamp> {
        let inner = self.inner.lock();
        let stays = inner.map.views(ObjectId::File { dev, ino }).writers == 0;
        inner.stamps.get(&(dev, ino)).copied().filter(|_| stays)
    }

    /// Whether all of the range is the guest's.
    pub fn is_mapped(&self, range: Range) -> bool {
        self.inner.lock().map.covers(range)
    }

    /// The guest's mappings from the lowest up.
    pub fn regions(&self) -> Vec<Region> {
        self.inner.lock().map.iter().copied().collect()
    }

    /// Bytes mapped by the guest, as RLIMIT_AS counts them.
    pub fn mapped_bytes(&self) -> u64 {
        self.inner.lock().map.total()
    }

    /// Names the guest's mappings within `range`, for /proc/self/maps.
    pub fn set_name(&self, range: Range, name: Name) {
        self.inner.lock().map.update(range, |region| region.name = name);
    }
}
