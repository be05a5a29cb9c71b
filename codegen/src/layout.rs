//! Which slots are in registers inside a block. Mostly those that are between blocks. A block that runs long
//! before it is left, or loops to itself, makes something else of pinned registers: of those that it has no
//! use for a loop makes the homes of slots that it writes, any other block temporaries; and where many
//! slots compete in a long block, all are temporaries. It saves what was in them first, and puts it back
//! wherever it is left.

use crate::alloc::{Class, Home};
use crate::emitter::Emitter;
use crate::regs::{NONE, Pins};
use ir::{Block, Inst, Liveness, Op, SlotDef, SlotId, Term, Ty, Val};

/// Guest instructions between two ways out from which on saving registers pays.
const LONG_RUN: u32 = 12;
/// So many that giving up all pinned registers pays, by class if so many slots that are not pinned are accessed.
const LONGER_RUN: u32 = 24;
const MANY_SLOTS: [usize; 2] = [5, 7];
/// Registers that a loop has given up which become temporaries; the others go to slots that rounds hand on.
const LOOP_TEMPS: usize = 3;
/// So many are served well by the usual temporaries.
const FEW_SLOTS: [usize; 2] = [2, 4];
/// Instructions of the IR that are not worth a look.
const SHORT_BLOCK: usize = 100;

/// A pinned register that means something else inside the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub reg: u8,
    pub ty: Ty,
    /// Whose register it is between blocks.
    pub home: SlotId,
    /// The slot that it holds inside; if none, it is a temporary.
    pub resident: Option<SlotId>,
    /// Whether the block writes that slot.
    dirty: bool,
}

/// Where slots are inside a block.
#[derive(Debug)]
pub(crate) struct Layout {
    by_slot: Vec<u8>,
    /// Temporaries by class.
    pub temps: [u32; 2],
    /// Those of any block.
    usual_temps: [u32; 2],
    moved: Vec<Moved>,
    uses: Vec<SlotUse>,
    pub next: NextUses,
}

/// How often a block accesses a slot.
#[derive(Clone, Copy, Default, Debug)]
struct SlotUse {
    count: u32,
    written: bool,
    /// The instruction that reads what it holds when the block is entered.
    first_get: u32,
    /// Whether it is chosen to have a register.
    stays: bool,
}

impl SlotUse {
    /// Whether a round of a loop reads what the one before wrote, and it is not chosen yet.
    fn is_handed_on(&self) -> bool {
        self.written && self.first_get != u32::MAX && !self.stays
    }
}

impl Layout {
    pub fn new(slots: &[SlotDef], pins: &Pins) -> Layout {
        Layout {
            by_slot: (0..slots.len()).map(|i| pins.reg(SlotId(i as u16))).collect(),
            temps: pins.temps(),
            usual_temps: pins.temps(),
            moved: Vec::new(),
            uses: Vec::new(),
            next: NextUses::default(),
        }
    }

    /// The register of `slot`, [`NONE`] if it lives in memory.
    #[inline]
    pub fn reg(&self, slot: SlotId) -> u8 {
        self.by_slot[slot.0 as usize]
    }

    /// The registers that differ from what they are between blocks.
    #[inline]
    pub fn moved(&self) -> &[Moved] {
        &self.moved
    }

    /// Whether a block that loops to itself, the one that was planned last, reads `slot` before it writes it.
    pub fn is_read_first(&self, slot: SlotId) -> bool {
        self.uses.get(slot.0 as usize).is_none_or(|used| used.count != 0 && used.first_get != u32::MAX)
    }

    /// Decides for `block`.
    pub fn plan(&mut self, block: &Block, slots: &[SlotDef], pins: &Pins) {
        self.reset();
        let loops = loops_to_itself(block);
        if !loops && block.insts.len() < SHORT_BLOCK {
            return;
        }
        let exits = self.count_uses(block, slots.len());
        let run = block.guest_insts / (exits + 1);
        if loops || run >= LONG_RUN {
            for class in [Class::Gpr, Class::Xmm] {
                self.plan_class(class, loops, run, slots, pins);
            }
        }
    }

    /// Behind the backward pass: when values are used next, where the plan made it matter.
    pub fn note_next_uses(&mut self, block: &Block, live: &Liveness) {
        if !self.moved.is_empty() {
            self.next.run(block, live);
        }
    }

