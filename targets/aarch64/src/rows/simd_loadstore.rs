//! Advanced SIMD load and store of structures (Arm ARM C4.1.94).

use target::Row;

/// LD1 to LD4, ST1 to ST4.
pub const ROWS: &[Row] = &[];
