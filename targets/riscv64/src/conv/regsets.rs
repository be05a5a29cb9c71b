//! Sets of registers as ptrace(2) has them (Linux, arch/riscv/kernel/ptrace.c, uapi/asm/ptrace.h).

use ir::GuestState;

use super::signal::{core_registers, set_float, set_general};
use super::vector;

// uapi/linux/elf.h.
const NT_PRSTATUS: u32 = 1;
const NT_PRFPREG: u32 = 2;
const NT_RISCV_VECTOR: u32 = 0x901;

/// Beside the general and the floating-point registers, those that core files have.
pub const CORE_SETS: [u32; 1] = [NT_RISCV_VECTOR];

/// A set, if there is such.
pub fn regset(state: &GuestState, kind: u32, has_vectors: bool) -> Option<Vec<u8>> {
    match kind {
        NT_PRSTATUS => Some(core_registers(state).general),
        NT_PRFPREG => Some(core_registers(state).float),
        NT_RISCV_VECTOR if has_vectors => Some(vector::regset(state)),
        _ => None,
    }
}

/// What a set is made of (riscv_user_regset).
pub fn regset_unit(kind: u32) -> usize {
    if kind == NT_RISCV_VECTOR { 4 } else { 8 }
}

/// Sets a set's first bytes. False where that can't be.
pub fn set_regset(state: &mut GuestState, kind: u32, bytes: &[u8], has_vectors: bool) -> bool {
    let Some(mut all) = regset(state, kind, has_vectors) else { return false };
    let len = bytes.len().min(all.len());
    all[..len].copy_from_slice(&bytes[..len]);
    match kind {
        NT_PRSTATUS => set_general(state, &all),
        NT_PRFPREG => set_float(state, &all),
        _ => return vector::set_regset(state, &all),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut state = GuestState::default();
        crate::conv::start(&mut state, 0, 0);
        for (kind, size) in [(NT_PRSTATUS, 256), (NT_PRFPREG, 264)] {
            let mut bytes: Vec<u8> = (0..size).map(|i| i as u8 | 1).collect();
            if kind == NT_PRFPREG {
                bytes[256..].copy_from_slice(&[0x3f, 0, 0, 0, 0, 0, 0, 0]);
            }
            assert!(set_regset(&mut state, kind, &bytes, true), "{kind:#x}");
            assert_eq!(regset(&state, kind, true).as_deref(), Some(bytes.as_slice()), "{kind:#x}");
        }
        // Until they are used there is nothing to read, nor to write.
        let unused = regset(&state, NT_RISCV_VECTOR, true);
        assert_eq!(unused.as_deref(), Some([].as_slice()));
        const E8_M1: u64 = 0;
        super::super::set_reg(&mut state, crate::state::VTYPE, E8_M1);
        let mut vectors = regset(&state, NT_RISCV_VECTOR, true).unwrap_or_default();
        vectors[40..].fill(5);
        assert!(set_regset(&mut state, NT_RISCV_VECTOR, &vectors, true));
        assert_eq!(regset(&state, NT_RISCV_VECTOR, true), Some(vectors.clone()));
        // vl, vtype, vcsr and vlenb that can't be (invalid_ptrace_v_csr).
        for (at, value) in [(8, 17), (16, 1 << 8), (16, 4), (16, 0x1e), (16, 0x20), (24, 8), (32, 32)] {
            let mut wrong = vectors.clone();
            wrong[at..at + 8].copy_from_slice(&u64::to_le_bytes(value));
            assert!(!set_regset(&mut state, NT_RISCV_VECTOR, &wrong, true), "{at}: {value:#x}");
        }
        assert!(regset(&state, NT_RISCV_VECTOR, false).is_none());
    }
}
