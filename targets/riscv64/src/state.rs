//! The registers of a RISC-V thread as slots.
//!
//! The general ones come first, so that each is one byte of displacement away from the host's state
//! register.

use ir::{SlotDef, SlotId, Ty};
use target::slots::{rank, x_offset};

/// Slot of x`n`, 1 to 31; slot 0 stands for pc-independent scratch and is never read: x0 is a constant.
#[inline]
pub const fn x(n: u32) -> SlotId {
    SlotId(n as u16)
}
/// Slot of f`n`: 64 bits, narrower values NaN-boxed.
pub const fn f(n: u32) -> SlotId {
    SlotId(32 + n as u16)
}
/// The return address.
pub const RA: SlotId = SlotId(1);
/// The stack pointer.
pub const SP: SlotId = SlotId(2);
/// The thread pointer.
pub const TP: SlotId = SlotId(4);
/// fcsr.frm: the dynamic rounding mode.
pub const FRM: SlotId = SlotId(64);
/// Address of the load reservation; all ones where none is held.
pub const RES_ADDR: SlotId = SlotId(65);
/// What the reserving load read.
pub const RES_VALUE: SlotId = SlotId(66);

/// Slot of v`n`.
pub const fn v(n: u32) -> SlotId {
    SlotId(V + n as u16)
}
const V: u16 = 67;
/// The vector length.
pub const VL: SlotId = SlotId(99);
/// The vector type, vill in bit 63.
pub const VTYPE: SlotId = SlotId(100);
/// The first element to be done.
pub const VSTART: SlotId = SlotId(101);
/// Fixed-point rounding mode.
pub const VXRM: SlotId = SlotId(102);
/// Whether anything saturated.
pub const VXSAT: SlotId = SlotId(103);
/// 1 while blocks are keyed by the vector type; see `vector::config`.
pub const KEYED: SlotId = SlotId(104);
/// envcfg.PMM: how long the tags in pointers are; see `masking`.
pub const PMM: SlotId = SlotId(105);
/// Whether vectors may be used, here and by programs that are executed: PR_RISCV_V_GET_CONTROL's word; 0 as if on.
pub const VECTOR_CONTROL: SlotId = SlotId(106);
const COUNT: usize = 107;

/// Names of the general registers.
pub const X_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2",
    "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
];
/// Names of the floating-point registers.
pub const F_NAMES: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
    "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];
/// Names of the vector registers.
pub const V_NAMES: [&str; 32] = [
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",
    "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",
];
/// Which registers compiled code uses most, the first most of all (psABI: arguments, then what calls preserve).
const X_PINS: [u32; 14] = [10, 15, 14, 11, 2, 8, 12, 13, 9, 18, 1, 16, 19, 17];
/// Of the floating-point ones hosts have room for 8 or 22.
const F_PINS: [u32; 24] = [15, 14, 10, 11, 12, 13, 0, 1, 8, 9, 16, 17, 2, 3, 4, 5, 18, 19, 6, 7, 28, 29, 20, 21];

/// The slot table, by slot number.
pub const SLOTS: &[SlotDef] = &slots();

const fn slots() -> [SlotDef; COUNT] {
    let mut all = [SlotDef { name: "", ty: Ty::I64, offset: 0, pin: 0 }; COUNT];
    let mut n = 0;
    while n < 32 {
        let (offset, pin) = (x_offset(&X_PINS, n as u32), rank(&X_PINS, n as u32));
        all[n] = SlotDef { name: X_NAMES[n], ty: Ty::I64, offset, pin };
        all[32 + n] =
            SlotDef { name: F_NAMES[n], ty: Ty::F64, offset: 256 + 8 * n as u16, pin: rank(&F_PINS, n as u32) };
        all[V as usize + n] = SlotDef { name: V_NAMES[n], ty: Ty::V128, offset: 544 + 16 * n as u16, pin: 0 };
        n += 1;
    }
    all[VL.0 as usize] = SlotDef { name: "vl", ty: Ty::I64, offset: 1056, pin: 0 };
    all[VTYPE.0 as usize] = SlotDef { name: "vtype", ty: Ty::I64, offset: 1064, pin: 0 };
    all[VSTART.0 as usize] = SlotDef { name: "vstart", ty: Ty::I64, offset: 1072, pin: 0 };
    all[VXRM.0 as usize] = SlotDef { name: "vxrm", ty: Ty::I32, offset: 1080, pin: 0 };
    all[VXSAT.0 as usize] = SlotDef { name: "vxsat", ty: Ty::I32, offset: 1084, pin: 0 };
    all[KEYED.0 as usize] = SlotDef { name: "keyed", ty: Ty::I32, offset: 1088, pin: 0 };
    all[PMM.0 as usize] = SlotDef { name: "pmm", ty: Ty::I32, offset: 1092, pin: 0 };
    all[VECTOR_CONTROL.0 as usize] = SlotDef { name: "vector_control", ty: Ty::I32, offset: 1096, pin: 0 };
    all[FRM.0 as usize] = SlotDef { name: "frm", ty: Ty::I32, offset: 512, pin: 0 };
    all[RES_ADDR.0 as usize] = SlotDef { name: "res_addr", ty: Ty::I64, offset: 520, pin: 0 };
    all[RES_VALUE.0 as usize] = SlotDef { name: "res_value", ty: Ty::I64, offset: 528, pin: 0 };
    all
}
