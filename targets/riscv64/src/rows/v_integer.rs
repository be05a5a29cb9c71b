//! V: integer addition, logic, shifts, comparisons' minima and maxima, moves (unprivileged ISA, chapter V, vector
//! integer arithmetic instructions).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::{Source, V};
use crate::vector::active::{Active, Mask, blend};
use crate::vector::group::{self, NO_GROUP, Operand, binary, bits, op, reversed, sources_fit};
use crate::vector::lanes::{self, extract};
use crate::vector::{Config, Length, config, is_aligned};

instructions! {
    /// Single-width arithmetic.
    pub INTEGER: cpu::V;
    vadd_vv  "000000 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VAdd));
    vadd_vx  "000000 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VAdd));
    vadd_vi  "000000 m ttttt sssss 011 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VAdd));
    vsub_vv  "000010 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VSub));
    vsub_vx  "000010 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VSub));
    vrsub_vx "000011 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, reversed(Op::VSub));
    vrsub_vi "000011 m ttttt sssss 011 ddddd 1010111" |b, f: V| binary(b, f, reversed(Op::VSub));
    vminu_vv "000100 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMinU));
    vminu_vx "000100 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMinU));
    vmin_vv  "000101 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMinS));
    vmin_vx  "000101 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMinS));
    vmaxu_vv "000110 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMaxU));
    vmaxu_vx "000110 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMaxU));
    vmax_vv  "000111 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMaxS));
    vmax_vx  "000111 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, op(Op::VMaxS));
    vand_vv  "001001 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::And));
    vand_vx  "001001 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::And));
    vand_vi  "001001 m ttttt sssss 011 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::And));
    vor_vv   "001010 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::Or));
    vor_vx   "001010 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::Or));
    vor_vi   "001010 m ttttt sssss 011 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::Or));
    vxor_vv  "001011 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::Xor));
    vxor_vx  "001011 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::Xor));
    vxor_vi  "001011 m ttttt sssss 011 ddddd 1010111" |b, f: V| binary(b, f, bits(Op::Xor));
    vsll_vv  "100101 m ttttt sssss 000 ddddd 1010111" |b, f: V| shift(b, f, Shift::Left);
    vsll_vx  "100101 m ttttt sssss 100 ddddd 1010111" |b, f: V| shift(b, f, Shift::Left);
    vsll_vi  "100101 m ttttt sssss 011 ddddd 1010111" |b, f: V| shift(b, f, Shift::Left);
    vsrl_vv  "101000 m ttttt sssss 000 ddddd 1010111" |b, f: V| shift(b, f, Shift::Right);
    vsrl_vx  "101000 m ttttt sssss 100 ddddd 1010111" |b, f: V| shift(b, f, Shift::Right);
    vsrl_vi  "101000 m ttttt sssss 011 ddddd 1010111" |b, f: V| shift(b, f, Shift::Right);
    vsra_vv  "101001 m ttttt sssss 000 ddddd 1010111" |b, f: V| shift(b, f, Shift::Arithmetic);
    vsra_vx  "101001 m ttttt sssss 100 ddddd 1010111" |b, f: V| shift(b, f, Shift::Arithmetic);
    vsra_vi  "101001 m ttttt sssss 011 ddddd 1010111" |b, f: V| shift(b, f, Shift::Arithmetic);
}

instructions! {
    /// Moves, and choosing by v0.
    pub MERGE: cpu::V;
    vmerge_vvm "010111 0 ttttt sssss 000 ddddd 1010111" |b, f: V| merge(b, f);
    vmerge_vxm "010111 0 ttttt sssss 100 ddddd 1010111" |b, f: V| merge(b, f);
    vmerge_vim "010111 0 ttttt sssss 011 ddddd 1010111" |b, f: V| merge(b, f);
    vmv_v_v    "010111 1 00000 sssss 000 ddddd 1010111" |b, f: V| copy(b, f);
    vmv_v_x    "010111 1 00000 sssss 100 ddddd 1010111" |b, f: V| copy(b, f);
    vmv_v_i    "010111 1 00000 sssss 011 ddddd 1010111" |b, f: V| copy(b, f);
    vmv1r_v    "100111 1 ttttt 00000 011 ddddd 1010111" |b, f: V| copy_registers(b, f, 1);
    vmv2r_v    "100111 1 ttttt 00001 011 ddddd 1010111" |b, f: V| copy_registers(b, f, 2);
    vmv4r_v    "100111 1 ttttt 00011 011 ddddd 1010111" |b, f: V| copy_registers(b, f, 4);
    vmv8r_v    "100111 1 ttttt 00111 011 ddddd 1010111" |b, f: V| copy_registers(b, f, 8);
}

