//! What emission functions work with: operands into registers, results out of them.

use crate::alloc::{Alloc, Class, Ent, Entity, Eviction, Home, spill_disp};
use crate::analysis::Analysis;
use crate::buffer::{CodeBuf, asm};
use crate::compiler::{Config, LinkSite, Reloc, RelocKind};
use crate::context::field;
use crate::encode::{Amode, Opcode, Rm, Src};
use crate::faults::{FaultTable, FlagsAt};
use crate::flags::EflagsState;
use crate::late::Late;
use crate::layout::Layout;
use crate::literals::Literal;
use crate::regs::NONE;
use crate::slow::{SlowCall, SlowPath};
use dynasmrt::DynasmApi;
use ir::{Block, Inst, Liveness, Op, SlotId, Ty, Val};

/// So many instructions of the IR on, a value in a block with too few registers is not worth one.
const FAR: u32 = 30;

/// The forward pass over one block.
pub(crate) struct Emitter<'a, 'b> {
    pub buf: &'a mut CodeBuf<'b>,
    pub block: &'a Block,
    pub live: &'a Liveness,
    pub analysis: &'a Analysis,
    pub config: &'a Config,
    pub layout: &'a Layout,
    pub alloc: &'a mut Alloc,
    pub links: &'a mut Vec<LinkSite>,
    pub relocs: &'a mut Vec<Reloc>,
    pub faults: &'a mut FaultTable,
    pub slow: &'a mut Vec<SlowPath>,
    /// The calls that some of these make.
    pub calls: &'a mut Vec<SlowCall>,
    pub eflags: EflagsState,
    /// The slot of type flags.
    pub flags_slot: Option<SlotId>,
    /// Where the block leads to that has no use for that slot.
    pub flags_die: &'a [u64],
    /// What is emitted, among [`Liveness::needed`].
    pub cursor: usize,
    /// An instruction that was emitted together with an earlier one.
    pub done: u32,
    /// The truth value that its only user computes, or [`Val::NONE`].
    pub deferred: Val,
    /// Whose result that compares with 0, not computed either, or [`Val::NONE`].
    pub deferred_mask: Val,
    /// The slots that are late.
    pub late: &'a mut Late,
    /// Where the code reads constants that are still to be emitted.
    pub literals: &'a mut Vec<Literal>,
    /// Products that were computed with their other halves, and whose turn is still to come.
    pub made: &'a mut Vec<Val>,
    /// Offset of the block's first instruction; in front of it the registers are moved.
    pub body: usize,
}

impl Emitter<'_, '_> {
    #[inline]
    pub fn inst(&self, val: Val) -> Inst {
        *self.block.inst(val)
    }

    /// The guest instruction that is emitted: the mark in front is near.
    #[inline]
    pub fn pc(&self) -> u64 {
        let before = &self.block.insts[..self.alloc.now as usize];
        before.iter().rev().find(|inst| inst.op == Op::Insn).map_or(self.block.pc, |mark| mark.imm as u64)
    }

    /// The constant that `val` is, if it is an integer one that does not move.
    #[inline]
    pub fn as_const(&self, val: Val) -> Option<i64> {
        self.block.as_const(val)
    }

    /// `val` as a constant to store: one that fits, and that no register holds.
    pub fn storable(&self, val: Val) -> Option<i32> {
        let in_no_reg = self.alloc.get(self.alloc.ent(val)).reg == NONE;
        self.as_const(val).and_then(|imm| i32::try_from(imm).ok()).filter(|_| in_no_reg)
    }

    // ---- operands

    /// `val` in a register of its class, which nobody else gets during this instruction.
    #[inline]
    pub fn reg(&mut self, val: Val) -> u8 {
        let ent = self.alloc.ent(val);
        self.ent_reg(ent)
    }

    #[inline]
    pub fn ent_reg(&mut self, ent: Ent) -> u8 {
        let &Entity { reg, class, .. } = self.alloc.get(ent);
        let reg = if reg != NONE { reg } else { self.load_to_temp(ent, class) };
        self.alloc.lock(class, reg);
        reg
    }

    // Apart, so that who finds the value in its register has no registers to save; so with what else is rare here.
    #[inline(never)]
    fn load_to_temp(&mut self, ent: Ent, class: Class) -> u8 {
        let reg = self.take_temp(class, 0);
        self.load_ent(ent, reg);
        self.alloc.assign(ent, reg);
        reg
    }

