//! Start of a program and system calls (RISC-V psABI; Linux, arch/riscv/kernel/traps.c): the number is in a7, the
//! arguments in a0 to a5, the result in a0.

use ir::GuestState;
use target::{SyscallRegs, SyscallSlots};

use super::{reg, set_reg, vector};
use crate::state::{self, RES_ADDR, SP};

const A0: u32 = 10;
const A7: u32 = 17;
/// Bytes of `ecall`, which has no compressed form.
const ECALL_BYTES: u64 = 4;

/// The registers of a system call.
pub const SYSCALL_SLOTS: SyscallSlots = SyscallSlots {
    number: state::x(A7),
    args: [state::x(A0), state::x(A0 + 1), state::x(A0 + 2), state::x(A0 + 3), state::x(A0 + 4), state::x(A0 + 5)],
    result: state::x(A0),
};

/// The registers at a program's start. a0 is zero: there is no function to register with `atexit`.
pub fn start(state: &mut GuestState, entry: u64, sp: u64) {
    *state = GuestState::default();
    state.pc = entry;
    set_reg(state, SP, sp);
    set_reg(state, RES_ADDR, !0);
    vector::start(state);
}

/// The system call at hand.
#[inline]
pub fn syscall(state: &GuestState) -> SyscallRegs {
    SyscallRegs { number: reg(state, state::x(A7)), args: std::array::from_fn(|i| reg(state, state::x(A0 + i as u32))) }
}

/// Sets its result.
#[inline]
pub fn set_result(state: &mut GuestState, value: u64) {
    set_reg(state, state::x(A0), value);
}

/// Goes back to before it.
pub fn restart_syscall(state: &mut GuestState, arg0: u64, number: Option<u64>) {
    set_reg(state, state::x(A0), arg0);
    if let Some(number) = number {
        set_reg(state, state::x(A7), number);
    }
    state.pc -= ECALL_BYTES;
}
