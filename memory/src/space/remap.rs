//! mremap(2).

use super::host::{self, Source};
use super::{AddressSpace, Backing, Changed, Inner, Region, RegionFlags, checked_range};
use crate::{Errno, GuestAddr, PAGE_SIZE, Prot, Range};

const MAYMOVE: i32 = libc::MREMAP_MAYMOVE;
const FIXED: i32 = libc::MREMAP_FIXED;
const DONTUNMAP: i32 = libc::MREMAP_DONTUNMAP;

/// The arguments of mremap(2).
#[derive(Clone, Copy, Debug)]
pub struct RemapRequest {
    /// Where the mapping is.
    pub old: GuestAddr,
    /// Its bytes; 0 asks for a second view of a shared one.
    pub old_len: u64,
    /// Bytes that it is to have.
    pub new_len: u64,
    /// MREMAP_* bits.
    pub flags: i32,
    /// Where it is to go: with MREMAP_FIXED nowhere else, with MREMAP_DONTUNMAP if there is room.
    pub new: GuestAddr,
}

impl AddressSpace {
    /// mremap(2) with all its flags. The host moves the pages; where to is decided here. What changed counts also
    /// beside an error.
    pub fn mremap(&self, request: RemapRequest) -> (Result<GuestAddr, Errno>, Changed) {
        let mut changed = Changed::default();
        let result = self.inner.lock().remap(request, &mut changed);
        (result, changed)
    }
}

impl Inner {
    fn remap(&mut self, request: RemapRequest, changed: &mut Changed) -> Result<GuestAddr, Errno> {
        let RemapRequest { old, old_len, new_len, flags, new } = request;
        let moves_by_force = flags & (FIXED | DONTUNMAP) != 0;
        if flags & !(MAYMOVE | FIXED | DONTUNMAP) != 0 || moves_by_force && flags & MAYMOVE == 0 || new_len == 0 {
            return Err(Errno::EINVAL);
        }
        // A length that wraps around counts as none (PAGE_ALIGN in mm/mremap.c).
        let old_len = if GuestAddr(old_len).align_up(PAGE_SIZE).is_some() { old_len } else { 0 };
        let new_len = GuestAddr(new_len).align_up(PAGE_SIZE).ok_or(Errno::EINVAL)?.0;
        // Where to, and how long, before whether anything is there (check_mremap_params).
        let new = if moves_by_force { checked_range(new, new_len, Errno::EINVAL)? } else { Range::new(0, 0) };
        let old = checked_range(old, old_len, Errno::EFAULT)?;
        let resizes = flags & DONTUNMAP != 0 && new_len != old.len();
        let is_beyond = new_len > self.end.0 || new.end > self.end;
        if is_beyond || resizes || new.overlaps(old) {
            return Err(Errno::EINVAL);
        }
        self.check_remap(old, new_len, flags)?;
        // The host moves what is one mapping for it.
        self.restore_watched(old, changed);
        if flags & FIXED != 0 {
            return self.move_to(old, new_len, flags, new, changed);
        }
        if !moves_by_force && !old.is_empty() {
            match self.resize(old, new_len, changed) {
                Err(Errno::ENOMEM) if flags & MAYMOVE != 0 => {}
                settled => return settled,
            }
        }
        if flags & MAYMOVE == 0 {
            return Err(if old.is_empty() { Errno::EINVAL } else { Errno::ENOMEM });
        }
        // Claimed as a new mapping would be: the host may hold what the guest's map shows as free.
        let start = self.map_anywhere(new.start, new_len, Prot::empty(), Source::NOTHING)?;
        let target = Range { start, end: start.offset(new_len) };
        host::unmap(target)?;
        self.move_to(old, new_len, flags | FIXED, target, changed)
    }

