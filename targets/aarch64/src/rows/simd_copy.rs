//! Advanced SIMD copy (Arm ARM C4.1.96).

use target::Row;

/// DUP, INS, SMOV, UMOV.
pub const ROWS: &[Row] = &[];
