//! Register groups as operands: their registers are read before any is written.

use ir::{Lane, Op, Val};
use target::Lower;

use super::active::{Active, Mask, blend};
use super::{Config, config, constant, float, is_aligned, may_overlap, overlap, registers};
use crate::fields::{Source, V};
use crate::float::Fregs;
use crate::regs::Regs;
use crate::state::v;

/// The registers of a group; those behind it are absent.
pub type Group = [Val; 8];

/// No register.
pub const NO_GROUP: Group = [Val::NONE; 8];

/// The registers from v`n` on.
pub fn read(b: &mut Lower, n: u32, count: u32) -> Group {
    let mut group = NO_GROUP;
    for (i, val) in (0..count).zip(&mut group) {
        *val = b.get(v(n + i));
    }
    group
}

/// The registers of the second source.
pub fn second(b: &mut Lower, f: V, config: &Config) -> Group {
    read(b, f.vs2, config.registers())
}

/// The first source: registers, or the same lanes for each.
pub fn first(b: &mut Lower, f: V, config: &Config) -> Group {
    match f.source {
        Source::Vector => read(b, f.vs1, config.registers()),
        _ => [scalar(b, f, config.sew); 8],
    }
}

/// A scalar first source in every lane.
pub fn scalar(b: &mut Lower, f: V, lane: Lane) -> Val {
    match f.source {
        Source::Immediate => constant::splat(b, lane, f.simm as u64),
        Source::F => {
            let boxed = match float::format(lane) {
                Some(format) => b.boxed(format, f.vs1),
                None => b.get(crate::state::f(f.vs1)),
            };
            let vector = b.un(Op::VZext, ir::Ty::F64, boxed);
            b.vimm(Op::VDup, lane, vector, 0)
        }
        _ => {
            let x = b.x(f.vs1);
            constant::spread(b, lane, x)
        }
    }
}

/// Writes the active elements of a group.
pub fn write(b: &mut Lower, config: &Config, masked: bool, vd: u32, group: &Group) {
    let mut active = Active::new(config, masked);
    write_active(b, config, &mut active, vd, group);
}

/// The same with the active elements given.
pub fn write_active(b: &mut Lower, config: &Config, active: &mut Active, vd: u32, group: &Group) {
    let masks: [Mask; 8] = std::array::from_fn(|i| match (i as u32) < config.registers() {
        true => active.lanes(b, config.sew, i as u32),
        false => Mask::Nothing,
    });
    write_masked(b, &masks, vd, group);
}

/// The same with the masks given.
pub fn write_masked(b: &mut Lower, masks: &[Mask; 8], vd: u32, group: &Group) {
    for ((i, &new), &mask) in (0..).zip(group).zip(masks) {
        match mask {
            Mask::Nothing => {}
            Mask::All => b.put(v(vd + i), new),
            Mask::Some(mask) => {
                let old = b.get(v(vd + i));
                let merged = blend(b, mask, new, old);
                b.put(v(vd + i), merged);
            }
        }
    }
}

/// Whether a masked instruction leaves its mask alone (chapter V, vector masking).
pub const fn spares_mask(f: V) -> bool {
    !f.masked || f.vd != 0
}

/// A source group: where it begins, its LMUL and its elements' width.
#[derive(Clone, Copy, Debug)]
pub struct Operand(pub u32, pub i32, pub Lane);

/// Whether sources may be read as they are: aligned, and no register by two widths; v0 is read as bits by what is
/// masked (chapter V, vector operands).
pub fn sources_fit(masked: bool, operands: &[Operand]) -> bool {
    let aligned = |&Operand(reg, lmul, _): &Operand| is_aligned(reg, lmul) && !(masked && reg == 0);
    let apart =
        |a: &Operand, other: &Operand| a.2 == other.2 || !overlap(a.0, registers(a.1), other.0, registers(other.1));
    operands.iter().all(aligned) && operands.iter().enumerate().all(|(i, a)| operands[..i].iter().all(|o| apart(a, o)))
}

/// Whether an instruction whose operands are all of the width SEW is legal.
pub fn is_legal(f: V, config: &Config) -> bool {
    let second = Operand(f.vs2, config.lmul, config.sew);
    let first = Operand(f.vs1, config.lmul, config.sew);
    let fit = if f.source == Source::Vector {
        sources_fit(f.masked, &[second, first])
    } else {
        sources_fit(f.masked, &[second])
    };
    fit && spares_mask(f) && is_aligned(f.vd, config.lmul)
}

/// Whether a destination of another width may stand where this source does.
pub const fn fits(vd: u32, vd_lmul: i32, source: Operand) -> bool {
    may_overlap(vd, vd_lmul, source.0, source.1)
}

/// vd = `op` of vs2 and the first source.
pub fn binary(b: &mut Lower, f: V, op: impl Fn(&mut Lower, Lane, Val, Val) -> Val) {
    ternary(b, f, |b, lane, [x, y, _]| op(b, lane, x, y));
}

/// vd = `op` of vs2, the first source, and vd.
pub fn ternary(b: &mut Lower, f: V, op: impl Fn(&mut Lower, Lane, [Val; 3]) -> Val) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) {
        return b.undefined();
    }
    let (x, y) = (second(b, f, &config), first(b, f, &config));
    let old = read(b, f.vd, config.registers());
    let mut result = NO_GROUP;
    for i in 0..config.registers() as usize {
        result[i] = op(b, config.sew, [x[i], y[i], old[i]]);
    }
    write(b, &config, f.masked, f.vd, &result);
}

/// An operation of the IR as one of the functions above takes it.
pub fn op(op: Op) -> impl Fn(&mut Lower, Lane, Val, Val) -> Val {
    move |b, lane, x, y| b.vbin(op, lane, x, y)
}

/// The same with the operands exchanged.
pub fn reversed(op: Op) -> impl Fn(&mut Lower, Lane, Val, Val) -> Val {
    move |b, lane, x, y| b.vbin(op, lane, y, x)
}

/// A bitwise operation.
pub fn bits(op: Op) -> impl Fn(&mut Lower, Lane, Val, Val) -> Val {
    move |b, _, x, y| b.bin(op, ir::Ty::V128, x, y)
}