    /// Undoes the plan of the block before.
    fn reset(&mut self) {
        for moved in self.moved.drain(..) {
            if let Some(slot) = moved.resident {
                self.by_slot[slot.0 as usize] = NONE;
            }
            self.by_slot[moved.home.0 as usize] = moved.reg;
        }
        self.temps = self.usual_temps;
        self.next.clear();
    }

    /// Counts accesses by slot; the number of side exits.
    fn count_uses(&mut self, block: &Block, slots: usize) -> u32 {
        self.uses.clear();
        self.uses.resize(slots, SlotUse::default());
        let mut exits = 0;
        for (i, inst) in block.insts.iter().enumerate() {
            match inst.op {
                Op::Get | Op::Put => {
                    let slot = &mut self.uses[inst.imm as usize];
                    if slot.count == 0 {
                        slot.first_get = if inst.op == Op::Get { i as u32 } else { u32::MAX };
                    }
                    slot.count += 1;
                    slot.written |= inst.op == Op::Put;
                }
                Op::ExitIf => exits += 1,
                _ => {}
            }
        }
        exits
    }

    /// Gives the registers of slots that the block does not access to those that a loop writes, which else
    /// would go through memory from one round to the next; or to temporaries.
    fn plan_class(&mut self, class: Class, loops: bool, run: u32, slots: &[SlotDef], pins: &Pins) {
        let homeless = |&i: &usize| {
            let ty = slots[i].ty;
            self.uses[i].count != 0 && self.by_slot[i] == NONE && ty != Ty::Flags && Class::of(ty) == class
        };
        let competing = (0..slots.len()).filter(homeless).count();
        let few_homeless = class == Class::Xmm && pins.xmm_count() > 16;
        let all = run >= LONGER_RUN && competing >= MANY_SLOTS[class as usize] && !few_homeless;
        if loops && all {
            return self.plan_crowded_loop(class, slots, pins);
        }
        let mut wanted = if loops {
            (0..slots.len()).filter(homeless).filter(|&i| self.uses[i].written).count()
        } else {
            competing.saturating_sub(FEW_SLOTS[class as usize])
        };
        for pin in pins.iter().filter(|pin| Class::of(pin.ty) == class && is_whole(pin.ty)) {
            if wanted == 0 {
                return;
            }
            if self.uses[pin.slot.0 as usize].count != 0 && !all {
                continue;
            }
            let resident = if loops { self.most_used(pin.ty, slots, |used| used.written) } else { None };
            if loops && resident.is_none() {
                continue;
            }
            self.give(class, *pin, resident);
            if !all {
                wanted -= 1;
            }
        }
    }

    /// The same for a loop in which so many slots compete that it gives up all pinned registers: those that a round
    /// takes from the one before stay in registers, the others make do with what is left.
    fn plan_crowded_loop(&mut self, class: Class, slots: &[SlotDef], pins: &Pins) {
        let ours = || pins.iter().filter(|pin| Class::of(pin.ty) == class && is_whole(pin.ty));
        for _ in 0..ours().count().saturating_sub(LOOP_TEMPS) {
            let fits =
                |&i: &usize| is_whole(slots[i].ty) && Class::of(slots[i].ty) == class && self.uses[i].is_handed_on();
            let Some(most_used) = (0..slots.len()).filter(fits).max_by_key(|&i| self.uses[i].count) else { break };
            self.uses[most_used].stays = true;
        }
        for pin in ours().filter(|pin| !self.uses[pin.slot.0 as usize].stays) {
            self.by_slot[pin.slot.0 as usize] = NONE;
        }
        for pin in ours() {
            if self.by_slot[pin.slot.0 as usize] == NONE {
                let resident = self.most_used(pin.ty, slots, |used| used.stays);
                self.give(class, *pin, resident);
            }
        }
    }

    /// The slot of type `ty` without a register that is accessed most, of those that `fits` takes.
    fn most_used(&self, ty: Ty, slots: &[SlotDef], fits: impl Fn(&SlotUse) -> bool) -> Option<SlotId> {
        let fits = |&i: &usize| slots[i].ty == ty && self.by_slot[i] == NONE && fits(&self.uses[i]);
        (0..slots.len()).filter(fits).max_by_key(|&i| self.uses[i].count).map(|i| SlotId(i as u16))
    }

    fn give(&mut self, class: Class, pin: crate::regs::Pin, resident: Option<SlotId>) {
        self.by_slot[pin.slot.0 as usize] = NONE;
        let mut dirty = false;
        match resident {
            Some(slot) => {
                self.by_slot[slot.0 as usize] = pin.reg;
                dirty = self.uses[slot.0 as usize].written;
            }
            None => self.temps[class as usize] |= 1 << pin.reg,
        }
        self.moved.push(Moved { reg: pin.reg, ty: pin.ty, home: pin.slot, resident, dirty });
    }
}

