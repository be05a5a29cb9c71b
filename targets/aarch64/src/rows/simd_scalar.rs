//! Advanced SIMD scalar forms (Arm ARM C4.1.96).

use target::Row;

/// Scalar three same, two-register miscellaneous, shift by immediate.
pub const ROWS: &[Row] = &[];
