//! What all vector instructions share (unprivileged ISA, chapter V, with VLEN 128): the configuration, register groups,
//! masks, and how code comes to know the vector type.
//!
//! Lowering has to know `vtype`, and whether `vl` is all there is. Behind a `vset` in the same block it knows: the slots
//! hold constants. A block that begins behind one can't: its first vector instruction sets the slot `KEYED` and leaves, and
//! from there on blocks are keyed by the vector type ([`mode_of`]), until a `vset`, or a call or return, across which no
//! vector type lives (psABI). So code without vectors is there but once, and the table of indirect branches holds code of
//! one mode. The way to the keyed blocks goes through the run loop, unless type and length are those that the block met
//! when it was made: for these it is a jump.

pub mod active;
pub mod bfloat;
pub mod constant;
pub mod float;
pub mod group;
pub mod lanes;
pub mod memory;
pub mod text;

use ir::{GuestState, Icond, Lane, Op, Term, Ty, Val};
use target::{Lower, Mode};

use crate::masking;
use crate::state::{KEYED, SLOTS, VL, VSTART, VTYPE};

/// Bits of a vector register.
pub const VLEN: u32 = 128;
/// `vtype.vill`.
pub const VILL: u64 = 1 << 63;
/// Beside VILL in the slot of `vtype`: the thread has not used vectors yet. No instruction sees it.
pub const UNUSED: u64 = 1 << 62;

/// How many elements are done.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// So many.
    Known(u32),
    /// An i64.
    Dynamic(Val),
}

/// What `vtype` and `vl` say.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// SEW.
    pub sew: Lane,
    /// Base-2 logarithm of LMUL, -3 to 3.
    pub lmul: i32,
    /// `vl`.
    pub vl: Length,
}

impl Config {
    /// Elements of a whole group.
    pub const fn vlmax(&self) -> u32 {
        elements(self.sew, self.lmul)
    }

    /// `vl` as an i64.
    pub fn vl(&self, b: &mut Lower) -> Val {
        match self.vl {
            Length::Known(vl) => b.i64(vl.into()),
            Length::Dynamic(vl) => vl,
        }
    }

    /// The same for elements of another width, of which there are as many: EMUL is EEW / SEW × LMUL.
    pub const fn with_width(&self, lane: Lane) -> Config {
        Config { sew: lane, lmul: self.lmul + lane as i32 - self.sew as i32, vl: self.vl }
    }

    /// Registers of a group.
    pub const fn registers(&self) -> u32 {
        registers(self.lmul)
    }
}

/// Elements of a group.
pub const fn elements(sew: Lane, lmul: i32) -> u32 {
    if lmul >= 0 { sew.count() << lmul } else { sew.count() >> -lmul }
}

/// Registers of a group: a part of one is in a register of its own.
pub const fn registers(lmul: i32) -> u32 {
    if lmul > 0 { 1 << lmul } else { 1 }
}

/// SEW and LMUL of a `vtype`; none where it is reserved, as is a fraction that the widest elements have no such part of.
pub fn decode(vtype: u64) -> Option<(Lane, i32)> {
    fields(vtype).filter(|&(sew, lmul)| lmul >= 0 || sew.bits() <= Lane::D.bits() >> -lmul)
}

/// The same without a look at fractions of the widest elements, which other CPUs may have.
pub fn fields(vtype: u64) -> Option<(Lane, i32)> {
    const TAIL_AND_MASK_AGNOSTIC: u64 = 3 << 6;
    let (lmul, sew) = ((vtype & 7) as i32, (vtype >> 3 & 7) as u8);
    let lmul = if lmul < 4 { lmul } else { lmul - 8 };
    let known = vtype & !(TAIL_AND_MASK_AGNOSTIC | 0x3f) == 0 && sew <= Lane::D as u8 && lmul != -4;
    known.then(|| (Lane::from_u8(sew), lmul))
}

