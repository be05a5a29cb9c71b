//! V: moves of elements to other places, and to and from scalar registers (unprivileged ISA, chapter V, vector permutation
//! instructions).
//!
//! Where elements come from is a byte's number within the source's group; a look-up in each register of the group yields
//! zero for what is not in it.

use ir::{Icond, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use super::v_reduce::{first_element, put_first_element};
use crate::cpu;
use crate::fields::{Source, V};
use crate::float::Fregs;
use crate::helpers;
use crate::regs::Regs;
use crate::state::v;
use crate::vector::active::{Active, Mask, join};
use crate::vector::float::{format, has_arithmetic, masks, vector_rounding};
use crate::vector::group::{self, Group, NO_GROUP, Operand, sources_fit, spares_mask, write_masked};
use crate::vector::lanes::{extract, narrowed};
use crate::vector::{Config, config, constant, is_aligned, overlap, registers};

instructions! {
    /// Element 0.
    pub SCALAR: cpu::V;
    vmv_x_s  "010000 1 ttttt 00000 010 ddddd 1010111" |b, f: V| to_scalar(b, f);
    vmv_s_x  "010000 1 00000 sssss 110 ddddd 1010111" |b, f: V| from_scalar(b, f);
    vfmv_f_s "010000 1 ttttt 00000 001 ddddd 1010111" |b, f: V| to_float(b, f);
    vfmv_s_f "010000 1 00000 sssss 101 ddddd 1010111" |b, f: V| from_float(b, f);
}

instructions! {
    /// Slides.
    pub SLIDE: cpu::V;
    vslideup_vx     "001110 m ttttt sssss 100 ddddd 1010111" |b, f: V| slide(b, f, Slide::Up);
    vslideup_vi     "001110 m ttttt sssss 011 ddddd 1010111" |b, f: V| slide(b, f, Slide::Up);
    vslidedown_vx   "001111 m ttttt sssss 100 ddddd 1010111" |b, f: V| slide(b, f, Slide::Down);
    vslidedown_vi   "001111 m ttttt sssss 011 ddddd 1010111" |b, f: V| slide(b, f, Slide::Down);
    vslide1up_vx    "001110 m ttttt sssss 110 ddddd 1010111" |b, f: V| slide_one(b, f, Slide::Up);
    vslide1down_vx  "001111 m ttttt sssss 110 ddddd 1010111" |b, f: V| slide_one(b, f, Slide::Down);
    vfslide1up_vf   "001110 m ttttt sssss 101 ddddd 1010111" |b, f: V| slide_one(b, f, Slide::Up);
    vfslide1down_vf "001111 m ttttt sssss 101 ddddd 1010111" |b, f: V| slide_one(b, f, Slide::Down);
}

instructions! {
    /// Gathering by indices, and of what is set in a mask.
    pub GATHER: cpu::V;
    vrgather_vv     "001100 m ttttt sssss 000 ddddd 1010111" |b, f: V| gather(b, f, false);
    vrgather_vx     "001100 m ttttt sssss 100 ddddd 1010111" |b, f: V| gather_one(b, f);
    vrgather_vi     "001100 m ttttt sssss 011 ddddd 1010111" |b, f: V| gather_one(b, f);
    vrgatherei16_vv "001110 m ttttt sssss 000 ddddd 1010111" |b, f: V| gather(b, f, true);
    vcompress_vm    "010111 1 ttttt sssss 010 ddddd 1010111" |b, f: V| compress(b, f);
}

const REGISTER_BYTES: u32 = 16;

fn to_scalar(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    let val = first_element(b, config.sew, f.vs2);
    b.set_x(f.vd, val);
}

fn from_scalar(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    let val = b.x(f.vs1);
    put_first_element(b, f, &config, val);
}

/// The configuration for floating-point elements that are moved only.
fn float_config(b: &mut Lower) -> Option<Config> {
    let config = config(b)?;
    let legal = has_arithmetic(b, config.sew) && vector_rounding(b).is_some();
    if !legal {
        b.undefined();
    }
    legal.then_some(config)
}

fn to_float(b: &mut Lower, f: V) {
    let Some(config) = float_config(b) else { return };
    let (val, format) = (first_element(b, config.sew, f.vs2), format(config.sew));
    if let Some(format) = format {
        b.set_bits(format, f.vd, val);
    }
}

fn from_float(b: &mut Lower, f: V) {
    let Some(config) = float_config(b) else { return };
    let lanes = group::scalar(b, f, config.sew);
    let val = extract(b, Op::VExtractU, config.sew, lanes, 0);
    put_first_element(b, f, &config, val);
}

/// Whether the destination stands apart from the source, as where elements change places it must.
fn is_apart(f: V, config: &Config) -> bool {
    !overlap(f.vd, config.registers(), f.vs2, config.registers())
}

/// Whether an instruction on one group is legal.
fn is_legal(f: V, config: &Config) -> bool {
    sources_fit(f.masked, &[Operand(f.vs2, config.lmul, config.sew)]) && spares_mask(f) && is_aligned(f.vd, config.lmul)
}

/// The source's registers; what a fraction of one has behind the last element is zero.
fn source(b: &mut Lower, f: V, config: &Config) -> Group {
    let mut group = group::second(b, f, config);
    if config.lmul < 0 {
        let elements = constant::below(b, config.sew, config.vlmax());
        group[0] = b.and(Ty::V128, group[0], elements);
    }
    group
}

/// The bytes with these numbers.
fn look_up(b: &mut Lower, group: &Group, numbers: Val) -> Val {
    let mut found = Val::NONE;
    for (i, &register) in (0..).zip(group).take_while(|(_, register)| register.is_some()) {
        let first = constant::splat(b, Lane::B, (i * REGISTER_BYTES).into());
        let within = if i == 0 { numbers } else { b.vbin(Op::VSub, Lane::B, numbers, first) };
        let bytes = b.bin(Op::VTbl, Ty::V128, register, within);
        found = if found.is_some() { b.or(Ty::V128, found, bytes) } else { bytes };
    }
    found
}

/// The direction of a slide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slide {
    Up,
    Down,
}

