//! Table: constants that emitted code reads through `rbp`.

use crate::context::field::CONSTANTS;
use std::mem::offset_of;

const fn splat64(lane: u64) -> u128 {
    lane as u128 | (lane as u128) << 64
}

const fn splat32(lane: u32) -> u128 {
    splat64(lane as u64 | (lane as u64) << 32)
}

const fn splat16(lane: u16) -> u128 {
    splat32(lane as u32 | (lane as u32) << 16)
}

const fn splat8(lane: u8) -> u128 {
    splat16(lane as u16 | (lane as u16) << 8)
}

macro_rules! constants {
    ($( $(#[$meta:meta])* $name:ident = $value:expr; )*) => {
        /// The pool; every constant fills a vector register.
        #[allow(non_snake_case, reason = "the fields are constants to those who read them")]
        #[derive(Clone, Copy, Debug)]
        #[repr(C, align(16))]
        pub(crate) struct Constants {
            $( $name: u128, )*
            fcmp_nzcv: [u16; 72],
            fcmp_nzcv_swapped: [u16; 72],
        }

        impl Constants {
            pub const NEW: Constants = Constants { $( $name: $value, )* fcmp_nzcv: fcmp_nzcv(false), fcmp_nzcv_swapped: fcmp_nzcv(true) };
        }

        $( $(#[$meta])* pub(crate) const $name: i32 = CONSTANTS + offset_of!(Constants, $name) as i32; )*
    };
}

constants! {
    ZERO = 0;
    ONES = u128::MAX;
    ONE8 = splat8(1);
    ONE16 = splat16(1);
    ONE32 = splat32(1);
    /// The low byte of 16-bit lanes.
    LOW16 = splat16(0xff);
    /// The low half of 32-bit lanes.
    LOW32 = splat32(0xffff);
    /// Half of what is shifted out of a doubled product.
    ROUND31 = splat64(1 << 31);
    SIGN16 = splat16(1 << 15);
    /// Added with saturation, sets bit 7 of indices above 15.
    TBL_LIMIT = splat8(0x70);
    LOW_NIBBLES = splat8(0x0f);
    /// Bits set in 0 to 15.
    BITS = 0x0403_0302_0302_0201_0302_0201_0201_0100;
    /// Leading zeros of the nibbles 0 to 15.
    ZEROS = 0x0101_0101_0202_0304;
    /// The nibbles 0 to 15 with their bits reversed, as low and as high halves of a byte.
    REVERSED_HIGH = 0x0f07_0b03_0d05_0901_0e06_0a02_0c04_0800;
    REVERSED_LOW = 0x0f07_0b03_0d05_0901_0e06_0a02_0c04_0800 << 4;
    /// Shuffles that reverse bytes within containers.
    REV_B2 = 0x0e0f_0c0d_0a0b_0809_0607_0405_0203_0001;
    REV_B4 = 0x0c0d_0e0f_0809_0a0b_0405_0607_0001_0203;
    REV_B8 = 0x0809_0a0b_0c0d_0e0f_0001_0203_0405_0607;
    REV_H4 = 0x0d0c_0f0e_0908_0b0a_0504_0706_0100_0302;
    REV_H8 = 0x0908_0b0a_0d0c_0f0e_0100_0302_0504_0706;
    SIGN32 = splat32(1 << 31);
    SIGN64 = splat64(1 << 63);
    ABS32 = splat32(!(1 << 31));
    ABS64 = splat64(!(1 << 63));
    ABS16 = splat16(!(1 << 15));
    /// The least normal numbers.
    LEAST16 = splat16(1 << 10);
    LEAST32 = splat32(1 << 23);
    LEAST64 = splat64(1 << 52);
    /// The greatest single below the least normal half, less 1, as bits.
    TINY_HALF = splat32(0x387f_fffe);
    HALF32 = splat32(0x3f00_0000);
    HALF64 = splat64(0x3fe0_0000_0000_0000);
    UNIT32 = splat32(0x3f80_0000);
    /// The greatest numbers below 2^31 and 2^63.
    BELOW31 = splat32(0x4eff_ffff);
    BELOW63 = splat64(0x43df_ffff_ffff_ffff);
    /// 65536
    TWO16 = splat32(0x4780_0000);
    UNIT64 = splat64(0x3ff0_0000_0000_0000);
    /// What lies above a narrow value in a box (RISC-V F, NaN boxing).
    BOX32 = splat64(0xffff_ffff_0000_0000);
    BOX16 = splat64(0xffff_ffff_ffff_0000);
    NAN32 = splat32(0x7fc0_0000);
    NAN16 = 0x7e00;
    NAN64 = splat64(0x7ff8_0000_0000_0000);
}

/// NZCV as slots hold it, by what `lahf` leaves in AH after `ucomisd`: the result of Arm's
/// FPCompare for unordered (ZF PF CF), less (CF), equal (ZF) and greater.
pub(crate) const FCMP_NZCV: i32 = CONSTANTS + offset_of!(Constants, fcmp_nzcv) as i32;

/// The same after `ucomisd` with the operands swapped.
pub(crate) const FCMP_NZCV_SWAPPED: i32 = CONSTANTS + offset_of!(Constants, fcmp_nzcv_swapped) as i32;

const fn fcmp_nzcv(swapped: bool) -> [u16; 72] {
    let (less, greater) = if swapped { (0x02, 0x03) } else { (0x03, 0x02) };
    let mut table = [0; 72];
    table[0x47] = ir::Nzcv::new(false, false, true, true).0 as u16;
    table[less] = ir::Nzcv::new(true, false, false, false).0 as u16;
    table[0x42] = ir::Nzcv::new(false, true, true, false).0 as u16;
    table[greater] = ir::Nzcv::new(false, false, true, false).0 as u16;
    table
}