    /// Whether all of `old` is mapped, or its beginning where the rest is cut off, and what is to be added is within the
    /// limits.
    fn check_remap(&self, old: Range, new_len: u64, flags: i32) -> Result<(), Errno> {
        let region = *self.map.at(old.start).ok_or(Errno::EFAULT)?;
        let is_cut = flags & (FIXED | DONTUNMAP) == 0 && new_len < old.len();
        if !is_cut && !self.map.covers(old) {
            return Err(Errno::EFAULT);
        }
        let more = if flags & DONTUNMAP != 0 { new_len } else { new_len.saturating_sub(old.len()) };
        let more_data = if region.data_bytes() != 0 { more } else { 0 };
        self.check_limits(more, more_data)
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
        let mut changed = inner.retire(range);
        let region = Region { range, backing: Backing::Object { id, offset }, ..region };
        inner.map.insert(region);
        inner.report_writer(&region, &mut changed);
        Ok(changed)
    }
}

impl Inner {
    /// Shrinks or grows in place.
    fn resize(&mut self, old: Range, new_len: u64, changed: &mut Changed) -> Result<GuestAddr, Errno> {
        let end = old.start.offset(new_len);
        if end > old.end {
            let grown = Range { start: old.end, end };
            if self.map.overlaps(grown) || grown.end > self.end {
                return Err(Errno::ENOMEM);
            }
            host::remap(old, new_len, 0, GuestAddr::NULL)?;
            let last = self.map.at(GuestAddr(old.end.0 - 1)).copied();
            if let Some(last) = last {
                let more = Region { range: grown, backing: last.backing_at(grown.start), ..last };
                self.map.insert(more);
                self.report_writer(&more, changed);
            }
            return Ok(old.start);
        }
        let cut = Range { start: end, end: old.end };
        if self.map.covers(old) {
            host::remap(old, new_len, 0, GuestAddr::NULL)?;
            changed.ranges.extend(self.retire(cut).ranges);
            self.map.remove(cut);
            return Ok(old.start);
        }
        // What stands in the holes is not the guest's.
        for piece in self.map.pieces(cut).map(|piece| piece.range).collect::<Vec<_>>() {
            host::unmap(piece)?;
            changed.ranges.extend(self.retire(piece).ranges);
            self.map.remove(piece);
        }
        Ok(old.start)
    }

    /// Moves to `target`, over whatever the guest has there.
    fn move_to(
        &mut self,
        old: Range,
        new_len: u64,
        flags: i32,
        target: Range,
        changed: &mut Changed,
    ) -> Result<GuestAddr, Errno> {
        let pieces: Vec<Region> = self.map.pieces(old).collect();
        let first = *self.map.at(old.start).ok_or(Errno::EFAULT)?;
        let moved = self.map_over(target, |target| host::remap(old, new_len, flags, target.start).map(|_| ()));
        if let Err(error) = moved {
            // The kernel may have unmapped the target before it found the fault (mremap_to in mm/mremap.c).
            self.forget_unmapped(target, changed);
            return Err(error);
        }
        changed.ranges.extend(self.retire(target).ranges);
        self.map.remove(target);
        if !old.is_empty() {
            changed.ranges.extend(self.retire(old).ranges);
            if flags & DONTUNMAP == 0 {
                self.map.remove(old);
            } else {
                // What stays behind is empty: anonymous pages, or the file's as never touched.
                self.map.update(old, |region| region.flags.remove(RegionFlags::DONT_FORK));
            }
        }
        self.place_moved(&pieces, first, old, target);
        for piece in self.map.pieces(target).collect::<Vec<_>>() {
            self.report_writer(&piece, changed);
        }
        Ok(target.start)
    }

    /// Drops the pages of `range` that the host no longer has.
    fn forget_unmapped(&mut self, range: Range, changed: &mut Changed) {
        let pieces: Vec<Range> = self.map.pieces(range).map(|piece| piece.range).collect();
        for page in
            pieces.iter().flat_map(|piece| (piece.start.0..piece.end.0).step_by(PAGE_SIZE as usize)).map(GuestAddr)
        {
            if !host::is_mapped(page) {
                let page = Range { start: page, end: page.offset(PAGE_SIZE) };
                changed.ranges.extend(self.retire(page).ranges);
                self.map.remove(page);
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
