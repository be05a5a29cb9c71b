//! The compiler: its buffers, its output, and the forward pass.

use crate::alloc::Alloc;
use crate::analysis::Analysis;
use crate::buffer::{CodeBuf, Full};
use crate::emitter::Emitter;
use crate::faults::FaultTable;
use crate::features::HostFeatures;
use crate::flags::EflagsState;
use crate::late::Late;
use crate::layout::Layout;
use crate::literals::Literal;
use crate::regs::Pins;
use crate::slow::{SlowCall, SlowPath};
use ir::{Block, SlotDef, SlotId, Ty, Val};

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

/// A jump whose target can be linked by one aligned store: four bytes at `offset` hold the distance from their end.
/// Until then they lead to `stub`, an exit that reports itself; the target stands [`EXIT_CALL`](crate::EXIT_CALL) bytes
/// behind its beginning: in code that names guest addresses by their distance that, else four bytes if it has no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkSite {
    /// Offset of the rel32 in the block.
    pub offset: u32,
    /// Offset of the exit it leads to while it is not linked.
    pub stub: u32,
    /// Guest address it goes to.
    pub target: u64,
    /// Whether it leads to code for another state than the block's, which the one that it is in there tells.
    pub switches: bool,
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
    /// Four bytes: the distance from the end of the field.
    FromEnd,
    /// Four bytes: the distance from the beginning of the field.
    FromField,
}

impl RelocKind {
    /// Whether the field is a distance: right as long as code and guest keep theirs.
    pub fn is_distance(self) -> bool {
        matches!(self, RelocKind::FromEnd | RelocKind::FromField)
    }
}

/// A compiled block; it borrows the compiler's tables until the next.
#[derive(Clone, Copy, Debug)]
pub struct Compiled<'a> {
    /// Bytes of code.
    pub len: usize,
    /// Its linkable jumps.
    pub links: &'a [LinkSite],
    /// Its guest addresses, but the distances in exits of linkable jumps.
    pub relocs: &'a [Reloc],
    /// Its fault table, for [`crate::Context::recover`].
    pub faults: &'a [u8],
}

/// Compiles block after block in the same memory.
#[derive(Debug)]
pub struct Compiler {
    config: Config,
    pins: Pins,
    layout: Layout,
    flags_slot: Option<SlotId>,
    analysis: Analysis,
    alloc: Alloc,
    links: Vec<LinkSite>,
    relocs: Vec<Reloc>,
    faults: FaultTable,
    slow: Vec<SlowPath>,
    calls: Vec<SlowCall>,
    late: Late,
    literals: Vec<Literal>,
    made: Vec<Val>,
}

impl Compiler {
    /// A compiler for one guest on one host.
    pub fn new(config: Config) -> Compiler {
        let flags_slot = config.slots.iter().position(|slot| slot.ty == Ty::Flags);
        let pins = Pins::choose(config.slots, config.features);
        Compiler {
            config,
            layout: Layout::new(config.slots, &pins),
            flags_slot: flags_slot.map(|i| SlotId(i as u16)),
            analysis: Analysis::default(),
            alloc: Alloc::new(config.slots.len()),
            links: Vec::new(),
            relocs: Vec::new(),
            faults: FaultTable::default(),
            slow: Vec::new(),
            calls: Vec::new(),
            late: Late::new(&pins),
            literals: Vec::new(),
            made: Vec::new(),
            pins,
        }
    }

    /// Which slots live in host registers, for [`crate::emit_runtime`].
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Compiles `block` to the beginning of `buf`.
    pub fn compile(&mut self, block: &Block, buf: &mut CodeBuf<'_>) -> Result<Compiled<'_>, Full> {
        self.compile_knowing(block, &[], buf)
    }

    /// The same where the code at the addresses `flags_die` writes the slot of type flags before it reads it: the slot
    /// may hold anything there.
    pub fn compile_knowing(
        &mut self,
        block: &Block,
        flags_die: &[u64],
        buf: &mut CodeBuf<'_>,
    ) -> Result<Compiled<'_>, Full> {
        self.layout.plan(block, self.config.slots, &self.pins);
        self.analysis.run(block, &self.layout, flags_die);
        self.layout.note_next_uses(block, &self.analysis.live);
        self.alloc.begin(block.insts.len(), self.layout.temps, !self.layout.moved().is_empty());
        self.links.clear();
        self.relocs.clear();
        self.slow.clear();
        self.calls.clear();
        self.literals.clear();
        self.made.clear();
        self.late.begin(self.analysis.late.len());
        self.faults.clear(block.pc, self.layout.moved(), self.config.slots);
        let mut emitter = Emitter {
            buf,
            block,
            live: &self.analysis.live,
            analysis: &self.analysis,
            config: &self.config,
            layout: &self.layout,
            alloc: &mut self.alloc,
            links: &mut self.links,
            relocs: &mut self.relocs,
            faults: &mut self.faults,
            slow: &mut self.slow,
            calls: &mut self.calls,
            late: &mut self.late,
            literals: &mut self.literals,
            made: &mut self.made,
            eflags: EflagsState::EMPTY,
            flags_slot: self.flags_slot,
            flags_die,
            cursor: 0,
            done: u32::MAX,
            deferred: Val::NONE,
            deferred_mask: Val::NONE,
            body: 0,
        };
        emitter.run();
        buf.written()?;
        if self.alloc.exhausted {
            return Err(Full);
        }
        Ok(Compiled { len: buf.len(), links: &self.links, relocs: &self.relocs, faults: self.faults.bytes() })
    }
}

impl Emitter<'_, '_> {
    /// The forward pass: instructions in their order, the terminator, and what lies out of line.
    fn run(&mut self) {
        let (block, needed) = (self.block, self.live.needed());
        self.enter_layout();
        self.body = self.buf.len();
        let notes_uses = !self.layout.moved().is_empty();
        for (cursor, &at) in needed.iter().enumerate() {
            if at == self.done {
                continue;
            }
            self.cursor = cursor;
            self.alloc.step(at);
            self.emit(Val(at), &block.insts[at as usize]);
            if notes_uses {
                self.note_uses(at as usize);
            }
        }
        self.alloc.step(block.insts.len() as u32);
        if let Some(term) = &block.term {
            self.terminate(term);
        }
        self.emit_slow_paths();
        self.emit_literals();
    }
}
