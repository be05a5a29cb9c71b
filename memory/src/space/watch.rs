//! Writes to code that was translated, seen by taking the host's write permission from its pages.
//!
//! A page is *watched* while the guest may write to it but the host refuses. The page that code is fetched from is
//! watched, and so is each page that shows the same bytes of the same object for writing. Whoever writes to a watched
//! page drops the translations that [`AddressSpace::watched`] names, and then has the page opened. Whatever else takes
//! the host's refusal away (mprotect, a new mapping) reports those translations as [`Changed`].

use std::sync::atomic::Ordering;

use super::{AddressSpace, Backing, Changed, Inner, ObjectId, Prot, Region, RegionFlags, host};
use crate::{GuestAddr, PAGE_SIZE, Range};

fn pages(range: Range) -> impl Iterator<Item = Range> {
    let pages = (range.start.page().0..range.end.0).step_by(PAGE_SIZE as usize);
    pages.map(|start| Range::new(start, start + PAGE_SIZE))
}

impl AddressSpace {
    /// Has writes to the code in `range` fault. True if that was not so before: the code may have been written to
    /// since it was read.
    pub fn watch(&self, range: Range) -> bool {
        let inner = &mut *self.inner.lock();
        let mut new = false;
        for page in pages(range) {
            new |= inner.watch_page(page);
        }
        if new || inner.map.has_writable_code() {
            self.watching.store(true, Ordering::SeqCst);
        }
        new
    }

    /// Whether a page was ever watched, or code was met that can change by writing to a file.
    pub fn is_watching(&self) -> bool {
        self.watching.load(Ordering::Relaxed)
    }

    /// What code a write to the watched pages of `range` would change, by every address at which it can be fetched.
    pub fn watched(&self, range: Range) -> Changed {
        let inner = self.inner.lock();
        let mut changed = Changed::default();
        let from = range.start.page();
        inner.watched.range(from..range.end.max(from)).for_each(|&page| inner.report(page, &mut changed));
        changed
    }

    /// Lets the guest write to the watched pages of `range`, whose translations were dropped. True if there were any.
    pub fn open(&self, range: Range) -> bool {
        let inner = &mut *self.inner.lock();
        let watched = inner.take_watched(range);
        watched.iter().for_each(|&page| inner.unprotect(page));
        !watched.is_empty()
    }

    /// The executable mappings of the file behind a descriptor that is written to.
    pub fn code_of_file(&self, fd: i32) -> Changed {
        let inner = self.inner.lock();
        let mut changed = Changed::default();
        if !inner.map.has_writable_code() {
            return changed;
        }
        let Ok((dev, ino, _)) = host::identity(fd) else { return changed };
        let id = ObjectId::File { dev, ino };
        if inner.map.views(id).code != 0 {
            let views = inner.map.iter().filter(|view| view.prot.contains(Prot::EXEC) && view.shows(id));
            views.for_each(|view| changed.push(view.range));
        }
        changed
    }

    /// The addresses at which the bytes of `range` can be fetched, but for itself: other executable mappings of what
    /// is mapped shared there.
    pub fn code_views(&self, range: Range) -> Vec<Range> {
        self.inner.lock().code_views(range)
    }
}

impl Inner {
    fn watch_page(&mut self, page: Range) -> bool {
        let Some(region) = self.map.at(page.start).copied() else { return false };
        let mut new = region.prot.contains(Prot::WRITE) && self.protect_page(page.start, region.prot);
        if let Backing::Object { id, .. } = region.backing
            && self.map.views(id).writers != 0
        {
            let at = region.backing_at(page.start);
            let views: Vec<(GuestAddr, Prot)> =
                self.map.iter().filter(|view| view.is_writer()).filter_map(|view| view.showing(at)).collect();
            for (view, prot) in views {
                new |= self.protect_page(view, prot);
            }
        }
        new
    }

