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

pub use backward::{Liveness, Watch};

use crate::block::Block;
use crate::tables::Tables;
use crate::verify;

/// Verifies a finished block in debug builds. The backward pass runs with the code generator's ([`Watch`]).
pub fn verify(block: &Block, tables: &Tables<'_>) {
    if cfg!(debug_assertions) {
        verify::assert(block, tables);
    }
}

/// Runs the stages behind the builder on a finished block, without a code generator.
pub fn run(block: &Block, tables: &Tables<'_>, live: &mut Liveness) {
    verify(block, tables);
    backward::run(block, live, &mut ());
}
