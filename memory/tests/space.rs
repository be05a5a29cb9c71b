//! The address space against what the host says, case by case.

use memory::space::{Backing, Limits, MapRequest, Name, ObjectId, RemapRequest};
use memory::{AddressSpace, Changed, Errno, GuestAddr, PAGE_SIZE, Prot, Range, copy};

const RW: Prot = Prot::READ.union(Prot::WRITE);
const RX: Prot = Prot::READ.union(Prot::EXEC);
const ANON: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;

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

fn space() -> AddressSpace {
    memory::fault::install_for_tests();
    AddressSpace::new(true, Limits::NONE)
}

fn request(addr: GuestAddr, pages: u64, prot: Prot, flags: i32) -> MapRequest {
    MapRequest { addr, len: pages * PAGE_SIZE, prot, flags, fd: -1, offset: 0 }
}

fn map(space: &AddressSpace, pages: u64, prot: Prot) -> GuestAddr {
    space.mmap(request(GuestAddr::NULL, pages, prot, ANON)).expect("maps").0
}

fn page(base: GuestAddr, index: u64) -> GuestAddr {
    base.offset(index * PAGE_SIZE)
}

#[test]
fn code_is_readable_and_never_executable_on_the_host() {
    let space = space();
    let base = map(&space, 1, Prot::EXEC);
    assert_eq!(copy::read::<u32>(base), Ok(0));
    let maps = std::fs::read_to_string("/proc/self/maps").expect("maps");
    let line = maps.lines().find(|line| line.starts_with(&format!("{:x}-", base.0))).expect("mapped");
    assert!(line.contains(" r--p "), "{line}");
    assert!(space.is_executable(base) && !space.is_executable(page(base, 1)));
    assert_eq!(space.code_bytes(base.offset(16), 1 << 20), PAGE_SIZE - 16);
}

#[test]
fn what_code_changed_is_told() {
    let space = space();
    let base = map(&space, 4, RX);
    let (result, changed) = space.mprotect(page(base, 1), PAGE_SIZE, RW, false);
    assert_eq!((result, changed.ranges), (Ok(()), vec![Range::new(page(base, 1).0, page(base, 2).0)]));
    let (_, changed) = space.mprotect(page(base, 1), PAGE_SIZE, RX, false);
    assert!(changed.is_empty(), "what was not executable has no translations");
    let over = request(base, 1, RW, ANON | libc::MAP_FIXED);
    assert_eq!(space.mmap(over).expect("maps").1.ranges, vec![Range::new(base.0, page(base, 1).0)]);
    let changed = space.munmap(base, 4 * PAGE_SIZE).expect("unmaps");
    assert_eq!(changed.ranges, vec![Range::new(page(base, 1).0, page(base, 4).0)]);
}

#[test]
fn mprotect_stops_at_a_hole_and_tells_what_it_did() {
    let space = space();
    let base = map(&space, 3, RX);
    space.munmap(page(base, 1), PAGE_SIZE).map(drop).expect("unmaps");
    let (result, changed) = space.mprotect(base, 3 * PAGE_SIZE, Prot::READ, false);
    assert_eq!(result, Err(Errno::ENOMEM));
    assert_eq!(changed.ranges, vec![Range::new(base.0, page(base, 1).0)]);
    assert!(space.is_executable(page(base, 2)));
}

#[test]
fn the_translators_memory_is_out_of_reach() {
    let space = space();
    let host = Box::new([7u8; 3 * PAGE_SIZE as usize]);
    let inside = GuestAddr(host.as_ptr() as u64).align_up(PAGE_SIZE).expect("an address");
    let fixed = request(inside, 1, RW, ANON | libc::MAP_FIXED);
    assert_eq!(space.mmap(fixed).map(drop), Err(Errno::ENOMEM));
    let fixed = request(inside, 1, RW, ANON | libc::MAP_FIXED_NOREPLACE);
    assert_eq!(space.mmap(fixed).map(drop), Err(Errno::EEXIST));
    assert!(space.munmap(inside, PAGE_SIZE).expect("nothing to do").is_empty());
    assert_eq!(space.mprotect(inside, PAGE_SIZE, Prot::empty(), false).0, Err(Errno::ENOMEM));
    assert_eq!(space.madvise(inside, PAGE_SIZE, libc::MADV_DONTNEED).0, Err(Errno::ENOMEM));
    let own = map(&space, 1, RW);
    let onto = mremap(&space, own, PAGE_SIZE, PAGE_SIZE, libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED, inside);
    assert_eq!(onto.map(drop), Err(Errno::ENOMEM));
    assert!(host.iter().all(|&byte| byte == 7));
}

