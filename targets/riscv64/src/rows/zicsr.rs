//! Zicsr: control and status registers (unprivileged ISA, chapter Zicsr), with the floating-point
//! ones of F and the counters of Zicntr and Zihpm. Every other register is illegal in user mode.

use ir::{Op, SlotId, Term, Ty, Val};
use target::vdso_clock::CLOCKS;
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Csr;
use crate::helpers;
use crate::regs::Regs;
use crate::state::{FRM, VL, VSTART, VTYPE, VXRM, VXSAT};
use crate::vector::{self, VLEN};

instructions! {
    /// Read and write, set bits, clear bits.
    pub ZICSR: cpu::ZICSR;
    csrrw  "cccccccccccc sssss 001 ddddd 1110011" |b, f: Csr| write(b, f, Source::Register);
    csrrs  "cccccccccccc sssss 010 ddddd 1110011" |b, f: Csr| modify(b, f, Source::Register, Op::Or);
    csrrc  "cccccccccccc sssss 011 ddddd 1110011" |b, f: Csr| modify(b, f, Source::Register, Op::AndNot);
    csrrwi "cccccccccccc sssss 101 ddddd 1110011" |b, f: Csr| write(b, f, Source::Immediate);
    csrrsi "cccccccccccc sssss 110 ddddd 1110011" |b, f: Csr| modify(b, f, Source::Immediate, Op::Or);
    csrrci "cccccccccccc sssss 111 ddddd 1110011" |b, f: Csr| modify(b, f, Source::Immediate, Op::AndNot);
}

/// The names of those that have one of the standard's.
pub const NAMES: [(u32, &str); 13] = [
    (0x001, "fflags"),
    (0x002, "frm"),
    (0x003, "fcsr"),
    (0x008, "vstart"),
    (0x009, "vxsat"),
    (0x00a, "vxrm"),
    (0x00f, "vcsr"),
    (0xc00, "cycle"),
    (0xc01, "time"),
    (0xc02, "instret"),
    (0xc20, "vl"),
    (0xc21, "vtype"),
    (0xc22, "vlenb"),
];

/// The registers that user mode has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Register {
    /// Accrued exceptions.
    Fflags,
    /// Dynamic rounding mode.
    Frm,
    /// Both, the mode above the exceptions.
    Fcsr,
    /// `cycle`, `time` and `instret`: one clock serves for all, at the rate that `hwprobe` tells.
    Clock,
    /// What our vDSO reads the clock of this number by: the registers stand where the manual leaves room for custom
    /// read-only ones of user mode (privileged ISA, CSR address map).
    HostClock(u32),
    /// The first element that a vector instruction does.
    Vstart,
    /// Whether fixed-point results saturated.
    Vxsat,
    /// Rounding of fixed-point results.
    Vxrm,
    /// Both.
    Vcsr,
    /// Vector length.
    Vl,
    /// Vector type.
    Vtype,
    /// Bytes of a vector register.
    Vlenb,
    /// The event counters of Zihpm count nothing, as the manual allows.
    Zero,
}

impl Register {
    fn of(b: &Lower, number: u32) -> Option<Register> {
        let register = Register::numbered(number)?;
        (!register.is_vector() || b.has(cpu::V)).then_some(register)
    }

    fn numbered(number: u32) -> Option<Register> {
        match number {
            0x001 => Some(Register::Fflags),
            0x002 => Some(Register::Frm),
            0x003 => Some(Register::Fcsr),
            0x008 => Some(Register::Vstart),
            0x009 => Some(Register::Vxsat),
            0x00a => Some(Register::Vxrm),
            0x00f => Some(Register::Vcsr),
            0xc20 => Some(Register::Vl),
            0xc21 => Some(Register::Vtype),
            0xc22 => Some(Register::Vlenb),
            0xc00..=0xc02 => Some(Register::Clock),
            0xc03..=0xc1f => Some(Register::Zero),
            0xcc0..=0xcff => Some(Register::HostClock(number - 0xcc0)).filter(|_| CLOCKS.contains(&(number - 0xcc0))),
            _ => None,
        }
    }

    fn is_vector(self) -> bool {
        use Register::*;
        matches!(self, Vstart | Vxsat | Vxrm | Vcsr | Vl | Vtype | Vlenb)
    }

    fn note_use(self, b: &mut Lower) {
        if self.is_vector() {
            vector::note_use(b);
        }
    }

    fn is_writable(self) -> bool {
        use Register::*;
        !matches!(self, Clock | HostClock(_) | Zero | Vl | Vtype | Vlenb)
    }

    /// Its value as an i64.
    fn read(self, b: &mut Lower) -> Val {
        match self {
            Register::Clock => b.op(Op::Cycles, Ty::I64, 0, [Val::NONE; 3], 0),
            Register::HostClock(clock) => b.call_int(helpers::CLOCK, [Val::NONE; 3], clock.into()),
            Register::Zero => b.i64(0),
            Register::Vstart => b.get(VSTART),
            Register::Vl => b.get(VL),
            Register::Vtype => b.get(VTYPE),
            Register::Vlenb => b.i64((VLEN / 8).into()),
            _ => {
                let val = self.read_fp(b);
                b.zext32(val)
            }
        }
    }

