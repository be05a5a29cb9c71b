//! Conventions against what the kernel's headers say: registers, signal frames, the vDSO.

use ir::GuestState;
use riscv64::{Cpu, Riscv64, state};
use target::{AltStack, SignalDelivery, SyscallRegs, Target};

/// Offsets in `struct rt_sigframe`: of the `ucontext`, and in it of its stack, mask and machine context.
const UC: usize = 128;
const UC_STACK: usize = UC + 16;
const UC_SIGMASK: usize = UC + 40;
const SC_REGS: usize = UC + 176;
const SC_FPREGS: usize = SC_REGS + 256;
const SC_FCSR: usize = SC_FPREGS + 256;
const SC_RESERVED: usize = SC_FPREGS + 516;

const GUEST: fn() -> Riscv64 = || Riscv64::new(Cpu::max());

fn offset(slot: ir::SlotId) -> u16 {
    state::SLOTS[slot.0 as usize].offset
}

/// A state in which every register has a value of its own.
fn numbered() -> GuestState {
    let mut state = GuestState::default();
    GUEST().start(&mut state, 0x1_0000, 0x7fff_0008);
    for n in 1..32 {
        state.set_u64_at(offset(state::x(n)), 0x1000 + n as u64);
        state.set_u64_at(offset(state::f(n)), 0x2000 + n as u64);
    }
    state.set_u32_at(offset(state::FRM), 3);
    // MXCSR's inexact and invalid.
    state.fp_flags = 1 << 5 | 1;
    state
}

