//! mmap, munmap and mprotect.

use super::host::{self, Source};
use super::{AddressSpace, Backing, Changed, Inner, Name, ObjectId, Prot, Region, RegionFlags, checked_range, place};
use crate::{Errno, GuestAddr, PAGE_SIZE, Range};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The arguments of mmap(2).
#[derive(Clone, Copy, Debug)]
pub struct MapRequest {
    /// Place or hint.
    pub addr: GuestAddr,
    /// Bytes.
    pub len: u64,
    /// PROT_* bits.
    pub prot: Prot,
    /// MAP_* bits in the asm-generic numbers.
    pub flags: i32,
    /// Descriptor.
    pub fd: i32,
    /// Offset in the file.
    pub offset: u64,
}

impl MapRequest {
    /// Private zero pages at a fixed place that must be free.
    pub fn anonymous(addr: GuestAddr, len: u64, prot: Prot) -> MapRequest {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
        MapRequest { addr, len, prot, flags, fd: -1, offset: 0 }
    }
}

/// MAP_32BIT and MAP_ABOVE4G are x86's alone: no flag has these bits on the guests, whose kernels ignore them.
const X86_ONLY: i32 = 0x40 | 0x80;
/// Bits that say where; the rest goes to the host as it is.
const PLACEMENT: i32 = libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE;
/// Sizes from which a mapping is aligned so that the host can use huge pages for it.
const HUGE: u64 = 2 << 20;

impl AddressSpace {
    /// mmap(2). Returns the address and what code the new mapping replaced.
    pub fn mmap(&self, request: MapRequest) -> Result<(GuestAddr, Changed), Errno> {
        if !request.offset.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let inner = &mut *self.inner.lock();
        let flags = request.flags & !(PLACEMENT | X86_ONLY);
        let source = inner.locked(Source { flags, fd: request.fd, offset: request.offset });
        // The descriptor before the length, as the kernel has it.
        let mut region = inner.describe(&request)?;
        if request.len == 0 {
            return Err(Errno::EINVAL);
        }
        let len = GuestAddr(request.len).align_up(PAGE_SIZE).ok_or(Errno::ENOMEM)?.0;
        // The limits count its length, wherever it goes.
        region.range = Range::new(0, len);
        if request.flags & PLACEMENT == 0 {
            inner.check_limits(len, region.data_bytes())?;
            region.range.start = inner.map_anywhere(request.addr, len, region.prot, source)?;
            region.range.end = region.range.start.offset(len);
            let mut changed = Changed::default();
            inner.enter(region, &mut changed);
            return Ok((region.range.start, changed));
        }
        let range = checked_range(request.addr, len, Errno::ENOMEM)?;
        if range.end > inner.end {
            return Err(Errno::ENOMEM);
        }
        region.range = range;
        if request.flags & libc::MAP_FIXED_NOREPLACE != 0 {
            if inner.map.overlaps(range) {
                return Err(refused_as_huge(len, source).unwrap_or(Errno::EEXIST));
            }
            inner.check_limits(len, region.data_bytes())?;
            host::map_new(range, region.prot, source)?;
        } else {
            let replaced: u64 = inner.map.pieces(range).map(|piece| piece.range.len()).sum();
            inner.check_limits(len - replaced, region.data_bytes())?;
            inner.map_over(range, |inner_range| host::map_over(inner_range, region.prot, source))?;
        }
        let mut changed = inner.retire(range);
        inner.enter(region, &mut changed);
        Ok((range.start, changed))
    }

    /// munmap(2).
    pub fn munmap(&self, addr: GuestAddr, len: u64) -> Result<Changed, Errno> {
        let range = checked_range(addr, len, Errno::EINVAL)?;
        if range.is_empty() {
            return Err(Errno::EINVAL);
        }
        let inner = &mut *self.inner.lock();
        inner.sync_grown(range);
        let changed = inner.retire(range);
        for run in inner.runs(range) {
            host::unmap(run)?;
            inner.map.remove(run);
        }
        Ok(changed)
    }

