//! The two calls that RISC-V alone has.

use super::{Asked, Value};
use crate::args::{Addr, Hex, Ptr, Size};
use crate::dispatch::Cx;
use crate::outcome::Outcome;
use crate::sys;
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
    if flags.0 & !WHICH_CPUS != 0 {
        return Err(Errno::EINVAL.into());
    }
    let which = flags.0 & WHICH_CPUS != 0;
    let known = &cx.process.image.hwprobe;
    let mut all_match = true;
    for index in 0..count.0 {
        let at = UserPtr::<Pair>::new(pairs.0).element(index);
        let asked = at.read()?;
        let answer = match known.0(asked.key) {
            Some(value) if which => {
                all_match &= matches(asked.key, value, asked.value);
                Pair { value: asked.value, ..asked }
            }
            Some(value) => Pair { value, ..asked },
            None => {
                all_match = false;
                Pair { key: -1, value: 0 }
            }
        };
        at.write(answer)?;
    }
    if which { which_cpus(cpus_size.0, cpus.0, all_match) } else { Ok(0) }
}

/// Whether a CPU with `value` has what was asked: all the bits for a bit mask (keys 3, 4, and from 10 on where the
/// kernel compares so), the same number otherwise.
fn matches(key: i64, value: u64, asked: u64) -> bool {
    match key {
        3 | 4 => value & asked == asked,
        _ => value == asked,
    }
}

/// Leaves in the set the CPUs that match; an empty set stands for all that are online.
fn which_cpus(size: u64, cpus: GuestAddr, all_match: bool) -> Value {
    if size == 0 || size > PAGE_SIZE || cpus.is_null() {
        return Err(Errno::EINVAL.into());
    }
    let mut set = vec![0u8; size as usize];
    copy::read_bytes(cpus, &mut set)?;
    if !all_match {
        set.fill(0);
    } else if set.iter().all(|&byte| byte == 0) {
        let args = [0, size & !7, sys::address_mut(&mut set[..]), 0, 0, 0];
        sys::host(libc::SYS_sched_getaffinity, args)?;
    }
    copy::write_bytes(cpus, &set)?;
    Ok(0)
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
