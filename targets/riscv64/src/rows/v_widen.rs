//! V: sums and products twice as wide as their operands, extension, narrowing shifts (unprivileged ISA, chapter V, vector
//! widening integer instructions; vector integer extension; vector narrowing integer right shift instructions).

use ir::{Lane, Op, Val};
use target::{Lower, instructions};

use super::v_integer::{Shift, shift_count};
use crate::cpu;
use crate::fields::{Source, V};
use crate::vector::group::{self, Group, NO_GROUP, Operand, fits, sources_fit, spares_mask};
use crate::vector::lanes::{multiply, narrowed, widened};
use crate::vector::{Config, config, is_aligned, overlap};

instructions! {
    /// Sums and differences, of two narrow operands or a wide one and a narrow.
    pub WIDEN_ADD: cpu::V;
    vwaddu_vv "110000 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [false; 2], Op::VAdd);
    vwaddu_vx "110000 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [false; 2], Op::VAdd);
    vwadd_vv  "110001 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [true; 2], Op::VAdd);
    vwadd_vx  "110001 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [true; 2], Op::VAdd);
    vwsubu_vv "110010 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [false; 2], Op::VSub);
    vwsubu_vx "110010 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [false; 2], Op::VSub);
    vwsub_vv  "110011 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [true; 2], Op::VSub);
    vwsub_vx  "110011 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [true; 2], Op::VSub);
    vwaddu_wv "110100 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_first(b, f, false, Op::VAdd);
    vwaddu_wx "110100 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_first(b, f, false, Op::VAdd);
    vwadd_wv  "110101 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_first(b, f, true, Op::VAdd);
    vwadd_wx  "110101 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_first(b, f, true, Op::VAdd);
    vwsubu_wv "110110 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_first(b, f, false, Op::VSub);
    vwsubu_wx "110110 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_first(b, f, false, Op::VSub);
    vwsub_wv  "110111 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_first(b, f, true, Op::VSub);
    vwsub_wx  "110111 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_first(b, f, true, Op::VSub);
}

instructions! {
    /// Products, and their sums with the destination; the signs are those of vs2 and the first source.
    pub WIDEN_MULTIPLY: cpu::V;
    vwmulu_vv   "111000 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [false, false], Op::VMul);
    vwmulu_vx   "111000 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [false, false], Op::VMul);
    vwmulsu_vv  "111010 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [true, false], Op::VMul);
    vwmulsu_vx  "111010 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [true, false], Op::VMul);
    vwmul_vv    "111011 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen(b, f, [true, true], Op::VMul);
    vwmul_vx    "111011 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen(b, f, [true, true], Op::VMul);
    vwmaccu_vv  "111100 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_add(b, f, [false, false]);
    vwmaccu_vx  "111100 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_add(b, f, [false, false]);
    vwmacc_vv   "111101 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_add(b, f, [true, true]);
    vwmacc_vx   "111101 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_add(b, f, [true, true]);
    vwmaccus_vx "111110 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_add(b, f, [true, false]);
    vwmaccsu_vv "111111 m ttttt sssss 010 ddddd 1010111" |b, f: V| widen_add(b, f, [false, true]);
    vwmaccsu_vx "111111 m ttttt sssss 110 ddddd 1010111" |b, f: V| widen_add(b, f, [false, true]);
}

instructions! {
    /// Extension of elements a half, a fourth, an eighth as wide.
    pub EXTEND: cpu::V;
    vzext_vf8 "010010 m ttttt 00010 010 ddddd 1010111" |b, f: V| extend(b, f, false, 3);
    vsext_vf8 "010010 m ttttt 00011 010 ddddd 1010111" |b, f: V| extend(b, f, true, 3);
    vzext_vf4 "010010 m ttttt 00100 010 ddddd 1010111" |b, f: V| extend(b, f, false, 2);
    vsext_vf4 "010010 m ttttt 00101 010 ddddd 1010111" |b, f: V| extend(b, f, true, 2);
    vzext_vf2 "010010 m ttttt 00110 010 ddddd 1010111" |b, f: V| extend(b, f, false, 1);
    vsext_vf2 "010010 m ttttt 00111 010 ddddd 1010111" |b, f: V| extend(b, f, true, 1);
}

