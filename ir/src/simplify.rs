//! Folding of one instruction against the block before it: constants and identities.

use crate::block::{Block, Inst, Val};

/// What an instruction folds to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folded {
    /// It stays, perhaps in a simpler form.
    Keep(Inst),
    /// An earlier value.
    Value(Val),
    /// An integer constant of the result's type.
    Const(i64),
}

/// Folds `inst`, which is about to be appended to `block`.
pub fn fold(_block: &Block, inst: Inst) -> Folded {
    Folded::Keep(inst)
}
