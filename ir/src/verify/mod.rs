//! The verifier: what must hold for every block, checked between stages in debug builds and in tests.
//!
//! - Operands are defined before they are used, and of the types the op takes.
//! - Parameters and constants are in the ranges that the op's row names; slots and helpers exist.
//! - The lowering rule: within a guest instruction nothing that may fault follows a slot write, so
//!   that a fault shows the state from before the instruction.
//! - The block begins with a guest instruction and has its terminator.

mod range;

use crate::block::{Block, Inst, Val};
use crate::ops::{Effect, Op};
use crate::signature::{self, Want};
use crate::tables::{MAX_SLOTS, Tables};
use crate::types::Ty;
use std::fmt;

/// What is wrong with a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// The instruction, the number of instructions standing for the terminator.
    pub at: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instruction {}: {}", self.at, self.what)
    }
}

impl std::error::Error for Error {}

/// Checks `block`.
pub fn verify(block: &Block, tables: &Tables<'_>) -> Result<(), Error> {
    if tables.slots.len() > MAX_SLOTS {
        return Err(Error { at: 0, what: format!("more than {MAX_SLOTS} slots") });
    }
    let mut written = false;
    for (at, inst) in block.insts.iter().enumerate() {
        inst_ok(block, tables, at, inst).map_err(|what| Error { at, what })?;
        match inst.op.info().effect {
            Effect::Put => written = true,
            Effect::Load | Effect::Store if written => {
                return Err(Error { at, what: "may fault behind a put of the same guest instruction".into() });
            }
            Effect::Exit if written && inst.op == Op::TrapIf => {
                return Err(Error { at, what: "may trap behind a put of the same guest instruction".into() });
            }
            _ if inst.op == Op::Insn => written = false,
            _ => {}
        }
    }
    whole_ok(block).map_err(|what| Error { at: block.insts.len(), what })
}

/// Panics with the block's text where it does not verify: a bug of the stage before.
///
/// # Panics
/// If the block does not verify.
pub fn assert(block: &Block, tables: &Tables<'_>) {
    if let Err(error) = verify(block, tables) {
        panic!("{error}\n{}", crate::text::print(block, tables));
    }
}

fn inst_ok(block: &Block, tables: &Tables<'_>, at: usize, inst: &Inst) -> Result<(), String> {
    let signature = signature::of(inst);
    if !signature.types.contains(&inst.ty) {
        return Err(format!("type {} of {}", inst.ty.name(), inst.op.info().name));
    }
    for (i, (&val, want)) in inst.args.iter().zip(signature.operands).enumerate() {
        operand_ok(block, at, val, want).map_err(|what| format!("operand {i}: {what}"))?;
    }
    range::check(inst, tables)
}

fn operand_ok(block: &Block, at: usize, val: Val, want: Want) -> Result<(), String> {
    let ty = match val {
        Val::NONE => Ty::None,
        val if val.index() >= at => return Err(format!("v{} is used before it is defined", val.0)),
        val => match block.inst(val).result() {
            Ty::None => return Err(format!("v{} has no value", val.0)),
            ty => ty,
        },
    };
    if want.accepts(ty) { Ok(()) } else { Err(format!("{} where {want:?} is wanted", ty.name())) }
}

fn whole_ok(block: &Block) -> Result<(), String> {
    let Some(term) = block.term else { return Err("no terminator".into()) };
    if let Some(val) = term.operand() {
        operand_ok(block, block.insts.len(), val, term.wants())?;
    }
    let insns = block.insts.iter().filter(|inst| inst.op == Op::Insn).count();
    if insns != block.guest_insts as usize {
        return Err(format!("{insns} guest instructions where {} are counted", block.guest_insts));
    }
    match block.insts.first() {
        Some(first) if first.op != Op::Insn => Err("the block does not begin with an insn".into()),
        _ => Ok(()),
    }
}
