//! V: setting the vector type and length (unprivileged ISA, chapter V, configuration-setting instructions).

use ir::{Icond, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Vset;
use crate::helpers;
use crate::regs::Regs;
use crate::state::{VL, VSTART, VTYPE};
use crate::vector::{self, Known, Length, VILL, decode, elements};

instructions! {
    /// By an immediate type and length, or those in registers.
    pub CONFIG: cpu::V;
    vsetvli  "0 iiiiiiiiiii sssss 111 ddddd 1010111" |b, f: Vset| set(b, f, wanted(f), f.zimm11);
    vsetivli "11 iiiiiiiiii sssss 111 ddddd 1010111" |b, f: Vset| set(b, f, Wanted::So(f.rs1), f.zimm10);
    vsetvl   "1000000 ttttt sssss 111 ddddd 1010111" |b, f: Vset| set_dynamic(b, f);
}

/// The application vector length.
#[derive(Clone, Copy)]
enum Wanted {
    /// So much.
    So(u32),
    /// What the register holds.
    Register(u32),
    /// All there is.
    All,
    /// As it is.
    Same,
}

fn wanted(f: Vset) -> Wanted {
    match (f.rs1, f.rd) {
        (0, 0) => Wanted::Same,
        (0, _) => Wanted::All,
        (rs1, _) => Wanted::Register(rs1),
    }
}

fn set(b: &mut Lower, f: Vset, wanted: Wanted, vtype: u64) {
    let Some((sew, lmul)) = decode(vtype) else {
        return if stays(b, None) {
            set_known(b, f, VILL, 0)
        };
    };
    let most = elements(sew, lmul);
    let known = match wanted {
        Wanted::So(length) => Some(length.min(most)),
        Wanted::All => Some(most),
        Wanted::Same => return set_same(b, vtype, most),
        Wanted::Register(rs1) => {
            let length = b.x(rs1);
            b.block().as_const(length).map(|length| (length as u64).min(most.into()) as u32)
        }
    };
    match known {
        Some(vl) if stays(b, Some((vtype, vl))) => set_known(b, f, vtype, vl),
        None if stays(b, None) => set_up_to(b, f, vtype, most),
        _ => {}
    }
}

/// Whether the instruction can be done in this block: one that is keyed by another configuration is left for one that
/// is not, which begins with the instruction.
fn stays(b: &mut Lower, next: Option<(u64, u32)>) -> bool {
    if !vector::is_keyed(b) {
        return true;
    }
    if let (Some((vtype, vl)), Known::So(config)) = (next, vector::known(b))
        && decode(vtype) == Some((config.sew, config.lmul))
        && matches!(config.vl, Length::Known(known) if known == vl && vl == config.vlmax())
    {
        return true;
    }
    vector::leave_unkeyed(b);
    false
}

fn set_known(b: &mut Lower, f: Vset, vtype: u64, vl: u32) {
    let length = put(b, vtype, Length::Known(vl));
    b.set_x(f.rd, length);
}

/// The length is mostly all there is, but at the end of loops: code goes on for that, and leaves by the side else.
fn set_up_to(b: &mut Lower, f: Vset, vtype: u64, most: u32) {
    let (wanted, limit) = (b.x(f.rs1), b.i64(most.into()));
    let less = b.icmp(Icond::LtU, Ty::I64, wanted, limit);
    let vl = b.select(Ty::I64, less, wanted, limit);
    let vl = put(b, vtype, Length::Dynamic(vl));
    b.set_x(f.rd, vl);
    let next = b.next;
    b.exit_if(less, next);
    set_known(b, f, vtype, most);
}

/// `vl` stays what it is as far as it fits, which the block has to know.
fn set_same(b: &mut Lower, vtype: u64, most: u32) {
    let keyed = vector::is_keyed(b);
    let known = match vector::known(b) {
        Known::Unknown => return vector::find_out(b),
        Known::Illegal => None,
        Known::So(config) => Some(config),
    };
    let vl = match known.map(|config| (config.vl, config.vlmax() > most)) {
        Some((Length::Known(vl), _)) => Length::Known(vl.min(most)),
        Some((Length::Dynamic(vl), false)) => Length::Dynamic(vl),
        _ => {
            let (vl, limit) = (b.get(VL), b.i64(most.into()));
            Length::Dynamic(shorter(b, vl, limit))
        }
    };
    put(b, vtype, vl);
    if keyed && decode(vtype) != known.map(|config| (config.sew, config.lmul)) {
        let (next, known) = (b.next, b.i32(matches!(vl, Length::Known(_)).into()));
        vector::leave_keyed(b, known, next);
    }
}

/// What follows has to find out what the type is.
fn set_dynamic(b: &mut Lower, f: Vset) {
    if !stays(b, None) {
        return;
    }
    let wanted = b.x(f.rs2);
    let vtype = b.call_int(helpers::VTYPE, [wanted, Val::NONE, Val::NONE], 0);
    let most = b.call_int(helpers::VLMAX, [vtype, Val::NONE, Val::NONE], 0);
    let vl = match self::wanted(f) {
        Wanted::All => most,
        Wanted::Register(rs1) => {
            let length = b.x(rs1);
            shorter(b, length, most)
        }
        _ => {
            let length = b.get(VL);
            shorter(b, length, most)
        }
    };
    put_type(b, vtype);
    b.put(VL, vl);
    b.set_x(f.rd, vl);
}

fn shorter(b: &mut Lower, x: Val, y: Val) -> Val {
    let less = b.icmp(Icond::LtU, Ty::I64, x, y);
    b.select(Ty::I64, less, x, y)
}

fn put(b: &mut Lower, vtype: u64, vl: Length) -> Val {
    let vtype = b.i64(vtype as i64);
    put_type(b, vtype);
    let vl = match vl {
        Length::Known(vl) => b.i64(vl.into()),
        Length::Dynamic(vl) => vl,
    };
    b.put(VL, vl);
    vl
}

fn put_type(b: &mut Lower, vtype: Val) {
    b.put(VTYPE, vtype);
    let zero = b.i64(0);
    b.put(VSTART, zero);
}