/// What of the vector state is part of a block's key: in the low bits SEW and LMUL, above them a kind.
const NOT_KEYED: u32 = 0;
const WHOLE: u32 = 1;
const PARTIAL: u32 = 2;
/// No vector instruction is legal: `vill` is set, or `vstart` is what no instruction here leaves behind.
const ILLEGAL: u32 = 3;
/// Partial, and `vl` is a multiple of 4 but not of 8, for instructions on so many elements at once.
const FOURS: u32 = 4;
/// Partial, and `vl` is a multiple of 8.
const EIGHTS: u32 = 5;
const KIND: u32 = 5;

/// The vector part of the mode that a state is in.
pub fn mode_of(state: &GuestState) -> u32 {
    let word = |slot: ir::SlotId| state.u64_at(SLOTS[slot.0 as usize].offset);
    if state.u32_at(SLOTS[KEYED.0 as usize].offset) == 0 {
        return NOT_KEYED;
    }
    match decode(word(VTYPE)).filter(|_| word(VSTART) == 0) {
        None => ILLEGAL << KIND,
        Some((sew, lmul)) => {
            let kind = match word(VL) {
                vl if vl == elements(sew, lmul).into() => WHOLE,
                vl if vl.is_multiple_of(8) => EIGHTS,
                vl if vl.is_multiple_of(4) => FOURS,
                _ => PARTIAL,
            };
            kind << KIND | (word(VTYPE) & 7) as u32 | (sew as u32) << 3
        }
    }
}

/// The vector part of a block's mode begins at this bit.
pub const MODE_SHIFT: u32 = OFF_SHIFT + 1;
/// The bit of a mode in which no vector instruction is legal.
pub const OFF_SHIFT: u32 = masking::MODE_SHIFT + 2;

/// The mode without its vector part.
pub const fn without_vectors(mode: Mode) -> Mode {
    Mode(mode.0 & ((1 << MODE_SHIFT) - 1))
}

/// Whether the block is keyed by the vector type.
pub fn is_keyed(b: &Lower) -> bool {
    b.mode.0 >> MODE_SHIFT != NOT_KEYED
}

/// What a block that begins in this state may expect of the vector type and length: above `vtype` is `vl`.
pub fn expectation(state: &GuestState) -> u64 {
    let word = |slot: ir::SlotId| state.u64_at(SLOTS[slot.0 as usize].offset);
    match decode(word(VTYPE)) {
        Some(_) if word(VSTART) == 0 => word(VTYPE) | word(VL) << EXPECTED_VL,
        _ => 0,
    }
}

const EXPECTED_VL: u32 = 8;

/// An i32 that tells whether the state is what the block was told to expect, which is one alone.
fn is_expected(b: &mut Lower) -> Val {
    let expected = b.expectation;
    if expected == 0 {
        return b.i32(0);
    }
    let (vtype, vl) = (b.get(VTYPE), b.get(VL));
    let vtype = b.bin_imm(Op::Xor, Ty::I64, vtype, (expected & ((1 << EXPECTED_VL) - 1)) as i64);
    let vl = b.bin_imm(Op::Xor, Ty::I64, vl, (expected >> EXPECTED_VL) as i64);
    let (vstart, zero) = (b.get(VSTART), b.i64(0));
    let both = b.or(Ty::I64, vtype, vl);
    let all = b.or(Ty::I64, both, vstart);
    b.icmp(Icond::Eq, Ty::I64, all, zero)
}

/// Has the thread count as one that used vectors: what instructions do that leave `vtype` as it is.
pub fn note_use(b: &mut Lower) {
    let vtype = b.get(VTYPE);
    let vtype = b.bin_imm(Op::And, Ty::I64, vtype, !UNUSED as i64);
    b.put(VTYPE, vtype);
}

/// A system call leaves no vector type (Linux, Documentation/arch/riscv/vector.rst).
pub fn forget_at_call(b: &mut Lower) {
    let (vtype, zero) = (b.get(VTYPE), b.i64(0));
    let unused = b.bin_imm(Op::And, Ty::I64, vtype, UNUSED as i64);
    let vtype = b.bin_imm(Op::Or, Ty::I64, unused, VILL as i64);
    b.put(VTYPE, vtype);
    b.put(VL, zero);
    if is_keyed(b) {
        let unkeyed = b.i32(0);
        b.put(KEYED, unkeyed);
    }
}

