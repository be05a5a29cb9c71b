//! Condition flags (Arm ARM, AddWithCarry).

use super::mask;
use crate::block::Inst;
use crate::fp::{self, Env, Format};
use crate::ops::Op;
use crate::slot::Nzcv;
use crate::types::{Cond, Ty};

/// a + b + carry and its flags.
fn add_with_carry(ty: Ty, a: u128, b: u128, carry: bool) -> (u128, Nzcv) {
    let mask = mask(ty);
    let sign = mask ^ mask >> 1;
    let (a, b) = (a & mask, b & mask);
    let full = a + b + carry as u128;
    let sum = full & mask;
    let overflow = !(a ^ b) & (a ^ sum) & sign != 0;
    (sum, Nzcv::new(sum & sign != 0, sum == 0, full > mask, overflow))
}

fn subtract_with_carry(ty: Ty, a: u128, b: u128, carry: bool) -> (u128, Nzcv) {
    add_with_carry(ty, a, !b, carry)
}

fn bits(nzcv: Nzcv) -> u128 {
    nzcv.0 as u128
}

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, [a, b, c]: [u128; 3], env: &mut Env) -> u128 {
    let ty = inst.ty;
    let carry = Nzcv(c as u32).c();
    let otherwise = || Nzcv::from_bits(inst.imm as u32);
    match inst.op {
        Op::AddF => bits(add_with_carry(ty, a, b, false).1),
        Op::SubF => bits(subtract_with_carry(ty, a, b, true).1),
        Op::Adc => add_with_carry(ty, a, b, carry).0,
        Op::Sbc => subtract_with_carry(ty, a, b, carry).0,
        Op::AdcF => bits(add_with_carry(ty, a, b, carry).1),
        Op::SbcF => bits(subtract_with_carry(ty, a, b, carry).1),
        Op::LogicF => {
            let negative = a & (mask(ty) ^ mask(ty) >> 1) != 0;
            bits(Nzcv::new(negative, a == 0, false, false))
        }
        Op::CcmpF if a as u32 != 0 => bits(subtract_with_carry(ty, b, c, true).1),
        Op::CcmnF if a as u32 != 0 => bits(add_with_carry(ty, b, c, false).1),
        Op::CcmpF | Op::CcmnF => bits(otherwise()),
        Op::FcmpF => bits(fp::nzcv(env, Format::of(ty), a as u64, b as u64, inst.imm != 0)),
        Op::FromNzcv => bits(Nzcv::from_bits(a as u32)),
        Op::ToNzcv => Nzcv(a as u32).bits() as u128,
        Op::Cond => Nzcv(a as u32).holds(Cond::from_u8(inst.aux)) as u128,
        _ => super::not_evaluated(inst),
    }
}
