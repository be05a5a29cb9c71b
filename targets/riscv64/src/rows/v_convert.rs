//! V: conversions between floating-point and integer elements (unprivileged ISA, chapter V, vector floating-point/integer
//! type-convert instructions).

use ir::{Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use super::v_widen::wide;
use crate::cpu;
use crate::fields::V;
use crate::helpers::float_lanes::FloatOp;
use crate::vector::active::Mask;
use crate::vector::float::{self, format, has_arithmetic, high_half, masks, quiet, soft, vector_rounding, zeroed};
use crate::vector::group::{self, NO_GROUP, Operand, fits, sources_fit, spares_mask};
use crate::vector::{Config, bfloat, config, constant, is_aligned};

instructions! {
    /// To elements of the same width, twice as wide, half as wide; rounded as frm says or towards zero.
    pub CONVERT: cpu::V;
    vfcvt_xu_f_v      "010010 m ttttt 00000 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Same, FloatOp::ToU, None);
    vfcvt_x_f_v       "010010 m ttttt 00001 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Same, FloatOp::ToS, None);
    vfcvt_f_xu_v      "010010 m ttttt 00010 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Same, FloatOp::FromU, None);
    vfcvt_f_x_v       "010010 m ttttt 00011 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Same, FloatOp::FromS, None);
    vfcvt_rtz_xu_f_v  "010010 m ttttt 00110 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Same, FloatOp::ToU, Some(Round::Zero));
    vfcvt_rtz_x_f_v   "010010 m ttttt 00111 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Same, FloatOp::ToS, Some(Round::Zero));
    vfwcvt_xu_f_v     "010010 m ttttt 01000 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::ToU, None);
    vfwcvt_x_f_v      "010010 m ttttt 01001 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::ToS, None);
    vfwcvt_f_xu_v     "010010 m ttttt 01010 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::FromU, None);
    vfwcvt_f_x_v      "010010 m ttttt 01011 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::FromS, None);
    vfwcvt_f_f_v      "010010 m ttttt 01100 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::Convert, None);
    vfwcvt_rtz_xu_f_v "010010 m ttttt 01110 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::ToU, Some(Round::Zero));
    vfwcvt_rtz_x_f_v  "010010 m ttttt 01111 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::ToS, Some(Round::Zero));
    vfncvt_xu_f_w     "010010 m ttttt 10000 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::ToU, None);
    vfncvt_x_f_w      "010010 m ttttt 10001 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::ToS, None);
    vfncvt_f_xu_w     "010010 m ttttt 10010 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::FromU, None);
    vfncvt_f_x_w      "010010 m ttttt 10011 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::FromS, None);
    vfncvt_f_f_w      "010010 m ttttt 10100 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::Convert, None);
    vfncvt_rod_f_f_w  "010010 m ttttt 10101 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::ConvertOdd, None);
    vfncvt_rtz_xu_f_w "010010 m ttttt 10110 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::ToU, Some(Round::Zero));
    vfncvt_rtz_x_f_w  "010010 m ttttt 10111 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::ToS, Some(Round::Zero));
}

/// Which width the result has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// That of the source.
    Same,
    /// Twice that of the source.
    Wide,
    /// Half.
    Narrow,
}

/// The configurations of source and destination, if the instruction is legal with them.
fn configs(f: V, config: &Config, width: Width) -> Option<(Config, Config)> {
    let (from, to) = match width {
        Width::Same => (*config, *config),
        Width::Wide => (*config, wide(config)?),
        Width::Narrow => (wide(config)?, *config),
    };
    let source = Operand(f.vs2, from.lmul, from.sew);
    let fit = width == Width::Same || fits(f.vd, to.lmul, source);
    (fit && sources_fit(f.masked, &[source]) && spares_mask(f) && is_aligned(f.vd, to.lmul)).then_some((from, to))
}

/// Whether there are conversions with these operands: between single and half precision with Zvfhmin, others to and from
/// half with Zvfh.
fn exists(b: &Lower, op: FloatOp, from: Lane, to: Lane) -> bool {
    match op {
        FloatOp::ToS | FloatOp::ToU => has_arithmetic(b, from),
        FloatOp::FromS | FloatOp::FromU => has_arithmetic(b, to),
        FloatOp::FromBf16 | FloatOp::ToBf16 => matches!((from, to), (Lane::H, Lane::S) | (Lane::S, Lane::H)),
        FloatOp::Convert if matches!((from, to), (Lane::H, Lane::S) | (Lane::S, Lane::H)) => b.has(cpu::ZVFHMIN),
        _ => has_arithmetic(b, from) && has_arithmetic(b, to),
    }
}

