//! The backward pass of the code generator, which goes along with the IR's: where a value should be computed,
//! and where the flags slot must be exact.

use crate::layout::Layout;
use crate::regs::NONE;
use ir::passes::{self, Role, Watch};
use ir::{Block, Inst, Liveness, Op, SlotId, Term, Ty, Val};

/// Its result.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    pub live: Liveness,
    /// The pinned register that each value can be computed into: a `put` follows, needed or not, and until then
    /// nothing can see the register's old content by a fault, an exit or a `get`.
    hints: Vec<u8>,
    /// Whether an instruction or one after it sees the flags slot before it is written again.
    flags_live: Vec<bool>,
    /// The same at the end of the block.
    live_at_end: bool,
}

/// For a class of registers, the value whose `put` comes next.
#[derive(Default)]
struct Pending {
    valid: u32,
    vals: [u32; 32],
}

impl Analysis {
    /// Goes over `block`. What it leads to at the addresses in `flags_die` has no use for the flags.
    pub fn run(&mut self, block: &Block, layout: &Layout, flags_die: &[u64]) {
        self.hints.clear();
        self.hints.resize(block.insts.len(), NONE);
        self.flags_live.clear();
        self.flags_live.resize(block.insts.len(), true);
        let pending = [Pending::default(), Pending::default()];
        let (hints, lives_at) = (&mut self.hints[..], &mut self.flags_live[..]);
        let insts = &block.insts[..];
        self.live_at_end = !block.term.is_some_and(|term| dead_behind(&term, flags_die));
        let flags_live = self.live_at_end;
        let mut walk = Walk { hints, lives_at, insts, layout, pending, flags_live, flags_die };
        passes::backward::run(block, &mut self.live, &mut walk);
    }

    /// The register that `val` is best computed into, or [`NONE`].
    #[inline]
    pub fn hint(&self, val: Val) -> u8 {
        self.hints[val.index()]
    }

    /// Whether the flags slot must be exact at instruction `at`, which is neither dead nor a constant or mark, or at the
    /// end of the block.
    pub fn flags_live_at(&self, at: u32) -> bool {
        self.flags_live.get(at as usize).map_or(self.live_at_end, |&live| live)
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
    hints: &'a mut [u8],
    /// Of each instruction: [`Analysis::flags_live`].
    lives_at: &'a mut [bool],
    insts: &'a [Inst],
    layout: &'a Layout,
    pending: [Pending; 2],
    flags_live: bool,
    flags_die: &'a [u64],
}

impl Watch for Walk<'_> {
    #[inline]
    fn pass(&mut self, at: usize, inst: &Inst, role: Role) {
        if self.hints[at] != NONE {
            self.settle(at, inst);
        }
        match role {
            Role::Mark | Role::Leaf | Role::Value | Role::Stays => {}
            // Behind its result, which comes into being after what it shows.
            Role::Observes => {
                self.pending.iter_mut().for_each(|class| class.valid = 0);
                let to_who_needs_none = inst.op == Op::ExitIf && self.flags_die.contains(&(inst.imm as u64));
                self.flags_live |= !to_who_needs_none;
            }
            Role::Get | Role::Put => self.access(inst),
        }
        self.lives_at[at] = self.flags_live;
    }

    /// Until the `put` that is needed the register is free: the best place for the value, where long code without
    /// an exit would have too few temporaries.
    #[inline]
    fn overwritten(&mut self, inst: &Inst) {
        let reg = self.layout.reg(SlotId(inst.imm as u16));
        let class = &mut self.pending[inst.ty.is_vec() as usize];
        if reg == NONE || class.valid >> reg & 1 == 0 {
            return;
        }
        let stored = &self.insts[inst.args[0].index()];
        let val = if only_names(stored.op) { stored.args[0] } else { inst.args[0] };
        if self.hints[val.index()] == NONE {
            self.hints[val.index()] = reg;
            class.vals[reg as usize] = val.0;
        }
    }
}

/// Whether an op only changes the type of its operand.
fn only_names(op: Op) -> bool {
    matches!(op, Op::Zext32 | Op::Trunc | Op::VZext | Op::VLow)
}

impl Walk<'_> {
    /// A `get` or `put`.
    fn access(&mut self, inst: &Inst) {
        if inst.ty == Ty::Flags {
            self.flags_live = inst.op == Op::Get;
        }
        let reg = self.layout.reg(SlotId(inst.imm as u16));
        if reg == NONE {
            return;
        }
        let class = &mut self.pending[inst.ty.is_vec() as usize];
        if inst.op == Op::Put {
            class.valid |= 1 << reg;
            class.vals[reg as usize] = inst.args[0].0;
            self.hints[inst.args[0].index()] = reg;
        } else {
            class.valid &= !(1 << reg);
        }
    }

    /// Keeps the hint of the value that `at` defines if it still holds there, and passes it on to the
    /// operand of an op that only changes the type.
    fn settle(&mut self, at: usize, inst: &Inst) {
        let reg = self.hints[at];
        let class = &mut self.pending[inst.result().is_vec() as usize];
        if class.valid >> reg & 1 == 0 || class.vals[reg as usize] != at as u32 {
            self.hints[at] = NONE;
        } else if only_names(inst.op) {
            let arg = inst.args[0];
            self.hints[arg.index()] = reg;
            class.vals[reg as usize] = arg.0;
        }
    }
}
