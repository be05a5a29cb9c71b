//! Advanced SIMD three different (Arm ARM C4.1.96).

use target::Row;

/// Widening and narrowing arithmetic.
pub const ROWS: &[Row] = &[];
