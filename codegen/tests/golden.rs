//! Golden files: each `tests/emission/*.ir` is a block, `---`, and the host code it becomes with its number of
//! instructions, so that a loss of quality shows in a diff. `UPDATE=1` writes what it becomes now. A line
//! `; flags die at ADDRESS…` says where the code that the block leads to has no use for the flags.

mod common;

use codegen::{CodeBuf, Compiler, Config, HostFeatures};
use common::{SLOTS, TABLES};
use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};
use ir::{passes, text};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};

/// A host that has everything, so that the files are the same on every machine.
const FEATURES: HostFeatures = HostFeatures {
    avx: true,
    avx2: true,
    fma: true,
    f16c: true,
    bmi1: true,
    bmi2: true,
    lzcnt: true,
    aes: true,
    pclmul: true,
    sha: true,
    avx512: true,
    vaes: true,
};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emission");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of golden files")
        .map(|entry| entry.expect("a folder's entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ir"))
        .collect();
    paths.sort();
    let trials = paths.into_iter().map(|path| {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Trial::test(format!("emission::{name}"), move || check(&path))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let whole = fs::read_to_string(path)?;
    let (input, expected) = whole.split_once("---\n").unwrap_or((&whole, ""));
    let found = host_code(input).map_err(|error| format!("{}:{error}", path.display()))?;
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, format!("{input}---\n{found}"))?;
    } else if found != expected {
        return Err(format!("{}: expected\n{expected}found\n{found}", path.display()).into());
    }
    Ok(())
}

/// The code of a block up to its exits, whose data would not disassemble.
fn host_code(input: &str) -> Result<String, text::Error> {
    let block = text::parse(input, &TABLES)?;
    passes::verify(&block, &TABLES);
    let mut compiler = Compiler::new(Config { slots: SLOTS, pc_shift: 2, features: FEATURES, call_pairs: true });
    let mut bytes = vec![0; 1 << 16];
    let said = input.lines().find_map(|line| line.strip_prefix("; flags die at "));
    let hex = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).expect("an address");
    let flags_die: Vec<u64> = said.unwrap_or_default().split_whitespace().map(hex).collect();
    let compiled = compiler.compile_knowing(&block, &flags_die, &mut CodeBuf::new(&mut bytes)).expect("room");
    let end = compiled.links.iter().map(|link| link.stub as usize).min().unwrap_or(compiled.len);
    let mut decoder = Decoder::with_ip(64, &bytes[..end], 0, DecoderOptions::NONE);
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    formatter.options_mut().set_space_after_operand_separator(true);
    let (mut text, mut count, mut inst) = (String::new(), 0, Instruction::default());
    while decoder.can_decode() {
        decoder.decode_out(&mut inst);
        let at = text.len();
        text.push_str("  ");
        formatter.format(&inst, &mut text);
        if text[at..].trim_start().starts_with("nop") {
            // Padding in front of linkable jumps.
            text.truncate(at);
            continue;
        }
        text.push('\n');
        count += 1;
    }
    Ok(format!("{count} instructions, {} bytes\n{text}", compiled.len))
}
