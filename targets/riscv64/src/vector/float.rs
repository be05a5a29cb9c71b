//! Floating-point lanes. What is inactive takes part as the number one, so that it raises nothing.

use ir::{Lane, Op, Round, Ty, Val};
use target::Lower;

use super::active::{Active, Mask, blend};
use super::group::{Group, write_masked};
use super::{Config, constant};
use crate::cpu;
use crate::fields::V;
use crate::float::{Fmt, rounding};
use crate::helpers::{self, float_lanes::FloatOp};

/// The format of lanes; bytes have none.
pub const fn format(lane: Lane) -> Option<Fmt> {
    match lane {
        Lane::B => None,
        Lane::H => Some(Fmt::H),
        Lane::S => Some(Fmt::S),
        Lane::D => Some(Fmt::D),
    }
}

/// One, in a lane of this format.
pub const fn one(lane: Lane) -> u64 {
    match lane {
        Lane::B | Lane::H => 0x3c00,
        Lane::S => 0x3f80_0000,
        Lane::D => 0x3ff0_0000_0000_0000,
    }
}

/// Whether there is arithmetic on lanes of this width: in half precision with Zvfh.
pub fn has_arithmetic(b: &Lower, lane: Lane) -> bool {
    match lane {
        Lane::B => false,
        Lane::H => b.has(cpu::ZVFH),
        Lane::S | Lane::D => true,
    }
}

/// How vector instructions round: as frm says; none is legal while that is invalid.
pub fn vector_rounding(b: &Lower) -> Option<Round> {
    const DYNAMIC: u32 = 7;
    rounding(b, DYNAMIC)
}

/// The masks of a destination group.
pub fn masks(b: &mut Lower, config: &Config, masked: bool) -> [Mask; 8] {
    let mut active = Active::new(config, masked);
    std::array::from_fn(|i| match (i as u32) < config.registers() {
        true => active.lanes(b, config.sew, i as u32),
        false => Mask::Nothing,
    })
}

/// An operand as it takes part in arithmetic: ones where it is inactive.
pub fn quiet(b: &mut Lower, lane: Lane, mask: Mask, val: Val) -> Val {
    let one = constant::splat(b, lane, one(lane));
    match mask {
        Mask::All => val,
        Mask::Nothing => one,
        Mask::Some(mask) => blend(b, mask, val, one),
    }
}

/// The same of integers: zeros.
pub fn zeroed(b: &mut Lower, mask: Mask, val: Val) -> Val {
    match mask {
        Mask::Some(mask) => b.and(Ty::V128, val, mask),
        _ => val,
    }
}

/// Writes `op` of the active lanes of some groups, with the destination's width.
pub fn map(b: &mut Lower, config: &Config, f: V, groups: [&Group; 3], op: impl Fn(&mut Lower, Lane, [Val; 3]) -> Val) {
    let masks = masks(b, config, f.masked);
    let mut result = *groups[0];
    for i in 0..config.registers() as usize {
        if masks[i] != Mask::Nothing {
            let vals = groups.map(|group| match group[i].is_some() {
                true => quiet(b, config.sew, masks[i], group[i]),
                false => Val::NONE,
            });
            result[i] = op(b, config.sew, vals);
        }
    }
    write_masked(b, &masks, f.vd, &result);
}

/// Arithmetic on lanes, in a rounding mode that is the host's or not.
pub fn arithmetic(b: &mut Lower, lane: Lane, op: FloatOp, round: Round, args: [Val; 3]) -> Val {
    match (packed(op), round) {
        (Some((packed, imm)), Round::Dynamic) => b.op(packed, Ty::V128, lane as u8, args, imm),
        _ => soft(b, op, lane, lane, round, args),
    }
}

/// By the helper.
pub fn soft(b: &mut Lower, op: FloatOp, from: Lane, to: Lane, round: Round, args: [Val; 3]) -> Val {
    b.call_vec(helpers::FLOAT_LANES, Ty::V128, args, op.constant(from, to, round))
}

/// The IR's operation, and its constant.
const fn packed(op: FloatOp) -> Option<(Op, i64)> {
    const NUMBERS_WIN: i64 = 1;
    Some(match op {
        FloatOp::Add => (Op::VFAdd, 0),
        FloatOp::Sub => (Op::VFSub, 0),
        FloatOp::Mul => (Op::VFMul, 0),
        FloatOp::Div => (Op::VFDiv, 0),
        FloatOp::MulAdd => (Op::VFMulAdd, 0),
        FloatOp::Min => (Op::VFMinNum, NUMBERS_WIN),
        FloatOp::Max => (Op::VFMaxNum, NUMBERS_WIN),
        FloatOp::Sqrt => (Op::VFSqrt, 0),
        _ => return None,
    })
}

/// The low or the high lanes in the next wider format.
pub fn widened(b: &mut Lower, lane: Lane, val: Val, high: bool) -> Val {
    let val = if high { high_half(b, val) } else { val };
    b.vun(Op::VFCvtUp, lane.wider(), val)
}

/// The high 64 bits of a register in the low ones.
pub fn high_half(b: &mut Lower, val: Val) -> Val {
    b.vimm(Op::VDup, Lane::D, val, 1)
}

/// The sign bits of all lanes.
pub fn signs(b: &mut Lower, lane: Lane) -> Val {
    constant::splat(b, lane, 1 << (lane.bits() - 1))
}

/// With all signs flipped.
pub fn negated(b: &mut Lower, lane: Lane, val: Val) -> Val {
    let signs = signs(b, lane);
    b.xor(Ty::V128, val, signs)
}
