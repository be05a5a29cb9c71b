//! `--trace`: each block as it is translated.

use std::fmt::Write;

use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use ir::{Block, Op, Tables};

use super::Engine;

/// Prints a block to standard error: what was translated from `bytes`, its IR, and its code at a host address.
pub fn block(engine: &Engine, block: &Block, bytes: &[u8], code: Option<(u64, &[u8])>) {
    let mut text = format!("---- block {:#x}..{:#x}\n", block.pc, block.end);
    if engine.trace.guest {
        guest(&mut text, engine, block, bytes);
    }
    if engine.trace.ir {
        let tables = Tables { slots: engine.target.slots(), helpers: engine.target.helpers() };
        let _ = writeln!(text, "{}", ir::text::print(block, &tables));
    }
    if let Some((base, code)) = code.filter(|_| engine.trace.host) {
        host(&mut text, base, code);
    }
    engine.log.write(&text);
}

/// A line per instruction: address, word, text.
fn guest(text: &mut String, engine: &Engine, block: &Block, bytes: &[u8]) {
    for inst in block.insts.iter().filter(|inst| inst.op == Op::Insn) {
        let pc = inst.imm as u64;
        let at = (pc - block.pc) as usize;
        let Some((word, len)) = bytes.get(at..).and_then(|bytes| engine.target.fetch(bytes)) else { continue };
        let line = engine.target.disassemble(word);
        let _ = writeln!(text, "{pc:#14x}  {word:0width$x}  {line}", width = 2 * len);
    }
}

/// A line per instruction: address, bytes, text. What lies between instructions, as exits have it, reads as some.
fn host(text: &mut String, base: u64, code: &[u8]) {
    let mut decoder = Decoder::with_ip(64, code, base, DecoderOptions::NONE);
    let mut formatter = IntelFormatter::new();
    while decoder.can_decode() {
        let start = decoder.position();
        let inst = decoder.decode();
        let bytes: String = code[start..decoder.position()].iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(text, "{:#14x}  {bytes:<24}  ", inst.ip());
        formatter.format(&inst, text);
        text.push('\n');
    }
}
