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

/// How long a value is needed, and how often.
#[derive(Clone, Copy, Debug)]
struct Life {
    last_use: u32,
    uses: u8,
}

/// Stand-ins of absent operands. Counting their uses costs less than a branch for each; by turns, or each
/// would wait for the one before.
const ABSENT: usize = 16;

/// `last_use` of an instruction that is not to be emitted.
const DEAD: u32 = u32::MAX;

impl Liveness {
    /// Whether the instruction is not to be emitted.
    #[inline]
    pub fn is_dead(&self, val: Val) -> bool {
        self.last_use(val) == DEAD
    }

    /// The index of the last instruction that uses the value: its own if there is none, the number of
    /// instructions if the terminator does. Meaningless for a dead one.
    #[inline]
    pub fn last_use(&self, val: Val) -> u32 {
        self.lives[val.index()].last_use
    }

    /// How many live operands the value is, 255 standing for more.
    #[inline]
    pub fn uses(&self, val: Val) -> u32 {
        self.lives[val.index()].uses as u32
    }
}

impl Life {
    const UNUSED: Life = Life { last_use: DEAD, uses: 0 };

    /// Counts a use at `at`. The walk goes backward: the first use seen is the last.
    #[inline]
    fn use_at(&mut self, at: u32) {
        self.uses = self.uses.saturating_add(1);
        self.last_use = if self.last_use == DEAD { at } else { self.last_use };
    }
}

/// Who goes along on the walk: the code generator finds out what it needs of it.
pub trait Watch {
    /// Instruction `at`, needed, is passed; those behind it were.
    fn pass(&mut self, at: usize, inst: &Inst, role: Role);
}

impl Watch for () {
    #[inline]
    fn pass(&mut self, _: usize, _: &Inst, _: Role) {}
}

/// What the walk looks at in an op: its row's effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
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
        roles[i] = match Op::ALL[i].info().effect {
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
    live.lives.resize(count + ABSENT, Life::UNUSED);
    let lives = &mut live.lives[..];
    if let Some(val) = block.term.and_then(|term| term.operand()) {
        lives[val.index()].use_at(count as u32);
    }
    // Slots that are written again before anything looks at them.
    let mut overwritten = SlotSet::default();
    for (i, inst) in insts.iter().enumerate().rev() {
        let role = ROLES[inst.op as usize];
        let life = &mut lives[i];
        let needed = match role {
            Role::Value => life.uses != 0,
            Role::Get => {
                if life.uses != 0 {
                    overwritten.remove(inst.imm);
                }
                life.uses != 0
            }
            Role::Put => !overwritten.insert(inst.imm),
            Role::Observes => {
                overwritten = SlotSet::default();
                true
            }
            Role::Stays => true,
        };
        if !needed {
            continue;
        }
        if life.last_use == DEAD {
            life.last_use = i as u32;
        }
        let absent = count + i % ABSENT;
        for val in inst.args {
            lives[if val.is_some() { val.index() } else { absent }].use_at(i as u32);
        }
        watch.pass(i, inst, role);
    }
}
