//! An instruction word and its fields, named as the Arm ARM names them (C4.1).

use ir::{Cond, Ty};

/// An instruction word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word(pub u32);

impl From<u32> for Word {
    fn from(word: u32) -> Word {
        Word(word)
    }
}

/// Declares accessors for register numbers and small fields: `name: first bit, width`.
macro_rules! fields {
    ($( $(#[$meta:meta])* $name:ident: $lo:literal, $len:literal; )*) => {
        $( $(#[$meta])* #[inline] pub const fn $name(self) -> u32 { self.bits($lo, $len) } )*
    };
}

impl Word {
    /// `len` bits from bit `lo`.
    #[inline]
    pub const fn bits(self, lo: u32, len: u32) -> u32 {
        self.0 >> lo & ((1 << len) - 1)
    }

    /// `len` bits from bit `lo`, signed.
    #[inline]
    pub const fn sbits(self, lo: u32, len: u32) -> i64 {
        ((self.0 << (32 - lo - len)) as i32 >> (32 - len)) as i64
    }

    /// One bit.
    #[inline]
    pub const fn bit(self, n: u32) -> bool {
        self.0 >> n & 1 != 0
    }

    fields! {
        /// Destination.
        rd: 0, 5;
        /// Transferred register.
        rt: 0, 5;
        /// First operand, or base.
        rn: 5, 5;
        /// Second operand, or index.
        rm: 16, 5;
        /// Third operand.
        ra: 10, 5;
        /// Second transferred register.
        rt2: 10, 5;
        /// Status or compared register.
        rs: 16, 5;
        /// Unsigned immediate of twelve bits.
        imm12: 10, 12;
        /// Shift amount or source bit number.
        imms: 10, 6;
        /// Rotation.
        immr: 16, 6;
        /// Extension of a register operand.
        option: 13, 3;
        /// Size of a SIMD lane.
        size: 22, 2;
    }

    /// Signed immediate of nine bits.
    #[inline]
    pub const fn imm9(self) -> i64 {
        self.sbits(12, 9)
    }

    /// The operand's width by bit 31.
    #[inline]
    pub const fn sf(self) -> Ty {
        if self.bit(31) { Ty::I64 } else { Ty::I32 }
    }

    /// The 128-bit form, bit 30.
    #[inline]
    pub const fn q(self) -> bool {
        self.bit(30)
    }

    /// The condition in bits 15 to 12.
    #[inline]
    pub fn cond(self) -> Cond {
        Cond::from_u8(self.bits(12, 4) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn fields_are_cut_out() {
        let w = Word(0xf85f_83e1);
        assert_eq!((w.rt(), w.rn(), w.imm9()), (1, 31, -8));
        assert_eq!(Word(0x001f_f000).imm9(), -1);
        assert_eq!(Word(0x17ff_ffff).sbits(0, 26), -1);
    }
}
