//! V: fixed-point arithmetic, which saturates or rounds by vxrm (unprivileged ISA, chapter V, vector fixed-point
//! arithmetic instructions).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::v_integer::shift_count;
use super::v_widen::{narrowed_group, narrowing};
use crate::cpu;
use crate::fields::V;
use crate::helpers::{self, fixed::Fixed};
use crate::state::{VXRM, VXSAT};
use crate::vector::active::{Active, Mask};
use crate::vector::group::{self, Group, NO_GROUP, is_legal};
use crate::vector::lanes::{any, widened};
use crate::vector::{Config, config, constant};

instructions! {
    /// What saturates without rounding.
    pub SATURATE: cpu::V;
    vsaddu_vv "100000 m ttttt sssss 000 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQAddU, Op::VAdd);
    vsaddu_vx "100000 m ttttt sssss 100 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQAddU, Op::VAdd);
    vsaddu_vi "100000 m ttttt sssss 011 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQAddU, Op::VAdd);
    vsadd_vv  "100001 m ttttt sssss 000 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQAddS, Op::VAdd);
    vsadd_vx  "100001 m ttttt sssss 100 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQAddS, Op::VAdd);
    vsadd_vi  "100001 m ttttt sssss 011 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQAddS, Op::VAdd);
    vssubu_vv "100010 m ttttt sssss 000 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQSubU, Op::VSub);
    vssubu_vx "100010 m ttttt sssss 100 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQSubU, Op::VSub);
    vssub_vv  "100011 m ttttt sssss 000 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQSubS, Op::VSub);
    vssub_vx  "100011 m ttttt sssss 100 ddddd 1010111" |b, f: V| saturate(b, f, Op::VQSubS, Op::VSub);
}

instructions! {
    /// What rounds.
    pub ROUND: cpu::V;
    vaaddu_vv "001000 m ttttt sssss 010 ddddd 1010111" |b, f: V| round(b, f, Fixed::AverageU);
    vaaddu_vx "001000 m ttttt sssss 110 ddddd 1010111" |b, f: V| round(b, f, Fixed::AverageU);
    vaadd_vv  "001001 m ttttt sssss 010 ddddd 1010111" |b, f: V| round(b, f, Fixed::AverageS);
    vaadd_vx  "001001 m ttttt sssss 110 ddddd 1010111" |b, f: V| round(b, f, Fixed::AverageS);
    vasubu_vv "001010 m ttttt sssss 010 ddddd 1010111" |b, f: V| round(b, f, Fixed::HalfDifferenceU);
    vasubu_vx "001010 m ttttt sssss 110 ddddd 1010111" |b, f: V| round(b, f, Fixed::HalfDifferenceU);
    vasub_vv  "001011 m ttttt sssss 010 ddddd 1010111" |b, f: V| round(b, f, Fixed::HalfDifferenceS);
    vasub_vx  "001011 m ttttt sssss 110 ddddd 1010111" |b, f: V| round(b, f, Fixed::HalfDifferenceS);
    vssrl_vv  "101010 m ttttt sssss 000 ddddd 1010111" |b, f: V| round(b, f, Fixed::ShiftU);
    vssrl_vx  "101010 m ttttt sssss 100 ddddd 1010111" |b, f: V| round(b, f, Fixed::ShiftU);
    vssrl_vi  "101010 m ttttt sssss 011 ddddd 1010111" |b, f: V| round(b, f, Fixed::ShiftU);
    vssra_vv  "101011 m ttttt sssss 000 ddddd 1010111" |b, f: V| round(b, f, Fixed::ShiftS);
    vssra_vx  "101011 m ttttt sssss 100 ddddd 1010111" |b, f: V| round(b, f, Fixed::ShiftS);
    vssra_vi  "101011 m ttttt sssss 011 ddddd 1010111" |b, f: V| round(b, f, Fixed::ShiftS);
}

instructions! {
    /// What does both.
    pub CLIP: cpu::V;
    vsmul_vv   "100111 m ttttt sssss 000 ddddd 1010111" |b, f: V| multiply(b, f);
    vsmul_vx   "100111 m ttttt sssss 100 ddddd 1010111" |b, f: V| multiply(b, f);
    vnclipu_wv "101110 m ttttt sssss 000 ddddd 1010111" |b, f: V| clip(b, f, Fixed::ClipU);
    vnclipu_wx "101110 m ttttt sssss 100 ddddd 1010111" |b, f: V| clip(b, f, Fixed::ClipU);
    vnclipu_wi "101110 m ttttt sssss 011 ddddd 1010111" |b, f: V| clip(b, f, Fixed::ClipU);
    vnclip_wv  "101111 m ttttt sssss 000 ddddd 1010111" |b, f: V| clip(b, f, Fixed::ClipS);
    vnclip_wx  "101111 m ttttt sssss 100 ddddd 1010111" |b, f: V| clip(b, f, Fixed::ClipS);
    vnclip_wi  "101111 m ttttt sssss 011 ddddd 1010111" |b, f: V| clip(b, f, Fixed::ClipS);
}

