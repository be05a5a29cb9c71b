//! Scalar floating-point data processing (Arm ARM C4.1.96).

use target::Row;

/// One, two and three sources, and FMOV (immediate).
pub const ROWS: &[Row] = &[];
