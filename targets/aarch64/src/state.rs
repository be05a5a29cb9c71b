//! The registers of an AArch64 thread as slots.
//!
//! The 32 general ones come first, so that each is one byte of displacement away from the host's
//! state register.

use ir::{SlotDef, SlotId, Ty};
use target::slots::{rank, x_offset};

/// Slot of X`n`, 0 to 30. 31 is the stack pointer here; the zero register has no slot.
#[inline]
pub const fn x(n: u32) -> SlotId {
    SlotId(n as u16)
}
/// The stack pointer.
pub const SP: SlotId = SlotId(31);
/// The link register.
pub const LR: SlotId = SlotId(30);
/// Slot of V`n`.
pub const fn v(n: u32) -> SlotId {
    SlotId(32 + n as u16)
}
/// The condition flags.
pub const NZCV: SlotId = SlotId(64);
/// FPCR, in its architectural layout.
pub const FPCR: SlotId = SlotId(65);
/// FPSR.QC: set where any bit of the vector is.
pub const QC: SlotId = SlotId(66);
/// TPIDR_EL0: the thread pointer.
pub const TPIDR: SlotId = SlotId(67);
/// Address of the exclusive monitor; all ones where none is set.
pub const EXCL_ADDR: SlotId = SlotId(68);
/// What the exclusive load read there, zero-extended; the low half of a pair of 64-bit registers.
pub const EXCL_VALUE: SlotId = SlotId(69);
/// FPSR.IDC, as its bit 7: a denormal was flushed on input. The host's like flag means another thing.
pub const IDC: SlotId = SlotId(70);
/// PSTATE.DIT and SSBS at their places in PSTATE; they change nothing.
pub const PSTATE: SlotId = SlotId(71);
/// MIDR_EL1; set once.
pub const MIDR: SlotId = SlotId(72);
/// The high half of such a pair.
pub const EXCL_HIGH: SlotId = SlotId(73);
/// Not zero once the program looked at FPSR: from then on its flags are exact ([`crate::WATCHED`]).
pub const WATCH: SlotId = SlotId(74);
/// The keys of pointer authentication, the upper half of each the first that QARMA takes: A of
/// instruction addresses.
pub const APIA: SlotId = SlotId(75);
/// B of instruction addresses.
pub const APIB: SlotId = SlotId(76);
/// A of data addresses.
pub const APDA: SlotId = SlotId(77);
/// B of data addresses.
pub const APDB: SlotId = SlotId(78);
/// The generic one.
pub const APGA: SlotId = SlotId(79);
/// Which of the first four are disabled, a bit each ([`crate::KEYS_OFF`]).
pub const KEYS_OFF: SlotId = SlotId(80);
const COUNT: usize = 81;

/// Names of the general registers.
pub const X_NAMES: [&str; 32] = [
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
    "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",
];
/// Names of the vector registers.
pub const V_NAMES: [&str; 32] = [
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",
    "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",
];
const KEY_NAMES: [&str; 5] = ["apia", "apib", "apda", "apdb", "apga"];
/// Which registers compiled code uses most, the first most of all: as samples of interpreters and compressors say (lua, perl,
/// python3, mawk, xz, zstd).
const X_PINS: [u32; 14] = [0, 1, 2, 31, 19, 20, 3, 21, 4, 30, 22, 23, 5, 8];
/// Of the vector registers hosts have room for 8 or 22; compilers take temporaries from 31 down or 16 up.
const V_PINS: [u32; 24] = [0, 1, 2, 3, 4, 5, 6, 7, 31, 30, 29, 28, 27, 26, 16, 17, 18, 19, 8, 9, 20, 21, 10, 11];

/// The slot table, by slot number.
pub const SLOTS: &[SlotDef] = &slots();

const fn slots() -> [SlotDef; COUNT] {
    let mut all = [SlotDef { name: "", ty: Ty::I64, offset: 0, pin: 0 }; COUNT];
    let mut n = 0;
    while n < 32 {
        let (offset, pin) = (x_offset(&X_PINS, n as u32), rank(&X_PINS, n as u32));
        all[n] = SlotDef { name: X_NAMES[n], ty: Ty::I64, offset, pin };
        all[32 + n] =
            SlotDef { name: V_NAMES[n], ty: Ty::V128, offset: 256 + 16 * n as u16, pin: rank(&V_PINS, n as u32) };
        n += 1;
    }
    all[NZCV.0 as usize] = SlotDef { name: "nzcv", ty: Ty::Flags, offset: 768, pin: 0 };
    all[FPCR.0 as usize] = SlotDef { name: "fpcr", ty: Ty::I32, offset: 772, pin: 0 };
    all[QC.0 as usize] = SlotDef { name: "qc", ty: Ty::V128, offset: 784, pin: 0 };
    all[TPIDR.0 as usize] = SlotDef { name: "tpidr", ty: Ty::I64, offset: 800, pin: 0 };
    all[EXCL_ADDR.0 as usize] = SlotDef { name: "excl_addr", ty: Ty::I64, offset: 808, pin: 0 };
    all[EXCL_VALUE.0 as usize] = SlotDef { name: "excl_value", ty: Ty::I64, offset: 816, pin: 0 };
    all[EXCL_HIGH.0 as usize] = SlotDef { name: "excl_high", ty: Ty::I64, offset: 824, pin: 0 };
    all[IDC.0 as usize] = SlotDef { name: "idc", ty: Ty::I32, offset: 776, pin: 0 };
    all[PSTATE.0 as usize] = SlotDef { name: "pstate", ty: Ty::I32, offset: 780, pin: 0 };
    all[WATCH.0 as usize] = SlotDef { name: "watch", ty: Ty::I32, offset: 840, pin: 0 };
    all[KEYS_OFF.0 as usize] = SlotDef { name: "keys_off", ty: Ty::I32, offset: 844, pin: 0 };
    let mut key = 0;
    while key < 5 {
        let offset = 848 + 16 * key as u16;
        all[APIA.0 as usize + key] = SlotDef { name: KEY_NAMES[key], ty: Ty::V128, offset, pin: 0 };
        key += 1;
    }
    all[MIDR.0 as usize] = SlotDef { name: "midr", ty: Ty::I64, offset: 832, pin: 0 };
    all
}
