//! The vector registers in signal frames (Linux, arch/riscv/kernel/signal.c, uapi/asm/ptrace.h): an extension behind the
//! context, which a thread has once it used vectors.

use ir::GuestState;
use memory::abi_struct;

use super::{reg, set_reg};
use crate::state::{SLOTS, VL, VSTART, VTYPE, VXRM, VXSAT, v};
use crate::vector::{VILL, VLEN, decode, elements};

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
    reg(state, VTYPE) != VILL || control(state) != 0 || (0..32).any(|n| register(state, n) != 0)
}

/// The registers at the start of a program.
pub fn start(state: &mut GuestState) {
    set_reg(state, VTYPE, VILL);
}

/// The extension as it stands at `addr`, if there is to be one.
pub fn save(state: &GuestState, addr: u64) -> Option<Vec<u8>> {
    if !is_used(state) {
        return None;
    }
    let context = VectorContext {
        magic: MAGIC,
        size: BYTES as u32,
        vstart: reg(state, VSTART),
        vl: reg(state, VL),
        vtype: reg(state, VTYPE),
        vcsr: control(state),
        vlenb: (VLEN / 8).into(),
        registers_at: addr.wrapping_add(REGISTERS),
        registers: std::array::from_fn(|i| (register(state, i as u32 / 2) >> (i % 2 * 64)) as u64),
    };
    Some(memory::bytes_of(&context).to_vec())
}

/// Reads the extension at `addr`. What is no type becomes `vill`, and no length is beyond the type's.
pub fn restore(state: &mut GuestState, addr: u64, read: &mut dyn FnMut(u64, &mut [u8]) -> bool) -> Option<()> {
    let mut context = [VectorContext::default()];
    read(addr, memory::bytes_of_slice_mut(&mut context)).then_some(())?;
    let [context] = context;
    let mut registers = [0u8; VLEN as usize * 4];
    read(context.registers_at, &mut registers).then_some(())?;
    for (n, bytes) in (0..).zip(registers.as_chunks().0) {
        state.set_u128_at(SLOTS[v(n).0 as usize].offset, u128::from_le_bytes(*bytes));
    }
    let (vtype, vl) = match decode(context.vtype) {
        Some((sew, lmul)) => (context.vtype, context.vl.min(elements(sew, lmul).into())),
        None => (VILL, 0),
    };
    set_reg(state, VTYPE, vtype);
    set_reg(state, VL, vl);
    set_reg(state, VSTART, context.vstart & u64::from(VLEN - 1));
    state.set_u32_at(SLOTS[VXRM.0 as usize].offset, context.vcsr as u32 >> 1 & 3);
    state.set_u32_at(SLOTS[VXSAT.0 as usize].offset, context.vcsr as u32 & 1);
    Some(())
}
