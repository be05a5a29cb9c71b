//! The rows against yaxpeax-arm: where both know a word they name the same instruction. It rejects the newer
//! extensions and accepts words that are not allocated, so that only this direction is checked here;
//! `disassembler.rs` compares both ways with LLVM.

mod support;

use std::collections::BTreeMap;

use support::{Random, guest};
use target::Target;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

/// Its name for the instruction, in lower case.
fn theirs(word: u32) -> Option<String> {
    let bytes = word.to_le_bytes();
    let instruction = InstDecoder::default().decode(&mut U8Reader::new(&bytes)).ok()?;
    instruction.to_string().split([' ', '.']).next().map(str::to_owned)
}

#[test]
fn rows_and_yaxpeax_agree() {
    let (guest, mut random) = (guest(), Random(4));
    let mut wrong: BTreeMap<(&str, String), u32> = BTreeMap::new();
    for row in guest.rows() {
        for _ in 0..200 {
            let Some(word) = random.word(row) else { continue };
            if let Some(theirs) = theirs(word).filter(|theirs| !agree(row.name, theirs)) {
                wrong.entry((row.name, theirs)).or_insert(word);
            }
        }
    }
    let lines: Vec<_> =
        wrong.iter().map(|((ours, theirs), word)| format!("{word:08x} {ours}, yaxpeax {theirs}")).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// Rows of which the manual prefers other names in some encodings (C1.4, aliases).
const ALIASES: &[(&str, &[&str])] = &[
    ("add", &["mov"]),
    ("adds", &["cmn"]),
    ("ands", &["tst"]),
    ("asrv", &["asr"]),
    ("axflag", &["msr"]),
    ("bfm", &["bfi", "bfxil", "bfc"]),
    ("cfinv", &["msr"]),
    ("csinc", &["cset", "cinc"]),
    ("csinv", &["csetm", "cinv"]),
    ("csneg", &["cneg"]),
    ("dc", &["sys"]),
    ("dsb", &["ssbb", "pssbb"]),
    ("dup", &["mov"]),
    ("extr", &["ror"]),
    // Not aliases, but its mistakes: the upper halves by element.
    ("fmlal2", &["fmlal"]),
    ("fmlsl2", &["fmlsl"]),
    ("ic", &["sys"]),
    ("ins", &["mov"]),
    ("lslv", &["lsl"]),
    ("lsrv", &["lsr"]),
    ("madd", &["mul"]),
    ("movn", &["mov"]),
    ("movz", &["mov"]),
    ("msub", &["mneg"]),
    ("not", &["mvn"]),
    ("orn", &["mvn"]),
    ("orr", &["mov"]),
    ("rorv", &["ror"]),
    ("sbc", &["ngc"]),
    ("sbcs", &["ngcs"]),
    ("sbfm", &["asr", "sbfiz", "sbfx", "sxtb", "sxth", "sxtw"]),
    ("smaddl", &["smull"]),
    ("smsubl", &["smnegl"]),
    ("sub", &["neg"]),
    ("subs", &["cmp", "negs"]),
    ("ubfm", &["lsl", "lsr", "ubfiz", "ubfx", "uxtb", "uxth"]),
    ("umaddl", &["umull"]),
    ("umov", &["mov"]),
    ("umsubl", &["umnegl"]),
    ("xaflag", &["msr"]),
];

/// Whether a row's name and a mnemonic mean the same.
fn agree(ours: &str, theirs: &str) -> bool {
    let base = ours.split('_').next().unwrap_or(ours);
    let alias = ALIASES.iter().any(|(name, others)| *name == base && others.contains(&theirs));
    // Hints have names of their own, of which it has some wrong.
    base == "hint" || alias || theirs == base || theirs.strip_suffix('2') == Some(base) || ordered(base, theirs)
}

/// Whether a mnemonic is a row's with memory order and size appended, or the form that loads nothing.
fn ordered(base: &str, theirs: &str) -> bool {
    let suffixes = ["", "a", "l", "al"].iter().flat_map(|order| ["", "b", "h"].map(|size| format!("{order}{size}")));
    let loads = theirs.strip_prefix("st").map(|rest| format!("ld{rest}"));
    let is_memory = ["ld", "st", "swp", "cas"].iter().any(|family| base.starts_with(family));
    is_memory
        && suffixes.into_iter().any(|suffix| {
            let name = format!("{base}{suffix}");
            name == theirs || Some(&name) == loads.as_ref()
        })
}