    /// `val` as an operand of an integer operation: a constant, a register, or where it is used this
    /// once, or registers are short, the slot itself.
    pub fn src(&mut self, val: Val) -> Src {
        if let Some(imm) = self.as_const(val).and_then(|imm| i32::try_from(imm).ok()) {
            return Src::Imm(imm);
        }
        let ent = self.alloc.ent(val);
        let e = *self.alloc.get(ent);
        let folds = e.reg == NONE
            && e.home_size as u32 >= self.inst(val).result().bytes()
            && (!self.alloc.lives_on(ent) || self.is_better_in_memory(val, e.class));
        if let (true, Some(disp)) = (folds, self.home_disp(e.home)) {
            return Src::Mem(disp);
        }
        Src::Reg(self.ent_reg(ent))
    }

    /// Whether `val`, which is in memory and needed again, had better stay there for this use, as an operand that costs
    /// no instruction: what is in the registers is needed before, or much will want one before it is needed.
    pub fn is_better_in_memory(&self, val: Val, class: Class) -> bool {
        let next = self.layout.next.behind(self.block.insts.get(self.alloc.now as usize), self.alloc.now, val);
        next.is_some_and(|next| next > self.alloc.now + FAR || self.alloc.are_needed_before(class, next))
    }

    /// The same as a register or memory operand.
    pub fn rm_src(&mut self, val: Val) -> Rm {
        match self.src(val) {
            Src::Mem(disp) => Rm::Mem(Amode::context(disp)),
            Src::Reg(reg) => Rm::Reg(reg),
            Src::Imm(_) => Rm::Reg(self.reg(val)),
        }
    }

    /// The register of `val` as a set if this instruction is its last use, so that the result may
    /// take its place.
    #[inline]
    pub fn dying(&self, val: Val) -> u32 {
        let ent = self.alloc.ent(val);
        let reg = self.alloc.get(ent).reg;
        if reg == NONE || self.alloc.lives_on(ent) { 0 } else { 1 << reg }
    }

    // ---- results

    /// The register that the result `val` of this instruction is computed into: the pinned one of the
    /// slot it goes to, or a temporary. Locked registers are avoided but those in `allow`.
    pub fn def(&mut self, val: Val, allow: u32) -> u8 {
        let ty = self.block.inst(val).result();
        let class = Class::of(ty);
        let hint = self.analysis.hint(val);
        let reg = if self.can_take(class, hint, allow) { hint } else { self.take_temp(class, allow) };
        self.alloc.define_in(val.0, ty, self.live.last_use(val), reg);
        self.alloc.lock(class, reg);
        reg
    }

    #[inline]
    fn can_take(&self, class: Class, hint: u8, allow: u32) -> bool {
        if hint == NONE || self.alloc.is_locked(class, hint) && allow >> hint & 1 == 0 {
            return false;
        }
        let holder = self.alloc.holder(class, hint);
        holder == crate::alloc::NOBODY || !self.alloc.lives_on(holder)
    }

    /// A temporary for the length of this instruction.
    pub fn tmp(&mut self, class: Class) -> u8 {
        let reg = self.take_temp(class, 0);
        self.alloc.vacate(class, reg);
        self.alloc.lock(class, reg);
        reg
    }

    /// The result is zero above its type's size.
    #[inline]
    pub fn zero_above(&mut self, val: Val) {
        let ent = self.alloc.ent(val);
        let e = self.alloc.get_mut(ent);
        e.zero_from = e.size;
    }

    /// The result is computed: operands' registers may be given away.
    pub fn unlock(&mut self) {
        let now = self.alloc.now;
        self.alloc.step(now);
    }

    fn take_temp(&mut self, class: Class, allow: u32) -> u8 {
        let (reg, eviction) = self.alloc.temp(class, allow);
        if let Some(eviction) = eviction {
            self.store_evicted(class, eviction);
        }
        reg
    }

    /// Frees a register that an instruction demands, and keeps it for this one.
    pub fn claim(&mut self, class: Class, reg: u8) {
        if let Some(eviction) = self.alloc.evict(class, reg) {
            self.store_evicted(class, eviction);
        }
        self.alloc.lock(class, reg);
    }

    fn store_evicted(&mut self, class: Class, eviction: Eviction) {
        let Some(disp) = self.home_disp(eviction.home) else { return };
        self.store_field(class, eviction.size as u32, disp, eviction.reg);
    }

    // ---- moves

    /// Displacement of a home.
    pub fn home_disp(&self, home: Home) -> Option<i32> {
        match home {
            Home::None => None,
            Home::Slot(slot) => Some(self.slot_disp(slot)),
            Home::Spill(index) => Some(spill_disp(index)),
        }
    }

