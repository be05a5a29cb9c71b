//! Zvbb, Zvkb and Zvbc: bits and carry-less products (unprivileged ISA, vector cryptography extensions).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::v_widen::widening;
use crate::cpu;
use crate::fields::{Source, V};
use crate::vector::group::{self, NO_GROUP, Operand, binary, sources_fit, spares_mask};
use crate::vector::lanes::{extract, insert, shift, widened};
use crate::vector::{config, constant, is_aligned};

instructions! {
    /// What Zvbb and Zvkb both have.
    pub ZVKB: cpu::ZVKB;
    vandn_vv  "000001 m ttttt sssss 000 ddddd 1010111" |b, f: V| binary(b, f, |b, _, x, y| b.bin(Op::AndNot, Ty::V128, x, y));
    vandn_vx  "000001 m ttttt sssss 100 ddddd 1010111" |b, f: V| binary(b, f, |b, _, x, y| b.bin(Op::AndNot, Ty::V128, x, y));
    vbrev8_v  "010010 m ttttt 01000 010 ddddd 1010111" |b, f: V| each(b, f, |b, _, x| b.un(Op::VRbit, Ty::V128, x));
    vrev8_v   "010010 m ttttt 01001 010 ddddd 1010111" |b, f: V| each(b, f, reverse_bytes);
    vror_vv   "010100 m ttttt sssss 000 ddddd 1010111" |b, f: V| rotate(b, f, Way::Right);
    vror_vx   "010100 m ttttt sssss 100 ddddd 1010111" |b, f: V| rotate(b, f, Way::Right);
    vror_vi   "01010 i m ttttt sssss 011 ddddd 1010111" |b, f: Rotation| rotate_constant(b, f);
    vrol_vv   "010101 m ttttt sssss 000 ddddd 1010111" |b, f: V| rotate(b, f, Way::Left);
    vrol_vx   "010101 m ttttt sssss 100 ddddd 1010111" |b, f: V| rotate(b, f, Way::Left);
}

instructions! {
    /// What Zvbb has alone.
    pub ZVBB: cpu::ZVBB;
    vbrev_v  "010010 m ttttt 01010 010 ddddd 1010111" |b, f: V| each(b, f, reverse_bits);
    vclz_v   "010010 m ttttt 01100 010 ddddd 1010111" |b, f: V| each(b, f, |b, lane, x| count(b, lane, Op::Clz, x));
    vctz_v   "010010 m ttttt 01101 010 ddddd 1010111" |b, f: V| each(b, f, |b, lane, x| count(b, lane, Op::Ctz, x));
    vcpop_v  "010010 m ttttt 01110 010 ddddd 1010111" |b, f: V| each(b, f, set_bits);
    vwsll_vv "110101 m ttttt sssss 000 ddddd 1010111" |b, f: V| widen_shift(b, f);
    vwsll_vx "110101 m ttttt sssss 100 ddddd 1010111" |b, f: V| widen_shift(b, f);
    vwsll_vi "110101 m ttttt sssss 011 ddddd 1010111" |b, f: V| widen_shift(b, f);
}

instructions! {
    /// Halves of carry-less products.
    pub ZVBC: cpu::ZVBC;
    vclmul_vv  "001100 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply(b, f, 0);
    vclmul_vx  "001100 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply(b, f, 0);
    vclmulh_vv "001101 m ttttt sssss 010 ddddd 1010111" |b, f: V| multiply(b, f, 1);
    vclmulh_vx "001101 m ttttt sssss 110 ddddd 1010111" |b, f: V| multiply(b, f, 1);
}

/// vd = `op` of vs2; the first source's field says which operation.
fn each(b: &mut Lower, f: V, op: impl Fn(&mut Lower, Lane, Val) -> Val) {
    let Some(config) = config(b) else { return };
    let fit = sources_fit(f.masked, &[Operand(f.vs2, config.lmul, config.sew)]);
    if !fit || !spares_mask(f) || !is_aligned(f.vd, config.lmul) {
        return b.undefined();
    }
    let mut result = group::second(b, f, &config);
    for val in &mut result[..config.registers() as usize] {
        *val = op(b, config.sew, *val);
    }
    group::write(b, &config, f.masked, f.vd, &result);
}

