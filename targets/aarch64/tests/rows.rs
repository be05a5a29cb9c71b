//! Every row: its words decode to it, and lower to blocks that verify.

mod support;

use ir::{Passes, Term, Trap, verify};
use support::{Random, block, guest, tables};
use target::{Mode, Target};

#[test]
fn every_row_decodes_to_itself() {
    let (guest, mut random) = (guest(), Random(1));
    for row in guest.rows() {
        for _ in 0..100 {
            let word = random.word(row).unwrap_or_else(|| panic!("{} has no words", row.name()));
            let found = guest.decode(word).map(|found| found.row);
            let found = found.unwrap_or_else(|| panic!("{word:08x} of {} does not decode", row.name()));
            assert!(std::ptr::eq(row, found), "{word:08x} of {} decodes as {}", row.name(), found.name());
        }
    }
}

#[test]
fn names_are_unique() {
    let rows = guest().rows();
    let names: std::collections::HashSet<_> = rows.iter().map(|row| row.name()).collect();
    let mut seen = std::collections::HashSet::new();
    let twice: Vec<_> = rows.iter().filter(|row| !seen.insert(row.name())).map(|row| row.name()).collect();
    assert_eq!(names.len(), rows.len(), "{twice:?}");
}

#[test]
fn every_row_lowers_to_a_block_that_verifies() {
    let (guest, mut random) = (guest(), Random(2));
    for row in guest.rows() {
        for round in 0..400 {
            let Some(word) = random.word(row) else { continue };
            let mode = Mode(round % 16);
            for passes in [Passes::ALL, Passes::NONE] {
                let block = block(&guest, &[word], mode, passes);
                if let Err(error) = verify::verify(&block, &tables()) {
                    panic!("{word:08x} {}: {error}\n{}", row.name(), ir::text::print(&block, &tables()));
                }
            }
        }
    }
}

/// What is undefined changes nothing before it traps.
#[test]
fn undefined_words_do_nothing() {
    let (guest, mut random) = (guest(), Random(3));
    for row in guest.rows() {
        for _ in 0..400 {
            let Some(word) = random.word(row) else { continue };
            let block = block(&guest, &[word], Mode(0), Passes::NONE);
            if matches!(block.term, Some(Term::Trap { kind: Trap::Illegal, .. })) {
                let acts =
                    block.insts.iter().any(|inst| inst.op.info().effect.observes_state() || inst.op == ir::Op::Put);
                assert!(!acts, "{word:08x} {} acts and traps", row.name());
            }
        }
    }
}

/// What a CPU advertises it has rows for; the rest is told of but asks for none.
#[test]
fn advertised_features_have_rows() {
    use aarch64::cpu::{BTI, DGH, EVTSTRM, MODELS, RPRFM, TABLE, USCAT};
    let without_rows = [EVTSTRM, USCAT, DGH, BTI, RPRFM];
    let rows = guest().rows();
    let max = MODELS[0].features;
    for (i, def) in TABLE.iter().enumerate() {
        let feature = target::Feature(i as u8);
        let has_rows = rows.iter().any(|row| row.feature == feature) || without_rows.contains(&feature);
        assert!(has_rows || !max.has(feature), "{} is advertised without rows", def.name);
    }
}

/// What CPUs without pointer authentication take for hints costs nothing there.
#[test]
fn hints_of_pointer_authentication_do_nothing_by_default() {
    let guest = aarch64::Aarch64::new(aarch64::Cpu::default());
    for row in guest.rows() {
        let is_hint = row.pattern.value & 0xffff_f01f == 0xd503_201f && row.name() != "hint";
        if is_hint {
            let block = block(&guest, &[row.pattern.value], Mode(0), Passes::NONE);
            assert!(block.insts.iter().all(|inst| inst.op == ir::Op::Insn), "{}", row.name());
        }
    }
}
