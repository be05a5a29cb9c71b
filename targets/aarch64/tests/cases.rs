//! `testdata/cases/aarch64/FEATURE.case` has lines for every row of data processing, made from random words and hard
//! operands and what the interpreter makes of them. `UPDATE=1 TRANSOM_LLVM_OBJDUMP=llvm-objdump` writes the
//! files again; that qemu and machine code agree is checked by the workspace's `tests/cases.rs`, which also says
//! what the format is.

mod support;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::PathBuf;

use aarch64::state::{FPCR, NZCV, SLOTS, SP, v, x};
use aarch64::{Aarch64, cpu, fpstate};
use ir::interp::{Interp, Memory};
use ir::{GuestState, Nzcv, Op, Passes, SlotId, Term, Trap};
use support::{Random, block, disassemble, guest, hard_value, is_integer, is_simd, tables};
use target::{Mode, Row, Target};

const LINES: usize = 4;
/// Where `mem` is while a case is made.
const MEM: u64 = 0x10_0000;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/cases/aarch64");
const HEAD: &str = "# Made by UPDATE=1 cargo test -p transom-aarch64 --test cases.\n";

/// Memory as a case finds it, and what is written there.
struct Window(BTreeMap<u64, u8>);

impl Memory for Window {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        let byte = |at: u64| self.0.get(&at).copied().unwrap_or(at.wrapping_sub(MEM) as u8 ^ 0x5a);
        Ok((0..bytes as u64).rev().fold(0, |value, i| value << 8 | byte(addr.wrapping_add(i)) as u128))
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        self.0.extend((0..bytes as u64).map(|i| (addr.wrapping_add(i), (value >> (8 * i)) as u8)));
        Ok(())
    }

    fn cas(&mut self, addr: u64, _: u32, _: u128, _: u128) -> Result<u128, u64> {
        Err(addr)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        0
    }
}

fn get(state: &GuestState, id: SlotId) -> u128 {
    state.get(&SLOTS[id.0 as usize])
}

fn set(state: &mut GuestState, id: SlotId, value: u128) {
    state.set(&SLOTS[id.0 as usize], value);
}

/// A defined word of the row over the first registers: d and t are 0, n is 1, m 2, a 3.
fn word(guest: &Aarch64, row: &Row, random: &mut Random) -> Option<u32> {
    let numbers = [('d', 0), ('t', 0), ('n', 1), ('m', 2), ('a', 3)];
    let letters: Vec<char> = row.bits().chars().filter(|c| *c != ' ').collect();
    (0..200).filter_map(|_| random.word(row)).find_map(|mut word| {
        for (letter, number) in numbers {
            let places = (0..32).filter(|bit| letters[31 - bit] == letter);
            places.enumerate().for_each(|(i, bit)| word = word & !(1 << bit) | (number >> i & 1) << bit);
        }
        let block = block(guest, &[word], Mode(0), Passes::NONE);
        let defined = !matches!(block.term, Some(Term::Trap { kind: Trap::Illegal, .. }));
        (row.matches(word) && defined).then_some(word)
    })
}

/// The registers that the word reads.
fn reads(guest: &Aarch64, word: u32) -> Vec<SlotId> {
    let block = block(guest, &[word], Mode(0), Passes::ALL);
    let read = block.insts.iter().filter(|inst| inst.op == Op::Get).map(|inst| SlotId(inst.imm as u16));
    let mut slots: Vec<_> = read.filter(|id| id.0 < NZCV.0 + 1).collect();
    slots.sort_by_key(|id| id.0);
    slots.dedup();
    slots
}

/// The inputs and outputs of a line, as text.
fn inputs_and_outputs(guest: &Aarch64, word: u32, random: &mut Random) -> String {
    let accesses = word & 0xbe00_0000 == 0x0c00_0000;
    let mut before = GuestState::default();
    set(&mut before, NZCV, Nzcv::from_bits(0).0 as u128);
    let mut text = String::new();
    for id in reads(guest, word) {
        let value = match id.0 {
            n if n == NZCV.0 => (random.below(16) as u128) << 28,
            1 if accesses => MEM as u128,
            n if n < SP.0 && accesses => random.below(64) as u128,
            n if n <= SP.0 => hard_value(random) as u128,
            _ => hard_value(random) as u128 | (hard_value(random) as u128) << 64,
        };
        let name = SLOTS[id.0 as usize].name;
        let shown = if accesses && id == x(1) { "mem".to_owned() } else { format!("{value:#x}") };
        _ = write!(text, "{name}={shown} ");
        let value = if id == NZCV { Nzcv::from_bits(value as u32).0 as u128 } else { value };
        set(&mut before, id, value);
    }
    let mode = [0, 0, random.below(4) << 22 | random.below(2) << 25][random.below(3) as usize];
    if mode != 0 {
        set(&mut before, FPCR, mode as u128);
        _ = write!(text, "fpcr={mode:#x} ");
    }
    let (mut after, mut memory) = (before.clone(), Window(BTreeMap::new()));
    let block = block(guest, &[word], guest.mode(&before), Passes::ALL);
    Interp::new().run(&block, &tables(), guest.fp_control(&before), &mut after, &mut memory);
    let written: HashSet<_> =
        block.insts.iter().filter(|inst| inst.op == Op::Put).map(|inst| inst.imm as u16).collect();
    text + "=>" + &outputs(&written, &before, &after, &memory)
}

