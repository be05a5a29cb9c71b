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
        }

        impl Constants {
            pub const NEW: Constants = Constants { $( $name: $value, )* fcmp_nzcv: fcmp_nzcv() };
        }

        $( $(#[$meta])* pub(crate) const $name: i32 = CONSTANTS + offset_of!(Constants, $name) as i32; )*
    };
}

constants! {
    ONES = u128::MAX;
    SIGN32 = splat32(1 << 31);
    SIGN64 = splat64(1 << 63);
    ABS32 = splat32(!(1 << 31));
    ABS64 = splat64(!(1 << 63));
    NAN32 = splat32(0x7fc0_0000);
    NAN64 = splat64(0x7ff8_0000_0000_0000);
}

/// NZCV as slots hold it, by what `lahf` leaves in AH after `ucomisd`: the result of Arm's
/// FPCompare for unordered (ZF PF CF), less (CF), equal (ZF) and greater.
pub(crate) const FCMP_NZCV: i32 = CONSTANTS + offset_of!(Constants, fcmp_nzcv) as i32;

const fn fcmp_nzcv() -> [u16; 72] {
    let mut table = [0; 72];
    table[0x47] = ir::Nzcv::new(false, false, true, true).0 as u16;
    table[0x03] = ir::Nzcv::new(true, false, false, false).0 as u16;
    table[0x42] = ir::Nzcv::new(false, true, true, false).0 as u16;
    table[0x02] = ir::Nzcv::new(false, false, true, false).0 as u16;
    table
}
