//! Table: the host's floating-point instructions. A row has the form for packed singles; the others
//! differ in the mandatory prefix.

use crate::vectors::{Vop, op, op3a, op38};

const fn float(code: u8) -> Vop {
    op(code).prefix(0).evex_by_prefix()
}

/// Between integers and floating point: the W bit says which integers.
const fn convert(code: u8) -> Vop {
    op(code).prefix(0)
}

pub(crate) const ADD: Vop = float(0x58).commutative();
pub(crate) const MUL: Vop = float(0x59).commutative();
pub(crate) const SUB: Vop = float(0x5c);
/// The second operand where one is a NaN or both are zeros.
pub(crate) const MIN: Vop = float(0x5d);
pub(crate) const DIV: Vop = float(0x5e);
pub(crate) const MAX: Vop = float(0x5f);
pub(crate) const SQRT: Vop = float(0x51);
pub(crate) const AND: Vop = float(0x54).commutative();
pub(crate) const OR: Vop = float(0x56).commutative();
pub(crate) const XOR: Vop = float(0x57).commutative();
pub(crate) const UCOMIS: Vop = float(0x2e);
pub(crate) const COMIS: Vop = float(0x2f);
/// With a predicate, of [`predicate`].
pub(crate) const CMP: Vop = float(0xc2).no_evex();
/// To the other format: single to double, and with the prefixes for doubles the other way.
pub(crate) const CVT: Vop = float(0x5a);
/// From and to a general register; the W bit for 64 bits.
pub(crate) const CVTSI2F: Vop = convert(0x2a);
pub(crate) const CVTF2SI: Vop = convert(0x2d);
pub(crate) const CVTTF2SI: Vop = convert(0x2c);
/// Four integers and singles; with prefixes 0, 66 and F3.
pub(crate) const CVTDQ2PS: Vop = convert(0x5b);
pub(crate) const CVTPS2DQ: Vop = convert(0x5b).prefix(1);
pub(crate) const CVTTPS2DQ: Vop = convert(0x5b).prefix(2);
/// AVX-512: unsigned integers of either width and signed double-words.
pub(crate) const CVTUDQ2PS: Vop = convert(0x7a).prefix(3);
pub(crate) const CVTUQQ2PD: Vop = convert(0x7a).prefix(2).wide();
pub(crate) const CVTQQ2PD: Vop = convert(0xe6).prefix(2).wide();
/// With a rounding, whose bit 3 suppresses inexact.
pub(crate) const ROUNDPS: Vop = op3a(0x08);
pub(crate) const ROUNDPD: Vop = op3a(0x09).evex_w1();
pub(crate) const ROUNDSS: Vop = op3a(0x0a);
pub(crate) const ROUNDSD: Vop = op3a(0x0b).evex_w1();
/// dst = a * b + dst (FMA); the scalar form's code is one more, W for doubles.
pub(crate) const FMADD231: Vop = op38(0xb8);
/// F16C: half precision from the low 64 bits; and to them, with the source in the register field and a rounding.
pub(crate) const CVTPH2PS: Vop = op38(0x13);
pub(crate) const CVTPS2PH: Vop = op3a(0x1d);
pub(crate) const PTEST: Vop = op38(0x17).no_evex();
pub(crate) const UNPCKHPD: Vop = op(0x15).evex_w1();

/// Predicates of [`CMP`].
pub(crate) mod predicate {
    pub const EQ: u8 = 0;
    /// These two raise invalid for quiet NaNs too.
    pub const LT: u8 = 1;
    pub const LE: u8 = 2;
    pub const UNORDERED: u8 = 3;
    pub const NOT_LT: u8 = 5;
    /// AVX.
    pub const EQ_OR_UNORDERED: u8 = 8;
}

/// The form for scalars.
pub(crate) const fn scalar(row: Vop, double: bool) -> Vop {
    row.prefix(if double { 3 } else { 2 })
}

/// The form for vectors.
pub(crate) const fn packed(row: Vop, double: bool) -> Vop {
    row.prefix(double as u8)
}

/// The form of comparisons into EFLAGS.
pub(crate) const fn ordered(row: Vop, double: bool) -> Vop {
    row.prefix(double as u8)
}

/// A fused form for scalars or vectors.
pub(crate) const fn fused(row: Vop, double: bool, is_scalar: bool) -> Vop {
    let row = if is_scalar { row.next() } else { row };
    if double { row.wide() } else { row }
}
