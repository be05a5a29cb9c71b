//! FPCR and FPSR between their architectural layouts and how the state holds them (Arm ARM C5.2).

use ir::fp::flags::DENORMAL;
use ir::{FpControl, GuestState, NanRule, Round, Underflow};
use target::Mode;

use crate::pauth;
use crate::state::{FPCR, IDC, QC, SLOTS, WATCH};
use crate::{ALTERNATIVE_HALF, DEFAULT_NAN, FLUSH, FLUSH16, WATCHED};

const DN: u32 = 1 << 25;
const FZ: u32 = 1 << 24;
const FZ16: u32 = 1 << 19;
const AHP: u32 = 1 << 26;

const QC_BIT: u32 = 1 << 27;
const IDC_BIT: u32 = 1 << 7;

#[inline]
fn slot(state: &GuestState, id: ir::SlotId) -> u128 {
    state.get(&SLOTS[id.0 as usize])
}

/// FPCR.
#[inline]
pub fn fpcr(state: &GuestState) -> u32 {
    slot(state, FPCR) as u32
}

/// FPSR. IOC, DZC, OFC, UFC, IXC are bits 0 to 4; the host has a flag for denormals between the first two.
pub fn fpsr(state: &GuestState) -> u32 {
    let sticky = state.fp_flags & 1 | state.fp_flags >> 1 & 0x1e;
    let saturated = if slot(state, QC) != 0 { QC_BIT } else { 0 };
    let flushed = if fpcr(state) & FZ != 0 { (state.fp_flags & DENORMAL) << 6 } else { 0 };
    sticky | slot(state, IDC) as u32 | flushed | saturated
}

/// Sets FPSR.
pub fn set_fpsr(state: &mut GuestState, value: u32) {
    state.fp_flags = value & 1 | (value & 0x1e) << 1;
    state.set(&SLOTS[IDC.0 as usize], (value & IDC_BIT) as u128);
    state.set(&SLOTS[QC.0 as usize], (value & QC_BIT) as u128);
}

/// The mode bits that FPCR and the other registers ask for.
#[inline]
pub fn mode(state: &GuestState) -> Mode {
    let fpcr = fpcr(state);
    let bit = |flag, mode: Mode| if fpcr & flag != 0 { mode.0 } else { 0 };
    let watched = if slot(state, WATCH) != 0 { WATCHED.0 } else { 0 };
    Mode(
        bit(DN, DEFAULT_NAN)
            | bit(FZ, FLUSH)
            | bit(FZ16, FLUSH16)
            | bit(AHP, ALTERNATIVE_HALF)
            | watched
            | pauth::mode(state).0,
    )
}

/// How single and double precision underflow. Flushing asks for the right moment even where nobody looks at flags:
/// what rounds up to the least normal number becomes zero.
pub fn underflow(mode: Mode) -> Underflow {
    match (mode.0 & FLUSH.0 != 0, mode.0 & WATCHED.0 != 0) {
        (true, true) => Underflow::Evaluated,
        (false, false) => Underflow::Host,
        _ => Underflow::Before,
    }
}

/// From now on the program's flags are exact.
pub fn watch(state: &mut GuestState) {
    state.set(&SLOTS[WATCH.0 as usize], 1);
}

/// Which NaN arithmetic yields.
pub fn nan_rule(mode: Mode) -> NanRule {
    if mode.0 & DEFAULT_NAN.0 != 0 { NanRule::Canonical } else { NanRule::Propagate }
}

/// Rounding (FPCR.RMode) and flushing.
#[inline]
pub fn control(state: &GuestState) -> FpControl {
    let fpcr = fpcr(state);
    let round = [Round::NearestEven, Round::Up, Round::Down, Round::Zero][(fpcr >> 22 & 3) as usize];
    FpControl { round, flush: fpcr & FZ != 0 }
}
