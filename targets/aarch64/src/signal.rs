//! Signal frames as Linux lays them out (arch/arm64/kernel/signal.c, `asm/sigcontext.h`).
//!
//! From the stack pointer up: `siginfo` (128 bytes), `ucontext` with registers and 4 KiB of tagged records, and
//! above it a frame record, which links the handler's frame to the interrupted one for unwinders.

use ir::{GuestState, Nzcv};
use target::signal::follow_frames;
use target::{Access, AltStack, CoreRegisters, MemoryFault, Refused, SignalDelivery, SignalFrame, SignalReturn};

use crate::fpstate::{fpcr, fpsr, set_fpsr, watch};
use crate::pauth::strip;
use crate::rows::sysregs::FPCR_MASK;
use crate::state::{EXCL_ADDR, FPCR, LR, NZCV, PSTATE, SLOTS, SP, v, x};

/// Bytes of `struct rt_sigframe`.
const FRAME: usize = 4688;
const FRAME_RECORD: u64 = 16;
/// AT_MINSIGSTKSZ: the frame, the record, and room to align them.
pub const MIN_STACK: u64 = FRAME as u64 + FRAME_RECORD + 16;

/// Up to behind the last record that is written here and the terminator. What lies between that and the frame record stays
/// as it is on the stack, as in Linux.
const USED: usize = at::RECORDS + FPSIMD_SIZE + ESR_SIZE + 16;

/// Offsets in the frame.
mod at {
    pub const UCONTEXT: usize = 128;
    pub const STACK_SP: usize = UCONTEXT + 16;
    pub const STACK_FLAGS: usize = UCONTEXT + 24;
    pub const STACK_SIZE: usize = UCONTEXT + 32;
    pub const MASK: usize = UCONTEXT + 40;
    pub const CONTEXT: usize = UCONTEXT + 176;
    pub const FAULT_ADDRESS: usize = CONTEXT;
    pub const REGS: usize = CONTEXT + 8;
    pub const SP: usize = REGS + 31 * 8;
    pub const PC: usize = SP + 8;
    pub const PSTATE: usize = PC + 8;
    pub const RECORDS: usize = CONTEXT + 288;
}

const FPSIMD_MAGIC: u32 = 0x4650_8001;
const FPSIMD_SIZE: usize = 528;
const ESR_MAGIC: u32 = 0x4553_5201;
const ESR_SIZE: usize = 16;

const SIGILL: u32 = 4;
const SIGTRAP: u32 = 5;

/// PSTATE: the flags, DIT and SSBS; everything else is zero at EL0.
pub const PSTATE_FLAGS: u32 = 0xf << 28;
pub const PSTATE_KEPT: u32 = 1 << 24 | 1 << 12;

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn put64(bytes: &mut [u8], at: usize, value: u64) {
    put(bytes, at, &value.to_le_bytes());
}

fn put32(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes());
}

