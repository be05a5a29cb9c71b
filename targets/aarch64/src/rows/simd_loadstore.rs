//! Advanced SIMD load and store of structures (Arm ARM C4.1.94): LD1 to LD4 and ST1 to ST4 of whole
//! registers, of one lane, and with replication. All loads come before the first write of a register, so
//! that a fault in the middle leaves the state as it was.

use ir::{Access, Lane, Mem, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, reg_sp, set_reg_sp, untag};
use crate::state::v;
use crate::structures;
use crate::vector::low64;

instructions! {
    /// Whole registers; with bit 23 the base is written back.
    pub MULTIPLE: cpu::ASIMD;
    st4_regs  "0q001100 p00 mmmmm 0000 zz nnnnn ttttt" |b, f: Word| store_structures(b, f, 4);
    st1_4regs "0q001100 p00 mmmmm 0010 zz nnnnn ttttt" |b, f: Word| store_registers(b, f, 4);
    st3_regs  "0q001100 p00 mmmmm 0100 zz nnnnn ttttt" |b, f: Word| store_structures(b, f, 3);
    st1_3regs "0q001100 p00 mmmmm 0110 zz nnnnn ttttt" |b, f: Word| store_registers(b, f, 3);
    st1_1reg  "0q001100 p00 mmmmm 0111 zz nnnnn ttttt" |b, f: Word| store_registers(b, f, 1);
    st2_regs  "0q001100 p00 mmmmm 1000 zz nnnnn ttttt" |b, f: Word| store_structures(b, f, 2);
    st1_2regs "0q001100 p00 mmmmm 1010 zz nnnnn ttttt" |b, f: Word| store_registers(b, f, 2);
    ld4_regs  "0q001100 p10 mmmmm 0000 zz nnnnn ttttt" |b, f: Word| load_structures(b, f, 4);
    ld1_4regs "0q001100 p10 mmmmm 0010 zz nnnnn ttttt" |b, f: Word| load_registers(b, f, 4);
    ld3_regs  "0q001100 p10 mmmmm 0100 zz nnnnn ttttt" |b, f: Word| load_structures(b, f, 3);
    ld1_3regs "0q001100 p10 mmmmm 0110 zz nnnnn ttttt" |b, f: Word| load_registers(b, f, 3);
    ld1_1reg  "0q001100 p10 mmmmm 0111 zz nnnnn ttttt" |b, f: Word| load_registers(b, f, 1);
    ld2_regs  "0q001100 p10 mmmmm 1000 zz nnnnn ttttt" |b, f: Word| load_structures(b, f, 2);
    ld1_2regs "0q001100 p10 mmmmm 1010 zz nnnnn ttttt" |b, f: Word| load_registers(b, f, 2);
}

instructions! {
    /// One lane, or all lanes alike.
    pub SINGLE: cpu::ASIMD;
    st1_lane "0q001101 p00 mmmmm ss0 S zz nnnnn ttttt" unless "0q001101 p00 mmmmm 110 S zz nnnnn ttttt", "0q001101 000 00001 100 0 01 nnnnn ttttt" |b, f: Word| store_lane(b, f, 1);
    st3_lane "0q001101 p00 mmmmm ss1 S zz nnnnn ttttt" unless "0q001101 p00 mmmmm 111 S zz nnnnn ttttt" |b, f: Word| store_lane(b, f, 3);
    st2_lane "0q001101 p01 mmmmm ss0 S zz nnnnn ttttt" unless "0q001101 p01 mmmmm 110 S zz nnnnn ttttt" |b, f: Word| store_lane(b, f, 2);
    st4_lane "0q001101 p01 mmmmm ss1 S zz nnnnn ttttt" unless "0q001101 p01 mmmmm 111 S zz nnnnn ttttt" |b, f: Word| store_lane(b, f, 4);
    ld1_lane "0q001101 p10 mmmmm ss0 S zz nnnnn ttttt" unless "0q001101 p10 mmmmm 110 S zz nnnnn ttttt", "0q001101 010 00001 100 0 01 nnnnn ttttt" |b, f: Word| load_lane(b, f, 1);
    ld3_lane "0q001101 p10 mmmmm ss1 S zz nnnnn ttttt" unless "0q001101 p10 mmmmm 111 S zz nnnnn ttttt" |b, f: Word| load_lane(b, f, 3);
    ld2_lane "0q001101 p11 mmmmm ss0 S zz nnnnn ttttt" unless "0q001101 p11 mmmmm 110 S zz nnnnn ttttt" |b, f: Word| load_lane(b, f, 2);
    ld4_lane "0q001101 p11 mmmmm ss1 S zz nnnnn ttttt" unless "0q001101 p11 mmmmm 111 S zz nnnnn ttttt" |b, f: Word| load_lane(b, f, 4);
    ld1r     "0q001101 p10 mmmmm 110 0 zz nnnnn ttttt" |b, f: Word| load_replicate(b, f, 1);
    ld3r     "0q001101 p10 mmmmm 111 0 zz nnnnn ttttt" |b, f: Word| load_replicate(b, f, 3);
    ld2r     "0q001101 p11 mmmmm 110 0 zz nnnnn ttttt" |b, f: Word| load_replicate(b, f, 2);
    ld4r     "0q001101 p11 mmmmm 111 0 zz nnnnn ttttt" |b, f: Word| load_replicate(b, f, 4);
}

