//! Integer registers as operands: x0 reads as zero and takes no writes (unprivileged ISA, RV32I).

use ir::{Ty, Val};
use target::Lower;

use crate::state;

/// Access to the general registers of the instruction that is being lowered.
pub trait Regs {
    /// x`n`.
    fn x(&mut self, n: u32) -> Val;
    /// The low half of x`n`.
    fn w(&mut self, n: u32) -> Val;
    /// Sets x`n`.
    fn set_x(&mut self, n: u32, val: Val);
    /// Sets x`n` to a sign-extended 32-bit value, as all instructions on words do (RV64I).
    fn set_w(&mut self, n: u32, val: Val);
    /// Sets x`n` to a truth value, or another 32-bit value that is to be zero-extended.
    fn set_bool(&mut self, n: u32, val: Val);
}

impl Regs for Lower<'_> {
    fn x(&mut self, n: u32) -> Val {
        match n {
            0 => self.i64(0),
            _ => self.get(state::x(n)),
        }
    }

    fn w(&mut self, n: u32) -> Val {
        match n {
            0 => self.i32(0),
            _ => self.get32(state::x(n)),
        }
    }

    fn set_x(&mut self, n: u32, val: Val) {
        debug_assert_eq!(self.inst(val).result(), Ty::I64);
        if n != 0 {
            self.put(state::x(n), val);
        }
    }

    fn set_w(&mut self, n: u32, val: Val) {
        let wide = self.sext32(val);
        self.set_x(n, wide);
    }

    fn set_bool(&mut self, n: u32, val: Val) {
        let wide = self.zext32(val);
        self.set_x(n, wide);
    }
}