instructions! {
    /// Right shifts of elements twice as wide.
    pub NARROW: cpu::V;
    vnsrl_wv "101100 m ttttt sssss 000 ddddd 1010111" |b, f: V| narrow_shift(b, f, Shift::Right);
    vnsrl_wx "101100 m ttttt sssss 100 ddddd 1010111" |b, f: V| narrow_shift(b, f, Shift::Right);
    vnsrl_wi "101100 m ttttt sssss 011 ddddd 1010111" |b, f: V| narrow_shift(b, f, Shift::Right);
    vnsra_wv "101101 m ttttt sssss 000 ddddd 1010111" |b, f: V| narrow_shift(b, f, Shift::Arithmetic);
    vnsra_wx "101101 m ttttt sssss 100 ddddd 1010111" |b, f: V| narrow_shift(b, f, Shift::Arithmetic);
    vnsra_wi "101101 m ttttt sssss 011 ddddd 1010111" |b, f: V| narrow_shift(b, f, Shift::Arithmetic);
}

/// The configuration of the wide operand, where the narrow ones have `config`'s; none where an operand is wider than 64
/// bits or eight registers.
pub fn wide(config: &Config) -> Option<Config> {
    (config.sew != Lane::D && config.lmul < 3).then(|| config.with_width(config.sew.wider()))
}

/// A narrow first source, as an operand.
fn first_operand(f: V, config: &Config) -> Operand {
    let reg = if f.source == Source::Vector { f.vs1 } else { f.vs2 };
    Operand(reg, config.lmul, config.sew)
}

/// The configuration of a widening instruction with two narrow sources.
pub fn widening(b: &mut Lower, f: V) -> Option<(Config, Config)> {
    let config = config(b)?;
    let second = Operand(f.vs2, config.lmul, config.sew);
    let first = first_operand(f, &config);
    let legal = wide(&config).filter(|wide| {
        sources_fit(f.masked, &[second, first])
            && spares_mask(f)
            && is_aligned(f.vd, wide.lmul)
            && fits(f.vd, wide.lmul, second)
            && fits(f.vd, wide.lmul, first)
    });
    if legal.is_none() {
        b.undefined();
    }
    legal.map(|wide| (config, wide))
}

/// The same of one that adds to its destination, which thereby is a source by another width than the others.
pub fn widening_add(b: &mut Lower, f: V) -> Option<(Config, Config)> {
    let (config, wide) = widening(b, f)?;
    let apart = |reg| !overlap(f.vd, wide.registers(), reg, config.registers());
    let legal = apart(f.vs2) && (f.source != Source::Vector || apart(f.vs1));
    if !legal {
        b.undefined();
    }
    legal.then_some((config, wide))
}

/// The configuration of one with a wide second source.
pub fn widening_first(b: &mut Lower, f: V) -> Option<(Config, Config)> {
    let config = config(b)?;
    let legal = wide(&config).filter(|wide| {
        let second = Operand(f.vs2, wide.lmul, wide.sew);
        let first = first_operand(f, &config);
        let firsts = if f.source == Source::Vector { [second, first] } else { [second, second] };
        sources_fit(f.masked, &firsts)
            && spares_mask(f)
            && is_aligned(f.vd, wide.lmul)
            && (f.source != Source::Vector || fits(f.vd, wide.lmul, first))
    });
    if legal.is_none() {
        b.undefined();
    }
    legal.map(|wide| (config, wide))
}

