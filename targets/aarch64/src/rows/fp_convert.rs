//! Scalar floating-point conversions (Arm ARM C4.1.96).

use target::Row;

/// FCVT, FCVTxx, SCVTF, UCVTF, FMOV between register files, FJCVTZS.
pub const ROWS: &[Row] = &[];