#[test]
fn a_fixed_mapping_may_cover_own_mappings_and_holes() {
    let space = space();
    let base = space.find_place(8 * PAGE_SIZE, PAGE_SIZE).expect("room");
    for index in [1, 4] {
        let one = request(page(base, index), 1, RW, ANON | libc::MAP_FIXED_NOREPLACE);
        space.mmap(one).map(drop).expect("maps");
        copy::write(page(base, index), 9u64).expect("writable");
    }
    space.mmap(request(base, 8, RW, ANON | libc::MAP_FIXED)).map(drop).expect("maps");
    for index in 0..8 {
        assert_eq!(copy::read::<u64>(page(base, index)), Ok(0));
    }
    assert_eq!(space.regions().len(), 1);
    // A mapping that fails gives the claimed holes back.
    let beyond = page(base, 8);
    let bad = MapRequest { fd: 9999, ..request(beyond, 2, RW, libc::MAP_PRIVATE | libc::MAP_FIXED) };
    assert_eq!(space.mmap(bad).map(drop), Err(Errno::EBADF));
    assert!(copy::read::<u8>(beyond).is_err());
}

#[test]
fn hints_are_kept_where_free() {
    let space = space();
    let hint = space.find_place(64 * PAGE_SIZE, PAGE_SIZE).expect("room");
    assert_eq!(space.mmap(request(page(hint, 3), 2, RW, ANON)).expect("maps").0, page(hint, 3));
    assert_ne!(space.mmap(request(page(hint, 4), 2, RW, ANON)).expect("maps").0, page(hint, 4));
    let too_high = space.mmap(request(GuestAddr(1 << 50), 1, RW, ANON)).expect("maps").0;
    assert!(too_high.0 < 1 << 47);
    let wrong = request(GuestAddr(1 << 50), 1, RW, ANON | libc::MAP_FIXED);
    assert_eq!(space.mmap(wrong).map(drop), Err(Errno::ENOMEM));
}

#[test]
fn brk_moves_the_heap() {
    let space = space();
    let place = space.find_place(1 << 24, PAGE_SIZE).expect("room");
    space.set_brk_start(place);
    let start = space.brk(GuestAddr::NULL).0;
    assert!(start >= place);
    assert_eq!(space.brk(start.offset(10_000)).0, start.offset(10_000));
    copy::write(start.offset(9_999), 1u8).expect("writable");
    assert_eq!(space.brk(start.offset(5_000)).0, start.offset(5_000));
    assert!(copy::read::<u8>(start.offset(9_999)).is_err());
    assert_eq!(space.mapping_at(start).map(|region| region.name), Some(Name::Heap));
    // Something in the way: the heap stays as it is.
    space.mmap(request(page(start, 4), 1, RW, ANON | libc::MAP_FIXED)).map(drop).expect("maps");
    assert_eq!(space.brk(page(start, 8)).0, start.offset(5_000));
    assert_eq!(space.brk(page(start, 4)).0, page(start, 4));
}

#[test]
fn limits_count_the_guests_mappings_alone() {
    let space = AddressSpace::new(false, Limits { address_space: 16 * PAGE_SIZE, data: 4 * PAGE_SIZE });
    let base = map(&space, 4, RW);
    assert_eq!(space.mmap(request(GuestAddr::NULL, 1, RW, ANON)).map(drop), Err(Errno::ENOMEM));
    let readable = map(&space, 12, Prot::READ);
    assert_eq!(space.mmap(request(GuestAddr::NULL, 1, Prot::READ, ANON)).map(drop), Err(Errno::ENOMEM));
    assert_eq!(space.mprotect(readable, PAGE_SIZE, RW, false).0, Err(Errno::ENOMEM));
    // Replacing costs nothing.
    space.mmap(request(readable, 12, Prot::READ, ANON | libc::MAP_FIXED)).map(drop).expect("maps");
    let grown = mremap(&space, base, 4 * PAGE_SIZE, 5 * PAGE_SIZE, libc::MREMAP_MAYMOVE, GuestAddr::NULL);
    assert_eq!(grown.map(drop), Err(Errno::ENOMEM));
    space.munmap(base, 4 * PAGE_SIZE).map(drop).expect("unmaps");
    map(&space, 4, RW);
}

