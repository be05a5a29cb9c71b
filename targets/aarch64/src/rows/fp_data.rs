//! Floating-point data-processing with one, two and three sources, moves and selects (Arm ARM C4.1.96).

use ir::{Lane, Op, Round, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::float::{constant, get, precision, set};
use crate::helpers::{self, fp_round};
use crate::state::NZCV;
use crate::vector::Shape;

instructions! {
    /// Single and double precision.
    pub ROWS: cpu::FP;
    fmov     "00011110 0t1 000000 10000 nnnnn ddddd" |b, f: Word| one(b, f, |_, _, n| n);
    fabs     "00011110 0t1 000001 10000 nnnnn ddddd" |b, f: Word| one(b, f, |b, ty, n| b.un(Op::FAbs, ty, n));
    fneg     "00011110 0t1 000010 10000 nnnnn ddddd" |b, f: Word| one(b, f, |b, ty, n| b.un(Op::FNeg, ty, n));
    fsqrt    "00011110 0t1 000011 10000 nnnnn ddddd" |b, f: Word| one(b, f, |b, ty, n| b.un(Op::FSqrt, ty, n));
    frintn   "00011110 0t1 001000 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestEven, false);
    frintp   "00011110 0t1 001001 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Up, false);
    frintm   "00011110 0t1 001010 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Down, false);
    frintz   "00011110 0t1 001011 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Zero, false);
    frinta   "00011110 0t1 001100 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::NearestAway, false);
    frintx   "00011110 0t1 001110 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, true);
    frinti   "00011110 0t1 001111 10000 nnnnn ddddd" |b, f: Word| round(b, f, Round::Dynamic, false);

    fmul     "00011110 0t1 mmmmm 0000 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FMul);
    fdiv     "00011110 0t1 mmmmm 0001 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FDiv);
    fadd     "00011110 0t1 mmmmm 0010 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FAdd);
    fsub     "00011110 0t1 mmmmm 0011 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FSub);
    fmax     "00011110 0t1 mmmmm 0100 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FMax);
    fmin     "00011110 0t1 mmmmm 0101 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FMin);
    fmaxnm   "00011110 0t1 mmmmm 0110 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FMaxNum);
    fminnm   "00011110 0t1 mmmmm 0111 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::FMinNum);
    fnmul    "00011110 0t1 mmmmm 1000 10 nnnnn ddddd" |b, f: Word| negated_product(b, f);

    fmadd    "00011111 0t0 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, false, false);
    fmsub    "00011111 0t0 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, false, true);
    fnmadd   "00011111 0t1 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, true, true);
    fnmsub   "00011111 0t1 mmmmm 1 aaaaa nnnnn ddddd" |b, f: Word| three(b, f, true, false);

    fmov_imm "00011110 0t1 iiiiiiii 100 00000 ddddd" |b, f: Word| immediate(b, f);
    fcsel    "00011110 0t1 mmmmm cccc 11 nnnnn ddddd" |b, f: Word| conditional_select(b, f);
}

instructions! {
    /// FEAT_FRINTTS: to an integral value that fits 32 or 64 bits.
    pub INT_RANGE: cpu::FRINT;
    frint32z "00011110 0t1 010000 10000 nnnnn ddddd" |b, f: Word| round_in_range(b, f, fp_round::TO_32);
    frint32x "00011110 0t1 010001 10000 nnnnn ddddd" |b, f: Word| round_in_range(b, f, fp_round::TO_32 | fp_round::DYNAMIC);
    frint64z "00011110 0t1 010010 10000 nnnnn ddddd" |b, f: Word| round_in_range(b, f, 0);
    frint64x "00011110 0t1 010011 10000 nnnnn ddddd" |b, f: Word| round_in_range(b, f, fp_round::DYNAMIC);
}

fn one(b: &mut Lower, f: Word, op: impl FnOnce(&mut Lower, Ty, Val) -> Val) {
    let ty = precision(f);
    let n = get(b, ty, f.rn());
    let result = op(b, ty, n);
    set(b, ty, f.rd(), result);
}

fn round(b: &mut Lower, f: Word, mode: Round, exact: bool) {
    one(b, f, |b, ty, n| b.fround(Op::FRound, ty, mode, n, exact as i64));
}

fn round_in_range(b: &mut Lower, f: Word, kind: i64) {
    let lane = if f.bit(22) { Lane::D } else { Lane::S };
    one(b, f, |b, ty, n| {
        let request = helpers::request(b, Shape::Scalar, lane, kind);
        b.call_vec(helpers::FRINT_RANGE, ty, [n, Val::NONE, Val::NONE], request)
    });
}

fn two(b: &mut Lower, f: Word, op: Op) {
    let ty = precision(f);
    let (n, m) = (get(b, ty, f.rn()), get(b, ty, f.rm()));
    let result = b.bin(op, ty, n, m);
    set(b, ty, f.rd(), result);
}

fn negated_product(b: &mut Lower, f: Word) {
    let ty = precision(f);
    let (n, m) = (get(b, ty, f.rn()), get(b, ty, f.rm()));
    let product = b.bin(Op::FMul, ty, n, m);
    let result = b.un(Op::FNeg, ty, product);
    set(b, ty, f.rd(), result);
}

/// Fused multiply-add; operands are negated before, NaNs too, as the manual does.
fn three(b: &mut Lower, f: Word, negate_addend: bool, negate_product: bool) {
    let ty = precision(f);
    let (mut n, m, mut a) = (get(b, ty, f.rn()), get(b, ty, f.rm()), get(b, ty, f.ra()));
    if negate_addend {
        a = b.un(Op::FNeg, ty, a);
    }
    if negate_product {
        n = b.un(Op::FNeg, ty, n);
    }
    let result = b.tern(Op::FMulAdd, ty, n, m, a);
    set(b, ty, f.rd(), result);
}

fn immediate(b: &mut Lower, f: Word) {
    let (ty, imm8) = (precision(f), f.bits(13, 8));
    let bits = if ty == Ty::F64 { expand_f64(imm8) } else { expand_f32(imm8) as u64 };
    let value = constant(b, ty, bits);
    set(b, ty, f.rd(), value);
}

fn conditional_select(b: &mut Lower, f: Word) {
    let ty = precision(f);
    let (n, m) = (get(b, ty, f.rn()), get(b, ty, f.rm()));
    let flags = b.get(NZCV);
    let holds = b.cond(f.cond(), flags);
    let result = b.select(ty, holds, n, m);
    set(b, ty, f.rd(), result);
}

/// The double that an 8-bit immediate stands for (Arm ARM, VFPExpandImm).
pub const fn expand_f64(imm8: u32) -> u64 {
    let (sign, b6) = ((imm8 >> 7 & 1) as u64, imm8 >> 6 & 1);
    let exponent = if b6 == 0 { 0x400 } else { 0x3fc } | (imm8 >> 4 & 3) as u64;
    sign << 63 | exponent << 52 | (imm8 as u64 & 15) << 48
}

/// The single that an 8-bit immediate stands for.
pub const fn expand_f32(imm8: u32) -> u32 {
    let (sign, b6) = (imm8 >> 7 & 1, imm8 >> 6 & 1);
    let exponent = if b6 == 0 { 0x80 } else { 0x7c } | imm8 >> 4 & 3;
    sign << 31 | exponent << 23 | (imm8 & 15) << 19
}

/// The half that an 8-bit immediate stands for.
pub const fn expand_f16(imm8: u32) -> u16 {
    let (sign, b6) = (imm8 >> 7 & 1, imm8 >> 6 & 1);
    let exponent = if b6 == 0 { 0x10 } else { 0xc } | imm8 >> 4 & 3;
    (sign << 15 | exponent << 10 | (imm8 & 15) << 6) as u16
}

#[cfg(test)]
mod tests {
    use super::{expand_f16, expand_f32, expand_f64};

    #[test]
    fn immediates_expand() {
        for imm8 in 0..256 {
            let sign = if imm8 & 128 != 0 { -1.0 } else { 1.0 };
            let power = [1, 2, 3, 4, -3, -2, -1, 0][(imm8 >> 4 & 7) as usize];
            let value = sign * (1.0 + (imm8 & 15) as f64 / 16.0) * 2f64.powi(power);
            assert_eq!(f64::from_bits(expand_f64(imm8)), value);
            assert_eq!(f32::from_bits(expand_f32(imm8)) as f64, value);
            assert_eq!(((expand_f16(imm8) >> 10 & 31) as i32 - 15), power);
        }
    }
}
