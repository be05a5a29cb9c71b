//! Vector instructions' operands as text (unprivileged ISA, chapter V, assembler mnemonics).

use target::Row;

use crate::fields::{Source, V, VMem, Vset};
use crate::state::{F_NAMES, V_NAMES, X_NAMES};

const LMUL: [&str; 8] = ["m1", "m2", "m4", "m8", "4", "mf8", "mf4", "mf2"];

/// The operands of the instruction `word` of `row`.
pub fn operands(row: &Row, word: u32) -> String {
    if row.name().starts_with("vset") {
        return configuration(row, Vset::from(word));
    }
    let masked = if row.bits().contains('m') && word >> 25 & 1 == 0 { ",v0.t" } else { "" };
    let own = match word & 0x7f {
        0x07 | 0x27 => memory(row, VMem::from(word), word),
        _ => arithmetic(row, V::from(word)),
    };
    own + masked
}

fn x(n: u32) -> &'static str {
    X_NAMES[n as usize & 31]
}

fn v(n: u32) -> &'static str {
    V_NAMES[n as usize & 31]
}

fn configuration(row: &Row, f: Vset) -> String {
    let of_type = |zimm: u64| {
        let agnostic = |bit: u64, letter| format!("{letter}{}", if zimm >> bit & 1 != 0 { 'a' } else { 'u' });
        let (sew, lmul) = (8 << (zimm >> 3 & 7), LMUL[zimm as usize & 7]);
        format!("e{sew},{lmul},{},{}", agnostic(6, 't'), agnostic(7, 'm'))
    };
    match row.name() {
        "vsetvli" => format!("{},{},{}", x(f.rd), x(f.rs1), of_type(f.zimm11)),
        "vsetivli" => format!("{},{},{}", x(f.rd), f.rs1, of_type(f.zimm10)),
        _ => format!("{},{},{}", x(f.rd), x(f.rs1), x(f.rs2)),
    }
}

fn memory(row: &Row, f: VMem, word: u32) -> String {
    const STRIDED: u32 = 2;
    let second = match word >> 26 & 3 {
        _ if !row.bits().contains('t') => String::new(),
        STRIDED => format!(",{}", x(f.rs2)),
        _ => format!(",{}", v(f.rs2)),
    };
    format!("{},({}){second}", v(f.vd), x(f.rs1))
}

fn arithmetic(row: &Row, f: V) -> String {
    let destination = match row.name() {
        "vmv_x_s" | "vcpop_m" | "vfirst_m" => x(f.vd),
        "vfmv_f_s" => F_NAMES[f.vd as usize & 31],
        _ => v(f.vd),
    };
    let mut sources = Vec::new();
    if row.bits().contains('t') {
        sources.push(v(f.vs2).to_owned());
    }
    if row.bits().contains('s') {
        sources.push(match f.source {
            Source::Vector => v(f.vs1).to_owned(),
            Source::X => x(f.vs1).to_owned(),
            Source::F => F_NAMES[f.vs1 as usize & 31].to_owned(),
            Source::Immediate => f.simm.to_string(),
        });
    }
    // The factor that is not vs2 comes first where the destination takes part.
    if ["macc", "msac", "madd", "msub", "nmsub", "nmsac"].iter().any(|part| row.name().contains(part)) {
        sources.reverse();
    }
    sources.insert(0, destination.to_owned());
    sources.join(",")
}
