//! Where new code may go on with code that there is.

use super::{Key, Locked};

impl Locked<'_> {
    /// Whether the block that begins at `key` may end before `pc`: there is code for it of this process, which does not lead
    /// back to the block. What it leads back to is a loop, and that is worth being one block.
    #[inline]
    pub fn goes_on_at(&self, key: Key, pc: u64) -> bool {
        self.inner.pages.may_begin(pc)
            && self.cache.table.get(Key { pc, ..key }).is_some_and(|code| self.is_way_out(key.pc, code))
    }

    /// Whether no jump of the block whose code is at `code` leads to `pc`.
    fn is_way_out(&self, pc: u64, code: u64) -> bool {
        let current = &self.inner.current;
        current.at(code).is_some_and(|id| current.links_of(id).all(|n| current.target_of(n as u32).pc != pc))
    }
}
