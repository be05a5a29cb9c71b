//! The vector registers in signal frames (Linux, arch/riscv/kernel/signal.c, uapi/asm/ptrace.h): an extension behind the
//! context, which a thread has once it used vectors.

use ir::GuestState;
use memory::abi_struct;

use super::{reg, set_reg};
use crate::state::{SLOTS, VL, VSTART, VTYPE, VXRM, VXSAT, v};
use crate::vector::{UNUSED, VILL, VLEN, decode, elements, fields};

abi_struct! {
    /// `struct __riscv_ctx_hdr`, and `struct __riscv_v_ext_state` with the registers that it points to.
    struct VectorContext: 568 {
        magic: u32,
        size: u32,
        vstart: u64,
        vl: u64,
        vtype: u64,
        vcsr: u64,
        vlenb: u64,
        registers_at: u64,
        registers: [u64; 64],
    }
}

/// Bytes of the extension.
pub const BYTES: u64 = size_of::<VectorContext>() as u64;
/// RISCV_V_MAGIC.
pub const MAGIC: u32 = 0x5346_5457;
/// Bytes before `vstart`.
const HEAD: u64 = 8;
/// All bits of vcsr: vxrm and vxsat.
const VCSR: u64 = 7;
/// Where in it the registers are, and `struct __riscv_v_ext_state`.
const REGISTERS: u64 = 56;

fn register(state: &GuestState, n: u32) -> u128 {
    state.u128_at(SLOTS[v(n).0 as usize].offset)
}

fn control(state: &GuestState) -> u64 {
    let word = |slot: ir::SlotId| u64::from(state.u32_at(SLOTS[slot.0 as usize].offset));
    word(VXRM) << 1 | word(VXSAT)
}

/// Whether the thread used vectors, as far as that shows.
fn is_used(state: &GuestState) -> bool {
    reg(state, VTYPE) & UNUSED == 0 || control(state) != 0 || (0..32).any(|n| register(state, n) != 0)
}

/// The registers at the start of a program.
pub fn start(state: &mut GuestState) {
    set_reg(state, VTYPE, VILL | UNUSED);
}

/// The extension as it stands at `addr`, if there is to be one.
pub fn save(state: &GuestState, addr: u64) -> Option<Vec<u8>> {
    is_used(state).then(|| memory::bytes_of(&context(state, addr)).to_vec())
}

fn context(state: &GuestState, addr: u64) -> VectorContext {
    VectorContext {
        magic: MAGIC,
        size: BYTES as u32,
        vstart: reg(state, VSTART),
        vl: reg(state, VL),
        vtype: reg(state, VTYPE) & !UNUSED,
        vcsr: control(state),
        vlenb: (VLEN / 8).into(),
        registers_at: addr.wrapping_add(REGISTERS),
        registers: std::array::from_fn(|i| (register(state, i as u32 / 2) >> (i % 2 * 64)) as u64),
    }
}

/// `struct __riscv_v_regset_state`: as the extension, without a head and an address; nothing before they are used.
pub fn regset(state: &GuestState) -> Vec<u8> {
    if !is_used(state) {
        return Vec::new();
    }
    let context = context(state, 0);
    let bytes = memory::bytes_of(&context);
    [&bytes[HEAD as usize..(REGISTERS - 8) as usize], &bytes[REGISTERS as usize..]].concat()
}

/// Sets the registers of such a set; false if they can't be so: a length of a register that is another, a type that is none,
/// more elements than it has, reserved bits (arch/riscv/kernel/ptrace.c, invalid_ptrace_v_csr).
pub fn set_regset(state: &mut GuestState, bytes: &[u8]) -> bool {
    let (control, registers) = bytes.split_at((REGISTERS - 8 - HEAD) as usize);
    let word = |index: usize| control[8 * index..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let [vl, vtype, vcsr, vlenb] = [1, 2, 3, 4].map(word);
    let holds = |(sew, lmul)| vl.max(1) <= u64::from(elements(sew, lmul));
    let fits = vlenb == u64::from(VLEN / 8) && vcsr <= VCSR && fields(vtype).is_some_and(holds);
    if fits {
        set_registers(state, registers);
        set_control(state, [word(0), vl, vtype, vcsr]);
    }
    fits
}

/// Reads the extension at `addr`. What is no type becomes `vill`, and no length is beyond the type's.
pub fn restore(state: &mut GuestState, addr: u64, read: &mut dyn FnMut(u64, &mut [u8]) -> bool) -> Option<()> {
    let mut context = [VectorContext::default()];
    read(addr, memory::bytes_of_slice_mut(&mut context)).then_some(())?;
    let [context] = context;
    let mut registers = [0u8; VLEN as usize * 4];
    read(context.registers_at, &mut registers).then_some(())?;
    set_registers(state, &registers);
    set_control(state, [context.vstart, context.vl, context.vtype, context.vcsr]);
    Some(())
}

fn set_registers(state: &mut GuestState, registers: &[u8]) {
    for (n, bytes) in (0..32).zip(registers.as_chunks().0) {
        state.set_u128_at(SLOTS[v(n).0 as usize].offset, u128::from_le_bytes(*bytes));
    }
}

fn set_control(state: &mut GuestState, [vstart, vl, vtype, vcsr]: [u64; 4]) {
    let (vtype, vl) = match decode(vtype) {
        Some((sew, lmul)) => (vtype, vl.min(elements(sew, lmul).into())),
        None => (VILL, 0),
    };
    set_reg(state, VTYPE, vtype);
    set_reg(state, VL, vl);
    set_reg(state, VSTART, vstart & u64::from(VLEN - 1));
    state.set_u32_at(SLOTS[VXRM.0 as usize].offset, vcsr as u32 >> 1 & 3);
    state.set_u32_at(SLOTS[VXSAT.0 as usize].offset, vcsr as u32 & 1);
}