    fn read_fp(self, b: &mut Lower) -> Val {
        match self {
            Register::Fflags => flags(b),
            Register::Frm => b.get(FRM),
            Register::Vxsat => b.get(VXSAT),
            Register::Vxrm => b.get(VXRM),
            Register::Vcsr => {
                let (sat, rm) = (b.get(VXSAT), b.get(VXRM));
                let rm = b.bin_imm(Op::Shl, Ty::I32, rm, 1);
                b.or(Ty::I32, rm, sat)
            }
            _ => {
                let (flags, frm) = (flags(b), b.get(FRM));
                let frm = b.bin_imm(Op::Shl, Ty::I32, frm, 5);
                b.or(Ty::I32, frm, flags)
            }
        }
    }

    /// Sets it to the low bits of an i32. The rounding mode is part of the code's key.
    fn write(self, b: &mut Lower, val: Val) {
        match self {
            Register::Vstart => write_vstart(b, val),
            Register::Vxsat => put_bits(b, VXSAT, val, 1),
            Register::Vxrm => put_bits(b, VXRM, val, 3),
            Register::Vcsr => {
                put_bits(b, VXSAT, val, 1);
                let above = b.bin_imm(Op::Shr, Ty::I32, val, 1);
                put_bits(b, VXRM, above, 3);
            }
            _ => self.write_fp(b, val),
        }
    }

    fn write_fp(self, b: &mut Lower, val: Val) {
        if self != Register::Frm {
            set_flags(b, val);
        }
        if self != Register::Fflags {
            let frm = if self == Register::Fcsr { b.bin_imm(Op::Shr, Ty::I32, val, 5) } else { val };
            let frm = b.bin_imm(Op::And, Ty::I32, frm, 7);
            b.put(FRM, frm);
            let next = b.next;
            b.end(Term::Sync { next });
        }
    }
}

fn put_bits(b: &mut Lower, slot: SlotId, val: Val, mask: i64) {
    let bits = b.bin_imm(Op::And, Ty::I32, val, mask);
    b.put(slot, bits);
}

/// `vstart` holds the number of any element there may be. It is part of the code's key.
fn write_vstart(b: &mut Lower, val: Val) {
    let bits = b.bin_imm(Op::And, Ty::I32, val, (VLEN - 1).into());
    let vstart = b.zext32(bits);
    b.put(VSTART, vstart);
    let next = b.next;
    let unknown = b.i32(0);
    vector::leave_keyed(b, unknown, next);
}

/// The accrued exceptions NX, UF, OF, DZ, NV from bit 0, out of MXCSR's IE, DE, ZE, OE, UE, PE: the order is
/// reversed, and x86's denormal operand has no counterpart.
fn flags(b: &mut Lower) -> Val {
    let host = b.op(Op::GetFpFlags, Ty::I32, 0, [Val::NONE; 3], 0);
    let reversed = b.un(Op::Rbit, Ty::I32, host);
    let reversed = b.bin_imm(Op::Shr, Ty::I32, reversed, 26);
    let low = b.bin_imm(Op::And, Ty::I32, reversed, 0xf);
    let invalid = b.bin_imm(Op::Shr, Ty::I32, reversed, 1);
    let invalid = b.bin_imm(Op::And, Ty::I32, invalid, 0x10);
    b.or(Ty::I32, low, invalid)
}

fn set_flags(b: &mut Lower, val: Val) {
    let low = b.bin_imm(Op::And, Ty::I32, val, 0xf);
    let invalid = b.bin_imm(Op::And, Ty::I32, val, 0x10);
    let invalid = b.bin_imm(Op::Shl, Ty::I32, invalid, 1);
    let reversed = b.or(Ty::I32, low, invalid);
    let reversed = b.bin_imm(Op::Shl, Ty::I32, reversed, 26);
    let host = b.un(Op::Rbit, Ty::I32, reversed);
    b.op(Op::SetFpFlags, Ty::None, 0, [host, Val::NONE, Val::NONE], 0);
}

/// Where an instruction's operand is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Register,
    Immediate,
}

impl Source {
    fn value(self, b: &mut Lower, f: Csr) -> Val {
        match self {
            Source::Register => b.x(f.rs1),
            Source::Immediate => b.i64(f.rs1 as i64),
        }
    }
}

/// rd = csr, csr = operand. Without a destination the register isn't read.
fn write(b: &mut Lower, f: Csr, source: Source) {
    let Some(register) = Register::of(b, f.csr).filter(|register| register.is_writable()) else {
        return b.undefined();
    };
    register.note_use(b);
    let new = source.value(b, f);
    if f.rd != 0 {
        let old = register.read(b);
        b.set_x(f.rd, old);
    }
    let new = b.trunc(new);
    register.write(b, new);
}

/// rd = csr, csr = csr `op` operand. With x0 or 0 as operand the register isn't written.
fn modify(b: &mut Lower, f: Csr, source: Source, op: Op) {
    let Some(register) = Register::of(b, f.csr).filter(|register| f.rs1 == 0 || register.is_writable()) else {
        return b.undefined();
    };
    register.note_use(b);
    let operand = source.value(b, f);
    let old = register.read(b);
    b.set_x(f.rd, old);
    if f.rs1 != 0 {
        let new = b.bin(op, Ty::I64, old, operand);
        let new = b.trunc(new);
        register.write(b, new);
    }
}

/// The accrued exceptions as fflags, from the form the state keeps them in.
pub const fn fflags_of(host: u32) -> u32 {
    let reversed = host.reverse_bits() >> 26;
    reversed & 0xf | reversed >> 1 & 0x10
}

/// The form the state keeps the accrued exceptions in, from fflags.
pub const fn host_flags_of(fflags: u32) -> u32 {
    ((fflags & 0xf | (fflags & 0x10) << 1) << 26).reverse_bits()
}
