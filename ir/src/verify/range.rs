//! Ranges of parameters and constants.

use crate::block::{Inst, Trap};
use crate::helper::HelperFn;
use crate::ops::{Aux, Op};
use crate::tables::Tables;
use crate::types::{Access, CallArgs, Cond, FCond, Icond, Lane, Near, RmwOp, Round, Ty};

/// Checks the parameter and the constant of `inst`.
pub(super) fn check(inst: &Inst, tables: &Tables<'_>) -> Result<(), String> {
    let count = match inst.op.info().aux {
        Aux::None => 1,
        Aux::Lane => Lane::ALL.len(),
        Aux::Icond => Icond::ALL.len(),
        Aux::Cond => Cond::ALL.len(),
        Aux::FCond => FCond::ALL.len(),
        Aux::Round => Round::ALL.len(),
        Aux::Access => Access::ALL.len(),
        Aux::RmwOp => RmwOp::ALL.len(),
        Aux::CallArgs => CallArgs::ALL.len(),
        Aux::Ty => Ty::ALL.len(),
        Aux::Near => Near::ALL.len(),
        Aux::Trap => Trap::ALL.len(),
    };
    if inst.aux as usize >= count {
        return Err(format!("parameter {} out of range", inst.aux));
    }
    if inst.op.info().aux == Aux::Lane && !lanes(inst.op).contains(&Lane::from_u8(inst.aux)) {
        return Err(format!("{} has no lanes {}", inst.op.info().name, Lane::from_u8(inst.aux).name()));
    }
    match inst.op {
        Op::Get | Op::Put => slot(inst, tables),
        Op::Call => call(inst, tables),
        Op::Cas if inst.imm != 0 => Err(format!("constant {} out of range", inst.imm)),
        Op::Load | Op::Store | Op::Prefetch if !inst.args[1].is_some() && inst.imm & 3 != 0 => {
            Err("a scale without an index".into())
        }
        Op::Prefetch => Ok(()),
        Op::Load | Op::Store | Op::Cas => access(inst, Access::from_u8(inst.aux)),
        Op::Rmw if inst.imm as usize >= Access::ALL.len() => Err(format!("constant {} out of range", inst.imm)),
        Op::Rmw => access(inst, Access::from_u8(inst.imm as u8)),
        Op::Const if inst.ty == Ty::I32 && inst.imm != inst.imm as i32 as i64 => Err("constant wider than i32".into()),
        _ if imm_ok(inst, Lane::from_u8(inst.aux)) => Ok(()),
        _ => Err(format!("constant {} out of range", inst.imm)),
    }
}

fn slot(inst: &Inst, tables: &Tables<'_>) -> Result<(), String> {
    let Some(slot) = usize::try_from(inst.imm).ok().and_then(|i| tables.slots.get(i)) else {
        return Err(format!("no slot {}", inst.imm));
    };
    let low_lane = inst.op == Op::Get && slot.ty == Ty::V128 && matches!(inst.ty, Ty::F32 | Ty::F64);
    if inst.ty == slot.ty || low_lane {
        Ok(())
    } else {
        Err(format!("slot {} is {}, not {}", slot.name, slot.ty.name(), inst.ty.name()))
    }
}

fn call(inst: &Inst, tables: &Tables<'_>) -> Result<(), String> {
    match tables.helpers.get((inst.imm & 0xffff) as usize).map(|helper| (helper.function, CallArgs::from_u8(inst.aux)))
    {
        Some((HelperFn::Int(_), CallArgs::Int) | (HelperFn::Vec(_), CallArgs::Vec)) => Ok(()),
        Some((_, args)) => Err(format!("the helper does not take arguments {}", args.name())),
        None => Err(format!("no helper {}", inst.imm & 0xffff)),
    }
}