/// The base address, and what its register becomes.
struct Base {
    addr: Val,
    write_back: Option<Val>,
}

impl Base {
    /// For an instruction that moves so many bytes; `None` where the offset register's field is set without
    /// write-back.
    fn of(b: &mut Lower, f: Word, bytes: i64) -> Option<Base> {
        let post_index = f.bit(23);
        if !post_index && f.rm() != 0 {
            return None;
        }
        let addr = reg_sp(b, Ty::I64, f.rn());
        let write_back = post_index.then(|| {
            let offset = if f.rm() == 31 { b.i64(bytes) } else { reg(b, Ty::I64, f.rm()) };
            b.add(Ty::I64, addr, offset)
        });
        Some(Base { addr, write_back })
    }

    fn at(&self, b: &mut Lower, offset: u32) -> Mem {
        untag(b, Mem::disp(self.addr, offset as i64))
    }

    fn finish(self, b: &mut Lower, f: Word) {
        if let Some(new) = self.write_back {
            set_reg_sp(b, Ty::I64, f.rn(), new);
        }
    }
}

/// Register `i` of the list.
fn listed(f: Word, i: u32) -> ir::SlotId {
    v((f.rt() + i) % 32)
}

/// Bytes of a register, and how they are accessed.
fn whole(f: Word) -> (u32, Access) {
    if f.q() { (16, Access::B128) } else { (8, Access::B64) }
}

fn load_registers(b: &mut Lower, f: Word, count: u32) {
    let (bytes, access) = whole(f);
    let Some(base) = Base::of(b, f, (count * bytes) as i64) else { return b.undefined() };
    let mut values = [Val::NONE; 4];
    for i in 0..count {
        let mem = base.at(b, i * bytes);
        values[i as usize] = b.load(Ty::V128, access, mem);
    }
    for i in 0..count {
        b.put(listed(f, i), values[i as usize]);
    }
    base.finish(b, f);
}

fn store_registers(b: &mut Lower, f: Word, count: u32) {
    let (bytes, access) = whole(f);
    let Some(base) = Base::of(b, f, (count * bytes) as i64) else { return b.undefined() };
    for i in 0..count {
        let value = b.get(listed(f, i));
        let mem = base.at(b, i * bytes);
        b.store(Ty::V128, access, mem, value);
    }
    base.finish(b, f);
}

/// The lane of a structure's elements: one double-word alone makes no structure.
fn element(f: Word) -> Option<Lane> {
    let lane = Lane::from_u8(f.bits(10, 2) as u8);
    (lane != Lane::D || f.q()).then_some(lane)
}

/// The memory that structures of `count` take up, in accesses: with an even count two registers of 64 bits
/// share one of 128.
fn chunks(f: Word, count: u32) -> (u32, u32, Access) {
    match (f.q(), count % 2) {
        (true, _) => (count, 16, Access::B128),
        (false, 0) => (count / 2, 16, Access::B128),
        (false, _) => (count, 8, Access::B64),
    }
}

