//! A block: instructions in a flat array, one terminator, and what holds for all of them.

use crate::ops::{Op, ResultTy};
use crate::signature::Want;
use crate::types::{NanRule, Ty, Underflow};

/// A value: the index of the instruction that yields it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Val(pub u32);

impl Val {
    /// An operand that is absent.
    pub const NONE: Val = Val(u32::MAX);

    /// Whether an operand is there.
    #[inline]
    pub const fn is_some(self) -> bool {
        self.0 != u32::MAX
    }

    /// As an index.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An instruction. Which fields mean something, and what, is in its op's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// Type of the result, or of the operands where the row fixes the result's.
    pub ty: Ty,
    /// Parameter, an enum of [`types`](crate::types) that the row names.
    pub aux: u8,
    /// Operands.
    pub args: [Val; 3],
    /// Constant.
    pub imm: i64,
}

impl Inst {
    /// The type of its value, [`Ty::None`] where it has none.
    #[inline]
    pub fn result(&self) -> Ty {
        match self.op.info().result {
            ResultTy::Same => self.ty,
            ResultTy::Is(ty) => ty,
        }
    }
}

/// Why a guest instruction ends in a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trap {
    /// The encoding is undefined: SIGILL, ILL_ILLOPC.
    Illegal,
    /// A breakpoint instruction: SIGTRAP, TRAP_BRKPT.
    Breakpoint,
    /// The program counter is not aligned as the guest demands: SIGBUS, BUS_ADRALN.
    Misaligned,
    /// A pointer is not what it was signed as: SIGILL, ILL_ILLOPN.
    Authentication,
}

impl Trap {
    /// Every kind.
    pub const ALL: &'static [Trap] = &[Trap::Illegal, Trap::Breakpoint, Trap::Misaligned, Trap::Authentication];

    /// The kind with this number, which instructions have as their parameter.
    pub const fn from_u8(number: u8) -> Trap {
        Trap::ALL[number as usize % Trap::ALL.len()]
    }

    /// The name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            Trap::Illegal => "illegal",
            Trap::Breakpoint => "breakpoint",
            Trap::Misaligned => "misaligned",
            Trap::Authentication => "authentication",
        }
    }
}

/// The ways a block ends. Addresses are guest addresses, and relocatable.
#[allow(missing_docs, reason = "the variants' texts name their fields")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Term {
    /// Goes on at `target`.
    Jump { target: u64 },
    /// Goes on at `taken` where the i32 `cond` is not 0, else at `fall`.
    Branch { cond: Val, taken: u64, fall: u64 },
    /// Goes on at the address in `target`.
    JumpIndirect { target: Val },
    /// A guest call that is expected to return to `ret`. The link register was put already.
    Call { target: u64, ret: u64 },
    /// The same through an address.
    CallIndirect { target: Val, ret: u64 },
    /// A guest return, expected to go behind the latest call.
    Return { target: Val },
    /// A system call; `next` is the address behind it.
    Syscall { next: u64 },
    /// The instruction at `pc` raises a signal.
    Trap { kind: Trap, pc: u64 },
    /// State that the code's key depends on may have changed: goes on at `next` by way of the run loop.
    Sync { next: u64 },
    /// The same, but that where the i32 `known` is not 0 that state is always the same here: the way on can be linked.
    Switch { known: Val, next: u64 },
    /// The guest announces that it wrote code in `len` bytes at `addr` (`len` 0: anywhere).
    Invalidate { addr: Val, len: u64, next: u64 },
}

impl Term {
    /// The operand, if it has one.
    #[inline]
    pub fn operand(&self) -> Option<Val> {
        match *self {
            Term::Branch { cond: operand, .. } | Term::Switch { known: operand, .. } => Some(operand),
            Term::JumpIndirect { target } | Term::CallIndirect { target, .. } | Term::Return { target } => Some(target),
            Term::Invalidate { addr, .. } => Some(addr),
            _ => None,
        }
    }

    /// The same with another operand.
    pub fn map_operand(mut self, f: impl FnOnce(Val) -> Val) -> Term {
        match &mut self {
            Term::Branch { cond: operand, .. }
            | Term::Switch { known: operand, .. }
            | Term::JumpIndirect { target: operand }
            | Term::CallIndirect { target: operand, .. }
            | Term::Return { target: operand }
            | Term::Invalidate { addr: operand, .. } => *operand = f(*operand),
            _ => {}
        }
        self
    }

    /// What the operand must be.
    pub fn wants(&self) -> Want {
        match self {
            Term::Branch { .. } | Term::Switch { .. } => Want::Is(Ty::I32),
            _ if self.operand().is_some() => Want::Is(Ty::I64),
            _ => Want::Nothing,
        }
    }
}

/// Why control came back to the run loop. [`GuestState::pc`](crate::GuestState::pc) says where the
/// guest goes on, or which instruction raised the fault or trap.
#[allow(missing_docs, reason = "the variants' texts name their fields")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Go on at `pc`.
    Jump,
    /// A system call; `pc` is behind it.
    Syscall,
    /// A system call that emitted code made itself, to which a signal came before it did anything; `pc` is behind it.
    Restart,
    /// A trap, at `pc`.
    Trap(Trap),
    /// A memory access at `pc` faulted at `addr`.
    Fault { addr: u64 },
    /// Code was written; go on at `pc`.
    Invalidate { addr: u64, len: u64 },
    /// A poll saw a request; go on at `pc` after serving it.
    Interrupted,
}

/// A translation unit in the making. It is reused from one to the next: [`Block::clear`] keeps the memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Guest address of the first instruction.
    pub pc: u64,
    /// Guest address behind the last instruction that was translated.
    pub end: u64,
    /// Guest instructions in it.
    pub guest_insts: u32,
    /// The instructions.
    pub insts: Vec<Inst>,
    /// How it ends; `None` only while it is built.
    pub term: Option<Term>,
    /// Which NaN arithmetic yields.
    pub nan: NanRule,
    /// How arithmetic underflows.
    pub underflow: Underflow,
}

impl Default for Block {
    fn default() -> Self {
        Block {
            pc: 0,
            end: 0,
            guest_insts: 0,
            insts: Vec::new(),
            term: None,
            nan: NanRule::Propagate,
            underflow: Underflow::Host,
        }
    }
}

impl Block {
    /// Empties it for a block at `pc`, which underflows as the host does.
    pub fn clear(&mut self, pc: u64, nan: NanRule) {
        self.insts.clear();
        *self = Block { pc, end: pc, nan, insts: std::mem::take(&mut self.insts), ..Block::default() };
    }

    /// The instruction that yields `val`.
    #[inline]
    pub fn inst(&self, val: Val) -> &Inst {
        &self.insts[val.index()]
    }

    /// The value of `val` if it is a constant.
    #[inline]
    pub fn as_const(&self, val: Val) -> Option<i64> {
        let inst = self.inst(val);
        (inst.op == Op::Const).then_some(inst.imm)
    }

    /// Appends an instruction as it is.
    #[inline]
    pub fn push(&mut self, inst: Inst) -> Val {
        let val = Val(self.insts.len() as u32);
        self.insts.push(inst);
        val
    }
}