instructions! {
    /// Multiplication and division.
    pub MULTIPLY: cpu::V;
    vmul_vv    "100101 m ttttt sssss 010 ddddd 1010111" |b, f: V| binary(b, f, lanes::multiply);
    vmul_vx    "100101 m ttttt sssss 110 ddddd 1010111" |b, f: V| binary(b, f, lanes::multiply);
    vmulhu_vv  "100100 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_high(b, f, Op::MulHU);
    vmulhu_vx  "100100 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_high(b, f, Op::MulHU);
    vmulhsu_vv "100110 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_high(b, f, Op::MulHSU);
    vmulhsu_vx "100110 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_high(b, f, Op::MulHSU);
    vmulh_vv   "100111 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_high(b, f, Op::MulHS);
    vmulh_vx   "100111 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_high(b, f, Op::MulHS);
    vdivu_vv   "100000 m ttttt sssss 010 ddddd 1010111" |b, f: V| divide(b, f, Op::UDiv);
    vdivu_vx   "100000 m ttttt sssss 110 ddddd 1010111" |b, f: V| divide(b, f, Op::UDiv);
    vdiv_vv    "100001 m ttttt sssss 010 ddddd 1010111" |b, f: V| divide(b, f, Op::SDiv);
    vdiv_vx    "100001 m ttttt sssss 110 ddddd 1010111" |b, f: V| divide(b, f, Op::SDiv);
    vremu_vv   "100010 m ttttt sssss 010 ddddd 1010111" |b, f: V| divide(b, f, Op::URem);
    vremu_vx   "100010 m ttttt sssss 110 ddddd 1010111" |b, f: V| divide(b, f, Op::URem);
    vrem_vv    "100011 m ttttt sssss 010 ddddd 1010111" |b, f: V| divide(b, f, Op::SRem);
    vrem_vx    "100011 m ttttt sssss 110 ddddd 1010111" |b, f: V| divide(b, f, Op::SRem);
    vmadd_vv   "101001 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VAdd, Addend::Second);
    vmadd_vx   "101001 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VAdd, Addend::Second);
    vnmsub_vv  "101011 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VSub, Addend::Second);
    vnmsub_vx  "101011 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VSub, Addend::Second);
    vmacc_vv   "101101 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VAdd, Addend::Destination);
    vmacc_vx   "101101 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VAdd, Addend::Destination);
    vnmsac_vv  "101111 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VSub, Addend::Destination);
    vnmsac_vx  "101111 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply_add(b, f, Op::VSub, Addend::Destination);
}

/// The three shifts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shift {
    /// Left.
    Left,
    /// Right, zeros in.
    Right,
    /// Right, sign in.
    Arithmetic,
}

impl Shift {
    /// The operation by a constant, and that by lanes.
    const fn ops(self) -> (Op, Op) {
        match self {
            Shift::Left => (Op::VShl, Op::VShlVarU),
            Shift::Right => (Op::VShrU, Op::VShlVarU),
            Shift::Arithmetic => (Op::VShrS, Op::VShlVarS),
        }
    }

    /// Lanes of `x` shifted by those of `by`, of which the bits below the width count; `imm` is the instruction's
    /// count where it has one.
    pub fn apply(self, b: &mut Lower, lane: Lane, x: Val, by: Val, imm: Option<i64>) -> Val {
        let (constant, variable) = self.ops();
        match imm {
            Some(count) => b.vimm(constant, lane, x, count & (i64::from(lane.bits()) - 1)),
            None => lanes::shift(b, lane, (variable, self != Shift::Left), x, by),
        }
    }
}

/// The count of a shift that has it as an immediate, which is unsigned.
pub fn shift_count(f: V) -> Option<i64> {
    (f.source == Source::Immediate).then_some(f.vs1.into())
}

