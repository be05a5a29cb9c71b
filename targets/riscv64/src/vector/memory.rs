//! Vector loads and stores (chapter V, vector loads and stores).
//!
//! An instruction that faults is done again from its first element: nothing is written to registers before the last load,
//! and `vstart` stays zero. Elements one behind the other are accessed by registers, or what is active of them. Others have
//! an access each, as code has no loops for them. One that may be inactive goes to where
//! the active one before it went, again with that one's value, which changes nothing; with no active element at all the
//! block is left before the first.

use ir::{Access, Icond, Lane, Mem, Op, Ty, Val};
use target::Lower;

use super::active::Active;
use super::group::{Group, NO_GROUP, read, write_active};
use super::lanes::{extract, insert};
use super::{Config, Length};
use crate::masking::{mask, mask_operand};
use crate::state::v;

/// Where elements are.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// One behind the other.
    Unit,
    /// So far from each other, an i64.
    Strided(Val),
    /// At offsets of this width in a group of registers.
    Indexed(Lane, Group),
}

/// A load or store: its elements, how many fields each has, and where they are.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// Of the elements in memory.
    pub config: Config,
    /// Fields of a segment; each has a group of registers.
    pub fields: u32,
    /// By v0.
    pub masked: bool,
    /// The first register.
    pub vd: u32,
    /// The base address; of elements one behind the other without its tag.
    pub base: Val,
    /// Where elements are.
    pub place: Place,
}

const REGISTER_BYTES: u32 = 16;

fn access(lane: Lane) -> Access {
    match lane {
        Lane::B => Access::U8,
        Lane::H => Access::U16,
        Lane::S => Access::U32,
        Lane::D => Access::B64,
    }
}

impl Transfer {
    fn element_bytes(&self) -> u32 {
        self.config.sew.bits() / 8
    }

    /// Registers in a field's group.
    fn registers(&self) -> u32 {
        self.config.registers()
    }

    /// The register that has a field of an element, and its lane there.
    fn slot(&self, element: u32, field: u32) -> (usize, u32) {
        let lanes = self.config.sew.count();
        ((field * self.registers() + element / lanes) as usize, element % lanes)
    }

    /// Whether the lanes of a register are one behind the other in memory.
    fn is_plain(&self) -> bool {
        matches!(self.place, Place::Unit) && self.fields == 1
    }

    /// Whether so many elements are whole registers.
    fn is_whole(&self, vl: u32) -> bool {
        vl.is_multiple_of(self.config.sew.count())
    }

    /// Loads into registers.
    pub fn load(&self, b: &mut Lower) {
        match self.config.vl {
            Length::Known(vl) if !self.masked && (!self.is_plain() || self.is_whole(vl)) => self.load_known(b, vl),
            _ if self.is_plain() => self.load_lanes(b),
            _ => self.load_active(b),
        }
    }

    /// Whole registers at once where elements are one behind the other, the others by elements.
    fn load_known(&self, b: &mut Lower, vl: u32) {
        let mut group = read(b, self.vd, self.fields * self.registers());
        let whole = if self.is_plain() { vl / self.config.sew.count() } else { 0 };
        for (i, val) in (0..whole).zip(&mut group) {
            *val = b.load(Ty::V128, Access::B128, Mem::disp(self.base, (i * REGISTER_BYTES).into()));
        }
        let mut address = self.base;
        for element in whole * self.config.sew.count()..vl {
            let mem = self.known_place(b, element, &mut address);
            self.load_fields(b, mem, element, &mut group);
        }
        for (i, &val) in (0..).zip(&group).take_while(|(_, val)| val.is_some()) {
            b.put(v(self.vd + i), val);
        }
    }

    /// Where an element is; `address` goes from one to the next of strided ones.
    fn known_place(&self, b: &mut Lower, element: u32, address: &mut Val) -> Mem {
        match self.place {
            Place::Unit => Mem::disp(self.base, (element * self.fields * self.element_bytes()).into()),
            Place::Strided(stride) => {
                if element != 0 {
                    *address = b.add(Ty::I64, *address, stride);
                }
                Mem::at(mask(b, *address))
            }
            Place::Indexed(lane, group) => {
                let offset = offset(b, lane, &group, element);
                mask_operand(b, Mem::indexed(self.base, offset, 0))
            }
        }
    }

    fn load_fields(&self, b: &mut Lower, mem: Mem, element: u32, group: &mut Group) {
        for field in 0..self.fields {
            let (register, lane) = self.slot(element, field);
            let mem = Mem { disp: mem.disp + i64::from(field * self.element_bytes()), ..mem };
            let val = b.load(Ty::I64, access(self.config.sew), mem);
            group[register] = insert(b, self.config.sew, group[register], lane, val);
        }
    }