    /// mprotect(2). As the kernel does, it goes as far as the first hole; what changed until then is reported beside
    /// the error.
    pub fn mprotect(&self, addr: GuestAddr, len: u64, prot: Prot, grows_down: bool) -> (Result<(), Errno>, Changed) {
        let mut changed = Changed::default();
        let result = checked_range(addr, len, Errno::ENOMEM)
            .and_then(|range| self.inner.lock().protect(range, prot, grows_down, &mut changed));
        (result, changed)
    }
}

impl Inner {
    /// Enters a mapping that was just made.
    fn enter(&mut self, region: Region, changed: &mut Changed) {
        self.map.insert(region);
        self.report_writer(&region, changed);
        self.lock_on_fault(region.range);
    }

    fn protect(&mut self, mut range: Range, prot: Prot, grows_down: bool, changed: &mut Changed) -> Result<(), Errno> {
        if range.is_empty() {
            return Ok(());
        }
        self.sync_grown(range);
        if grows_down {
            // PROT_GROWSDOWN reaches down to the start of a stack, which is mapped whole here.
            let stack = self.map.at(range.start).filter(|region| region.name == Name::Stack || region.grows_down());
            range.start = stack.ok_or(Errno::EINVAL)?.range.start;
        }
        let mut at = range.start;
        for piece in self.map.pieces(range).collect::<Vec<_>>() {
            if piece.range.start != at {
                break;
            }
            let prot = self.allowed(piece.prot, prot, piece.flags)?;
            self.check_data(prot, &piece)?;
            // Also where the host's protection stays the same: a sealed mapping must refuse (mseal(2)).
            host::protect(piece.range, prot)?;
            self.forget_watched(piece.range, changed);
            if piece.prot.contains(Prot::EXEC) && piece.prot != prot {
                changed.push(piece.range);
            }
            let is_copy = piece.is_private_file() && prot.contains(Prot::WRITE);
            self.map.update(piece.range, |region| {
                region.prot = prot;
                region.flags.set(RegionFlags::WRITABLE, is_copy || region.flags.contains(RegionFlags::WRITABLE));
            });
            if !piece.is_writer() {
                self.report_writer(&Region { prot, ..piece }, changed);
            }
            at = piece.range.end;
        }
        if at == range.end { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    /// The region that a request asks for, its place still open.
    fn describe(&mut self, request: &MapRequest) -> Result<Region, Errno> {
        let mut flags = RegionFlags::empty();
        // MAP_SHARED_VALIDATE has the bit too, MAP_DROPPABLE has not.
        let shared = request.flags & libc::MAP_SHARED != 0;
        let backing = if request.flags & libc::MAP_ANONYMOUS == 0 {
            let (dev, ino, stamp) = host::identity(request.fd)?;
            self.stamps.insert((dev, ino), stamp);
            flags.set(RegionFlags::OPEN_TO_WRITE, host::is_open_to_write(request.fd));
            flags.set(RegionFlags::NO_EXEC, host::is_noexec(request.fd));
            Backing::Object { id: ObjectId::File { dev, ino }, offset: request.offset }
        } else if shared {
            self.next_object += 1;
            Backing::Object { id: ObjectId::Anonymous(self.next_object), offset: 0 }
        } else {
            Backing::Zero
        };
        flags.set(RegionFlags::SHARED, shared);
        let is_file = matches!(backing, Backing::Object { .. });
        flags.set(RegionFlags::WRITABLE, is_file && !shared && request.prot.contains(Prot::WRITE));
        flags.set(RegionFlags::GROWS_DOWN, request.flags & libc::MAP_GROWSDOWN != 0);
        if flags.contains(RegionFlags::NO_EXEC) && request.prot.contains(Prot::EXEC) {
            return Err(Errno::EPERM);
        }
        // One that is new has what it is to have already.
        let prot = self.allowed(Prot::EXEC, request.prot, flags)?;
        Ok(Region { range: Range::new(0, 0), prot, flags, backing, name: Name::None })
    }

    /// Maps at the hint if that is free, else where the search finds room, else where the host kernel likes, but for what
    /// the translator may need.
    pub(super) fn map_anywhere(
        &mut self,
        hint: GuestAddr,
        len: u64,
        prot: Prot,
        source: Source,
    ) -> Result<GuestAddr, Errno> {
        let huge_page = 1u64.checked_shl(source.flags as u32 >> libc::MAP_HUGE_SHIFT & 63).unwrap_or(1);
        let align = match source.flags & libc::MAP_HUGETLB {
            0 if len >= HUGE && source.flags & libc::MAP_ANONYMOUS != 0 => HUGE,
            0 => PAGE_SIZE,
            _ => {
                if huge_page > 1 {
                    huge_page
                } else {
                    HUGE
                }
            }
        };
        let hinted = Range::sized(hint.page(), len).filter(|range| !hint.is_null() && range.end <= self.end);
        if let Some(range) = hinted.filter(|&range| !self.map.overlaps(range)) {
            match host::map_new(range, prot, source) {
                Ok(()) => return Ok(range.start),
                // Taken by the host, or below vm.mmap_min_addr.
                Err(Errno::EEXIST | Errno::EPERM) => {}
                Err(error) => return Err(error),
            }
        }
        let mut top = self.mmap_base;
        for _ in 0..64 {
            let Some(start) = self.map.gap_below(top, len, align) else { break };
            match host::map_new(Range { start, end: start.offset(len) }, prot, source) {
                Ok(()) => return Ok(start),
                // The host has something there.
                Err(Errno::EEXIST) => top = start.align_down(1 << 24),
                // Some files choose the place themselves and refuse any other (io_uring_get_unmapped_area).
                Err(Errno::EINVAL) => return map_where_the_host_likes(len, prot, source),
                Err(error) => return Err(error),
            }
        }
        match self.end.0 < place::USER_END {
            true => Err(Errno::ENOMEM),
            false => map_where_the_host_likes(len, prot, source),
        }
    }

    /// Runs `call`, which replaces all of `range`, after claiming the parts that the guest does not own; gives them
    /// back if it fails. A part that the host holds makes it ENOMEM, as an address outside user space would.
    pub(super) fn map_over(
        &mut self,
        range: Range,
        call: impl FnOnce(Range) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.sync_grown(range);
        let holes = self.map.holes(range);
        for (done, &hole) in holes.iter().enumerate() {
            if let Err(error) = host::map_new(hole, Prot::empty(), Source::NOTHING) {
                give_back(&holes[..done]);
                return Err(if error == Errno::EEXIST { Errno::ENOMEM } else { error });
            }
        }
        call(range).inspect_err(|_| give_back(&holes))
    }

    /// The stretches of `range` that the guest has mapped, each as long as possible.
    pub(super) fn runs(&self, range: Range) -> Vec<Range> {
        let mut runs: Vec<Range> = Vec::new();
        for piece in self.map.pieces(range) {
            match runs.last_mut() {
                Some(last) if last.end == piece.range.start => last.end = piece.range.end,
                _ => runs.push(piece.range),
            }
        }
        runs
    }

    /// The executable parts of `range`.
    pub(super) fn code_in(&self, range: Range) -> Changed {
        let mut changed = Changed::default();
        for piece in self.map.pieces(range).filter(|piece| piece.prot.contains(Prot::EXEC)) {
            changed.push(piece.range);
        }
        changed
    }

    /// The executable parts of `range`, and what was watched there: the mapping goes.
    pub(super) fn retire(&mut self, range: Range) -> Changed {
        let mut changed = self.code_in(range);
        self.forget_watched(range, &mut changed);
        changed
    }

    pub(super) fn check_limits(&self, more: u64, more_data: u64) -> Result<(), Errno> {
        let fits = |used: u64, more: u64, limit: u64| used.checked_add(more).is_some_and(|sum| sum <= limit);
        let fits = fits(self.map.total(), more, self.limits.address_space)
            && (more_data == 0 || fits(self.map.data(), more_data, self.limits.data));
        if fits && self.has_mappings_left(1) { Ok(()) } else { Err(Errno::ENOMEM) }
    }

    fn has_mappings_left(&self, count: usize) -> bool {
        let all = self.map.regions() + FOR_THREADS.load(Ordering::Relaxed);
        all + count <= most_mappings(all)
    }

    /// Whether giving `piece` the protection keeps the guest within RLIMIT_DATA.
    fn check_data(&self, prot: Prot, piece: &Region) -> Result<(), Errno> {
        let after = Region { prot, ..*piece }.data_bytes();
        self.check_limits(0, after.saturating_sub(piece.data_bytes()))
    }

    /// Brings the map up to date where the host kernel may have grown a MAP_GROWSDOWN mapping into `range`.
    pub(super) fn sync_grown(&mut self, range: Range) {
        for region in self.map.growing_above(range.start) {
            let floor = self.map.below(region.range.start).next().map_or(0, |below| below.range.end.0);
            let mut start = region.range.start;
            while start.0 > floor && host::is_mapped(GuestAddr(start.0 - PAGE_SIZE)) {
                start.0 -= PAGE_SIZE;
            }
            if start != region.range.start {
                self.map.insert(Region { range: Range { start, end: region.range.end }, ..region });
            }
        }
    }
}

/// Why MAP_HUGETLB can't be had, if so: the kernel says that before it looks at the place (ksys_mmap_pgoff).
fn refused_as_huge(len: u64, source: Source) -> Option<Errno> {
    if source.flags & libc::MAP_HUGETLB == 0 {
        return None;
    }
    match host::map_anywhere(len, Prot::empty(), source) {
        Ok(start) => host::unmap(Range { start, end: start.offset(len) }).err(),
        Err(error) => Some(error),
    }
}

/// Address space that a guest which maps all there is leaves to the translator: threads' stacks and code grow there.
const RESERVE: u64 = 1 << 40;

/// ENOMEM where a mapping of `len` bytes outside the guest's part would leave less than the reserve.
fn leave_reserve(len: u64) -> Result<(), Errno> {
    let both = len.checked_add(RESERVE).ok_or(Errno::ENOMEM)?;
    let start = host::map_anywhere(both, Prot::empty(), Source::NOTHING)?;
    host::unmap(Range { start, end: start.offset(both) })
}

fn map_where_the_host_likes(len: u64, prot: Prot, source: Source) -> Result<GuestAddr, Errno> {
    leave_reserve(len)?;
    host::map_anywhere(len, prot, source)
}

/// Unmaps places that were claimed for a mapping that failed. That can't fail: nothing else is there.
fn give_back(claimed: &[Range]) {
    for &range in claimed {
        let _ = host::unmap(range);
    }
}

impl Region {
    fn is_private_file(&self) -> bool {
        matches!(self.backing, Backing::Object { .. }) && !self.flags.contains(RegionFlags::SHARED)
    }
}

/// From how many mappings on the host's limit is asked for.
const MANY: usize = 1 << 12;
/// How many mappings are kept for the translator: at the kernel's limit not even its heap could grow.
const OWN_MAPPINGS: usize = 1 << 10;

/// The mappings of the translator's for threads of the guest's, which are over those.
static FOR_THREADS: AtomicUsize = AtomicUsize::new(0);

impl AddressSpace {
    /// Notes mappings that a new thread needs beside the guest's; EAGAIN, as clone(2) has it, where there are too few left.
    pub fn take_for_thread(&self, count: usize) -> Result<(), Errno> {
        let inner = self.inner.lock();
        if !inner.has_mappings_left(count) {
            return Err(Errno::EAGAIN);
        }
        FOR_THREADS.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }
}

/// How many mappings there may be (vm.max_map_count), as far as that matters where there are `now`.
fn most_mappings(now: usize) -> usize {
    static MOST: OnceLock<usize> = OnceLock::new();
    if now < MANY {
        return usize::MAX;
    }
    *MOST.get_or_init(|| {
        let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok();
        let limit = limit.and_then(|text| text.trim().parse::<usize>().ok());
        limit.map_or(usize::MAX, |limit| limit.saturating_sub(OWN_MAPPINGS))
    })
}
