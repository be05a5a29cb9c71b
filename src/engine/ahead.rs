//! What a block leads to, in so far as it matters for the block's own code: whether the flags die there.

use ir::{Block, Op, Term, Ty};
use memory::{AddressSpace, Range};
use target::AHEAD;

use super::{Engine, fetch};

impl Engine {
    /// The addresses among those that `block` leads to, without a poll on the way, where the flags that it writes are not
    /// read. Only code of the block's own `unit` counts: where that changes the block goes as well.
    pub fn where_flags_die(&self, space: &AddressSpace, block: &Block, unit: Range) -> Vec<u64> {
        let mut found = Vec::new();
        if self.flags_slot.is_none() || !block.insts.iter().any(|inst| inst.op == Op::Put && inst.ty == Ty::Flags) {
            return found;
        }
        let read = |pc: u64, bytes: &mut [u8; AHEAD]| match unit.contains(memory::GuestAddr(pc)) {
            true => fetch::fetch(space, pc, &mut bytes[..((unit.end.0 - pc) as usize).min(AHEAD)]).len(),
            false => 0,
        };
        let mut consider = |to: u64, from: u64| {
            // A jump back polls, and a signal shows the flags.
            if to > from && !found.contains(&to) && target::flags_die(self.target, &read, to) {
                found.push(to);
            }
        };
        let mut pc = block.pc;
        for inst in &block.insts {
            match inst.op {
                Op::Insn => pc = inst.imm as u64,
                Op::ExitIf => consider(inst.imm as u64, pc),
                _ => {}
            }
        }
        match block.term {
            Some(Term::Jump { target }) => consider(target, pc),
            Some(Term::Branch { taken, fall, .. }) => [taken, fall].into_iter().for_each(|to| consider(to, pc)),
            _ => {}
        }
        found
    }
}
