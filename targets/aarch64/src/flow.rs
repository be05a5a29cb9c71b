//! Where branches go, by their groups (Arm ARM C4.1.93): less than the rows know, and faster; a test compares the two.

use target::Flow;

/// Bits that tell the group, what they are, and the lowest and the number of the bits that say how many words away the
/// target is; none for what leaves.
type Group = (u32, u32, u32, u32);

/// The first that matches holds.
const GROUPS: &[Group] = &[
    // B; B.cond and BC.cond; CBZ and CBNZ; TBZ and TBNZ.
    (0xfc00_0000, JUMP, 0, 26),
    (0xff00_0000, 0x5400_0000, 5, 19),
    (0x7e00_0000, 0x3400_0000, 5, 19),
    (0x7e00_0000, 0x3600_0000, 5, 14),
    // BL, exceptions, branches through registers.
    (0xfc00_0000, 0x9400_0000, 0, 0),
    (0xff00_0000, 0xd400_0000, 0, 0),
    (0xfe00_0000, 0xd600_0000, 0, 0),
];
const JUMP: u32 = 0x1400_0000;

/// Where `word` at `pc` goes on.
pub fn flow(word: u32, pc: u64) -> Flow {
    // Bits 28 to 26 are 101 for all of them.
    if word & 0x1c00_0000 != 0x1400_0000 {
        return Flow::On;
    }
    match GROUPS.iter().find(|(mask, value, ..)| word & mask == *value) {
        None => Flow::On,
        Some((.., 0)) => Flow::Leaves,
        Some((_, value, low, bits)) => {
            let words = (word << (32 - low - bits)) as i32 >> (32 - bits);
            Flow::Jumps { target: pc.wrapping_add_signed(i64::from(words) * 4), falls: *value != JUMP }
        }
    }
}
