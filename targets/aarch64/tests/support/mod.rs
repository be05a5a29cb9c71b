//! What the tests of the rows share: a guest with everything, one-instruction blocks, random words.
#![allow(dead_code, reason = "each test uses a part")]

use aarch64::{Aarch64, Cpu};
use ir::tables::Tables;
use ir::{Block, Builder, Passes};
use target::translate::{Limits, translate};
use target::{Feature, Mode, Row, Target};

/// Where test code lies.
pub const CODE: u64 = 0x40_0000;

/// A guest with every feature whose rows are there.
pub fn guest() -> Aarch64 {
    let mut cpu = Cpu::default();
    for i in 0..aarch64::cpu::TABLE.len() {
        cpu.features = cpu.features.with(Feature(i as u8));
    }
    Aarch64::new(cpu, 1_000_000_000)
}

pub fn tables() -> Tables<'static> {
    Tables { slots: aarch64::state::SLOTS, helpers: aarch64::helpers::TABLE }
}

/// The block of these words.
pub fn block(guest: &Aarch64, words: &[u32], mode: Mode, passes: Passes) -> Block {
    block_at(guest, words, CODE, mode, passes)
}

/// The block of these words at `pc`.
pub fn block_at(guest: &Aarch64, words: &[u32], pc: u64, mode: Mode, passes: Passes) -> Block {
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut builder = Builder::new(guest.slots(), passes);
    translate(guest, &mut builder, &code, pc, mode, Limits { insts: 1000, ir_insts: 100_000 })
        .expect("there is an instruction");
    builder.block().clone()
}

/// A generator of numbers (splitmix64), the same on every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A word of this row, its fields at random.
    pub fn word(&mut self, row: &Row) -> Option<u32> {
        (0..64).map(|_| row.pattern.value | self.next() as u32 & !row.pattern.mask).find(|&word| row.matches(word))
    }
}
