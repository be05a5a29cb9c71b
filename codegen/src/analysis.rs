//! The backward pass of the code generator, which goes along with the IR's: where a value should be computed,
//! and where the flags slot must be exact.

use crate::layout::Layout;
use crate::regs::NONE;
use ir::passes::{self, Watch};
use ir::tables::MAX_SLOTS;
use ir::{Block, Inst, Liveness, Op, SlotId, Term, Ty, Val};

/// Its result.
#[derive(Debug)]
pub(crate) struct Analysis {
    pub live: Liveness,
    /// By instruction: the [`place`] of the pinned register that its value can be computed into, or [`NO_HINT`]: a `put`
    /// follows, needed or not, and until then nothing can see the register's old content by a fault, an exit or a `get`.
    /// Of one that is needed also whether it or one after it sees the flags slot before that is written again
    /// ([`FLAGS_LIVE`]); behind them the same of the end of the block.
    notes: Vec<u8>,
    /// From the end: each `put` of a slot without a register that only faults see, and the `put` by which the slot is
    /// written again ([`crate::late`]).
    pub late: Vec<(u32, u32)>,
    /// By slot: the `put` passed last. Never emptied.
    puts: Box<[u32; MAX_SLOTS]>,
}

/// In a note: no register.
const NO_HINT: u8 = 0x80;
/// In a note: somebody sees the flags.
const FLAGS_LIVE: u8 = 0x40;
/// The rest of a note.
const PLACE: u8 = 0x3f;

/// The values whose `put` comes next, by the [`place`] of their slot.
struct Pending {
    valid: u64,
    vals: [u32; 64],
}

/// A register's number among those of both classes.
#[inline]
fn place(reg: u8, ty: Ty) -> u8 {
    reg & 31 | (ty.is_vec() as u8) << 5
}

impl Default for Analysis {
    fn default() -> Analysis {
        Analysis { live: Liveness::default(), notes: Vec::new(), late: Vec::new(), puts: Box::new([0; MAX_SLOTS]) }
    }
}

impl Analysis {
    /// Goes over `block`. What it leads to at the addresses in `flags_die` has no use for the flags.
    pub fn run(&mut self, block: &Block, layout: &Layout, flags_die: &[u64]) {
        let insts = &block.insts[..];
        self.notes.clear();
        self.notes.resize(insts.len() + 1, NO_HINT);
        let flags_live = !block.term.is_some_and(|term| dead_behind(&term, flags_die));
        self.notes[insts.len()] = flags_note(flags_live) | NO_HINT;
        self.late.clear();
        let pending = Pending { valid: 0, vals: [0; 64] };
        let (notes, late) = (&mut self.notes[..insts.len()], &mut self.late);
        let puts = &mut *self.puts;
        let mut walk = Walk { notes, insts, layout, pending, flags_live, flags_die, late, puts };
        passes::backward::run(block, &mut self.live, &mut walk);
    }

    /// The register that `val` is best computed into, or [`NONE`].
    #[inline]
    pub fn hint(&self, val: Val) -> u8 {
        match self.notes[val.index()] {
            note if note & NO_HINT != 0 => NONE,
            note => note & 31,
        }
    }

    /// Whether the flags slot must be exact at instruction `at`, which is needed, or at the end of the block.
    #[inline]
    pub fn flags_live_at(&self, at: u32) -> bool {
        self.notes[at as usize] & FLAGS_LIVE != 0
    }
}

/// Whether all code that a block may go on with has no use for the flags.
fn dead_behind(term: &Term, flags_die: &[u64]) -> bool {
    match term {
        Term::Jump { target } => flags_die.contains(target),
        Term::Branch { taken, fall, .. } => flags_die.contains(taken) && flags_die.contains(fall),
        _ => false,
    }
}

