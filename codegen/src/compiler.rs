//! The compiler: its buffers, its output, and the forward pass.

use crate::buffer::{CodeBuf, Full};
use crate::faults::FaultTable;
use crate::features::HostFeatures;
use crate::regs::Pins;
use ir::{Block, SlotDef};

/// What holds for all blocks of a process.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The guest's slots.
    pub slots: &'static [SlotDef],
    /// Low bits of a guest code address that are always 0.
    pub pc_shift: u8,
    /// What the host can do.
    pub features: HostFeatures,
    /// Guest calls and returns as host call and return pairs; else by the table of indirect branches.
    pub call_pairs: bool,
}

/// A jump whose target can be linked: four bytes at `offset`, aligned, hold the distance from their end.
/// Until then they lead to `stub`, an exit that reports them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkSite {
    /// Offset of the rel32 in the block.
    pub offset: u32,
    /// Offset of the exit it leads to while it is not linked.
    pub stub: u32,
    /// Guest address it goes to.
    pub target: u64,
}

/// A guest address in code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reloc {
    /// Offset of the field.
    pub offset: u32,
    /// Its form.
    pub kind: RelocKind,
    /// The address.
    pub value: u64,
}

/// The form of a guest address in code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelocKind {
    /// Eight bytes.
    Abs64,
    /// Four bytes that are zero-extended.
    Abs32,
    /// Four bytes that are sign-extended.
    AbsS32,
}

/// A compiled block; it borrows the compiler's tables until the next.
#[derive(Clone, Copy, Debug)]
pub struct Compiled<'a> {
    /// Bytes of code.
    pub len: usize,
    /// Its linkable jumps.
    pub links: &'a [LinkSite],
    /// Its guest addresses.
    pub relocs: &'a [Reloc],
    /// Its fault table, for [`crate::Context::recover`].
    pub faults: &'a [u8],
}

/// Compiles block after block in the same memory.
#[derive(Debug)]
pub struct Compiler {
    config: Config,
    pins: Pins,
    links: Vec<LinkSite>,
    relocs: Vec<Reloc>,
    faults: FaultTable,
}

impl Compiler {
    /// A compiler for one guest on one host.
    pub fn new(config: Config) -> Compiler {
        let pins = Pins::choose(config.slots);
        Compiler { config, pins, links: Vec::new(), relocs: Vec::new(), faults: FaultTable::default() }
    }

    /// Which slots live in host registers, for [`crate::emit_runtime`].
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Compiles `block` to the beginning of `buf`.
    pub fn compile(&mut self, block: &Block, buf: &mut CodeBuf<'_>) -> Result<Compiled<'_>, Full> {
        let _ = block;
        buf.written()?;
        Ok(Compiled { len: buf.len(), links: &self.links, relocs: &self.relocs, faults: self.faults.bytes() })
    }
}
