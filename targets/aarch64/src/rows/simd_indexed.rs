//! Advanced SIMD by indexed element (Arm ARM C4.1.96).

use target::Row;

/// Vector × indexed element, and scalar × indexed element.
pub const ROWS: &[Row] = &[];
