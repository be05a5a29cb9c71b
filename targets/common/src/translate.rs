//! From guest bytes to a block: the loop over instructions.

use ir::{Builder, Op, Term};

use crate::flow::Joins;
use crate::lower::{Lower, Mode};
use crate::target::Target;

/// How long a block may get; several times as long where nothing leaves it before its end, because such code
/// is often unrolled (ciphers, transforms) and keeps its values in registers over the whole block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Guest instructions.
    pub insts: u32,
    /// IR instructions; checked between guest instructions.
    pub ir_insts: u32,
}

impl Limits {
    /// What runs by default.
    pub const DEFAULT: Limits = Limits { insts: 64, ir_insts: 600 };
}

/// How many times as long.
const STRAIGHT: u32 = 8;

/// Why no block came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The bytes end within the first instruction: fetching `addr` faults.
    Fetch {
        /// The first byte that is missing.
        addr: u64,
    },
}

/// Where guest code comes from, and what there is of it already.
pub trait Source {
    /// The bytes from the block's beginning on, as many as were fetched.
    fn bytes(&self) -> &[u8];

    /// Fetches more of them. False if there are no more.
    fn more(&mut self) -> bool {
        false
    }

    /// What [`Target::expectation`] said of the state.
    fn expectation(&self) -> u64 {
        0
    }

    /// Whether the block may end before the instruction at an address, because there is code for it.
    fn is_known(&self, _pc: u64) -> bool {
        false
    }
}

impl Source for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// Builds the block at `pc`. It ends at a branch that does not fall through, where there is code already, where a way out
/// of it leads to unless it is a loop, at the limits, or where the bytes end.
pub fn translate(
    target: &dyn Target,
    builder: &mut Builder,
    mut source: impl Source,
    pc: u64,
    mode: Mode,
    limits: Limits,
) -> Result<(), Stop> {
    builder.begin(pc, target.nan_rule(mode));
    builder.block_mut().underflow = target.underflow(mode);
    let features = target.features_in(mode);
    let mut at = 0usize;
    let mut scale = STRAIGHT;
    let mut joins = Joins::NONE;
    while !builder.is_ended() {
        let here = pc + at as u64;
        let block = builder.block();
        if let Some(exit) = block.insts.last().filter(|inst| inst.op == Op::ExitIf) {
            scale = 1;
            joins.add(exit.imm as u64, here);
        }
        let is_full = block.guest_insts >= limits.insts * scale || block.insts.len() as u32 >= limits.ir_insts * scale;
        if is_full || at != 0 && (source.is_known(here) || joins.end(target, &mut source, pc, at)) {
            builder.end(Term::Jump { target: here });
            break;
        }
        let Some((word, len)) = target.fetch(&source.bytes()[at..]) else {
            if source.more() {
                continue;
            }
            if at == 0 {
                return Err(Stop::Fetch { addr: pc + source.bytes().len() as u64 });
            }
            builder.end(Term::Jump { target: here });
            break;
        };
        builder.insn(here);
        let mut lower = Lower::new(builder, here, mode, features);
        lower.next = here + len as u64;
        lower.expectation = source.expectation();
        match target.decode(word).filter(|found| features.has(found.row.feature)) {
            Some(found) => (found.lower)(&mut lower, word),
            None => lower.undefined(),
        }
        at += len;
    }
    builder.block_mut().end = pc + at as u64;
    Ok(())
}
