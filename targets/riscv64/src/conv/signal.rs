//! Signal frames (Linux, arch/riscv/kernel/signal.c, uapi/asm/{sigcontext,ucontext,ptrace}.h).
//!
//! `struct rt_sigframe { siginfo_t info; struct ucontext uc; }`, on a stack pointer aligned to 16. Its context
//! holds pc, x1 to x31, f0 to f31 and fcsr in the room of the quad-precision state, and behind them a list of
//! extensions, each with a header: vectors, or none.

use ir::GuestState;
use memory::abi_struct;
use target::signal::follow_frames;
use target::{AltStack, CoreRegisters, SignalDelivery, SignalFrame, SignalReturn};

use super::{reg, set_reg, vector};
use crate::rows::zicsr::{fflags_of, host_flags_of};
use crate::state::{self, FRM, RA, RES_ADDR, SLOTS, SP};

abi_struct! {
    /// `struct user_regs_struct`, `union __riscv_fp_state` with `struct __riscv_d_ext_state` in it, and the end of the
    /// extensions' list (`struct __riscv_extra_ext_header`).
    struct SigContext: 784 {
        pc: u64,
        x: [u64; 31],
        f: [u64; 32],
        fcsr: u32,
        unused: [u32; 64],
        reserved: u32,
        end_magic: u32,
        end_size: u32,
    }
    /// `struct ucontext`.
    struct UContext: 960 {
        flags: u64,
        link: u64,
        stack_sp: u64,
        stack_flags: u32,
        stack_pad: u32,
        stack_size: u64,
        mask: u64,
        room: [u64; 15],
        pad: u64,
        context: SigContext,
    }
    /// `struct rt_sigframe`.
    struct RtSigFrame: 1088 {
        info: [u8; 128],
        uc: UContext,
    }
}

/// Bytes of a frame without vectors.
const FRAME_BYTES: u64 = size_of::<RtSigFrame>() as u64;
/// Bytes of the header that ends the list of extensions.
const END_BYTES: u64 = 8;

/// Bytes of a frame; with vectors, AT_MINSIGSTKSZ.
pub const fn frame_bytes(vectors: bool) -> u64 {
    let extension = if vectors { vector::BYTES } else { 0 };
    (FRAME_BYTES + extension).next_multiple_of(STACK_ALIGN)
}

const UC_OFFSET: u64 = 128;
const A0: u32 = 10;
const STACK_ALIGN: u64 = 16;

fn save(state: &GuestState) -> SigContext {
    let frm = state.u32_at(SLOTS[FRM.0 as usize].offset);
    SigContext {
        pc: state.pc,
        x: std::array::from_fn(|i| reg(state, state::x(i as u32 + 1))),
        f: std::array::from_fn(|i| reg(state, state::f(i as u32))),
        fcsr: frm << 5 | fflags_of(state.fp_flags),
        ..SigContext::default()
    }
}

/// `struct user_regs_struct` and `struct __riscv_d_ext_state` (asm/ptrace.h).
pub fn core_registers(state: &GuestState) -> CoreRegisters {
    let context = save(state);
    let bytes = memory::bytes_of(&context);
    // pc and x1 to x31; f0 to f31, fcsr and the padding to 8 bytes.
    let (general, rest) = bytes.split_at(32 * 8);
    CoreRegisters { general: general.to_vec(), float: rest[..33 * 8].to_vec() }
}

/// With frame pointers the caller's and the return address stand below where s0 points (psABI, frame pointer
/// convention); ra may hold one that is not stored yet.
pub fn backtrace(state: &GuestState, read: &mut dyn FnMut(u64) -> Option<u64>) -> Vec<u64> {
    const S0: u32 = 8;
    let mut out = vec![state.pc, reg(state, RA)];
    follow_frames(reg(state, state::x(S0)), (-16, -8), read, &mut out);
    out
}

