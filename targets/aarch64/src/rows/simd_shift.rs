//! Advanced SIMD shift by immediate (Arm ARM C4.1.96).

use target::Row;

/// SSHR, SHL, SHRN and their families.
pub const ROWS: &[Row] = &[];
