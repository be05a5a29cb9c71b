//! The ISA string and `/proc/cpuinfo`, as Linux writes them (arch/riscv/kernel/cpu.c).

use std::fmt::Write;

use target::{Feature, Features};

use super::table::TABLE;

/// The ISA string: `rv64`, the extensions of one letter, then the others with underscores before them.
pub fn isa(features: Features) -> String {
    let mut text = String::from("rv64");
    for (i, def) in TABLE.iter().enumerate() {
        if def.in_cpuinfo && features.has(Feature(i as u8)) {
            if def.name.len() > 1 {
                text.push('_');
            }
            text.push_str(def.name);
        }
    }
    text
}

/// `/proc/cpuinfo` for so many CPUs.
pub fn cpuinfo(features: Features, cpus: usize) -> String {
    let isa = isa(features);
    let mut text = String::new();
    for cpu in 0..cpus {
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "processor\t: {cpu}\nhart\t\t: {cpu}\nisa\t\t: {isa}\nmmu\t\t: sv48\nmvendorid\t: 0x0\nmarchid\t\t: 0x0\n\
             mimpid\t\t: 0x0\nhart isa\t: {isa}\n\n"
        );
    }
    text
}