/// The distance in elements, no more than there are: an i64.
fn distance(b: &mut Lower, f: V, config: &Config) -> Val {
    let most = u64::from(config.vlmax());
    if f.source == Source::Immediate {
        return b.i64(u64::from(f.vs1).min(most) as i64);
    }
    let (wanted, most) = (b.x(f.vs1), b.i64(most as i64));
    let less = b.icmp(Icond::LtU, Ty::I64, wanted, most);
    b.select(Ty::I64, less, wanted, most)
}

fn slide(b: &mut Lower, f: V, direction: Slide) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) || direction == Slide::Up && !is_apart(f, &config) {
        return b.undefined();
    }
    let (group, elements) = (source(b, f, &config), distance(b, f, &config));
    let bytes = b.bin_imm(Op::Shl, Ty::I64, elements, (config.sew as u8).into());
    let bytes = constant::spread(b, Lane::B, bytes);
    let mut masks = masks(b, &config, f.masked);
    let mut result = NO_GROUP;
    for i in 0..config.registers() {
        let numbers = constant::numbers(b, Lane::B, i * REGISTER_BYTES);
        let op = if direction == Slide::Up { Op::VSub } else { Op::VAdd };
        let from = b.vbin(op, Lane::B, numbers, bytes);
        result[i as usize] = look_up(b, &group, from);
        if direction == Slide::Up {
            // Elements below the distance stay what they are.
            let before = b.vbin(Op::VCmpGtU, Lane::B, bytes, numbers);
            masks[i as usize] = without(b, masks[i as usize], before);
        }
    }
    write_masked(b, &masks, f.vd, &result);
}

fn without(b: &mut Lower, mask: Mask, lanes: Val) -> Mask {
    match mask {
        Mask::Nothing => Mask::Nothing,
        Mask::All => Mask::Some(b.un(Op::Not, Ty::V128, lanes)),
        Mask::Some(mask) => Mask::Some(b.bin(Op::AndNot, Ty::V128, mask, lanes)),
    }
}

