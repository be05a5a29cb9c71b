//! The parser.

use super::cursor::Cursor;
use super::implied_ty;
use crate::block::{Block, Inst, Term, Trap, Val};
use crate::builder::Mem;
use crate::ops::{Aux, Op};
use crate::tables::Tables;
use crate::types::{Access, CallArgs, Cond, FCond, Icond, Lane, NanRule, Near, RmwOp, Round, Ty, Underflow};
use std::collections::HashMap;
use std::fmt;

/// What is wrong with a text, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for Error {}

/// Reads a block. Values may have any numbers that are defined before they are used; they are numbered
/// anew. The block is not verified.
pub fn parse(text: &str, tables: &Tables<'_>) -> Result<Block, Error> {
    let mut parser = Parser { tables, block: Block::default(), labels: HashMap::new() };
    let mut lines = text.lines().enumerate().map(|(i, line)| Cursor::new(line, i + 1)).filter(|line| !line.is_done());
    match lines.next() {
        Some(line) => parser.header(line)?,
        None => return Cursor::new("", 1).error("a block is missing"),
    }
    for line in lines {
        parser.line(line)?;
    }
    Ok(parser.block)
}

struct Parser<'a> {
    tables: &'a Tables<'a>,
    block: Block,
    labels: HashMap<u32, Val>,
}

