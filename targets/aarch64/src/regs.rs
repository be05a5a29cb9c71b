//! Reading and writing general registers: number 31 is the zero register or the stack pointer.

use ir::{Mem, Op, SlotId, Ty, Val};
use target::Lower;

use crate::state::{SP, x};

/// Xn or Wn as `ty` says; 31 reads as zero.
pub fn reg(b: &mut Lower, ty: Ty, n: u32) -> Val {
    match (n, ty) {
        (31, _) => b.constant(ty, 0),
        (_, Ty::I32) => b.get32(x(n)),
        _ => b.get(x(n)),
    }
}

/// Xn or Wn; 31 is the stack pointer.
pub fn reg_sp(b: &mut Lower, ty: Ty, n: u32) -> Val {
    let slot = slot_sp(n);
    if ty == Ty::I32 { b.get32(slot) } else { b.get(slot) }
}

/// Sets Xn, or Wn and zeros above; 31 discards.
pub fn set_reg(b: &mut Lower, ty: Ty, n: u32, val: Val) {
    match (n, ty) {
        (31, _) => {}
        (_, Ty::I32) => b.put32(x(n), val),
        _ => b.put(x(n), val),
    }
}

/// Sets Xn or Wn; 31 is the stack pointer.
pub fn set_reg_sp(b: &mut Lower, ty: Ty, n: u32, val: Val) {
    let slot = slot_sp(n);
    if ty == Ty::I32 { b.put32(slot, val) } else { b.put(slot, val) }
}

fn slot_sp(n: u32) -> SlotId {
    if n == 31 { SP } else { x(n) }
}

/// A memory operand as this block accesses it: where the mode says that addresses carry tags, with the
/// top byte replaced by copies of bit 55 (Arm ARM D8.8, address tagging).
pub fn untag(b: &mut Lower, mem: Mem) -> Mem {
    if b.mode.0 & crate::MASK_TAGS.0 == 0 {
        return mem;
    }
    let mut addr = mem.base;
    if mem.index.is_some() {
        let index = b.bin_imm(Op::Shl, Ty::I64, mem.index, mem.scale as i64);
        addr = b.add(Ty::I64, addr, index);
    }
    if mem.disp != 0 {
        let disp = b.i64(mem.disp);
        addr = b.add(Ty::I64, addr, disp);
    }
    let up = b.bin_imm(Op::Shl, Ty::I64, addr, 8);
    Mem::at(b.bin_imm(Op::Sar, Ty::I64, up, 8))
}
