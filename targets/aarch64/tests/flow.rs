//! What is said of control flow for code that looks ahead, against the rows; and where blocks end because of it.

mod support;

use ir::{Block, Op, Passes, Term};
use support::{CODE, Random, block_at, guest};
use target::{FlagsUse, Flow, Mode, Target};

fn flow_of(block: &Block) -> Flow {
    let exit = block.insts.iter().find(|inst| inst.op == Op::ExitIf).map(|inst| inst.imm as u64);
    match (exit, block.term) {
        (Some(target), Some(Term::Jump { .. })) => Flow::Jumps { target, falls: true },
        (_, Some(Term::Branch { taken: target, .. })) => Flow::Jumps { target, falls: true },
        (_, Some(Term::Jump { target })) => Flow::Jumps { target, falls: false },
        _ => Flow::Leaves,
    }
}

#[test]
fn branches_lead_where_their_rows_say() {
    let (guest, mut random) = (guest(), Random(8));
    for row in guest.rows() {
        for _ in 0..100 {
            let Some(word) = random.word(row) else { continue };
            let (flow, block) = (guest.flow(word, CODE), block_at(&guest, &[word], CODE, Mode(0), Passes::NONE));
            let right = match flow {
                // What is no branch may leave to begin anew, and must not always go elsewhere.
                Flow::On => !matches!(block.term, Some(Term::Branch { .. } | Term::Call { .. } | Term::Return { .. })),
                // One with a condition that always holds is said to go on behind itself as well.
                Flow::Jumps { target, falls: true } => {
                    matches!(flow_of(&block), Flow::Jumps { target: to, .. } if to == target)
                }
                _ => flow == flow_of(&block),
            };
            assert!(right, "{word:08x} {}: {flow:?}", row.name());
            if let FlagsUse::Jumps { target, falls } = guest.flags_use(word, CODE) {
                assert_eq!(flow, Flow::Jumps { target, falls }, "{word:08x}");
            }
        }
    }
}

#[test]
fn a_block_ends_where_its_way_out_leads_unless_it_is_a_loop() {
    let (guest, add) = (guest(), 0x8b01_0000);
    let count = |words: &[u32]| block_at(&guest, words, CODE, Mode(0), Passes::ALL).guest_insts;
    // cbz x0, .+12; add; add; add; ret
    let (skip, ret) = (0xb400_0060, 0xd65f_03c0);
    assert_eq!(count(&[skip, add, add, add, ret]), 3);
    // The nearer of two counts.
    assert_eq!(count(&[skip, 0xb400_0080, add, add, ret]), 3);
    // cbnz x1, back to the beginning; or to elsewhere
    assert_eq!(count(&[skip, add, add, add, 0xb5ff_ff81, ret]), 5);
    assert_eq!(count(&[skip, add, add, add, 0xb5ff_ffa1, ret]), 3);
}
