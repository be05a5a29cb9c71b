//! What instructions are to NZCV, by the groups of the Arm ARM (C4.1): for code that looks ahead. It tells less than the
//! rows know, and much faster; a test compares the two.

use target::{Features, FlagsUse, Flow};

use crate::cpu::FPAC;
use crate::fields::Word;
use crate::flow::flow;
use crate::rows::dp_imm::decode_bit_mask;

/// Bits that tell the group, what they are, and what its instructions do.
type Group = (u32, u32, Use);

#[derive(Clone, Copy)]
enum Use {
    Overwrites,
    Passes,
    Reads,
    /// Is `and` with flags, if its mask is one.
    OverwritesByMask,
    /// Is another logical instruction, if its mask is one.
    PassesByMask,
    /// Jumps, and looks at no flags.
    Branch,
}

/// The first that matches holds; what matches none may read, or may fault and show them: loads and stores do, and encodings
/// that the rows find reserved by more than their pattern, as many of vectors are.
const GROUPS: &[Group] = &[
    // Data processing, immediate: sums and `and` with flags, and all others.
    (0x3f80_0000, 0x3100_0000, Use::Overwrites),
    (0x7f80_0000, 0x7200_0000, Use::OverwritesByMask),
    (0x1f80_0000, 0x1200_0000, Use::PassesByMask),
    (0x1c00_0000, 0x1000_0000, Use::Passes),
    // Data processing, registers: logical, sums, of one to three operands. With carry or a condition: they read.
    (0x7f00_0000, 0x6a00_0000, Use::Overwrites),
    (0x1f00_0000, 0x0a00_0000, Use::Passes),
    (0x3f00_0000, 0x2b00_0000, Use::Overwrites),
    (0x3f00_0000, 0x0b00_0000, Use::Passes),
    // Pointer authentication may be undefined, or raise its exception.
    (0xffff_0000, 0xdac1_0000, Use::Reads),
    (0xffe0_fc00, 0x9ac0_3000, Use::Reads),
    (0x3fe0_0000, 0x1ac0_0000, Use::Passes),
    (0x1f00_0000, 0x1b00_0000, Use::Passes),
    // Branches, but calls, which poll.
    (0xfc00_0000, 0x1400_0000, Use::Branch),
    (0x7e00_0000, 0x3400_0000, Use::Branch),
    (0x7e00_0000, 0x3600_0000, Use::Branch),
    // Hints, DMB, and reads of TPIDR_EL0; other system registers may be NZCV or tell of success by it.
    (0xffff_f01f, 0xd503_201f, Use::Passes),
    (0xffff_f0ff, 0xd503_30bf, Use::Passes),
    (0xffff_ffe0, 0xd53b_d040, Use::Passes),
    // Floating-point scalars: comparisons; conditional ones read, and FJCVTZS writes. Fixed-point ones may be reserved.
    (0xff20_fc07, 0x1e20_2000, Use::Overwrites),
    (0xff20_0400, 0x1e20_0400, Use::Reads),
    (0xffff_fc00, 0x1e7e_0000, Use::Reads),
    (0x7f20_0000, 0x1e00_0000, Use::Reads),
    (0x7e00_0000, 0x1e00_0000, Use::Passes),
];

/// AUTIA1716, AUTIB1716; AUTIAZ, AUTIASP, AUTIBZ, AUTIBSP: they may raise an exception.
const AUTHENTICATING_HINTS: [(u32, u32); 2] = [(0xffff_ffbf, 0xd503_219f), (0xffff_ff9f, 0xd503_239f)];

/// What `word` at `pc` does, on a CPU with these features.
pub fn flags_use(word: u32, pc: u64, features: Features) -> FlagsUse {
    if features.has(FPAC) && AUTHENTICATING_HINTS.iter().any(|(mask, value)| word & mask == *value) {
        return FlagsUse::Reads;
    }
    let used = GROUPS.iter().find(|(mask, value, _)| word & mask == *value).map_or(Use::Reads, |group| group.2);
    match used {
        Use::Overwrites => FlagsUse::Overwrites,
        Use::Passes => FlagsUse::Passes,
        Use::OverwritesByMask | Use::PassesByMask if decode_bit_mask(Word(word)).is_none() => FlagsUse::Reads,
        Use::OverwritesByMask => FlagsUse::Overwrites,
        Use::PassesByMask => FlagsUse::Passes,
        Use::Reads => FlagsUse::Reads,
        Use::Branch => match flow(word, pc) {
            Flow::Jumps { target, falls } => FlagsUse::Jumps { target, falls },
            _ => FlagsUse::Reads,
        },
    }
}
