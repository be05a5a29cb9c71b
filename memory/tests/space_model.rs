//! Random operations on the address space against a model that keeps each page by itself, and against what the host
//! lets be read and written.

use memory::space::{Limits, MapRequest, RemapRequest, Snapshot};
use memory::{AddressSpace, Changed, Errno, GuestAddr, PAGE_SIZE, Prot, copy};

const PAGES: u64 = 48;

/// mremap(2); what changed counts only beside success here.
fn mremap(
    space: &AddressSpace,
    old: GuestAddr,
    old_len: u64,
    new_len: u64,
    flags: i32,
    new: GuestAddr,
) -> Result<(GuestAddr, Changed), Errno> {
    let (result, changed) = space.mremap(RemapRequest { old, old_len, new_len, flags, new });
    result.map(|addr| (addr, changed))
}

/// A small generator with a fixed seed (xorshift64*), so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// A page of the model: its protection and the number written to it when it was mapped.
type Page = Option<(Prot, u64)>;

struct Pair {
    space: AddressSpace,
    base: GuestAddr,
    model: Vec<Page>,
    random: Random,
    stamp: u64,
}

impl Pair {
    fn addr(&self, page: u64) -> GuestAddr {
        self.base.offset(page * PAGE_SIZE)
    }

    fn pick(&mut self) -> (u64, u64) {
        let start = self.random.below(PAGES);
        (start, 1 + self.random.below((PAGES - start).min(8)))
    }

    fn prot(&mut self) -> Prot {
        Prot::from_bits_truncate(self.random.below(8) as u8)
    }

    fn map(&mut self) {
        let (start, count) = self.pick();
        let prot = self.prot();
        let keep = self.random.below(3) == 0;
        let place = if keep { libc::MAP_FIXED_NOREPLACE } else { libc::MAP_FIXED };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | place;
        let addr = self.addr(start);
        let request =
            MapRequest { addr, len: count * PAGE_SIZE, prot: Prot::READ | Prot::WRITE, flags, fd: -1, offset: 0 };
        let taken = (start..start + count).any(|page| self.model[page as usize].is_some());
        assert_eq!(self.space.mmap(request).is_ok(), !(keep && taken));
        if keep && taken {
            return;
        }
        for page in start..start + count {
            self.stamp += 1;
            copy::write(self.addr(page), self.stamp).expect("just mapped");
            self.model[page as usize] = Some((prot, self.stamp));
        }
        self.space.mprotect(addr, count * PAGE_SIZE, prot, false).0.expect("just mapped");
    }

    fn unmap(&mut self) {
        let (start, count) = self.pick();
        let changed = self.space.munmap(self.addr(start), count * PAGE_SIZE).expect("unmaps");
        for page in start..start + count {
            let code = self.model[page as usize].is_some_and(|(prot, _)| prot.contains(Prot::EXEC));
            assert_eq!(code, changed.ranges.iter().any(|range| range.contains(self.addr(page))));
            self.model[page as usize] = None;
        }
    }

    fn protect(&mut self) {
        let (start, count) = self.pick();
        let prot = self.prot();
        let (result, _) = self.space.mprotect(self.addr(start), count * PAGE_SIZE, prot, false);
        for page in start..start + count {
            match &mut self.model[page as usize] {
                Some((old, _)) => *old = prot,
                None => return assert!(result.is_err()),
            }
        }
        assert!(result.is_ok());
    }

    /// Moves pages within the range. The host moves one mapping of its own at a time: pages of one protection.
    fn remap(&mut self) {
        let ((from, count), to) = (self.pick(), self.random.below(PAGES));
        if to + count > PAGES || from.abs_diff(to) < count {
            return;
        }
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        let size = count * PAGE_SIZE;
        let result = mremap(&self.space, self.addr(from), size, size, flags, self.addr(to));
        let whole = (from..from + count).all(|page| self.model[page as usize].is_some());
        assert!(whole || result.is_err());
        if result.is_ok() {
            for page in 0..count {
                self.model[(to + page) as usize] = self.model[(from + page) as usize].take();
            }
        }
    }

    fn check(&self) {
        for (index, page) in self.model.iter().enumerate() {
            let addr = self.addr(index as u64);
            let found = self.space.mapping_at(addr);
            assert_eq!(found.map(|region| region.prot), page.map(|(prot, _)| prot), "page {index}");
            let readable = page.filter(|(prot, _)| !prot.is_empty()).map(|(_, stamp)| stamp);
            assert_eq!(copy::read::<u64>(addr).ok(), readable, "page {index}");
        }
        let mapped = self.model.iter().flatten().count() as u64;
        assert_eq!(self.space.mapped_bytes(), mapped * PAGE_SIZE);
        for pair in self.space.regions().windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start && !pair[0].continues_into(&pair[1]), "{pair:?}");
        }
        // What another process would read, by the words.
        let read = |addr: u64, words: &mut [u64]| {
            let all = words.iter_mut().zip((addr..).step_by(size_of::<u64>()));
            all.map(|(word, at)| copy::read(GuestAddr(at)).map(|value| *word = value).ok()).collect()
        };
        let snapshot = Snapshot::copy(self.space.head() as u64, read).expect("stands still");
        let host = std::fs::read_to_string("/proc/self/maps").expect("maps");
        assert_eq!(snapshot.render_maps(&host), self.space.render_maps(&host));
    }
}

#[test]
fn random_operations_agree_with_the_model() {
    memory::fault::install_for_tests();
    let space = AddressSpace::new(true, Limits::NONE);
    let base = space.find_place(PAGES * PAGE_SIZE, PAGE_SIZE).expect("room");
    let model = vec![None; PAGES as usize];
    let mut pair = Pair { space, base, model, random: Random(0x1234_5678_9abc_def1), stamp: 0 };
    for _ in 0..4000 {
        match pair.random.below(8) {
            0..=2 => pair.map(),
            3 => pair.unmap(),
            4 | 5 => pair.protect(),
            _ => pair.remap(),
        }
        pair.check();
    }
}
