//! Which elements are done: those below `vl`, and of a masked instruction those whose bit of v0 is set. The others are
//! left undisturbed, as agnostic ones may be too (chapter V, prestart, active, inactive, body, and tail elements).

use ir::{Icond, Lane, Op, Ty, Val};
use target::Lower;

use super::constant;
use super::{Config, Length, VLEN};
use crate::state::v;

/// What a register's lanes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mask {
    /// All active.
    All,
    /// None is.
    Nothing,
    /// All ones where active.
    Some(Val),
}

/// The bytes that masks are made of: one for each of 16 elements.
const BLOCK: u32 = 16;

/// The active elements of an instruction.
#[derive(Clone, Copy, Debug)]
pub struct Active {
    vl: Length,
    masked: bool,
    /// By 16 elements: a byte for each.
    bytes: [Val; 8],
}

impl Active {
    /// Of an instruction.
    pub fn new(config: &Config, masked: bool) -> Active {
        Active { vl: config.vl, masked, bytes: [Val::NONE; 8] }
    }

    /// All below `vl`.
    pub fn body(config: &Config) -> Active {
        Active::new(config, false)
    }

    /// Of the register with this number in a group with elements of width `lane`.
    pub fn lanes(&mut self, b: &mut Lower, lane: Lane, register: u32) -> Mask {
        let first = register * lane.count();
        match self.vl {
            Length::Known(vl) if vl <= first => Mask::Nothing,
            Length::Known(vl) if !self.masked && vl >= first + lane.count() => Mask::All,
            Length::Known(vl) if !self.masked => Mask::Some(constant::below(b, lane, vl - first)),
            _ => Mask::Some(self.widened(b, lane, first)),
        }
    }

    /// The bytes from element `first` on, sign-extended to lanes.
    fn widened(&mut self, b: &mut Lower, lane: Lane, first: u32) -> Val {
        let mut mask = self.block(b, first / BLOCK);
        for width in 0..lane as u8 {
            let narrow = Lane::from_u8(width);
            let op = if first % narrow.count() >= narrow.count() / 2 { Op::VExtHiS } else { Op::VExtLoS };
            mask = b.vun(op, narrow, mask);
        }
        mask
    }

    fn block(&mut self, b: &mut Lower, block: u32) -> Val {
        let known = self.bytes[block as usize];
        if known.is_some() {
            return known;
        }
        let body = self.body_bytes(b, block);
        let mask = match (self.masked, body) {
            (false, body) => body.unwrap_or_else(|| b.vconst(!0)),
            (true, None) => mask_bytes(b, block),
            (true, Some(body)) => {
                let mask = mask_bytes(b, block);
                b.and(Ty::V128, body, mask)
            }
        };
        self.bytes[block as usize] = mask;
        mask
    }

    fn body_bytes(&self, b: &mut Lower, block: u32) -> Option<Val> {
        match self.vl {
            Length::Known(vl) if vl >= (block + 1) * BLOCK => None,
            Length::Known(vl) => Some(constant::below(b, Lane::B, vl.saturating_sub(block * BLOCK))),
            // Numbers up to 127 and lengths up to 128: the last element's number fits a signed byte.
            Length::Dynamic(vl) => {
                let last = b.bin_imm(Op::Add, Ty::I64, vl, -1);
                let last = constant::spread(b, Lane::B, last);
                let numbers = constant::numbers(b, Lane::B, block * BLOCK);
                let beyond = b.vbin(Op::VCmpGtS, Lane::B, numbers, last);
                Some(b.un(Op::Not, Ty::V128, beyond))
            }
        }
    }

    /// The active elements as bits: the first 64, and those behind them.
    pub fn bits(&self, b: &mut Lower) -> [Val; 2] {
        let body = self.body_bits(b);
        if !self.masked {
            return body;
        }
        let mask = halves(b, v(0));
        [b.and(Ty::I64, body[0], mask[0]), b.and(Ty::I64, body[1], mask[1])]
    }

    fn body_bits(&self, b: &mut Lower) -> [Val; 2] {
        match self.vl {
            Length::Known(vl) => {
                let ones = |count: u32| if count == 0 { 0 } else { !0u64 >> (64 - count.min(64)) };
                [b.i64(ones(vl) as i64), b.i64(ones(vl.saturating_sub(64)) as i64)]
            }
            Length::Dynamic(vl) => {
                let above = b.bin_imm(Op::Sub, Ty::I64, vl, 64);
                [ones_below(b, vl), ones_below(b, above)]
            }
        }
    }
}

