//! Random sequences of instructions, made from the rows of each guest, run by the IR interpreter, by machine code and
//! by qemu-user (`tests/fetch qemu`); registers, flags and memory must come out the same.
//!
//! A seed names everything. `TRANSOM_SEED=n` runs one program of sequences again; `TRANSOM_SOAK_SECONDS=n` goes on
//! with new seeds for that long. What differs is narrowed down to the first instruction of a sequence that shows it.

mod sequences;
mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use target::Row;

use sequences::engine::Engine;
use sequences::guest::Guest;
use sequences::sequence::Sequence;
use sequences::{GUESTS, report, sequence};
use support::random::Random;

/// How many sequences a program has, and how many instructions a sequence.
const SEQUENCES: usize = 200;
const INSTRUCTIONS: usize = 6;

/// Programs of the fixed run: together they have every row some hundred times.
const PROGRAMS: u64 = 100;

/// More reports than this tell nothing new.
const REPORTS: usize = 10;

fn main() {
    let arguments = Arguments::from_args();
    let trials = GUESTS
        .into_iter()
        .flat_map(|guest| seeds().map(move |seed| (guest, seed)))
        .map(|(make, seed)| {
            let name = format!("{}/{seed}", make().name());
            Trial::test(name, move || check(&*make(), seed))
        })
        .chain(soak().into_iter().flat_map(|limit| {
            GUESTS.map(|make| Trial::test(format!("{}/soak", make().name()), move || soak_for(&*make(), limit)))
        }))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not '{text}'")))
}

fn seeds() -> std::ops::Range<u64> {
    number("TRANSOM_SEED").map_or(0..PROGRAMS, |seed| seed..seed + 1)
}

fn soak() -> Option<Duration> {
    number("TRANSOM_SOAK_SECONDS").map(Duration::from_secs)
}

fn soak_for(guest: &dyn Guest, limit: Duration) -> Result<(), Failed> {
    // New seeds each time: the clock chooses where to begin.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let start = Instant::now();
    let mut programs = 0;
    while start.elapsed() < limit {
        check(guest, clock * 1000 + NEXT.fetch_add(1, Ordering::Relaxed))?;
        programs += 1;
    }
    println!("{}: {} sequences in {:?}, no difference", guest.name(), programs * SEQUENCES, start.elapsed());
    Ok(())
}

/// Runs the program of a seed by all engines.
fn check(guest: &dyn Guest, seed: u64) -> Result<(), Failed> {
    let sequences = generate(guest, seed);
    let results = Engine::ALL.map(|engine| engine.run(guest, &sequences));
    let mut found = Vec::new();
    for (i, sequence) in sequences.iter().enumerate() {
        if report::differs(sequence, &results, i) {
            found.push(report::narrow(guest, sequence)?);
        }
        if found.len() == REPORTS {
            found.push("and perhaps more".to_owned());
            break;
        }
    }
    for (engine, result) in Engine::ALL.iter().zip(&results) {
        if let Err(what) = result {
            found.push(format!("{}: {what}", engine.name()));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(format!("seed {seed}:\n{}", found.join("\n")).into()) }
}

/// Sequences in which every row of the guest comes in turn, each time among others.
fn generate(guest: &dyn Guest, seed: u64) -> Vec<Sequence> {
    let mut random = Random::new(seed);
    let (known, unknown) = sequence::rows(guest);
    let (mut known, mut unknown) = (Deck::new(known), Deck::new(unknown));
    (0..SEQUENCES)
        .map(|i| {
            let with_qemu = i % 8 != 7 || unknown.rows.is_empty();
            let deck = if with_qemu { &mut known } else { &mut unknown };
            let hand = deck.deal(&mut random, INSTRUCTIONS);
            Sequence::random(guest, &mut random, &hand, with_qemu)
        })
        .collect()
}

/// Rows in random order, each as often as any other.
struct Deck {
    rows: Vec<&'static Row>,
    left: Vec<&'static Row>,
}

impl Deck {
    fn new(rows: Vec<&'static Row>) -> Deck {
        Deck { left: Vec::new(), rows }
    }

    fn deal(&mut self, random: &mut Random, count: usize) -> Vec<&'static Row> {
        let mut next = || {
            if self.left.is_empty() {
                self.left.clone_from(&self.rows);
            }
            self.left.swap_remove(random.below(self.left.len()))
        };
        (0..count).map(|_| next()).collect()
    }
}
