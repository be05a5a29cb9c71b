//! Loads and stores of pairs (Arm ARM C4.1.94). Non-temporal ones are plain.

use ir::{Access, Lane, Mem, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::memory_ops::{Address, post, pre};
use crate::regs::{reg, reg_sp, set_reg, untag};
use crate::state::v;

instructions! {
    /// No-allocate, post-indexed, offset and pre-indexed pairs.
    pub ROWS: cpu::BASE;
    stnp_w "00 101 0 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store(b, f, Access::U32);
    ldnp_w "00 101 0 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load(b, f, Access::U32);
    stnp_x "10 101 0 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store(b, f, Access::B64);
    ldnp_x "10 101 0 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load(b, f, Access::B64);
    stp_w  "00 101 0 0mm 0 iiiiiii ttttt nnnnn ttttt" unless "00 101 0 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store(b, f, Access::U32);
    ldp_w  "00 101 0 0mm 1 iiiiiii ttttt nnnnn ttttt" unless "00 101 0 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load(b, f, Access::U32);
    ldpsw  "01 101 0 0mm 1 iiiiiii ttttt nnnnn ttttt" unless "01 101 0 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load(b, f, Access::S32);
    stp_x  "10 101 0 0mm 0 iiiiiii ttttt nnnnn ttttt" unless "10 101 0 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store(b, f, Access::B64);
    ldp_x  "10 101 0 0mm 1 iiiiiii ttttt nnnnn ttttt" unless "10 101 0 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load(b, f, Access::B64);

    stnp_s "00 101 1 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store_vectors(b, f, Access::U32);
    ldnp_s "00 101 1 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load_vectors(b, f, Access::U32);
    stnp_d "01 101 1 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store_vectors(b, f, Access::B64);
    ldnp_d "01 101 1 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load_vectors(b, f, Access::B64);
    stnp_q "10 101 1 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store_vectors(b, f, Access::B128);
    ldnp_q "10 101 1 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load_vectors(b, f, Access::B128);
    stp_s  "00 101 1 0mm 0 iiiiiii ttttt nnnnn ttttt" unless "00 101 1 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store_vectors(b, f, Access::U32);
    ldp_s  "00 101 1 0mm 1 iiiiiii ttttt nnnnn ttttt" unless "00 101 1 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load_vectors(b, f, Access::U32);
    stp_d  "01 101 1 0mm 0 iiiiiii ttttt nnnnn ttttt" unless "01 101 1 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store_vectors(b, f, Access::B64);
    ldp_d  "01 101 1 0mm 1 iiiiiii ttttt nnnnn ttttt" unless "01 101 1 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load_vectors(b, f, Access::B64);
    stp_q  "10 101 1 0mm 0 iiiiiii ttttt nnnnn ttttt" unless "10 101 1 000 0 iiiiiii ttttt nnnnn ttttt" |b, f: Word| store_vectors(b, f, Access::B128);
    ldp_q  "10 101 1 0mm 1 iiiiiii ttttt nnnnn ttttt" unless "10 101 1 000 1 iiiiiii ttttt nnnnn ttttt" |b, f: Word| load_vectors(b, f, Access::B128);
}

fn address(b: &mut Lower, f: Word, bytes: u32) -> Address {
    let offset = f.sbits(15, 7) * bytes as i64;
    match f.bits(23, 2) {
        1 => post(b, f, offset),
        3 => pre(b, f, offset),
        _ => {
            let base = reg_sp(b, Ty::I64, f.rn());
            let mem = untag(b, Mem::disp(base, offset));
            Address::plain(mem)
        }
    }
}

fn second(mem: Mem, access: Access) -> Mem {
    Mem { disp: mem.disp + access.bytes() as i64, ..mem }
}

/// FEAT_LSE2 makes a pair of 64-bit registers within 16 aligned bytes one access. The stack is private to a
/// thread but by exotic use: there two accesses serve, which forward to and from single ones.
fn is_single(b: &Lower, f: Word, access: Access) -> bool {
    access == Access::B64 && f.rn() != 31 && b.has(cpu::USCAT)
}

fn load(b: &mut Lower, f: Word, access: Access) {
    let at = address(b, f, access.bytes());
    let (first, last) = if is_single(b, f, access) {
        let both = b.load(Ty::V128, Access::B128, at.mem);
        (extract(b, both, 0), extract(b, both, 1))
    } else {
        (b.load(Ty::I64, access, at.mem), b.load(Ty::I64, access, second(at.mem, access)))
    };
    at.finish(b, f);
    set_reg(b, Ty::I64, f.rt(), first);
    set_reg(b, Ty::I64, f.rt2(), last);
}

fn store(b: &mut Lower, f: Word, access: Access) {
    let at = address(b, f, access.bytes());
    let (first, last) = (reg(b, Ty::I64, f.rt()), reg(b, Ty::I64, f.rt2()));
    if is_single(b, f, access) {
        let both = pair(b, first, last);
        b.store(Ty::V128, Access::B128, at.mem, both);
    } else {
        b.store(Ty::I64, access, at.mem, first);
        b.store(Ty::I64, access, second(at.mem, access), last);
    }
    at.finish(b, f);
}

/// Two 64-bit values as a vector.
pub(super) fn pair(b: &mut Lower, low: Val, high: Val) -> Val {
    let zero = b.vconst(0);
    let half = b.op(Op::VInsert, Ty::I64, Lane::D as u8, [zero, low, Val::NONE], 0);
    b.op(Op::VInsert, Ty::I64, Lane::D as u8, [half, high, Val::NONE], 1)
}

/// Its low or high half.
pub(super) fn extract(b: &mut Lower, vector: Val, half: i64) -> Val {
    b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [vector, Val::NONE, Val::NONE], half)
}

fn load_vectors(b: &mut Lower, f: Word, access: Access) {
    let at = address(b, f, access.bytes());
    let first = b.load(Ty::V128, access, at.mem);
    let last = b.load(Ty::V128, access, second(at.mem, access));
    at.finish(b, f);
    b.put(v(f.rt()), first);
    b.put(v(f.rt2()), last);
}

fn store_vectors(b: &mut Lower, f: Word, access: Access) {
    let at = address(b, f, access.bytes());
    let (first, last) = (b.get(v(f.rt())), b.get(v(f.rt2())));
    b.store(Ty::V128, access, at.mem, first);
    b.store(Ty::V128, access, second(at.mem, access), last);
    at.finish(b, f);
}
