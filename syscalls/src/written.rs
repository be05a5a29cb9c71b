//! Where a system call writes, in the guest's memory and in files. Asked before the call while translated code is
//! watched for writes ([`memory::space`]): the host refuses to write there too.

use crate::abi::Guest;
use crate::args::Kind;
use crate::dispatch::Call;
use crate::table::{self, Row};
use crate::tagging;
use memory::{GuestAddr, IoVec, Range, UserPtr};

/// What a call writes to at the least where it does not say how much: structs, descriptors, lengths.
const STRUCTS: u64 = 4096;
/// UIO_MAXIOV: the kernel takes no more vectors.
const MAX_VECTORS: u64 = 1024;

memory::abi_struct! {
    /// `struct msghdr` (recvmsg(2)).
    struct Message: 56 {
        name: GuestAddr,
        name_len: u64,
        vectors: GuestAddr,
        count: u64,
        control: GuestAddr,
        control_len: u64,
        flags: u64,
    }

    /// `struct mmsghdr` (recvmmsg(2)).
    struct LongMessage: 64 {
        message: [u64; 7],
        len: u64,
    }
}

/// The memory that a call may write to, more rather than less. Addresses may have tags of so many bits.
pub fn memory(call: &Call, guest: Guest, tag_bits: u32) -> Vec<Range> {
    let Some(row) = table::find(call.nr, guest) else { return Vec::new() };
    let mut found = Found { tag_bits, ranges: Vec::new() };
    // Any register may be an address: an ioctl's, a prctl's.
    for (index, &addr) in call.args.iter().enumerate() {
        let count = call.args.get(index + 1).copied().unwrap_or(0);
        let sized = matches!(row.args.get(index + 1), Some(Kind::Size));
        let addr = found.add(GuestAddr(addr), if sized { count.max(STRUCTS) } else { STRUCTS });
        match row.args.get(index) {
            Some(Kind::IoVecs) => found.add_vectors(addr, count),
            Some(Kind::Messages) => found.add_messages(row, addr, count),
            _ => {}
        }
    }
    found.ranges
}

struct Found {
    tag_bits: u32,
    ranges: Vec<Range>,
}

impl Found {
    /// Addresses beyond the end of memory are the call's to refuse. Returns the address without its tag.
    fn add(&mut self, start: GuestAddr, len: u64) -> GuestAddr {
        let start = GuestAddr(tagging::untag(start.0, self.tag_bits));
        self.ranges.extend(Range::sized(start, len).filter(|range| !range.is_empty()));
        start
    }

    fn add_vectors(&mut self, at: GuestAddr, count: u64) {
        for index in 0..count.min(MAX_VECTORS) {
            let Ok(vector) = UserPtr::<IoVec>::new(at).element(index).read() else { return };
            self.add(vector.base, vector.len);
        }
    }

    fn add_messages(&mut self, row: &Row, at: GuestAddr, count: u64) {
        let count = if row.name == "recvmmsg" { count.min(MAX_VECTORS) } else { 1 };
        for index in 0..count {
            let at = UserPtr::<LongMessage>::new(at).element(index).addr();
            let Ok(message) = UserPtr::<Message>::new(at).read() else { return };
            self.add(at, size_of::<LongMessage>() as u64);
            self.add(message.name, message.name_len);
            self.add(message.control, message.control_len);
            let vectors = GuestAddr(tagging::untag(message.vectors.0, self.tag_bits));
            self.add_vectors(vectors, message.count);
        }
    }
}

/// The descriptor of the file that a call changes.
pub fn file(call: &Call, guest: Guest) -> Option<i32> {
    let row = table::find(call.nr, guest)?;
    let index = row.args.iter().position(|kind| matches!(kind, Kind::OutFd))?;
    Some(call.args[index] as i32)
}