/// vd = `op` of both sources, extended.
fn widen(b: &mut Lower, f: V, [second, first]: [bool; 2], op: Op) {
    let Some((config, wide)) = widening(b, f) else { return };
    let (x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let mut result = NO_GROUP;
    for (i, val) in result.iter_mut().enumerate().take(wide.registers() as usize) {
        let operands = ([second, first], [&x, &y]);
        *val = match op {
            Op::VMul => product(b, config.sew, operands, i),
            _ => {
                let (x, y) = (widened(b, config.sew, second, &x, i), widened(b, config.sew, first, &y, i));
                b.vbin(op, wide.sew, x, y)
            }
        };
    }
    group::write(b, &wide, f.masked, f.vd, &result);
}

/// Products of the lanes that register `i` of the wide group holds.
fn product(b: &mut Lower, lane: Lane, (signs, [x, y]): ([bool; 2], [&Group; 2]), i: usize) -> Val {
    let op = match (signs, i % 2) {
        ([true, true], 0) => Op::VMulLoS,
        ([true, true], _) => Op::VMulHiS,
        ([false, false], 0) => Op::VMulLoU,
        ([false, false], _) => Op::VMulHiU,
        ([first, second], _) => {
            let (x, y) = (widened(b, lane, first, x, i), widened(b, lane, second, y, i));
            return multiply(b, lane.wider(), x, y);
        }
    };
    b.vbin(op, lane, x[i / 2], y[i / 2])
}

/// vd = `op` of vs2, which is wide, and the first source, extended.
fn widen_first(b: &mut Lower, f: V, signed: bool, op: Op) {
    let Some((config, wide)) = widening_first(b, f) else { return };
    let (mut x, y) = (group::second(b, f, &wide), group::first(b, f, &config));
    for (i, val) in x.iter_mut().enumerate().take(wide.registers() as usize) {
        let y = widened(b, config.sew, signed, &y, i);
        *val = b.vbin(op, wide.sew, *val, y);
    }
    group::write(b, &wide, f.masked, f.vd, &x);
}

/// vd += the product of both sources.
fn widen_add(b: &mut Lower, f: V, signs: [bool; 2]) {
    let Some((config, wide)) = widening_add(b, f) else { return };
    let (x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let mut result = group::read(b, f.vd, wide.registers());
    for (i, val) in result.iter_mut().enumerate().take(wide.registers() as usize) {
        let product = product(b, config.sew, (signs, [&x, &y]), i);
        *val = b.vbin(Op::VAdd, wide.sew, *val, product);
    }
    group::write(b, &wide, f.masked, f.vd, &result);
}

/// vd = the elements of vs2, which are so many powers of two narrower.
fn extend(b: &mut Lower, f: V, signed: bool, steps: u8) {
    let Some(config) = config(b) else { return };
    let Some(narrow) = (config.sew as u8).checked_sub(steps) else { return b.undefined() };
    let source = config.with_width(Lane::from_u8(narrow));
    let operand = Operand(f.vs2, source.lmul, source.sew);
    let legal = sources_fit(f.masked, &[operand]) && spares_mask(f) && is_aligned(f.vd, config.lmul);
    if !legal || !fits(f.vd, config.lmul, operand) {
        return b.undefined();
    }
    let mut vals = group::read(b, f.vs2, source.registers());
    for width in narrow..narrow + steps {
        let from = source.with_width(Lane::from_u8(width));
        let mut wider = NO_GROUP;
        for (i, val) in wider.iter_mut().enumerate().take(from.with_width(from.sew.wider()).registers() as usize) {
            *val = widened(b, from.sew, signed, &vals, i);
        }
        vals = wider;
    }
    group::write(b, &config, f.masked, f.vd, &vals);
}

/// The configuration of an instruction with a wide second source and a narrow destination.
pub fn narrowing(b: &mut Lower, f: V) -> Option<(Config, Config)> {
    let config = config(b)?;
    let legal = wide(&config).filter(|wide| {
        let second = Operand(f.vs2, wide.lmul, wide.sew);
        let first = first_operand(f, &config);
        let firsts = if f.source == Source::Vector { [second, first] } else { [second, second] };
        sources_fit(f.masked, &firsts)
            && spares_mask(f)
            && is_aligned(f.vd, config.lmul)
            && fits(f.vd, config.lmul, second)
    });
    if legal.is_none() {
        b.undefined();
    }
    legal.map(|wide| (config, wide))
}

/// Registers of the wide group cut to those of a narrow one.
pub fn narrowed_group(b: &mut Lower, config: &Config, wide: &Group) -> Group {
    let mut result = NO_GROUP;
    for i in 0..config.registers() as usize {
        let high = wide.get(2 * i + 1).copied().unwrap_or(Val::NONE);
        result[i] = narrowed(b, config.sew, wide[2 * i], high);
    }
    result
}

fn narrow_shift(b: &mut Lower, f: V, shift: Shift) {
    let Some((config, wide)) = narrowing(b, f) else { return };
    let (mut x, by) = (group::second(b, f, &wide), group::first(b, f, &config));
    for (i, val) in x.iter_mut().enumerate().take(wide.registers() as usize) {
        let by = widened(b, config.sew, false, &by, i);
        *val = shift.apply(b, wide.sew, *val, by, shift_count(f));
    }
    let result = narrowed_group(b, &config, &x);
    group::write(b, &config, f.masked, f.vd, &result);
}
