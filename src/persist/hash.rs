//! A fast hash of much data: for telling contents apart and finding damage, not against an attacker. Whoever can write
//! to the cache's folder is the user, and needs no collision.

/// Odd constants with random bits.
const KEYS: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
/// Bytes taken in at once.
const STRIPE: usize = 64;

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

/// A hash in the making.
#[derive(Clone, Debug)]
pub struct Hasher {
    lanes: [u64; 4],
    len: u64,
}

impl Hasher {
    /// Begins one; different seeds give unrelated hashes.
    pub fn new(seed: u64) -> Hasher {
        Hasher { lanes: KEYS.map(|key| key ^ seed), len: 0 }
    }

    /// Takes in bytes. Other pieces of the same bytes give another hash, unless all but the last are multiples of 64.
    pub fn add(&mut self, bytes: &[u8]) {
        let (stripes, rest) = bytes.as_chunks::<STRIPE>();
        for stripe in stripes {
            self.stripe(stripe);
        }
        if !rest.is_empty() {
            let mut last = [0; STRIPE];
            last[..rest.len()].copy_from_slice(rest);
            self.stripe(&last);
        }
        self.len += bytes.len() as u64;
    }

    fn stripe(&mut self, stripe: &[u8; STRIPE]) {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, at) in self.lanes.iter_mut().zip((0..8).step_by(2)) {
            let (a, b) = (u64::from_le_bytes(words[at]), u64::from_le_bytes(words[at + 1]));
            // The lane is added besides: a product with zero does not wipe out what came before.
            *lane = fold(*lane ^ a, KEYS[at / 2] ^ b).wrapping_add(lane.rotate_left(29));
        }
    }

    /// Takes in numbers.
    pub fn add_words(&mut self, words: &[u64]) {
        words.iter().for_each(|word| self.add(&word.to_le_bytes()));
    }

    /// The hash.
    pub fn finish(&self) -> [u64; 2] {
        let [a, b, c, d] = self.lanes;
        let low = fold(a ^ self.len, KEYS[1]) ^ fold(b, KEYS[2]) ^ fold(c, KEYS[3]) ^ fold(d, KEYS[0]);
        let high = fold(a ^ KEYS[3], c ^ KEYS[1]) ^ fold(b ^ KEYS[0], d ^ self.len);
        [fold(low ^ KEYS[2], KEYS[0]), fold(high.wrapping_add(low), KEYS[3])]
    }
}

/// The hash of bytes in one word.
pub fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Hasher::new(0);
    hasher.add(bytes);
    hasher.finish()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let mut bytes: Vec<u8> = (0..200u8).collect();
        let whole = checksum(&bytes);
        let mut seen = std::collections::HashSet::from([whole]);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(checksum(&bytes)), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(seen.insert(checksum(&bytes[..199])));
        assert!(seen.insert(checksum(&[bytes, vec![0]].concat())));
    }

    #[test]
    fn pieces_of_whole_stripes_are_the_whole() {
        let bytes = [7u8; 300];
        let mut pieces = Hasher::new(1);
        pieces.add(&bytes[..128]);
        pieces.add(&bytes[128..]);
        let mut whole = Hasher::new(1);
        whole.add(&bytes);
        assert_eq!(pieces.finish(), whole.finish());
    }
}
