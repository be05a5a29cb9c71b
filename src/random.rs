//! Random numbers that the kernel gives a program: the host's, or the same each time for the same seed.

/// Where they come from.
pub struct Random {
    /// What they are made of instead of the host's, and of which the next one is.
    seed: Option<u64>,
}

impl Random {
    /// The host's, or those of a seed.
    pub fn new(seed: Option<u64>) -> Random {
        Random { seed }
    }

    /// The next 16 bytes.
    pub fn bytes(&mut self) -> [u8; 16] {
        match &mut self.seed {
            None => of_host(),
            Some(seed) => (u128::from(split_mix(seed)) | u128::from(split_mix(seed)) << 64).to_le_bytes(),
        }
    }

    /// The next key.
    pub fn key(&mut self) -> u128 {
        u128::from_le_bytes(self.bytes())
    }
}

fn of_host() -> [u8; 16] {
    let mut bytes = [0u8; 16];
    // SAFETY: getrandom writes at most 16 bytes; before the kernel has any, the stack protector of
    // the guest does without, as it does under a kernel of that moment.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    bytes
}

/// A step of splitmix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
