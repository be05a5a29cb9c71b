//! V: loads and stores (unprivileged ISA, chapter V, vector loads and stores).

use ir::{Access, Icond, Lane, Mem, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::VMem;
use crate::helpers;
use crate::masking::mask;
use crate::regs::Regs;
use crate::state::{VL, v};
use crate::vector::active::Active;
use crate::vector::group::{Operand, fits, sources_fit};
use crate::vector::memory::{Place, Transfer, mask_bytes};
use crate::vector::{self, Config, Length, config, group, is_aligned, overlap, registers};

instructions! {
    /// Elements one behind the other.
    pub UNIT: cpu::V;
    vle8_v    "000 0 00 m 00000 sssss 000 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::B, Transfer::load);
    vle16_v   "000 0 00 m 00000 sssss 101 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::H, Transfer::load);
    vle32_v   "000 0 00 m 00000 sssss 110 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::S, Transfer::load);
    vle64_v   "000 0 00 m 00000 sssss 111 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::D, Transfer::load);
    vse8_v    "000 0 00 m 00000 sssss 000 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::B, Transfer::store);
    vse16_v   "000 0 00 m 00000 sssss 101 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::H, Transfer::store);
    vse32_v   "000 0 00 m 00000 sssss 110 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::S, Transfer::store);
    vse64_v   "000 0 00 m 00000 sssss 111 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::D, Transfer::store);
    vle8ff_v  "000 0 00 m 10000 sssss 000 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::B);
    vle16ff_v "000 0 00 m 10000 sssss 101 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::H);
    vle32ff_v "000 0 00 m 10000 sssss 110 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::S);
    vle64ff_v "000 0 00 m 10000 sssss 111 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::D);
    vlm_v     "000 0 00 1 01011 sssss 000 ddddd 0000111" |b, f: VMem| mask_bits(b, f, Transfer::load);
    vsm_v     "000 0 00 1 01011 sssss 000 ddddd 0100111" |b, f: VMem| mask_bits(b, f, Transfer::store);
}

instructions! {
    /// Elements at a distance from each other.
    pub STRIDED: cpu::V;
    vlse8_v  "000 0 10 m ttttt sssss 000 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::B, Transfer::load);
    vlse16_v "000 0 10 m ttttt sssss 101 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::H, Transfer::load);
    vlse32_v "000 0 10 m ttttt sssss 110 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::S, Transfer::load);
    vlse64_v "000 0 10 m ttttt sssss 111 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::D, Transfer::load);
    vsse8_v  "000 0 10 m ttttt sssss 000 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::B, Transfer::store);
    vsse16_v "000 0 10 m ttttt sssss 101 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::H, Transfer::store);
    vsse32_v "000 0 10 m ttttt sssss 110 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::S, Transfer::store);
    vsse64_v "000 0 10 m ttttt sssss 111 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::D, Transfer::store);
}

instructions! {
    /// Elements at offsets in registers. They are done in order, whether that is asked for or not.
    pub INDEXED: cpu::V;
    vluxei8_v  "000 0 01 m ttttt sssss 000 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::B);
    vluxei16_v "000 0 01 m ttttt sssss 101 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::H);
    vluxei32_v "000 0 01 m ttttt sssss 110 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::S);
    vluxei64_v "000 0 01 m ttttt sssss 111 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::D);
    vsuxei8_v  "000 0 01 m ttttt sssss 000 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::B);
    vsuxei16_v "000 0 01 m ttttt sssss 101 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::H);
    vsuxei32_v "000 0 01 m ttttt sssss 110 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::S);
    vsuxei64_v "000 0 01 m ttttt sssss 111 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::D);
    vloxei8_v  "000 0 11 m ttttt sssss 000 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::B);
    vloxei16_v "000 0 11 m ttttt sssss 101 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::H);
    vloxei32_v "000 0 11 m ttttt sssss 110 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::S);
    vloxei64_v "000 0 11 m ttttt sssss 111 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::D);
    vsoxei8_v  "000 0 11 m ttttt sssss 000 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::B);
    vsoxei16_v "000 0 11 m ttttt sssss 101 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::H);
    vsoxei32_v "000 0 11 m ttttt sssss 110 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::S);
    vsoxei64_v "000 0 11 m ttttt sssss 111 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::D);
}

instructions! {
    /// The same with segments of two to eight fields; the manual has their number before the `e` of a name.
    pub SEGMENTS: cpu::V;
    vlsege8_v     "nnn 0 00 m 00000 sssss 000 ddddd 0000111" unless "000 0 00 m 00000 sssss 000 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::B, Transfer::load);
    vlsege16_v    "nnn 0 00 m 00000 sssss 101 ddddd 0000111" unless "000 0 00 m 00000 sssss 101 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::H, Transfer::load);
    vlsege32_v    "nnn 0 00 m 00000 sssss 110 ddddd 0000111" unless "000 0 00 m 00000 sssss 110 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::S, Transfer::load);
    vlsege64_v    "nnn 0 00 m 00000 sssss 111 ddddd 0000111" unless "000 0 00 m 00000 sssss 111 ddddd 0000111" |b, f: VMem| unit(b, f, Lane::D, Transfer::load);
    vssege8_v     "nnn 0 00 m 00000 sssss 000 ddddd 0100111" unless "000 0 00 m 00000 sssss 000 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::B, Transfer::store);
    vssege16_v    "nnn 0 00 m 00000 sssss 101 ddddd 0100111" unless "000 0 00 m 00000 sssss 101 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::H, Transfer::store);
    vssege32_v    "nnn 0 00 m 00000 sssss 110 ddddd 0100111" unless "000 0 00 m 00000 sssss 110 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::S, Transfer::store);
    vssege64_v    "nnn 0 00 m 00000 sssss 111 ddddd 0100111" unless "000 0 00 m 00000 sssss 111 ddddd 0100111" |b, f: VMem| unit(b, f, Lane::D, Transfer::store);
    vlsege8ff_v   "nnn 0 00 m 10000 sssss 000 ddddd 0000111" unless "000 0 00 m 10000 sssss 000 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::B);
    vlsege16ff_v  "nnn 0 00 m 10000 sssss 101 ddddd 0000111" unless "000 0 00 m 10000 sssss 101 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::H);
    vlsege32ff_v  "nnn 0 00 m 10000 sssss 110 ddddd 0000111" unless "000 0 00 m 10000 sssss 110 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::S);
    vlsege64ff_v  "nnn 0 00 m 10000 sssss 111 ddddd 0000111" unless "000 0 00 m 10000 sssss 111 ddddd 0000111" |b, f: VMem| first_fault(b, f, Lane::D);
    vlssege8_v    "nnn 0 10 m ttttt sssss 000 ddddd 0000111" unless "000 0 10 m ttttt sssss 000 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::B, Transfer::load);
    vlssege16_v   "nnn 0 10 m ttttt sssss 101 ddddd 0000111" unless "000 0 10 m ttttt sssss 101 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::H, Transfer::load);
    vlssege32_v   "nnn 0 10 m ttttt sssss 110 ddddd 0000111" unless "000 0 10 m ttttt sssss 110 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::S, Transfer::load);
    vlssege64_v   "nnn 0 10 m ttttt sssss 111 ddddd 0000111" unless "000 0 10 m ttttt sssss 111 ddddd 0000111" |b, f: VMem| strided(b, f, Lane::D, Transfer::load);
    vsssege8_v    "nnn 0 10 m ttttt sssss 000 ddddd 0100111" unless "000 0 10 m ttttt sssss 000 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::B, Transfer::store);
    vsssege16_v   "nnn 0 10 m ttttt sssss 101 ddddd 0100111" unless "000 0 10 m ttttt sssss 101 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::H, Transfer::store);
    vsssege32_v   "nnn 0 10 m ttttt sssss 110 ddddd 0100111" unless "000 0 10 m ttttt sssss 110 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::S, Transfer::store);
    vsssege64_v   "nnn 0 10 m ttttt sssss 111 ddddd 0100111" unless "000 0 10 m ttttt sssss 111 ddddd 0100111" |b, f: VMem| strided(b, f, Lane::D, Transfer::store);
    vluxsegei8_v  "nnn 0 01 m ttttt sssss 000 ddddd 0000111" unless "000 0 01 m ttttt sssss 000 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::B);
    vluxsegei16_v "nnn 0 01 m ttttt sssss 101 ddddd 0000111" unless "000 0 01 m ttttt sssss 101 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::H);
    vluxsegei32_v "nnn 0 01 m ttttt sssss 110 ddddd 0000111" unless "000 0 01 m ttttt sssss 110 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::S);
    vluxsegei64_v "nnn 0 01 m ttttt sssss 111 ddddd 0000111" unless "000 0 01 m ttttt sssss 111 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::D);
    vsuxsegei8_v  "nnn 0 01 m ttttt sssss 000 ddddd 0100111" unless "000 0 01 m ttttt sssss 000 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::B);
    vsuxsegei16_v "nnn 0 01 m ttttt sssss 101 ddddd 0100111" unless "000 0 01 m ttttt sssss 101 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::H);
    vsuxsegei32_v "nnn 0 01 m ttttt sssss 110 ddddd 0100111" unless "000 0 01 m ttttt sssss 110 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::S);
    vsuxsegei64_v "nnn 0 01 m ttttt sssss 111 ddddd 0100111" unless "000 0 01 m ttttt sssss 111 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::D);
    vloxsegei8_v  "nnn 0 11 m ttttt sssss 000 ddddd 0000111" unless "000 0 11 m ttttt sssss 000 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::B);
    vloxsegei16_v "nnn 0 11 m ttttt sssss 101 ddddd 0000111" unless "000 0 11 m ttttt sssss 101 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::H);
    vloxsegei32_v "nnn 0 11 m ttttt sssss 110 ddddd 0000111" unless "000 0 11 m ttttt sssss 110 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::S);
    vloxsegei64_v "nnn 0 11 m ttttt sssss 111 ddddd 0000111" unless "000 0 11 m ttttt sssss 111 ddddd 0000111" |b, f: VMem| load_indexed(b, f, Lane::D);
    vsoxsegei8_v  "nnn 0 11 m ttttt sssss 000 ddddd 0100111" unless "000 0 11 m ttttt sssss 000 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::B);
    vsoxsegei16_v "nnn 0 11 m ttttt sssss 101 ddddd 0100111" unless "000 0 11 m ttttt sssss 101 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::H);
    vsoxsegei32_v "nnn 0 11 m ttttt sssss 110 ddddd 0100111" unless "000 0 11 m ttttt sssss 110 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::S);
    vsoxsegei64_v "nnn 0 11 m ttttt sssss 111 ddddd 0100111" unless "000 0 11 m ttttt sssss 111 ddddd 0100111" |b, f: VMem| store_indexed(b, f, Lane::D);
}

instructions! {
    /// Whole registers, whatever the vector type is.
    pub WHOLE: cpu::V;
    vl1re8_v  "000 0 00 1 01000 sssss 000 ddddd 0000111" |b, f: VMem| load_registers(b, f, 1);
    vl1re16_v "000 0 00 1 01000 sssss 101 ddddd 0000111" |b, f: VMem| load_registers(b, f, 1);
    vl1re32_v "000 0 00 1 01000 sssss 110 ddddd 0000111" |b, f: VMem| load_registers(b, f, 1);
    vl1re64_v "000 0 00 1 01000 sssss 111 ddddd 0000111" |b, f: VMem| load_registers(b, f, 1);
    vl2re8_v  "001 0 00 1 01000 sssss 000 ddddd 0000111" |b, f: VMem| load_registers(b, f, 2);
    vl2re16_v "001 0 00 1 01000 sssss 101 ddddd 0000111" |b, f: VMem| load_registers(b, f, 2);
    vl2re32_v "001 0 00 1 01000 sssss 110 ddddd 0000111" |b, f: VMem| load_registers(b, f, 2);
    vl2re64_v "001 0 00 1 01000 sssss 111 ddddd 0000111" |b, f: VMem| load_registers(b, f, 2);
    vl4re8_v  "011 0 00 1 01000 sssss 000 ddddd 0000111" |b, f: VMem| load_registers(b, f, 4);
    vl4re16_v "011 0 00 1 01000 sssss 101 ddddd 0000111" |b, f: VMem| load_registers(b, f, 4);
    vl4re32_v "011 0 00 1 01000 sssss 110 ddddd 0000111" |b, f: VMem| load_registers(b, f, 4);
    vl4re64_v "011 0 00 1 01000 sssss 111 ddddd 0000111" |b, f: VMem| load_registers(b, f, 4);
    vl8re8_v  "111 0 00 1 01000 sssss 000 ddddd 0000111" |b, f: VMem| load_registers(b, f, 8);
    vl8re16_v "111 0 00 1 01000 sssss 101 ddddd 0000111" |b, f: VMem| load_registers(b, f, 8);
    vl8re32_v "111 0 00 1 01000 sssss 110 ddddd 0000111" |b, f: VMem| load_registers(b, f, 8);
    vl8re64_v "111 0 00 1 01000 sssss 111 ddddd 0000111" |b, f: VMem| load_registers(b, f, 8);
    vs1r_v    "000 0 00 1 01000 sssss 000 ddddd 0100111" |b, f: VMem| store_registers(b, f, 1);
    vs2r_v    "001 0 00 1 01000 sssss 000 ddddd 0100111" |b, f: VMem| store_registers(b, f, 2);
    vs4r_v    "011 0 00 1 01000 sssss 000 ddddd 0100111" |b, f: VMem| store_registers(b, f, 4);
    vs8r_v    "111 0 00 1 01000 sssss 000 ddddd 0100111" |b, f: VMem| store_registers(b, f, 8);
}

/// Where elements begin that are one behind the other.
fn address(b: &mut Lower, f: VMem) -> Val {
    let base = b.x(f.rs1);
    mask(b, base)
}

type Action = fn(&Transfer, &mut Lower);

/// What a load or store of elements of this width is like where it is legal.
fn transfer(b: &mut Lower, f: VMem, config: &Config, place: Place) -> Transfer {
    let base = if let Place::Unit = place { address(b, f) } else { b.x(f.rs1) };
    Transfer { config: *config, fields: f.fields, masked: f.masked, vd: f.vd, base, place }
}

/// Whether the registers of all fields are there (chapter V, vector load/store segment instructions), and a load spares its
/// mask.
fn is_legal(f: VMem, config: &Config) -> bool {
    let all = f.fields * registers(config.lmul);
    is_aligned(f.vd, config.lmul) && all <= 8 && f.vd + all <= 32 && !(f.is_load && f.masked && f.vd == 0)
}

/// The configuration for elements of a width that the instruction says itself.
fn with_width(b: &mut Lower, f: VMem, lane: Lane) -> Option<Config> {
    let config = config(b)?.with_width(lane);
    let legal = is_legal(f, &config);
    if !legal {
        b.undefined();
    }
    legal.then_some(config)
}

fn unit(b: &mut Lower, f: VMem, lane: Lane, action: Action) {
    let Some(config) = with_width(b, f, lane) else { return };
    let transfer = transfer(b, f, &config, Place::Unit);
    action(&transfer, b);
}

fn strided(b: &mut Lower, f: VMem, lane: Lane, action: Action) {
    let Some(config) = with_width(b, f, lane) else { return };
    let stride = b.x(f.rs2);
    let transfer = transfer(b, f, &config, Place::Strided(stride));
    action(&transfer, b);
}

/// Bytes with a bit for each element, unmasked, in one register.
fn mask_bits(b: &mut Lower, f: VMem, action: Action) {
    let Some(config) = config(b) else { return };
    let vl = mask_bytes(b, config.vl);
    let transfer = transfer(b, f, &Config { sew: Lane::B, lmul: 0, vl }, Place::Unit);
    action(&transfer, b);
}

/// The configurations of elements and indices.
fn indexed(b: &mut Lower, f: VMem, lane: Lane) -> Option<(Config, Place)> {
    let config = config(b)?;
    let index = config.with_width(lane);
    let operand = Operand(f.rs2, index.lmul, lane);
    let own = if f.is_load { operand } else { Operand(f.vd, config.lmul, config.sew) };
    let legal = is_legal(f, &config)
        && sources_fit(f.masked, &[operand, own])
        && (!f.is_load || leaves_indices(f, &config, operand));
    if !legal {
        b.undefined();
        return None;
    }
    let group = group::read(b, f.rs2, index.registers());
    Some((config, Place::Indexed(lane, group)))
}

/// A segment's registers stand nowhere among the indices; one field's by the rules for operands of two widths.
fn leaves_indices(f: VMem, config: &Config, index: Operand) -> bool {
    let group = registers(config.lmul);
    if f.fields > 1 {
        return !overlap(f.vd, f.fields * group, index.0, registers(index.1));
    }
    index.2 == config.sew || fits(f.vd, config.lmul, index)
}

fn load_indexed(b: &mut Lower, f: VMem, lane: Lane) {
    if let Some((config, place)) = indexed(b, f, lane) {
        transfer(b, f, &config, place).load(b);
    }
}

fn store_indexed(b: &mut Lower, f: VMem, lane: Lane) {
    if let Some((config, place)) = indexed(b, f, lane) {
        transfer(b, f, &config, place).store(b);
    }
}

/// Elements up to the first active one that can't be read, which become `vl`; where that is the very first it faults.
fn first_fault(b: &mut Lower, f: VMem, lane: Lane) {
    let Some(mut config) = with_width(b, f, lane) else { return };
    let (vl, base) = (config.vl(b), address(b, f));
    let bytes = f.fields * lane.bits() / 8;
    let count = if f.masked { readable_active(b, &config, base, bytes) } else { readable(b, vl, base, bytes) };
    let zero = b.i64(0);
    let none = b.icmp(Icond::Eq, Ty::I64, count, zero);
    let count = b.select(Ty::I64, none, vl, count);
    let less = b.icmp(Icond::LtU, Ty::I64, count, vl);
    let short = b.select(Ty::I64, less, count, vl);
    if let (Length::Known(_), false) = (config.vl, vector::is_keyed(b)) {
        // Where all can be read, what the block knows of `vl` stays true; else the instruction is done again with less.
        b.put(VL, short);
        let pc = b.pc;
        b.exit_if(less, pc);
        b.put(VL, vl);
        return transfer(b, f, &config, Place::Unit).load(b);
    }
    let whole = std::mem::replace(&mut config.vl, Length::Dynamic(short));
    transfer(b, f, &config, Place::Unit).load(b);
    b.put(VL, short);
    if vector::is_keyed(b) {
        // The rest of a whole group, where all can be read, goes on as it was.
        let whole = b.i32(matches!(whole, Length::Known(_)).into());
        let same = b.icmp(Icond::Eq, Ty::I64, short, vl);
        let (next, known) = (b.next, b.and(Ty::I32, same, whole));
        vector::leave_keyed(b, known, next);
    }
}

/// How many elements, up to the first that can't be read.
fn readable(b: &mut Lower, vl: Val, base: Val, bytes: u32) -> Val {
    let wanted = b.bin_imm(Op::Mul, Ty::I64, vl, bytes.into());
    let readable = b.call_int(helpers::READABLE, [base, wanted, Val::NONE], 0);
    let size = b.i64(bytes.into());
    b.bin(Op::UDiv, Ty::I64, readable, size)
}

/// The same up to the first active one that can't be read.
fn readable_active(b: &mut Lower, config: &Config, base: Val, bytes: u32) -> Val {
    let [low, high] = Active::new(config, true).bits(b);
    b.call_int(helpers::UNREADABLE, [base, low, high], bytes.into())
}

fn load_registers(b: &mut Lower, f: VMem, count: u32) {
    if !f.vd.is_multiple_of(count) {
        return b.undefined();
    }
    let base = address(b, f);
    let mut vals = group::NO_GROUP;
    for (i, val) in (0..count).zip(&mut vals) {
        *val = b.load(Ty::V128, Access::B128, Mem::disp(base, (16 * i).into()));
    }
    for (i, &val) in (0..count).zip(&vals) {
        b.put(v(f.vd + i), val);
    }
}

fn store_registers(b: &mut Lower, f: VMem, count: u32) {
    if !f.vd.is_multiple_of(count) {
        return b.undefined();
    }
    let base = address(b, f);
    for i in 0..count {
        let val = b.get(v(f.vd + i));
        b.store(Ty::V128, Access::B128, Mem::disp(base, (16 * i).into()), val);
    }
}
