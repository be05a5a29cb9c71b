//! Table: the types each op takes. Beside the ops' rows this is what the verifier checks, and how
//! operands of emitted code's slow paths are cut to their width.

use crate::block::Inst;
use crate::ops::Op;
use crate::types::{CallArgs, Lane, Ty};

/// What an operand may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Want {
    /// Absent.
    Nothing,
    /// A value of this type.
    Is(Ty),
    /// An `i32` or `i64`.
    Int,
    /// An `f32` or `f64`.
    Float,
    /// An `i64` or absent.
    Index,
    /// An integer or absent.
    IntArg,
    /// A vector or a floating-point value, an integer, or absent.
    VecArg,
}

impl Want {
    /// Whether an operand of type `ty` will do; [`Ty::None`] is an absent one.
    pub const fn accepts(self, ty: Ty) -> bool {
        match self {
            Want::Nothing => matches!(ty, Ty::None),
            Want::Is(want) => ty as u8 == want as u8 && !matches!(ty, Ty::None),
            Want::Int => ty.is_int(),
            Want::Float => matches!(ty, Ty::F32 | Ty::F64),
            Want::Index => matches!(ty, Ty::I64 | Ty::None),
            Want::IntArg => ty.is_int() || matches!(ty, Ty::None),
            Want::VecArg => !matches!(ty, Ty::Flags),
        }
    }
}

/// The types an instruction itself may have.
const NONE: &[Ty] = &[Ty::None];
const I32: &[Ty] = &[Ty::I32];
const I64: &[Ty] = &[Ty::I64];
const INT: &[Ty] = &[Ty::I32, Ty::I64];
const BITS: &[Ty] = &[Ty::I32, Ty::I64, Ty::V128];
const FLOAT: &[Ty] = &[Ty::F32, Ty::F64];
const ANY_FLOAT: &[Ty] = &[Ty::F16, Ty::F32, Ty::F64];
const NARROW: &[Ty] = &[Ty::F16, Ty::F32];
const VEC: &[Ty] = &[Ty::V128];
const FLAGS: &[Ty] = &[Ty::Flags];
const INT_FLOAT: &[Ty] = &[Ty::I32, Ty::I64, Ty::F32, Ty::F64];
const DATA: &[Ty] = &[Ty::I32, Ty::I64, Ty::F16, Ty::F32, Ty::F64, Ty::V128];
const MEMORY: &[Ty] = &[Ty::I32, Ty::I64, Ty::V128];
const SLOT: &[Ty] = &[Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128, Ty::Flags];

/// Types of an instruction and its operands.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// What [`Inst::ty`] may be.
    pub types: &'static [Ty],
    /// What the operands may be.
    pub operands: [Want; 3],
}

