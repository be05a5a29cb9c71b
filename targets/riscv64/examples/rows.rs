//! Prints every row: name, pattern, exceptions and extension, separated by tabs. What makes instructions up
//! reads it (`testdata/cases/riscv64/generate`).

use riscv64::Riscv64;
use target::Target;

fn main() {
    let guest = Riscv64::default();
    for row in guest.rows() {
        let except: Vec<_> = row.except.iter().flatten().map(|e| format!("{:x}/{:x}", e.value, e.mask)).collect();
        let feature = guest.feature_table()[row.feature.0 as usize].name;
        println!("{}\t{}\t{}\t{feature}", row.name(), row.bits(), except.join(","));
    }
}
