//! Addressing modes of loads and stores.

use super::{Folded, View};
use crate::block::{Inst, Val};
use crate::builder::Mem;
use crate::ops::Op;

/// A load or store with constant offsets of its base in the displacement and a scaled summand as the index.
pub(super) fn fold(view: &View<'_>, inst: &Inst) -> Option<Folded> {
    let mut mem = Mem::of(inst);
    if !step(view, &mut mem) {
        return None;
    }
    // At most base + (index << n) + disp: two steps find what there is to find.
    step(view, &mut mem);
    Some(Folded::Keep(Inst { args: [mem.base, mem.index, inst.args[2]], imm: mem.imm(), ..*inst }))
}

/// Takes one sum apart; whether there was one.
fn step(view: &View<'_>, mem: &mut Mem) -> bool {
    if let Some((base, offset)) = view.as_offset(mem.base) {
        let disp = mem.disp.wrapping_add(offset);
        let fits = disp == disp as i32 as i64;
        if fits {
            (mem.base, mem.disp) = (base, disp);
        }
        return fits;
    }
    let sum = view.inst(mem.base);
    if mem.index.is_some() || sum.op != Op::Add {
        return false;
    }
    let [mut base, mut index, _] = sum.args;
    if view.as_const(index).is_some() {
        return false;
    }
    if view.inst(base).op == Op::Shl {
        (base, index) = (index, base);
    }
    let (index, scale) = scaled(view, index);
    if view.is_stale(base) || view.is_stale(index) {
        return false;
    }
    (mem.base, mem.index, mem.scale) = (base, index, scale);
    true
}

/// `val` as an earlier value shifted left by 0 to 3.
fn scaled(view: &View<'_>, val: Val) -> (Val, u8) {
    let inst = view.inst(val);
    match inst.op {
        Op::Shl => match view.as_const(inst.args[1]) {
            Some(scale @ 1..=3) if !view.is_stale(inst.args[0]) => (inst.args[0], scale as u8),
            _ => (val, 0),
        },
        _ => (val, 0),
    }
}
