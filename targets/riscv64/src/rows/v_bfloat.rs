//! Zvfbfmin and Zvfbfwma: BFloat16 elements (unprivileged ISA, chapter BF16).

use ir::Lane;
use target::{Lower, instructions};

use super::v_convert::{Width, convert};
use super::v_widen::widening_add;
use super::zfbfmin::number;
use crate::cpu;
use crate::fields::{Source, V};
use crate::helpers::float_lanes::FloatOp;
use crate::vector::float::{arithmetic, high_half, map, vector_rounding};
use crate::vector::group::{self, Group, NO_GROUP};
use crate::vector::{Config, bfloat, constant};

instructions! {
    /// To and from single precision.
    pub ZVFBFMIN: cpu::ZVFBFMIN;
    vfwcvtbf16_f_f_v "010010 m ttttt 01101 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Wide, FloatOp::FromBf16, None);
    vfncvtbf16_f_f_w "010010 m ttttt 11101 001 ddddd 1010111" |b, f: V| convert(b, f, Width::Narrow, FloatOp::ToBf16, None);
}

instructions! {
    /// Products added to singles, rounded once.
    pub ZVFBFWMA: cpu::ZVFBFWMA;
    vfwmaccbf16_vv "111011 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f);
    vfwmaccbf16_vf "111011 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f);
}

/// vd += the product of both sources.
fn multiply_add(b: &mut Lower, f: V) {
    let Some((config, wide)) = widening_add(b, f) else { return };
    let Some(round) = vector_rounding(b).filter(|_| config.sew == Lane::H) else { return b.undefined() };
    let (x, y) = (group::second(b, f, &config), first(b, f, &config));
    let (x, y) = (widened_group(b, &wide, &x), widened_group(b, &wide, &y));
    let old = group::read(b, f.vd, wide.registers());
    map(b, &wide, f, [&x, &y, &old], |b, lane, args| arithmetic(b, lane, FloatOp::MulAdd, round, args));
}

/// The first source: registers, or the same number for each element.
fn first(b: &mut Lower, f: V, config: &Config) -> Group {
    match f.source {
        Source::Vector => group::read(b, f.vs1, config.registers()),
        _ => {
            let number = number(b, f.vs1);
            [constant::spread(b, Lane::H, number); 8]
        }
    }
}

fn widened_group(b: &mut Lower, wide: &Config, narrow: &Group) -> Group {
    let mut result = NO_GROUP;
    for (i, val) in result.iter_mut().enumerate().take(wide.registers() as usize) {
        let half = if i % 2 == 0 { narrow[i / 2] } else { high_half(b, narrow[i / 2]) };
        *val = bfloat::widened(b, half);
    }
    result
}