/// By one element, with a scalar in the place that becomes free.
fn slide_one(b: &mut Lower, f: V, direction: Slide) {
    let config = if f.source == Source::F { float_config(b) } else { config(b) };
    let Some(config) = config else { return };
    if !is_legal(f, &config) || direction == Slide::Up && !is_apart(f, &config) {
        return b.undefined();
    }
    let (group, scalar) = (group::second(b, f, &config), group::scalar(b, f, config.sew));
    let result = match direction {
        Slide::Up => up_by_one(b, &config, &group, scalar),
        Slide::Down => down_by_one(b, &config, &group, scalar),
    };
    group::write(b, &config, f.masked, f.vd, &result);
}

fn up_by_one(b: &mut Lower, config: &Config, group: &Group, scalar: Val) -> Group {
    let mut result = NO_GROUP;
    let own = i64::from(REGISTER_BYTES - config.sew.bits() / 8);
    for i in 0..config.registers() as usize {
        let before = if i == 0 { scalar } else { group[i - 1] };
        result[i] = b.op(Op::VExt, Ty::V128, 0, [before, group[i], Val::NONE], own);
    }
    result
}

/// The scalar is the last element, wherever that is.
fn down_by_one(b: &mut Lower, config: &Config, group: &Group, scalar: Val) -> Group {
    let mut result = NO_GROUP;
    let vl = config.vl(b);
    let last = b.bin_imm(Op::Add, Ty::I64, vl, -1);
    let last = constant::spread(b, config.sew, last);
    for i in 0..config.registers() {
        let at = i as usize;
        let behind = if group.get(at + 1).is_some_and(|val| val.is_some()) { group[at + 1] } else { group[at] };
        let bytes = i64::from(config.sew.bits() / 8);
        let moved = b.op(Op::VExt, Ty::V128, 0, [group[at], behind, Val::NONE], bytes);
        let numbers = constant::numbers(b, config.sew, i * config.sew.count());
        let is_last = b.vbin(Op::VCmpEq, config.sew, numbers, last);
        result[at] = crate::vector::active::blend(b, is_last, scalar, moved);
    }
    result
}

/// vd = the elements of vs2 that vs1 has the numbers of, which may have 16 bits.
fn gather(b: &mut Lower, f: V, by_half_words: bool) {
    let Some(config) = config(b) else { return };
    let index = if by_half_words { config.with_width(Lane::H) } else { config };
    let sources = [Operand(f.vs2, config.lmul, config.sew), Operand(f.vs1, index.lmul, index.sew)];
    let apart = !overlap(f.vd, config.registers(), f.vs1, registers(index.lmul));
    let legal = sources_fit(f.masked, &sources) && spares_mask(f) && is_aligned(f.vd, config.lmul);
    if !legal || !apart || !is_apart(f, &config) {
        return b.undefined();
    }
    let group = group::second(b, f, &config);
    let numbers = group::read(b, f.vs1, index.registers());
    let mut result = NO_GROUP;
    for i in 0..config.registers() {
        let numbers = elements_bytes(b, &config, &index, &numbers, i);
        result[i as usize] = look_up(b, &group, numbers);
    }
    group::write(b, &config, f.masked, f.vd, &result);
}

/// The numbers of a register's bytes, made of those of its elements; 255 where there is no such element.
fn elements_bytes(b: &mut Lower, config: &Config, index: &Config, numbers: &Group, register: u32) -> Val {
    let first = register * config.sew.count();
    let (at, within) = ((first / index.sew.count()) as usize, first % index.sew.count());
    let limit = constant::splat(b, index.sew, u64::from(config.vlmax()) - 1);
    let [low, high] = [at, at + 1].map(|at| {
        let val = numbers.get(at).copied().filter(|val| val.is_some()).unwrap_or(numbers[0]);
        let beyond = b.vbin(Op::VCmpGtU, index.sew, val, limit);
        b.or(Ty::V128, val, beyond)
    });
    let lanes = match index.sew as u8 > config.sew as u8 {
        true => narrowed(b, config.sew, low, high),
        false => resized(b, index.sew, config.sew, low, within),
    };
    // All ones are no element's number.
    let ones = b.vconst(!0);
    let beyond = b.vbin(Op::VCmpEq, config.sew, lanes, ones);
    let scaled = b.vimm(Op::VShl, config.sew, lanes, (config.sew as u8).into());
    let bytes = low_bytes(b, config.sew, scaled);
    let bytes = within_elements(b, config.sew, bytes);
    b.or(Ty::V128, bytes, beyond)
}