    pub fn slot_disp(&self, slot: SlotId) -> i32 {
        field::GUEST + self.config.slots[slot.0 as usize].offset as i32
    }

    /// Loads an entity that is in no register.
    pub fn load_ent(&mut self, ent: Ent, reg: u8) {
        let e = *self.alloc.get(ent);
        if e.is_const {
            let block = self.block;
            return self.load_const(block.inst(Val(ent)), reg);
        }
        match self.home_disp(e.home) {
            Some(disp) => self.load_field(e.class, e.home_size as u32, reg, disp),
            None => self.load_flags_ent(ent, reg),
        }
    }

    /// Loads `size` bytes of the context, zero-extended.
    pub fn load_field(&mut self, class: Class, size: u32, reg: u8, disp: i32) {
        match class {
            Class::Gpr => self.buf.field(Opcode::MOV_LOAD, size == 8, reg, disp),
            Class::Xmm => self.load_xmm(size, reg, Amode::context(disp)),
        }
    }

    /// Stores the low `size` bytes in the context.
    pub fn store_field(&mut self, class: Class, size: u32, disp: i32, reg: u8) {
        match class {
            Class::Gpr => self.buf.field(Opcode::MOV_STORE, size == 8, reg, disp),
            Class::Xmm => self.store_xmm(size, Amode::context(disp), reg),
        }
    }

    /// Loads `size` bytes, zero-extended.
    pub fn load_reg(&mut self, class: Class, size: u32, reg: u8, at: Amode) {
        match class {
            Class::Gpr => self.buf.mem(Opcode::MOV_LOAD, size == 8, reg, at),
            Class::Xmm => self.load_xmm(size, reg, at),
        }
    }

    /// Stores the low `size` bytes.
    pub fn store_reg(&mut self, class: Class, size: u32, at: Amode, reg: u8) {
        match class {
            Class::Gpr => self.buf.mem(Opcode::MOV_STORE, size == 8, reg, at),
            Class::Xmm => self.store_xmm(size, at, reg),
        }
    }

    /// Copies a whole register.
    pub fn move_reg(&mut self, class: Class, dst: u8, src: u8) {
        if dst == src {
            return;
        }
        match class {
            Class::Gpr => self.buf.mov(true, dst, src),
            Class::Xmm => self.vmov(dst, src),
        }
    }

    /// A constant that moves with the guest's program.
    pub fn mov_addr(&mut self, dst: u8, value: u64) {
        const LEA_BYTES: usize = 7;
        if let Some(distance) = self.buf.distance(self.buf.len() + LEA_BYTES, value) {
            asm!(self.buf; lea Rq(dst), [rip + distance]);
            let offset = self.buf.len() as u32 - 4;
            return self.relocs.push(Reloc { offset, kind: RelocKind::FromEnd, value });
        }
        let kind = if value <= u32::MAX as u64 { RelocKind::Abs32 } else { RelocKind::Abs64 };
        self.buf.mov_imm(dst, if kind == RelocKind::Abs64 { i64::MIN } else { 0 });
        let bytes = if kind == RelocKind::Abs64 { 8 } else { 4 };
        let offset = self.buf.len() - bytes;
        if kind == RelocKind::Abs64 {
            self.buf.patch_i64(offset, value as i64);
        } else {
            self.buf.patch_i32(offset, value as i32);
        }
        self.relocs.push(Reloc { offset: offset as u32, kind, value });
    }

    /// A constant or address into `reg`.
    pub fn load_const(&mut self, inst: &Inst, reg: u8) {
        match inst.op {
            Op::Addr => self.mov_addr(reg, inst.imm as u64),
            Op::VConst => self.load_vconst(reg, inst.imm as u64),
            _ if inst.ty == Ty::I32 => self.buf.mov_imm(reg, inst.imm as u32 as i64),
            _ => self.buf.mov_imm(reg, inst.imm),
        }
    }

    /// A vector whose halves are equal.
    fn load_vconst(&mut self, reg: u8, half: u64) {
        match half {
            0 => self.vzero(reg),
            u64::MAX => self.vones(reg),
            _ => self.load_halves(reg, half),
        }
    }

    /// The instruction that is emitted next may fault.
    pub fn may_fault(&mut self) {
        if !self.late.is_empty() {
            self.note_late();
        }
        let at = if self.eflags.pending { self.eflags.at } else { FlagsAt::Slot };
        self.faults.push(self.buf.len() as u32, self.pc(), at);
    }
}
