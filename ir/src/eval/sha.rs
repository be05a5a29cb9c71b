//! SHA-1 and SHA-256 steps as the Arm ARM has them (C7.2, SHA1hash), but for the rounds of SHA-256, which go by twos.

use crate::block::Inst;
use crate::ops::Op;

/// The value of an op of this family.
pub(super) fn eval(inst: &Inst, [a, b, c]: [u128; 3]) -> u128 {
    match inst.op {
        Op::Sha1Hash => sha1_hash(inst.imm, a, b as u32, c),
        Op::Sha1Su0 => (b << 64 | a >> 64) ^ a ^ c,
        Op::Sha1Su1 => {
            let [t0, t1, t2, t3] = words(a ^ b >> 32);
            join([t0.rotate_left(1), t1.rotate_left(1), t2.rotate_left(1), t3.rotate_left(1) ^ t0.rotate_left(2)])
        }
        Op::Sha256Rounds2 => sha256_rounds2(words(a), words(b), c >> (64 * inst.imm)),
        Op::Sha256Su0 => {
            let (d, t) = (words(a), words(b << 96 | a >> 32));
            join(std::array::from_fn(|e| d[e].wrapping_add(small_sigma(t[e], 7, 18, 3))))
        }
        Op::Sha256Su1 => sha256_su1(words(a), words(c << 96 | b >> 32), words(c)),
        _ => super::not_evaluated(inst),
    }
}

fn words(value: u128) -> [u32; 4] {
    std::array::from_fn(|i| (value >> (32 * i)) as u32)
}

fn join(words: [u32; 4]) -> u128 {
    words.iter().rev().fold(0, |value, &word| value << 32 | word as u128)
}

fn choose(x: u32, y: u32, z: u32) -> u32 {
    (y ^ z) & x ^ z
}

fn majority(x: u32, y: u32, z: u32) -> u32 {
    x & y | (x | y) & z
}

fn parity(x: u32, y: u32, z: u32) -> u32 {
    x ^ y ^ z
}

fn sha1_hash(function: i64, state: u128, mut e: u32, schedule: u128) -> u128 {
    let f = [choose, parity, majority][function.clamp(0, 2) as usize];
    let mut x = words(state);
    for w in words(schedule) {
        let t = f(x[1], x[2], x[3]);
        let y = e.wrapping_add(x[0].rotate_left(5)).wrapping_add(t).wrapping_add(w);
        e = x[3];
        x = [y, x[0], x[1].rotate_left(30), x[2]];
    }
    join(x)
}

fn big_sigma(x: u32, a: u32, b: u32, c: u32) -> u32 {
    x.rotate_right(a) ^ x.rotate_right(b) ^ x.rotate_right(c)
}

fn small_sigma(x: u32, a: u32, b: u32, shift: u32) -> u32 {
    x.rotate_right(a) ^ x.rotate_right(b) ^ x >> shift
}

/// The first two of four rounds, the halves of the state interleaved.
fn sha256_rounds2([h, g, d, c]: [u32; 4], [f, e, b, a]: [u32; 4], schedule: u128) -> u128 {
    let [w0, w1, ..] = words(schedule);
    let ([new_a, new_b, ..], [new_e, new_f, ..]) = sha256_steps([a, b, c, d], [e, f, g, h], &[w0, w1]);
    join([new_f, new_e, new_b, new_a])
}

/// Rounds from the state a to d and e to h.
fn sha256_steps(mut x: [u32; 4], mut y: [u32; 4], schedule: &[u32]) -> ([u32; 4], [u32; 4]) {
    for &w in schedule {
        let t = y[3].wrapping_add(big_sigma(y[0], 6, 11, 25)).wrapping_add(choose(y[0], y[1], y[2])).wrapping_add(w);
        let to_y = x[3].wrapping_add(t);
        let to_x = t.wrapping_add(big_sigma(x[0], 2, 13, 22)).wrapping_add(majority(x[0], x[1], x[2]));
        x = [to_x, x[0], x[1], x[2]];
        y = [to_y, y[0], y[1], y[2]];
    }
    (x, y)
}

fn sha256_su1(d: [u32; 4], t: [u32; 4], m: [u32; 4]) -> u128 {
    let mut result = [0u32; 4];
    for e in 0..4 {
        // The second half of the schedule depends on the first.
        let earlier = if e < 2 { m[e + 2] } else { result[e - 2] };
        result[e] = d[e].wrapping_add(t[e]).wrapping_add(small_sigma(earlier, 17, 19, 10));
    }
    join(result)
}
