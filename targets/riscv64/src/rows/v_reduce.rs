//! V: reductions of a vector and a scalar to a scalar (unprivileged ISA, chapter V, vector reduction operations).

use ir::{Icond, Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::V;
use crate::helpers::float_lanes::FloatOp;
use crate::state::v;
use crate::vector::active::{Active, Mask, blend};
use crate::vector::float::{arithmetic, has_arithmetic, one, vector_rounding, widened};
use crate::vector::group::{self, Operand, sources_fit};
use crate::vector::lanes::{extract, insert};
use crate::vector::{Config, config, constant, lanes};

instructions! {
    /// Of integers.
    pub REDUCE: cpu::V;
    vredsum_vs  "000000 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::VAdd, |_| 0);
    vredand_vs  "000001 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::And, |_| !0);
    vredor_vs   "000010 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::Or, |_| 0);
    vredxor_vs  "000011 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::Xor, |_| 0);
    vredminu_vs "000100 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::VMinU, |_| !0);
    vredmin_vs  "000101 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::VMinS, |lane| !(1 << (lane.bits() - 1)));
    vredmaxu_vs "000110 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::VMaxU, |_| 0);
    vredmax_vs  "000111 m ttttt sssss 010 ddddd 1010111" |b, f: V| reduce(b, f, Op::VMaxS, |lane| 1 << (lane.bits() - 1));
    vwredsumu_vs "110000 m ttttt sssss 000 ddddd 1010111" |b, f: V| reduce_wide(b, f, false);
    vwredsum_vs  "110001 m ttttt sssss 000 ddddd 1010111" |b, f: V| reduce_wide(b, f, true);
}

instructions! {
    /// Of numbers; sums are in the order of the elements, whether that is asked for or not.
    pub FLOAT_REDUCE: cpu::V;
    vfredusum_vs  "000001 m ttttt sssss 001 ddddd 1010111" |b, f: V| reduce_float(b, f, FloatOp::Add, false);
    vfredosum_vs  "000011 m ttttt sssss 001 ddddd 1010111" |b, f: V| reduce_float(b, f, FloatOp::Add, false);
    vfredmin_vs   "000101 m ttttt sssss 001 ddddd 1010111" |b, f: V| reduce_float(b, f, FloatOp::Min, false);
    vfredmax_vs   "000111 m ttttt sssss 001 ddddd 1010111" |b, f: V| reduce_float(b, f, FloatOp::Max, false);
    vfwredusum_vs "110001 m ttttt sssss 001 ddddd 1010111" |b, f: V| reduce_float(b, f, FloatOp::Add, true);
    vfwredosum_vs "110011 m ttttt sssss 001 ddddd 1010111" |b, f: V| reduce_float(b, f, FloatOp::Add, true);
}

/// The configuration of a reduction: its scalars are whole registers of a width of their own.
fn begin(b: &mut Lower, f: V, widens: bool) -> Option<(Config, Lane)> {
    let config = config(b)?;
    let scalar = match config.sew {
        Lane::D if widens => None,
        sew => Some(if widens { sew.wider() } else { sew }),
    };
    let legal = scalar.filter(|&lane| {
        sources_fit(f.masked, &[Operand(f.vs2, config.lmul, config.sew)])
            && sources_fit(false, &[Operand(f.vs2, config.lmul, config.sew), Operand(f.vs1, 0, lane)])
            && !(f.masked && f.vs1 == 0)
    });
    if legal.is_none() {
        b.undefined();
    }
    legal.map(|lane| (config, lane))
}

/// vd's element 0; nothing happens where `vl` is zero.
fn put_scalar(b: &mut Lower, f: V, config: &Config, lane: Lane, scalar: Val) {
    let old = b.get(v(f.vd));
    let new = b.op(Op::VInsLane, Ty::V128, lane as u8, [old, scalar, Val::NONE], 0);
    let (vl, zero) = (config.vl(b), b.i64(0));
    let none = b.icmp(Icond::Eq, Ty::I64, vl, zero);
    let result = match b.block().as_const(none) {
        Some(0) => new,
        Some(_) => old,
        None => b.select(Ty::V128, none, old, new),
    };
    b.put(v(f.vd), result);
}

/// An operation on lanes, or on bits.
fn apply(b: &mut Lower, op: Op, lane: Lane, x: Val, y: Val) -> Val {
    match op {
        Op::And | Op::Or | Op::Xor => b.bin(op, Ty::V128, x, y),
        _ => b.vbin(op, lane, x, y),
    }
}

/// Registers are combined, then halves of one; what is inactive takes part as what changes nothing.
fn reduce(b: &mut Lower, f: V, op: Op, neutral: fn(Lane) -> u64) {
    let Some((config, lane)) = begin(b, f, false) else { return };
    let neutral = constant::splat(b, lane, neutral(lane));
    let mut active = Active::new(&config, f.masked);
    let mut sum = Val::NONE;
    for (i, val) in (0..).zip(group::second(b, f, &config)).take(config.registers() as usize) {
        let val = match active.lanes(b, lane, i) {
            Mask::All => val,
            Mask::Nothing => continue,
            Mask::Some(mask) => blend(b, mask, val, neutral),
        };
        sum = if sum.is_some() { apply(b, op, lane, sum, val) } else { val };
    }
    let sum = if sum.is_some() { folded(b, op, lane, sum) } else { neutral };
    let first = b.get(v(f.vs1));
    let result = apply(b, op, lane, first, sum);
    put_scalar(b, f, &config, lane, result);
}

/// All lanes combined in the first.
fn folded(b: &mut Lower, op: Op, lane: Lane, mut vector: Val) -> Val {
    let mut distance = 8;
    while distance * 8 >= i64::from(lane.bits()) {
        let other = b.op(Op::VExt, Ty::V128, 0, [vector, vector, Val::NONE], distance);
        vector = apply(b, op, lane, vector, other);
        distance /= 2;
    }
    vector
}

fn reduce_wide(b: &mut Lower, f: V, signed: bool) {
    let Some((config, wide)) = begin(b, f, true) else { return };
    let mut active = Active::new(&config, f.masked);
    let mut sum = constant::splat(b, wide, 0);
    let mut vals = group::second(b, f, &config);
    for i in 0..config.registers() {
        let val = &mut vals[i as usize];
        match active.lanes(b, config.sew, i) {
            Mask::All => {}
            Mask::Nothing => continue,
            Mask::Some(mask) => *val = b.and(Ty::V128, *val, mask),
        }
        for half in 0..2 {
            let val = lanes::widened(b, config.sew, signed, &vals, 2 * i as usize + half);
            sum = b.vbin(Op::VAdd, wide, sum, val);
        }
    }
    let sum = folded(b, Op::VAdd, wide, sum);
    let first = b.get(v(f.vs1));
    let result = b.vbin(Op::VAdd, wide, first, sum);
    put_scalar(b, f, &config, wide, result);
}

fn reduce_float(b: &mut Lower, f: V, op: FloatOp, widens: bool) {
    let Some((config, lane)) = begin(b, f, widens) else { return };
    let Some(round) = vector_rounding(b).filter(|_| has_arithmetic(b, config.sew)) else { return b.undefined() };
    let mut active = Active::new(&config, f.masked);
    let mut sum = b.get(v(f.vs1));
    for (i, val) in (0..).zip(group::second(b, f, &config)).take(config.registers() as usize) {
        let mask = active.lanes(b, config.sew, i);
        sum = reduce_register(b, op, (config.sew, lane), round, (mask, val), sum);
    }
    put_scalar(b, f, &config, lane, sum);
}

/// A register's elements, one after the other. Where one is inactive, one and one are computed and thrown away.
fn reduce_register(
    b: &mut Lower,
    op: FloatOp,
    (from, to): (Lane, Lane),
    round: Round,
    (mask, vals): (Mask, Val),
    mut sum: Val,
) -> Val {
    let (ones, neutral) = (constant::splat(b, to, one(to)), constant::splat(b, from, one(from)));
    for n in 0..from.count() {
        let val = match mask {
            Mask::Nothing => break,
            Mask::All => alone(b, from, vals, n, neutral),
            Mask::Some(mask) => {
                let quiet = blend(b, mask, vals, neutral);
                alone(b, from, quiet, n, neutral)
            }
        };
        let val = if from == to { val } else { widened(b, from, val, false) };
        let all = b.vconst(!0);
        let is_active = match mask {
            Mask::Some(mask) => lane_mask(b, from, mask, n),
            _ => all,
        };
        let part = blend(b, is_active, sum, ones);
        let part = b.op(Op::VInsLane, Ty::V128, to as u8, [ones, part, Val::NONE], 0);
        let next = arithmetic(b, to, op, round, [part, val, Val::NONE]);
        sum = blend(b, is_active, next, sum);
    }
    sum
}

/// One lane in the first, among quiet ones.
fn alone(b: &mut Lower, lane: Lane, vals: Val, n: u32, neutral: Val) -> Val {
    b.op(Op::VInsLane, Ty::V128, lane as u8, [neutral, vals, Val::NONE], i64::from(n) << 8)
}

/// One lane's mask everywhere.
fn lane_mask(b: &mut Lower, lane: Lane, mask: Val, n: u32) -> Val {
    b.vimm(Op::VDup, lane, mask, n.into())
}

/// Element 0 of a register as an i64, sign-extended.
pub fn first_element(b: &mut Lower, lane: Lane, register: u32) -> Val {
    let vector = b.get(v(register));
    extract(b, Op::VExtractS, lane, vector, 0)
}

/// A register with element 0 replaced, but where `vl` is zero.
pub fn put_first_element(b: &mut Lower, f: V, config: &Config, val: Val) {
    let old = b.get(v(f.vd));
    let new = insert(b, config.sew, old, 0, val);
    put_scalar(b, f, config, config.sew, new);
}
