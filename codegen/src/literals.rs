//! Constants behind a block, which its code reads relative to `rip`: vectors that no instruction makes alone.

use crate::emitter::Emitter;
use crate::encode::{Amode, Rm};
use crate::vectors::rows::MOVDDUP;
use dynasmrt::DynasmApi;

/// A use of a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Literal {
    value: u64,
    /// Offset of the field that is to hold the distance to it, the last of its instruction.
    field: usize,
}

/// A displacement from `rbp` that no short form holds: but for the mode in ModRM it is one from `rip` (Intel SDM 2, 2.1.5).
const SOMEWHERE: i32 = i32::MAX;
/// The bits of ModRM that say the mode.
const MODE: u8 = 0xc0;

impl Emitter<'_, '_> {
    /// Both halves of a vector register become `half`.
    pub fn load_halves(&mut self, reg: u8, half: u64) {
        self.v2(MOVDDUP, reg, Rm::Mem(Amode::context(SOMEWHERE)));
        let field = self.buf.len() - 4;
        self.buf.clear_bits(field - 1, MODE);
        self.literals.push(Literal { value: half, field });
    }

    /// Emits the constants, each once.
    pub fn emit_literals(&mut self) {
        if self.literals.is_empty() {
            return;
        }
        self.literals.sort_unstable_by_key(|literal| literal.value);
        self.buf.align(8, 0);
        for of_value in self.literals.chunk_by(|a, b| a.value == b.value) {
            for literal in of_value {
                self.buf.bind(literal.field);
            }
            self.buf.push_u64(of_value[0].value);
        }
    }
}
