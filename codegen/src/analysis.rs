//! The backward pass of the code generator, which goes along with the IR's: where a value should be computed,
//! and where the flags slot must be exact.

use crate::layout::Layout;
use crate::regs::NONE;
use ir::passes::{self, Role, Watch};
use ir::{Block, Inst, Liveness, Op, SlotDef, SlotId, Ty, Val};

/// Its result.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    pub live: Liveness,
    notes: Vec<Note>,
}

/// What is known of an instruction.
#[derive(Clone, Copy, Debug)]
struct Note {
    /// The pinned register that its value can be computed into: a `put` follows, and until then
    /// nothing can see the register's old content by a fault, an exit or a `get`.
    hint: u8,
    /// Whether it or one after it sees the flags slot before it is written again.
    flags_live: bool,
}

/// For a class of registers, the value whose `put` comes next.
#[derive(Default)]
struct Pending {
    valid: u16,
    vals: [u32; 16],
}

impl Analysis {
    pub fn run(&mut self, block: &Block, slots: &[SlotDef], layout: &Layout) {
        self.notes.clear();
        self.notes.resize(block.insts.len(), Note { hint: NONE, flags_live: true });
        let pending = [Pending::default(), Pending::default()];
        let mut walk = Walk { notes: &mut self.notes, slots, layout, pending, flags_live: true };
        passes::backward::run(block, &mut self.live, &mut walk);
    }

    /// The register that `val` is best computed into, or [`NONE`].
    #[inline]
    pub fn hint(&self, val: Val) -> u8 {
        self.notes[val.index()].hint
    }

    /// Whether the flags slot must be exact at instruction `at`, which is not dead, or at the end of the block.
    pub fn flags_live_at(&self, at: u32) -> bool {
        self.notes.get(at as usize).is_none_or(|note| note.flags_live)
    }
}

/// The walk at some point, seen from the end.
struct Walk<'a> {
    notes: &'a mut [Note],
    slots: &'a [SlotDef],
    layout: &'a Layout,
    pending: [Pending; 2],
    flags_live: bool,
}

impl Watch for Walk<'_> {
    #[inline]
    fn pass(&mut self, at: usize, inst: &Inst, role: Role) {
        if self.notes[at].hint != NONE {
            self.settle(at, inst);
        }
        match role {
            Role::Value | Role::Stays => {}
            // Behind its result, which comes into being after what it shows.
            Role::Observes => {
                self.pending.iter_mut().for_each(|class| class.valid = 0);
                self.flags_live = true;
            }
            Role::Get | Role::Put => self.access(inst),
        }
        self.notes[at].flags_live = self.flags_live;
    }
}

impl Walk<'_> {
    /// A `get` or `put`.
    fn access(&mut self, inst: &Inst) {
        let slot = SlotId(inst.imm as u16);
        let ty = self.slots[slot.0 as usize].ty;
        if ty == Ty::Flags {
            self.flags_live = inst.op == Op::Get;
        }
        let reg = self.layout.reg(slot);
        if reg == NONE {
            return;
        }
        let class = &mut self.pending[ty.is_vec() as usize];
        if inst.op == Op::Put {
            class.valid |= 1 << reg;
            class.vals[reg as usize] = inst.args[0].0;
            self.notes[inst.args[0].index()].hint = reg;
        } else {
            class.valid &= !(1 << reg);
        }
    }

    /// Keeps the hint of the value that `at` defines if it still holds there, and passes it on to the
    /// operand of an op that only changes the type.
    fn settle(&mut self, at: usize, inst: &Inst) {
        let reg = self.notes[at].hint;
        let class = &mut self.pending[inst.result().is_vec() as usize];
        if class.valid >> reg & 1 == 0 || class.vals[reg as usize] != at as u32 {
            self.notes[at].hint = NONE;
        } else if matches!(inst.op, Op::Zext32 | Op::Trunc | Op::VZext | Op::VLow) {
            let arg = inst.args[0];
            self.notes[arg.index()].hint = reg;
            class.vals[reg as usize] = arg.0;
        }
    }
}
