//! A machine for the interpreter: memory that holds something everywhere and faults in places.

use ir::interp::{Interp, Memory, cas_unshared};
use ir::{Block, Exit, FpControl, GuestState};
use std::collections::BTreeMap;

/// Memory that was written, over a pattern.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Pattern {
    written: BTreeMap<u64, u8>,
}

impl Pattern {
    fn byte(&self, addr: u64) -> u8 {
        let hash = addr.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.written.get(&addr).copied().unwrap_or((hash >> 56) as u8)
    }

    fn check(addr: u64) -> Result<(), u64> {
        if addr >> 6 & 15 == 9 { Err(addr) } else { Ok(()) }
    }
}

impl Memory for Pattern {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        Pattern::check(addr)?;
        Ok((0..bytes).rev().fold(0, |value, i| value << 8 | self.byte(addr.wrapping_add(i as u64)) as u128))
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        Pattern::check(addr)?;
        for i in 0..bytes {
            self.written.insert(addr.wrapping_add(i as u64), (value >> (8 * i)) as u8);
        }
        Ok(())
    }

    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
        cas_unshared(self, addr, bytes, expected, new)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        12345
    }
}

/// What is left after a block.
#[derive(PartialEq, Eq, Debug)]
pub struct Outcome {
    pub exit: Exit,
    pub state: GuestState,
    pub memory: Pattern,
}

/// Runs a block.
pub fn run(block: &Block, control: FpControl, mut state: GuestState) -> Outcome {
    let mut memory = Pattern::default();
    let exit = Interp::new().run(block, &super::TABLES, control, &mut state, &mut memory);
    Outcome { exit, state, memory }
}