#[test]
fn mremap_moves_grows_and_duplicates() {
    let space = space();
    let base = map(&space, 2, RW);
    copy::write(page(base, 1), 77u32).expect("writable");
    // Something above: it must move.
    space.mmap(request(page(base, 2), 1, RX, ANON | libc::MAP_FIXED)).map(drop).expect("maps");
    assert_eq!(mremap(&space, base, 2 * PAGE_SIZE, 3 * PAGE_SIZE, 0, GuestAddr::NULL).map(drop), Err(Errno::ENOMEM));
    let moved = mremap(&space, base, 2 * PAGE_SIZE, 3 * PAGE_SIZE, libc::MREMAP_MAYMOVE, GuestAddr::NULL);
    let moved = moved.expect("moves").0;
    assert_ne!(moved, base);
    assert_eq!(copy::read::<u32>(page(moved, 1)), Ok(77));
    assert!(space.mapping_at(base).is_none() && copy::read::<u8>(base).is_err());
    // In place.
    let shrunk = mremap(&space, moved, 3 * PAGE_SIZE, PAGE_SIZE, 0, GuestAddr::NULL);
    assert_eq!(shrunk.map(|(addr, _)| addr), Ok(moved));
    let grown = mremap(&space, moved, PAGE_SIZE, 3 * PAGE_SIZE, 0, GuestAddr::NULL);
    assert_eq!(grown.map(|(addr, _)| addr), Ok(moved));
    assert_eq!(copy::read::<u32>(page(moved, 1)), Ok(0));
    // What stays behind with MREMAP_DONTUNMAP is empty.
    copy::write(moved, 5u32).expect("writable");
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_DONTUNMAP;
    let other = mremap(&space, moved, 3 * PAGE_SIZE, 3 * PAGE_SIZE, flags, GuestAddr::NULL).expect("moves").0;
    assert_eq!((copy::read::<u32>(other), copy::read::<u32>(moved)), (Ok(5), Ok(0)));
    // old_size 0 is a second view of a shared mapping.
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    let shared = space.mmap(request(GuestAddr::NULL, 2, RW, flags)).expect("maps").0;
    let view = mremap(&space, shared, 0, 2 * PAGE_SIZE, libc::MREMAP_MAYMOVE, GuestAddr::NULL).expect("a view").0;
    copy::write(page(shared, 1), 123u64).expect("writable");
    assert_eq!(copy::read::<u64>(page(view, 1)), Ok(123));
    assert_eq!(space.backing_at(page(view, 1)), space.backing_at(page(shared, 1)));
}

#[test]
fn mremap_moves_past_what_the_host_holds() {
    let space = space();
    let (above, base) = (map(&space, 1, RW), map(&space, 2, RW));
    assert_eq!(page(base, 2), above, "no room to grow where it is");
    let next = map(&space, 3, RW);
    space.munmap(next, 3 * PAGE_SIZE).map(drop).expect("unmaps");
    // Such as a thread's stack of the host's libc: the guest's map shows the place as free.
    // SAFETY: the place is free, and the page is nobody else's.
    let host = unsafe {
        libc::mmap(next.0 as *mut _, PAGE_SIZE as usize, libc::PROT_READ, ANON | libc::MAP_FIXED_NOREPLACE, -1, 0)
    };
    assert_eq!(host as u64, next.0);
    let moved = mremap(&space, base, 2 * PAGE_SIZE, 3 * PAGE_SIZE, libc::MREMAP_MAYMOVE, GuestAddr::NULL);
    let moved = moved.expect("moves").0;
    assert!(!Range { start: moved, end: page(moved, 3) }.contains(next));
    assert_eq!(copy::read::<u32>(next), Ok(0), "the host's page is where it was");
}

#[test]
fn mremap_to_a_fixed_place_replaces_what_is_there() {
    let space = space();
    let from = map(&space, 2, RW);
    copy::write(from, 1u8).expect("writable");
    let target = map(&space, 2, RX);
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    let (addr, changed) = mremap(&space, from, 2 * PAGE_SIZE, 2 * PAGE_SIZE, flags, target).expect("moves");
    assert_eq!((addr, changed.ranges), (target, vec![Range::new(target.0, page(target, 2).0)]));
    assert_eq!(copy::read::<u8>(target), Ok(1));
    assert!(!space.is_executable(target));
    let overlap = mremap(&space, target, 2 * PAGE_SIZE, 2 * PAGE_SIZE, flags, page(target, 1));
    assert_eq!(overlap.map(drop), Err(Errno::EINVAL));
}

