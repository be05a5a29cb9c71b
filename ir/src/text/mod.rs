//! The text form: what tests are written in and what `--trace=ir` shows.
//!
//! ```text
//! block 0x1000..0x1008 propagate
//!   insn 0x1000
//!   v1 = get x0
//!   v2 = load.i64.u32 [v1 + v1<<3 + 16]
//!   v3 = add.i64 v1, v2
//!   put x0, v3
//!   jump 0x1008
//! ```
//!
//! A line is `value = op.type.parameter operands, #constant`; what an op fixes is left out: the type of most
//! vector ops, a constant of 0. Operands follow the order of the op's row. `;` begins a comment.

mod cursor;
mod parse;
mod print;

pub use parse::{Error, parse};
pub use print::{Print, print};

use crate::ops::Op;
use crate::types::Ty;

/// The type that an op has if its name says none.
fn implied_ty(op: Op) -> Ty {
    match op {
        Op::Addr | Op::Cycles | Op::Trunc => Ty::I64,
        Op::GetFpFlags | Op::Crc32c | Op::Zext32 | Op::Sext32 => Ty::I32,
        Op::Insn | Op::Fence | Op::Pause | Op::Prefetch | Op::SetFpFlags | Op::ExitIf | Op::TrapIf | Op::Aligned => {
            Ty::None
        }
        Op::Cond | Op::FromNzcv | Op::ToNzcv => Ty::Flags,
        _ if op.info().result == crate::ops::ResultTy::Is(Ty::V128) => Ty::V128,
        // Never implied: these ops have no untyped form.
        _ => Ty::None,
    }
}
