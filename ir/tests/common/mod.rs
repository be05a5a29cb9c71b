//! What the tests of the IR share: a small guest, random numbers, a block built again.
#![allow(dead_code, reason = "each test uses a part")]

pub mod machine;
pub mod random;

use ir::{Block, Builder, Helper, HelperFn, HelperId, Inst, Op, Passes, SlotDef, SlotId, Tables, Ty, Val, VecArgs};

const fn slot(name: &'static str, ty: Ty, offset: u16) -> SlotDef {
    SlotDef { name, ty, offset, pin: 0 }
}

/// The slots of the tests' guest.
pub const SLOTS: &[SlotDef] = &[
    slot("x0", Ty::I64, 0),
    slot("x1", Ty::I64, 8),
    slot("x2", Ty::I64, 16),
    slot("x3", Ty::I64, 24),
    slot("q0", Ty::V128, 32),
    slot("q1", Ty::V128, 48),
    slot("q2", Ty::V128, 64),
    slot("f0", Ty::F64, 80),
    slot("s0", Ty::F32, 88),
    slot("w0", Ty::I32, 92),
    slot("nzcv", Ty::Flags, 96),
];

extern "C" fn mix(a: u64, b: u64, c: u64, imm: u64) -> u64 {
    a.wrapping_mul(3) ^ b.rotate_left(7) ^ c.wrapping_add(imm)
}

extern "C" fn swap_halves(args: &mut VecArgs) {
    args.v[0] = args.v[0].rotate_left(64) ^ args.v[1] ^ args.imm as u128;
    args.raised = (args.v[2] as u32) & 1;
}

/// Its helpers.
pub const HELPERS: &[Helper] = &[
    Helper { name: "mix", about: "", function: HelperFn::Int(mix) },
    Helper { name: "swap_halves", about: "", function: HelperFn::Vec(swap_halves) },
];

pub const TABLES: Tables<'static> = Tables { slots: SLOTS, helpers: HELPERS };

/// `block` built again, with `passes`.
pub fn rebuild(block: &Block, passes: Passes) -> Block {
    let mut builder = Builder::new(SLOTS, passes);
    builder.begin(block.pc, block.nan);
    let mut new = Vec::new();
    let renamed = |new: &[Val], val: Val| if val.is_some() { new[val.index()] } else { val };
    for inst in &block.insts {
        let args = inst.args.map(|val| renamed(&new, val));
        let slot = SlotId(inst.imm as u16);
        new.push(match inst.op {
            Op::Insn => {
                builder.insn(inst.imm as u64);
                Val::NONE
            }
            Op::Put => {
                builder.put(slot, args[0]);
                Val::NONE
            }
            Op::Get if inst.ty == SLOTS[slot.0 as usize].ty => builder.get(slot),
            Op::Call if inst.ty == Ty::I64 && inst.aux == 0 => {
                builder.call_int(HelperId(inst.imm as u16), args, inst.imm >> 16)
            }
            _ => builder.emit(Inst { args, ..*inst }),
        });
    }
    if let Some(term) = block.term {
        builder.end(term.map_operand(|val| renamed(&new, val)));
    }
    let mut built = builder.block().clone();
    built.end = block.end;
    built
}
