//! Zvkned, Zvksed, Zvknha, Zvknhb and Zvkg: AES, SM4, SHA-2 and GHASH (unprivileged ISA, vector cryptography extensions).
//! Elements come in groups of four, which are a register each, or with SHA-512 two.

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::V;
use crate::helpers;
use crate::state::v;
use crate::vector::active::join;
use crate::vector::group::{self, NO_GROUP, Operand, sources_fit};
use crate::vector::lanes::extract;
use crate::vector::{Config, constant, grouped_config, is_aligned, overlap};

instructions! {
    /// AES: the round keys are as many as the states, or one for all.
    pub ZVKNED: cpu::ZVKNED;
    vaesdm_vv  "101000 1 ttttt 00000 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::Each, decrypt_middle);
    vaesdf_vv  "101000 1 ttttt 00001 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::Each, decrypt_final);
    vaesem_vv  "101000 1 ttttt 00010 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::Each, encrypt_middle);
    vaesef_vv  "101000 1 ttttt 00011 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::Each, encrypt_final);
    vaesdm_vs  "101001 1 ttttt 00000 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::One, decrypt_middle);
    vaesdf_vs  "101001 1 ttttt 00001 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::One, decrypt_final);
    vaesem_vs  "101001 1 ttttt 00010 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::One, encrypt_middle);
    vaesef_vs  "101001 1 ttttt 00011 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::One, encrypt_final);
    vaesz_vs   "101001 1 ttttt 00111 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::One, |b, state, key| b.xor(Ty::V128, state, key));
    vaeskf1_vi "100010 1 ttttt sssss 010 ddddd 1110111" |b, f: V| key_schedule(b, f, schedule_128);
    vaeskf2_vi "101010 1 ttttt sssss 010 ddddd 1110111" |b, f: V| key_schedule(b, f, schedule_256);
}

instructions! {
    /// SM4.
    pub ZVKSED: cpu::ZVKSED;
    vsm4k_vi "100001 1 ttttt sssss 010 ddddd 1110111" |b, f: V| key_schedule(b, f, schedule_sm4);
    vsm4r_vv "101000 1 ttttt 10000 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::Each, sm4_rounds);
    vsm4r_vs "101001 1 ttttt 10000 010 ddddd 1110111" |b, f: V| cipher(b, f, Keys::One, sm4_rounds);
}

instructions! {
    /// SHA-256, and with elements of 64 bits SHA-512, which is Zvknhb's.
    pub ZVKNHA: cpu::ZVKNHA;
    vsha2ms_vv "101101 1 ttttt sssss 010 ddddd 1110111" |b, f: V| hash(b, f, schedule_256_bits, schedule);
    vsha2ch_vv "101110 1 ttttt sssss 010 ddddd 1110111" |b, f: V| rounds(b, f, 1);
    vsha2cl_vv "101111 1 ttttt sssss 010 ddddd 1110111" |b, f: V| rounds(b, f, 0);
}

instructions! {
    /// GHASH.
    pub ZVKG: cpu::ZVKG;
    vghsh_vv "101100 1 ttttt sssss 010 ddddd 1110111" |b, f: V| ghash(b, f, true);
    vgmul_vv "101000 1 ttttt 10001 010 ddddd 1110111" |b, f: V| ghash(b, f, false);
}

/// The configuration of an instruction on groups of four elements of 32 bits: all are whole.
fn begin(b: &mut Lower, sources: impl Fn(&Config) -> bool, vd: u32) -> Option<Config> {
    let config = grouped_config(b, 4)?;
    let legal = config.sew == Lane::S && config.lmul >= 0 && is_aligned(vd, config.lmul) && sources(&config);
    if !legal {
        b.undefined();
    }
    legal.then_some(config)
}

/// Where round keys are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Keys {
    Each,
    One,
}

fn cipher(b: &mut Lower, f: V, keys: Keys, step: impl Fn(&mut Lower, Val, Val) -> Val) {
    let sources = |config: &Config| match keys {
        Keys::Each => is_aligned(f.vs2, config.lmul),
        Keys::One => !overlap(f.vd, config.registers(), f.vs2, 1),
    };
    let Some(config) = begin(b, sources, f.vd) else { return };
    let mut states = group::read(b, f.vd, config.registers());
    for (i, state) in (0..config.registers()).zip(&mut states) {
        let key = b.get(v(f.vs2 + if keys == Keys::Each { i } else { 0 }));
        *state = step(b, *state, key);
    }
    group::write(b, &config, false, f.vd, &states);
}

