//! Random sequences of instructions, and the program that runs many of them one after the other.

use target::Row;

use super::elf;
use super::guest::{FIRST, Guest, INPUT, OUTPUT, STRIDE, WINDOW};
use crate::support::random::Random;

/// One instruction of a sequence, with the code that makes it fit.
#[derive(Clone)]
pub struct Instruction {
    /// That of its row.
    pub name: &'static str,
    pub code: Vec<u8>,
}

/// What a sequence starts with, and what it does.
#[derive(Clone)]
pub struct Sequence {
    pub data: Vec<u8>,
    pub instructions: Vec<Instruction>,
    /// Whether qemu has an opinion on it.
    pub with_qemu: bool,
}

impl Sequence {
    /// A sequence that has the given rows in it.
    pub fn random(guest: &dyn Guest, random: &mut Random, rows: &[&'static Row], with_qemu: bool) -> Sequence {
        let mut data = vec![0; STRIDE];
        guest.fill(random, &mut data[INPUT..OUTPUT]);
        for lane in data[WINDOW].chunks_exact_mut(8) {
            lane.copy_from_slice(&super::guest::lanes(random).to_le_bytes());
        }
        let instructions = rows.iter().filter_map(|row| instruction(guest, random, row)).collect();
        Sequence { data, instructions, with_qemu }
    }

    /// Bytes of its code.
    fn size(&self) -> usize {
        self.instructions.iter().map(|one| one.code.len()).sum()
    }

    /// The same sequence up to the instruction `count`.
    pub fn prefix(&self, count: usize) -> Sequence {
        Sequence { instructions: self.instructions[..count].to_vec(), ..self.clone() }
    }
}

/// A word of the row that fits; `None` where the row has hardly any.
fn instruction(guest: &dyn Guest, random: &mut Random, row: &'static Row) -> Option<Instruction> {
    (0..200).find_map(|_| {
        let free = if row.pattern.width == 16 { !row.pattern.mask & 0xffff } else { !row.pattern.mask };
        let word = row.pattern.value | random.next() as u32 & free;
        let code = row.matches(word).then(|| guest.fit(random, row, word)).flatten()?;
        Some(Instruction { name: row.name(), code })
    })
}

/// The rows that can stand in a sequence on the guest's CPU: those that can be compared with qemu's, and the others.
pub fn rows(guest: &dyn Guest) -> (Vec<&'static Row>, Vec<&'static Row>) {
    let features = guest.target().features();
    let rows = guest.target().rows().into_iter().filter(|row| features.has(row.feature) && guest.is_fit(row));
    rows.partition(|row| !lacks(guest, row) && !guest.has_random_results(row))
}

/// Whether the word is an instruction that qemu lacks.
pub fn is_unknown_to_qemu(guest: &dyn Guest, word: u32) -> bool {
    guest.target().decode(word).is_some_and(|found| lacks(guest, found.row))
}

fn lacks(guest: &dyn Guest, row: &Row) -> bool {
    let feature = &guest.target().feature_table()[usize::from(row.feature.0)];
    [feature.name, row.name()].iter().any(|name| guest.unknown_to_qemu().contains(name))
}

/// An ELF file that runs the sequences and writes their data, each [`STRIDE`] bytes, to its standard output.
pub fn program(guest: &dyn Guest, sequences: &[Sequence]) -> Vec<u8> {
    let (mut code, mut load, mut end) = (Vec::new(), Vec::new(), Vec::new());
    guest.begin(&mut code);
    guest.load(&mut load);
    guest.end(&mut end, sequences.len() * STRIDE);
    // The two subroutines stand behind everything else.
    let call_size = guest.call(0, 0).len();
    let body: usize = sequences.iter().map(|sequence| 2 * call_size + sequence.size()).sum();
    let load_at = elf::CODE + (code.len() + body + end.len()) as u64;
    let store_at = load_at + load.len() as u64;

    for sequence in sequences {
        code.extend(guest.call(elf::CODE + code.len() as u64, load_at));
        sequence.instructions.iter().for_each(|one| code.extend(&one.code));
        code.extend(guest.call(elf::CODE + code.len() as u64, store_at));
    }
    code.extend(end);
    assert_eq!(elf::CODE + code.len() as u64, load_at, "sizes are known beforehand");
    code.extend(load);
    guest.store(&mut code);

    let mut data = vec![0; FIRST];
    sequences.iter().for_each(|sequence| data.extend(&sequence.data));
    elf::file(guest.target().elf_machine(), guest.elf_flags(), &code, &data)
}