/// The walk at some point, seen from the end.
struct Walk<'a> {
    notes: &'a mut [u8],
    insts: &'a [Inst],
    layout: &'a Layout,
    pending: Pending,
    flags_live: bool,
    flags_die: &'a [u64],
    late: &'a mut Vec<(u32, u32)>,
    puts: &'a mut [u32; MAX_SLOTS],
}

impl Watch for Walk<'_> {
    #[inline]
    fn pass(&mut self, at: usize, inst: &Inst, observes: bool) {
        let hint = self.settle(at, inst);
        // Behind its result, which comes into being after what it shows.
        self.pending.valid &= (observes as u64).wrapping_sub(1);
        let nobody_needs = !self.flags_die.is_empty() && self.goes_where_flags_die(inst);
        self.flags_live |= observes & !nobody_needs;
        self.notes[at] = hint | flags_note(self.flags_live);
    }

    #[inline]
    fn pass_slot(&mut self, at: usize, inst: &Inst, is_put: bool, again: bool) {
        let hint = if is_put { NO_HINT } else { self.settle(at, inst) };
        self.access(inst, is_put);
        self.notes[at] = hint | flags_note(self.flags_live);
        if is_put {
            let next = std::mem::replace(&mut self.puts[inst.imm as usize % MAX_SLOTS], at as u32);
            if again && inst.ty != Ty::Flags && self.layout.reg(SlotId(inst.imm as u16)) == NONE {
                self.late.push((at as u32, next));
            }
        }
    }

    /// Until the `put` that is needed the register is free: the best place for the value, where long code without
    /// an exit would have too few temporaries.
    #[inline]
    fn overwritten(&mut self, inst: &Inst) {
        let reg = self.layout.reg(SlotId(inst.imm as u16));
        let place = place(reg, inst.ty);
        if reg == NONE || self.pending.valid >> place & 1 == 0 {
            return;
        }
        let stored = &self.insts[inst.args[0].index()];
        let val = if only_names(stored.op) { stored.args[0] } else { inst.args[0] };
        if self.notes[val.index()] == NO_HINT {
            self.notes[val.index()] = place;
            self.pending.vals[place as usize] = val.0;
        }
    }
}

/// Whether somebody sees the flags, as a part of a note.
#[inline]
fn flags_note(live: bool) -> u8 {
    if live { FLAGS_LIVE } else { 0 }
}

/// Whether an op only changes the type of its operand.
fn only_names(op: Op) -> bool {
    matches!(op, Op::Zext32 | Op::Trunc | Op::VZext | Op::VLow)
}

impl Walk<'_> {
    /// A `get` or `put`.
    #[inline]
    fn access(&mut self, inst: &Inst, is_put: bool) {
        if inst.ty == Ty::Flags {
            self.flags_live = !is_put;
        }
        let reg = self.layout.reg(SlotId(inst.imm as u16));
        if reg == NONE {
            return;
        }
        let place = place(reg, inst.ty);
        if is_put {
            self.pending.valid |= 1 << place;
            self.pending.vals[place as usize] = inst.args[0].0;
            self.notes[inst.args[0].index()] = place;
        } else {
            self.pending.valid &= !(1 << place);
        }
    }

    /// The hint of the value that `at` defines, if it still holds there: as a note. It is passed on to the operand of an
    /// op that only changes the type.
    #[inline]
    fn settle(&mut self, at: usize, inst: &Inst) -> u8 {
        let note = self.notes[at];
        let place = (note & PLACE) as usize;
        let holds = (note < NO_HINT) & (self.pending.valid >> place & 1 != 0) & (self.pending.vals[place] == at as u32);
        if holds & only_names(inst.op) {
            let arg = inst.args[0];
            self.notes[arg.index()] = note;
            self.pending.vals[place] = arg.0;
        }
        if holds { note } else { NO_HINT }
    }

    /// Whether an exit leads to who has no use for the flags.
    fn goes_where_flags_die(&self, inst: &Inst) -> bool {
        inst.op == Op::ExitIf && self.flags_die.contains(&(inst.imm as u64))
    }
}
