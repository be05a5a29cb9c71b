//! What happens to a block between lowering and emission.
//!
//! | stage | where | what |
//! |---|---|---|
//! | slot forwarding | [`Builder::get`](crate::Builder::get) | a read of a slot whose value is known yields that value |
//! | folding | [`simplify`](crate::simplify) | constants, identities, addressing modes; as each op is appended |
//! | verification | [`verify`](crate::verify) | debug builds only |
//! | backward pass | [`backward`] | dead code, dead slot writes (flags included), uses of each value |
//!
//! The first two run while the block is built, so that the whole pipeline reads a block once.

pub mod backward;

pub use backward::Liveness;

use crate::block::Block;
use crate::tables::Tables;
use crate::verify;

/// Runs the stages behind the builder on a finished block.
pub fn run(block: &Block, tables: &Tables<'_>, live: &mut Liveness) {
    if cfg!(debug_assertions) {
        verify::assert(block, tables);
    }
    backward::run(block, live);
}
