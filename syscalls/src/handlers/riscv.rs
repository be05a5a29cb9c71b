//! The two calls that RISC-V alone has.

use super::{Asked, Value};
use crate::args::{Addr, Hex, Ptr, Size};
use crate::dispatch::Cx;
use crate::outcome::Outcome;
use memory::{Changed, Errno, GuestAddr, PAGE_SIZE, Range, UserPtr, copy};

memory::abi_struct! {
    /// `struct riscv_hwprobe` (Documentation/arch/riscv/hwprobe.rst).
    struct Pair: 16 {
        key: i64,
        value: u64,
    }
}

/// RISCV_HWPROBE_WHICH_CPUS: which CPUs have the values given?
const WHICH_CPUS: u64 = 1;

/// riscv_hwprobe: all CPUs are alike. A key that is not known is answered with key -1.
pub fn hwprobe(cx: &mut Cx<'_>, pairs: Ptr, count: Size, cpus_size: Size, cpus: Ptr, flags: Hex) -> Value {
    let known = &cx.process.image.hwprobe;
    let pairs = (0..count.0).map(|index| UserPtr::<Pair>::new(pairs.0).element(index));
    match flags.0 {
        0 => {
            let any = cpus_size.0 == 0 && cpus.0.is_null();
            if !any && is_empty(&CpuSets::read(cpus_size.0, cpus.0)?.both()) {
                return Err(Errno::EINVAL.into());
            }
            for at in pairs {
                let key = at.read()?.key;
                at.write(known.0(key).map_or(UNKNOWN, |value| Pair { key, value }))?;
            }
        }
        WHICH_CPUS if cpus_size.0 != 0 && !cpus.0.is_null() => {
            let sets = CpuSets::read(cpus_size.0, cpus.0)?;
            let mut set = if is_empty(&sets.asked) { sets.online } else { sets.both() };
            for at in pairs {
                let asked = at.read()?;
                let value = known.0(asked.key);
                if value.is_none() {
                    at.write(UNKNOWN)?;
                }
                if !value.is_some_and(|value| matches(asked.key, value, asked.value)) {
                    set.fill(0);
                }
            }
            copy::write_bytes(cpus.0, &set[..set.len().min(cpus_size.0 as usize)])?;
        }
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

/// The answer to a key that is not known.
const UNKNOWN: Pair = Pair { key: -1, value: 0 };

/// Whether a CPU with `value` has what was asked: all the bits for a bit mask (BASE_BEHAVIOR, IMA_EXT_0, CPUPERF_0), the
/// same number otherwise (riscv_hwprobe_key_is_bitmask).
fn matches(key: i64, value: u64, asked: u64) -> bool {
    match key {
        3..=5 => value & asked == asked,
        _ => value == asked,
    }
}

/// The CPUs that a caller names and those that are online, in as many bytes.
struct CpuSets {
    asked: Vec<u8>,
    online: Vec<u8>,
}

impl CpuSets {
    /// What is beyond the CPUs that can be there is not looked at.
    fn read(size: u64, from: GuestAddr) -> Result<CpuSets, Errno> {
        let online = online_cpus();
        let mut asked = vec![0; online.len()];
        let size = asked.len().min(size as usize);
        copy::read_bytes(from, &mut asked[..size])?;
        Ok(CpuSets { asked, online })
    }

    fn both(&self) -> Vec<u8> {
        self.asked.iter().zip(&self.online).map(|(asked, online)| asked & online).collect()
    }
}

fn is_empty(set: &[u8]) -> bool {
    set.iter().all(|&byte| byte == 0)
}

/// The kernel's largest NR_CPUS.
const MAX_CPUS: usize = 8192;

/// The CPUs that are online, as a set of as many longs as that takes. Where there is no /sys the first one is.
fn online_cpus() -> Vec<u8> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_else(|_| "0".to_owned());
    let mut set = Vec::new();
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) else { continue };
        for cpu in first..=last.min(MAX_CPUS - 1) {
            set.resize(set.len().max((cpu / 64 + 1) * 8), 0);
            set[cpu / 8] |= 1 << (cpu % 8);
        }
    }
    set
}

/// SYS_RISCV_FLUSH_ICACHE_LOCAL: this thread alone; translations are shared, so that it makes no difference.
const LOCAL: u64 = 1;

pub fn flush_icache(_: &mut Cx<'_>, start: Addr, end: Addr, flags: Hex) -> Asked {
    if flags.0 & !LOCAL != 0 {
        return Err(Errno::EINVAL.into());
    }
    let end = end.0.align_up(PAGE_SIZE).unwrap_or(GuestAddr(!(PAGE_SIZE - 1)));
    let range = Range { start: start.0.page(), end };
    let ranges = if range.is_empty() { Vec::new() } else { vec![range] };
    Ok(Outcome::changed(0, Changed { ranges }))
}
