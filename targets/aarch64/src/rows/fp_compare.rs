//! Scalar floating-point compare, conditional compare and select (Arm ARM C4.1.96).

use target::Row;

/// FCMP, FCCMP, FCSEL.
pub const ROWS: &[Row] = &[];