fn encrypt_final(b: &mut Lower, state: Val, key: Val) -> Val {
    let substituted = b.un(Op::AesSub, Ty::V128, state);
    b.xor(Ty::V128, substituted, key)
}

fn encrypt_middle(b: &mut Lower, state: Val, key: Val) -> Val {
    let substituted = b.un(Op::AesSub, Ty::V128, state);
    let mixed = b.un(Op::AesMix, Ty::V128, substituted);
    b.xor(Ty::V128, mixed, key)
}

fn decrypt_final(b: &mut Lower, state: Val, key: Val) -> Val {
    let substituted = b.un(Op::AesInvSub, Ty::V128, state);
    b.xor(Ty::V128, substituted, key)
}

fn decrypt_middle(b: &mut Lower, state: Val, key: Val) -> Val {
    let keyed = decrypt_final(b, state, key);
    b.un(Op::AesInvMix, Ty::V128, keyed)
}

/// The key of the next round: of the present one, the one before, and the round's number.
fn key_schedule(b: &mut Lower, f: V, next: impl Fn(&mut Lower, Val, Val, u32) -> Val) {
    let Some(config) = begin(b, |config| is_aligned(f.vs2, config.lmul), f.vd) else { return };
    let (present, mut keys) = (group::second(b, f, &config), group::read(b, f.vd, config.registers()));
    for i in 0..config.registers() as usize {
        keys[i] = next(b, present[i], keys[i], f.vs1 & 15);
    }
    group::write(b, &config, false, f.vd, &keys);
}

fn sm4_rounds(b: &mut Lower, state: Val, keys: Val) -> Val {
    b.call_vec(helpers::VSM4R, Ty::V128, [state, keys, Val::NONE], 0)
}

fn schedule_sm4(b: &mut Lower, present: Val, _: Val, number: u32) -> Val {
    b.call_vec(helpers::VSM4K, Ty::V128, [present, Val::NONE, Val::NONE], i64::from(number & 7))
}

const ROUND_CONSTANTS: [u64; 10] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];

/// A number out of range has its top bit flipped.
const fn in_range(number: u32, least: u32, most: u32) -> u32 {
    if number < least || number > most { number ^ 8 } else { number }
}

fn schedule_128(b: &mut Lower, present: Val, _: Val, number: u32) -> Val {
    let number = in_range(number, 1, 10);
    let word = last_word(b, present, Some(ROUND_CONSTANTS[number as usize - 1]));
    spread_sum(b, word, present)
}

fn schedule_256(b: &mut Lower, present: Val, before: Val, number: u32) -> Val {
    let number = in_range(number, 2, 14);
    let constant = number.is_multiple_of(2).then(|| ROUND_CONSTANTS[number as usize / 2 - 1]);
    let word = last_word(b, present, constant);
    spread_sum(b, word, before)
}

/// The key's last word substituted, in all lanes; rotated and with the constant where there is one. In a state of four
/// equal columns the shift of rows changes nothing.
fn last_word(b: &mut Lower, key: Val, round_constant: Option<u64>) -> Val {
    let columns = b.vimm(Op::VDup, Lane::S, key, 3);
    let substituted = b.un(Op::AesSub, Ty::V128, columns);
    let Some(round_constant) = round_constant else { return substituted };
    let rotated = b.vimm(Op::VRol, Lane::S, substituted, 24);
    let round_constant = constant::splat(b, Lane::S, round_constant);
    b.xor(Ty::V128, rotated, round_constant)
}

/// Each word of the key with all those before it, and `word`.
fn spread_sum(b: &mut Lower, word: Val, key: Val) -> Val {
    let zero = b.vconst(0);
    let mut sum = key;
    for bytes in [4, 8] {
        let moved = b.op(Op::VExt, Ty::V128, 0, [zero, sum, Val::NONE], 16 - bytes);
        sum = b.xor(Ty::V128, sum, moved);
    }
    b.xor(Ty::V128, sum, word)
}

/// Words of 64 bits: four of vd, vs2 and vs1 each.
type Words = [[Val; 4]; 3];