/// vd = vs2 converted; rounded as said, or as frm says.
pub fn convert(b: &mut Lower, f: V, width: Width, op: FloatOp, round: Option<Round>) {
    let Some(config) = config(b) else { return };
    let configs = configs(f, &config, width).filter(|(from, to)| exists(b, op, from.sew, to.sew));
    let (Some((from, to)), Some(dynamic)) = (configs, vector_rounding(b)) else { return b.undefined() };
    let round = round.unwrap_or(dynamic);
    let mut source = group::read(b, f.vs2, from.registers());
    let masks = masks(b, &from, f.masked);
    for i in 0..from.registers() as usize {
        source[i] = match op {
            FloatOp::FromS | FloatOp::FromU => zeroed(b, masks[i], source[i]),
            _ => quiet(b, from.sew, masks[i], source[i]),
        };
    }
    let mut result = NO_GROUP;
    for i in 0..to.registers() as usize {
        let one = |b: &mut Lower, i: usize, val: Val| match masks[i] {
            Mask::Nothing => constant::splat(b, to.sew, 0),
            _ => converted(b, op, (from.sew, to.sew), round, val),
        };
        result[i] = match width {
            Width::Same => one(b, i, source[i]),
            Width::Wide if i % 2 == 0 => one(b, i / 2, source[i / 2]),
            Width::Wide => {
                let high = high_half(b, source[i / 2]);
                one(b, i / 2, high)
            }
            Width::Narrow => {
                let low = one(b, 2 * i, source[2 * i]);
                match source.get(2 * i + 1).copied().filter(|val| val.is_some()) {
                    None => low,
                    Some(high) => {
                        let high = one(b, 2 * i + 1, high);
                        b.vbin(Op::VZip1, Lane::D, low, high)
                    }
                }
            }
        };
    }
    group::write(b, &to, f.masked, f.vd, &result);
}

/// The low lanes of a vector converted to lanes of another width, or all of them.
fn converted(b: &mut Lower, op: FloatOp, (from, to): (Lane, Lane), round: Round, val: Val) -> Val {
    let is_single = |lane| matches!(lane, Lane::S | Lane::D);
    let dynamic = round == Round::Dynamic;
    match op {
        FloatOp::ToS | FloatOp::ToU if is_single(to) && to as u8 >= from as u8 && format(from).is_some() => {
            let wide = if from == to { val } else { b.vun(Op::VFCvtUp, to, val) };
            to_integer(b, to, op == FloatOp::ToS, round, wide)
        }
        FloatOp::FromS | FloatOp::FromU if is_single(to) && ((from as u8) < to as u8 || from == to && dynamic) => {
            let signed = op == FloatOp::FromS;
            let extend = if signed { Op::VExtLoS } else { Op::VExtLoU };
            let wide = if from == to { val } else { b.vun(extend, from, val) };
            b.vun(if signed { Op::VSToF } else { Op::VUToF }, to, wide)
        }
        FloatOp::FromBf16 => bfloat::to_single(b, val),
        FloatOp::ToBf16 => bfloat::from_single(b, round, val),
        FloatOp::Convert if to as u8 > from as u8 => b.vun(Op::VFCvtUp, to, val),
        FloatOp::Convert if dynamic => b.vun(Op::VFCvtDown, from, val),
        _ => soft(b, op, from, to, round, val_only(val)),
    }
}

fn val_only(val: Val) -> [Val; 3] {
    [val, Val::NONE, Val::NONE]
}

/// A NaN becomes the greatest integer, of which the IR makes zero.
fn to_integer(b: &mut Lower, lane: Lane, signed: bool, round: Round, val: Val) -> Val {
    let op = if signed { Op::VFToS } else { Op::VFToU };
    let integer = b.vimm(op, lane, val, round as i64);
    let number = b.vbin(Op::VFCmpEq, lane, val, val);
    let signs = float::signs(b, lane);
    let greatest = if signed { b.un(Op::Not, Ty::V128, signs) } else { b.vconst(!0) };
    let greatest = b.bin(Op::AndNot, Ty::V128, greatest, number);
    b.or(Ty::V128, integer, greatest)
}
