//! V: comparisons, addition with carry, and what else has a mask as its result (unprivileged ISA, chapter V, vector
//! integer compare instructions; vector integer add-with-carry / subtract-with-borrow instructions).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::v_integer::masks;
use crate::cpu;
use crate::fields::{Source, V};
use crate::vector::active::{pack, put_bits};
use crate::vector::group::{self, Operand, sources_fit};
use crate::vector::{Config, config, constant, may_overlap};

instructions! {
    /// Comparisons.
    pub COMPARE: cpu::V;
    vmseq_vv  "011000 m ttttt sssss 000 ddddd 1010111" |b, f: V| compare(b, f, Test::Eq);
    vmseq_vx  "011000 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::Eq);
    vmseq_vi  "011000 m ttttt sssss 011 ddddd 1010111" |b, f: V| compare(b, f, Test::Eq);
    vmsne_vv  "011001 m ttttt sssss 000 ddddd 1010111" |b, f: V| compare(b, f, Test::Ne);
    vmsne_vx  "011001 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::Ne);
    vmsne_vi  "011001 m ttttt sssss 011 ddddd 1010111" |b, f: V| compare(b, f, Test::Ne);
    vmsltu_vv "011010 m ttttt sssss 000 ddddd 1010111" |b, f: V| compare(b, f, Test::LtU);
    vmsltu_vx "011010 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::LtU);
    vmslt_vv  "011011 m ttttt sssss 000 ddddd 1010111" |b, f: V| compare(b, f, Test::LtS);
    vmslt_vx  "011011 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::LtS);
    vmsleu_vv "011100 m ttttt sssss 000 ddddd 1010111" |b, f: V| compare(b, f, Test::LeU);
    vmsleu_vx "011100 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::LeU);
    vmsleu_vi "011100 m ttttt sssss 011 ddddd 1010111" |b, f: V| compare(b, f, Test::LeU);
    vmsle_vv  "011101 m ttttt sssss 000 ddddd 1010111" |b, f: V| compare(b, f, Test::LeS);
    vmsle_vx  "011101 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::LeS);
    vmsle_vi  "011101 m ttttt sssss 011 ddddd 1010111" |b, f: V| compare(b, f, Test::LeS);
    vmsgtu_vx "011110 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::GtU);
    vmsgtu_vi "011110 m ttttt sssss 011 ddddd 1010111" |b, f: V| compare(b, f, Test::GtU);
    vmsgt_vx  "011111 m ttttt sssss 100 ddddd 1010111" |b, f: V| compare(b, f, Test::GtS);
    vmsgt_vi  "011111 m ttttt sssss 011 ddddd 1010111" |b, f: V| compare(b, f, Test::GtS);
}

instructions! {
    /// Sums and differences with a carry or borrow in v0, and the carry out of them.
    pub CARRY: cpu::V;
    vadc_vvm  "010000 0 ttttt sssss 000 ddddd 1010111" |b, f: V| with_carry(b, f, Op::VAdd);
    vadc_vxm  "010000 0 ttttt sssss 100 ddddd 1010111" |b, f: V| with_carry(b, f, Op::VAdd);
    vadc_vim  "010000 0 ttttt sssss 011 ddddd 1010111" |b, f: V| with_carry(b, f, Op::VAdd);
    vmadc_vv  "010001 m ttttt sssss 000 ddddd 1010111" |b, f: V| carry_out(b, f, Op::VAdd);
    vmadc_vx  "010001 m ttttt sssss 100 ddddd 1010111" |b, f: V| carry_out(b, f, Op::VAdd);
    vmadc_vi  "010001 m ttttt sssss 011 ddddd 1010111" |b, f: V| carry_out(b, f, Op::VAdd);
    vsbc_vvm  "010010 0 ttttt sssss 000 ddddd 1010111" |b, f: V| with_carry(b, f, Op::VSub);
    vsbc_vxm  "010010 0 ttttt sssss 100 ddddd 1010111" |b, f: V| with_carry(b, f, Op::VSub);
    vmsbc_vv  "010011 m ttttt sssss 000 ddddd 1010111" |b, f: V| carry_out(b, f, Op::VSub);
    vmsbc_vx  "010011 m ttttt sssss 100 ddddd 1010111" |b, f: V| carry_out(b, f, Op::VSub);
}

/// A comparison of vs2 with the first source.
#[derive(Clone, Copy, Debug)]
enum Test {
    Eq,
    Ne,
    LtU,
    LtS,
    LeU,
    LeS,
    GtU,
    GtS,
}

