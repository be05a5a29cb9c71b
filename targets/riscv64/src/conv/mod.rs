//! Conventions: registers at the start and of system calls, signal frames, the vDSO.

mod call;
mod regsets;
mod signal;
mod vdso;
mod vector;
mod vector_control;

pub use call::{SYSCALL_SLOTS, restart_syscall, set_result, start, syscall};
pub use regsets::{CORE_SETS, regset, regset_unit, set_regset};
pub use signal::{backtrace, core_registers, enter_handler, frame_bytes, signal_frame, signal_return};
pub use vdso::VDSO;
pub use vector_control::{are_vectors_off, heritage, inherit, set_vector_control, vector_control};

use ir::{GuestState, SlotId};

use crate::state::SLOTS;

/// A register of 64 bits.
#[inline]
fn reg(state: &GuestState, slot: SlotId) -> u64 {
    state.u64_at(SLOTS[slot.0 as usize].offset)
}

/// Sets a register of 64 bits.
#[inline]
fn set_reg(state: &mut GuestState, slot: SlotId, value: u64) {
    state.set_u64_at(SLOTS[slot.0 as usize].offset, value);
}
