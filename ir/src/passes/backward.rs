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
    /// Filled from the end, and never emptied: the instructions of [`Liveness::needed`].
    order: Vec<u32>,
    /// Where these begin, and where they end.
    ordered: std::ops::Range<usize>,
}

/// How long a value is needed, and how often: one more than the last instruction that uses it in the high half, which
/// is 0 where the instruction is not to be emitted, and the number of uses in the low one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Life(u64);

/// Stand-ins of absent operands. Counting their uses costs less than a branch for each; by turns, or each
/// would wait for the one before.
const ABSENT: usize = 16;

impl Liveness {
    /// Begins a block of so many instructions.
    fn begin(&mut self, count: usize) {
        self.lives.clear();
        self.lives.resize(count + ABSENT, Life::DEAD);
        if self.order.len() <= count {
            self.order.resize(count + 1, 0);
        }
    }

    /// The instructions to be emitted, in their order, without marks.
    #[inline]
    pub fn needed(&self) -> &[u32] {
        &self.order[self.ordered.clone()]
    }

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
    /// A mark, which has no value.
    const MARK: Life = Life(1 << 32);

    /// Needed at `stamp`.
    #[inline]
    fn needed_at(stamp: Stamp) -> Life {
        Life(stamp.0)
    }

    /// The same unless it is used already, which was later.
    #[inline]
    fn or_needed_at(self, stamp: Stamp) -> Life {
        Life(self.0.max(stamp.0))
    }

    /// With a use at `stamp`. The walk goes backward: the first use seen is the last.
    #[inline]
    fn used_at(self, stamp: Stamp) -> Life {
        Life(self.0.max(stamp.0) + 1)
    }
}

/// A place in the block as it stands in a [`Life`]: taken along on the walk, and not made anew at each instruction.
#[derive(Clone, Copy)]
struct Stamp(u64);

impl Stamp {
    #[inline]
    fn of(at: usize) -> Stamp {
        Stamp((at as u64 + 1) << 32)
    }

    /// The place in front.
    #[inline]
    fn before(self) -> Stamp {
        Stamp(self.0.wrapping_sub(1 << 32))
    }
}

/// Who goes along on the walk: the code generator finds out what it needs of it.
pub trait Watch {
    /// Instruction `at`, needed, is passed; those behind it were. A fault or an exit may show the state there if it
    /// `observes`.
    fn pass(&mut self, at: usize, inst: &Inst, observes: bool);

    /// The same of a `get` or a `put`. Where a `put` comes `again`, the slot is written once more, and in between only
    /// faults show it.
    fn pass_slot(&mut self, at: usize, inst: &Inst, is_put: bool, again: bool);

    /// A `put` is passed that nothing sees, as its slot is written again.
    fn overwritten(&mut self, inst: &Inst);
}

impl Watch for () {
    #[inline]
    fn pass(&mut self, _: usize, _: &Inst, _: bool) {}
    #[inline]
    fn pass_slot(&mut self, _: usize, _: &Inst, _: bool, _: bool) {}
    #[inline]
    fn overwritten(&mut self, _: &Inst) {}
}

/// What the walk looks at in an op: its row's effect, as a set of these.
type Traits = u8;
/// Reads or writes a slot.
const SLOT: Traits = 1;
/// Writes one.
const PUT: Traits = 2;
/// Stays though it be unused.
const STAYS: Traits = 4;
/// A fault or an exit may show the state.
const OBSERVES: Traits = 8;
/// Marks a guest instruction.
const MARK: Traits = 16;
/// May leave the block.
const EXITS: Traits = 32;

/// By op: the rows' effects in a few cache lines.
static TRAITS: [Traits; Op::ALL.len()] = {
    let mut traits = [0; Op::ALL.len()];
    let mut i = 0;
    while i < traits.len() {
        traits[i] = match Op::ALL[i].info().effect {
            _ if matches!(Op::ALL[i], Op::Insn) => MARK,
            Effect::Pure => 0,
            Effect::Get => SLOT,
            Effect::Put => SLOT | PUT,
            Effect::Load | Effect::Store => STAYS | OBSERVES,
            Effect::Exit => STAYS | OBSERVES | EXITS,
            Effect::Fp | Effect::Fixed => STAYS,
        };
        i += 1;
    }
    traits
};

/// A set of slots.
#[derive(Default)]
struct SlotSet([u64; MAX_SLOTS / 64]);

impl SlotSet {
    #[inline]
    fn word(slot: i64) -> (usize, u64) {
        (slot as usize / 64 % (MAX_SLOTS / 64), 1 << (slot % 64))
    }

    /// Adds a slot; whether it was there.
    #[inline]
    fn insert(&mut self, slot: i64) -> bool {
        let (word, bit) = Self::word(slot);
        let was = self.0[word] & bit != 0;
        self.0[word] |= bit;
        was
    }

    #[inline]
    fn remove(&mut self, slot: i64) {
        let (word, bit) = Self::word(slot);
        self.0[word] &= !bit;
    }

    /// Empties it if `all` says so, without a branch.
    #[inline]
    fn clear_if(&mut self, all: bool) {
        let kept = (all as u64).wrapping_sub(1);
        self.0.iter_mut().for_each(|word| *word &= kept);
    }
}

/// Walks `block` from its end. What an op is is as good as random: there are few branches on it.
pub fn run(block: &Block, live: &mut Liveness, watch: &mut impl Watch) {
    let insts = &block.insts[..];
    let count = insts.len();
    live.begin(count);
    let (lives, order) = (&mut live.lives[..count + ABSENT], &mut live.order[..count + 1]);
    let mut stamp = Stamp::of(count);
    if let Some(val) = block.term.and_then(|term| term.operand()) {
        lives[val.index()] = lives[val.index()].used_at(stamp);
    }
    // Slots that are written again before anything looks at them.
    let mut overwritten = SlotSet::default();
    // The same, but for faults.
    let mut rewritten = SlotSet::default();
    let mut last = count;
    for i in (0..count).rev() {
        let inst = &insts[i];
        let traits = TRAITS[inst.op as usize];
        stamp = stamp.before();
        if traits & MARK != 0 {
            lives[i] = Life::MARK;
            continue;
        }
        let life = lives[i];
        order[last] = i as u32;
        if traits & SLOT != 0 {
            let is_put = traits & PUT != 0;
            let mut again = false;
            if is_put {
                if overwritten.insert(inst.imm) {
                    watch.overwritten(inst);
                    continue;
                }
                lives[i] = Life::needed_at(stamp);
                let of = inst.args[0].index();
                lives[of] = lives[of].used_at(stamp);
                again = rewritten.insert(inst.imm);
            } else {
                if life == Life::DEAD {
                    continue;
                }
                overwritten.remove(inst.imm);
                rewritten.remove(inst.imm);
            }
            last -= 1;
            watch.pass_slot(i, inst, is_put, again);
            continue;
        }
        if (life == Life::DEAD) & (traits & STAYS == 0) {
            continue;
        }
        lives[i] = life.or_needed_at(stamp);
        overwritten.clear_if(traits & OBSERVES != 0);
        rewritten.clear_if(traits & EXITS != 0);
        // An absent operand's index is greater than any.
        let absent = count + i % ABSENT;
        for val in inst.args {
            let of = val.index().min(absent);
            lives[of] = lives[of].used_at(stamp);
        }
        last -= 1;
        watch.pass(i, inst, traits & OBSERVES != 0);
    }
    live.ordered = last + 1..count + 1;
}