/// The signature of `inst` by its op, its type and its parameter.
pub fn of(inst: &Inst) -> Signature {
    use Want::{Int, Is, Nothing};
    let ty = Is(inst.ty);
    let (flags, i32, i64, vec) = (Is(Ty::Flags), Is(Ty::I32), Is(Ty::I64), Is(Ty::V128));
    let row = |types, operands: &[Want]| {
        let mut all = [Nothing; 3];
        all[..operands.len()].copy_from_slice(operands);
        Signature { types, operands: all }
    };
    match inst.op {
        Op::Const => row(INT, &[]),
        Op::Addr | Op::Cycles => row(I64, &[]),
        Op::GetFpFlags => row(I32, &[]),
        Op::VConst => row(VEC, &[]),
        Op::Get => row(SLOT, &[]),
        Op::Put => row(SLOT, &[ty]),
        Op::Insn | Op::Fence | Op::Pause => row(NONE, &[]),
        Op::SetFpFlags | Op::ExitIf | Op::TrapIf => row(NONE, &[i32]),
        Op::Add | Op::Sub | Op::Mul | Op::Shl | Op::Shr | Op::Sar | Op::Ror | Op::Icmp => row(INT, &[ty, ty]),
        Op::UDiv | Op::SDiv | Op::URem | Op::SRem | Op::AddF | Op::SubF => row(INT, &[ty, ty]),
        Op::MulHU | Op::MulHS | Op::MulHSU | Op::ClmulLo | Op::ClmulHi => row(I64, &[i64, i64]),
        Op::And | Op::Or | Op::Xor | Op::AndNot => row(BITS, &[ty, ty]),
        Op::Not => row(BITS, &[ty]),
        Op::Neg | Op::Clz | Op::Ctz | Op::Popcnt | Op::Bswap | Op::Rbit | Op::LogicF => row(INT, &[ty]),
        Op::Ext8U | Op::Ext8S | Op::Ext16U | Op::Ext16S => row(INT, &[ty]),
        Op::Zext32 | Op::Sext32 => row(INT, &[i32]),
        Op::Trunc => row(INT, &[i64]),
        Op::Crc32c => row(INT, &[i32, i64]),
        Op::Select => row(DATA, &[i32, ty, ty]),
        Op::Adc | Op::Sbc | Op::AdcF | Op::SbcF => row(INT, &[ty, ty, flags]),
        Op::CcmpF | Op::CcmnF => row(INT, &[i32, ty, ty]),
        Op::FromNzcv => row(&[Ty::I32, Ty::Flags], &[i32]),
        Op::ToNzcv => row(&[Ty::I32, Ty::Flags], &[flags]),
        Op::Cond => row(FLAGS, &[flags]),
        Op::FAdd | Op::FSub | Op::FMul | Op::FDiv | Op::FMin | Op::FMax | Op::FMinNum | Op::FMaxNum => {
            row(ANY_FLOAT, &[ty, ty])
        }
        Op::FcmpF | Op::FCmp => row(FLOAT, &[ty, ty]),
        Op::FMulAdd => row(ANY_FLOAT, &[ty, ty, ty]),
        Op::FSqrt => row(ANY_FLOAT, &[ty]),
        Op::FNeg | Op::FAbs | Op::FRound => row(FLOAT, &[ty]),
        Op::FCvt => row(ANY_FLOAT, &[Is(Ty::from_u8(inst.aux))]),
        Op::FToS | Op::FToU => row(INT, &[Want::Float]),
        Op::SToF | Op::UToF => row(FLOAT, &[Int]),
        Op::Bitcast => row(INT_FLOAT, &[Is(bitcast_from(inst.ty))]),
        Op::FBox => row(NARROW, &[ty]),
        Op::FUnbox => row(NARROW, &[Is(Ty::F64)]),
        Op::VZext => row(ANY_FLOAT, &[ty]),
        Op::VLow => row(ANY_FLOAT, &[vec]),
        Op::VSplat => row(BITS, &[lane_source(inst.aux)]),
        Op::VInsert => row(BITS, &[vec, lane_source(inst.aux)]),
        Op::VExtractU | Op::VExtractS => row(INT, &[vec]),
        Op::Prefetch => row(NONE, &[i64, Want::Index]),
        Op::Load => row(DATA, &[i64, Want::Index]),
        Op::Store => row(DATA, &[i64, Want::Index, ty]),
        Op::LoadLanes => row(VEC, &[i64, i64, vec]),
        Op::StoreLanes => row(NONE, &[i64, i64, vec]),
        Op::Rmw => row(INT, &[i64, ty]),
        Op::Aligned => row(NONE, &[i64]),
        Op::Cas => row(MEMORY, &[i64, ty, ty]),
        Op::Call if inst.aux == CallArgs::Int as u8 => row(I64, &[Want::IntArg; 3]),
        Op::Call => row(DATA, &[Want::VecArg; 3]),
        // Every op that is left works on vectors alone.
        op => row(VEC, &[vec; 3][..op.info().args as usize]),
    }
}

/// An integer that has at least the lane's bits.
fn lane_source(aux: u8) -> Want {
    if Lane::from_u8(aux) == Lane::D { Want::Is(Ty::I64) } else { Want::Int }
}

/// The type of a bitcast's operand, by that of its result.
pub const fn bitcast_from(to: Ty) -> Ty {
    match to {
        Ty::I32 => Ty::F32,
        Ty::I64 => Ty::F64,
        Ty::F32 => Ty::I32,
        _ => Ty::I64,
    }
}
