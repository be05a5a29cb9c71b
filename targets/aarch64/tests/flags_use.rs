//! What is said of NZCV for code that looks ahead, against the rows.

mod support;

use aarch64::state::NZCV;
use ir::{Op, Passes, Term};
use support::{CODE, Random, block_at, guest};
use target::{FlagsUse, Mode, Target};

/// Whether the row's meaning reads and writes NZCV.
fn by_row(guest: &aarch64::Aarch64, word: u32) -> (bool, bool, Option<Term>) {
    let block = block_at(guest, &[word], CODE, Mode(0), Passes::NONE);
    let any = |op| block.insts.iter().any(|inst| inst.op == op && inst.imm == i64::from(NZCV.0));
    (any(Op::Get), any(Op::Put), block.term)
}

#[test]
fn looking_ahead_agrees_with_the_rows() {
    let (guest, mut random) = (guest(), Random(7));
    let mut known = 0;
    for row in guest.rows() {
        for _ in 0..100 {
            let Some(word) = random.word(row) else { continue };
            let (reads, writes, term) = by_row(&guest, word);
            let traps = matches!(term, Some(Term::Trap { .. }));
            let used = guest.flags_use(word, CODE, 0);
            let right = match used {
                FlagsUse::Overwrites => !reads && writes || traps,
                FlagsUse::Passes => !reads && !writes,
                FlagsUse::Jumps { .. } => !reads && !writes,
                FlagsUse::Reads => true,
            };
            assert!(right, "{word:08x} {}: {used:?}", row.name);
            known += u32::from(used != FlagsUse::Reads);
        }
    }
    assert!(known > 10_000, "{known}");
}

#[test]
fn branches_lead_where_their_rows_say() {
    let (guest, mut random) = (guest(), Random(8));
    for row in guest.rows() {
        for _ in 0..100 {
            let Some(word) = random.word(row) else { continue };
            let FlagsUse::Jumps { target, falls } = guest.flags_use(word, CODE, 0) else { continue };
            let block = block_at(&guest, &[word], CODE, Mode(0), Passes::NONE);
            let exit = block.insts.iter().find(|inst| inst.op == Op::ExitIf).map(|inst| inst.imm as u64);
            let (taken, next) = match block.term {
                Some(Term::Jump { target } | Term::Call { target, .. }) => (exit.unwrap_or(target), exit.is_some()),
                Some(Term::Branch { taken, .. }) => (taken, true),
                term => panic!("{word:08x} {}: {term:?}", row.name),
            };
            assert_eq!((target, falls), (taken, next), "{word:08x} {}", row.name);
        }
    }
}

#[test]
fn linkage_tables_keep_no_flags() {
    // adrp x16; ldr x17, [x16]; add x16, x16, #0; br x17
    const ENTRY: [u32; 4] = [0x9000_0010, 0xf940_0211, 0x9100_0210, 0xd61f_0220];
    let guest = guest();
    let dies = |words: &[u32]| {
        let read = |pc: u64, bytes: &mut [u8; target::AHEAD]| {
            let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).skip((pc - CODE) as usize).collect();
            bytes[..code.len()].copy_from_slice(&code);
            code.len()
        };
        target::flags_die(&guest, &read, CODE)
    };
    assert!(dies(&ENTRY));
    assert!(!dies(&ENTRY[3..]), "any other jump may lead to who reads them");
    // cbz x0, .; then a comparison, or a branch on the flags
    assert!(dies(&[0xb400_0000, 0xeb01_001f]));
    assert!(!dies(&[0xb400_0020, 0x5400_0000]));
    assert!(!dies(&[0xb400_0000]), "what can't be read may read them");
}
