//! Table: the functions that lowering calls for what is rare. A row is a constant for the lowering, the
//! name in the IR's text form, and the function.

use ir::helper::HelperFn;
use ir::{Helper, HelperId};

macro_rules! helpers {
    ($( $(#[$meta:meta])* $konst:ident $name:literal $kind:ident($function:path); )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "counts the rows")]
        #[repr(u16)]
        enum Index { $($konst),* }
        $( $(#[$meta])* pub const $konst: HelperId = HelperId(Index::$konst as u16); )*

        /// The helper table, by number.
        pub const TABLE: &[Helper] = &[$( Helper { name: $name, function: HelperFn::$kind($function) } ),*];
    };
}

helpers! {
    /// A random number; 0 where the host's source failed.
    RNDR "rndr" Int(crate::random::rndr);
    /// CRC-32 of the second operand on top of the first; the constant says how many bytes.
    CRC32 "crc32" Int(crate::rows::crc32::update);
}
