//! Prints the row of each instruction word that standard input has, a hexadecimal number a line, `-` for none:
//! what the comparison with a disassembler reads (`tests/decoder/riscv64`).

use std::io::{BufRead, BufWriter, Error, ErrorKind, Write, stdin, stdout};

use riscv64::Riscv64;
use target::Target;

fn main() -> Result<(), Error> {
    let guest = Riscv64::default();
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let line = line?;
        let word = u32::from_str_radix(line.trim(), 16).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        let row = guest.decode(word).filter(|row| guest.features().has(row.feature));
        writeln!(out, "{}", row.map_or("-", |row| row.name))?;
    }
    Ok(())
}
