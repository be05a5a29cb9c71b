//! Cases of single instructions: each line of `testdata/cases/GUEST/*.case` is run by the IR interpreter and by machine
//! code, and qemu-user (`tests/fetch qemu`) has to agree where the line does not say otherwise.
//!
//! ```text
//! # A comment. Blank lines are free.
//! 8b020020 "add x0, x1, x2" x1=1 x2=0x7fffffffffffffff => x0=0x8000000000000000
//! ```
//!
//! - The instructions as hexadecimal words, as a disassembler prints them: 8 digits, or 4 for a compressed one.
//! - The text is for the reader.
//! - Before `=>`: registers by the names that the guest's manual has (`x1`, `v3`, `sp`, `nzcv`, `fpcr`, `fpsr`; `f0`, `fcsr`),
//!   and memory as `[mem+8]=00ff`, bytes in their order. `mem` is an address of the case's own memory, also as the value of a
//!   register: `x1=mem+16`. All else has values of which no two are the same.
//! - After `=>`: what is changed. All else must come out as it went in. `signals=` is the sum of the signals that were
//!   raised (4 for SIGILL); the instruction is then stepped over.
//!   `?` in their place is filled in by UPDATE=1 with what qemu-user says, or where it has no say the interpreter: a claim
//!   to be read against the manual.
//! - `!qemu` at the end: qemu-user is wrong here; say why in a comment above. Of instructions that it lacks it is not asked.

mod sequences;
mod support;

use std::collections::HashSet;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use target::Row;

use sequences::elf::DATA;
use sequences::engine::Engine;
use sequences::guest::{FIRST, Guest, INPUT, OUTPUT, STRIDE, WINDOW, WINDOW_MIDDLE};
use sequences::sequence::{self, Instruction, Sequence};
use sequences::{GUESTS, Make};
use support::{files_in, repository};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for make in GUESTS {
        let guest = make().name();
        for path in files_in(&repository("testdata/cases").join(guest), "case") {
            let name = format!("{guest}/{}", path.file_stem().expect("a file's name").to_string_lossy());
            trials.push(Trial::test(name, move || check(make, &path)));
        }
        trials.push(Trial::test(format!("{guest}/every row"), move || every_row(make)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// What an engine runs of a case: nothing where it is qemu and has no say, as it may not survive that.
fn for_engine(engine: Engine, case: &Case) -> Sequence {
    let mut sequence = case.sequence.clone();
    if engine == Engine::Qemu && !sequence.with_qemu {
        sequence.instructions.clear();
    }
    sequence
}

/// Each row of the guest is what some word of some case decodes to.
fn every_row(make: Make) -> Result<(), Failed> {
    let guest = &*make();
    let mut words = Vec::new();
    for path in files_in(&repository("testdata/cases").join(guest.name()), "case") {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let code = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('"').next());
        words.extend(code.flat_map(str::split_whitespace).filter_map(|word| u32::from_str_radix(word, 16).ok()));
    }
    let found = words.into_iter().filter_map(|word| guest.target().decode(word));
    let proven: HashSet<_> = found.map(|found| key(found.row)).collect();
    let missing = guest.target().rows().into_iter().filter(|row| !proven.contains(&key(row))).map(|row| row.name());
    let missing: Vec<_> = missing.collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("rows without a case: {}", missing.join(" ")).into()) }
}

/// What tells a row from all others: no two match one word.
fn key(row: &Row) -> (u32, u32) {
    (row.pattern.mask, row.pattern.value)
}

/// A line of a file.
struct Case {
    line: usize,
    sequence: Sequence,
    /// The whole of the data afterwards.
    expected: Vec<u8>,
}

