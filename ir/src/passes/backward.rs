//! The backward pass: one walk from the end finds what nobody needs, and how often and how long the rest
//! is needed. Nothing moves: dead instructions are marked, and emission skips them.

use crate::block::{Block, Inst, Val};
use crate::ops::{Effect, Op};
use crate::tables::MAX_SLOTS;

/// The result of the backward pass, reused from one block to the next.
#[derive(Clone, Debug, Default)]
pub struct Liveness {
    /// Of each instruction, and [`ABSENT`] that stand for operands that are absent.
    lives: Vec<Life>,
}

/// How long a value is needed, and how often: one more than the last instruction that uses it in the high half, which
/// is 0 where the instruction is not to be emitted, and the number of uses in the low one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Life(u64);

/// Stand-ins of absent operands. Counting their uses costs less than a branch for each; by turns, or each
/// would wait for the one before.
const ABSENT: usize = 16;

impl Liveness {
    /// Whether the instruction is not to be emitted.
    #[inline]
    pub fn is_dead(&self, val: Val) -> bool {
        self.lives[val.index()] == Life::DEAD
    }

    /// The index of the last instruction that uses the value: its own if there is none, the number of
    /// instructions if the terminator does. Meaningless for a dead one.
    #[inline]
    pub fn last_use(&self, val: Val) -> u32 {
        ((self.lives[val.index()].0 >> 32) as u32).wrapping_sub(1)
    }

    /// How many live operands the value is.
    #[inline]
    pub fn uses(&self, val: Val) -> u32 {
        self.lives[val.index()].0 as u32
    }
}

impl Life {
    const DEAD: Life = Life(0);

    /// Needed at `at`, and not used so far.
    #[inline]
    fn needed_at(at: usize) -> Life {
        Life((at as u64 + 1) << 32)
    }

    /// With a use at `at`. The walk goes backward: the first use seen is the last.
    #[inline]
    fn used_at(self, at: usize) -> Life {
        Life(self.0.max(Life::needed_at(at).0) + 1)
    }
}

/// Who goes along on the walk: the code generator finds out what it needs of it.
pub trait Watch {
    /// Instruction `at`, needed, is passed; those behind it were. Constants and marks are not shown.
    fn pass(&mut self, at: usize, inst: &Inst, role: Role);

    /// A `put` is passed that nothing sees, as its slot is written again.
    #[inline]
    fn overwritten(&mut self, _inst: &Inst) {}
}

impl Watch for () {
    #[inline]
    fn pass(&mut self, _: usize, _: &Inst, _: Role) {}
}

/// What the walk looks at in an op: its row's effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Marks a guest instruction.
    Mark,
    /// A value without operands: goes when it is unused.
    Leaf,
    /// Goes when it is unused.
    Value,
    /// Reads a slot.
    Get,
    /// Writes a slot.
    Put,
    /// A fault or an exit may show the state.
    Observes,
    /// Stays.
    Stays,
}

/// By op: the rows' effects in a few cache lines.
static ROLES: [Role; Op::ALL.len()] = {
    let mut roles = [Role::Value; Op::ALL.len()];
    let mut i = 0;
    while i < roles.len() {
        let info = Op::ALL[i].info();
        roles[i] = match info.effect {
            _ if matches!(Op::ALL[i], Op::Insn) => Role::Mark,
            Effect::Pure if info.args == 0 => Role::Leaf,
            Effect::Pure => Role::Value,
            Effect::Get => Role::Get,
            Effect::Put => Role::Put,
            Effect::Load | Effect::Store | Effect::Exit => Role::Observes,
            Effect::Fp | Effect::Fixed => Role::Stays,
        };
        i += 1;
    }
    roles
};

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
pub fn run(block: &Block, live: &mut Liveness, watch: &mut impl Watch) {
    let insts = &block.insts[..];
    let count = insts.len();
    live.lives.clear();
    live.lives.resize(count + ABSENT, Life::DEAD);
    let lives = &mut live.lives[..];
    if let Some(val) = block.term.and_then(|term| term.operand()) {
        lives[val.index()] = lives[val.index()].used_at(count);
    }
    // Slots that are written again before anything looks at them.
    let mut overwritten = SlotSet::default();
    for (i, inst) in insts.iter().enumerate().rev() {
        let role = ROLES[inst.op as usize];
        let is_used = lives[i] != Life::DEAD;
        match role {
            Role::Mark => {
                lives[i] = Life::needed_at(i);
                continue;
            }
            Role::Leaf => continue,
            Role::Get => {
                if is_used {
                    overwritten.remove(inst.imm);
                    watch.pass(i, inst, role);
                }
                continue;
            }
            Role::Put => {
                if overwritten.insert(inst.imm) {
                    watch.overwritten(inst);
                    continue;
                }
                lives[i] = Life::needed_at(i);
                let of = inst.args[0].index();
                lives[of] = lives[of].used_at(i);
                watch.pass(i, inst, role);
                continue;
            }
            Role::Value if !is_used => continue,
            Role::Value => {}
            Role::Observes => overwritten = SlotSet::default(),
            Role::Stays => {}
        }
        if !is_used {
            lives[i] = Life::needed_at(i);
        }
        // An absent operand's index is greater than any.
        let absent = count + i % ABSENT;
        for val in inst.args {
            let of = val.index().min(absent);
            lives[of] = lives[of].used_at(i);
        }
        watch.pass(i, inst, role);
    }
}
