//! The backward pass: one walk from the end finds what nobody needs, and how often and how long the rest
//! is needed. Nothing moves: dead instructions are marked, and emission skips them.

use crate::block::{Block, Inst, Val};
use crate::ops::Effect;
use crate::tables::MAX_SLOTS;

/// The result of the backward pass, reused from one block to the next.
#[derive(Clone, Debug, Default)]
pub struct Liveness {
    last_use: Vec<u32>,
    uses: Vec<u8>,
}

/// `last_use` of an instruction that is not to be emitted.
const DEAD: u32 = u32::MAX;

impl Liveness {
    /// Whether the instruction is not to be emitted.
    #[inline]
    pub fn is_dead(&self, val: Val) -> bool {
        self.last_use[val.index()] == DEAD
    }

    /// The index of the last instruction that uses the value: its own if there is none, the number of
    /// instructions if the terminator does. Meaningless for a dead one.
    #[inline]
    pub fn last_use(&self, val: Val) -> u32 {
        self.last_use[val.index()]
    }

    /// How many live operands the value is, 255 standing for more.
    #[inline]
    pub fn uses(&self, val: Val) -> u32 {
        self.uses[val.index()] as u32
    }

    /// Counts a use at `at`. The walk goes backward: the first use seen is the last.
    #[inline]
    fn use_at(&mut self, val: Val, at: u32) {
        let i = val.index();
        self.uses[i] = self.uses[i].saturating_add(1);
        if self.last_use[i] == DEAD {
            self.last_use[i] = at;
        }
    }
}

/// A set of slots.
#[derive(Default)]
struct SlotSet([u64; MAX_SLOTS / 64]);

impl SlotSet {
    fn word(slot: i64) -> (usize, u64) {
        (slot as usize / 64 % (MAX_SLOTS / 64), 1 << (slot % 64))
    }

    /// Adds a slot; whether it was there.
    fn insert(&mut self, slot: i64) -> bool {
        let (word, bit) = Self::word(slot);
        let was = self.0[word] & bit != 0;
        self.0[word] |= bit;
        was
    }

    fn remove(&mut self, slot: i64) {
        let (word, bit) = Self::word(slot);
        self.0[word] &= !bit;
    }
}

/// Walks `block` from its end.
pub fn run(block: &Block, live: &mut Liveness) {
    let count = block.insts.len();
    live.last_use.clear();
    live.last_use.resize(count, DEAD);
    live.uses.clear();
    live.uses.resize(count, 0);
    if let Some(val) = block.term.and_then(|term| term.operand()) {
        live.use_at(val, count as u32);
    }
    // Slots that are written again before anything looks at them.
    let mut overwritten = SlotSet::default();
    for (i, inst) in block.insts.iter().enumerate().rev() {
        if !is_needed(inst, live.uses[i], &mut overwritten) {
            continue;
        }
        if live.last_use[i] == DEAD {
            live.last_use[i] = i as u32;
        }
        for val in inst.args {
            if val.is_some() {
                live.use_at(val, i as u32);
            }
        }
    }
}

#[inline]
fn is_needed(inst: &Inst, uses: u8, overwritten: &mut SlotSet) -> bool {
    match inst.op.info().effect {
        Effect::Pure => uses != 0,
        Effect::Get => {
            if uses != 0 {
                overwritten.remove(inst.imm);
            }
            uses != 0
        }
        Effect::Put => !overwritten.insert(inst.imm),
        Effect::Load | Effect::Store | Effect::Exit => {
            *overwritten = SlotSet::default();
            true
        }
        Effect::Fp | Effect::Fixed => true,
    }
}
