//! Advanced SIMD permute, extract and table lookup (Arm ARM C4.1.96).

use ir::{Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::state::v;
use crate::vector::{self, BHSD, Shape, high_half, put, shape, splat};

instructions! {
    /// Instructions that move lanes about.
    pub ROWS: cpu::ASIMD;
    uzp1       "0q0 01110 zz0 mmmmm 0 001 10 nnnnn ddddd" |b, f: Word| unzip(b, f, Op::VUzp1);
    uzp2       "0q0 01110 zz0 mmmmm 0 101 10 nnnnn ddddd" |b, f: Word| unzip(b, f, Op::VUzp2);
    trn1       "0q0 01110 zz0 mmmmm 0 010 10 nnnnn ddddd" |b, f: Word| vector::binary(b, f, BHSD, |b, l, n, m| b.vbin(Op::VTrn1, l, n, m));
    trn2       "0q0 01110 zz0 mmmmm 0 110 10 nnnnn ddddd" |b, f: Word| vector::binary(b, f, BHSD, |b, l, n, m| b.vbin(Op::VTrn2, l, n, m));
    zip1       "0q0 01110 zz0 mmmmm 0 011 10 nnnnn ddddd" |b, f: Word| vector::binary(b, f, BHSD, |b, l, n, m| b.vbin(Op::VZip1, l, n, m));
    zip2       "0q0 01110 zz0 mmmmm 0 111 10 nnnnn ddddd" |b, f: Word| zip2(b, f);
    ext_vector "0q1 01110 000 mmmmm 0 iiii 0 nnnnn ddddd" |b, f: Word| extract(b, f);
    tbl        "0q0 01110 000 mmmmm 0 ll 0 00 nnnnn ddddd" |b, f: Word| table(b, f, false);
    tbx        "0q0 01110 000 mmmmm 0 ll 1 00 nnnnn ddddd" |b, f: Word| table(b, f, true);
}

/// Vm:Vn in 128 bits, for the 64-bit forms.
fn joined(b: &mut Lower, f: Word) -> Val {
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    b.vbin(Op::VZip1, Lane::D, n, m)
}

fn unzip(b: &mut Lower, f: Word, op: Op) {
    let Some(lane) = vector::lane(f, BHSD) else { return b.undefined() };
    let (n, m) = if shape(f) == Shape::Half {
        let both = joined(b, f);
        (both, both)
    } else {
        (b.get(v(f.rn())), b.get(v(f.rm())))
    };
    let result = b.vbin(op, lane, n, m);
    put(b, f, lane, result);
}

/// For 64 bits the upper lanes in turns are the upper half of all lower lanes in turns.
fn zip2(b: &mut Lower, f: Word) {
    vector::binary(b, f, BHSD, |b, lane, n, m| {
        if shape(f) == Shape::Full {
            return b.vbin(Op::VZip2, lane, n, m);
        }
        let turns = b.vbin(Op::VZip1, lane, n, m);
        high_half(b, turns)
    });
}

fn extract(b: &mut Lower, f: Word) {
    let position = f.bits(11, 4);
    let (low, high) = if f.q() {
        (b.get(v(f.rn())), b.get(v(f.rm())))
    } else {
        if position >= 8 {
            return b.undefined();
        }
        let both = joined(b, f);
        (both, both)
    };
    let result = b.op(Op::VExt, Ty::V128, 0, [low, high, Val::NONE], position as i64);
    put(b, f, Lane::B, result);
}

/// TBL, TBX over one to four registers from Vn, numbers wrapping at 32. Each register is looked up with the
/// indices rebased to it; those that lie outside yield zero there.
fn table(b: &mut Lower, f: Word, keep: bool) {
    let count = f.bits(13, 2) + 1;
    let indices = b.get(v(f.rm()));
    let (mut result, mut rebased) = (None, indices);
    for i in 0..count {
        if i > 0 {
            let sixteen = splat(b, Lane::B, 16);
            rebased = b.vbin(Op::VSub, Lane::B, rebased, sixteen);
        }
        let register = b.get(v((f.rn() + i) % 32));
        let found = b.bin(Op::VTbl, Ty::V128, register, rebased);
        result = Some(match result {
            None => found,
            Some(before) => b.or(Ty::V128, before, found),
        });
    }
    let Some(mut result) = result else { return };
    if keep {
        let d = b.get(v(f.rd()));
        let end = splat(b, Lane::B, 16 * count as u64 - 1);
        let outside = b.vbin(Op::VCmpGtU, Lane::B, indices, end);
        let kept = b.and(Ty::V128, d, outside);
        result = b.or(Ty::V128, result, kept);
    }
    put(b, f, Lane::B, result);
}
