//! QARMA5 (Avanzi, "The QARMA Block Cipher Family", ToSC 2017), the architected algorithm of pointer authentication
//! (Arm ARM, ComputePAC). A state is 16 cells of four bits; cell `n` here is bits 4n to 4n + 3.

const SUB: [u8; 16] = [0xb, 0x6, 0x8, 0xf, 0xc, 0x0, 0x9, 0xe, 0x3, 0x7, 0x4, 0x5, 0xd, 0x2, 0x1, 0xa];
/// From which cell each comes.
const SHUFFLE: [u8; 16] = [13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15];
/// The same of the tweak, and which of its cells are stepped on.
const TWEAK: [u8; 16] = [4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9];
const STEPPED: u16 = 1 << 2 | 1 << 4 | 1 << 7 | 1 << 11 | 1 << 12 | 1 << 14 | 1 << 15;
const ALPHA: u64 = 0xc0ac_29b7_c97c_50dd;
const ROUNDS: [u64; 5] =
    [0, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89, 0x4528_21e6_38d0_1377];

/// What is linear, so that its image of a word is the sum of those of the word's bytes.
#[derive(Clone, Copy)]
enum Linear {
    /// The cells shuffled, then mixed.
    Forward,
    /// Mixed, then shuffled back.
    Backward,
    /// The tweak's way from one round to the next.
    Step,
}

static FORWARD: [[u64; 256]; 8] = images(Linear::Forward);
static BACKWARD: [[u64; 256]; 8] = images(Linear::Backward);
static STEP: [[u64; 256]; 8] = images(Linear::Step);
static SUBSTITUTES: [u8; 256] = pairs(&SUB);
static ORIGINALS: [u8; 256] = pairs(&inverse(&SUB));

/// The cipher of `data` under a key of two halves.
pub fn encrypt(data: u64, tweak: u64, [key0, key1]: [u64; 2]) -> u64 {
    let far_key = key0.rotate_right(1) ^ key0 >> 63;
    let (mut x, mut tweaks) = (data ^ key0, [tweak; 6]);
    for (round, constant) in ROUNDS.iter().enumerate() {
        x ^= key1 ^ tweaks[round] ^ constant;
        if round > 0 {
            x = image(&FORWARD, x);
        }
        x = substitute(&SUBSTITUTES, x);
        tweaks[round + 1] = image(&STEP, tweaks[round]);
    }
    x = substitute(&SUBSTITUTES, image(&FORWARD, x ^ far_key ^ tweaks[5]));
    // The reflector.
    x = shuffle(image(&FORWARD, x) ^ key1, &inverse(&SHUFFLE));
    x = image(&BACKWARD, substitute(&ORIGINALS, x)) ^ key0 ^ tweaks[5];
    for (round, constant) in ROUNDS.iter().enumerate().rev() {
        x = substitute(&ORIGINALS, x);
        if round > 0 {
            x = image(&BACKWARD, x);
        }
        x ^= key1 ^ tweaks[round] ^ constant ^ ALPHA;
    }
    x ^ far_key
}

fn image(images: &[[u64; 256]; 8], x: u64) -> u64 {
    images.iter().zip(x.to_le_bytes()).fold(0, |sum, (images, byte)| sum ^ images[byte as usize])
}

fn substitute(substitutes: &[u8; 256], x: u64) -> u64 {
    u64::from_le_bytes(x.to_le_bytes().map(|byte| substitutes[byte as usize]))
}

const fn images(map: Linear) -> [[u64; 256]; 8] {
    let mut all = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 8 {
        let mut value = 1;
        while value < 256 {
            // All but the lowest bit is there already.
            let rest = value & (value - 1);
            all[byte][value] = all[byte][rest] ^ map.of(((value ^ rest) as u64) << (8 * byte));
            value += 1;
        }
        byte += 1;
    }
    all
}

impl Linear {
    const fn of(self, x: u64) -> u64 {
        match self {
            Linear::Forward => mix(shuffle(x, &SHUFFLE)),
            Linear::Backward => shuffle(mix(x), &inverse(&SHUFFLE)),
            Linear::Step => step(x),
        }
    }
}

const fn cell(x: u64, n: usize) -> u64 {
    x >> (4 * n) & 0xf
}

const fn shuffle(x: u64, from: &[u8; 16]) -> u64 {
    let (mut out, mut n) = (0, 0);
    while n < 16 {
        out |= cell(x, from[n] as usize) << (4 * n);
        n += 1;
    }
    out
}

/// Each cell becomes a sum of the three others of its column, rotated; a column's cells are four apart.
const fn mix(x: u64) -> u64 {
    let once = (x & 0x7777_7777_7777_7777) << 1 | (x & 0x8888_8888_8888_8888) >> 3;
    let twice = (x & 0x3333_3333_3333_3333) << 2 | (x & 0xcccc_cccc_cccc_cccc) >> 2;
    once.rotate_left(16) ^ twice.rotate_left(32) ^ once.rotate_left(48)
}

const fn step(tweak: u64) -> u64 {
    let (shuffled, mut out, mut n) = (shuffle(tweak, &TWEAK), 0, 0);
    while n < 16 {
        let old = cell(shuffled, n);
        let new = if STEPPED >> n & 1 != 0 { old >> 1 | ((old ^ old >> 1) & 1) << 3 } else { old };
        out |= new << (4 * n);
        n += 1;
    }
    out
}

const fn inverse(of: &[u8; 16]) -> [u8; 16] {
    let (mut out, mut n) = ([0; 16], 0);
    while n < 16 {
        out[of[n] as usize] = n as u8;
        n += 1;
    }
    out
}

/// What both cells of a byte become.
const fn pairs(cells: &[u8; 16]) -> [u8; 256] {
    let (mut out, mut byte) = ([0; 256], 0);
    while byte < 256 {
        out[byte] = cells[byte >> 4] << 4 | cells[byte & 0xf];
        byte += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's, of five rounds with the third set of substitutes.
    #[test]
    fn the_published_vector_comes_out() {
        let keys = [0x84be_85ce_9804_e94b, 0xec28_02d4_e0a4_88e9];
        assert_eq!(encrypt(0xfb62_3599_da6e_8127, 0x477d_469d_ec0b_8762, keys), 0xc003_b939_99b3_3765);
    }
}