/// Whether SHA-2 is there with these elements.
fn has_hash(b: &Lower, config: &Config) -> bool {
    match config.sew {
        Lane::S => config.lmul >= 0,
        Lane::D => config.lmul >= 1 && b.has(cpu::ZVKNHB),
        _ => false,
    }
}

/// Each group of four: words of 32 bits are a register, of 64 bits two.
fn hash(
    b: &mut Lower,
    f: V,
    narrow: impl Fn(&mut Lower, [Val; 3]) -> Val,
    wide: impl Fn(&mut Lower, Words) -> [Val; 4],
) {
    let Some(config) = grouped_config(b, 4) else { return };
    let operands = [f.vs2, f.vs1].map(|reg| Operand(reg, config.lmul, config.sew));
    let apart = operands.iter().all(|operand| !overlap(f.vd, config.registers(), operand.0, config.registers()));
    if !has_hash(b, &config) || !sources_fit(false, &operands) || !is_aligned(f.vd, config.lmul) || !apart {
        return b.undefined();
    }
    let groups = [f.vd, f.vs2, f.vs1].map(|reg| group::read(b, reg, config.registers()));
    let mut result = NO_GROUP;
    let count = config.registers() as usize;
    if config.sew == Lane::S {
        for (i, val) in result.iter_mut().enumerate().take(count) {
            *val = narrow(b, groups.map(|group| group[i]));
        }
    } else {
        for i in (0..count).step_by(2) {
            let words = groups.map(|group| words(b, [group[i], group[i + 1]]));
            let new = wide(b, words);
            result[i] = join(b, [new[0], new[1]]);
            result[i + 1] = join(b, [new[2], new[3]]);
        }
    }
    group::write(b, &config, false, f.vd, &result);
}

fn words(b: &mut Lower, registers: [Val; 2]) -> [Val; 4] {
    [0, 1, 2, 3].map(|n: u32| extract(b, Op::VExtractU, Lane::D, registers[n as usize / 2], n % 2))
}

/// Two rounds, with the low or the high two words.
fn rounds(b: &mut Lower, f: V, half: u32) {
    let narrow = |b: &mut Lower, args| b.op(Op::Sha256Rounds2, Ty::V128, 0, args, half.into());
    hash(b, f, narrow, |b, group| two_rounds(b, group, 2 * half as usize));
}

/// Four words of the message schedule of SHA-256 (FIPS 180-4, 6.2.2).
fn schedule_256_bits(b: &mut Lower, [vd, vs2, vs1]: [Val; 3]) -> Val {
    let sums = b.op(Op::Sha256Su0, Ty::V128, 0, [vd, vs2, Val::NONE], 0);
    b.op(Op::Sha256Su1, Ty::V128, 0, [sums, vs2, vs1], 0)
}

/// The exclusive or of a word rotated by some counts, or shifted by the last one of them (FIPS 180-4, 4.1.3).
fn sum(b: &mut Lower, word: Val, [first, second, third]: [i64; 3], last: Op) -> Val {
    let (first, second) = (b.bin_imm(Op::Ror, Ty::I64, word, first), b.bin_imm(Op::Ror, Ty::I64, word, second));
    let third = b.bin_imm(last, Ty::I64, word, third);
    let both = b.xor(Ty::I64, first, second);
    b.xor(Ty::I64, both, third)
}

/// Four words of the message schedule of SHA-512: of W0 to W3, of W4 and W9 to W11, and of W12 to W15 (FIPS 180-4, 6.4.2).
fn schedule(b: &mut Lower, [vd, vs2, vs1]: Words) -> [Val; 4] {
    let (second, seventh) = ([vd[1], vd[2], vd[3], vs2[0]], [vs2[1], vs2[2], vs2[3], vs1[0]]);
    let mut new = [Val::NONE; 4];
    for i in 0..4 {
        let late = if i < 2 { vs1[i + 2] } else { new[i - 2] };
        let late = sum(b, late, [19, 61, 6], Op::Shr);
        let early = sum(b, second[i], [1, 8, 7], Op::Shr);
        let sum = b.add(Ty::I64, late, seventh[i]);
        let sum = b.add(Ty::I64, sum, early);
        new[i] = b.add(Ty::I64, sum, vd[i]);
    }
    new
}