fn shift(b: &mut Lower, f: V, shift: Shift) {
    binary(b, f, |b, lane, x, by| shift.apply(b, lane, x, by, shift_count(f)));
}

/// vd = vs1 where v0 is set, else vs2.
fn merge(b: &mut Lower, f: V) {
    choose(b, f, f.masked);
}

/// vd = vs1.
fn copy(b: &mut Lower, f: V) {
    choose(b, f, false);
}

fn choose(b: &mut Lower, f: V, by_mask: bool) {
    let Some(config) = config(b) else { return };
    let second = Operand(f.vs2, config.lmul, config.sew);
    let first = Operand(if f.source == Source::Vector { f.vs1 } else { f.vs2 }, config.lmul, config.sew);
    let sources = [first, if by_mask { second } else { first }];
    if !sources_fit(by_mask, &sources) || !is_aligned(f.vd, config.lmul) || by_mask && f.vd == 0 {
        return b.undefined();
    }
    let result = chosen(b, f, &config, by_mask);
    group::write(b, &config, false, f.vd, &result);
}

/// Lanes of the first source, by v0 or all of them, else of the second.
pub fn chosen(b: &mut Lower, f: V, config: &Config, by_mask: bool) -> group::Group {
    let first = group::first(b, f, config);
    if !by_mask {
        return first;
    }
    let (second, masks) = (group::second(b, f, config), masks(b, config));
    let mut result = NO_GROUP;
    for i in 0..config.registers() as usize {
        result[i] = blend(b, masks[i], first[i], second[i]);
    }
    result
}

/// Whole registers, whatever SEW, LMUL and `vl` are.
fn copy_registers(b: &mut Lower, f: V, count: u32) {
    if config(b).is_none() {
        return;
    }
    if !f.vd.is_multiple_of(count) || !f.vs2.is_multiple_of(count) {
        return b.undefined();
    }
    let source = group::read(b, f.vs2, count);
    for (i, &val) in (0..count).zip(&source) {
        b.put(crate::state::v(f.vd + i), val);
    }
}

fn multiply_high(b: &mut Lower, f: V, signs: Op) {
    binary(b, f, |b, lane, x, y| lanes::multiply_high(b, lane, signs, x, y));
}

fn divide(b: &mut Lower, f: V, op: Op) {
    binary(b, f, |b, lane, x, y| divided(b, lane, op, x, y));
}

/// Lane by lane as M divides: narrow lanes are extended, which keeps all special cases.
fn divided(b: &mut Lower, lane: Lane, op: Op, x: Val, y: Val) -> Val {
    let signed = matches!(op, Op::SDiv | Op::SRem);
    let extend = if signed { Op::VExtractS } else { Op::VExtractU };
    let mut result = x;
    for i in 0..lane.count() {
        let (x, y) = (extract(b, extend, lane, x, i), extract(b, extend, lane, y, i));
        let val = match op {
            Op::SDiv | Op::UDiv => super::m::quotient(b, op, Ty::I64, x, y),
            _ => b.bin(op, Ty::I64, x, y),
        };
        result = lanes::insert(b, lane, result, i, val);
    }
    result
}

/// What is added to a product: the second source, or the destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addend {
    /// vs2; the destination is a factor.
    Second,
    /// vd.
    Destination,
}

/// vd = addend ± product.
fn multiply_add(b: &mut Lower, f: V, op: Op, addend: Addend) {
    group::ternary(b, f, |b, lane, [second, first, old]| {
        let (factor, addend) = if addend == Addend::Second { (old, second) } else { (second, old) };
        let product = lanes::multiply(b, lane, first, factor);
        b.vbin(op, lane, addend, product)
    });
}

/// v0 as masks of lanes, whatever `vl` is.
pub fn masks(b: &mut Lower, config: &Config) -> group::Group {
    let vl = config.registers() * config.sew.count();
    let mut set = Active::new(&Config { vl: Length::Known(vl), ..*config }, true);
    let mut result = NO_GROUP;
    for i in 0..config.registers() {
        result[i as usize] = match set.lanes(b, config.sew, i) {
            Mask::Some(mask) => mask,
            Mask::All | Mask::Nothing => unreachable!("a masked instruction's masks are values"),
        };
    }
    result
}