fn reverse_bytes(b: &mut Lower, lane: Lane, x: Val) -> Val {
    if lane == Lane::B { x } else { b.vimm(Op::VRev, Lane::B, x, i64::from(lane.bits() / 8)) }
}

fn reverse_bits(b: &mut Lower, lane: Lane, x: Val) -> Val {
    let bytes = reverse_bytes(b, lane, x);
    b.un(Op::VRbit, Ty::V128, bytes)
}

/// Zeros before or behind the set bits.
fn count(b: &mut Lower, lane: Lane, op: Op, x: Val) -> Val {
    let mut result = x;
    for i in 0..lane.count() {
        let val = extract(b, Op::VExtractU, lane, x, i);
        let unused = i64::from(64 - lane.bits());
        // A bit behind the lane's own ends the count there.
        let val = match (op, lane) {
            (_, Lane::D) => val,
            (Op::Ctz, _) => b.bin_imm(Op::Or, Ty::I64, val, 1 << lane.bits()),
            _ => {
                let high = b.bin_imm(Op::Shl, Ty::I64, val, unused);
                b.bin_imm(Op::Or, Ty::I64, high, 1 << (unused - 1))
            }
        };
        let val = b.un(op, Ty::I64, val);
        result = insert(b, lane, result, i, val);
    }
    result
}

/// Those of bytes are added up to lanes.
fn set_bits(b: &mut Lower, lane: Lane, x: Val) -> Val {
    let mut sums = b.vun(Op::VCnt, Lane::B, x);
    for narrow in 0..lane as u8 {
        sums = b.vun(Op::VAddPairU, Lane::from_u8(narrow), sums);
    }
    sums
}

/// Which way is rotated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Left,
    Right,
}

fn rotate(b: &mut Lower, f: V, way: Way) {
    binary(b, f, |b, lane, x, by| {
        let back = b.vun(Op::VNeg, lane, by);
        let (left, right) = if way == Way::Left { (by, back) } else { (back, by) };
        let high = shift(b, lane, (Op::VShlVarU, false), x, left);
        let low = shift(b, lane, (Op::VShlVarU, true), x, right);
        b.or(Ty::V128, high, low)
    });
}

/// [`V`] with a count of six bits.
struct Rotation(V, i64);

impl From<u32> for Rotation {
    fn from(word: u32) -> Rotation {
        let f = V::from(word);
        Rotation(f, i64::from(word >> 26 & 1) << 5 | i64::from(f.vs1))
    }
}

/// By a constant to the right.
pub fn rotated_right(b: &mut Lower, lane: Lane, x: Val, count: i64) -> Val {
    let bits = i64::from(lane.bits());
    let count = count & (bits - 1);
    if count == 0 {
        return x;
    }
    let (low, high) = (b.vimm(Op::VShrU, lane, x, count), b.vimm(Op::VShl, lane, x, bits - count));
    b.or(Ty::V128, low, high)
}

fn rotate_constant(b: &mut Lower, Rotation(f, count): Rotation) {
    each(b, f, |b, lane, x| rotated_right(b, lane, x, count));
}

/// vd = vs2 extended and shifted left by the first source, of which the bits below the wide width count.
fn widen_shift(b: &mut Lower, f: V) {
    let Some((config, wide)) = widening(b, f) else { return };
    let x = group::second(b, f, &config);
    let by = match f.source {
        Source::Immediate => [constant::splat(b, config.sew, f.vs1.into()); 8],
        _ => group::first(b, f, &config),
    };
    let mut result = NO_GROUP;
    for (i, val) in result.iter_mut().enumerate().take(wide.registers() as usize) {
        let (x, by) = (widened(b, config.sew, false, &x, i), widened(b, config.sew, false, &by, i));
        *val = shift(b, wide.sew, (Op::VShlVarU, false), x, by);
    }
    group::write(b, &wide, f.masked, f.vd, &result);
}

/// There are products of 64 bits alone.
fn multiply(b: &mut Lower, f: V, half: i64) {
    let Some(config) = config(b) else { return };
    if config.sew != Lane::D {
        return b.undefined();
    }
    binary(b, f, |b, _, x, y| {
        let low = b.vbin(Op::VPmullLo, Lane::D, x, y);
        let high = b.vbin(Op::VPmullHi, Lane::D, x, y);
        b.vbin(if half == 0 { Op::VZip1 } else { Op::VZip2 }, Lane::D, low, high)
    });
}
