//! Advanced SIMD across lanes and scalar pairwise (Arm ARM C4.1.96).

use target::Row;

/// ADDV and its family.
pub const ROWS: &[Row] = &[];
