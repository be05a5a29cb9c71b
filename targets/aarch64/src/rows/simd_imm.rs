//! Advanced SIMD modified immediate (Arm ARM C4.1.96).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::fp_data::{expand_f32, expand_f64};
use crate::cpu;
use crate::fields::Word;
use crate::state::v;
use crate::vector::{from_i64, put, replicate, zero};

instructions! {
    /// Moves and bitwise operations with a constant.
    pub ROWS: cpu::ASIMD;
    movi_32    "0q0 0111100000 iii 0ss0 01 iiiii ddddd" |b, f: Word| set(b, f, words(f));
    movi_16    "0q0 0111100000 iii 10s0 01 iiiii ddddd" |b, f: Word| set(b, f, half_words(f));
    movi_ones  "0q0 0111100000 iii 110s 01 iiiii ddddd" |b, f: Word| set(b, f, shifted_ones(f));
    movi_8     "0q0 0111100000 iii 1110 01 iiiii ddddd" |b, f: Word| set(b, f, replicate(Lane::B, imm8(f)));
    movi_64    "0q1 0111100000 iii 1110 01 iiiii ddddd" |b, f: Word| set(b, f, byte_mask(f));
    mvni_32    "0q1 0111100000 iii 0ss0 01 iiiii ddddd" |b, f: Word| set(b, f, !words(f));
    mvni_16    "0q1 0111100000 iii 10s0 01 iiiii ddddd" |b, f: Word| set(b, f, !half_words(f));
    mvni_ones  "0q1 0111100000 iii 110s 01 iiiii ddddd" |b, f: Word| set(b, f, !shifted_ones(f));
    orr_imm_32 "0q0 0111100000 iii 0ss1 01 iiiii ddddd" |b, f: Word| modify(b, f, Op::Or, words(f));
    orr_imm_16 "0q0 0111100000 iii 10s1 01 iiiii ddddd" |b, f: Word| modify(b, f, Op::Or, half_words(f));
    bic_imm_32 "0q1 0111100000 iii 0ss1 01 iiiii ddddd" |b, f: Word| modify(b, f, Op::AndNot, words(f));
    bic_imm_16 "0q1 0111100000 iii 10s1 01 iiiii ddddd" |b, f: Word| modify(b, f, Op::AndNot, half_words(f));
    fmov_imm_s "0q0 0111100000 iii 1111 01 iiiii ddddd" |b, f: Word| set(b, f, replicate(Lane::S, expand_f32(imm8(f) as u32) as u64));
    fmov_imm_d "011 0111100000 iii 1111 01 iiiii ddddd" |b, f: Word| set(b, f, expand_f64(imm8(f) as u32));
}

/// The eight bits a to h.
pub fn imm8(f: Word) -> u64 {
    (f.bits(16, 3) << 5 | f.bits(5, 5)) as u64
}

/// cmode 0xx: words, shifted left by bytes.
fn words(f: Word) -> u64 {
    replicate(Lane::S, imm8(f) << (8 * f.bits(13, 2)))
}

/// cmode 10x: half-words, shifted left by bytes.
fn half_words(f: Word) -> u64 {
    replicate(Lane::H, imm8(f) << (8 * f.bits(13, 1)))
}

/// cmode 110x: words, ones shifted in.
fn shifted_ones(f: Word) -> u64 {
    let shift = 8 << f.bits(12, 1);
    replicate(Lane::S, imm8(f) << shift | ((1 << shift) - 1))
}

/// Each bit of the immediate stands for a byte.
fn byte_mask(f: Word) -> u64 {
    (0..8).filter(|bit| imm8(f) >> bit & 1 != 0).fold(0, |mask, byte| mask | 0xff << (8 * byte))
}

/// Sets both halves of Vd, or the low one.
pub fn set(b: &mut Lower, f: Word, value: u64) {
    let result = match (value, f.q()) {
        (0, _) => zero(b),
        (_, true) => b.vconst(value),
        (_, false) => {
            let value = b.i64(value as i64);
            from_i64(b, value)
        }
    };
    b.put(v(f.rd()), result);
}

fn modify(b: &mut Lower, f: Word, op: Op, value: u64) {
    let (d, mask): (Val, Val) = (b.get(v(f.rd())), b.vconst(value));
    let result = b.bin(op, Ty::V128, d, mask);
    put(b, f, Lane::D, result);
}