/// Lanes from `first` on, sign-extended to another width.
fn resized(b: &mut Lower, from: Lane, to: Lane, mut val: Val, first: u32) -> Val {
    if first != 0 {
        let bytes = i64::from(first * from.bits() / 8);
        val = b.op(Op::VExt, Ty::V128, 0, [val, val, Val::NONE], bytes);
    }
    for width in from as u8..to as u8 {
        val = b.vun(Op::VExtLoS, Lane::from_u8(width), val);
    }
    val
}

/// Every byte of a lane is its lowest.
fn low_bytes(b: &mut Lower, lane: Lane, val: Val) -> Val {
    let bytes = lane.bits() / 8;
    let numbers = ir::eval::lanes::build(Lane::B, |i| u64::from(i / bytes * bytes));
    let numbers = constant::vector(b, numbers);
    b.bin(Op::VTbl, Ty::V128, val, numbers)
}

/// A byte's number is its element's and its place in it.
fn within_elements(b: &mut Lower, lane: Lane, val: Val) -> Val {
    let bytes = lane.bits() / 8;
    let places = ir::eval::lanes::build(Lane::B, |i| u64::from(i % bytes));
    let places = constant::vector(b, places);
    b.vbin(Op::VAdd, Lane::B, val, places)
}

/// vd = everywhere the element of vs2 with the scalar's number.
fn gather_one(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    if !is_legal(f, &config) || !is_apart(f, &config) {
        return b.undefined();
    }
    let group = source(b, f, &config);
    let number = distance(b, f, &config);
    let bytes = b.bin_imm(Op::Shl, Ty::I64, number, (config.sew as u8).into());
    let bytes = constant::spread(b, Lane::B, bytes);
    let bytes = within_elements(b, config.sew, bytes);
    let found = look_up(b, &group, bytes);
    group::write(b, &config, f.masked, f.vd, &[found; 8]);
}

/// vd = the elements of vs2 whose bit in vs1 is set, one behind the other; what is behind them stays what it is.
fn compress(b: &mut Lower, f: V) {
    let Some(config) = config(b) else { return };
    let own = Operand(f.vs2, config.lmul, config.sew);
    let apart = !overlap(f.vd, config.registers(), f.vs1, 1) && is_apart(f, &config);
    if !sources_fit(false, &[own]) || !is_aligned(f.vd, config.lmul) || !apart {
        return b.undefined();
    }
    let group = group::second(b, f, &config);
    let bits = Active::body(&config).bits(b);
    let (bits, set) = (join(b, bits), b.get(v(f.vs1)));
    let set = b.and(Ty::V128, bits, set);
    let (mut result, mut masks) = (NO_GROUP, [Mask::Nothing; 8]);
    for i in 0..config.registers() {
        let first = i64::from(i * config.sew.count());
        let numbers = b.call_vec(helpers::COMPRESS, Ty::V128, [set, Val::NONE, Val::NONE], first);
        let mut lanes = numbers;
        for width in 0..config.sew as u8 {
            lanes = b.vun(Op::VExtLoS, Lane::from_u8(width), lanes);
        }
        // 255 is no element's number, and the only one with its sign set.
        let zero = constant::splat(b, config.sew, 0);
        let none = b.vbin(Op::VCmpGtS, config.sew, zero, lanes);
        let scaled = b.vimm(Op::VShl, config.sew, lanes, (config.sew as u8).into());
        let bytes = low_bytes(b, config.sew, scaled);
        let bytes = within_elements(b, config.sew, bytes);
        result[i as usize] = look_up(b, &group, bytes);
        masks[i as usize] = Mask::Some(b.un(Op::Not, Ty::V128, none));
    }
    write_masked(b, &masks, f.vd, &result);
}
