//! Zfbfmin: BFloat16 as a format to keep numbers in (unprivileged ISA, chapter BF16). Its numbers are boxed as half precision's
//! are, and stored and moved by the same instructions.

use ir::{Icond, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::F;
use crate::float::{Fmt, Fregs, rounding, vector};
use crate::vector::{bfloat, lanes};

instructions! {
    /// Converting.
    pub ZFBFMIN: cpu::ZFBFMIN;
    fcvt_s_bf16 "0100000 00110 sssss mmm ddddd 1010011" |b, f: F| to_single(b, f);
    fcvt_bf16_s "0100010 01000 sssss mmm ddddd 1010011" |b, f: F| from_single(b, f);
}

/// The low 16 bits of an i64: the number in f`n`, or the canonical NaN where none is boxed there.
pub fn number(b: &mut Lower, n: u32) -> Val {
    const CANONICAL_NAN: i64 = 0x7fc0;
    let raw = b.raw(n);
    if b.known(Fmt::H, n).is_some() {
        return raw;
    }
    let (above, boxing, nan) = (b.bin_imm(Op::Sar, Ty::I64, raw, 16), b.i64(-1), b.i64(CANONICAL_NAN));
    let boxed = b.icmp(Icond::Eq, Ty::I64, above, boxing);
    b.select(Ty::I64, boxed, raw, nan)
}

/// Exact; a product with one quiets NaNs.
fn to_single(b: &mut Lower, f: F) {
    if rounding(b, f.rm).is_none() {
        return b.undefined();
    }
    let number = number(b, f.rs1);
    let word = b.trunc(number);
    let word = b.bin_imm(Op::Shl, Ty::I32, word, 16);
    let (single, one) = (b.un(Op::Bitcast, Ty::F32, word), b.i32(bfloat::ONE as i32));
    let one = b.un(Op::Bitcast, Ty::F32, one);
    let single = b.bin(Op::FMul, Ty::F32, single, one);
    b.set_f(Fmt::S, f.rd, single);
}

/// As the lowest lane of a vector: above it is the box, a NaN that raises nothing.
fn from_single(b: &mut Lower, f: F) {
    let Some(round) = rounding(b, f.rm) else { return b.undefined() };
    let boxed = b.boxed(Fmt::S, f.rs1);
    let lane = vector(b, boxed);
    let narrow = bfloat::from_single(b, round, lane);
    let bits = lanes::extract(b, Op::VExtractU, Lane::H, narrow, 0);
    b.set_bits(Fmt::H, f.rd, bits);
}