/// Sets what [`core_registers`] has of the general registers.
pub fn set_general(state: &mut GuestState, bytes: &[u8]) {
    let word = |index: usize| bytes[8 * index..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    state.pc = word(0);
    for n in 1..32 {
        set_reg(state, state::x(n as u32), word(n));
    }
    set_reg(state, RES_ADDR, !0);
}

/// Sets what [`core_registers`] has of the floating-point registers.
pub fn set_float(state: &mut GuestState, bytes: &[u8]) {
    let word = |index: usize| bytes[8 * index..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    for n in 0..32 {
        set_reg(state, state::f(n as u32), word(n));
    }
    set_fcsr(state, word(32) as u32);
}

fn set_fcsr(state: &mut GuestState, fcsr: u32) {
    state.set_u32_at(SLOTS[FRM.0 as usize].offset, fcsr >> 5 & 7);
    state.fp_flags = host_flags_of(fcsr & 31);
}

fn restore(state: &mut GuestState, context: &SigContext) {
    state.pc = context.pc;
    for (i, &value) in context.x.iter().enumerate() {
        set_reg(state, state::x(i as u32 + 1), value);
    }
    for (i, &value) in context.f.iter().enumerate() {
        set_reg(state, state::f(i as u32), value);
    }
    set_fcsr(state, context.fcsr);
    set_reg(state, RES_ADDR, !0);
}

/// Lays a frame out below the delivery's stack.
pub fn signal_frame(state: &GuestState, delivery: &SignalDelivery) -> SignalFrame {
    let uc = UContext {
        stack_sp: delivery.altstack.sp,
        stack_flags: delivery.altstack.flags,
        stack_size: delivery.altstack.size,
        mask: delivery.mask,
        context: save(state),
        ..UContext::default()
    };
    let frame = RtSigFrame { info: *delivery.info, uc };
    let place = |vectors| delivery.stack.wrapping_sub(frame_bytes(vectors)) & !(STACK_ALIGN - 1);
    let list = FRAME_BYTES - END_BYTES;
    let extension = vector::save(state, place(true).wrapping_add(list));
    let addr = place(extension.is_some());
    let mut bytes = memory::bytes_of(&frame).to_vec();
    if let Some(extension) = extension {
        bytes.splice(list as usize..list as usize, extension);
    }
    SignalFrame { addr, bytes, above: None }
}

/// The handler's registers: signal, `siginfo_t`, `ucontext`, and the trampoline to return to.
pub fn enter_handler(state: &mut GuestState, delivery: &SignalDelivery, frame: u64) {
    state.pc = delivery.handler;
    set_reg(state, SP, frame);
    set_reg(state, RA, delivery.restorer);
    set_reg(state, state::x(A0), delivery.signal as u64);
    set_reg(state, state::x(A0 + 1), frame);
    set_reg(state, state::x(A0 + 2), frame + UC_OFFSET);
    // A trap ends a reservation.
    set_reg(state, RES_ADDR, !0);
}

/// Restores what the frame at the stack pointer holds.
pub fn signal_return(state: &mut GuestState, read: &mut dyn FnMut(u64, &mut [u8]) -> bool) -> Option<SignalReturn> {
    let sp = reg(state, SP);
    let mut uc = [UContext::default()];
    if !sp.is_multiple_of(STACK_ALIGN) || !read(sp.wrapping_add(UC_OFFSET), memory::bytes_of_slice_mut(&mut uc)) {
        return None;
    }
    let [uc] = uc;
    let context = &uc.context;
    let list = sp.wrapping_add(FRAME_BYTES - END_BYTES);
    match (context.reserved, context.end_magic, context.end_size) {
        (0, 0, 0) => {}
        (0, vector::MAGIC, size) if u64::from(size) == vector::BYTES => {
            let mut end = [0; END_BYTES as usize];
            if !read(list.wrapping_add(vector::BYTES), &mut end) || end != [0; END_BYTES as usize] {
                return None;
            }
            vector::restore(state, list, read)?;
        }
        _ => return None,
    }
    restore(state, context);
    let altstack = AltStack { sp: uc.stack_sp, flags: uc.stack_flags, size: uc.stack_size };
    Some(SignalReturn { mask: uc.mask, altstack })
}
