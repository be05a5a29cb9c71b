//! Looking ahead: whether the code that a block leads to writes the condition flags anew before anything reads them.
//! Then the block need not put them together for it. They are stale in between, and a signal that comes just then
//! shows that: whoever looks on (a debugger) has blocks that do not look ahead.

use crate::target::Target;

/// What an instruction is to the condition flags, as far as the code before it is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagsUse {
    /// Writes all of them and reads none.
    Overwrites,
    /// Does neither, and goes on behind itself or ends in a fault.
    Passes,
    /// Does neither, and goes on at `target`, or behind itself as well.
    Jumps {
        /// Where it may go.
        target: u64,
        /// Whether it may go on behind itself.
        falls: bool,
    },
    /// May read them, or nobody knows.
    Reads,
}

/// Instructions looked at, at the most.
const HORIZON: usize = 24;
/// Bytes of code that they fit in.
pub const AHEAD: usize = HORIZON * 4;

/// Copies code at an address, as much as there is and may be looked at; how many bytes.
pub type Read<'a> = &'a dyn Fn(u64, &mut [u8; AHEAD]) -> usize;

/// Whether the flags die in the code at `pc`.
pub fn flags_die(target: &dyn Target, read: Read<'_>, pc: u64) -> bool {
    let mut left = HORIZON;
    die(target, read, pc, &mut left)
}

fn die(target: &dyn Target, read: Read<'_>, mut pc: u64, left: &mut usize) -> bool {
    let mut bytes = [0; AHEAD];
    let len = read(pc, &mut bytes);
    let mut rest = &bytes[..len];
    while let Some((word, len)) = target.fetch(rest).filter(|_| *left != 0) {
        *left -= 1;
        match target.flags_use(word, pc) {
            FlagsUse::Overwrites => return true,
            FlagsUse::Reads => return false,
            FlagsUse::Passes => {}
            FlagsUse::Jumps { target: to, falls: false } => return die(target, read, to, left),
            FlagsUse::Jumps { target: to, falls: true } => {
                if !die(target, read, to, left) {
                    return false;
                }
            }
        }
        (pc, rest) = (pc + len as u64, &rest[len..]);
    }
    false
}