#[test]
fn files_are_known_by_identity_and_offset() {
    let space = space();
    let file = std::fs::File::open("/proc/self/exe").expect("the test's own file");
    let meta = std::fs::metadata("/proc/self/exe").expect("the test's own file");
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    let flags = libc::MAP_PRIVATE;
    let request = MapRequest { fd: file.as_raw_fd(), offset: PAGE_SIZE, ..request(GuestAddr::NULL, 4, RX, flags) };
    let base = space.mmap(request).expect("maps").0;
    let id = ObjectId::File { dev: meta.dev(), ino: meta.ino() };
    let expected = Backing::Object { id, offset: 3 * PAGE_SIZE + 8 };
    assert_eq!(space.backing_at(page(base, 2).offset(8)), Some((expected, false)));
    assert_eq!(space.executable_views(id), vec![(Range::new(base.0, page(base, 4).0), PAGE_SIZE)]);
    let host = std::fs::read_to_string("/proc/self/maps").expect("maps");
    let text = space.render_maps(&host);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains(" r-xp 00001000 ") && text.contains("/deps/space-"), "{text}");
}

#[test]
fn maps_show_the_guests_view() {
    let space = space();
    let base = map(&space, 4, RW);
    space.mprotect(page(base, 1), PAGE_SIZE, RX, false).0.expect("protects");
    space.set_name(Range::new(page(base, 3).0, page(base, 4).0), Name::Stack);
    let text = space.render_maps(&std::fs::read_to_string("/proc/self/maps").expect("maps"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with(&format!("{:08x}-{:08x} rw-p 00000000 00:00 0", base.0, page(base, 1).0)));
    assert!(lines[1].contains(" r-xp "));
    assert_eq!(lines[3].find("[stack]"), Some(73));
    let smaps = space.render_smaps(&std::fs::read_to_string("/proc/self/smaps").expect("smaps"));
    assert!(smaps.lines().any(|line| line.starts_with("Rss:")) && smaps.contains("[stack]"));
    assert!(!smaps.contains("[heap]") && !smaps.contains("/deps/space-"));
}

#[test]
fn stacks_that_grow_down() {
    let space = space();
    let flags = ANON | libc::MAP_GROWSDOWN;
    let base = space.mmap(request(GuestAddr::NULL, 2, RW, flags)).expect("maps").0;
    // The kernel grows it on a write just below.
    copy::write(GuestAddr(base.0 - 8), 1u8).expect("grows");
    let (result, _) = space.mprotect(GuestAddr(base.0 - PAGE_SIZE), 3 * PAGE_SIZE, Prot::READ, false);
    assert_eq!(result, Ok(()));
    assert_eq!(space.mapping_at(GuestAddr(base.0 - 1)).map(|region| region.prot), Some(Prot::READ));
}

#[test]
fn system_v_segments() {
    let space = space();
    // SAFETY: makes a segment of this test's own and marks it to go with the last user.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 10_000, 0o600) };
    assert!(id >= 0);
    let (base, _) = space.shmat(id as u64, GuestAddr::NULL, 0).expect("attaches");
    let (view, _) = space.shmat(id as u64, GuestAddr::NULL, libc::SHM_RDONLY).expect("attaches");
    // SAFETY: as above.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    copy::write(base.offset(8_000), 4u8).expect("writable");
    assert_eq!(copy::read::<u8>(view.offset(8_000)), Ok(4));
    assert!(copy::write(view, 1u8).is_err());
    assert_eq!(space.mapped_bytes(), 6 * PAGE_SIZE);
    assert_eq!(space.shmdt(page(base, 1)).map(drop), Err(Errno::EINVAL));
    space.shmdt(base).map(drop).expect("detaches");
    assert!(copy::read::<u8>(base).is_err());
    space.shmdt(view).map(drop).expect("detaches");
    assert_eq!(space.mapped_bytes(), 0);
}

#[test]
fn a_forked_child_lacks_what_it_was_denied() {
    let space = space();
    let base = map(&space, 2, RW);
    assert_eq!(space.madvise(base, PAGE_SIZE, libc::MADV_DONTFORK).0, Ok(0));
    space.in_child();
    assert!(space.mapping_at(base).is_none() && space.mapping_at(page(base, 1)).is_some());
}

#[test]
fn a_large_heap_of_small_mappings_finds_room() {
    let space = space();
    let bases: Vec<GuestAddr> = (0..500).map(|_| map(&space, 2, RW)).collect();
    for pair in bases.chunks(2) {
        space.munmap(pair[0], PAGE_SIZE).map(drop).expect("unmaps");
    }
    let again: Vec<GuestAddr> = (0..250).map(|_| map(&space, 1, Prot::READ)).collect();
    assert!(again.iter().all(|addr| space.mapping_at(*addr).is_some()));
    assert_eq!(space.mapped_bytes(), 1000 * PAGE_SIZE);
}