fn check(make: Make, path: &Path) -> Result<(), Failed> {
    let guest = &*make();
    let shown = path.strip_prefix(repository("")).unwrap_or(path).display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    if std::env::var_os("UPDATE").is_some() && text.contains("=> ?") {
        return fill(guest, path, &text);
    }
    let mut cases = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let base = DATA + (FIRST + cases.len() * STRIDE) as u64;
        cases.push(parse(guest, at + 1, line, base).map_err(|what| format!("{shown}:{}: {what}", at + 1))?);
    }
    let mut failures = Vec::new();
    for engine in Engine::ALL {
        let sequences: Vec<_> = cases.iter().map(|case| for_engine(engine, case)).collect();
        let data = engine.run(guest, &sequences).map_err(|what| format!("{shown}: {}: {what}", engine.name()))?;
        for (case, found) in cases.iter().zip(data.chunks_exact(STRIDE)) {
            if engine != Engine::Qemu || case.sequence.with_qemu {
                failures.extend(
                    differences(guest, case, found)
                        .map(|what| format!("{shown}:{}: {}: {what}", case.line, engine.name())),
                );
            }
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// Writes what the lines do that leave it open.
fn fill(guest: &dyn Guest, path: &Path, text: &str) -> Result<(), Failed> {
    let mut filled = String::new();
    for line in text.lines() {
        let Some(open) = line.strip_suffix("=> ?") else {
            filled += &format!("{line}\n");
            continue;
        };
        let case = parse(guest, 0, &format!("{open}=>"), DATA + FIRST as u64)?;
        let engine = if case.sequence.with_qemu { Engine::Qemu } else { Engine::Interpreter };
        let found = engine.run(guest, std::slice::from_ref(&case.sequence))?;
        let changed = places(guest).filter(|(_, at, size)| found[*at..at + size] != case.expected[*at..at + size]);
        let changed = changed.map(|(name, at, size)| {
            let (bytes, base) = (&found[at..at + size], DATA + FIRST as u64);
            let address = bytes.try_into().map_or(0, u64::from_le_bytes);
            match name.starts_with('[') {
                true => format!("{name}={}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
                false if (base..base + STRIDE as u64).contains(&address) => {
                    format!("{name}=mem{:+}", address as i64 - base as i64 - WINDOW_MIDDLE as i64)
                }
                false => format!("{name}={}", hex(bytes)),
            }
        });
        filled += &format!("{open}=> {}\n", changed.collect::<Vec<_>>().join(" "));
    }
    Ok(std::fs::write(path, filled)?)
}

/// All that a case shows: the registers behind it, and memory by double-words.
fn places(guest: &dyn Guest) -> impl Iterator<Item = (String, usize, usize)> {
    let registers = guest.fields().into_iter().map(|field| (field.name, OUTPUT + field.at, field.size));
    registers.chain(WINDOW.step_by(8).map(|at| (format!("[mem{:+}]", at as i64 - WINDOW_MIDDLE as i64), at, 8)))
}

/// What came out otherwise than the line says.
fn differences(guest: &dyn Guest, case: &Case, found: &[u8]) -> impl Iterator<Item = String> {
    places(guest)
        .filter(|(_, at, size)| found[*at..at + size] != case.expected[*at..at + size])
        .map(|(name, at, size)| {
            format!("{name} is {}, not {}", hex(&found[at..at + size]), hex(&case.expected[at..at + size]))
        })
        .collect::<Vec<_>>()
        .into_iter()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().rev().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// One line; `base` is the address of its data.
fn parse(guest: &dyn Guest, number: usize, line: &str, base: u64) -> Result<Case, String> {
    let mut parts = line.split('"');
    let (Some(words), Some(_), Some(rest), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("a line is: words \"text\" inputs => outputs".into());
    };
    let (inputs, outputs) = rest.split_once("=>").ok_or("there is no '=>'")?;
    let (outputs, with_qemu) = match outputs.trim_end().strip_suffix("!qemu") {
        Some(outputs) => (outputs, false),
        None => (outputs, true),
    };
    let lacks = |word: &str| u32::from_str_radix(word, 16).is_ok_and(|word| sequence::is_unknown_to_qemu(guest, word));
    let with_qemu = with_qemu && !words.split_whitespace().any(lacks);
    let instructions = words.split_whitespace().map(instruction).collect::<Result<Vec<_>, _>>()?;
    let mut data = vec![0; STRIDE];
    background(guest, &mut data);
    inputs.split_whitespace().try_for_each(|text| set(guest, &mut data, INPUT, base, text))?;
    let mut expected = data.clone();
    expected.copy_within(INPUT..INPUT + (OUTPUT - INPUT), OUTPUT);
    outputs.split_whitespace().try_for_each(|text| set(guest, &mut expected, OUTPUT, base, text))?;
    Ok(Case { line: number, sequence: Sequence { data, instructions, with_qemu }, expected })
}

fn instruction(word: &str) -> Result<Instruction, String> {
    let value = u32::from_str_radix(word, 16).map_err(|_| format!("'{word}' is no instruction word"))?;
    match word.len() {
        8 => Ok(Instruction { name: "", code: value.to_le_bytes().to_vec() }),
        4 => Ok(Instruction { name: "", code: value.to_le_bytes()[..2].to_vec() }),
        _ => Err(format!("'{word}' has neither 8 digits nor 4")),
    }
}

/// Registers that a line does not name hold values that tell them apart; what status registers hold must be valid.
fn background(guest: &dyn Guest, data: &mut [u8]) {
    for (n, field) in guest.fields().iter().enumerate().filter(|(_, field)| !guest.is_status(field)) {
        for byte in data[INPUT + field.at..][..field.size].iter_mut() {
            *byte = 0x40 + n as u8;
        }
    }
    for (n, byte) in data[WINDOW].iter_mut().enumerate() {
        *byte = n as u8 ^ 0x5a;
    }
}

/// Puts `name=value` into the registers at `side`, or into memory.
fn set(guest: &dyn Guest, data: &mut [u8], side: usize, base: u64, text: &str) -> Result<(), String> {
    let (name, value) = text.split_once('=').ok_or(format!("'{text}' has no '='"))?;
    if let Some(place) = name.strip_prefix('[') {
        let place = place.strip_suffix(']').ok_or(format!("'{name}' has no ']'"))?;
        let bytes = bytes(value)?;
        let at = (WINDOW_MIDDLE as i64 + offset(place)?) as usize;
        if at < WINDOW.start || at + bytes.len() > WINDOW.end {
            return Err(format!("'{name}' is outside of the case's memory"));
        }
        data[at..at + bytes.len()].copy_from_slice(&bytes);
        return Ok(());
    }
    let fields = guest.fields();
    let field = fields.iter().find(|field| field.name == name).ok_or(format!("there is no register '{name}'"))?;
    let value = match value.starts_with("mem") {
        true => u128::from(base + WINDOW_MIDDLE as u64).wrapping_add_signed(offset(value)?.into()),
        false => integer(value)?,
    };
    if field.size < 16 && value >> (8 * field.size) != 0 {
        return Err(format!("'{text}' does not fit"));
    }
    data[side + field.at..][..field.size].copy_from_slice(&value.to_le_bytes()[..field.size]);
    Ok(())
}

/// The distance in `mem`, `mem+8`, `mem-0x10`.
fn offset(text: &str) -> Result<i64, String> {
    let distance = text.strip_prefix("mem").ok_or(format!("'{text}' is not 'mem', 'mem+n' or 'mem-n'"))?;
    match (distance.strip_prefix('+'), distance.strip_prefix('-')) {
        _ if distance.is_empty() => Ok(0),
        (Some(number), _) => Ok(integer(number)? as i64),
        (_, Some(number)) => Ok(-(integer(number)? as i64)),
        _ => Err(format!("'{text}' is not 'mem', 'mem+n' or 'mem-n'")),
    }
}

fn integer(text: &str) -> Result<u128, String> {
    match text.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16),
        None => text.parse(),
    }
    .map_err(|_| format!("'{text}' is no number"))
}

/// Bytes in the order of memory.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("'{text}' is not pairs of hexadecimal digits");
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(wrong());
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())).collect()
}
