//! The printer.

use super::implied_ty;
use crate::block::{Block, Inst, Term, Trap, Val};
use crate::builder::Mem;
use crate::ops::{Aux, Op};
use crate::passes::Liveness;
use crate::tables::Tables;
use crate::types::{Access, CallArgs, Cond, FCond, Icond, Lane, Near, RmwOp, Round, Ty, Underflow};
use std::fmt::{self, Display, Formatter};

/// A block to display with the names of its target.
#[derive(Clone, Copy, Debug)]
pub struct Print<'a> {
    block: &'a Block,
    tables: &'a Tables<'a>,
    live: Option<&'a Liveness>,
}

/// `block` with the names of `tables`, for display.
pub fn print<'a>(block: &'a Block, tables: &'a Tables<'a>) -> Print<'a> {
    Print { block, tables, live: None }
}

impl<'a> Print<'a> {
    /// Leaves out what the backward pass found dead.
    pub fn live(self, live: &'a Liveness) -> Print<'a> {
        Print { live: Some(live), ..self }
    }
}

impl Display for Print<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let block = self.block;
        write!(f, "block {:#x}..{:#x} {}", block.pc, block.end, block.nan.name())?;
        match block.underflow {
            Underflow::Host => writeln!(f)?,
            other => writeln!(f, " {}", other.name())?,
        }
        for (i, inst) in block.insts.iter().enumerate() {
            if self.live.is_none_or(|live| !live.is_dead(Val(i as u32))) {
                f.write_str("  ")?;
                self.inst(f, i, inst)?;
                f.write_str("\n")?;
            }
        }
        match &block.term {
            Some(term) => writeln!(f, "  {}", TermText(term)),
            None => Ok(()),
        }
    }
}

impl Print<'_> {
    fn inst(&self, f: &mut Formatter<'_>, index: usize, inst: &Inst) -> fmt::Result {
        if inst.result() != Ty::None {
            write!(f, "v{index} = ")?;
        }
        f.write_str(inst.op.info().name)?;
        if inst.ty != self.implied_ty(inst) {
            write!(f, ".{}", inst.ty.name())?;
        }
        if let Some(name) = aux_name(inst) {
            write!(f, ".{name}")?;
        }
        if inst.op == Op::Rmw {
            write!(f, ".{}", Access::from_u8(inst.imm as u8).name())?;
        }
        self.operands(f, inst)
    }

    /// The type that is left out.
    fn implied_ty(&self, inst: &Inst) -> Ty {
        match inst.op {
            Op::Get | Op::Put => self.tables.slots.get(inst.imm as usize).map_or(Ty::None, |slot| slot.ty),
            op => implied_ty(op),
        }
    }

    fn operands(&self, f: &mut Formatter<'_>, inst: &Inst) -> fmt::Result {
        let [a, b, c] = inst.args.map(|val| val.0);
        match inst.op {
            Op::Const => write!(f, " {}", inst.imm),
            Op::Addr | Op::VConst | Op::Insn => write!(f, " {:#x}", inst.imm),
            Op::Get => write!(f, " {}", self.slot(inst)),
            Op::Put => write!(f, " {}, v{a}", self.slot(inst)),
            Op::Load | Op::Prefetch => write!(f, " {}", MemText(Mem::of(inst))),
            Op::Store => write!(f, " {}, v{c}", MemText(Mem::of(inst))),
            Op::Rmw => write!(f, " [v{a}], v{b}"),
            Op::Cas => write!(f, " [v{a}], v{b}, v{c}"),
            Op::ExitIf | Op::TrapIf => write!(f, " v{a}, {:#x}", inst.imm),
            Op::Call => {
                write!(f, " {}(", self.helper(inst))?;
                values(f, inst)?;
                f.write_str(")")?;
                imm(f, inst.imm >> 16, ", ")
            }
            _ => {
                let any = inst.args[0].is_some();
                f.write_str(if any { " " } else { "" })?;
                values(f, inst)?;
                imm(f, inst.imm, if any { ", " } else { " " })
            }
        }
    }

    fn slot(&self, inst: &Inst) -> &str {
        self.tables.slots.get(inst.imm as usize).map_or("?", |slot| slot.name)
    }

    fn helper(&self, inst: &Inst) -> &str {
        self.tables.helpers.get((inst.imm & 0xffff) as usize).map_or("?", |helper| helper.name)
    }
}

fn values(f: &mut Formatter<'_>, inst: &Inst) -> fmt::Result {
    for (i, val) in inst.args.iter().take_while(|val| val.is_some()).enumerate() {
        write!(f, "{}v{}", if i == 0 { "" } else { ", " }, val.0)?;
    }
    Ok(())
}

fn imm(f: &mut Formatter<'_>, imm: i64, separator: &str) -> fmt::Result {
    if imm == 0 { Ok(()) } else { write!(f, "{separator}#{imm}") }
}

fn aux_name(inst: &Inst) -> Option<&'static str> {
    let aux = inst.aux;
    Some(match inst.op.info().aux {
        Aux::None => return None,
        Aux::Lane => Lane::from_u8(aux).name(),
        Aux::Icond => Icond::from_u8(aux).name(),
        Aux::Cond => Cond::from_u8(aux).name(),
        Aux::FCond => FCond::from_u8(aux).name(),
        Aux::Round => Round::from_u8(aux).name(),
        Aux::Access => Access::from_u8(aux).name(),
        Aux::RmwOp => RmwOp::from_u8(aux).name(),
        Aux::CallArgs => CallArgs::from_u8(aux).name(),
        Aux::Ty => Ty::from_u8(aux).name(),
        Aux::Near => Near::from_u8(aux).name(),
        Aux::Trap => Trap::from_u8(aux).name(),
    })
}

/// A memory operand.
struct MemText(Mem);

impl Display for MemText {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Mem { base, index, scale, disp } = self.0;
        write!(f, "[v{}", base.0)?;
        if index.is_some() {
            write!(f, " + v{}<<{scale}", index.0)?;
        }
        if disp != 0 {
            write!(f, " {} {}", if disp < 0 { "-" } else { "+" }, disp.unsigned_abs())?;
        }
        f.write_str("]")
    }
}

/// A terminator.
struct TermText<'a>(&'a Term);

impl Display for TermText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self.0 {
            Term::Jump { target } => write!(f, "jump {target:#x}"),
            Term::Branch { cond, taken, fall } => write!(f, "branch v{}, {taken:#x}, {fall:#x}", cond.0),
            Term::JumpIndirect { target } => write!(f, "jump_indirect v{}", target.0),
            Term::Call { target, ret } => write!(f, "call_to {target:#x}, {ret:#x}"),
            Term::CallIndirect { target, ret } => write!(f, "call_indirect v{}, {ret:#x}", target.0),
            Term::Return { target } => write!(f, "return v{}", target.0),
            Term::Syscall { next } => write!(f, "syscall {next:#x}"),
            Term::Trap { kind, pc } => write!(f, "trap {}, {pc:#x}", kind.name()),
            Term::Sync { next } => write!(f, "sync {next:#x}"),
            Term::Switch { known, next } => write!(f, "switch v{}, {next:#x}", known.0),
            Term::Invalidate { addr, len, next } => write!(f, "invalidate v{}, {len}, {next:#x}", addr.0),
        }
    }
}
