//! Guest addresses and ranges of them.

use std::fmt;

/// The page size that both guests see. Host pages are the same size.
pub const PAGE_SIZE: u64 = 4096;

/// An address in the guest's memory. The same number is its address in the host's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct GuestAddr(pub u64);

impl GuestAddr {
    /// The null address.
    pub const NULL: GuestAddr = GuestAddr(0);

    /// Whether this is the null address.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address `bytes` further, modulo 2^64 as the guest's own arithmetic has it.
    pub const fn offset(self, bytes: u64) -> GuestAddr {
        GuestAddr(self.0.wrapping_add(bytes))
    }

    /// The address `bytes` further, or none past 2^64.
    pub const fn checked_add(self, bytes: u64) -> Option<GuestAddr> {
        match self.0.checked_add(bytes) {
            Some(sum) => Some(GuestAddr(sum)),
            None => None,
        }
    }

    /// The start of the page that this address lies in.
    pub const fn page(self) -> GuestAddr {
        GuestAddr(self.0 & !(PAGE_SIZE - 1))
    }

    /// Rounds up to `align`, a power of two; none past 2^64.
    pub const fn align_up(self, align: u64) -> Option<GuestAddr> {
        match self.0.checked_add(align - 1) {
            Some(sum) => Some(GuestAddr(sum & !(align - 1))),
            None => None,
        }
    }

    /// Rounds down to `align`, a power of two.
    pub const fn align_down(self, align: u64) -> GuestAddr {
        GuestAddr(self.0 & !(align - 1))
    }

    /// Whether this is a multiple of `align`, a power of two.
    pub const fn is_aligned(self, align: u64) -> bool {
        self.0 & (align - 1) == 0
    }

    /// Bytes from `base` to this address, modulo 2^64.
    pub const fn since(self, base: GuestAddr) -> u64 {
        self.0.wrapping_sub(base.0)
    }
}

impl From<u64> for GuestAddr {
    fn from(value: u64) -> GuestAddr {
        GuestAddr(value)
    }
}

impl fmt::Display for GuestAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for GuestAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::LowerHex for GuestAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0, f)
    }
}

/// The addresses from `start` up to, not including, `end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Range {
    /// First address.
    pub start: GuestAddr,
    /// First address past the range.
    pub end: GuestAddr,
}

impl Range {
    /// A range by its two ends.
    pub const fn new(start: u64, end: u64) -> Range {
        Range { start: GuestAddr(start), end: GuestAddr(end) }
    }

    /// `len` bytes from `start`, or none past 2^64.
    pub const fn sized(start: GuestAddr, len: u64) -> Option<Range> {
        match start.checked_add(len) {
            Some(end) => Some(Range { start, end }),
            None => None,
        }
    }

    /// Bytes in the range.
    pub const fn len(self) -> u64 {
        self.end.0 - self.start.0
    }

    /// Whether the range holds no address.
    pub const fn is_empty(self) -> bool {
        self.start.0 >= self.end.0
    }

    /// Whether `addr` lies in the range.
    pub const fn contains(self, addr: GuestAddr) -> bool {
        self.start.0 <= addr.0 && addr.0 < self.end.0
    }

    /// Whether some address lies in both ranges.
    pub const fn overlaps(self, other: Range) -> bool {
        self.start.0 < other.end.0 && other.start.0 < self.end.0
    }

    /// The addresses in both ranges, if any.
    pub fn intersect(self, other: Range) -> Option<Range> {
        let both = Range { start: self.start.max(other.start), end: self.end.min(other.end) };
        (!both.is_empty()).then_some(both)
    }
}