/// The registers that were written, and what else differs behind the instruction.
fn outputs(written: &HashSet<u16>, before: &GuestState, after: &GuestState, memory: &Window) -> String {
    let mut text = String::new();
    for id in (0..31).map(x).chain((0..32).map(v)).filter(|id| written.contains(&id.0)) {
        let (name, value) = (SLOTS[id.0 as usize].name, get(after, id));
        let distance = value.wrapping_sub(MEM as u128);
        _ = match distance {
            0..=255 if id == x(1) => write!(text, " {name}=mem+{distance}"),
            _ => write!(text, " {name}={value:#x}"),
        };
    }
    let nzcv = |state| Nzcv(get(state, NZCV) as u32).bits();
    if nzcv(before) != nzcv(after) {
        _ = write!(text, " nzcv={:#x}", nzcv(after));
    }
    if fpstate::fpsr(after) != 0 {
        _ = write!(text, " fpsr={:#x}", fpstate::fpsr(after));
    }
    if let Some(first) = memory.0.keys().next() {
        _ = write!(text, " [mem+{}]=", first - MEM);
        memory.0.values().for_each(|byte| _ = write!(text, "{byte:02x}"));
    }
    text
}

/// The file of a row's feature.
fn path(guest: &Aarch64, row: &Row) -> PathBuf {
    PathBuf::from(FOLDER).join(format!("{}.case", guest.feature_table()[row.feature.0 as usize].name))
}

/// From the row's name, so that a new row leaves the lines of others alone.
fn seed(row: &Row) -> u64 {
    row.name().bytes().fold(5, |seed, byte| (seed * 31 + byte as u64) & 0xffff_ffff_ffff)
}

fn update(guest: &Aarch64, rows: &[&'static Row]) {
    let objdump = std::env::var("TRANSOM_LLVM_OBJDUMP").expect("TRANSOM_LLVM_OBJDUMP names llvm-objdump");
    let lines = rows.iter().flat_map(|row| (0..LINES as u64).map(move |line| (row, seed(row) + line)));
    let cases: Vec<_> = lines
        .filter_map(|(row, seed)| {
            let mut random = Random(seed);
            word(guest, row, &mut random).map(|word| (row, word, random))
        })
        .collect();
    let words: Vec<u32> = cases.iter().map(|(_, word, _)| *word).collect();
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    for ((row, word, mut random), text) in cases.into_iter().zip(disassemble(&objdump, &words)) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let file = files.entry(path(guest, row)).or_insert_with(|| HEAD.to_owned());
        _ = writeln!(file, "{word:08x} \"{text}\" {}", inputs_and_outputs(guest, word, &mut random));
    }
    files.iter().for_each(|(path, text)| std::fs::write(path, text).expect("the file can be written"));
}

#[test]
fn every_row_of_data_processing_has_cases() {
    let guest = guest();
    // qemu 11.1 has no FEAT_LRCPC3; the keys of pointer authentication are random.
    let by_hand = [cpu::LRCPC3, cpu::PACA, cpu::PACG];
    let has_cases = |row: &&Row| (is_simd(row.pattern.value) || is_integer(row)) && !by_hand.contains(&row.feature);
    let rows: Vec<_> = guest.rows().into_iter().filter(has_cases).collect();
    if std::env::var_os("UPDATE").is_some() {
        update(&guest, &rows);
    }
    let mut seen = HashSet::new();
    for path in std::fs::read_dir(FOLDER).expect("the folder").map(|entry| entry.expect("an entry").path()) {
        let text = std::fs::read_to_string(&path).expect("a text");
        let words = text.lines().filter_map(|line| u32::from_str_radix(line.get(..8)?, 16).ok());
        seen.extend(words.filter_map(|word| guest.decode(word)).map(|found| found.row.name()));
    }
    let missing: Vec<_> = rows.iter().map(|row| row.name()).filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}
