//! Registers as a debugger sees them, and the target description made of them (GDB manual, appendix G: Target
//! Descriptions).

use std::fmt::Write;

use ir::GuestState;

/// A register, or several of a kind that differ in their number.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// Its name in the debugger.
    pub name: &'static str,
    /// Its size.
    pub bits: u32,
    /// Its type, as target descriptions name types.
    pub ty: &'static str,
    /// Its number among the registers of its kind; what the two functions take.
    pub n: u32,
    /// Reads it.
    pub get: fn(&GuestState, u32) -> u128,
    /// Writes it.
    pub set: fn(&mut GuestState, u32, u128),
}

impl Register {
    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        self.bits as usize / 8
    }
}

/// A group of registers that the debugger knows by a name.
#[derive(Clone, Debug)]
pub struct Feature {
    /// That name.
    pub name: &'static str,
    /// Elements that define types of its registers.
    pub types: &'static str,
    /// The registers, numbered on from those of the feature before.
    pub registers: Vec<Register>,
}

/// The registers of all features: a register's number is its index.
pub fn registers(features: &[Feature]) -> Vec<Register> {
    features.iter().flat_map(|feature| feature.registers.iter().copied()).collect()
}

/// Characters of a line of [`text`].
const LINE: usize = 100;

/// Registers for a reader: those of the first feature, which every guest has, and of the `others` those that are not zero.
pub fn text(features: &[Feature], state: &GuestState, others: bool) -> String {
    let (mut out, mut line) = (String::new(), String::new());
    for (at, feature) in features.iter().enumerate().filter(|(at, _)| *at == 0 || others) {
        for register in &feature.registers {
            let value = (register.get)(state, register.n);
            if at != 0 && value == 0 {
                continue;
            }
            let entry = format!("{:>4}={value:0width$x}", register.name, width = register.bytes() * 2);
            if !line.is_empty() && line.len() + entry.len() >= LINE {
                out += std::mem::take(&mut line).trim_end();
                out.push('\n');
            }
            line += &entry;
            line.push(' ');
        }
    }
    out + line.trim_end() + "\n"
}

/// The target description.
pub fn description(architecture: &str, features: &[Feature]) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n\
         <architecture>{architecture}</architecture>\n<osabi>GNU/Linux</osabi>\n"
    );
    // Writing to a string can't fail.
    for feature in features {
        let _ = writeln!(xml, "<feature name=\"{}\">{}", feature.name, feature.types);
        for Register { name, bits, ty, .. } in &feature.registers {
            let _ = writeln!(xml, "<reg name=\"{name}\" bitsize=\"{bits}\" type=\"{ty}\"/>");
        }
        xml.push_str("</feature>\n");
    }
    xml.push_str("</target>\n");
    xml
}
