//! Cryptographic instructions (Arm ARM C4.1.96, groups "Cryptographic").

use target::Row;

/// AES, SHA, SM3, SM4.
pub const ROWS: &[Row] = &[];