fn delivery(info: &[u8; 128]) -> SignalDelivery<'_> {
    SignalDelivery {
        signal: 10,
        handler: 0x4000,
        info,
        restorer: 0x5000,
        stack: 0x7fff_0008,
        mask: 0x55,
        altstack: AltStack { sp: 0x9000, flags: 2, size: 0x8000 },
        fault: None,
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[test]
fn frames_are_laid_out_as_the_kernel_does() {
    let (state, info) = (numbered(), [7; 128]);
    let frame = GUEST().signal_frame(&state, &delivery(&info));
    assert_eq!(frame.bytes.len(), 1088);
    assert_eq!(GUEST().min_signal_stack(), 1664);
    assert_eq!((frame.addr % 16, frame.addr), (0, (0x7fff_0008 - 1088) & !15));
    assert_eq!(frame.bytes[..128], info);
    assert_eq!([0, 8, 16].map(|at| word(&frame.bytes, UC_STACK + at)), [0x9000, 2, 0x8000]);
    assert_eq!(word(&frame.bytes, UC_SIGMASK), 0x55);
    assert_eq!(word(&frame.bytes, SC_REGS), 0x1_0000);
    for n in 1..32 {
        assert_eq!(word(&frame.bytes, SC_REGS + 8 * n), 0x1000 + n as u64);
        assert_eq!(word(&frame.bytes, SC_FPREGS + 8 * n), 0x2000 + n as u64);
    }
    assert_eq!(frame.bytes[SC_FCSR..SC_FCSR + 4], [0x71, 0, 0, 0]);
}

#[test]
fn a_handler_returns_to_the_same_state() {
    let (before, info) = (numbered(), [0; 128]);
    let (guest, mut state) = (GUEST(), before.clone());
    let frame = guest.signal_frame(&state, &delivery(&info));
    guest.enter_handler(&mut state, &delivery(&info), frame.addr);
    let x = |state: &GuestState, n| state.u64_at(offset(state::x(n)));
    assert_eq!((state.pc, x(&state, 1), x(&state, 2)), (0x4000, 0x5000, frame.addr));
    assert_eq!([10, 11, 12].map(|n| x(&state, n)), [10, frame.addr, frame.addr + UC as u64]);

    let mut read = |addr: u64, out: &mut [u8]| {
        let at = (addr - frame.addr) as usize;
        out.copy_from_slice(&frame.bytes[at..at + out.len()]);
        true
    };
    let returned = guest.signal_return(&mut state, &mut read).unwrap();
    assert_eq!((returned.mask, returned.altstack), (0x55, delivery(&info).altstack));
    assert_eq!(state, before);
}

/// `struct __riscv_ctx_hdr`, `struct __riscv_v_ext_state`, the registers that it points to, and the end of the list.
#[test]
fn vectors_are_an_extension_of_the_frame() {
    const LIST: usize = 1080;
    let (guest, info, mut state) = (GUEST(), [0; 128], numbered());
    state.set_u64_at(offset(state::VTYPE), 0xd0);
    state.set_u64_at(offset(state::VL), 3);
    state.set_u32_at(offset(state::VXRM), 2);
    state.set_u128_at(offset(state::v(31)), 7 << 64 | 5);
    let before = state.clone();
    let frame = guest.signal_frame(&state, &delivery(&info));
    assert_eq!((frame.bytes.len(), frame.addr), (1656, (0x7fff_0008 - 1664) & !15));
    assert_eq!(word(&frame.bytes, LIST), 568 << 32 | 0x5346_5457);
    let v_state = [1, 2, 3, 4, 5, 6].map(|n| word(&frame.bytes, LIST + 8 * n));
    assert_eq!(v_state, [0, 3, 0xd0, 4, 16, frame.addr + LIST as u64 + 56]);
    assert_eq!([0, 8, 16].map(|at| word(&frame.bytes, LIST + 56 + 31 * 16 + at)), [5, 7, 0]);

    guest.enter_handler(&mut state, &delivery(&info), frame.addr);
    state.set_u128_at(offset(state::v(31)), 0);
    state.set_u64_at(offset(state::VTYPE), 1 << 63);
    let mut read = |addr: u64, out: &mut [u8]| {
        let at = (addr - frame.addr) as usize;
        out.copy_from_slice(&frame.bytes[at..at + out.len()]);
        true
    };
    assert!(guest.signal_return(&mut state, &mut read).is_some());
    assert_eq!(state, before);
}

#[test]
fn malformed_frames_are_refused() {
    let (guest, mut state, info) = (GUEST(), numbered(), [0; 128]);
    let mut frame = guest.signal_frame(&state, &delivery(&info));
    frame.bytes[SC_RESERVED] = 1;
    guest.set_sp(&mut state, frame.addr);
    let before = state.clone();
    let mut read = |addr: u64, out: &mut [u8]| {
        let at = (addr - frame.addr) as usize;
        out.copy_from_slice(&frame.bytes[at..at + out.len()]);
        true
    };
    assert_eq!(guest.signal_return(&mut state, &mut read), None);
    assert_eq!(guest.signal_return(&mut state, &mut |_, _| false), None);
    assert_eq!(state, before);
    guest.set_sp(&mut state, frame.addr + 8);
    assert_eq!(guest.signal_return(&mut state, &mut |_, _| true), None);
}

#[test]
fn system_calls_can_run_again() {
    let (guest, mut state) = (GUEST(), numbered());
    let args = [0x100a, 0x100b, 0x100c, 0x100d, 0x100e, 0x100f];
    assert_eq!(guest.syscall(&state), SyscallRegs { number: 0x1011, args });
    guest.set_result(&mut state, -4i64 as u64);
    state.pc = 0x1_0004;
    guest.restart_syscall(&mut state, 0x100a, None);
    assert_eq!((state.pc, guest.syscall(&state)), (0x1_0000, SyscallRegs { number: 0x1011, args }));
    guest.restart_syscall(&mut state, 0x100a, Some(128));
    assert_eq!(guest.syscall(&state).number, 128);
}

#[test]
fn the_vdso_has_the_kernels_functions() {
    let vdso = GUEST().vdso();
    // li a7, 139; ecall: what unwinders know a signal frame by.
    let trampoline = [0x93, 0x08, 0xb0, 0x08, 0x73, 0, 0, 0];
    assert_eq!(vdso.image[vdso.sigreturn as usize..][..8], trampoline);
    for (name, number) in [
        ("__vdso_clock_getres", 114),
        ("__vdso_getcpu", 168),
        ("__vdso_flush_icache", 259),
        ("__vdso_riscv_hwprobe", 258),
    ] {
        let at = target::elf_symbol(vdso.image, name) as usize;
        let li = u32::from_le_bytes(vdso.image[at..at + 4].try_into().unwrap());
        assert_eq!((li & 0xf_ffff, li >> 20), (0x893, number), "{name}");
    }
}