/// Sets vxsat where an active lane of these is not zero.
fn note_saturation(b: &mut Lower, config: &Config, masked: bool, lanes: &Group) {
    let mut active = Active::new(config, masked);
    let mut sum = b.get(VXSAT);
    for i in 0..config.registers() {
        let found = match active.lanes(b, config.sew, i) {
            Mask::Nothing => continue,
            Mask::All => lanes[i as usize],
            Mask::Some(mask) => b.and(Ty::V128, lanes[i as usize], mask),
        };
        let found = any(b, found);
        sum = b.or(Ty::I32, sum, found);
    }
    b.put(VXSAT, sum);
}

/// A lane saturated where the result is another than without.
fn saturate(b: &mut Lower, f: V, op: Op, wrapping: Op) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) {
        return b.undefined();
    }
    let (x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let (mut result, mut differs) = (NO_GROUP, NO_GROUP);
    for i in 0..config.registers() as usize {
        result[i] = b.vbin(op, config.sew, x[i], y[i]);
        let wrapped = b.vbin(wrapping, config.sew, x[i], y[i]);
        differs[i] = b.xor(Ty::V128, result[i], wrapped);
    }
    note_saturation(b, &config, f.masked, &differs);
    group::write(b, &config, f.masked, f.vd, &result);
}

/// vxrm as the helpers take it.
fn rounding(b: &mut Lower) -> Val {
    let vxrm = b.get(VXRM);
    b.op(Op::VSplat, Ty::I32, Lane::S as u8, [vxrm, Val::NONE, Val::NONE], 0)
}

/// The first source; a count in the instruction is unsigned.
fn first(b: &mut Lower, f: V, config: &Config) -> Group {
    match shift_count(f) {
        Some(count) => [constant::splat(b, config.sew, count as u64); 8],
        None => group::first(b, f, config),
    }
}

fn round(b: &mut Lower, f: V, fixed: Fixed) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) {
        return b.undefined();
    }
    let (mut x, y, vxrm) = (group::second(b, f, &config), first(b, f, &config), rounding(b));
    for i in 0..config.registers() as usize {
        x[i] = b.call_vec(helpers::FIXED, Ty::V128, [x[i], y[i], vxrm], fixed.constant(config.sew));
    }
    group::write(b, &config, f.masked, f.vd, &x);
}

fn multiply(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) {
        return b.undefined();
    }
    let (x, y, vxrm) = (group::second(b, f, &config), group::first(b, f, &config), rounding(b));
    let (mut result, mut saturated) = (NO_GROUP, NO_GROUP);
    let constant = Fixed::Multiply.constant(config.sew);
    for i in 0..config.registers() as usize {
        result[i] = b.call_vec(helpers::FIXED, Ty::V128, [x[i], y[i], vxrm], constant);
        saturated[i] = b.call_vec(helpers::SATURATES, Ty::V128, [x[i], y[i], vxrm], constant);
    }
    note_saturation(b, &config, f.masked, &saturated);
    group::write(b, &config, f.masked, f.vd, &result);
}

fn clip(b: &mut Lower, f: V, fixed: Fixed) {
    let Some((config, wide)) = narrowing(b, f) else { return };
    let (x, by, vxrm) = (group::second(b, f, &wide), first(b, f, &config), rounding(b));
    let (mut result, mut saturated) = (NO_GROUP, NO_GROUP);
    let constant = fixed.constant(wide.sew);
    for i in 0..wide.registers() as usize {
        let by = widened(b, config.sew, false, &by, i);
        result[i] = b.call_vec(helpers::FIXED, Ty::V128, [x[i], by, vxrm], constant);
        saturated[i] = b.call_vec(helpers::SATURATES, Ty::V128, [x[i], by, vxrm], constant);
    }
    note_saturation(b, &wide, f.masked, &saturated);
    let result = narrowed_group(b, &config, &result);
    group::write(b, &config, f.masked, f.vd, &result);
}