/// Whether memory of this width fits the type.
fn access(inst: &Inst, access: Access) -> Result<(), String> {
    let signed = matches!(access, Access::S8 | Access::S16 | Access::S32);
    let fits = match inst.ty {
        Ty::I32 | Ty::I64 => access.bytes() <= inst.ty.bytes() && (inst.op == Op::Load || !signed),
        Ty::V128 if inst.op == Op::Cas => access == Access::B128,
        Ty::V128 => !signed,
        ty => access.bytes() == ty.bytes() && !signed,
    };
    if fits { Ok(()) } else { Err(format!("access {} of {}", access.name(), inst.ty.name())) }
}

fn imm_ok(inst: &Inst, lane: Lane) -> bool {
    let imm = inst.imm;
    let below = |limit: u32| (0..limit as i64).contains(&imm);
    match inst.op {
        Op::VShl => below(lane.bits()),
        Op::VShrU | Op::VShrS => below(lane.bits() + 1),
        Op::VRol => below(lane.bits()) && imm != 0 && lane != Lane::B,
        Op::VExt => below(17),
        Op::VRev => [2, 4, 8].contains(&imm) && imm * 8 > lane.bits() as i64,
        Op::VDup | Op::VInsert | Op::VExtractU | Op::VExtractS => below(lane.count()),
        Op::VInsLane => {
            let (to, from) = (imm & 15, imm >> 8);
            imm & 0xf0 == 0 && to < lane.count() as i64 && (0..lane.count() as i64).contains(&from)
        }
        Op::VFRound => below(16) && (imm & 7) < Round::ALL.len() as i64,
        Op::VFToS | Op::VFToU => below(Round::ALL.len() as u32),
        Op::Sha1Hash => below(3),
        Op::VMulLoS | Op::VMulLoU => below(1 + (lane == Lane::S) as u32),
        Op::Sha256Rounds2 | Op::VQDMulH | Op::FcmpF | Op::FRound => below(2),
        Op::FMinNum | Op::FMaxNum | Op::VFMinNum | Op::VFMaxNum | Op::FToS | Op::FToU => below(2),
        Op::CcmpF | Op::CcmnF => imm & 0xfff_ffff == 0,
        Op::Aligned => matches!(imm & !crate::ops::WITHIN_16, 2 | 4 | 8 | 16),
        Op::Const | Op::Addr | Op::VConst | Op::Insn | Op::Call | Op::ExitIf | Op::TrapIf => true,
        _ => imm == 0,
    }
}

/// The lanes an op is defined for.
fn lanes(op: Op) -> &'static [Lane] {
    use Lane::{B, D, H, S};
    match op {
        Op::VMul | Op::VClz | Op::VAddAcross | Op::VAddPairS | Op::VAddPairU => &[B, H, S],
        Op::VMulLoS | Op::VMulLoU | Op::VMulHiS | Op::VMulHiU => &[B, H, S],
        Op::VExtLoS | Op::VExtLoU | Op::VExtHiS | Op::VExtHiU => &[B, H, S],
        Op::VNarrow | Op::VNarrowSS | Op::VNarrowSU | Op::VNarrowUU => &[H, S, D],
        Op::VAvgU => &[B, H],
        Op::VQDMulH => &[H, S],
        Op::VPmullLo | Op::VPmullHi => &[B, D],
        Op::VCnt => &[B],
        Op::VFAdd | Op::VFSub | Op::VFMul | Op::VFDiv | Op::VFSqrt | Op::VFMulAdd => &[H, S, D],
        Op::VFMin | Op::VFMax | Op::VFMinNum | Op::VFMaxNum => &[H, S, D],
        Op::VFCmpEq | Op::VFCmpGe | Op::VFCmpGt | Op::VFRound | Op::VSToF | Op::VUToF => &[H, S, D],
        Op::VFNeg | Op::VFAbs | Op::VFToS | Op::VFToU | Op::VFCvtUp | Op::VFCvtDown => &[S, D],
        _ => &[B, H, S, D],
    }
}
