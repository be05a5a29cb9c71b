//! Advanced SIMD permute, extract and table lookup (Arm ARM C4.1.96).

use target::Row;

/// ZIP, UZP, TRN, EXT, TBL, TBX.
pub const ROWS: &[Row] = &[];
