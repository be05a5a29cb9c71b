//! Registers as gdbstub passes them: bytes in the order of the guest's own description.
//!
//! gdbstub_arch describes fixed sets of registers, RISC-V's without floating point; the rows of the targets are the
//! one description here.

use std::num::NonZeroUsize;

use gdbstub::arch::{Arch, RegId, Registers};

/// A guest, for gdbstub.
pub struct Guest;

impl Arch for Guest {
    type Usize = u64;
    type Registers = Values;
    type BreakpointKind = usize;
    type RegId = Number;
}

/// A register's number.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub usize);

impl RegId for Number {
    fn from_raw_id(id: usize) -> Option<(Number, Option<NonZeroUsize>)> {
        Some((Number(id), None))
    }
}

/// All registers.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Values {
    /// Little-endian, one after the other.
    pub bytes: Vec<u8>,
    /// The program counter among them.
    pub pc: u64,
}

impl Registers for Values {
    type ProgramCounter = u64;

    fn pc(&self) -> u64 {
        self.pc
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        self.bytes.iter().for_each(|&byte| write_byte(Some(byte)));
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        self.bytes = bytes.to_vec();
        Ok(())
    }
}
