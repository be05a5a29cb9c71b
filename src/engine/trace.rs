//! `--trace`: each block as it is translated, and as it is run. Headings and lines are those of qemu's `-d`, so that what
//! reads its logs reads these.

use std::fmt::Write;

use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use ir::{Block, GuestState, Op, Tables};
use memory::{AddressSpace, Lock};
use target::Target;

use crate::cache::Key;
use crate::filter::Addresses;
use crate::log::Log;
use crate::names::Names;
use crate::options::Trace;

/// What is printed, of which code, and where.
pub struct Tracer {
    target: &'static dyn Target,
    what: Trace,
    addresses: Addresses,
    log: Log,
    names: Lock<Names>,
}

impl Tracer {
    /// A tracer for one guest; `None` where nothing is to be printed.
    pub fn new(target: &'static dyn Target, what: Trace, addresses: Addresses, log: Log) -> Option<Tracer> {
        what.any().then(|| Tracer { target, what, addresses, log, names: Lock::default() })
    }

    /// Prints a block that was just made of `bytes`: its IR, and its code at a host address if it has any.
    pub fn made(&self, space: &AddressSpace, block: &Block, bytes: &[u8], code: Option<(u64, &[u8])>) {
        if !self.addresses.contain(block.pc) {
            return;
        }
        let mut text = String::new();
        if self.what.guest {
            let _ = writeln!(text, "----------------\nIN: {}", self.names.lock().function(space, block.pc));
            guest(&mut text, self.target, block, bytes);
        }
        if self.what.ir {
            let tables = Tables { slots: self.target.slots(), helpers: self.target.helpers() };
            let _ = writeln!(text, "OP:\n{}", ir::text::print(block, &tables));
        }
        if let Some((base, code)) = code.filter(|_| self.what.host) {
            let _ = writeln!(text, "OUT: [size={}]", code.len());
            host(&mut text, base, code);
            text.push('\n');
        }
        self.log.write(&text);
    }

    /// Prints that this thread is about to run the block at `key`.
    pub fn runs(&self, space: &AddressSpace, key: Key, state: &GuestState) {
        if !self.what.runs() || !self.addresses.contain(key.pc) {
            return;
        }
        let mut text = String::new();
        if self.what.exec {
            // qemu's CPU number, code, base of segments, address, flags and compile flags: scripts look for the address.
            // SAFETY: the call has no arguments.
            let tid = unsafe { libc::gettid() };
            let name = self.names.lock().function(space, key.pc).to_owned();
            let _ = writeln!(text, "Trace {tid}: 0x0 [00000000/{:016x}/{:08x}/00000000] {name}", key.pc, key.mode.0);
        }
        if self.what.cpu {
            text += &self.target.dump(state, self.what.fpu);
        }
        self.log.write(&text);
    }

    /// Holds still what a forked child must not find locked.
    pub fn lock_for_fork(&self) -> impl Sized + '_ {
        self.names.lock()
    }
}

/// A line per instruction: address, word, text.
fn guest(text: &mut String, target: &dyn Target, block: &Block, bytes: &[u8]) {
    for inst in block.insts.iter().filter(|inst| inst.op == Op::Insn) {
        let pc = inst.imm as u64;
        let at = (pc - block.pc) as usize;
        let Some((word, len)) = bytes.get(at..).and_then(|bytes| target.fetch(bytes)) else { continue };
        let _ = writeln!(text, "{pc:#010x}:  {word:0width$x}  {}", target.disassemble(word, pc), width = 2 * len);
    }
    text.push('\n');
}

/// A line per instruction: address, bytes, text. What lies between instructions, as exits have it, reads as some.
fn host(text: &mut String, base: u64, code: &[u8]) {
    let mut decoder = Decoder::with_ip(64, code, base, DecoderOptions::NONE);
    let mut formatter = IntelFormatter::new();
    while decoder.can_decode() {
        let start = decoder.position();
        let inst = decoder.decode();
        let bytes: String = code[start..decoder.position()].iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(text, "{:#14x}:  {bytes:<24}  ", inst.ip());
        formatter.format(&inst, text);
        text.push('\n');
    }
}
