//! Links, what drops code and what finds it.

use super::*;
use codegen::{Compiled, LinkSite};
use target::Mode;

const MODE: Mode = Mode(0);
/// In each test block: a jump's field, and the stub it leads to at first.
const FIELD: u32 = 4;
const STUB: u32 = 8;

fn key(pc: u64) -> Key {
    Key { pc, mode: MODE }
}

/// Publishes a block of 16 bytes at `pc` that jumps to `target`.
fn publish(cache: &CodeCache, pc: u64, target: u64) -> u64 {
    let mut locked = cache.lock();
    let (at, room) = locked.room().unwrap();
    room[..16].fill(0x90);
    room[FIELD as usize..STUB as usize].copy_from_slice(&(STUB as i32 - FIELD as i32 - 4).to_le_bytes());
    let links = [LinkSite { offset: FIELD, stub: STUB, target, switches: false }];
    let compiled = Compiled { len: 16, links: &links, relocs: &[], faults: &[] };
    assert_eq!(locked.publish(key(pc), pc + 8, pc, &compiled, false), Some(at));
    at
}

/// Where the jump of the block at `code` leads.
fn leads_to(code: u64) -> u64 {
    let field = code + u64::from(FIELD);
    // SAFETY: the field is in an arena of the test's.
    let distance = unsafe { (field as *const i32).read() };
    (field + 4).wrapping_add_signed(i64::from(distance))
}

fn range(start: u64, end: u64) -> Range {
    Range::new(start, end)
}

#[test]
fn links_both_ways_and_unlinks() {
    let cache = CodeCache::default();
    let first = publish(&cache, 0x1000, 0x2000);
    assert_eq!(leads_to(first), first + u64::from(STUB));
    let second = publish(&cache, 0x2000, 0x1000);
    assert_eq!(leads_to(second), first, "a jump to what is known is linked at once");
    cache.lock().link(first + u64::from(STUB), key(0x2000));
    assert_eq!(leads_to(first), second);

    let epoch = cache.epoch();
    cache.lock().suspend(range(0x2007, 0x2100));
    assert_eq!(cache.table.get(key(0x2000)), None);
    assert_eq!(leads_to(first), first + u64::from(STUB), "no jump leads to stale code");
    assert_ne!(cache.epoch(), epoch);
    assert_eq!(cache.table.get(key(0x1000)), Some(first));

    let again = publish(&cache, 0x2000, 0x3000);
    cache.lock().link(first + u64::from(STUB), key(0x2000));
    assert_eq!(leads_to(first), again);
}

#[test]
fn only_what_changed_is_dropped() {
    let cache = CodeCache::default();
    publish(&cache, 0x1ffc, 0);
    publish(&cache, 0x3000, 0);
    let epoch = cache.epoch();
    cache.lock().suspend(range(0x2004, 0x3000));
    cache.lock().verify(range(0, u64::MAX), |start, _| Some(start));
    assert_eq!(cache.epoch(), epoch, "nothing changed");
    cache.lock().verify(range(0, u64::MAX), |start, _| (start != 0x3000).then_some(start));
    assert!(cache.table.get(key(0x1ffc)).is_some() && cache.table.get(key(0x3000)).is_none());
    cache.lock().suspend(range(0x2003, 0x2004));
    assert_eq!(cache.table.get(key(0x1ffc)), None, "a block's second page counts");
}

#[test]
fn finds_blocks_by_host_address() {
    let cache = CodeCache::default();
    let codes: Vec<u64> = (0..100).map(|n| publish(&cache, n * 64, 0)).collect();
    let locked = cache.lock();
    for (n, code) in codes.iter().enumerate() {
        let at = locked.locate(code + 5).unwrap();
        assert_eq!((at.key.pc, at.offset), (n as u64 * 64, 5));
    }
    assert!(locked.locate(codes[99] + 16).is_none());
    assert!(cache.ranges.contains(codes[0]) && !cache.ranges.contains(0x1000));
}

#[test]
fn retired_code_stays_while_a_thread_is_in_it() {
    let cache = CodeCache::default();
    // SAFETY: all zeros is a context, and it outlives the entry.
    let context = unsafe { memory::Zeroed::<codegen::Context>::new() };
    // SAFETY: as said.
    let resident = unsafe { cache.residents.add(&raw const *context) };
    let code = publish(&cache, 0x1000, 0);
    resident.enter(cache.epoch());
    cache.lock().flush();
    assert_eq!(cache.table.get(key(0x1000)), None);
    assert_eq!(context.stack_limit().load(Ordering::Relaxed), u64::MAX, "the thread is asked to leave");
    publish(&cache, 0x2000, 0);
    assert!(cache.lock().locate(code).is_some());
    // A jump through which it leaves is of no generation that could be linked.
    cache.lock().link(code + u64::from(STUB), key(0x2000));
    assert_eq!(leads_to(code), code + u64::from(STUB));
    resident.leave();
    publish(&cache, 0x3000, 0);
    assert!(cache.lock().locate(code).is_none());
    cache.residents.remove(&resident);
}