/// Goes on at `next` with blocks that are keyed by the vector type; where `known` is not 0 it is always the same here.
pub fn leave_keyed(b: &mut Lower, known: Val, next: u64) {
    let keyed = b.i32(1);
    b.put(KEYED, keyed);
    b.end(Term::Switch { known, next });
}

/// Has the instruction be done by a block that is keyed by the vector type that there is.
pub fn find_out(b: &mut Lower) {
    let (pc, known) = (b.pc, is_expected(b));
    leave_keyed(b, known, pc);
}

/// Has the instruction be done by a block that is not keyed.
pub fn leave_unkeyed(b: &mut Lower) {
    let (pc, keyed, known) = (b.pc, b.i32(0), b.i32(1));
    b.put(KEYED, keyed);
    b.end(Term::Switch { known, next: pc });
}

/// Has calls, returns and indirect jumps be done by code that is not keyed. True where the block was ended for that.
pub fn leaves_for_jump(b: &mut Lower) -> bool {
    let keyed = is_keyed(b);
    if keyed {
        leave_unkeyed(b);
    }
    keyed
}

/// What a block knows of the configuration.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// Nothing.
    Unknown,
    /// No instruction that depends on it is legal.
    Illegal,
    /// This.
    So(Config),
}

/// What is known here: by the block's key, or by a `vset` in it.
pub fn known(b: &mut Lower) -> Known {
    let part = b.mode.0 >> MODE_SHIFT;
    let (vtype, vl) = match part >> KIND {
        NOT_KEYED => {
            let (vtype, vl) = (b.get(VTYPE), b.get(VL));
            let Some(vtype) = b.block().as_const(vtype) else { return Known::Unknown };
            (vtype as u64, vl)
        }
        ILLEGAL => return Known::Illegal,
        _ => (u64::from(part & ((1 << KIND) - 1)), b.get(VL)),
    };
    let Some((sew, lmul)) = decode(vtype) else { return Known::Illegal };
    let vl = match b.block().as_const(vl) {
        _ if part >> KIND == WHOLE => Length::Known(elements(sew, lmul)),
        Some(vl) => Length::Known(vl as u32),
        None => Length::Dynamic(vl),
    };
    Known::So(Config { sew, lmul, vl })
}

/// The configuration for an instruction that works on 4 or 8 elements at once, and is legal only where `vl` is a multiple
/// of that.
pub fn grouped_config(b: &mut Lower, group: u32) -> Option<Config> {
    let config = config(b)?;
    let kind = b.mode.0 >> MODE_SHIFT >> KIND;
    match config.vl {
        Length::Known(vl) if vl.is_multiple_of(group) => return Some(config),
        Length::Dynamic(_) if kind == EIGHTS || kind == FOURS && group == 4 => return Some(config),
        Length::Dynamic(_) if !is_keyed(b) => find_out(b),
        _ => b.undefined(),
    }
    None
}

/// The configuration, for an instruction that depends on it; without one the block was ended.
pub fn config(b: &mut Lower) -> Option<Config> {
    match known(b) {
        Known::So(config) => return Some(config),
        Known::Illegal => b.undefined(),
        Known::Unknown => find_out(b),
    }
    None
}

/// Whether two ranges of registers have one in common.
pub const fn overlap(a: u32, a_count: u32, b: u32, b_count: u32) -> bool {
    a < b + b_count && b < a + a_count
}

/// Whether a group may begin at `reg`.
pub const fn is_aligned(reg: u32, lmul: i32) -> bool {
    lmul <= 3 && lmul >= -3 && reg.is_multiple_of(registers(lmul))
}

/// Whether a destination with elements of another width may stand where a source does (chapter V, vector operands): a
/// wider one may overlap with its last registers, a narrower one with its first.
pub const fn may_overlap(dst: u32, dst_lmul: i32, src: u32, src_lmul: i32) -> bool {
    let (dst_count, src_count) = (registers(dst_lmul), registers(src_lmul));
    if !overlap(dst, dst_count, src, src_count) {
        return true;
    }
    if dst_lmul > src_lmul {
        return src_lmul >= 0 && dst < src && dst + dst_count == src + src_count;
    }
    dst_lmul < src_lmul && dst == src
}