/// So many ones, at most 64; none where `count` is negative.
fn ones_below(b: &mut Lower, count: Val) -> Val {
    let (zero, all, limit) = (b.i64(0), b.i64(-1), b.i64(64));
    let bit = b.i64(1);
    let bit = b.bin(Op::Shl, Ty::I64, bit, count);
    let ones = b.bin_imm(Op::Add, Ty::I64, bit, -1);
    let full = b.icmp(Icond::GeS, Ty::I64, count, limit);
    let ones = b.select(Ty::I64, full, all, ones);
    let none = b.icmp(Icond::LeS, Ty::I64, count, zero);
    b.select(Ty::I64, none, zero, ones)
}

/// 16 bits of v0 as bytes.
fn mask_bytes(b: &mut Lower, block: u32) -> Val {
    const BITS: u64 = 0x8040_2010_0804_0201;
    let mask = b.get(v(0));
    let low = b.vimm(Op::VDup, Lane::B, mask, (2 * block).into());
    let high = b.vimm(Op::VDup, Lane::B, mask, (2 * block + 1).into());
    let both = b.vbin(Op::VZip1, Lane::D, low, high);
    let bits = b.vconst(BITS);
    let set = b.and(Ty::V128, both, bits);
    b.vbin(Op::VCmpEq, Lane::B, set, bits)
}

/// A register's two halves.
pub fn halves(b: &mut Lower, slot: ir::SlotId) -> [Val; 2] {
    let vector = b.get(slot);
    [0, 1].map(|half| b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [vector, Val::NONE, Val::NONE], half))
}

/// A register of two halves.
pub fn join(b: &mut Lower, [low, high]: [Val; 2]) -> Val {
    let low = constant::spread(b, Lane::D, low);
    b.op(Op::VInsert, Ty::V128, Lane::D as u8, [low, high, Val::NONE], 1)
}

/// `new` where the mask is set, else `old`.
pub fn blend(b: &mut Lower, mask: Val, new: Val, old: Val) -> Val {
    let new = b.and(Ty::V128, new, mask);
    let old = b.bin(Op::AndNot, Ty::V128, old, mask);
    b.or(Ty::V128, new, old)
}

/// A mask register of masks of lanes: a bit of each, in the order of the registers.
pub fn pack(b: &mut Lower, lane: Lane, masks: &[Val]) -> Val {
    let mut words = [Val::NONE; 2];
    let per_word = 64 / lane.count();
    for (i, &mask) in (0..).zip(masks) {
        let bits = lane_bits(b, lane, mask);
        let (word, at) = ((i / per_word) as usize, i % per_word * lane.count());
        let bits = b.bin_imm(Op::Shl, Ty::I64, bits, at.into());
        words[word] = if words[word].is_some() { b.or(Ty::I64, words[word], bits) } else { bits };
    }
    let zero = b.i64(0);
    let [low, high] = words.map(|word| if word.is_some() { word } else { zero });
    join(b, [low, high])
}

/// A bit of each lane, as an i64: lanes are cut to bytes, a bit is picked of each of eight, and they are added up.
fn lane_bits(b: &mut Lower, lane: Lane, mask: Val) -> Val {
    const BITS: u64 = 0x8040_2010_0804_0201;
    let mut bytes = mask;
    for width in (1..=lane as u8).rev() {
        bytes = b.vun(Op::VNarrow, Lane::from_u8(width), bytes);
    }
    let bits = b.vconst(BITS);
    let mut sums = b.and(Ty::V128, bytes, bits);
    for narrow in [Lane::B, Lane::H, Lane::S] {
        sums = b.vun(Op::VAddPairU, narrow, sums);
    }
    let mut half = |n| b.op(Op::VExtractU, Ty::I64, Lane::D as u8, [sums, Val::NONE, Val::NONE], n);
    let low = half(0);
    if lane != Lane::B {
        return low;
    }
    let high = half(1);
    let high = b.bin_imm(Op::Shl, Ty::I64, high, 8);
    b.or(Ty::I64, low, high)
}

/// Sets a mask register's bits below `vl`, and of `masked` those that are active.
pub fn put_bits(b: &mut Lower, config: &Config, masked: bool, vd: u32, bits: Val) {
    if let (false, Length::Known(VLEN)) = (masked, config.vl) {
        return b.put(v(vd), bits);
    }
    let active = Active::new(config, masked).bits(b);
    let (mask, old) = (join(b, active), b.get(v(vd)));
    let merged = blend(b, mask, bits, old);
    b.put(v(vd), merged);
}