impl Test {
    fn apply(self, b: &mut Lower, lane: Lane, x: Val, y: Val) -> Val {
        let (op, x, y, negated) = match self {
            Test::Eq => (Op::VCmpEq, x, y, false),
            Test::Ne => (Op::VCmpEq, x, y, true),
            Test::LtU => (Op::VCmpGtU, y, x, false),
            Test::LtS => (Op::VCmpGtS, y, x, false),
            Test::LeU => (Op::VCmpGtU, x, y, true),
            Test::LeS => (Op::VCmpGtS, x, y, true),
            Test::GtU => (Op::VCmpGtU, x, y, false),
            Test::GtS => (Op::VCmpGtS, x, y, false),
        };
        let holds = b.vbin(op, lane, x, y);
        if negated { b.un(Op::Not, Ty::V128, holds) } else { holds }
    }
}

/// Whether an instruction with a mask as its result is legal: that may be v0, as may sources, and stands among these only
/// where they begin.
pub fn is_legal(f: V, config: &Config) -> bool {
    const MASK_LMUL: i32 = 0;
    let second = Operand(f.vs2, config.lmul, config.sew);
    let first = if f.source == Source::Vector { Operand(f.vs1, config.lmul, config.sew) } else { second };
    let apart = |source: Operand| f.vd == source.0 || may_overlap(f.vd, MASK_LMUL, source.0, source.1);
    sources_fit(false, &[second, first]) && apart(first) && apart(second)
}

fn compare(b: &mut Lower, f: V, test: Test) {
    compare_lanes(b, f, |b, lane, x, y| test.apply(b, lane, x, y));
}

/// A bit of vd for each element: whether `test` holds of vs2 and the first source.
pub fn compare_lanes(b: &mut Lower, f: V, test: impl Fn(&mut Lower, Lane, Val, Val) -> Val) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) {
        return b.undefined();
    }
    let (mut x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let count = config.registers() as usize;
    for i in 0..count {
        x[i] = test(b, config.sew, x[i], y[i]);
    }
    let bits = pack(b, config.sew, &x[..count]);
    put_bits(b, &config, f.masked, f.vd, bits);
}

/// A set bit of the mask counts as one, which a mask of lanes says with its sign.
fn with_carry(b: &mut Lower, f: V, op: Op) {
    let Some(config) = config(b) else { return };
    if f.vd == 0 || !group::is_legal(V { masked: false, ..f }, &config) {
        return b.undefined();
    }
    let (mut x, y, carry) = (group::second(b, f, &config), group::first(b, f, &config), masks(b, &config));
    let inverse = if op == Op::VAdd { Op::VSub } else { Op::VAdd };
    for i in 0..config.registers() as usize {
        let sum = b.vbin(op, config.sew, x[i], y[i]);
        x[i] = b.vbin(inverse, config.sew, sum, carry[i]);
    }
    group::write(b, &config, false, f.vd, &x);
}

fn carry_out(b: &mut Lower, f: V, op: Op) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) {
        return b.undefined();
    }
    let (mut x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let carry = if f.masked { masks(b, &config) } else { [constant::splat(b, config.sew, 0); 8] };
    let count = config.registers() as usize;
    for i in 0..count {
        x[i] = lane_carry(b, config.sew, op, [x[i], y[i], carry[i]]);
    }
    let bits = pack(b, config.sew, &x[..count]);
    put_bits(b, &config, false, f.vd, bits);
}

/// A sum carries where it is less than an addend, or equal to it though a carry came in.
/// A difference borrows where the subtrahend is greater, or equal and a borrow came in.
fn lane_carry(b: &mut Lower, lane: Lane, op: Op, [x, y, carry]: [Val; 3]) -> Val {
    let (beyond, equal) = if op == Op::VAdd {
        let sum = b.vbin(Op::VAdd, lane, x, y);
        let sum = b.vbin(Op::VSub, lane, sum, carry);
        (b.vbin(Op::VCmpGtU, lane, x, sum), b.vbin(Op::VCmpEq, lane, x, sum))
    } else {
        (b.vbin(Op::VCmpGtU, lane, y, x), b.vbin(Op::VCmpEq, lane, x, y))
    };
    let equal = b.and(Ty::V128, equal, carry);
    b.or(Ty::V128, beyond, equal)
}

#[cfg(test)]
mod tests {
    use super::may_overlap;

    #[test]
    fn a_mask_overlaps_with_the_first_register_alone() {
        assert!(may_overlap(8, 0, 8, 2) && !may_overlap(9, 0, 8, 2) && may_overlap(12, 0, 8, 2));
    }
}
