//! Where code goes on, as its words say it: for code that looks ahead without lowering them.

use crate::target::Target;
use crate::translate::Source;

/// Where an instruction goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Behind itself, or it ends a block for a reason that its word does not tell.
    On,
    /// At `target`, or behind itself as well.
    Jumps {
        /// Where it may go.
        target: u64,
        /// Whether it may go on behind itself.
        falls: bool,
    },
    /// Elsewhere: a call, a jump through a register, a system call, a trap.
    Leaves,
}

/// Instructions looked at, at the most: as many as a block with ways out has.
const HORIZON: usize = 64;

/// Where the ways out of a block that is being built lead: code further on in the block then is reached in two ways, and
/// would be translated once more for the other one. So the block ends there; but a loop is worth being one block.
#[derive(Debug)]
pub struct Joins {
    /// The next of them.
    next: Option<u64>,
    /// The block turned out to be a loop.
    is_loop: bool,
}

impl Joins {
    /// Of an empty block.
    pub const NONE: Joins = Joins { next: None, is_loop: false };

    /// The instruction in front of `here` has a way out to `exit`.
    pub fn add(&mut self, exit: u64, here: u64) {
        if exit > here && !self.is_loop && self.next.is_none_or(|next| exit < next) {
            self.next = Some(exit);
        }
    }

    /// Whether the block that begins at `pc` is to end before `at` bytes of it.
    #[inline]
    pub fn end(&mut self, target: &dyn Target, source: &mut impl Source, pc: u64, at: usize) -> bool {
        if self.next != Some(pc + at as u64) {
            return false;
        }
        self.next = None;
        self.is_loop = leads_back(target, source, pc, at);
        !self.is_loop
    }
}

/// Whether the code from `at` bytes behind `pc` on leads to `pc` as one block.
fn leads_back(target: &dyn Target, source: &mut impl Source, pc: u64, mut at: usize) -> bool {
    for _ in 0..HORIZON {
        let (word, len) = loop {
            match target.fetch(&source.bytes()[at..]) {
                Some(found) => break found,
                None if source.more() => {}
                None => return false,
            }
        };
        match target.flow(word, pc + at as u64) {
            Flow::Jumps { target, .. } if target == pc => return true,
            Flow::On | Flow::Jumps { falls: true, .. } => at += len,
            _ => return false,
        }
    }
    false
}
