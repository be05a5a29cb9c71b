//! RNDR and RNDRRS (FEAT_RNG).

use std::fs::File;
use std::io::Read;

/// 64 random bits from the host's generator, never 0; 0 where it can't be read.
pub extern "C" fn rndr(_: u64, _: u64, _: u64, _: u64) -> u64 {
    let mut bytes = [0; 8];
    match File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)) {
        // The one value that says failure is not drawn: a bias of 2^-64.
        Ok(()) => u64::from_le_bytes(bytes).max(1),
        Err(_) => 0,
    }
}
