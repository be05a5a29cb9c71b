//! Slow paths of emitted code: any op that only computes, evaluated out of line. Code calls
//! [`slow_path`] as a [`HelperFn::Vec`](crate::HelperFn) with [`constant`] as the call's constant.

use super::{eval, mask};
use crate::block::{Block, Inst, Val};
use crate::fp::{Env, Tininess};
use crate::helper::VecArgs;
use crate::ops::Op;
use crate::signature::{self, Want};
use crate::types::{NanRule, Ty, Underflow};

/// Where the parts of the constant lie.
const TY: u32 = 8;
const FROM: u32 = 12;
const NAN: u32 = 16;
/// Whether results are tiny before they are rounded.
const BEFORE: u32 = 17;
const AUX: u32 = 24;
const IMM: u32 = 32;

/// Describes `inst` of `block`, whose first operand has type `from`, for [`slow_path`]. Its own constant must fit 32 bits.
pub fn constant(block: &Block, inst: &Inst, from: Ty) -> u64 {
    debug_assert!(inst.imm == inst.imm as i32 as i64, "constant of a slow path");
    inst.op as u64
        | (inst.ty as u64) << TY
        | (from as u64) << FROM
        | (block.nan as u64) << NAN
        | ((block.underflow != Underflow::Host) as u64) << BEFORE
        | (inst.aux as u64) << AUX
        | (inst.imm as u64) << IMM
}

/// Evaluates the instruction that the constant describes on the operands, by MXCSR's modes.
pub extern "C" fn slow_path(args: &mut VecArgs) {
    let field = |at: u32, bits: u32| (args.imm >> at & ((1 << bits) - 1)) as u8;
    let inst = Inst {
        op: Op::ALL[field(0, 8) as usize],
        ty: Ty::from_u8(field(TY, 4)),
        aux: field(AUX, 8),
        args: [Val::NONE; 3],
        imm: args.imm as i64 >> IMM,
    };
    let from = Ty::from_u8(field(FROM, 4));
    let tiny = if field(BEFORE, 1) != 0 { Tininess::BeforeRounding } else { Tininess::AfterRounding };
    let mut env = Env { tiny, ..Env::from_mxcsr(NanRule::from_u8(field(NAN, 1)), args.mxcsr) };
    let wants = signature::of(&inst).operands;
    // What lies above a scalar operand is unspecified.
    let operands = std::array::from_fn(|i| match wants[i] {
        Want::Is(ty) => args.v[i] & mask(ty),
        Want::Int | Want::Float if i == 0 => args.v[i] & mask(from),
        _ => args.v[i],
    });
    args.v[0] = eval(&inst, from, operands, &mut env);
    args.raised = env.raised;
}