impl Parser<'_> {
    fn header(&mut self, mut line: Cursor<'_>) -> Result<(), Error> {
        line.expect("block")?;
        self.block.pc = line.number()? as u64;
        line.expect("..")?;
        self.block.end = line.number()? as u64;
        self.block.nan = by_name(&mut line, NanRule::ALL, NanRule::name)?;
        if !line.is_done() {
            self.block.underflow = by_name(&mut line, Underflow::ALL, Underflow::name)?;
        }
        line.end()
    }

    fn line(&mut self, mut line: Cursor<'_>) -> Result<(), Error> {
        if self.block.term.is_some() {
            return line.error("the block has ended");
        }
        if let Some(term) = self.term(&mut line)? {
            self.block.term = Some(term);
            return line.end();
        }
        let mut ahead = line;
        let label = match ahead.label() {
            Ok(label) if ahead.eat("=") => Some(label),
            _ => None,
        };
        if label.is_some() {
            line = ahead;
        }
        let start = line;
        let inst = self.inst(&mut line)?;
        line.end()?;
        if label.is_some() != (inst.result() != Ty::None) {
            return start.error("a value, or the lack of one, does not fit the instruction");
        }
        self.block.guest_insts += (inst.op == Op::Insn) as u32;
        let val = self.block.push(inst);
        if let Some(label) = label {
            self.labels.insert(label, val);
        }
        Ok(())
    }

    fn value(&self, line: &mut Cursor<'_>) -> Result<Val, Error> {
        let before = *line;
        let label = line.label()?;
        match self.labels.get(&label) {
            Some(&val) => Ok(val),
            None => before.error(format!("v{label} is not defined")),
        }
    }

    fn inst(&self, line: &mut Cursor<'_>) -> Result<Inst, Error> {
        let start = *line;
        let word = line.word()?;
        let Some(op) = longest_op(word) else { return start.error(format!("`{word}` is not an op")) };
        let mut suffix = word[op.info().name.len()..].strip_prefix('.').unwrap_or("");
        let explicit = take_ty(&mut suffix);
        let mut inst = Inst { op, ty: explicit.unwrap_or(implied_ty(op)), aux: 0, args: [Val::NONE; 3], imm: 0 };
        if op == Op::Rmw {
            let (name, access) = suffix.split_once('.').unwrap_or((suffix, ""));
            suffix = name;
            inst.imm = encoding(access, Access::ALL, Access::name).map_or(-1, i64::from);
        }
        match aux(op.info().aux, suffix) {
            Some(aux) => inst.aux = aux,
            None => return start.error(format!("`{suffix}` is not a parameter of {}", op.info().name)),
        }
        self.operands(line, &mut inst)?;
        if let (Op::Get | Op::Put, None) = (op, explicit) {
            inst.ty = self.tables.slots[inst.imm as usize].ty;
        }
        Ok(inst)
    }

    fn operands(&self, line: &mut Cursor<'_>, inst: &mut Inst) -> Result<(), Error> {
        match inst.op {
            Op::Const | Op::Addr | Op::VConst | Op::Insn => inst.imm = line.number()?,
            Op::Get => inst.imm = self.slot(line)?,
            Op::Put => {
                inst.imm = self.slot(line)?;
                line.expect(",")?;
                inst.args[0] = self.value(line)?;
            }
            Op::Load | Op::Prefetch => self.memory(line, inst)?,
            Op::Store => {
                self.memory(line, inst)?;
                line.expect(",")?;
                inst.args[2] = self.value(line)?;
            }
            Op::Rmw | Op::Cas => {
                line.expect("[")?;
                inst.args[0] = self.value(line)?;
                line.expect("]")?;
                line.expect(",")?;
                self.values(line, &mut inst.args[1..], 0)?;
            }
            Op::ExitIf | Op::TrapIf => {
                inst.args[0] = self.value(line)?;
                line.expect(",")?;
                inst.imm = line.number()?;
            }
            Op::Call => self.call(line, inst)?,
            op => {
                let args = &mut inst.args[..op.info().args as usize];
                let found = if line.is_done() { 0 } else { self.values(line, args, 0)? };
                inst.imm = constant(line, found != 0)?;
            }
        }
        Ok(())
    }

    /// Values up to what is none, into `args`; how many there are.
    fn values(&self, line: &mut Cursor<'_>, args: &mut [Val], mut count: usize) -> Result<usize, Error> {
        while count < args.len() {
            let mut ahead = *line;
            if count > 0 && !ahead.eat(",") || ahead.label().is_err() {
                break;
            }
            if count > 0 {
                line.expect(",")?;
            }
            args[count] = self.value(line)?;
            count += 1;
        }
        Ok(count)
    }

    fn slot(&self, line: &mut Cursor<'_>) -> Result<i64, Error> {
        let before = *line;
        let name = line.word()?;
        match self.tables.slots.iter().position(|slot| slot.name == name) {
            Some(slot) => Ok(slot as i64),
            None => before.error(format!("`{name}` is not a slot")),
        }
    }

    fn call(&self, line: &mut Cursor<'_>, inst: &mut Inst) -> Result<(), Error> {
        let before = *line;
        let name = line.word()?;
        let Some(helper) = self.tables.helpers.iter().position(|helper| helper.name == name) else {
            return before.error(format!("`{name}` is not a helper"));
        };
        line.expect("(")?;
        self.values(line, &mut inst.args, 0)?;
        line.expect(")")?;
        inst.imm = constant(line, true)? << 16 | helper as i64;
        Ok(())
    }

    /// `[v1 + v2<<3 - 16]`
    fn memory(&self, line: &mut Cursor<'_>, inst: &mut Inst) -> Result<(), Error> {
        line.expect("[")?;
        let mut mem = Mem::at(self.value(line)?);
        let mut ahead = *line;
        if ahead.eat("+") && ahead.label().is_ok() {
            line.expect("+")?;
            mem.index = self.value(line)?;
            line.expect("<<")?;
            let before = *line;
            mem.scale = match line.number()? {
                scale @ 0..=3 => scale as u8,
                _ => return before.error("the scale is 0 to 3"),
            };
        }
        if line.eat("+") {
            mem.disp = line.number()?;
        } else if line.eat("-") {
            mem.disp = line.number()?.wrapping_neg();
        }
        line.expect("]")?;
        (inst.args[0], inst.args[1], inst.imm) = (mem.base, mem.index, mem.disp << 2 | mem.scale as i64);
        Ok(())
    }

    fn term(&self, line: &mut Cursor<'_>) -> Result<Option<Term>, Error> {
        let mut ahead = *line;
        let word = ahead.word()?;
        let line_after = &mut ahead;
        let target = |line: &mut Cursor<'_>| line.number().map(|value| value as u64);
        let comma_target = |line: &mut Cursor<'_>| line.expect(",").and_then(|()| target(line));
        let term = match word {
            "jump" => Term::Jump { target: target(line_after)? },
            "branch" => Term::Branch {
                cond: self.value(line_after)?,
                taken: comma_target(line_after)?,
                fall: comma_target(line_after)?,
            },
            "jump_indirect" => Term::JumpIndirect { target: self.value(line_after)? },
            "call_to" => Term::Call { target: target(line_after)?, ret: comma_target(line_after)? },
            "call_indirect" => Term::CallIndirect { target: self.value(line_after)?, ret: comma_target(line_after)? },
            "return" => Term::Return { target: self.value(line_after)? },
            "syscall" => Term::Syscall { next: target(line_after)? },
            "trap" => Term::Trap { kind: by_name(line_after, Trap::ALL, Trap::name)?, pc: comma_target(line_after)? },
            "sync" => Term::Sync { next: target(line_after)? },
            "switch" => Term::Switch { known: self.value(line_after)?, next: comma_target(line_after)? },
            "invalidate" => Term::Invalidate {
                addr: self.value(line_after)?,
                len: comma_target(line_after)?,
                next: comma_target(line_after)?,
            },
            _ => return Ok(None),
        };
        *line = ahead;
        Ok(Some(term))
    }
}

