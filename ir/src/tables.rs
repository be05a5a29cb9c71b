//! What a block refers to by number: the target's slots and helpers.

use crate::helper::Helper;
use crate::slot::SlotDef;

/// A target's slot and helper tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tables<'a> {
    /// Slots, at most [`MAX_SLOTS`].
    pub slots: &'a [SlotDef],
    /// Helpers.
    pub helpers: &'a [Helper],
}

/// Slots a target may declare: passes keep sets of them in a few words.
pub const MAX_SLOTS: usize = 256;
