//! What each op means, in plain Rust: the one place. The interpreter, folding and emitted code's slow
//! paths all evaluate by these functions.
//!
//! A value is held in 128 bits, zero-extended from its type; flags as [`Nzcv`](crate::Nzcv) holds them.

mod aes;
mod flags;
mod float;
pub(crate) mod int;
pub mod lanes;
mod permute;
mod sha;
pub mod slow;
mod vector;
mod vector_float;
mod widen;

use crate::block::Inst;
use crate::fp::Env;
use crate::ops::Op;
use crate::types::Ty;

/// The value of a pure or floating-point op, on operands `v` of which the first has type `from`. What it
/// raises is added to `env`.
///
/// # Panics
/// For an op that does not just compute: memory, slots, calls, exits.
pub fn eval(inst: &Inst, from: Ty, v: [u128; 3], env: &mut Env) -> u128 {
    // The table's rows are in the order of these families; the first op of each begins it.
    match inst.op as u8 {
        op if op < Op::AddF as u8 => int::eval(inst, v),
        op if op < Op::FAdd as u8 => flags::eval(inst, v, env),
        op if op < Op::VAdd as u8 => float::eval(inst, from, v, env),
        op if op < Op::VZip1 as u8 => vector::eval(inst, v),
        op if op < Op::VExtLoS as u8 => permute::eval(inst, v),
        op if op < Op::VFAdd as u8 => widen::eval(inst, v),
        op if op < Op::AesSub as u8 => vector_float::eval(inst, v, env),
        op if op < Op::Sha1Hash as u8 => aes::eval(inst.op, v),
        op if op < Op::Load as u8 => sha::eval(inst, v),
        _ => not_evaluated(inst),
    }
}

/// The bits of a type.
pub(crate) const fn mask(ty: Ty) -> u128 {
    match ty.bytes() {
        0 => 0,
        bytes => u128::MAX >> (128 - 8 * bytes),
    }
}

/// A row that no family's function has: a mistake in the table.
fn not_evaluated(inst: &Inst) -> u128 {
    panic!("{} has no value by itself", inst.op.info().name)
}
