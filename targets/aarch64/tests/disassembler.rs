//! The rows against LLVM's disassembler: over random words of the SIMD and floating-point space, and over
//! the text of real programs, both must name the same instruction, and what LLVM does not know must be
//! undefined here. It is no part of `cargo test`, as it needs LLVM and Debian's cross assembler: run it by
//! `cargo test -p transom-aarch64 --test disassembler` with `TRANSOM_LLVM_OBJDUMP` naming llvm-objdump and
//! `TRANSOM_TEXT` listing ELF files, separated by colons.

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use aarch64::Aarch64;
use ir::{Passes, Term, Trap};
use support::{Random, block, disassemble, guest, is_simd};
use target::{Mode, Target};

/// The name of the instruction, without the variant; `None` where it is undefined.
fn ours(guest: &Aarch64, word: u32) -> Option<&'static str> {
    let row = guest.decode(word).filter(|row| guest.features().has(row.feature))?;
    let block = block(guest, &[word], Mode(0), Passes::NONE);
    let undefined = matches!(block.term, Some(Term::Trap { kind: Trap::Illegal, .. }));
    (!undefined).then(|| row.name.split('_').next().unwrap_or(row.name))
}

/// LLVM's mnemonic for every word.
fn theirs(objdump: &str, words: &[u32]) -> Vec<Option<String>> {
    let mnemonic = |line: String| line.split_whitespace().next().filter(|name| *name != "<unknown>").map(str::to_owned);
    disassemble(objdump, words).into_iter().map(mnemonic).collect()
}

/// Whether the names mean the same: LLVM appends 2 where the upper half is meant, and knows aliases alone.
fn agree(ours: Option<&str>, theirs: Option<&str>) -> bool {
    match (ours, theirs) {
        (None, None) => true,
        (Some(ours), Some(theirs)) => {
            let alias = matches!((ours, theirs), ("ins" | "dup" | "umov", "mov") | ("not", "mvn"));
            ours == theirs || theirs.strip_suffix('2') == Some(ours) || alias
        }
        _ => false,
    }
}

fn compare(words: &[u32], objdump: &str) -> BTreeMap<(String, String), Vec<u32>> {
    let guest = guest();
    let mut wrong: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for (&word, theirs) in words.iter().zip(theirs(objdump, words)) {
        let ours = ours(&guest, word);
        if !agree(ours, theirs.as_deref()) {
            let name = |name: Option<&str>| name.unwrap_or("undefined").to_owned();
            wrong.entry((name(ours), name(theirs.as_deref()))).or_default().push(word);
        }
    }
    wrong
}

/// A random word of the space; half of them vary a row by one bit, to meet the borders of what is allocated.
fn word(random: &mut Random, rows: &[&target::Row]) -> u32 {
    loop {
        let any = random.next() as u32;
        let word = match any % 4 {
            0 => any & 0xf1ff_ffff | 0x0e00_0000,
            1 => any & 0x41ff_ffff | 0x0c00_0000,
            _ => {
                let row = rows[random.below(rows.len() as u64) as usize];
                any & !row.pattern.mask | row.pattern.value ^ (1 << random.below(32))
            }
        };
        if is_simd(word) {
            return word;
        }
    }
}

fn report(wrong: &BTreeMap<(String, String), Vec<u32>>) -> String {
    let line = |((ours, theirs), words): (&(String, String), &Vec<u32>)| {
        format!("  {ours}, LLVM {theirs}: {} words, {:08x} {:08x}\n", words.len(), words[0], words[words.len() - 1])
    };
    wrong.iter().map(line).collect()
}

/// What this comparison must be told.
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set: see the head of this file"))
}

#[test]
fn rows_agree_with_llvm() {
    let objdump = setting("TRANSOM_LLVM_OBJDUMP");
    let rows: Vec<_> = guest().rows().into_iter().filter(|row| is_simd(row.pattern.value)).collect();
    let mut random = Random(7);
    let count = std::env::var("TRANSOM_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let words: Vec<u32> = (0..count).map(|_| word(&mut random, &rows)).collect();
    let wrong = compare(&words, &objdump);
    assert!(wrong.is_empty(), "of {count} words differ:\n{}", report(&wrong));
}

#[test]
fn text_of_programs_agrees_with_llvm() {
    let (objdump, files) = (setting("TRANSOM_LLVM_OBJDUMP"), setting("TRANSOM_TEXT"));
    let mut words = std::collections::BTreeSet::new();
    for file in files.split(':') {
        let text = concat!(env!("CARGO_TARGET_TMPDIR"), "/text");
        let cut = Command::new("aarch64-linux-gnu-objcopy").args(["-O", "binary", "-j", ".text", file, text]).status();
        assert!(cut.is_ok_and(|status| status.success()), "{file} has a text");
        let bytes = std::fs::read(text).expect("the text");
        words.extend(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
    }
    let words: Vec<u32> = words.into_iter().filter(|&word| is_simd(word)).collect();
    let wrong = compare(&words, &objdump);
    assert!(wrong.is_empty(), "of {} words differ:\n{}", words.len(), report(&wrong));
}
