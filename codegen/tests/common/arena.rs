//! Guest memory of the tests, twice: mapped, for emitted code, and as an array, for the interpreter.

use ir::interp::{Memory, cas_unshared};

/// Where the memory is mapped.
pub const BASE: u64 = 0x10_0000_0000;
/// Its size: a page.
pub const SIZE: usize = 4096;

/// The interpreter's memory: faults outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arena(pub Vec<u8>);

impl Arena {
    fn range(&self, addr: u64, bytes: u32) -> Result<std::ops::Range<usize>, u64> {
        let offset = addr.wrapping_sub(BASE);
        match offset.checked_add(bytes as u64) {
            Some(end) if end <= SIZE as u64 => Ok(offset as usize..end as usize),
            _ => Err(addr),
        }
    }
}

impl Memory for Arena {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        let range = self.range(addr, bytes)?;
        Ok(self.0[range].iter().rev().fold(0, |value, &byte| value << 8 | byte as u128))
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        let range = self.range(addr, bytes)?;
        self.0[range].copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
        if bytes == 16 && !addr.is_multiple_of(16) {
            return Err(addr);
        }
        cas_unshared(self, addr, bytes, expected, new)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        0
    }
}
