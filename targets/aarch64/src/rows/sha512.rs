//! SHA-512 (Arm ARM C4.1.96, "Cryptographic three-register SHA 512" and "two-register SHA 512"; FIPS 180-4, 4.1.3).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::crypto::rotate_right;
use super::loadstore_pair::{extract, pair};
use crate::cpu;
use crate::fields::Word;
use crate::state::v;

instructions! {
    /// SHA-512.
    pub SHA512: cpu::SHA512;
    sha512h   "11001110011 mmmmm 100000 nnnnn ddddd" |b, f: Word| choosing_rounds(b, f);
    sha512h2  "11001110011 mmmmm 100001 nnnnn ddddd" |b, f: Word| majority_rounds(b, f);
    sha512su1 "11001110011 mmmmm 100010 nnnnn ddddd" |b, f: Word| schedule1(b, f);
    sha512su0 "11001110110 00000 100000 nnnnn ddddd" |b, f: Word| schedule0(b, f);
}

/// SHA512H: the high half first, of which the low one is made.
fn choosing_rounds(b: &mut Lower, f: Word) {
    let [w, x, y] = halves(b, f);
    let high = choosing_round(b, [y[1], x[0], x[1]], w[1]);
    let next = b.add(Ty::I64, high, y[0]);
    let low = choosing_round(b, [next, y[1], x[0]], w[0]);
    finish(b, f, low, high);
}

/// SHA512H2
fn majority_rounds(b: &mut Lower, f: Word) {
    let [w, x, y] = halves(b, f);
    let high = majority_round(b, [y[0], y[1], x[0]], w[1]);
    let low = majority_round(b, [high, y[0], y[1]], w[0]);
    finish(b, f, low, high);
}

/// Ch(x, y, z) + Σ1(x) + w
fn choosing_round(b: &mut Lower, [x, y, z]: [Val; 3], w: Val) -> Val {
    let differ = b.xor(Ty::I64, y, z);
    let taken = b.and(Ty::I64, differ, x);
    let chosen = b.xor(Ty::I64, taken, z);
    add_rotations(b, chosen, x, [14, 18, 41], w)
}

/// Maj(x, y, z) + Σ0(x) + w
fn majority_round(b: &mut Lower, [x, y, z]: [Val; 3], w: Val) -> Val {
    let both = b.and(Ty::I64, y, z);
    let either = b.or(Ty::I64, y, z);
    let with_x = b.and(Ty::I64, x, either);
    let majority = b.or(Ty::I64, both, with_x);
    add_rotations(b, majority, x, [28, 34, 39], w)
}

/// `function` + Σ(x) + w, where Σ is the exclusive or of three rotations.
fn add_rotations(b: &mut Lower, function: Val, x: Val, amounts: [i64; 3], w: Val) -> Val {
    let [first, second, third] = amounts.map(|amount| b.bin_imm(Op::Ror, Ty::I64, x, amount));
    let rotated = b.xor(Ty::I64, first, second);
    let rotated = b.xor(Ty::I64, rotated, third);
    let sum = b.add(Ty::I64, function, rotated);
    b.add(Ty::I64, sum, w)
}

/// SHA512SU0: σ0 of the double-word behind each of Vd's.
fn schedule0(b: &mut Lower, f: Word) {
    let (w, x) = (b.get(v(f.rd())), b.get(v(f.rn())));
    let behind = b.op(Op::VExt, Ty::V128, 0, [w, x, Val::NONE], 8);
    let sum = small_sum(b, behind, [1, 8], 7);
    let result = b.vbin(Op::VAdd, Lane::D, w, sum);
    b.put(v(f.rd()), result);
}

/// SHA512SU1: σ1 of Vn.
fn schedule1(b: &mut Lower, f: Word) {
    let (w, x, y) = (b.get(v(f.rd())), b.get(v(f.rn())), b.get(v(f.rm())));
    let sum = small_sum(b, x, [19, 61], 6);
    let sum = b.vbin(Op::VAdd, Lane::D, sum, y);
    let result = b.vbin(Op::VAdd, Lane::D, w, sum);
    b.put(v(f.rd()), result);
}

/// σ0 or σ1 of each double-word: two rotations and a shift.
fn small_sum(b: &mut Lower, x: Val, [first, second]: [i64; 2], shift: i64) -> Val {
    let (first, second) = (rotate_right(b, x, first), rotate_right(b, x, second));
    let shifted = b.vimm(Op::VShrU, Lane::D, x, shift);
    let sum = b.xor(Ty::V128, first, second);
    b.xor(Ty::V128, sum, shifted)
}

/// The double-words of Vd, Vn and Vm, low ones first.
fn halves(b: &mut Lower, f: Word) -> [[Val; 2]; 3] {
    [f.rd(), f.rn(), f.rm()].map(|number| {
        let vector = b.get(v(number));
        [extract(b, vector, 0), extract(b, vector, 1)]
    })
}

fn finish(b: &mut Lower, f: Word, low: Val, high: Val) {
    let result = pair(b, low, high);
    b.put(v(f.rd()), result);
}
