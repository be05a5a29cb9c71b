//! Advanced SIMD three same (Arm ARM C4.1.96).

use target::Row;

/// Lane-wise arithmetic, logic and compares.
pub const ROWS: &[Row] = &[];
