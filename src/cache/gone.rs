//! Which code went lately: a thread that comes upon a new epoch forgets that, and not all that it remembers.

/// How many removals are kept. A thread that missed more had better forget everything.
const KEPT: usize = 1 << 10;

/// Blocks that went, by epoch.
#[derive(Default)]
pub struct Gone {
    /// All that went after this epoch is in `list`.
    since: u64,
    /// The epoch that begins with the removal, ascending, and the guest address of the block.
    list: Vec<(u64, u64)>,
}

impl Gone {
    /// The block at a guest address goes; its memory stays.
    pub fn add(&mut self, epoch: u64, pc: u64) {
        if self.list.len() == KEPT {
            (self.since, _) = self.list[KEPT / 2 - 1];
            self.list.drain(..KEPT / 2);
        }
        self.list.push((epoch, pc));
    }

    /// More goes than can be told, or its memory does.
    pub fn all(&mut self, epoch: u64) {
        self.since = epoch;
        self.list.clear();
    }

    /// Guest addresses of what went after `epoch`; `None` where that is not known.
    pub fn after(&self, epoch: u64) -> Option<impl Iterator<Item = u64> + '_> {
        let first = self.list.partition_point(|(at, _)| *at <= epoch);
        (epoch >= self.since).then(|| self.list[first..].iter().map(|(_, pc)| *pc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(gone: &Gone, epoch: u64) -> Option<Vec<u64>> {
        gone.after(epoch).map(Iterator::collect)
    }

    #[test]
    fn tells_what_went_and_when_it_cannot() {
        let mut gone = Gone::default();
        assert_eq!(after(&gone, 0), Some(vec![]));
        gone.add(1, 0x1000);
        gone.add(2, 0x2000);
        assert_eq!(after(&gone, 0), Some(vec![0x1000, 0x2000]));
        assert_eq!(after(&gone, 1), Some(vec![0x2000]));
        gone.all(3);
        assert_eq!((after(&gone, 2), after(&gone, 3)), (None, Some(vec![])));
        for n in 0..KEPT as u64 + 1 {
            gone.add(4 + n, n);
        }
        assert_eq!(after(&gone, 3), None, "too many");
        assert_eq!(after(&gone, 4 + KEPT as u64 - 1), Some(vec![KEPT as u64]));
    }
}
