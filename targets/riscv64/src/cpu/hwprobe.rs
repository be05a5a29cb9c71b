//! What the system call `riscv_hwprobe` answers (Linux 7.2, Documentation/arch/riscv/hwprobe.rst).

use target::{Feature, Features};

use super::table::{A, EXTENSIONS, I, M, V, ZICBOM, ZICBOP, ZICBOZ};
use crate::rows::CACHE_BLOCK;

/// The value of a key; `None` for one that Linux 7.2 doesn't know. `time_hz` finds out the rate of the `time` register,
/// `highest_address` the last one a program can map.
pub fn hwprobe(features: Features, key: i64, time_hz: impl FnOnce() -> u64, highest_address: u64) -> Option<u64> {
    const IMA: u64 = 1;
    const MISALIGNED_FAST: u64 = 3;
    const MISALIGNED_VECTOR_UNSUPPORTED: u64 = 4;
    let block = |feature| if features.has(feature) { CACHE_BLOCK } else { 0 };
    Some(match key {
        // MVENDORID, MARCHID, MIMPID: none is claimed.
        0..=2 => 0,
        // BASE_BEHAVIOR
        3 if [I, M, A].iter().all(|&feature| features.has(feature)) => IMA,
        3 => 0,
        // IMA_EXT_0
        4 => extensions(features),
        // CPUPERF_0 (deprecated for MISALIGNED_SCALAR_PERF)
        5 | 9 => MISALIGNED_FAST,
        // ZICBOZ_BLOCK_SIZE
        6 => block(ZICBOZ),
        // HIGHEST_VIRT_ADDRESS
        7 => highest_address,
        // TIME_CSR_FREQ
        8 => time_hz(),
        // MISALIGNED_VECTOR_PERF
        10 if features.has(V) => MISALIGNED_FAST,
        10 => MISALIGNED_VECTOR_UNSUPPORTED,
        // ZICBOM_BLOCK_SIZE
        12 => block(ZICBOM),
        // VENDOR_EXT_THEAD_0, _SIFIVE_0, _MIPS_0
        11 | 13 | 14 => 0,
        // ZICBOP_BLOCK_SIZE
        15 => block(ZICBOP),
        // IMA_EXT_1: shadow stacks and landing pads alone, which are not there.
        16 => 0,
        _ => return None,
    })
}

fn extensions(features: Features) -> u64 {
    EXTENSIONS.iter().enumerate().fold(0, |bits, (i, extension)| match extension.probe {
        Some(bit) if features.has(Feature(i as u8)) => bits | 1 << bit,
        _ => bits,
    })
}
