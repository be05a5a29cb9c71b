//! V: floating-point arithmetic, comparisons, signs (unprivileged ISA, chapter V, vector floating-point instructions).

use ir::{Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use super::f::Sign::{self, Minus, Plus};
use super::v_compare;
use super::v_integer::{Addend, chosen};
use super::v_widen::{wide, widening, widening_add, widening_first};
use crate::cpu;
use crate::fields::V;
use crate::helpers::float_lanes::FloatOp;
use crate::vector::active::{pack, put_bits};
use crate::vector::float::{arithmetic, has_arithmetic, map, masks, negated, quiet, signs, vector_rounding, widened};
use crate::vector::group::{self, NO_GROUP, Operand, is_legal, sources_fit, spares_mask};
use crate::vector::{Config, config, is_aligned};

instructions! {
    /// Single-width arithmetic.
    pub FLOAT: cpu::V;
    vfadd_vv   "000000 m ttttt sssss 001 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Add);
    vfadd_vf   "000000 m ttttt sssss 101 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Add);
    vfsub_vv   "000010 m ttttt sssss 001 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Sub);
    vfsub_vf   "000010 m ttttt sssss 101 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Sub);
    vfrsub_vf  "100111 m ttttt sssss 101 ddddd 1010111" |b, f: V| reversed(b, f, FloatOp::Sub);
    vfmul_vv   "100100 m ttttt sssss 001 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Mul);
    vfmul_vf   "100100 m ttttt sssss 101 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Mul);
    vfdiv_vv   "100000 m ttttt sssss 001 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Div);
    vfdiv_vf   "100000 m ttttt sssss 101 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Div);
    vfrdiv_vf  "100001 m ttttt sssss 101 ddddd 1010111" |b, f: V| reversed(b, f, FloatOp::Div);
    vfmin_vv   "000100 m ttttt sssss 001 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Min);
    vfmin_vf   "000100 m ttttt sssss 101 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Min);
    vfmax_vv   "000110 m ttttt sssss 001 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Max);
    vfmax_vf   "000110 m ttttt sssss 101 ddddd 1010111" |b, f: V| arith(b, f, FloatOp::Max);
    vfsqrt_v   "010011 m ttttt 00000 001 ddddd 1010111" |b, f: V| one(b, f, FloatOp::Sqrt);
    vfrsqrt7_v "010011 m ttttt 00100 001 ddddd 1010111" |b, f: V| one(b, f, FloatOp::Rsqrt7);
    vfrec7_v   "010011 m ttttt 00101 001 ddddd 1010111" |b, f: V| one(b, f, FloatOp::Rec7);
    vfclass_v  "010011 m ttttt 10000 001 ddddd 1010111" |b, f: V| one(b, f, FloatOp::Class);
}

instructions! {
    /// Products and sums, rounded once: the signs are those of product and addend.
    pub FUSED: cpu::V;
    vfmadd_vv  "101000 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Plus], Addend::Second);
    vfmadd_vf  "101000 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Plus], Addend::Second);
    vfnmadd_vv "101001 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Minus], Addend::Second);
    vfnmadd_vf "101001 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Minus], Addend::Second);
    vfmsub_vv  "101010 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Minus], Addend::Second);
    vfmsub_vf  "101010 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Minus], Addend::Second);
    vfnmsub_vv "101011 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Plus], Addend::Second);
    vfnmsub_vf "101011 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Plus], Addend::Second);
    vfmacc_vv  "101100 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Plus], Addend::Destination);
    vfmacc_vf  "101100 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Plus], Addend::Destination);
    vfnmacc_vv "101101 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Minus], Addend::Destination);
    vfnmacc_vf "101101 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Minus], Addend::Destination);
    vfmsac_vv  "101110 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Minus], Addend::Destination);
    vfmsac_vf  "101110 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Plus, Minus], Addend::Destination);
    vfnmsac_vv "101111 m ttttt sssss 001 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Plus], Addend::Destination);
    vfnmsac_vf "101111 m ttttt sssss 101 ddddd 1010111" |b, f: V| multiply_add(b, f, [Minus, Plus], Addend::Destination);
}

instructions! {
    /// Signs and moves.
    pub SIGNS: cpu::V;
    vfsgnj_vv   "001000 m ttttt sssss 001 ddddd 1010111" |b, f: V| sign(b, f, SignOf::Copied);
    vfsgnj_vf   "001000 m ttttt sssss 101 ddddd 1010111" |b, f: V| sign(b, f, SignOf::Copied);
    vfsgnjn_vv  "001001 m ttttt sssss 001 ddddd 1010111" |b, f: V| sign(b, f, SignOf::Opposite);
    vfsgnjn_vf  "001001 m ttttt sssss 101 ddddd 1010111" |b, f: V| sign(b, f, SignOf::Opposite);
    vfsgnjx_vv  "001010 m ttttt sssss 001 ddddd 1010111" |b, f: V| sign(b, f, SignOf::Product);
    vfsgnjx_vf  "001010 m ttttt sssss 101 ddddd 1010111" |b, f: V| sign(b, f, SignOf::Product);
    vfmerge_vfm "010111 0 ttttt sssss 101 ddddd 1010111" |b, f: V| merge(b, f, true);
    vfmv_v_f    "010111 1 00000 sssss 101 ddddd 1010111" |b, f: V| merge(b, f, false);
}

instructions! {
    /// Comparisons.
    pub FLOAT_COMPARE: cpu::V;
    vmfeq_vv "011000 m ttttt sssss 001 ddddd 1010111" |b, f: V| compare(b, f, Test::Eq);
    vmfeq_vf "011000 m ttttt sssss 101 ddddd 1010111" |b, f: V| compare(b, f, Test::Eq);
    vmfle_vv "011001 m ttttt sssss 001 ddddd 1010111" |b, f: V| compare(b, f, Test::Le);
    vmfle_vf "011001 m ttttt sssss 101 ddddd 1010111" |b, f: V| compare(b, f, Test::Le);
    vmflt_vv "011011 m ttttt sssss 001 ddddd 1010111" |b, f: V| compare(b, f, Test::Lt);
    vmflt_vf "011011 m ttttt sssss 101 ddddd 1010111" |b, f: V| compare(b, f, Test::Lt);
    vmfne_vv "011100 m ttttt sssss 001 ddddd 1010111" |b, f: V| compare(b, f, Test::Ne);
    vmfne_vf "011100 m ttttt sssss 101 ddddd 1010111" |b, f: V| compare(b, f, Test::Ne);
    vmfgt_vf "011101 m ttttt sssss 101 ddddd 1010111" |b, f: V| compare(b, f, Test::Gt);
    vmfge_vf "011111 m ttttt sssss 101 ddddd 1010111" |b, f: V| compare(b, f, Test::Ge);
}

instructions! {
    /// Sums and products twice as wide.
    pub FLOAT_WIDEN: cpu::V;
    vfwadd_vv   "110000 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen(b, f, FloatOp::Add);
    vfwadd_vf   "110000 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen(b, f, FloatOp::Add);
    vfwsub_vv   "110010 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen(b, f, FloatOp::Sub);
    vfwsub_vf   "110010 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen(b, f, FloatOp::Sub);
    vfwmul_vv   "111000 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen(b, f, FloatOp::Mul);
    vfwmul_vf   "111000 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen(b, f, FloatOp::Mul);
    vfwadd_wv   "110100 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen_first(b, f, FloatOp::Add);
    vfwadd_wf   "110100 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen_first(b, f, FloatOp::Add);
    vfwsub_wv   "110110 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen_first(b, f, FloatOp::Sub);
    vfwsub_wf   "110110 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen_first(b, f, FloatOp::Sub);
    vfwmacc_vv  "111100 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Plus, Plus]);
    vfwmacc_vf  "111100 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Plus, Plus]);
    vfwnmacc_vv "111101 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Minus, Minus]);
    vfwnmacc_vf "111101 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Minus, Minus]);
    vfwmsac_vv  "111110 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Plus, Minus]);
    vfwmsac_vf  "111110 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Plus, Minus]);
    vfwnmsac_vv "111111 m ttttt sssss 001 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Minus, Plus]);
    vfwnmsac_vf "111111 m ttttt sssss 101 ddddd 1010111" |b, f: V| widen_multiply_add(b, f, [Minus, Plus]);
}

/// The configuration and rounding of an instruction whose operands are all of one width.
fn begin(b: &mut Lower, f: V) -> Option<(Config, Round)> {
    let config = config(b)?;
    let round = vector_rounding(b).filter(|_| has_arithmetic(b, config.sew) && is_legal(f, &config));
    if round.is_none() {
        b.undefined();
    }
    round.map(|round| (config, round))
}

fn arith(b: &mut Lower, f: V, op: FloatOp) {
    let Some((config, round)) = begin(b, f) else { return };
    let (x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    map(b, &config, f, [&x, &y, &NO_GROUP], |b, lane, args| arithmetic(b, lane, op, round, args));
}

fn reversed(b: &mut Lower, f: V, op: FloatOp) {
    let Some((config, round)) = begin(b, f) else { return };
    let (x, y) = (group::first(b, f, &config), group::second(b, f, &config));
    map(b, &config, f, [&x, &y, &NO_GROUP], |b, lane, args| arithmetic(b, lane, op, round, args));
}

fn one(b: &mut Lower, f: V, op: FloatOp) {
    let Some(config) = config(b) else { return };
    let legal = sources_fit(f.masked, &[Operand(f.vs2, config.lmul, config.sew)])
        && spares_mask(f)
        && is_aligned(f.vd, config.lmul);
    let Some(round) = vector_rounding(b).filter(|_| legal && has_arithmetic(b, config.sew)) else {
        return b.undefined();
    };
    let x = group::second(b, f, &config);
    map(b, &config, f, [&x, &NO_GROUP, &NO_GROUP], |b, lane, args| arithmetic(b, lane, op, round, args));
}

/// vd = ± product ± addend.
fn multiply_add(b: &mut Lower, f: V, signs: [Sign; 2], addend: Addend) {
    let Some((config, round)) = begin(b, f) else { return };
    let (second, first) = (group::second(b, f, &config), group::first(b, f, &config));
    let old = group::read(b, f.vd, config.registers());
    let (factor, addend) = if addend == Addend::Second { (old, second) } else { (second, old) };
    map(b, &config, f, [&factor, &first, &addend], |b, lane, args| fused(b, lane, round, signs, args));
}

fn fused(b: &mut Lower, lane: Lane, round: Round, signs: [Sign; 2], [x, y, addend]: [Val; 3]) -> Val {
    let x = if signs[0] == Minus { negated(b, lane, x) } else { x };
    let addend = if signs[1] == Minus { negated(b, lane, addend) } else { addend };
    arithmetic(b, lane, FloatOp::MulAdd, round, [x, y, addend])
}

/// Where a sign comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SignOf {
    Copied,
    Opposite,
    Product,
}

/// vd = vs2 with a sign made of the first source's.
fn sign(b: &mut Lower, f: V, which: SignOf) {
    let Some((config, _)) = begin(b, f) else { return };
    let (mut x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let mask = signs(b, config.sew);
    for i in 0..config.registers() as usize {
        let source = if which == SignOf::Opposite { b.un(Op::Not, Ty::V128, y[i]) } else { y[i] };
        let sign = b.and(Ty::V128, source, mask);
        x[i] = match which {
            SignOf::Product => b.xor(Ty::V128, x[i], sign),
            _ => {
                let magnitude = b.bin(Op::AndNot, Ty::V128, x[i], mask);
                b.or(Ty::V128, magnitude, sign)
            }
        };
    }
    group::write(b, &config, f.masked, f.vd, &x);
}

/// vd = the scalar, where v0 is set or everywhere, else vs2.
fn merge(b: &mut Lower, f: V, by_mask: bool) {
    let Some(config) = config(b) else { return };
    let source = Operand(if by_mask { f.vs2 } else { f.vd }, config.lmul, config.sew);
    let legal = sources_fit(by_mask, &[source]) && is_aligned(f.vd, config.lmul) && !(by_mask && f.vd == 0);
    if !legal || !has_arithmetic(b, config.sew) || vector_rounding(b).is_none() {
        return b.undefined();
    }
    let result = chosen(b, f, &config, by_mask);
    group::write(b, &config, false, f.vd, &result);
}

/// A comparison of vs2 with the first source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Test {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Test {
    fn apply(self, b: &mut Lower, lane: Lane, x: Val, y: Val) -> Val {
        let (op, x, y) = match self {
            Test::Eq | Test::Ne => (Op::VFCmpEq, x, y),
            Test::Lt => (Op::VFCmpGt, y, x),
            Test::Le => (Op::VFCmpGe, y, x),
            Test::Gt => (Op::VFCmpGt, x, y),
            Test::Ge => (Op::VFCmpGe, x, y),
        };
        let holds = b.vbin(op, lane, x, y);
        if self == Test::Ne { b.un(Op::Not, Ty::V128, holds) } else { holds }
    }
}

fn compare(b: &mut Lower, f: V, test: Test) {
    let Some(config) = config(b) else { return };
    if !v_compare::is_legal(f, &config) || !has_arithmetic(b, config.sew) || vector_rounding(b).is_none() {
        return b.undefined();
    }
    let (mut x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let masks = masks(b, &config, f.masked);
    let count = config.registers() as usize;
    for i in 0..count {
        let (left, right) = (quiet(b, config.sew, masks[i], x[i]), quiet(b, config.sew, masks[i], y[i]));
        x[i] = test.apply(b, config.sew, left, right);
    }
    let bits = pack(b, config.sew, &x[..count]);
    put_bits(b, &config, f.masked, f.vd, bits);
}

/// Registers of the format twice as wide, quiet where inactive. They are widened exactly.
fn widened_group(b: &mut Lower, f: V, config: &Config, narrow: &group::Group) -> group::Group {
    let masks = masks(b, config, f.masked);
    let mut result = NO_GROUP;
    for i in 0..wide(config).map_or(0, |wide| wide.registers()) as usize {
        let val = quiet(b, config.sew, masks[i / 2], narrow[i / 2]);
        result[i] = widened(b, config.sew, val, i % 2 != 0);
    }
    result
}

/// The configurations and rounding of what widens.
fn begin_wide(b: &mut Lower, configs: Option<(Config, Config)>) -> Option<(Config, Config, Round)> {
    let (narrow, wide) = configs?;
    let round = vector_rounding(b).filter(|_| has_arithmetic(b, narrow.sew));
    if round.is_none() {
        b.undefined();
    }
    round.map(|round| (narrow, wide, round))
}

fn widen(b: &mut Lower, f: V, op: FloatOp) {
    let configs = widening(b, f);
    let Some((config, wide, round)) = begin_wide(b, configs) else { return };
    let (x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let (x, y) = (widened_group(b, f, &config, &x), widened_group(b, f, &config, &y));
    map(b, &wide, f, [&x, &y, &NO_GROUP], |b, lane, args| arithmetic(b, lane, op, round, args));
}

fn widen_first(b: &mut Lower, f: V, op: FloatOp) {
    let configs = widening_first(b, f);
    let Some((config, wide, round)) = begin_wide(b, configs) else { return };
    let (x, y) = (group::second(b, f, &wide), group::first(b, f, &config));
    let y = widened_group(b, f, &config, &y);
    map(b, &wide, f, [&x, &y, &NO_GROUP], |b, lane, args| arithmetic(b, lane, op, round, args));
}

fn widen_multiply_add(b: &mut Lower, f: V, signs: [Sign; 2]) {
    let configs = widening_add(b, f);
    let Some((config, wide, round)) = begin_wide(b, configs) else { return };
    let (x, y) = (group::second(b, f, &config), group::first(b, f, &config));
    let (x, y) = (widened_group(b, f, &config, &x), widened_group(b, f, &config, &y));
    let old = group::read(b, f.vd, wide.registers());
    map(b, &wide, f, [&x, &y, &old], |b, lane, args| fused(b, lane, round, signs, args));
}
