//! What a guest's vDSO reads the time by.
//!
//! Linux' own reads a page that the kernel keeps and scales the CPU's counter by it. The host's page is the host's
//! vDSO's alone to understand, so ours asks that one: by an encoding that the architecture leaves to implementers, a
//! system register for each clock, which holds the time in nanoseconds.

/// The clocks that the host's vDSO knows: CLOCK_REALTIME, MONOTONIC, MONOTONIC_RAW, their COARSE forms, BOOTTIME, TAI
/// (linux/time.h, VDSO_BASES).
pub const CLOCKS: [u32; 7] = [0, 1, MONOTONIC_RAW, 5, 6, 7, 11];
/// The clock that is not adjusted to the time of day's rate.
pub const MONOTONIC_RAW: u32 = 4;

/// Nanoseconds on the clock of that number, as a helper takes it: by the call's constant. Every Linux has these clocks, so that there is always an answer; 64 bits suffice until the year 2554.
pub extern "C" fn nanoseconds(_: u64, _: u64, _: u64, clock: u64) -> u64 {
    let time = memory::clock::read(clock as i32);
    time.map_or(0, |time| (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
}
