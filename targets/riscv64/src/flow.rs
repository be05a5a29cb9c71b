//! Where branches go, by their opcodes (unprivileged ISA, opcode maps): less than the rows know, and faster; a test
//! compares the two.

use target::Flow;

use crate::fields::{B, J};
use crate::fields16::{Cb, Cj};
use crate::rows::is_link;

/// Where `word` at `pc` goes on.
pub fn flow(word: u32, pc: u64) -> Flow {
    let jumps = |imm: i64, falls: bool| Flow::Jumps { target: pc.wrapping_add_signed(imm), falls };
    if word & 3 == 3 {
        let jump = J::from(word);
        return match word & 0x7f {
            0b110_0011 => jumps(B::from(word).imm, true),
            0b110_1111 if !is_link(jump.rd) => jumps(jump.imm, false),
            0b110_1111 | 0b110_0111 => Flow::Leaves,
            // `ecall` and `ebreak`.
            0b111_0011 if word & !(1 << 20) == 0b111_0011 => Flow::Leaves,
            _ => Flow::On,
        };
    }
    match (word & 3, word >> 13 & 7) {
        (1, 0b101) => jumps(Cj::from(word).0.imm, false),
        (1, 0b110 | 0b111) => jumps(Cb::from(word).0.imm, true),
        // `c.jr`, `c.jalr` and `c.ebreak` have no second operand.
        (2, 0b100) if word >> 2 & 31 == 0 => Flow::Leaves,
        _ => Flow::On,
    }
}
