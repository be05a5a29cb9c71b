//! mremap(2).

use super::host;
use super::{AddressSpace, Backing, Changed, Inner, Region, RegionFlags, checked_range};
use crate::{Errno, GuestAddr, PAGE_SIZE, Range};

const MAYMOVE: i32 = libc::MREMAP_MAYMOVE;
const FIXED: i32 = libc::MREMAP_FIXED;
const DONTUNMAP: i32 = libc::MREMAP_DONTUNMAP;

impl AddressSpace {
    /// mremap(2) with all its flags. The host moves the pages; where to is decided here.
    pub fn mremap(
        &self,
        old: GuestAddr,
        old_len: u64,
        new_len: u64,
        flags: i32,
        new: GuestAddr,
    ) -> Result<(GuestAddr, Changed), Errno> {
        let moves_by_force = flags & (FIXED | DONTUNMAP) != 0;
        if flags & !(MAYMOVE | FIXED | DONTUNMAP) != 0 || moves_by_force && flags & MAYMOVE == 0 || new_len == 0 {
            return Err(Errno::EINVAL);
        }
        let old = checked_range(old, old_len, Errno::EINVAL)?;
        let new_len = GuestAddr(new_len).align_up(PAGE_SIZE).ok_or(Errno::EINVAL)?.0;
        if flags & DONTUNMAP != 0 && new_len != old.len() {
            return Err(Errno::EINVAL);
        }
        let inner = &mut *self.inner.lock();
        let region = *inner.map.at(old.start).ok_or(Errno::EFAULT)?;
        if !inner.map.covers(old) {
            return Err(Errno::EFAULT);
        }
        let more = if flags & DONTUNMAP != 0 { new_len } else { new_len.saturating_sub(old.len()) };
        let more_data = if region.data_bytes() != 0 { more } else { 0 };
        inner.check_limits(more, more_data)?;
        if flags & FIXED != 0 {
            return inner.move_to(old, new_len, flags, checked_range(new, new_len, Errno::EINVAL)?);
        }
        if !moves_by_force && !old.is_empty() {
            match inner.resize(old, new_len) {
                Err(Errno::ENOMEM) if flags & MAYMOVE != 0 => {}
                settled => return settled,
            }
        }
        if flags & MAYMOVE == 0 {
            return Err(if old.is_empty() { Errno::EINVAL } else { Errno::ENOMEM });
        }
        let start = inner.gaps.find(&inner.map, new_len, PAGE_SIZE).ok_or(Errno::ENOMEM)?;
        inner.move_to(old, new_len, flags | FIXED, Range { start, end: start.offset(new_len) })
    }
}

impl AddressSpace {
    /// remap_file_pages(2): other pages of the file behind a shared mapping.
    pub fn remap_file_pages(&self, addr: GuestAddr, len: u64, page: u64, flags: u64) -> Result<Changed, Errno> {
        let range = checked_range(addr.page(), len & !(PAGE_SIZE - 1), Errno::EINVAL)?;
        let inner = &mut *self.inner.lock();
        let region = *inner.map.at(range.start).ok_or(Errno::EINVAL)?;
        let Backing::Object { id, .. } = region.backing else { return Err(Errno::EINVAL) };
        if range.is_empty() || range.end > region.range.end || !region.flags.contains(RegionFlags::SHARED) {
            return Err(Errno::EINVAL);
        }
        let offset = page.checked_mul(PAGE_SIZE).ok_or(Errno::EINVAL)?;
        host::remap_file_pages(range, page, flags)?;
        let changed = inner.code_in(range);
        inner.map.insert(Region { range, backing: Backing::Object { id, offset }, ..region });
        Ok(changed)
    }
}

impl Inner {
    /// Shrinks or grows in place.
    fn resize(&mut self, old: Range, new_len: u64) -> Result<(GuestAddr, Changed), Errno> {
        let end = old.start.offset(new_len);
        if end > old.end {
            let grown = Range { start: old.end, end };
            if self.map.overlaps(grown) || grown.end.0 > super::place::USER_END {
                return Err(Errno::ENOMEM);
            }
            host::remap(old, new_len, 0, GuestAddr::NULL)?;
            let last = self.map.at(GuestAddr(old.end.0 - 1)).copied();
            if let Some(last) = last {
                self.map.insert(Region { range: grown, backing: last.backing_at(grown.start), ..last });
            }
            return Ok((old.start, Changed::default()));
        }
        host::remap(old, new_len, 0, GuestAddr::NULL)?;
        let cut = Range { start: end, end: old.end };
        let changed = self.code_in(cut);
        self.map.remove(cut);
        self.gaps.freed(cut);
        Ok((old.start, changed))
    }

    /// Moves to `target`, over whatever the guest has there.
    fn move_to(&mut self, old: Range, new_len: u64, flags: i32, target: Range) -> Result<(GuestAddr, Changed), Errno> {
        if target.overlaps(old) {
            return Err(Errno::EINVAL);
        }
        let pieces: Vec<Region> = self.map.pieces(old).collect();
        let first = *self.map.at(old.start).ok_or(Errno::EFAULT)?;
        let moved = self.map_over(target, |target| host::remap(old, new_len, flags, target.start).map(|_| ()));
        if let Err(error) = moved {
            // The kernel may have unmapped the target before it found the fault (mremap_to in mm/mremap.c).
            self.forget_unmapped(target);
            return Err(error);
        }
        let mut changed = self.code_in(target);
        self.map.remove(target);
        if !old.is_empty() {
            changed.ranges.extend(self.code_in(old).ranges);
            if flags & DONTUNMAP == 0 {
                self.map.remove(old);
                self.gaps.freed(old);
            } else {
                // What stays behind is empty: anonymous pages, or the file's as never touched.
                self.map.update(old, |region| region.flags.remove(RegionFlags::DONT_FORK));
            }
        }
        self.place_moved(&pieces, first, old, target);
        Ok((target.start, changed))
    }

    /// Drops the pages of `range` that the host no longer has.
    fn forget_unmapped(&mut self, range: Range) {
        for page in (range.start.0..range.end.0).step_by(PAGE_SIZE as usize).map(GuestAddr) {
            if !host::is_mapped(page) {
                self.map.remove(Range { start: page, end: page.offset(PAGE_SIZE) });
            }
        }
    }

    /// Enters the moved pieces at their new place; the last one is cut or stretched to the new length.
    fn place_moved(&mut self, pieces: &[Region], first: Region, old: Range, target: Range) {
        if pieces.is_empty() {
            // old_size 0: a second view of a shared mapping.
            self.map.insert(Region { range: target, backing: first.backing_at(old.start), ..first });
            return;
        }
        for (index, piece) in pieces.iter().enumerate() {
            let start = target.start.offset(piece.range.start.since(old.start));
            let last = index + 1 == pieces.len();
            let end = if last { target.end } else { start.offset(piece.range.len()).min(target.end) };
            let range = Range { start, end };
            if !range.is_empty() {
                self.map.insert(Region { range, ..*piece });
            }
        }
    }
}