/// Two rounds with the words from `first` on: vd holds c, d, g, h and vs2 a, b, e, f, last first (FIPS 180-4, 6.4.2).
fn two_rounds(b: &mut Lower, [vd, vs2, words]: Words, first: usize) -> [Val; 4] {
    let mut state = [vs2[3], vs2[2], vd[3], vd[2], vs2[1], vs2[0], vd[1], vd[0]];
    for word in [words[first], words[first + 1]] {
        let [x, y, z, w, e, f, g, h] = state;
        let rotations = sum(b, e, [14, 18, 41], Op::Ror);
        let differ = b.xor(Ty::I64, f, g);
        let taken = b.and(Ty::I64, differ, e);
        let chosen = b.xor(Ty::I64, taken, g);
        let sum_e = b.add(Ty::I64, h, rotations);
        let sum_e = b.add(Ty::I64, sum_e, chosen);
        let first = b.add(Ty::I64, sum_e, word);
        let rotations = sum(b, x, [28, 34, 39], Op::Ror);
        let (both, either) = (b.and(Ty::I64, x, y), b.or(Ty::I64, x, y));
        let third = b.and(Ty::I64, z, either);
        let majority = b.or(Ty::I64, both, third);
        let second = b.add(Ty::I64, rotations, majority);
        let (new_e, new_a) = (b.add(Ty::I64, w, first), b.add(Ty::I64, first, second));
        state = [new_a, x, y, z, new_e, e, f, g];
    }
    let [a, second, _, _, e, f, _, _] = state;
    [f, e, second, a]
}

/// vd = (vd, and with `adds` vs1) × vs2, in the field of GCM, whose numbers have the bits of each byte reversed.
fn ghash(b: &mut Lower, f: V, adds: bool) {
    let sources = |config: &Config| is_aligned(f.vs2, config.lmul) && (!adds || is_aligned(f.vs1, config.lmul));
    let Some(config) = begin(b, sources, f.vd) else { return };
    let keys = group::second(b, f, &config);
    let mut sums = group::read(b, f.vd, config.registers());
    for i in 0..config.registers() {
        let val = &mut sums[i as usize];
        if adds {
            let text = b.get(v(f.vs1 + i));
            *val = b.xor(Ty::V128, *val, text);
        }
        let (x, y) = (b.un(Op::VRbit, Ty::V128, *val), b.un(Op::VRbit, Ty::V128, keys[i as usize]));
        let product = multiply(b, x, y);
        *val = b.un(Op::VRbit, Ty::V128, product);
    }
    group::write(b, &config, false, f.vd, &sums);
}

/// The product modulo x^128 + x^7 + x^2 + x + 1 (NIST SP 800-38D, 6.3).
fn multiply(b: &mut Lower, x: Val, y: Val) -> Val {
    const REDUCTION: u64 = 0x87;
    let swapped = b.op(Op::VExt, Ty::V128, 0, [y, y, Val::NONE], 8);
    let (low, high) = (b.vbin(Op::VPmullLo, Lane::D, x, y), b.vbin(Op::VPmullHi, Lane::D, x, y));
    let (one, other) = (b.vbin(Op::VPmullLo, Lane::D, x, swapped), b.vbin(Op::VPmullHi, Lane::D, x, swapped));
    let middle = b.xor(Ty::V128, one, other);
    let zero = b.vconst(0);
    let up = b.op(Op::VExt, Ty::V128, 0, [zero, middle, Val::NONE], 8);
    let down = b.op(Op::VExt, Ty::V128, 0, [middle, zero, Val::NONE], 8);
    let (low, high) = (b.xor(Ty::V128, low, up), b.xor(Ty::V128, high, down));
    // What is above bit 128 counts by the polynomial, and so does what that has above it.
    let reduction = b.vconst(REDUCTION);
    let folded_high = b.vbin(Op::VPmullHi, Lane::D, high, reduction);
    let over = b.op(Op::VExt, Ty::V128, 0, [folded_high, zero, Val::NONE], 8);
    let rest = b.xor(Ty::V128, high, over);
    let folded_low = b.vbin(Op::VPmullLo, Lane::D, rest, reduction);
    let up = b.op(Op::VExt, Ty::V128, 0, [zero, folded_high, Val::NONE], 8);
    let low = b.xor(Ty::V128, low, up);
    b.xor(Ty::V128, low, folded_low)
}
