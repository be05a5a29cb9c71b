//! Random numbers, adversarial operands, and random blocks made from the ops' rows.

use super::{HELPERS, SLOTS, TABLES};
use ir::ops::{Aux, Effect};
use ir::signature::{self, Want};
use ir::{Block, FpControl, GuestState, Inst, NanRule, Op, Round, Term, Ty, Val, verify};

/// xorshift64* (Vigna 2016).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.u64() >> 32) as usize % limit
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Integers with runs of equal bits, edges of every width, and small ones.
    pub fn word(&mut self) -> u64 {
        let edge = 1u64 << self.below(64);
        match self.below(8) {
            0 => 0,
            1 => edge,
            2 => edge.wrapping_sub(1),
            3 => edge.wrapping_neg(),
            4 => self.u64() & 0xff,
            5 => self.u64() >> self.below(64),
            6 => self.float(11, 52) | (self.float(8, 23) << 32 & self.u64()),
            _ => self.u64(),
        }
    }

    pub fn vector(&mut self) -> u128 {
        (self.word() as u128) << 64 | self.word() as u128
    }

    /// Floating-point numbers of a format: specials, near powers of two, denormals, NaNs, close exponents.
    pub fn float(&mut self, exp_bits: u32, frac_bits: u32) -> u64 {
        let max = (1u64 << exp_bits) - 1;
        let bias = max / 2;
        let exp = match self.below(8) {
            0 => 0,
            1 => max,
            2 => 1,
            3 => max - 1,
            4 | 5 => {
                bias + self.below(2 * frac_bits as usize).min(bias as usize) as u64 - frac_bits.min(bias as u32) as u64
            }
            _ => self.u64() & max,
        };
        let mask = (1u64 << frac_bits) - 1;
        let frac = match self.below(6) {
            0 => 0,
            1 => mask,
            2 => 1 << self.below(frac_bits as usize),
            3 => mask << self.below(frac_bits as usize) & mask,
            4 => self.u64() & 3,
            _ => self.u64() & mask,
        };
        (self.u64() & 1) << (exp_bits + frac_bits) | exp << frac_bits | frac
    }

    pub fn state(&mut self) -> GuestState {
        let mut state = GuestState::default();
        for slot in SLOTS {
            let value =
                if slot.ty == Ty::Flags { ir::Nzcv::from_bits(self.u64() as u32).0 as u128 } else { self.vector() };
            state.set(slot, value);
        }
        state.fp_flags = self.u64() as u32 & 63;
        state
    }

    pub fn control(&mut self) -> FpControl {
        FpControl { round: self.one_of(&Round::ALL[1..]), flush: self.below(4) == 0 }
    }

    /// A block of up to `guest_insts` guest instructions over all ops.
    pub fn block(&mut self, guest_insts: usize) -> Block {
        let mut block = Block::default();
        block.clear(0x1000, self.one_of(NanRule::ALL));
        block.term = Some(Term::Jump { target: 0 });
        for i in 0..1 + self.below(guest_insts) {
            block.guest_insts += 1;
            block.push(Inst { op: Op::Insn, ty: Ty::None, aux: 0, args: [Val::NONE; 3], imm: 0x1000 + 4 * i as i64 });
            for _ in 0..self.below(12) {
                self.push(&mut block, |op| op.info().effect != Effect::Put && op != Op::Insn);
            }
            for _ in 0..self.below(4) {
                self.push(&mut block, |op| op == Op::Put);
            }
        }
        block.end = 0x1000 + 4 * block.guest_insts as u64;
        block.term = Some(self.term(&block));
        verify::assert(&block, &TABLES);
        block
    }

    /// Appends an instruction that verifies, if one is found.
    fn push(&mut self, block: &mut Block, allowed: impl Fn(Op) -> bool) {
        for _ in 0..50 {
            let op = self.op();
            if !allowed(op) {
                continue;
            }
            let inst = self.inst(block, op);
            block.push(inst);
            if verify::verify(block, &TABLES).is_ok() {
                return;
            }
            block.insts.pop();
        }
    }

    /// Ops that folding knows come more often.
    fn op(&mut self) -> Op {
        const COMMON: &[Op] = &[
            Op::Const,
            Op::Get,
            Op::Put,
            Op::Add,
            Op::Sub,
            Op::And,
            Op::Xor,
            Op::Shl,
            Op::Shr,
            Op::Sar,
            Op::Zext32,
            Op::Sext32,
            Op::Trunc,
            Op::Icmp,
            Op::Select,
            Op::Load,
            Op::Store,
            Op::Ext8U,
            Op::SubF,
            Op::Cond,
            Op::Addr,
        ];
        if self.below(2) == 0 { self.one_of(COMMON) } else { self.one_of(Op::ALL) }
    }

    fn inst(&mut self, block: &Block, op: Op) -> Inst {
        let aux = match op.info().aux {
            Aux::None => 0,
            Aux::Lane => self.below(4) as u8,
            _ => self.below(16) as u8,
        };
        let mut inst = Inst { op, ty: Ty::I64, aux, args: [Val::NONE; 3], imm: self.imm(op) };
        inst.ty = self.one_of(signature::of(&inst).types);
        if let (Op::Get | Op::Put, Some(slot)) = (op, SLOTS.get(inst.imm as usize)) {
            inst.ty = slot.ty;
        }
        if op == Op::Const && inst.ty == Ty::I32 {
            inst.imm = inst.imm as i32 as i64;
        }
        for (i, want) in signature::of(&inst).operands.into_iter().enumerate() {
            inst.args[i] = self.operand(block, want);
        }
        if matches!(op, Op::Load | Op::Store) && !inst.args[1].is_some() {
            inst.imm &= !3;
        }
        // Absent operands of calls are the last ones.
        if let Some(absent) = inst.args.iter().position(|val| !val.is_some()).filter(|_| op == Op::Call) {
            inst.args[absent..].fill(Val::NONE);
        }
        inst
    }

    fn imm(&mut self, op: Op) -> i64 {
        match op {
            Op::Const | Op::VConst | Op::Addr => self.word() as i64,
            Op::Get | Op::Put => self.below(SLOTS.len()) as i64,
            Op::Call => (self.below(100) as i64 - 50) << 16 | self.below(HELPERS.len()) as i64,
            Op::Load if self.below(2) == 0 => 0,
            Op::Load | Op::Store => (self.word() as i32 as i64) << 2 | self.below(4) as i64,
            Op::CcmpF | Op::CcmnF => (self.below(16) as i64) << 28,
            Op::VInsLane => (self.below(4) << 8 | self.below(4)) as i64,
            Op::ExitIf | Op::TrapIf => 0x8000,
            _ if self.below(2) == 0 => 0,
            _ => self.below(17) as i64,
        }
    }

    fn operand(&mut self, block: &Block, want: Want) -> Val {
        for _ in 0..20 {
            if block.insts.is_empty() {
                break;
            }
            // Near values, so that chains come about.
            let back = 1 + if self.below(2) == 0 { self.below(4) } else { self.below(40) };
            let val = Val(block.insts.len().saturating_sub(back) as u32);
            let ty = block.inst(val).result();
            if ty != Ty::None && want.accepts(ty) {
                return val;
            }
        }
        Val::NONE
    }

    fn term(&mut self, block: &Block) -> Term {
        let cond = self.operand(block, Want::Is(Ty::I32));
        let target = self.operand(block, Want::Is(Ty::I64));
        match self.below(6) {
            2 if cond.is_some() && self.below(2) == 0 => Term::Switch { known: cond, next: 0x2000 },
            0 | 1 if cond.is_some() => Term::Branch { cond, taken: 0x2000, fall: block.end },
            2 if target.is_some() => Term::JumpIndirect { target },
            3 if target.is_some() => Term::Invalidate { addr: target, len: 64, next: block.end },
            4 => Term::Syscall { next: block.end },
            5 => Term::Trap { kind: self.one_of(ir::Trap::ALL), pc: block.end - 4 },
            _ => Term::Jump { target: block.end },
        }
    }
}
