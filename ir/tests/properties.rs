//! Random blocks: what the passes keep, and the text form.

mod common;

use common::random::Rng;
use common::{TABLES, machine, rebuild};
use ir::{Block, Liveness, Op, Passes, passes, text, verify};

const BLOCKS: u64 = 1500;
/// States each block runs on.
const RUNS: usize = 3;

/// Calls `check` on random blocks; a failure names its seed.
fn for_blocks(check: impl Fn(&mut Rng, Block)) {
    for seed in 0..BLOCKS {
        let mut rng = Rng::new(seed);
        let block = rng.block(8);
        println!("seed {seed}\n{}", text::print(&block, &TABLES));
        check(&mut rng, block);
    }
}

/// `after` does what `before` does.
fn same_meaning(rng: &mut Rng, before: &Block, after: &Block) {
    for _ in 0..RUNS {
        let (state, control) = (rng.state(), rng.control());
        let expected = machine::run(before, control, state.clone());
        assert_eq!(machine::run(after, control, state), expected, "{}", text::print(after, &TABLES));
    }
}

/// What the backward pass leaves of a block.
fn without_dead(block: &Block) -> Block {
    let mut live = Liveness::default();
    passes::run(block, &TABLES, &mut live);
    let text = text::print(block, &TABLES).live(&live).to_string();
    text::parse(&text, &TABLES).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn building_keeps_the_meaning() {
    let plain = |forward, fold| Passes { forward, fold };
    for_blocks(|rng, block| {
        for passes in [plain(false, false), plain(true, false), plain(false, true), Passes::ALL] {
            let built = rebuild(&block, passes);
            verify::assert(&built, &TABLES);
            same_meaning(rng, &block, &built);
        }
    });
}

#[test]
fn the_backward_pass_keeps_the_meaning() {
    for_blocks(|rng, block| {
        same_meaning(rng, &block, &without_dead(&block));
        same_meaning(rng, &block, &without_dead(&rebuild(&block, Passes::ALL)));
    });
}

#[test]
fn folding_settles() {
    for_blocks(|rng, block| {
        let once = without_dead(&rebuild(&block, Passes::ALL));
        let twice = without_dead(&rebuild(&once, Passes::ALL));
        // A slot whose writes were dead may let more fold, to words that have constants of their own.
        let count = |block: &Block| block.insts.iter().filter(|inst| inst.op != Op::Const).count();
        assert!(count(&twice) <= count(&once), "{}\n{}", text::print(&once, &TABLES), text::print(&twice, &TABLES));
        same_meaning(rng, &once, &twice);
    });
}

#[test]
fn text_reads_back() {
    for_blocks(|_, block| {
        let text = text::print(&block, &TABLES).to_string();
        assert_eq!(text::parse(&text, &TABLES).as_ref(), Ok(&block), "{text}");
    });
}

#[test]
fn damaged_text_is_refused_with_its_place() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut text = text::print(&rng.block(4), &TABLES).to_string().into_bytes();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(text.len());
            text[at] = rng.one_of(b" v.,[]#x0-+<>\nz");
        }
        let text = String::from_utf8(text).expect("ASCII");
        match text::parse(&text, &TABLES) {
            Ok(block) => drop(verify::verify(&block, &TABLES)),
            Err(error) => assert!(error.line <= text.lines().count() + 1 && error.column > 0),
        }
    }
}
