//! Advanced SIMD copy (Arm ARM C4.1.96): between lanes, and between lanes and general registers.

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, set_reg};
use crate::state::v;
use crate::vector::{Shape, put, shape};

instructions! {
    /// Duplicate, insert and move.
    pub ROWS: cpu::ASIMD;
    dup_element "0q0 01110000 iiiii 0 0000 1 nnnnn ddddd" |b, f: Word| duplicate(b, f);
    dup_general "0q0 01110000 iiiii 0 0001 1 nnnnn ddddd" |b, f: Word| splat_general(b, f);
    smov        "0q0 01110000 iiiii 0 0101 1 nnnnn ddddd" |b, f: Word| to_general(b, f, Op::VExtractS);
    umov        "0q0 01110000 iiiii 0 0111 1 nnnnn ddddd" |b, f: Word| to_general(b, f, Op::VExtractU);
    ins_general "010 01110000 iiiii 0 0011 1 nnnnn ddddd" |b, f: Word| insert_general(b, f);
    ins_element "011 01110000 iiiii 0 jjjj 1 nnnnn ddddd" |b, f: Word| insert_element(b, f);
    dup_scalar  "010 11110000 iiiii 0 0000 1 nnnnn ddddd" |b, f: Word| duplicate(b, f);
}

/// imm5: its lowest set bit says the lane's width, the bits above the lane's number.
fn lane_index(f: Word) -> Option<(Lane, i64)> {
    let imm5 = f.bits(16, 5);
    let size = imm5.trailing_zeros();
    (size < 4).then(|| (Lane::from_u8(size as u8), (imm5 >> (size + 1)) as i64))
}

/// One double-word alone is no vector.
fn vector_lane(f: Word) -> Option<(Lane, i64)> {
    lane_index(f).filter(|&(lane, _)| lane != Lane::D || shape(f) != Shape::Half)
}

/// A general register of the width a lane takes its bits from.
fn general(b: &mut Lower, lane: Lane, n: u32) -> Val {
    reg(b, if lane == Lane::D { Ty::I64 } else { Ty::I32 }, n)
}

fn duplicate(b: &mut Lower, f: Word) {
    let Some((lane, index)) = vector_lane(f) else { return b.undefined() };
    let n = b.get(v(f.rn()));
    let result = b.vimm(Op::VDup, lane, n, index);
    put(b, f, lane, result);
}

fn splat_general(b: &mut Lower, f: Word) {
    let Some((lane, _)) = vector_lane(f) else { return b.undefined() };
    let n = general(b, lane, f.rn());
    let ty = if lane == Lane::D { Ty::I64 } else { Ty::I32 };
    let result = b.op(Op::VSplat, ty, lane as u8, [n, Val::NONE, Val::NONE], 0);
    put(b, f, lane, result);
}

/// SMOV, UMOV: UMOV's register is as wide as the lane asks for, SMOV's is wider than the lane.
fn to_general(b: &mut Lower, f: Word, op: Op) {
    let Some((lane, index)) = lane_index(f) else { return b.undefined() };
    let wide = f.q();
    let allocated = match (op, lane) {
        (Op::VExtractU, _) => wide == (lane == Lane::D),
        (_, Lane::D) => false,
        (_, Lane::S) => wide,
        _ => true,
    };
    if !allocated {
        return b.undefined();
    }
    let ty = if wide { Ty::I64 } else { Ty::I32 };
    let n = b.get(v(f.rn()));
    let result = b.op(op, ty, lane as u8, [n, Val::NONE, Val::NONE], index);
    set_reg(b, ty, f.rd(), result);
}

fn insert_general(b: &mut Lower, f: Word) {
    let Some((lane, index)) = lane_index(f) else { return b.undefined() };
    let n = general(b, lane, f.rn());
    let d = b.get(v(f.rd()));
    let result = b.op(Op::VInsert, Ty::V128, lane as u8, [d, n, Val::NONE], index);
    b.put(v(f.rd()), result);
}

fn insert_element(b: &mut Lower, f: Word) {
    let Some((lane, index)) = lane_index(f) else { return b.undefined() };
    // The low bits of imm4 below the lane's number are ignored.
    let from = (f.bits(11, 4) >> (lane as u32)) as i64;
    let (d, n) = (b.get(v(f.rd())), b.get(v(f.rn())));
    let result = b.op(Op::VInsLane, Ty::V128, lane as u8, [d, n, Val::NONE], from << 8 | index);
    b.put(v(f.rd()), result);
}
