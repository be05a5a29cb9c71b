//! Advanced SIMD modified immediate (Arm ARM C4.1.96).

use target::Row;

/// MOVI, MVNI, ORR, BIC, FMOV.
pub const ROWS: &[Row] = &[];
