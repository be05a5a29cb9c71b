//! Advanced SIMD two-register miscellaneous (Arm ARM C4.1.96).

use target::Row;

/// One-operand lane-wise instructions.
pub const ROWS: &[Row] = &[];
