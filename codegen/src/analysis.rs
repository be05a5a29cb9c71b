//! The backward pass of the code generator: where a value should be computed, and where the flags slot
//! must be exact.

use crate::regs::{NONE, Pins};
use ir::ops::Effect;
use ir::{Block, Inst, Liveness, Op, SlotDef, SlotId, Ty, Val};

/// Its result, by instruction.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    /// The pinned register that the value can be computed into: a `put` follows, and until then
    /// nothing can see the register's old content by a fault, an exit or a `get`.
    pub hints: Vec<u8>,
    /// Whether this instruction or one after it sees the flags slot before it is written again.
    flags_live: Vec<bool>,
}

/// For a class of registers, the value whose `put` comes next.
#[derive(Default)]
struct Pending {
    valid: u16,
    vals: [u32; 16],
}

impl Analysis {
    pub fn run(&mut self, block: &Block, live: &Liveness, slots: &[SlotDef], pins: &Pins) {
        let count = block.insts.len();
        self.hints.clear();
        self.hints.resize(count, NONE);
        self.flags_live.clear();
        self.flags_live.resize(count, true);
        let mut pending = [Pending::default(), Pending::default()];
        let mut flags_live = true;
        for (i, inst) in block.insts.iter().enumerate().rev() {
            if !live.is_dead(Val(i as u32)) {
                if self.hints[i] != NONE {
                    self.settle(i, inst, &mut pending[inst.result().is_vec() as usize]);
                }
                match KINDS[inst.op as usize] {
                    Kind::Other => {}
                    // Behind its result, which comes into being after what it shows.
                    Kind::Observes => {
                        pending.iter_mut().for_each(|class| class.valid = 0);
                        flags_live = true;
                    }
                    Kind::Slot => {
                        let slot = SlotId(inst.imm as u16);
                        let ty = slots[slot.0 as usize].ty;
                        if ty == Ty::Flags {
                            flags_live = inst.op == Op::Get;
                        }
                        self.access(inst, pins.reg(slot), &mut pending[ty.is_vec() as usize]);
                    }
                }
            }
            self.flags_live[i] = flags_live;
        }
    }

    /// Whether the flags slot must be exact at instruction `at`, or at the end of the block.
    pub fn flags_live_at(&self, at: u32) -> bool {
        self.flags_live.get(at as usize).copied().unwrap_or(true)
    }

    /// A `get` or `put` of the slot in `reg`.
    fn access(&mut self, inst: &Inst, reg: u8, class: &mut Pending) {
        if reg == NONE {
            return;
        }
        if inst.op == Op::Put {
            class.valid |= 1 << reg;
            class.vals[reg as usize] = inst.args[0].0;
            self.hints[inst.args[0].index()] = reg;
        } else {
            class.valid &= !(1 << reg);
        }
    }

    /// Keeps the hint of the value that `i` defines if it still holds there, and passes it on to the
    /// operand of an op that only changes the type.
    fn settle(&mut self, i: usize, inst: &Inst, class: &mut Pending) {
        let reg = self.hints[i];
        if class.valid >> reg & 1 == 0 || class.vals[reg as usize] != i as u32 {
            self.hints[i] = NONE;
        } else if matches!(inst.op, Op::Zext32 | Op::Trunc | Op::VZext | Op::VLow) {
            let arg = inst.args[0];
            self.hints[arg.index()] = reg;
            class.vals[reg as usize] = arg.0;
        }
    }
}

/// What the pass looks at in an op.
#[derive(Clone, Copy)]
enum Kind {
    Other,
    /// A fault or an exit may show the state.
    Observes,
    /// `get` or `put`.
    Slot,
}

/// By op: the rows' effects in a few cache lines.
static KINDS: [Kind; Op::ALL.len()] = {
    let mut kinds = [Kind::Other; Op::ALL.len()];
    let mut i = 0;
    while i < kinds.len() {
        kinds[i] = match Op::ALL[i].info().effect {
            Effect::Load | Effect::Store | Effect::Exit => Kind::Observes,
            Effect::Get | Effect::Put => Kind::Slot,
            Effect::Pure | Effect::Fp | Effect::Fixed => Kind::Other,
        };
        i += 1;
    }
    kinds
};