/// Whether a slot of this type is a register's low bytes, eight at the least.
fn is_whole(ty: Ty) -> bool {
    matches!(ty, Ty::I64 | Ty::F64 | Ty::V128)
}

/// Whether a way out of the block at its end leads to its beginning.
fn loops_to_itself(block: &Block) -> bool {
    match block.term {
        Some(Term::Branch { taken, fall, .. }) => taken == block.pc || fall == block.pc,
        Some(Term::Jump { target }) => target == block.pc,
        _ => false,
    }
}

/// When values are used next, for blocks in which registers are short.
#[derive(Default, Debug)]
pub(crate) struct NextUses {
    /// By instruction, for each operand: the next instruction that uses the same value.
    after: Vec<[u32; 3]>,
    /// By value: the first instruction that uses it; while the pass runs, the next.
    first: Vec<u32>,
}

/// No next use.
const NEVER: u32 = u32::MAX;

impl NextUses {
    fn clear(&mut self) {
        self.after.clear();
        self.first.clear();
    }

    /// When `val`, an operand of the instruction `inst` at `at`, is used next after it, where that is known.
    pub fn behind(&self, inst: Option<&Inst>, at: u32, val: Val) -> Option<u32> {
        let after = self.after.get(at as usize)?;
        let operand = inst?.args.iter().position(|&arg| arg == val)?;
        Some(after[operand])
    }

    fn run(&mut self, block: &Block, live: &Liveness) {
        self.after.resize(block.insts.len(), [NEVER; 3]);
        self.first.resize(block.insts.len(), NEVER);
        for (i, inst) in block.insts.iter().enumerate().rev() {
            if live.is_dead(Val(i as u32)) {
                continue;
            }
            for (after, arg) in self.after[i].iter_mut().zip(inst.args) {
                if arg.is_some() {
                    *after = std::mem::replace(&mut self.first[arg.index()], i as u32);
                }
            }
        }
    }
}

impl Emitter<'_, '_> {
    /// Notes when operands and result of instruction `at`, which was emitted, are used next.
    #[inline]
    pub fn note_uses(&mut self, at: usize) {
        let next = &self.layout.next;
        let Some(after) = next.after.get(at) else { return };
        for (&after, arg) in after.iter().zip(self.block.insts[at].args) {
            if arg.is_some() {
                self.alloc.note_use(arg, after);
            }
        }
        if next.first[at] != NEVER {
            self.alloc.note_use(Val(at as u32), next.first[at]);
        }
    }

    /// Makes the registers what they are inside the block.
    pub fn enter_layout(&mut self) {
        let layout = self.layout;
        for moved in layout.moved() {
            let class = Class::of(moved.ty);
            self.store_field(class, moved.ty.bytes(), self.slot_disp(moved.home), moved.reg);
            if let Some(slot) = moved.resident {
                self.load_field(class, moved.ty.bytes(), moved.reg, self.slot_disp(slot));
            } else {
                self.adopt(moved.reg, moved.home);
            }
        }
    }

    /// A register that was pinned to `slot` holds its value as any temporary may.
    fn adopt(&mut self, reg: u8, slot: SlotId) {
        let used = self.layout.uses[slot.0 as usize];
        let is_read = used.count != 0 && used.first_get != u32::MAX && !self.live.is_dead(Val(used.first_get));
        // A loop comes back without it.
        if !is_read || loops_to_itself(self.block) {
            return;
        }
        let ty = self.config.slots[slot.0 as usize].ty;
        let ent = self.alloc.define(used.first_get, ty, used.first_get);
        let e = self.alloc.get_mut(ent);
        (e.home, e.home_size) = (Home::Slot(slot), ty.bytes() as u8);
        self.alloc.slot_owner[slot.0 as usize] = ent;
        self.alloc.assign(ent, reg);
    }

    /// Makes them what they are between blocks. EFLAGS stay.
    pub fn leave_layout(&mut self) {
        let layout = self.layout;
        for moved in layout.moved() {
            let class = Class::of(moved.ty);
            if let (Some(slot), true) = (moved.resident, moved.dirty) {
                self.store_field(class, moved.ty.bytes(), self.slot_disp(slot), moved.reg);
            }
            self.load_field(class, moved.ty.bytes(), moved.reg, self.slot_disp(moved.home));
        }
    }
}
