//! What a block leads to, in so far as it matters for the block's own code: whether the flags die there.

use ir::{Block, Op, Term, Ty};
use memory::{AddressSpace, Range};
use target::AHEAD;

use super::{Engine, fetch};

impl Engine {
    /// The addresses among those that `block` leads to where the flags that it writes are not read. Only code of the
    /// block's own `unit` counts: where that changes the block goes as well.
    pub fn where_flags_die(&self, space: &AddressSpace, block: &Block, unit: Range) -> Vec<u64> {
        let mut found = Vec::new();
        if !block.insts.iter().any(|inst| inst.op == Op::Put && inst.ty == Ty::Flags) {
            return found;
        }
        let read = |pc: u64, bytes: &mut [u8; AHEAD]| match unit.contains(memory::GuestAddr(pc)) {
            true => fetch::fetch(space, pc, &mut bytes[..((unit.end.0 - pc) as usize).min(AHEAD)]).len(),
            false => 0,
        };
        let exits = block.insts.iter().filter(|inst| inst.op == Op::ExitIf).map(|inst| inst.imm as u64);
        let ends = match block.term {
            Some(Term::Jump { target } | Term::Call { target, .. }) => [Some(target), None],
            Some(Term::Branch { taken, fall, .. }) => [Some(taken), Some(fall)],
            _ => [None, None],
        };
        for to in exits.chain(ends.into_iter().flatten()) {
            if !found.contains(&to) && target::flags_die(self.target, &read, to) {
                found.push(to);
            }
        }
        found
    }
}
