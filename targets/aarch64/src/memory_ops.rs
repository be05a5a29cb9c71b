//! Addressing modes and transfers of single registers (Arm ARM C1.3.3).

use ir::ops::WITHIN_16;
use ir::{Access, Mem, Near, Op, Ty, Val};
use target::Lower;

use crate::cpu;
use crate::fields::Word;
use crate::regs::{reg, reg_sp, set_reg, set_reg_sp, untag};
use crate::rows::dp_reg::extended;
use crate::state::v;

/// Where an access goes, and what the base register becomes once nothing can fault any more.
pub struct Address {
    pub mem: Mem,
    write_back: Option<Val>,
}

/// An addressing mode: the address for a transfer of 1 << `scale` bytes.
pub type Mode = fn(&mut Lower, Word, u32) -> Address;

fn plain(b: &mut Lower, mem: Mem) -> Address {
    Address::plain(untag(b, mem))
}

fn base(b: &mut Lower, f: Word) -> Val {
    reg_sp(b, Ty::I64, f.rn())
}

/// [Xn]
pub fn at_base(b: &mut Lower, f: Word, _: u32) -> Address {
    let base = base(b, f);
    plain(b, Mem::at(base))
}

/// [Xn, #imm12 scaled]
pub fn scaled(b: &mut Lower, f: Word, scale: u32) -> Address {
    let base = base(b, f);
    plain(b, Mem::disp(base, (f.imm12() << scale) as i64))
}

/// [Xn, #imm9]
pub fn unscaled(b: &mut Lower, f: Word, _: u32) -> Address {
    let base = base(b, f);
    plain(b, Mem::disp(base, f.imm9()))
}

/// [Xn, #imm9]!
pub fn pre_index(b: &mut Lower, f: Word, _: u32) -> Address {
    pre(b, f, f.imm9())
}

/// [Xn], #imm9
pub fn post_index(b: &mut Lower, f: Word, _: u32) -> Address {
    post(b, f, f.imm9())
}

/// [Xn, Xm or Wm, extended, shifted by the transfer's size]
pub fn register(b: &mut Lower, f: Word, scale: u32) -> Address {
    let base = base(b, f);
    let shift = if f.bit(12) { scale } else { 0 };
    // A memory operand shifts by three at the most; quad-words shift by four.
    let inner = if shift == 4 { 4 } else { 0 };
    let index = extended(b, Ty::I64, f.rm(), f.option(), inner);
    plain(b, Mem::indexed(base, index, (shift - inner) as u8))
}

/// The address `imm19` words from the instruction.
pub fn literal(b: &mut Lower, f: Word, _: u32) -> Address {
    let target = b.pc.wrapping_add_signed(f.sbits(5, 19) << 2);
    let addr = b.addr(target);
    Address::plain(Mem::at(addr))
}

/// [Xn, #offset]!
pub fn pre(b: &mut Lower, f: Word, offset: i64) -> Address {
    let base = base(b, f);
    let new = b.bin_imm(Op::Add, Ty::I64, base, offset);
    Address { mem: untag(b, Mem::disp(base, offset)), write_back: Some(new) }
}

/// [Xn], #offset
pub fn post(b: &mut Lower, f: Word, offset: i64) -> Address {
    let base = base(b, f);
    let new = b.bin_imm(Op::Add, Ty::I64, base, offset);
    Address { mem: untag(b, Mem::at(base)), write_back: Some(new) }
}

/// Ordered and atomic accesses of `bytes` must be aligned; with FEAT_LSE2 it is enough that they lie within 16
/// aligned bytes (Arm ARM B2.2.1, B2.5.2; Linux leaves SCTLR_EL1.nAA at 0).
pub fn check_aligned(b: &mut Lower, mem: Mem, bytes: u32) {
    if bytes == 1 {
        return;
    }
    let addr = if mem.disp == 0 { mem.base } else { b.bin_imm(Op::Add, Ty::I64, mem.base, mem.disp) };
    let within = if b.has(cpu::USCAT) { WITHIN_16 } else { 0 };
    b.op(Op::Aligned, Ty::None, 0, [addr, Val::NONE, Val::NONE], bytes as i64 | within);
}

/// The same of an access that such an addressing mode yields.
pub fn ordered(b: &mut Lower, at: Address, bytes: u32) -> Address {
    check_aligned(b, at.mem, bytes);
    at
}

impl Address {
    /// Without write-back.
    pub fn plain(mem: Mem) -> Address {
        Address { mem, write_back: None }
    }

    /// Writes the base register back. Comes behind every access of the instruction.
    pub fn finish(&self, b: &mut Lower, f: Word) {
        if let Some(new) = self.write_back {
            set_reg_sp(b, Ty::I64, f.rn(), new);
        }
    }
}

/// A load of a general register: what is read, and whether the result is Wt (signed loads) or Xt. Unsigned
/// loads fill all of Xt.
#[derive(Clone, Copy)]
pub struct IntLoad(pub Access, pub Ty);

/// Loads Rt from where `mode` says.
pub fn load(b: &mut Lower, f: Word, IntLoad(access, ty): IntLoad, mode: Mode) {
    let at = mode(b, f, access.bytes().ilog2());
    let value = b.load(ty, access, at.mem);
    at.finish(b, f);
    set_reg(b, ty, f.rt(), value);
}

/// PRFM: Rt says for what, how near and whether it will be used again (Arm ARM C6.2, PRFM). Instructions are brought by
/// nobody who runs them translated.
pub fn prefetch(b: &mut Lower, f: Word, mode: Mode) {
    const DOUBLE: u32 = 3;
    let (kind, level, once) = (f.bits(3, 2), f.bits(1, 2), f.bit(0));
    let near = match (kind, level) {
        (0, 0..=2) if once => Near::Once,
        (0, 0..=2) => [Near::First, Near::Second, Near::Third][level as usize],
        (2, 0..=2) => Near::Write,
        _ => return,
    };
    let at = mode(b, f, DOUBLE);
    b.prefetch(near, at.mem);
}

/// Stores Rt.
pub fn store(b: &mut Lower, f: Word, access: Access, mode: Mode) {
    let at = mode(b, f, access.bytes().ilog2());
    let value = reg(b, Ty::I64, f.rt());
    b.store(Ty::I64, access, at.mem, value);
    at.finish(b, f);
}

/// Loads Vt, zeroing the rest of it.
pub fn load_vector(b: &mut Lower, f: Word, access: Access, mode: Mode) {
    let at = mode(b, f, access.bytes().ilog2());
    let value = b.load(Ty::V128, access, at.mem);
    at.finish(b, f);
    b.put(v(f.rt()), value);
}

/// Stores the low bytes of Vt.
pub fn store_vector(b: &mut Lower, f: Word, access: Access, mode: Mode) {
    let at = mode(b, f, access.bytes().ilog2());
    let value = b.get(v(f.rt()));
    b.store(Ty::V128, access, at.mem, value);
    at.finish(b, f);
}

/// The unsigned access of 1 << `scale` bytes.
pub fn access(scale: u32) -> Access {
    [Access::U8, Access::U16, Access::U32, Access::B64, Access::B128][scale as usize]
}