    fn protect_page(&mut self, page: GuestAddr, prot: Prot) -> bool {
        if self.watched.contains(&page) {
            return false;
        }
        // It is refused for a sealed mapping, and where there are as many mappings as the host allows.
        let range = Range { start: page, end: page.offset(PAGE_SIZE) };
        host::protect(range, prot - Prot::WRITE).is_ok() && self.watched.insert(page)
    }

    fn unprotect(&self, page: GuestAddr) {
        let Some(region) = self.map.at(page) else { return };
        let range = Range { start: page, end: page.offset(PAGE_SIZE) };
        // What the host allowed before it allows again; if not, the guest's write faults as if it were forbidden.
        let _ = host::protect(range, region.prot);
    }

    fn take_watched(&mut self, range: Range) -> Vec<GuestAddr> {
        let from = range.start.page();
        let watched: Vec<GuestAddr> = self.watched.range(from..range.end.max(from)).copied().collect();
        watched.iter().for_each(|page| {
            self.watched.remove(page);
        });
        watched
    }

    /// The host's refusal is gone, or will be: reports the translations that can no longer be relied on.
    pub(super) fn forget_watched(&mut self, range: Range, changed: &mut Changed) {
        for page in self.take_watched(range) {
            self.report(page, changed);
        }
    }

    /// Takes the refusal back, so that the host sees one mapping where the guest does.
    pub(super) fn restore_watched(&mut self, range: Range, changed: &mut Changed) {
        for page in self.take_watched(range) {
            self.unprotect(page);
            self.report(page, changed);
        }
    }

    /// A mapping came that code may be written through: its translations are to be made again, and watched there too.
    pub(super) fn report_writer(&mut self, region: &Region, changed: &mut Changed) {
        let Backing::Object { id, .. } = region.backing else { return };
        if !region.is_writer() {
            return;
        }
        if let ObjectId::File { dev, ino } = id {
            self.stamps.remove(&(dev, ino));
        }
        if self.map.views(id).code != 0 {
            self.code_views(region.range).into_iter().for_each(|view| changed.push(view));
        }
    }

    fn report(&self, page: GuestAddr, changed: &mut Changed) {
        let range = Range { start: page, end: page.offset(PAGE_SIZE) };
        changed.push(range);
        self.code_views(range).into_iter().for_each(|view| changed.push(view));
    }

    fn code_views(&self, range: Range) -> Vec<Range> {
        let mut views = Vec::new();
        for piece in self.map.pieces(range).filter(|piece| piece.flags.contains(RegionFlags::SHARED)) {
            let Backing::Object { id, offset } = piece.backing else { continue };
            if self.map.views(id).code == 0 {
                continue;
            }
            for view in self.map.iter().filter(|view| view.prot.contains(Prot::EXEC)) {
                if let Backing::Object { id: other, offset: view_offset } = view.backing
                    && other == id
                    && !view.range.contains(piece.range.start)
                {
                    // The addresses in the view at which the piece's bytes appear.
                    let first = view.range.start.0.wrapping_add(offset).wrapping_sub(view_offset);
                    let last = first.wrapping_add(piece.range.len());
                    views.extend(Range::new(first, last.max(first)).intersect(view.range));
                }
            }
        }
        views
    }
}

impl Region {
    /// Whether what is written here shows in other mappings of the object.
    pub(super) fn is_writer(&self) -> bool {
        self.flags.contains(RegionFlags::SHARED) && self.prot.contains(Prot::WRITE)
    }

    fn shows(&self, object: ObjectId) -> bool {
        matches!(self.backing, Backing::Object { id, .. } if id == object)
    }

    /// The page of this region that shows the object's page `at`, and the region's protection.
    fn showing(&self, at: Backing) -> Option<(GuestAddr, Prot)> {
        let (Backing::Object { id, offset }, Backing::Object { id: own, offset: start }) = (at, self.backing) else {
            return None;
        };
        let distance = offset.checked_sub(start).filter(|&distance| id == own && distance < self.range.len())?;
        Some((self.range.start.offset(distance), self.prot))
    }
}
