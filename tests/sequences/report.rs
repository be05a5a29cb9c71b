//! From outputs that differ to the instruction that is to blame.

use super::engine::{Engine, Output};
use super::guest::{Guest, INPUT, OUTPUT, STRIDE, WINDOW};
use super::sequence::Sequence;

/// Whether the engines left different data behind in sequence `i`. An engine that failed has none to compare.
pub fn differs(sequence: &Sequence, outputs: &[Output; 3], i: usize) -> bool {
    let mut data = Engine::ALL
        .iter()
        .zip(outputs)
        .filter(|(engine, _)| sequence.with_qemu || **engine != Engine::Qemu)
        .filter_map(|(_, output)| Some(&output.as_ref().ok()?[i * STRIDE..][..STRIDE]));
    data.next().is_some_and(|first| data.any(|other| other != first))
}

/// Runs each prefix of a sequence, and tells of the first instruction after which the engines differ.
pub fn narrow(guest: &dyn Guest, sequence: &Sequence) -> Result<String, String> {
    let prefixes: Vec<Sequence> = (0..=sequence.instructions.len()).map(|count| sequence.prefix(count)).collect();
    let outputs = Engine::ALL.map(|engine| engine.run(guest, &prefixes));
    let Some(count) = (0..prefixes.len()).find(|i| differs(sequence, &outputs, *i)) else {
        let words: Vec<String> = sequence.instructions.iter().map(|one| hex(&one.code)).collect();
        return Ok(format!("only as a whole: {}", words.join(" ")));
    };
    let mut text = match count.checked_sub(1).map(|last| &sequence.instructions[last]) {
        Some(last) => format!("{} {} (instruction {count})\n", last.name, hex(&last.code)),
        None => "the empty sequence: loading, storing or the start of the program\n".to_owned(),
    };
    let before = count.checked_sub(1).map(|i| &prefixes[i]).and_then(|_| outputs[2].as_ref().ok());
    let before = before.map(|bytes| &bytes[(count - 1) * STRIDE..][..STRIDE]);
    let after: Vec<(&str, &[u8])> = Engine::ALL
        .iter()
        .zip(&outputs)
        .filter_map(|(engine, output)| Some((engine.name(), &output.as_ref().ok()?[count * STRIDE..][..STRIDE])))
        .collect();
    for field in guest.fields() {
        let at = OUTPUT + field.at;
        compare(&mut text, &field.name, at..at + field.size, before, &after);
    }
    for at in WINDOW.step_by(8) {
        compare(&mut text, &format!("memory+{at:#x}"), at..at + 8, before, &after);
    }
    // All registers are many: they are shown where one program is looked at.
    if std::env::var_os("TRANSOM_SEED").is_some() {
        text += &inputs(guest, sequence, before);
    }
    Ok(text)
}

/// A line for what differs: the value before, and that of each engine.
fn compare(text: &mut String, name: &str, at: std::ops::Range<usize>, before: Option<&[u8]>, after: &[(&str, &[u8])]) {
    let Some((_, first)) = after.first() else { return };
    if after.iter().all(|(_, data)| data[at.clone()] == first[at.clone()]) {
        return;
    }
    *text += &format!("  {name}:");
    if let Some(before) = before {
        *text += &format!(" was {}", number(&before[at.clone()]));
    }
    for (engine, data) in after {
        *text += &format!(", {engine} {}", number(&data[at.clone()]));
    }
    text.push('\n');
}

/// The whole sequence, and all registers before the instruction, for making a case of it.
fn inputs(guest: &dyn Guest, sequence: &Sequence, before: Option<&[u8]>) -> String {
    let (data, base) = before.map_or((&sequence.data[..], INPUT), |before| (before, OUTPUT));
    let fields = guest.fields();
    let values = fields.iter().map(|field| {
        let at = base + field.at;
        format!("{}={}", field.name, number(&data[at..at + field.size]))
    });
    let words = sequence.instructions.iter().map(|one| format!(" {} {}", one.name, hex(&one.code)));
    format!("  sequence:{}\n  before: {}\n", words.collect::<String>(), values.collect::<Vec<_>>().join(" "))
}

/// A little-endian number in hexadecimal.
fn number(bytes: &[u8]) -> String {
    let text: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
    let text = text.trim_start_matches('0');
    if text.is_empty() { "0".to_owned() } else { format!("0x{text}") }
}

/// Code as bytes, in the order of memory.
fn hex(code: &[u8]) -> String {
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}