    /// Those lanes of each register that are active.
    fn load_lanes(&self, b: &mut Lower) {
        let bits = Active::new(&self.config, self.masked).bits(b);
        let mut group = read(b, self.vd, self.registers());
        for (i, val) in (0..self.registers()).zip(&mut group) {
            let (at, bits) = (self.register_address(b, i), self.register_bits(b, bits, i));
            *val = b.load_lanes(self.config.sew, at, bits, *val);
        }
        for (i, &val) in (0..self.registers()).zip(&group) {
            b.put(v(self.vd + i), val);
        }
    }

    fn store_lanes(&self, b: &mut Lower, group: &Group) {
        let bits = Active::new(&self.config, self.masked).bits(b);
        for (i, &val) in (0..self.registers()).zip(group) {
            let (at, bits) = (self.register_address(b, i), self.register_bits(b, bits, i));
            b.store_lanes(self.config.sew, at, bits, val);
        }
    }

    /// Where register `i` of a plain transfer goes.
    fn register_address(&self, b: &mut Lower, i: u32) -> Val {
        b.bin_imm(Op::Add, Ty::I64, self.base, (i * REGISTER_BYTES).into())
    }

    /// Its active elements, the first in the lowest bit.
    fn register_bits(&self, b: &mut Lower, bits: [Val; 2], i: u32) -> Val {
        let first = i * self.config.sew.count();
        b.bin_imm(Op::Shr, Ty::I64, bits[(first / 64) as usize], (first % 64).into())
    }

    fn leave_if_zero(&self, b: &mut Lower, val: Val) {
        let (zero, next) = (b.i64(0), b.next);
        let none = b.icmp(Icond::Eq, Ty::I64, val, zero);
        b.exit_if(none, next);
    }

    /// Loads the active elements.
    fn load_active(&self, b: &mut Lower) {
        let mut active = Active::new(&self.config, self.masked);
        let mut group = read(b, self.vd, self.fields * self.registers());
        let bits = active.bits(b);
        let mut walk = self.walk(b, bits);
        for element in 0..self.most() {
            let at = walk.next(b, self, element);
            self.load_fields(b, Mem::at(at), element, &mut group);
        }
        for field in 0..self.fields {
            let first = field * self.registers();
            let mut part = NO_GROUP;
            part[..self.registers() as usize].copy_from_slice(&group[first as usize..][..self.registers() as usize]);
            write_active(b, &self.config, &mut active, self.vd + first, &part);
        }
    }

    /// Stores registers.
    pub fn store(&self, b: &mut Lower) {
        let group = read(b, self.vd, self.fields * self.registers());
        match self.config.vl {
            Length::Known(vl) if !self.masked && (!self.is_plain() || self.is_whole(vl)) => {
                self.store_known(b, vl, &group);
            }
            _ if self.is_plain() => self.store_lanes(b, &group),
            _ => self.store_active(b, &group),
        }
    }

    fn store_known(&self, b: &mut Lower, vl: u32, group: &Group) {
        let whole = if self.is_plain() { vl / self.config.sew.count() } else { 0 };
        for (i, &val) in (0..whole).zip(group) {
            b.store(Ty::V128, Access::B128, Mem::disp(self.base, (i * REGISTER_BYTES).into()), val);
        }
        let mut address = self.base;
        for element in whole * self.config.sew.count()..vl {
            let mem = self.known_place(b, element, &mut address);
            for field in 0..self.fields {
                let val = self.field(b, group, element, field);
                self.store_field(b, mem, field, val);
            }
        }
    }

    fn field(&self, b: &mut Lower, group: &Group, element: u32, field: u32) -> Val {
        let (register, lane) = self.slot(element, field);
        extract(b, Op::VExtractU, self.config.sew, group[register], lane)
    }

    fn store_field(&self, b: &mut Lower, mem: Mem, field: u32, val: Val) {
        let mem = Mem { disp: mem.disp + i64::from(field * self.element_bytes()), ..mem };
        b.store(Ty::I64, access(self.config.sew), mem, val);
    }

    /// Stores the active elements.
    fn store_active(&self, b: &mut Lower, group: &Group) {
        let bits = Active::new(&self.config, self.masked).bits(b);
        let mut walk = self.walk(b, bits);
        let mut vals = self.first_vals(b, group, &walk);
        for element in 0..self.most() {
            let at = walk.next(b, self, element);
            for field in 0..self.fields {
                let val = self.field(b, group, element, field);
                let last = &mut vals[field as usize];
                *last = b.select(Ty::I64, walk.active, val, *last);
                self.store_field(b, Mem::at(at), field, vals[field as usize]);
            }
        }
    }

