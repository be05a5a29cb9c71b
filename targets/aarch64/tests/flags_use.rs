//! What is said of NZCV for code that looks ahead, against the rows.

mod support;

use aarch64::state::NZCV;
use ir::ops::Effect;
use ir::{Op, Passes, Term};
use support::{CODE, Random, block_at, guest};
use target::{FlagsUse, Mode, Target};

/// Whether the row's meaning reads and writes NZCV and may fault.
fn by_row(guest: &aarch64::Aarch64, word: u32) -> ([bool; 3], Option<Term>) {
    let block = block_at(guest, &[word], CODE, Mode(0), Passes::NONE);
    let any = |op| block.insts.iter().any(|inst| inst.op == op && inst.imm == i64::from(NZCV.0));
    let may_fault =
        |inst: &ir::Inst| matches!(inst.op.info().effect, Effect::Load | Effect::Store) || inst.op == Op::TrapIf;
    let faults = block.insts.iter().any(may_fault);
    ([any(Op::Get), any(Op::Put), faults], block.term)
}

#[test]
fn looking_ahead_agrees_with_the_rows() {
    let (guest, mut random) = (guest(), Random(7));
    let mut known = 0;
    for row in guest.rows() {
        for _ in 0..100 {
            let Some(word) = random.word(row) else { continue };
            let ([reads, writes, faults], term) = by_row(&guest, word);
            let traps = matches!(term, Some(Term::Trap { .. }));
            let used = guest.flags_use(word, CODE);
            let right = match used {
                FlagsUse::Overwrites => !reads && writes && !faults && !traps,
                FlagsUse::Passes => !reads && !writes && !faults && !traps,
                FlagsUse::Jumps { .. } => !reads && !writes,
                FlagsUse::Reads => true,
            };
            assert!(right, "{word:08x} {}: {used:?}", row.name());
            known += u32::from(used != FlagsUse::Reads);
        }
    }
    assert!(known > 10_000, "{known}");
}

#[test]
fn flags_die_where_nobody_can_see_them() {
    let guest = guest();
    let dies = |words: &[u32]| {
        let read = |pc: u64, bytes: &mut [u8; target::AHEAD]| {
            let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).skip((pc - CODE) as usize).collect();
            bytes[..code.len()].copy_from_slice(&code);
            code.len()
        };
        target::flags_die(&guest, &read, CODE)
    };
    let (compare, add, load, call, illegal) = (0xeb01_001f, 0x8b01_0000, 0xf940_0000, 0x9400_0001, 0x0000_0000);
    assert!(dies(&[add, compare]));
    assert!(!dies(&[load, compare]), "a load may fault");
    assert!(!dies(&[call, compare]), "a call polls");
    assert!(!dies(&[illegal, compare]));
    // ands wzr, w0, #mask: of ones alone, and none for 32 bits
    assert!(dies(&[0x7200_001f]));
    assert!(!dies(&[0x7200_7c1f]) && !dies(&[0x7240_001f]), "reserved masks raise SIGILL");
    // cbz x0, .+8 or .; then a comparison, or a branch on the flags
    assert!(dies(&[0xb400_0040, compare, compare]));
    assert!(!dies(&[0xb400_0040, compare, 0x5400_0000]));
    assert!(!dies(&[0xb400_0000, compare]), "a jump back polls");
    assert!(!dies(&[add]), "what can't be read may read them");
}
