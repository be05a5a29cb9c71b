//! Copies to and from good, bad and half-bad guest addresses.

use memory::copy::{self, StrError};
use memory::{Fault, GuestAddr, PAGE_SIZE};

/// Three pages: the first may be read and written, the second only read, the third neither.
fn pages() -> GuestAddr {
    memory::fault::install_for_tests();
    let size = 3 * PAGE_SIZE as usize;
    // SAFETY: a new anonymous mapping.
    let base = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let base = libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        assert_ne!(base, libc::MAP_FAILED);
        let page = PAGE_SIZE as usize;
        assert_eq!(libc::mprotect(base.byte_add(page), page, libc::PROT_READ), 0);
        assert_eq!(libc::mprotect(base.byte_add(2 * page), page, libc::PROT_NONE), 0);
        base
    };
    GuestAddr(base as u64)
}

#[test]
fn loads_and_stores_of_each_size() {
    let base = pages();
    macro_rules! check {
        ($($t:ty),*) => { $(
            let value = 0x1122_3344_5566_7788_99aa_bbcc_ddee_ff01u128 as $t;
            assert_eq!(copy::write(base, value), Ok(()));
            assert_eq!(copy::read::<$t>(base), Ok(value));
            assert_eq!(copy::read::<$t>(base.offset(2 * PAGE_SIZE)), Err(Fault));
            assert_eq!(copy::write(base.offset(PAGE_SIZE), value), Err(Fault));
            assert_eq!(copy::compare_exchange(base, value, value + 1), Ok(value));
            assert_eq!(copy::compare_exchange(base, value, 7), Ok(value + 1));
            assert_eq!(copy::compare_exchange(base, value + 1, 0), Ok(value + 1));
            assert_eq!(copy::compare_exchange(base.offset(2 * PAGE_SIZE), value, 7), Err(Fault));
        )* };
    }
    check!(u8, u16, u32, u64, u128);
    assert_eq!(copy::read::<[u8; 3]>(base), Ok([0; 3]));
}

#[test]
fn addresses_no_one_can_map() {
    memory::fault::install_for_tests();
    for addr in [0, 1, 1 << 47, 0x00ff_0000_0000_0000, u64::MAX - 7, 1 << 63] {
        assert_eq!(copy::read::<u64>(GuestAddr(addr)), Err(Fault));
        assert_eq!(copy::write::<u64>(GuestAddr(addr), 1), Err(Fault));
        assert_eq!(copy::read_bytes(GuestAddr(addr), &mut [0; 100]), Err(Fault));
    }
}

#[test]
fn copies_stop_at_the_bad_page() {
    let base = pages();
    let edge = base.offset(PAGE_SIZE);
    assert_eq!(copy::write_some(edge.offset(-10i64 as u64), &[5; 30]), 10);
    let mut out = [0; 30];
    assert_eq!(copy::read_some(base.offset(2 * PAGE_SIZE - 12), &mut out), 12);
    assert_eq!(copy::read_bytes(base.offset(2 * PAGE_SIZE - 12), &mut out), Err(Fault));
    assert_eq!(copy::read_bytes(edge.offset(-10i64 as u64), &mut out[..10]), Ok(()));
    assert_eq!(out[..10], [5; 10]);
}

#[test]
fn strings() {
    let base = pages();
    let text = vec![b'x'; 3000];
    copy::write_bytes(base.offset(PAGE_SIZE - 3000), &text).unwrap();
    assert_eq!(copy::read_cstr(base.offset(PAGE_SIZE - 3000), 4095), Ok(text));
    assert_eq!(copy::read_cstr(base.offset(PAGE_SIZE - 3000), 2999), Err(StrError::TooLong));
    assert_eq!(copy::read_cstr(base.offset(PAGE_SIZE - 3000), 3000).map(|s| s.len()), Ok(3000));
    assert_eq!(copy::read_cstr(base.offset(PAGE_SIZE - 1), 10), Ok(b"x".to_vec()));
    assert_eq!(copy::read_cstr(base.offset(2 * PAGE_SIZE), 10), Err(StrError::Fault));
    assert_eq!(copy::read_cstr(base.offset(PAGE_SIZE), 0), Ok(vec![]));
}