fn load_structures(b: &mut Lower, f: Word, count: u32) {
    let Some(lane) = element(f) else { return b.undefined() };
    let Some(base) = Base::of(b, f, (count * whole(f).0) as i64) else { return b.undefined() };
    let (accesses, bytes, access) = chunks(f, count);
    let mut memory = [Val::NONE; 4];
    for i in 0..accesses {
        let mem = base.at(b, i * bytes);
        memory[i as usize] = b.load(Ty::V128, access, mem);
    }
    let values = structures::deinterleave(b, lane, f.q(), count, memory);
    for i in 0..count {
        let value = values[i as usize];
        let value = if f.q() { value } else { low64(b, value) };
        b.put(listed(f, i), value);
    }
    base.finish(b, f);
}

fn store_structures(b: &mut Lower, f: Word, count: u32) {
    let Some(lane) = element(f) else { return b.undefined() };
    let Some(base) = Base::of(b, f, (count * whole(f).0) as i64) else { return b.undefined() };
    let mut values = [Val::NONE; 4];
    for i in 0..count {
        values[i as usize] = b.get(listed(f, i));
    }
    let memory = structures::interleave(b, lane, f.q(), count, values);
    let (accesses, bytes, access) = chunks(f, count);
    for i in 0..accesses {
        let mem = base.at(b, i * bytes);
        b.store(Ty::V128, access, mem, memory[i as usize]);
    }
    base.finish(b, f);
}

/// The lane and its number: opcode says how wide, Q:S:size which one.
fn single(f: Word) -> Option<(Lane, u32)> {
    let (q, s, size) = (f.q() as u32, f.bits(12, 1), f.bits(10, 2));
    let position = q << 3 | s << 2 | size;
    match (f.bits(14, 2), size) {
        (0, _) => Some((Lane::B, position)),
        (1, 0 | 2) => Some((Lane::H, position >> 1)),
        (2, 0) => Some((Lane::S, position >> 2)),
        (2, 1) if s == 0 => Some((Lane::D, q)),
        _ => None,
    }
}

/// How a lane is accessed.
fn lane_access(lane: Lane) -> (u32, Access) {
    let access = [Access::U8, Access::U16, Access::U32, Access::B64][lane as usize];
    (access.bytes(), access)
}

/// Loads `count` lanes that follow each other in memory.
fn load_lanes(b: &mut Lower, base: &Base, lane: Lane, count: u32) -> [Val; 4] {
    let (bytes, access) = lane_access(lane);
    let mut values = [Val::NONE; 4];
    for i in 0..count {
        let mem = base.at(b, i * bytes);
        values[i as usize] = b.load(Ty::I64, access, mem);
    }
    values
}

fn load_lane(b: &mut Lower, f: Word, count: u32) {
    let Some((lane, index)) = single(f) else { return b.undefined() };
    let Some(base) = Base::of(b, f, (count * lane_access(lane).0) as i64) else { return b.undefined() };
    let values = load_lanes(b, &base, lane, count);
    for i in 0..count {
        let before = b.get(listed(f, i));
        let args = [before, values[i as usize], Val::NONE];
        let after = b.op(Op::VInsert, Ty::V128, lane as u8, args, index as i64);
        b.put(listed(f, i), after);
    }
    base.finish(b, f);
}

fn store_lane(b: &mut Lower, f: Word, count: u32) {
    let Some((lane, index)) = single(f) else { return b.undefined() };
    let (bytes, access) = lane_access(lane);
    let Some(base) = Base::of(b, f, (count * bytes) as i64) else { return b.undefined() };
    for i in 0..count {
        let register = b.get(listed(f, i));
        let value = crate::vector::extract(b, Ty::I64, lane, register, index);
        let mem = base.at(b, i * bytes);
        b.store(Ty::I64, access, mem, value);
    }
    base.finish(b, f);
}

fn load_replicate(b: &mut Lower, f: Word, count: u32) {
    let lane = Lane::from_u8(f.bits(10, 2) as u8);
    let Some(base) = Base::of(b, f, (count * lane_access(lane).0) as i64) else { return b.undefined() };
    let values = load_lanes(b, &base, lane, count);
    for i in 0..count {
        let args = [values[i as usize], Val::NONE, Val::NONE];
        let all = b.op(Op::VSplat, Ty::I64, lane as u8, args, 0);
        let all = if f.q() { all } else { low64(b, all) };
        b.put(listed(f, i), all);
    }
    base.finish(b, f);
}
