//! Sets of registers as ptrace(2) has them (Linux, arch/arm64/kernel/ptrace.c, uapi/asm/ptrace.h).

use ir::{GuestState, Nzcv, SlotId};

use crate::fpstate::{fpcr, set_fpsr};
use crate::pauth::{self, Kinds};
use crate::rows::sysregs::FPCR_MASK;
use crate::signal::{PSTATE_FLAGS, PSTATE_KEPT, core_registers};
use crate::state::{EXCL_ADDR, FPCR, NZCV, PSTATE, SLOTS, SP, TPIDR, v, x};

// uapi/linux/elf.h.
const NT_PRSTATUS: u32 = 1;
const NT_PRFPREG: u32 = 2;
const NT_ARM_TLS: u32 = 0x401;
const NT_ARM_HW_BREAK: u32 = 0x402;
const NT_ARM_HW_WATCH: u32 = 0x403;
/// The tracer keeps it.
pub const NT_ARM_SYSTEM_CALL: u32 = 0x404;
const NT_ARM_PAC_MASK: u32 = 0x406;
const NT_ARM_PAC_ENABLED_KEYS: u32 = 0x40a;

/// Beside the general and the floating-point registers, those that core files have.
pub const CORE: [u32; 5] = [NT_ARM_TLS, NT_ARM_HW_BREAK, NT_ARM_HW_WATCH, NT_ARM_PAC_MASK, NT_ARM_PAC_ENABLED_KEYS];

/// PSTATE's bits that say that a thread is not in AArch64 user mode with its exceptions let through.
const NOT_USER: u64 = 0xffff_ffff_0000_03df;
/// `struct user_hwdebug_state` of a CPU that has no slot for hardware breakpoints: an architecture version, and a count.
const NO_SLOTS: [u8; 8] = [0, 6, 0, 0, 0, 0, 0, 0];

/// A set, if there is such. The keys of pointer authentication themselves, which the kernel has for CRIU, are not.
pub fn get(state: &GuestState, kind: u32, keys: Kinds) -> Option<Vec<u8>> {
    match kind {
        NT_PRSTATUS => Some(core_registers(state).general),
        NT_PRFPREG => Some(core_registers(state).float),
        // The second word, TPIDR2, is a register of SME.
        NT_ARM_TLS => Some(slot(state, TPIDR).to_le_bytes().to_vec()),
        NT_ARM_HW_BREAK | NT_ARM_HW_WATCH => Some(NO_SLOTS.to_vec()),
        // Of addresses of data, and of instructions.
        NT_ARM_PAC_MASK if keys.address => Some([pauth::MASK.to_le_bytes(); 2].concat()),
        NT_ARM_PAC_ENABLED_KEYS => Some(pauth::enabled(state, keys).ok()?.to_le_bytes().to_vec()),
        _ => None,
    }
}

/// What a set is made of (aarch64_regsets).
pub fn unit(kind: u32) -> usize {
    if matches!(kind, NT_PRSTATUS | NT_ARM_TLS | NT_ARM_PAC_MASK | NT_ARM_PAC_ENABLED_KEYS) { 8 } else { 4 }
}

/// Sets a set's first bytes. False where that can't be.
pub fn set(state: &mut GuestState, kind: u32, bytes: &[u8], keys: Kinds) -> bool {
    let Some(mut all) = get(state, kind, keys) else { return false };
    let len = bytes.len().min(all.len());
    all[..len].copy_from_slice(&bytes[..len]);
    match kind {
        NT_PRSTATUS => return set_general(state, &all),
        NT_PRFPREG => set_float(state, &all),
        NT_ARM_TLS => set_slot(state, TPIDR, word(&all, 0).into()),
        NT_ARM_PAC_MASK => return false,
        NT_ARM_PAC_ENABLED_KEYS => return pauth::enable(state, keys, pauth::ADDRESS_KEYS, word(&all, 0)).is_ok(),
        // There is nothing to set, as on a CPU without slots.
        _ => return bytes.len() <= NO_SLOTS.len(),
    }
    true
}

fn set_general(state: &mut GuestState, bytes: &[u8]) -> bool {
    let flags = word(bytes, 33);
    for n in 0..31 {
        set_slot(state, x(n as u32), word(bytes, n).into());
    }
    set_slot(state, SP, word(bytes, 31).into());
    state.pc = word(bytes, 32);
    set_slot(state, NZCV, Nzcv::from_bits(flags as u32 & PSTATE_FLAGS).0.into());
    set_slot(state, PSTATE, (flags as u32 & PSTATE_KEPT).into());
    set_slot(state, EXCL_ADDR, u64::MAX.into());
    flags & NOT_USER == 0
}

fn set_float(state: &mut GuestState, bytes: &[u8]) {
    let (vectors, control) = bytes.split_at(32 * 16);
    for (n, value) in (0..).zip(vectors.as_chunks().0) {
        set_slot(state, v(n), u128::from_le_bytes(*value));
    }
    let control = word(control, 0);
    set_slot(state, FPCR, (control >> 32) as u128 & u128::from(FPCR_MASK));
    set_fpsr(state, control as u32);
    debug_assert_eq!(fpcr(state), (control >> 32) as u32 & FPCR_MASK);
}

fn word(bytes: &[u8], index: usize) -> u64 {
    bytes[8 * index..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn slot(state: &GuestState, id: SlotId) -> u64 {
    state.get(&SLOTS[id.0 as usize]) as u64
}

fn set_slot(state: &mut GuestState, id: SlotId, value: u128) {
    state.set(&SLOTS[id.0 as usize], value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Kinds = Kinds { address: true, generic: true };
    const NONE: Kinds = Kinds { address: false, generic: false };

    #[test]
    fn what_is_written_is_read() {
        let mut state = GuestState::default();
        for (kind, size) in [(NT_PRSTATUS, 272), (NT_PRFPREG, 528), (NT_ARM_TLS, 8), (NT_ARM_PAC_ENABLED_KEYS, 8)] {
            let mut bytes: Vec<u8> = (0..size).map(|i| i as u8 | 1).collect();
            match kind {
                NT_PRSTATUS => bytes[264..].copy_from_slice(&0x6000_1000u64.to_le_bytes()),
                NT_PRFPREG => bytes[512..].copy_from_slice(&[0x1f, 0, 0, 8, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                NT_ARM_PAC_ENABLED_KEYS => bytes = 5u64.to_le_bytes().to_vec(),
                _ => {}
            }
            assert!(set(&mut state, kind, &bytes, ALL), "{kind:#x}");
            assert_eq!(get(&state, kind, ALL).as_deref(), Some(bytes.as_slice()), "{kind:#x}");
        }
        let before = get(&state, NT_PRSTATUS, ALL).unwrap_or_default();
        assert!(set(&mut state, NT_PRSTATUS, &[7; 8], ALL), "the first register alone");
        assert_eq!(get(&state, NT_PRSTATUS, ALL).unwrap_or_default()[8..], before[8..]);
        assert!(!set(&mut state, 0x405, &[0; 8], ALL) && get(&state, 0x405, ALL).is_none(), "no SVE");
        assert!(!set(&mut state, NT_ARM_PAC_MASK, &[0; 16], ALL), "it can only be read");
        assert!(!set(&mut state, NT_ARM_PAC_ENABLED_KEYS, &[0x10, 0, 0, 0, 0, 0, 0, 0], ALL), "no key of addresses");
        assert!(get(&state, NT_ARM_PAC_MASK, NONE).is_none() && get(&state, NT_ARM_PAC_ENABLED_KEYS, NONE).is_none());
    }
}
