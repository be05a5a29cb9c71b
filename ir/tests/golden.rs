//! Golden files: each `tests/passes/*.ir` is a block, `---`, and what the passes leave of it. `UPDATE=1`
//! writes what they leave now.

mod common;

use common::{TABLES, rebuild};
use ir::{Liveness, Passes, passes, text};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of golden files")
        .map(|entry| entry.expect("a folder's entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ir"))
        .collect();
    paths.sort();
    let trials = paths.into_iter().map(|path| {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Trial::test(format!("passes::{name}"), move || check(&path))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let whole = fs::read_to_string(path)?;
    let (input, expected) = whole.split_once("---\n").unwrap_or((&whole, ""));
    let found = after_passes(input).map_err(|error| format!("{}:{error}", path.display()))?;
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, format!("{input}---\n{found}"))?;
    } else if found != expected {
        return Err(format!("{}: expected\n{expected}found\n{found}", path.display()).into());
    }
    Ok(())
}

fn after_passes(input: &str) -> Result<String, text::Error> {
    let block = rebuild(&text::parse(input, &TABLES)?, Passes::ALL);
    let mut live = Liveness::default();
    passes::run(&block, &TABLES, &mut live);
    Ok(text::print(&block, &TABLES).live(&live).to_string())
}
