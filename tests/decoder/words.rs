//! The words that are compared.

use std::collections::HashSet;

use libtest_mimic::Failed;
use object::{Object, ObjectSection, SectionKind};
use target::Target;

use crate::support::fetched;
use crate::support::random::Random;

/// Every 32-bit word in the code of these files, which lie in any of the folders that `tests/fetch` makes for the guest.
pub fn of_programs(target: &dyn Target, files: &[&str]) -> Result<Vec<u32>, Failed> {
    let debian = if target.name() == "aarch64" { "arm64" } else { target.name() };
    let folders = [fetched(debian), fetched(&format!("text-{debian}"))];
    let mut words = HashSet::new();
    for file in files {
        let Some(path) = folders.iter().map(|folder| folder.join(file)).find(|path| path.exists()) else {
            return Err(format!("{file} is missing: run tests/fetch roots text").into());
        };
        let bytes = std::fs::read(&path)?;
        let elf = object::File::parse(&*bytes)?;
        for section in elf.sections().filter(|section| section.kind() == SectionKind::Text) {
            collect(target, section.data()?, &mut words);
        }
    }
    let mut words: Vec<u32> = words.into_iter().collect();
    words.sort_unstable();
    Ok(words)
}

fn collect(target: &dyn Target, mut code: &[u8], words: &mut HashSet<u32>) {
    while let Some((word, len)) = target.fetch(code) {
        if len == 4 {
            words.insert(word);
        }
        code = &code[len..];
    }
}

/// Random words of four bytes; half of them are a row's with one bit turned, to meet the borders of what is allocated.
pub fn random(target: &dyn Target, seed: u64, count: usize) -> Vec<u32> {
    let rows = target.rows();
    let mut random = Random::new(seed);
    let mut word = || {
        let any = random.next() as u32;
        if any & 1 == 0 {
            return random.next() as u32;
        }
        let pattern = rows[random.below(rows.len())].pattern;
        (random.next() as u32 & !pattern.mask | pattern.value) ^ 1 << random.below(32)
    };
    let is_whole = |word: &u32| target.fetch(&word.to_le_bytes()).is_some_and(|(_, len)| len == 4);
    std::iter::from_fn(|| Some(word())).filter(is_whole).take(count).collect()
}
