//! Where a target's slots lie, as far as targets agree: pinned registers are ranked, those that are not come first.

/// A place among the pinned registers, from 1, as [`ir::SlotDef`]'s `pin` has it; 0 for a register that is not pinned.
pub const fn rank(pins: &[u32], n: u32) -> u8 {
    let mut i = 0;
    while i < pins.len() {
        if pins[i] == n {
            return i as u8 + 1;
        }
        i += 1;
    }
    0
}

/// The offset of integer register `n` of 32 from the start of the guest state, in bytes: those that live in memory come
/// first, where emitted code has short displacements.
pub const fn x_offset(pins: &[u32], n: u32) -> u16 {
    let pin = rank(pins, n) as u16;
    let (mut before, mut i) = (0, 0);
    while i < n {
        before += (rank(pins, i) == 0) as u16;
        i += 1;
    }
    8 * if pin == 0 { before } else { 32 - pin }
}
