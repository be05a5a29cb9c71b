//! AES (FIPS 197). Byte r + 4c of a vector is row r, column c of the state.

use crate::ops::Op;

/// The value of an op of this family.
pub(super) fn eval(op: Op, [a, b, _]: [u128; 3]) -> u128 {
    let state = a.to_le_bytes();
    let round = |sub, mix| step(mix, step(sub, state));
    u128::from_le_bytes(match op {
        Op::AesRound => return u128::from_le_bytes(round(Op::AesSub, Op::AesMix)) ^ b,
        Op::AesInvRound => return u128::from_le_bytes(round(Op::AesInvSub, Op::AesInvMix)) ^ b,
        step_alone => step(step_alone, state),
    })
}

/// A step of a round.
fn step(op: Op, state: [u8; 16]) -> [u8; 16] {
    match op {
        Op::AesSub => std::array::from_fn(|i| SBOX[state[shifted(i, i % 4)] as usize]),
        Op::AesInvSub => std::array::from_fn(|i| INVERSE_SBOX[state[shifted(i, 4 - i % 4)] as usize]),
        Op::AesMix => mix(state, [2, 3, 1, 1]),
        _ => mix(state, [14, 11, 13, 9]),
    }
}

/// The index of the byte `columns` to the right of byte `i`, in its row (5.1.2).
fn shifted(i: usize, columns: usize) -> usize {
    (i + 4 * columns) % 16
}

/// MixColumns with the first row of the matrix (5.1.3); the others are its rotations.
fn mix(state: [u8; 16], row: [u8; 4]) -> [u8; 16] {
    std::array::from_fn(|i| {
        let (r, column) = (i % 4, i / 4 * 4);
        (0..4).fold(0, |sum, k| sum ^ multiply(state[column + (r + k) % 4], row[k]))
    })
}

/// The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (4.2).
const fn multiply(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a = a << 1 ^ if a & 0x80 != 0 { 0x1b } else { 0 };
        b >>= 1;
    }
    product
}

/// The S-box (5.1.1): the multiplicative inverse, then an affine transformation.
const SBOX: [u8; 256] = {
    let mut table = [0; 256];
    // 3 generates the field: p runs through its powers, q through those of its inverse, 0xf6.
    let (mut p, mut q) = (1, 1);
    loop {
        p = multiply(p, 3);
        q = multiply(q, 0xf6);
        table[p as usize] = affine(q);
        if p == 1 {
            break;
        }
    }
    table[0] = affine(0);
    table
};

const fn affine(b: u8) -> u8 {
    b ^ b.rotate_left(1) ^ b.rotate_left(2) ^ b.rotate_left(3) ^ b.rotate_left(4) ^ 0x63
}

const INVERSE_SBOX: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[SBOX[i] as usize] = i as u8;
        i += 1;
    }
    table
};
