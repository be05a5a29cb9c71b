//! Zvksh: the hash SM3 (unprivileged ISA, vector cryptography extensions; GB/T 32905). Elements come in groups of eight, which
//! are two registers; their bytes are in the order of the message, the most significant one first.

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::V;
use crate::state::v;
use crate::vector::group::{self, NO_GROUP};
use crate::vector::{Config, grouped_config, is_aligned, overlap};

instructions! {
    /// SM3.
    pub ZVKSH: cpu::ZVKSH;
    vsm3me_vv "100000 1 ttttt sssss 010 ddddd 1110111" |b, f: V| schedule(b, f);
    vsm3c_vi  "101011 1 ttttt sssss 010 ddddd 1110111" |b, f: V| compress(b, f);
}

/// Words of a group.
type Words = [Val; 8];

/// The configuration, where the instruction is legal with these registers: the second source is no part of the destination.
fn begin(b: &mut Lower, f: V, registers: &[u32]) -> Option<Config> {
    let config = grouped_config(b, 8)?;
    let count = config.registers();
    let fit =
        registers.iter().all(|&register| is_aligned(register, config.lmul)) && !overlap(f.vd, count, f.vs2, count);
    let legal = config.sew == Lane::S && config.lmul >= 1 && fit;
    if !legal {
        b.undefined();
    }
    legal.then_some(config)
}

/// The words in the two registers from v`n` on.
fn words(b: &mut Lower, n: u32) -> Words {
    std::array::from_fn(|i| {
        let register = b.get(v(n + i as u32 / 4));
        let word = b.op(Op::VExtractU, Ty::I32, Lane::S as u8, [register, Val::NONE, Val::NONE], i as i64 % 4);
        b.un(Op::Bswap, Ty::I32, word)
    })
}

/// Two registers of words.
fn registers(b: &mut Lower, words: Words) -> [Val; 2] {
    [0, 4].map(|first| {
        let mut register = b.vconst(0);
        for i in 0..4 {
            let word = b.un(Op::Bswap, Ty::I32, words[first + i]);
            let word = b.zext32(word);
            register = b.op(Op::VInsert, Ty::V128, Lane::S as u8, [register, word, Val::NONE], i as i64);
        }
        register
    })
}

fn rotated(b: &mut Lower, word: Val, left: u32) -> Val {
    b.bin_imm(Op::Ror, Ty::I32, word, i64::from((32 - left % 32) % 32))
}

fn xor3(b: &mut Lower, x: Val, y: Val, z: Val) -> Val {
    let both = b.xor(Ty::I32, x, y);
    b.xor(Ty::I32, both, z)
}

/// The word and two rotations of it: the permutations P0 (9, 17) and P1 (15, 23).
fn permuted(b: &mut Lower, word: Val, [first, second]: [u32; 2]) -> Val {
    let (first, second) = (rotated(b, word, first), rotated(b, word, second));
    xor3(b, word, first, second)
}

/// vsm3me: the next eight words of the message schedule of sixteen (GB/T 32905, 5.3.2).
fn schedule(b: &mut Lower, f: V) {
    let Some(config) = begin(b, f, &[f.vd, f.vs1, f.vs2]) else { return };
    let mut result = NO_GROUP;
    for i in (0..config.registers()).step_by(2) {
        let mut w = [Val::NONE; 24];
        w[..8].copy_from_slice(&words(b, f.vs1 + i));
        w[8..16].copy_from_slice(&words(b, f.vs2 + i));
        for n in 16..24 {
            let third = rotated(b, w[n - 3], 15);
            let sum = xor3(b, w[n - 16], w[n - 9], third);
            let permuted = permuted(b, sum, [15, 23]);
            let thirteenth = rotated(b, w[n - 13], 7);
            w[n] = xor3(b, permuted, thirteenth, w[n - 6]);
        }
        let new = std::array::from_fn(|n| w[16 + n]);
        let at = i as usize;
        [result[at], result[at + 1]] = registers(b, new);
    }
    group::write(b, &config, false, f.vd, &result);
}

/// vsm3c: two rounds of the compression of vd, with the words 0, 1, 4 and 5 of vs2 (GB/T 32905, 5.3.3).
fn compress(b: &mut Lower, f: V) {
    let Some(config) = begin(b, f, &[f.vd, f.vs2]) else { return };
    let mut result = NO_GROUP;
    for i in (0..config.registers()).step_by(2) {
        let (mut state, w) = (words(b, f.vd + i), words(b, f.vs2 + i));
        for n in 0..2 {
            state = round(b, state, 2 * f.vs1 + n, w[n as usize], w[n as usize + 4]);
        }
        let at = i as usize;
        [result[at], result[at + 1]] = registers(b, state);
    }
    group::write(b, &config, false, f.vd, &result);
}

/// Round `number` with its word and the word of four rounds later.
fn round(b: &mut Lower, state: Words, number: u32, word: Val, later: Val) -> Words {
    let [a, second, c, d, e, f, g, h] = state;
    let early = number < 16;
    let constant: u32 = if early { 0x79cc_4519 } else { 0x7a87_9d8a };
    let constant = b.i32(constant.rotate_left(number % 32) as i32);
    let turned = rotated(b, a, 12);
    let sum = b.add(Ty::I32, turned, e);
    let sum = b.add(Ty::I32, sum, constant);
    let ss1 = rotated(b, sum, 7);
    let ss2 = b.xor(Ty::I32, ss1, turned);
    let (ff, gg) = match early {
        true => (xor3(b, a, second, c), xor3(b, e, f, g)),
        false => (majority(b, a, second, c), chosen(b, e, f, g)),
    };
    let word_sum = b.xor(Ty::I32, word, later);
    let total =
        |b: &mut Lower, parts: [Val; 4]| parts[1..].iter().fold(parts[0], |sum, &part| b.add(Ty::I32, sum, part));
    let (tt1, tt2) = (total(b, [ff, d, ss2, word_sum]), total(b, [gg, h, ss1, word]));
    let (new_c, new_g) = (rotated(b, second, 9), rotated(b, f, 19));
    let new_e = permuted(b, tt2, [9, 17]);
    [tt1, a, new_c, c, new_e, e, new_g, g]
}

fn majority(b: &mut Lower, x: Val, y: Val, z: Val) -> Val {
    let (both, either) = (b.and(Ty::I32, x, y), b.or(Ty::I32, x, y));
    let third = b.and(Ty::I32, z, either);
    b.or(Ty::I32, both, third)
}

fn chosen(b: &mut Lower, x: Val, y: Val, z: Val) -> Val {
    let differ = b.xor(Ty::I32, y, z);
    let taken = b.and(Ty::I32, differ, x);
    b.xor(Ty::I32, taken, z)
}
