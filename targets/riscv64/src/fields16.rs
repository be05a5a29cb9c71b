//! Fields of compressed instructions, by format (unprivileged ISA, chapter C). Each yields the fields of the full
//! instruction that it stands for, so that one meaning serves both.
//!
//! Immediates are scattered. They are put together from pieces written as in the manual: `imm[5:3]` at
//! bit 10 is `piece(w, 10, 5, 3)`.

use crate::fields::{B, I, J, R, S, U};

/// The instruction's bits from `at` up as bits `high` to `low` of an immediate.
const fn piece(w: u32, at: u32, high: u32, low: u32) -> i64 {
    ((w >> at & ((1 << (high - low + 1)) - 1)) << low) as i64
}

/// An immediate with its sign in bit `bit`.
const fn sign_extended(imm: i64, bit: u32) -> i64 {
    imm << (63 - bit) >> (63 - bit)
}

/// A register in full.
const fn full(w: u32, at: u32) -> u32 {
    w >> at & 31
}

/// One of x8 to x15.
const fn popular(w: u32, at: u32) -> u32 {
    8 + (w >> at & 7)
}

const SP: u32 = 2;

macro_rules! formats {
    ($( $(#[$meta:meta])* $name:ident($of:ty) |$w:ident| $value:expr; )*) => { $(
        $(#[$meta])*
        pub struct $name(pub $of);

        impl From<u32> for $name {
            fn from($w: u32) -> $name {
                $name($value)
            }
        }
    )* };
}

/// A signed immediate of six bits, as CI has it.
const fn imm6(w: u32) -> i64 {
    sign_extended(piece(w, 12, 5, 5) | piece(w, 2, 4, 0), 5)
}

/// An unsigned one: a shift count.
const fn shamt(w: u32) -> i64 {
    piece(w, 12, 5, 5) | piece(w, 2, 4, 0)
}

const fn scaled4(w: u32) -> i64 {
    piece(w, 10, 5, 3) | piece(w, 6, 2, 2) | piece(w, 5, 6, 6)
}

const fn scaled8(w: u32) -> i64 {
    piece(w, 10, 5, 3) | piece(w, 5, 7, 6)
}

const fn from_sp4(w: u32) -> i64 {
    piece(w, 12, 5, 5) | piece(w, 4, 4, 2) | piece(w, 2, 7, 6)
}

const fn from_sp8(w: u32) -> i64 {
    piece(w, 12, 5, 5) | piece(w, 5, 4, 3) | piece(w, 2, 8, 6)
}

const fn to_sp4(w: u32) -> i64 {
    piece(w, 9, 5, 2) | piece(w, 7, 7, 6)
}

const fn to_sp8(w: u32) -> i64 {
    piece(w, 10, 5, 3) | piece(w, 7, 8, 6)
}

formats! {
    /// c.addi4spn: rd' = sp + imm.
    Addi4spn(I) |w| I {
        rd: popular(w, 2), rs1: SP, imm: piece(w, 11, 5, 4) | piece(w, 7, 9, 6) | piece(w, 6, 2, 2) | piece(w, 5, 3, 3),
    };
    /// c.addi16sp: sp = sp + imm.
    Addi16sp(I) |w| I {
        rd: SP, rs1: SP,
        imm: sign_extended(piece(w, 12, 9, 9) | piece(w, 6, 4, 4) | piece(w, 5, 6, 6) | piece(w, 3, 8, 7) | piece(w, 2, 5, 5), 9),
    };
    /// rd = rd op imm.
    Ci(I) |w| I { rd: full(w, 7), rs1: full(w, 7), imm: imm6(w) };
    /// c.li: rd = x0 + imm.
    Li(I) |w| I { rd: full(w, 7), rs1: 0, imm: imm6(w) };
    /// c.lui.
    Lui(U) |w| U { rd: full(w, 7), imm: imm6(w) << 12 };
    /// c.slli.
    CiShift(I) |w| I { rd: full(w, 7), rs1: full(w, 7), imm: shamt(w) };
    /// rd' = rd' >> imm.
    CbShift(I) |w| I { rd: popular(w, 7), rs1: popular(w, 7), imm: shamt(w) };
    /// c.andi.
    CbAndi(I) |w| I { rd: popular(w, 7), rs1: popular(w, 7), imm: imm6(w) };
    /// rd' = rd' op rs2'.
    Ca(R) |w| R { rd: popular(w, 7), rs1: popular(w, 7), rs2: popular(w, 2) };
    /// rd' = op rd'.
    Cu(R) |w| R { rd: popular(w, 7), rs1: popular(w, 7), rs2: 0 };
    /// c.add: rd = rd + rs2.
    CrAdd(R) |w| R { rd: full(w, 7), rs1: full(w, 7), rs2: full(w, 2) };
    /// c.mv: rd = x0 + rs2.
    CrMv(R) |w| R { rd: full(w, 7), rs1: 0, rs2: full(w, 2) };
    /// c.jr.
    Jr(I) |w| I { rd: 0, rs1: full(w, 7), imm: 0 };
    /// c.jalr.
    Jalr(I) |w| I { rd: 1, rs1: full(w, 7), imm: 0 };
    /// c.j.
    Cj(J) |w| J {
        rd: 0,
        imm: sign_extended(
            piece(w, 12, 11, 11) | piece(w, 11, 4, 4) | piece(w, 9, 9, 8) | piece(w, 8, 10, 10) | piece(w, 7, 6, 6)
                | piece(w, 6, 7, 7) | piece(w, 3, 3, 1) | piece(w, 2, 5, 5),
            11,
        ),
    };
    /// c.beqz and c.bnez.
    Cb(B) |w| B {
        rs1: popular(w, 7), rs2: 0,
        imm: sign_extended(
            piece(w, 12, 8, 8) | piece(w, 10, 4, 3) | piece(w, 5, 7, 6) | piece(w, 3, 2, 1) | piece(w, 2, 5, 5), 8,
        ),
    };
    /// Load of 4 bytes.
    ClW(I) |w| I { rd: popular(w, 2), rs1: popular(w, 7), imm: scaled4(w) };
    /// Load of 8 bytes, to an integer or floating-point register.
    ClD(I) |w| I { rd: popular(w, 2), rs1: popular(w, 7), imm: scaled8(w) };
    /// Store of 4 bytes.
    CsW(S) |w| S { rs1: popular(w, 7), rs2: popular(w, 2), imm: scaled4(w) };
    /// Store of 8 bytes.
    CsD(S) |w| S { rs1: popular(w, 7), rs2: popular(w, 2), imm: scaled8(w) };
    /// Load of 4 bytes from the stack.
    LwSp(I) |w| I { rd: full(w, 7), rs1: SP, imm: from_sp4(w) };
    /// Load of 8 bytes from the stack.
    LdSp(I) |w| I { rd: full(w, 7), rs1: SP, imm: from_sp8(w) };
    /// Store of 4 bytes to the stack.
    SwSp(S) |w| S { rs1: SP, rs2: full(w, 2), imm: to_sp4(w) };
    /// Store of 8 bytes to the stack.
    SdSp(S) |w| S { rs1: SP, rs2: full(w, 2), imm: to_sp8(w) };
    /// Zcb: load of a byte.
    ClB(I) |w| I { rd: popular(w, 2), rs1: popular(w, 7), imm: piece(w, 6, 0, 0) | piece(w, 5, 1, 1) };
    /// Zcb: load of a half-word.
    ClH(I) |w| I { rd: popular(w, 2), rs1: popular(w, 7), imm: piece(w, 5, 1, 1) };
    /// Zcb: store of a byte.
    CsB(S) |w| S { rs1: popular(w, 7), rs2: popular(w, 2), imm: piece(w, 6, 0, 0) | piece(w, 5, 1, 1) };
    /// Zcb: store of a half-word.
    CsH(S) |w| S { rs1: popular(w, 7), rs2: popular(w, 2), imm: piece(w, 5, 1, 1) };
}
