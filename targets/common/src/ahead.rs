//! Looking ahead: whether the code that a block leads to writes the condition flags anew before anything reads them.
//! Then the block need not put them together for it. They are stale in between, where nobody can see them: what may fault
//! counts as reading, and so does a jump back, at which code polls for signals.

use crate::target::Target;

/// What an instruction is to the condition flags, as far as the code before it is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagsUse {
    /// Writes all of them and reads none.
    Overwrites,
    /// Does neither, and goes on behind itself.
    Passes,
    /// Does neither, and goes on at `target`, or behind itself as well.
    Jumps {
        /// Where it may go.
        target: u64,
        /// Whether it may go on behind itself.
        falls: bool,
    },
    /// May read them or show them in a fault, or nobody knows.
    Reads,
}

/// Instructions looked at, at the most, and straight stretches of them.
const HORIZON: usize = 48;
const STRETCHES: usize = 12;
/// Bytes of code that they fit in.
pub const AHEAD: usize = HORIZON * 4;

/// Copies code at an address, as much as there is and may be looked at; how many bytes.
pub type Read<'a> = &'a dyn Fn(u64, &mut [u8; AHEAD]) -> usize;

/// Whether the flags die in the code at `pc`.
pub fn flags_die(target: &dyn Target, read: Read<'_>, pc: u64) -> bool {
    let mut stretches = Stretches { at: [pc; STRETCHES], count: 1 };
    let (mut done, mut left) = (0, HORIZON);
    while done < stretches.count {
        if !stretches.look_at(done, target, read, &mut left) {
            return false;
        }
        done += 1;
    }
    true
}

/// Where paths lead, each once: what a path comes back to was looked at already.
struct Stretches {
    at: [u64; STRETCHES],
    count: usize,
}

impl Stretches {
    /// Adds one. False if there is no room.
    fn add(&mut self, pc: u64) -> bool {
        if self.at[..self.count].contains(&pc) {
            return true;
        }
        let room = self.count < STRETCHES;
        if room {
            self.at[self.count] = pc;
            self.count += 1;
        }
        room
    }

    /// Whether the flags die in a stretch or behind its jumps, which are added.
    fn look_at(&mut self, index: usize, target: &dyn Target, read: Read<'_>, left: &mut usize) -> bool {
        let (mut pc, mut bytes) = (self.at[index], [0; AHEAD]);
        let len = read(pc, &mut bytes);
        let mut rest = &bytes[..len];
        while let Some((word, len)) = target.fetch(rest).filter(|_| *left != 0) {
            *left -= 1;
            match target.flags_use(word, pc) {
                FlagsUse::Reads => return false,
                // What is no instruction faults.
                _ if target.decode(word).is_none() => return false,
                FlagsUse::Overwrites => return true,
                FlagsUse::Passes => {}
                FlagsUse::Jumps { target: to, falls } => {
                    if to <= pc || !self.add(to) {
                        return false;
                    }
                    if !falls {
                        return true;
                    }
                }
            }
            (pc, rest) = (pc + len as u64, &rest[len..]);
        }
        false
    }
}
