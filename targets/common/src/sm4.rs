//! Rounds of the cipher SM4, which instructions of several architectures do (GB/T 32907).

/// The words of a vector, low one first.
pub fn words(v: u128) -> [u32; 4] {
    [0, 32, 64, 96].map(|shift| (v >> shift) as u32)
}

/// A vector from its words.
pub fn vector(words: [u32; 4]) -> u128 {
    words.iter().rev().fold(0, |v, &word| v << 32 | word as u128)
}

/// The S-box: an affine map, an inversion, and the map again.
const SBOX: [u8; 256] = sbox();

/// A product in GF(2^8) modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1.
const fn multiply(a: u8, b: u8) -> u8 {
    let (mut product, mut a, mut bit) = (0u8, a as u16, 0);
    while bit < 8 {
        if b >> bit & 1 != 0 {
            product ^= a as u8;
        }
        a <<= 1;
        if a & 0x100 != 0 {
            a ^= 0x1f5;
        }
        bit += 1;
    }
    product
}

/// The inverse, a^254 = a^2 a^4 … a^128; 0 for 0.
const fn invert(a: u8) -> u8 {
    let (mut square, mut product, mut count) = (a, 1, 0);
    while count < 7 {
        square = multiply(square, square);
        product = multiply(product, square);
        count += 1;
    }
    product
}

/// The affine map: each bit is the parity of five bits of the operand, and 0xd3 is added.
const fn affine(x: u8) -> u8 {
    let (mut result, mut i) = (0xd3, 0);
    while i < 8 {
        let row = 0xa7u8.rotate_left(i);
        result ^= ((row & x).count_ones() as u8 & 1) << i;
        i += 1;
    }
    result
}

const fn sbox() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = affine(invert(affine(i as u8)));
        i += 1;
    }
    table
}

/// The S-box on every byte.
pub fn substitute(word: u32) -> u32 {
    u32::from_le_bytes(word.to_le_bytes().map(|byte| SBOX[byte as usize]))
}

/// The linear map of encryption.
pub fn mix(x: u32) -> u32 {
    x ^ x.rotate_left(2) ^ x.rotate_left(10) ^ x.rotate_left(18) ^ x.rotate_left(24)
}

/// The linear map of the key schedule.
pub fn mix_key(x: u32) -> u32 {
    x ^ x.rotate_left(13) ^ x.rotate_left(23)
}

/// Four rounds: each makes a word from the first of four and what `mix` makes of the other three and a key.
fn rounds(state: u128, keys: [u32; 4], mix: fn(u32) -> u32) -> u128 {
    let mut state = words(state);
    for key in keys {
        let new = state[0] ^ mix(substitute(state[1] ^ state[2] ^ state[3] ^ key));
        state = [state[1], state[2], state[3], new];
    }
    vector(state)
}

/// Four rounds of encryption with four round keys.
pub fn encrypt(state: u128, keys: u128) -> u128 {
    rounds(state, words(keys), mix)
}

/// The next four round keys of four and of the schedule's constants.
pub fn expand_key(keys: u128, constants: [u32; 4]) -> u128 {
    rounds(keys, constants, mix_key)
}

/// The key schedule's constants for the round keys from four times `group` on: their bytes are multiples of 7.
pub fn constants(group: u32) -> [u32; 4] {
    std::array::from_fn(|word| {
        let first = 4 * (4 * group + word as u32);
        u32::from_be_bytes(std::array::from_fn(|byte| ((first + byte as u32) * 7) as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GB/T 32907, A.1: a key expanded and a block encrypted by it.
    #[test]
    fn the_standards_example() {
        let block = vector([0x0123_4567, 0x89ab_cdef, 0xfedc_ba98, 0x7654_3210]);
        let family_key = vector([0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc]);
        let (mut key, mut state) = (block ^ family_key, block);
        for group in 0..8 {
            key = expand_key(key, constants(group));
            state = encrypt(state, key);
        }
        let mut output = words(state);
        output.reverse();
        assert_eq!(output, [0x681e_df34, 0xd206_965e, 0x86b3_e94f, 0x536e_4246]);
    }
}