/// `#5`, behind a comma where `comma` says so; 0 where there is none.
fn constant(line: &mut Cursor<'_>, comma: bool) -> Result<i64, Error> {
    if line.is_done() {
        return Ok(0);
    }
    if comma {
        line.expect(",")?;
    }
    line.expect("#")?;
    line.number()
}

/// The op whose name is the longest that `word` begins with, up to a dot.
fn longest_op(word: &str) -> Option<Op> {
    let begins =
        |op: &Op| word.strip_prefix(op.info().name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    Op::ALL.iter().copied().filter(begins).max_by_key(|op| op.info().name.len())
}

/// Takes a type off the front of `suffix`.
fn take_ty(suffix: &mut &str) -> Option<Ty> {
    let (first, rest) = suffix.split_once('.').unwrap_or((suffix, ""));
    let ty = *Ty::ALL.iter().find(|ty| ty.name() == first)?;
    *suffix = rest;
    Some(ty)
}

/// The encoding of the parameter called `name`.
fn aux(kind: Aux, name: &str) -> Option<u8> {
    match kind {
        Aux::None => name.is_empty().then_some(0),
        Aux::Lane => encoding(name, Lane::ALL, Lane::name),
        Aux::Icond => encoding(name, Icond::ALL, Icond::name),
        Aux::Cond => encoding(name, Cond::ALL, Cond::name),
        Aux::FCond => encoding(name, FCond::ALL, FCond::name),
        Aux::Round => encoding(name, Round::ALL, Round::name),
        Aux::Access => encoding(name, Access::ALL, Access::name),
        Aux::RmwOp => encoding(name, RmwOp::ALL, RmwOp::name),
        Aux::CallArgs => encoding(name, CallArgs::ALL, CallArgs::name),
        Aux::Ty => encoding(name, Ty::ALL, Ty::name),
        Aux::Near => encoding(name, Near::ALL, Near::name),
        Aux::Trap => encoding(name, Trap::ALL, Trap::name),
    }
}

fn encoding<T: Copy>(name: &str, all: &[T], name_of: fn(T) -> &'static str) -> Option<u8> {
    all.iter().position(|&value| name_of(value) == name).map(|i| i as u8)
}

fn by_name<T: Copy>(line: &mut Cursor<'_>, all: &[T], name_of: fn(T) -> &'static str) -> Result<T, Error> {
    let before = *line;
    let word = line.word()?;
    match all.iter().find(|&&value| name_of(value) == word) {
        Some(&value) => Ok(value),
        None => before.error(format!("`{word}` is not one of these")),
    }
}
