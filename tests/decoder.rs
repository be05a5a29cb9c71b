//! The rows against other disassemblers: over every word in the text of large programs (`tests/fetch roots text`) and
//! over random ones, LLVM (`tests/fetch llvm`) names the same instruction or none, and where yaxpeax-arm has a name for
//! a word that has a row, it is that row's.
//!
//! Where they differ by right, the guest's file says why. `TRANSOM_ROUNDS` says how many million random words that is.

mod decoder {
    pub mod aarch64;
    pub mod llvm;
    pub mod riscv64;
    pub mod words;
}
mod support;

use std::collections::BTreeMap;

use ir::{Builder, Passes, Term, Trap};
use libtest_mimic::{Arguments, Failed, Trial};
use target::translate::{Limits, translate};
use target::{Mode, Row, Target};

use decoder::{aarch64, llvm, riscv64, words};

/// Words that are compared in one go.
const PORTION: usize = 1 << 20;
/// Portions of random words.
const ROUNDS: u64 = 4;

/// What the comparison has to know of a guest.
trait Guest: Sync {
    fn target(&self) -> &dyn Target;
    /// The target and the features by LLVM's names: what the CPU offers, no more.
    fn llvm(&self) -> llvm::Machine;
    /// Whether a disassembler's name and a row's mean the same instruction.
    fn agree(&self, row: &Row, theirs: &str) -> bool;
    /// Where the rows and LLVM differ by right.
    fn differences(&self) -> &'static [Difference];
    /// The name of a word by a second disassembler, which does not know all instructions.
    fn second(&self, word: u32) -> Option<String>;
    /// Programs and libraries below a root.
    fn texts(&self) -> &'static [&'static str];
}

/// A word that is settled as it is.
struct Difference {
    /// Names of rows; none where the word is undefined.
    ours: &'static [&'static str],
    /// LLVM's names, or how they begin with a `*` behind; none where it has no name.
    theirs: &'static [&'static str],
    #[expect(dead_code, reason = "for the reader")]
    why: &'static str,
}

impl Difference {
    fn covers(&self, row: Option<&Row>, theirs: Option<&str>) -> bool {
        let is = |name: &str, pattern: &&str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == *pattern,
        };
        let among = |name: Option<&str>, patterns: &[&str]| match name {
            Some(name) => patterns.iter().any(|pattern| is(name, pattern)),
            None => patterns.is_empty(),
        };
        among(row.map(|row| row.name()), self.ours) && among(theirs, self.theirs)
    }
}

type Make = fn() -> Box<dyn Guest>;
const GUESTS: [Make; 2] = [|| Box::new(aarch64::Aarch64::default()), || Box::new(riscv64::Riscv64::default())];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for make in GUESTS {
        let name = make().target().name();
        trials.push(Trial::test(format!("{name}/text of programs"), move || text(&*make())));
        trials.push(Trial::test(format!("{name}/random words"), move || random(&*make())));
        if make().target().code_shift() == 1 {
            trials.push(Trial::test(format!("{name}/halfwords"), move || halfwords(&*make())));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn text(guest: &dyn Guest) -> Result<(), Failed> {
    compare(guest, &words::of_programs(guest.target(), guest.texts())?, 4)
}

fn random(guest: &dyn Guest) -> Result<(), Failed> {
    let rounds = std::env::var("TRANSOM_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    (0..rounds).try_for_each(|round| compare(guest, &words::random(guest.target(), round, PORTION), 4))
}

/// Everything that can be a compressed instruction.
fn halfwords(guest: &dyn Guest) -> Result<(), Failed> {
    let words: Vec<u32> = (0..1 << 16).filter(|word| word & 3 != 3).collect();
    compare(guest, &words, 2)
}

/// Compares words of so many bytes.
fn compare(guest: &dyn Guest, words: &[u32], size: usize) -> Result<(), Failed> {
    let builder = Builder::new(guest.target().slots(), Passes::NONE);
    let mut judge = Judge { guest, builder, size, wrong: BTreeMap::new() };
    for words in words.chunks(PORTION) {
        let theirs = guest.llvm().disassemble(words, size)?;
        words.iter().zip(&theirs).for_each(|(&word, theirs)| judge.word(word, theirs.as_deref()));
    }
    judge.verdict(words.len())
}

struct Judge<'a> {
    guest: &'a dyn Guest,
    builder: Builder,
    /// Bytes of a word.
    size: usize,
    /// Words by our name and theirs: the first, and how many.
    wrong: BTreeMap<(&'static str, String), (u32, usize)>,
}

impl Judge<'_> {
    fn word(&mut self, word: u32, theirs: Option<&str>) {
        let row = self.row(word);
        let agreed = match (row, theirs) {
            (None, None) => true,
            (Some(row), Some(theirs)) => self.guest.agree(row, theirs),
            _ => false,
        };
        if !agreed && !self.guest.differences().iter().any(|difference| difference.covers(row, theirs)) {
            self.differs(word, row, theirs.unwrap_or("undefined"));
        }
        if let (Some(row), Some(second)) = (row, self.guest.second(word))
            && !self.guest.agree(row, &second)
        {
            self.differs(word, Some(row), &second);
        }
    }

    fn differs(&mut self, word: u32, row: Option<&'static Row>, theirs: &str) {
        let name = row.map_or("undefined", |row| row.name());
        self.wrong.entry((name, theirs.to_owned())).or_insert((word, 0)).1 += 1;
    }

    /// The row of a word that is allocated: some that match a row are illegal by their fields.
    fn row(&mut self, word: u32) -> Option<&'static Row> {
        let target = self.guest.target();
        let row = target.decode(word).map(|found| found.row).filter(|row| target.features().has(row.feature))?;
        let limits = Limits { insts: 1, ..Limits::DEFAULT };
        let code = &word.to_le_bytes()[..self.size];
        translate(target, &mut self.builder, code, 0x40_0000, Mode(0), limits).ok()?;
        let illegal = matches!(self.builder.block().term, Some(Term::Trap { kind: Trap::Illegal, .. }));
        (!illegal).then_some(row)
    }

    fn verdict(self, count: usize) -> Result<(), Failed> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        let line = |((ours, theirs), (word, count)): (&(&str, String), &(u32, usize))| {
            format!("  {word:08x} {ours}, elsewhere {theirs}: {count} words\n")
        };
        Err(format!("of {count} words differ:\n{}", self.wrong.iter().map(line).collect::<String>()).into())
    }
}
