//! Which system calls emitted code makes itself ([`codegen::DirectCalls`]): the rows of the table that are the host's
//! call with the same registers, where no path has to be looked up and nobody wants to see calls.

use codegen::{DirectCall, DirectCalls, Limit};
use syscalls::table::{ROWS, Row};
use syscalls::{Abi, HiddenFds};

/// First address that has a tag: the kernel's own halves of the address space aside, which have bit 55 set too.
const TAGGED: u64 = 1 << 55;

/// The calls of a guest whose hidden descriptors are those; none if somebody `watches` them.
pub fn direct(abi: &Abi, hidden: &HiddenFds, watches: bool) -> Box<DirectCalls> {
    if watches {
        return Box::new(DirectCalls::closed());
    }
    let rows = ROWS.iter().filter(|row| row.only.is_none_or(|only| only == abi.guest));
    let calls = rows.filter_map(|row| Some((usize::from(row.nr), call(row)?)));
    let address = if abi.tag_bits == 0 { u64::MAX } else { TAGGED - 1 };
    DirectCalls::new(calls, address, u64::from(hidden.floor()) - 1)
}

fn call(row: &Row) -> Option<DirectCall> {
    let number = u16::try_from(row.bare()?).ok()?;
    let limit = |index| match index {
        _ if row.is_fd(index) => Limit::Descriptor,
        _ if row.is_pointer(index) => Limit::Address,
        _ => Limit::None,
    };
    Some(DirectCall::new(number, std::array::from_fn(limit)))
}
