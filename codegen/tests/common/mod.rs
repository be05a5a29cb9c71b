//! What the tests share: a small guest, random blocks of the IR's own tests, and a machine that runs emitted code.
#![allow(dead_code, reason = "each test uses a part")]

pub mod arena;
pub mod machine;
#[path = "../../../ir/tests/common/random.rs"]
pub mod random;

use ir::{Helper, HelperFn, SlotDef, Tables, Ty, VecArgs};

const fn slot(name: &'static str, ty: Ty, offset: u16, pin: u8) -> SlotDef {
    SlotDef { name, ty, offset, pin }
}

/// The slots of the tests' guest: of each type some that are pinned and some that are not.
pub const SLOTS: &[SlotDef] = &[
    slot("x0", Ty::I64, 0, 1),
    slot("x1", Ty::I64, 8, 2),
    slot("x2", Ty::I64, 16, 3),
    slot("x3", Ty::I64, 24, 0),
    slot("x4", Ty::I64, 32, 0),
    slot("x5", Ty::I64, 40, 0),
    slot("q0", Ty::V128, 48, 1),
    slot("q1", Ty::V128, 64, 2),
    slot("q2", Ty::V128, 80, 0),
    slot("q3", Ty::V128, 96, 0),
    slot("f0", Ty::F64, 112, 3),
    slot("f1", Ty::F64, 120, 0),
    slot("s0", Ty::F32, 128, 4),
    slot("s1", Ty::F32, 132, 0),
    slot("w0", Ty::I32, 136, 4),
    slot("w1", Ty::I32, 140, 0),
    slot("nzcv", Ty::Flags, 144, 0),
    slot("x6", Ty::I64, 152, 0),
    slot("x7", Ty::I64, 160, 0),
    slot("x8", Ty::I64, 168, 0),
    slot("x9", Ty::I64, 176, 0),
    slot("q4", Ty::V128, 192, 0),
    slot("q5", Ty::V128, 208, 0),
    slot("q6", Ty::V128, 224, 0),
    slot("q7", Ty::V128, 240, 0),
    slot("q8", Ty::V128, 256, 0),
    // The first four make the others come to registers from 16 on, where there are 32.
    slot("q9", Ty::V128, 272, 5),
    slot("q10", Ty::V128, 288, 6),
    slot("q11", Ty::V128, 304, 7),
    slot("q12", Ty::V128, 320, 8),
    slot("q13", Ty::V128, 336, 9),
    slot("q14", Ty::V128, 352, 10),
    slot("f2", Ty::F64, 368, 11),
    slot("s2", Ty::F32, 376, 12),
];

/// Byte offset of the flags slot.
pub const NZCV: u16 = 144;

extern "C" fn mix(a: u64, b: u64, c: u64, imm: u64) -> u64 {
    a.wrapping_mul(3) ^ b.rotate_left(7) ^ c.wrapping_add(imm)
}

extern "C" fn swap_halves(args: &mut VecArgs) {
    args.v[0] = (args.v[0] as u64 as u128).rotate_left(64) ^ args.v[1] as u16 as u128 ^ args.imm as u128;
    args.raised = (args.v[2] as u32) & 1;
}

/// Its helpers.
pub const HELPERS: &[Helper] = &[
    Helper { name: "mix", about: "", function: HelperFn::Int(mix) },
    Helper { name: "swap_halves", about: "", function: HelperFn::Vec(swap_halves) },
];

pub const TABLES: Tables<'static> = Tables { slots: SLOTS, helpers: HELPERS };
