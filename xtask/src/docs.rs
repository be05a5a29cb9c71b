//! `cargo xtask docs`: the documents that are made from tables in the code.

use std::path::Path;

/// A document and what makes its text.
type Document = (&'static str, fn() -> String);

const DOCUMENTS: &[Document] = &[
    ("docs/syscalls.md", syscalls::table::markdown),
    ("docs/instructions-aarch64.md", || target::docs::markdown(&aarch64::Aarch64::new(aarch64::Cpu::default()))),
    ("docs/instructions-riscv64.md", || target::docs::markdown(&riscv64::Riscv64::default())),
];

/// Writes the documents.
pub fn write(repository: &Path) -> Result<(), String> {
    for (path, text) in DOCUMENTS {
        std::fs::write(repository.join(path), text()).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

/// Says which documents are not what the tables say.
pub fn check(repository: &Path) -> Result<(), String> {
    let stale = |(path, text): &&Document| std::fs::read_to_string(repository.join(path)).ok() != Some(text());
    let stale: Vec<&str> = DOCUMENTS.iter().filter(stale).map(|&(path, _)| path).collect();
    if stale.is_empty() { Ok(()) } else { Err(format!("out of date, run cargo xtask docs: {}", stale.join(", "))) }
}
