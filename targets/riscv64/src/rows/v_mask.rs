//! V: instructions on masks (unprivileged ISA, chapter V, vector mask instructions).

use ir::{Icond, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::V;
use crate::helpers;
use crate::regs::Regs;
use crate::state::v;
use crate::vector::active::{Active, halves, join, put_bits};
use crate::vector::group::{self, NO_GROUP, spares_mask};
use crate::vector::{config, constant, is_aligned, overlap};

instructions! {
    /// Logic, which knows no mask of its own.
    pub LOGIC: cpu::V;
    vmandn_mm "011000 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| b.bin(Op::AndNot, Ty::V128, x, y));
    vmand_mm  "011001 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| b.and(Ty::V128, x, y));
    vmor_mm   "011010 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| b.or(Ty::V128, x, y));
    vmxor_mm  "011011 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| b.xor(Ty::V128, x, y));
    vmorn_mm  "011100 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| inverted(b, Op::AndNot, y, x));
    vmnand_mm "011101 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| inverted(b, Op::And, x, y));
    vmnor_mm  "011110 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| inverted(b, Op::Or, x, y));
    vmxnor_mm "011111 1 ttttt sssss 010 ddddd 1010111" |b, f: V| logic(b, f, |b, x, y| inverted(b, Op::Xor, x, y));
}

instructions! {
    /// Counting and finding set bits; numbering elements.
    pub BITS: cpu::V;
    vcpop_m  "010000 m ttttt 10000 010 ddddd 1010111" |b, f: V| count(b, f);
    vfirst_m "010000 m ttttt 10001 010 ddddd 1010111" |b, f: V| find(b, f);
    vmsbf_m  "010100 m ttttt 00001 010 ddddd 1010111" |b, f: V| up_to_first(b, f, First::Before);
    vmsof_m  "010100 m ttttt 00010 010 ddddd 1010111" |b, f: V| up_to_first(b, f, First::Only);
    vmsif_m  "010100 m ttttt 00011 010 ddddd 1010111" |b, f: V| up_to_first(b, f, First::Including);
    viota_m  "010100 m ttttt 10000 010 ddddd 1010111" |b, f: V| iota(b, f);
    vid_v    "010100 m 00000 10001 010 ddddd 1010111" |b, f: V| numbers(b, f);
}

fn inverted(b: &mut Lower, op: Op, x: Val, y: Val) -> Val {
    let val = b.bin(op, Ty::V128, x, y);
    b.un(Op::Not, Ty::V128, val)
}

fn logic(b: &mut Lower, f: V, op: impl Fn(&mut Lower, Val, Val) -> Val) {
    let Some(config) = config(b) else { return };
    let (x, y) = (b.get(v(f.vs2)), b.get(v(f.vs1)));
    let bits = op(b, x, y);
    put_bits(b, &config, false, f.vd, bits);
}

/// The bits of vs2 whose elements are active.
fn active_bits(b: &mut Lower, f: V) -> Option<[Val; 2]> {
    let config = config(b)?;
    let active = Active::new(&config, f.masked).bits(b);
    let source = halves(b, v(f.vs2));
    Some([0, 1].map(|i| b.and(Ty::I64, source[i], active[i])))
}

fn count(b: &mut Lower, f: V) {
    let Some(bits) = active_bits(b, f) else { return };
    let [low, high] = bits.map(|word| b.un(Op::Popcnt, Ty::I64, word));
    let sum = b.add(Ty::I64, low, high);
    b.set_x(f.vd, sum);
}

/// The number of the first, or -1.
fn find(b: &mut Lower, f: V) {
    let Some([low, high]) = active_bits(b, f) else { return };
    let (zero, none) = (b.i64(0), b.i64(-1));
    let [in_low, in_high] = [low, high].map(|word| b.un(Op::Ctz, Ty::I64, word));
    let in_high = b.bin_imm(Op::Add, Ty::I64, in_high, 64);
    let high_has = b.icmp(Icond::Ne, Ty::I64, high, zero);
    let number = b.select(Ty::I64, high_has, in_high, none);
    let low_has = b.icmp(Icond::Ne, Ty::I64, low, zero);
    let number = b.select(Ty::I64, low_has, in_low, number);
    b.set_x(f.vd, number);
}

/// Which bits are set around the first set one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum First {
    Before,
    Only,
    Including,
}

impl First {
    /// In a word; all or nothing where none is set.
    fn apply(self, b: &mut Lower, word: Val) -> Val {
        match self {
            First::Before => {
                let less = b.bin_imm(Op::Add, Ty::I64, word, -1);
                b.bin(Op::AndNot, Ty::I64, less, word)
            }
            First::Only => {
                let negated = b.un(Op::Neg, Ty::I64, word);
                b.and(Ty::I64, word, negated)
            }
            First::Including => {
                let less = b.bin_imm(Op::Add, Ty::I64, word, -1);
                b.xor(Ty::I64, word, less)
            }
        }
    }
}

fn up_to_first(b: &mut Lower, f: V, which: First) {
    if f.vd == f.vs2 || !spares_mask(f) {
        return b.undefined();
    }
    let Some([low, high]) = active_bits(b, f) else { return };
    let Some(config) = config(b) else { return };
    let zero = b.i64(0);
    let low_has = b.icmp(Icond::Ne, Ty::I64, low, zero);
    let [in_low, in_high] = [low, high].map(|word| which.apply(b, word));
    let in_high = b.select(Ty::I64, low_has, zero, in_high);
    let bits = join(b, [in_low, in_high]);
    put_bits(b, &config, f.masked, f.vd, bits);
}

/// vd = the number of set and active bits before each element.
fn iota(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    let clear = !overlap(f.vd, config.registers(), f.vs2, 1);
    if !is_aligned(f.vd, config.lmul) || !spares_mask(f) || !clear {
        return b.undefined();
    }
    let Some(bits) = active_bits(b, f) else { return };
    let bits = join(b, bits);
    let mut result = NO_GROUP;
    for i in 0..config.registers() {
        let first = i64::from(i * config.sew.count());
        let constant = config.sew as i64 | first << 8;
        result[i as usize] = b.call_vec(helpers::IOTA, Ty::V128, [bits, Val::NONE, Val::NONE], constant);
    }
    group::write(b, &config, f.masked, f.vd, &result);
}

fn numbers(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    if !is_aligned(f.vd, config.lmul) || !spares_mask(f) {
        return b.undefined();
    }
    let mut result = NO_GROUP;
    for i in 0..config.registers() {
        result[i as usize] = constant::numbers(b, config.sew, i * config.sew.count());
    }
    group::write(b, &config, f.masked, f.vd, &result);
}
