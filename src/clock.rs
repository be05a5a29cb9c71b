//! The rate of the host's time-stamp counter.

use std::arch::x86_64::{__cpuid, _rdtsc};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Where hypervisors tell the rate in kHz (the leaf that VMware began and KVM and others took over).
const HYPERVISOR_MAX: u32 = 0x4000_0000;
const HYPERVISOR_RATE: u32 = 0x4000_0010;
/// Intel SDM 2A, CPUID: the counter's ratio to the core crystal, and the crystal's rate.
const CRYSTAL: u32 = 0x15;
/// How long the counter is watched at the least where nobody tells its rate.
const WATCH: Duration = Duration::from_micros(100);

/// The time and the counter when the watch began.
static BEGIN: OnceLock<(Instant, u64)> = OnceLock::new();

/// Begins to watch the counter: what is done until its rate is asked for need not be waited for.
pub fn watch() {
    BEGIN.get_or_init(|| (Instant::now(), now()));
}

fn now() -> u64 {
    // SAFETY: every x86-64 has the time-stamp counter.
    unsafe { _rdtsc() }
}

/// Counts of the time-stamp counter in a second.
pub fn cycles_hz() -> u64 {
    told().unwrap_or_else(measured)
}

fn told() -> Option<u64> {
    if __cpuid(0).eax >= CRYSTAL {
        let leaf = __cpuid(CRYSTAL);
        if leaf.eax != 0 && leaf.ebx != 0 && leaf.ecx != 0 {
            return Some(u64::from(leaf.ecx) * u64::from(leaf.ebx) / u64::from(leaf.eax));
        }
    }
    let is_virtual = __cpuid(1).ecx >> 31 & 1 != 0;
    let tells = is_virtual && (HYPERVISOR_RATE..HYPERVISOR_MAX + 0x100).contains(&__cpuid(HYPERVISOR_MAX).eax);
    let khz = if tells { __cpuid(HYPERVISOR_RATE).eax } else { 0 };
    (khz != 0).then(|| u64::from(khz) * 1000)
}

fn measured() -> u64 {
    let &(start, ticks) = BEGIN.get_or_init(|| (Instant::now(), now()));
    while start.elapsed() < WATCH {}
    let (ticks, time) = (now().wrapping_sub(ticks), start.elapsed());
    (u128::from(ticks) * 1_000_000_000 / time.as_nanos().max(1)) as u64
}
