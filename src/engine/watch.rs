//! Watchpoints: while there is any, the interpreter runs the guest, on memory that looks at each access before it is
//! made. The kernel's accesses on the guest's behalf are not seen, as debug registers do not see them either.

use std::cell::Cell;

use ir::interp::Memory;

/// What is watched for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Loads.
    Read,
    /// Stores.
    Write,
    /// Both.
    Any,
}

/// A watched range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watch {
    /// Its first address.
    pub addr: u64,
    /// Its length.
    pub len: u64,
    /// What is watched for.
    pub access: Access,
}

/// The watched ranges as one thread looks at them.
#[derive(Clone, Default, Debug)]
pub struct Watches {
    /// The ranges.
    pub ranges: Vec<Watch>,
    /// The one that the last access would have touched.
    hit: Cell<Option<Watch>>,
}

impl Watches {
    /// For these ranges.
    pub fn new(ranges: Vec<Watch>) -> Watches {
        Watches { ranges, hit: Cell::new(None) }
    }

    /// What was hit since the last call.
    pub fn take_hit(&self) -> Option<Watch> {
        self.hit.take()
    }

    fn look(&self, addr: u64, bytes: u32, access: Access) -> Result<(), u64> {
        let overlaps = |watch: &&Watch| {
            addr < watch.addr.saturating_add(watch.len) && watch.addr < addr.saturating_add(bytes.into())
        };
        let wanted = |watch: &&Watch| access == Access::Any || watch.access == Access::Any || watch.access == access;
        match self.ranges.iter().filter(overlaps).find(wanted) {
            None => Ok(()),
            Some(&watch) => {
                self.hit.set(Some(watch));
                Err(addr)
            }
        }
    }
}

/// Memory with watched ranges in it.
pub struct Watched<'a> {
    /// The ranges.
    pub watches: &'a Watches,
    /// The memory.
    pub memory: &'a mut dyn Memory,
}

impl Memory for Watched<'_> {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        self.watches.look(addr, bytes, Access::Read)?;
        self.memory.load(addr, bytes)
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        self.watches.look(addr, bytes, Access::Write)?;
        self.memory.store(addr, bytes, value)
    }

    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
        self.watches.look(addr, bytes, Access::Any)?;
        self.memory.cas(addr, bytes, expected, new)
    }

    fn fence(&mut self) {
        self.memory.fence();
    }

    fn cycles(&mut self) -> u64 {
        self.memory.cycles()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_watched_hits() {
        let watch = Watch { addr: 100, len: 4, access: Access::Write };
        let watches = Watches::new(vec![watch]);
        assert_eq!(watches.look(100, 4, Access::Read), Ok(()));
        assert_eq!([watches.look(96, 4, Access::Write), watches.look(104, 1, Access::Write)], [Ok(()), Ok(())]);
        assert_eq!(watches.take_hit(), None);
        assert_eq!(watches.look(96, 8, Access::Write), Err(96));
        assert_eq!(watches.look(103, 1, Access::Any), Err(103));
        assert_eq!(watches.take_hit(), Some(watch));
        assert_eq!(watches.take_hit(), None);
    }
}
