//! What rows lower to, as IR text: `testdata/lowering/riscv64.ir`. A comment line `; WORDS TEXT` names the
//! instructions, the block follows. `UPDATE=1 cargo test` writes the file anew; the difference is read as code.

use std::fmt::Write;
use std::path::Path;

use ir::tables::Tables;
use ir::{Builder, Passes};
use riscv64::Riscv64;
use target::{Limits, Mode, Target, translate};

fn lower(words: &str) -> String {
    let guest = Riscv64::default();
    let mut code = Vec::new();
    for word in words.split('+') {
        let number = u32::from_str_radix(word, 16).unwrap_or_else(|error| panic!("{word}: {error}"));
        code.extend_from_slice(&number.to_le_bytes()[..word.len() / 2]);
    }
    let mut builder = Builder::new(guest.slots(), Passes::ALL);
    translate(&guest, &mut builder, &code[..], 0x1000, Mode::default(), Limits::DEFAULT).unwrap();
    let tables = Tables { slots: guest.slots(), helpers: guest.helpers() };
    ir::text::print(builder.block(), &tables).to_string()
}

#[test]
fn lowering() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lowering/riscv64.ir");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut found = String::new();
    for line in text.lines().filter(|line| line.starts_with("; ")) {
        let words = line[2..].split(' ').next().unwrap_or_default();
        write!(found, "{line}\n{}\n", lower(words)).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(&path, found).unwrap();
    }
    let differs = text.lines().zip(found.lines()).position(|(expected, found)| expected != found);
    let Some(at) = differs.or((text.lines().count() != found.lines().count()).then_some(0)) else { return };
    let line = |text: &str| text.lines().nth(at).unwrap_or_default().to_owned();
    panic!("line {}: expected `{}`, found `{}`; see UPDATE", at + 1, line(&text), line(&found));
}