#[inline]
fn get64(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[inline]
fn get32(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn reg(state: &GuestState, slot: ir::SlotId) -> u64 {
    state.get(&SLOTS[slot.0 as usize]) as u64
}

fn set(state: &mut GuestState, slot: ir::SlotId, value: u128) {
    state.set(&SLOTS[slot.0 as usize], value);
}

/// The frame for the present state.
pub fn frame(state: &GuestState, delivery: &SignalDelivery) -> SignalFrame {
    let record = (delivery.stack - FRAME_RECORD) & !15;
    let addr = record - FRAME as u64;
    let mut bytes = vec![0; USED];
    put(&mut bytes, 0, delivery.info);
    put64(&mut bytes, at::STACK_SP, delivery.altstack.sp);
    put32(&mut bytes, at::STACK_FLAGS, delivery.altstack.flags);
    put64(&mut bytes, at::STACK_SIZE, delivery.altstack.size);
    put64(&mut bytes, at::MASK, delivery.mask);
    for n in 0..31 {
        put64(&mut bytes, at::REGS + 8 * n, reg(state, x(n as u32)));
    }
    put64(&mut bytes, at::SP, reg(state, SP));
    put64(&mut bytes, at::PC, state.pc);
    put64(&mut bytes, at::PSTATE, pstate(state) as u64);
    let end = put_fpsimd(&mut bytes, at::RECORDS, state);
    put_fault(&mut bytes, end, delivery.fault);
    let mut above = [0; FRAME_RECORD as usize];
    put64(&mut above, 0, reg(state, x(29)));
    put64(&mut above, 8, reg(state, LR));
    SignalFrame { addr, bytes, above: Some((FRAME as u64, above)) }
}

/// `struct user_pt_regs` and `struct user_fpsimd_state` (asm/ptrace.h).
pub fn core_registers(state: &GuestState) -> CoreRegisters {
    let mut general: Vec<u8> = (0..31).flat_map(|n| reg(state, x(n)).to_le_bytes()).collect();
    for value in [reg(state, SP), state.pc, pstate(state).into()] {
        general.extend(value.to_le_bytes());
    }
    let mut float: Vec<u8> = (0..32).flat_map(|n| state.get(&SLOTS[v(n).0 as usize]).to_le_bytes()).collect();
    for value in [fpsr(state), fpcr(state), 0, 0] {
        float.extend(value.to_le_bytes());
    }
    CoreRegisters { general, float }
}

/// The frame record (AAPCS64, 6.4.6) holds the caller's and the return address; the link register may hold one that is not
/// stored yet.
pub fn backtrace(state: &GuestState, read: &mut dyn FnMut(u64) -> Option<u64>) -> Vec<u64> {
    let mut out = vec![state.pc, reg(state, LR)];
    follow_frames(reg(state, x(29)), (0, 8), read, &mut out);
    // Return addresses may be signed.
    out.iter_mut().skip(1).for_each(|address| *address = strip(*address));
    out
}

fn pstate(state: &GuestState) -> u32 {
    Nzcv(reg(state, NZCV) as u32).bits() | reg(state, PSTATE) as u32
}

fn put_fpsimd(bytes: &mut [u8], base: usize, state: &GuestState) -> usize {
    put32(bytes, base, FPSIMD_MAGIC);
    put32(bytes, base + 4, FPSIMD_SIZE as u32);
    put32(bytes, base + 8, fpsr(state));
    put32(bytes, base + 12, fpcr(state));
    for n in 0..32 {
        let value = state.get(&SLOTS[v(n as u32).0 as usize]);
        put(bytes, base + 16 + 16 * n, &value.to_le_bytes());
    }
    base + FPSIMD_SIZE
}

/// The thread's latest fault stays in each frame from then on (arch/arm64/kernel/signal.c, setup_sigframe); the terminator
/// behind is zeros.
fn put_fault(bytes: &mut [u8], base: usize, fault: Option<MemoryFault>) {
    let Some(fault) = fault else { return };
    // What arm64_notify_die reports comes without an address, a misaligned pc among it.
    let is_pc = (fault.access, fault.refused) == (Access::Execute, Refused::Misaligned);
    put64(bytes, at::FAULT_ADDRESS, if is_pc { 0 } else { fault.addr });
    put32(bytes, base, ESR_MAGIC);
    put32(bytes, base + 4, ESR_SIZE as u32);
    put64(bytes, base + 8, syndrome(fault));
}

/// ESR_EL1 of a fault (D24.2.40, ISS encodings for instruction and data aborts), all of a 32-bit instruction.
fn syndrome(fault: MemoryFault) -> u64 {
    const IL: u64 = 1 << 25;
    const WNR: u64 = 1 << 6;
    let class = match (fault.access, fault.refused) {
        (Access::Execute, Refused::Misaligned) => return 0x22 << 26 | IL,
        (Access::Execute, _) => 0x20,
        _ => 0x24,
    };
    let status = match fault.refused {
        // No table is looked at for what lies beyond 48 bits, and Linux says as much of its own half (set_thread_esr).
        Refused::Unmapped if fault.addr >> 48 != 0 => 0x04,
        // Of pages that nobody may touch Linux keeps no valid entries (PTE_PRESENT_INVALID in asm/pgtable-prot.h).
        Refused::Unmapped | Refused::Closed => 0x07,
        Refused::Protected => 0x0f,
        Refused::Misaligned => 0x21,
    };
    class << 26 | IL | if fault.access == Access::Write { WNR } else { 0 } | status
}

/// The registers at the handler's first instruction.
pub fn enter(state: &mut GuestState, delivery: &SignalDelivery, frame: u64) {
    set(state, x(0), delivery.signal as u128);
    set(state, x(1), frame as u128);
    set(state, x(2), (frame + at::UCONTEXT as u64) as u128);
    set(state, x(29), (frame + FRAME as u64) as u128);
    set(state, LR, delivery.restorer as u128);
    set(state, SP, frame as u128);
    set(state, EXCL_ADDR, u64::MAX as u128);
    // Who makes such signals on purpose looks at the registers of the frame.
    if matches!(delivery.signal, SIGILL | SIGTRAP) {
        watch(state);
    }
    state.pc = delivery.handler;
}

/// Restores the state from the frame at the stack pointer: registers before anything is found wrong with it
/// (restore_sigframe in arch/arm64/kernel/signal.c).
pub fn sigreturn(state: &mut GuestState, read: &mut dyn FnMut(u64, &mut [u8]) -> bool) -> Option<SignalReturn> {
    let addr = reg(state, SP);
    let mut bytes = vec![0; USED];
    if !addr.is_multiple_of(16) || !read(addr, &mut bytes) {
        return None;
    }
    let flags = get64(&bytes, at::PSTATE);
    restore_registers(state, &bytes, flags as u32);
    // Linux refuses a PSTATE that asks for another exception level, AArch32 or masked exceptions.
    if flags & 0xffff_ffff_0000_03df != 0 {
        return None;
    }
    let mut fpsimd = find_fpsimd(&bytes);
    if fpsimd.is_none() {
        // The handler put records of its own there.
        bytes.resize(FRAME, 0);
        fpsimd = if read(addr, &mut bytes) { find_fpsimd(&bytes) } else { None };
    }
    restore_fpsimd(state, &bytes, fpsimd?);
    let altstack = AltStack {
        sp: get64(&bytes, at::STACK_SP),
        flags: get32(&bytes, at::STACK_FLAGS),
        size: get64(&bytes, at::STACK_SIZE),
    };
    Some(SignalReturn { mask: get64(&bytes, at::MASK), altstack })
}

fn restore_registers(state: &mut GuestState, bytes: &[u8], flags: u32) {
    for n in 0..31 {
        set(state, x(n as u32), get64(bytes, at::REGS + 8 * n) as u128);
    }
    set(state, SP, get64(bytes, at::SP) as u128);
    state.pc = get64(bytes, at::PC);
    set(state, NZCV, Nzcv::from_bits(flags & PSTATE_FLAGS).0 as u128);
    set(state, PSTATE, (flags & PSTATE_KEPT) as u128);
    set(state, EXCL_ADDR, u64::MAX as u128);
}

/// Walks the records as `parse_user_sigframe` does; the floating-point one must be there.
fn find_fpsimd(bytes: &[u8]) -> Option<usize> {
    let (mut base, mut fpsimd) = (at::RECORDS, None);
    while base + 8 <= bytes.len() {
        let (magic, size) = (get32(bytes, base), get32(bytes, base + 4) as usize);
        match magic {
            0 => return if size == 0 { fpsimd } else { None },
            FPSIMD_MAGIC if fpsimd.is_none() && size == FPSIMD_SIZE => fpsimd = Some(base),
            ESR_MAGIC => {}
            _ => return None,
        }
        if size < 16 || size % 16 != 0 || size > bytes.len() - base {
            return None;
        }
        base += size;
    }
    None
}

fn restore_fpsimd(state: &mut GuestState, bytes: &[u8], base: usize) {
    set_fpsr(state, get32(bytes, base + 8));
    set(state, FPCR, (get32(bytes, base + 12) & FPCR_MASK) as u128);
    for n in 0..32 {
        let at = base + 16 + 16 * n;
        let value = get64(bytes, at) as u128 | (get64(bytes, at + 8) as u128) << 64;
        set(state, v(n as u32), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(info: &[u8; 128]) -> SignalDelivery<'_> {
        SignalDelivery {
            signal: 11,
            handler: 0x1000,
            info,
            restorer: 0x2000,
            stack: 0x7fff_1238,
            mask: 0x55,
            altstack: AltStack { sp: 1, flags: 2, size: 3 },
            fault: Some(MemoryFault { addr: 0xdead, access: Access::Write, refused: Refused::Unmapped }),
        }
    }

    fn interrupted() -> GuestState {
        let mut state = GuestState::default();
        for n in 0..31 {
            set(&mut state, x(n), 0x100 + n as u128);
            set(&mut state, v(n), (n as u128) << 64 | 7);
        }
        set(&mut state, SP, 0x7fff_1238);
        set(&mut state, NZCV, Nzcv::from_bits(0xa000_0000).0 as u128);
        set(&mut state, FPCR, 0x00c0_0000);
        set(&mut state, EXCL_ADDR, u64::MAX as u128);
        set_fpsr(&mut state, 0x0800_0093);
        state.pc = 0x4000;
        state
    }

    #[test]
    fn frames_are_laid_out_as_linux_does() {
        let info = [9; 128];
        let state = interrupted();
        let frame = frame(&state, &delivery(&info));
        assert_eq!(frame.addr, 0x7fff_1220 - 4688);
        assert_eq!(&frame.bytes[..128], &info);
        assert_eq!(get64(&frame.bytes, 128 + 176 + 8), 0x100, "x0 behind the fault address");
        assert_eq!(get64(&frame.bytes, at::PC), 0x4000);
        assert_eq!(get64(&frame.bytes, at::PSTATE), 0xa000_0000);
        assert_eq!(get32(&frame.bytes, 128 + 176 + 288), FPSIMD_MAGIC);
        assert_eq!(get64(&frame.bytes, at::FAULT_ADDRESS), 0xdead);
        assert_eq!(get32(&frame.bytes, at::RECORDS + FPSIMD_SIZE), ESR_MAGIC);
        let (at, record) = frame.above.expect("a frame record");
        assert_eq!((at, get64(&record, 0)), (FRAME as u64, 0x100 + 29));
        assert_eq!(MIN_STACK, 4720);
    }

    #[test]
    fn sigreturn_brings_everything_back() {
        let info = [0; 128];
        let before = interrupted();
        let delivery = delivery(&info);
        let frame = frame(&before, &delivery);
        let mut state = before.clone();
        enter(&mut state, &delivery, frame.addr);
        assert_eq!((state.pc, reg(&state, LR)), (0x1000, 0x2000));
        let mut read = |addr: u64, out: &mut [u8]| {
            out.copy_from_slice(&frame.bytes[(addr - frame.addr) as usize..][..out.len()]);
            true
        };
        let back = sigreturn(&mut state, &mut read).expect("a valid frame");
        assert_eq!((back.mask, back.altstack), (0x55, delivery.altstack));
        assert_eq!(state, before);
    }

    #[test]
    fn records_may_stand_further_up() {
        let info = [0; 128];
        let before = interrupted();
        let mut moved = frame(&before, &delivery(&info)).bytes;
        let records = moved.split_off(at::RECORDS);
        moved.resize(at::RECORDS + USED, 0);
        put32(&mut moved, at::RECORDS, ESR_MAGIC);
        put32(&mut moved, at::RECORDS + 4, USED as u32);
        moved.extend(records);
        moved.resize(FRAME, 0);
        let mut state = GuestState::default();
        let mut read = |_: u64, out: &mut [u8]| {
            out.copy_from_slice(&moved[..out.len()]);
            true
        };
        assert!(sigreturn(&mut state, &mut read).is_some());
        assert_eq!(state, before);
    }

    #[test]
    fn malformed_frames_are_refused() {
        let info = [0; 128];
        let good = frame(&interrupted(), &delivery(&info));
        let refused = |at: usize, value: u32| {
            let mut bytes = good.bytes.clone();
            bytes.resize(FRAME, 0);
            put32(&mut bytes, at, value);
            let mut state = interrupted();
            set(&mut state, SP, good.addr as u128);
            let mut read = |_: u64, out: &mut [u8]| {
                out.copy_from_slice(&bytes[..out.len()]);
                true
            };
            let refused = sigreturn(&mut state, &mut read).is_none();
            assert_eq!((state.pc, reg(&state, SP)), (0x4000, 0x7fff_1238), "registers come first");
            refused
        };
        assert!(refused(at::PSTATE, 0x5), "EL1");
        assert!(refused(at::RECORDS, 0), "no floating-point record");
        assert!(refused(at::RECORDS + 4, 8), "short record");
        assert!(refused(at::RECORDS + 4, u32::MAX), "endless record");
        assert!(!refused(at::MASK, 1));
    }
}