    /// The fields of the first active element.
    fn first_vals(&self, b: &mut Lower, group: &Group, walk: &Walk) -> Group {
        let mut vals = NO_GROUP;
        for field in 0..self.fields {
            let val = &mut vals[field as usize];
            for element in (0..self.most()).rev() {
                let own = self.field(b, group, element, field);
                let active = walk.is_active(b, element);
                *val = if val.is_some() { b.select(Ty::I64, active, own, *val) } else { own };
            }
        }
        vals
    }

    /// Elements there may be.
    fn most(&self) -> u32 {
        match self.config.vl {
            Length::Known(vl) => vl,
            Length::Dynamic(_) => self.config.vlmax(),
        }
    }

    /// Sets out from the first active element; leaves the block if there is none.
    fn walk(&self, b: &mut Lower, bits: [Val; 2]) -> Walk {
        let any = b.or(Ty::I64, bits[0], bits[1]);
        self.leave_if_zero(b, any);
        let mut walk = Walk { bits, at: self.base, active: Val::NONE };
        walk.at = match self.place {
            Place::Unit | Place::Strided(_) => {
                let first = walk.first(b);
                let stride = self.stride(b);
                let distance = b.bin(Op::Mul, Ty::I64, first, stride);
                b.add(Ty::I64, self.base, distance)
            }
            Place::Indexed(lane, group) => {
                let mut first = Val::NONE;
                for element in (0..self.most()).rev() {
                    let (active, own) = (walk.is_active(b, element), offset(b, lane, &group, element));
                    first = if first.is_some() { b.select(Ty::I64, active, own, first) } else { own };
                }
                if first.is_some() { b.add(Ty::I64, self.base, first) } else { self.base }
            }
        };
        walk.at = mask(b, walk.at);
        walk
    }

    fn stride(&self, b: &mut Lower) -> Val {
        match self.place {
            Place::Strided(stride) => stride,
            _ => b.i64((self.fields * self.element_bytes()).into()),
        }
    }

    /// Where an element would be.
    fn address(&self, b: &mut Lower, element: u32) -> Val {
        let address = match self.place {
            Place::Unit => {
                let distance = element * self.fields * self.element_bytes();
                b.bin_imm(Op::Add, Ty::I64, self.base, distance.into())
            }
            Place::Strided(stride) => {
                let distance = b.bin_imm(Op::Mul, Ty::I64, stride, element.into());
                b.add(Ty::I64, self.base, distance)
            }
            Place::Indexed(lane, group) => {
                let offset = offset(b, lane, &group, element);
                b.add(Ty::I64, self.base, offset)
            }
        };
        mask(b, address)
    }
}

/// The offset of an element, zero-extended.
fn offset(b: &mut Lower, lane: Lane, group: &Group, element: u32) -> Val {
    extract(b, Op::VExtractU, lane, group[(element / lane.count()) as usize], element % lane.count())
}

/// The way over elements of which only some are active.
struct Walk {
    bits: [Val; 2],
    /// Where the latest active one is, at first the first.
    at: Val,
    /// Whether the present one is active, an i32.
    active: Val,
}

impl Walk {
    fn is_active(&self, b: &mut Lower, element: u32) -> Val {
        let word = b.bin_imm(Op::Shr, Ty::I64, self.bits[(element / 64) as usize], (element % 64).into());
        let low = b.trunc(word);
        b.bin_imm(Op::And, Ty::I32, low, 1)
    }

    /// The number of the first active element.
    fn first(&self, b: &mut Lower) -> Val {
        let [low, high] = self.bits.map(|word| b.un(Op::Ctz, Ty::I64, word));
        let (high, zero) = (b.bin_imm(Op::Add, Ty::I64, high, 64), b.i64(0));
        let in_low = b.icmp(Icond::Ne, Ty::I64, self.bits[0], zero);
        b.select(Ty::I64, in_low, low, high)
    }

    /// Where the access for an element goes.
    fn next(&mut self, b: &mut Lower, transfer: &Transfer, element: u32) -> Val {
        self.active = self.is_active(b, element);
        let own = transfer.address(b, element);
        self.at = b.select(Ty::I64, self.active, own, self.at);
        self.at
    }
}

/// The mask in v0, or a mask's memory image, is so many bytes for a length.
pub fn mask_bytes(b: &mut Lower, vl: Length) -> Length {
    match vl {
        Length::Known(vl) => Length::Known(vl.div_ceil(8)),
        Length::Dynamic(vl) => {
            let up = b.bin_imm(Op::Add, Ty::I64, vl, 7);
            Length::Dynamic(b.bin_imm(Op::Shr, Ty::I64, up, 3))
        }
    }
}
