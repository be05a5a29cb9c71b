//! Runs the cases of `testdata/cases/riscv64` in the interpreter, with forward passes and without. A line is
//! `WORDS "TEXT" inputs => outputs`; `generate` in that folder says more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ir::interp::{Interp, Memory};
use ir::tables::Tables;
use ir::{Builder, Exit, GuestState, Passes, SlotDef, Trap};
use riscv64::{Cpu, Riscv64, state};
use target::{Limits, Target, translate};

const CODE: u64 = 0x1000;
const BUFFER: u64 = 0x10_0000;

/// A page of memory.
struct Page(Vec<u8>);

impl Page {
    fn at(&mut self, addr: u64, bytes: u32) -> Result<&mut [u8], u64> {
        let start = addr.wrapping_sub(BUFFER);
        let range = start as usize..start.wrapping_add(bytes as u64) as usize;
        self.0.get_mut(range).ok_or(addr)
    }
}

impl Memory for Page {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        let mut value = [0; 16];
        value[..bytes as usize].copy_from_slice(self.at(addr, bytes)?);
        Ok(u128::from_le_bytes(value))
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        self.at(addr, bytes)?.copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
        let old = self.load(addr, bytes)?;
        if old == expected {
            self.store(addr, bytes, new)?;
        }
        Ok(old)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        0x0123_4567_89ab_cdef
    }
}

/// What a case names: registers, `fcsr`, `pc`, `mem`, and how it ends.
type Values = BTreeMap<String, String>;

fn parse(text: &str) -> Values {
    text.split_whitespace()
        .map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("`{pair}` is not NAME=VALUE")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn number(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_else(|error| panic!("{text}: {error}"))
}

struct Machine {
    guest: Riscv64,
    state: GuestState,
    memory: Page,
}

/// fflags of MXCSR's flags, bit for bit as the manual names them.
const FLAGS: [(u32, u32); 5] = [(0, 0x10), (2, 8), (3, 4), (4, 2), (5, 1)];

impl Machine {
    fn new(inputs: &Values) -> Machine {
        let guest = Riscv64::new(Cpu::parse("max").unwrap());
        let mut machine = Machine { guest, state: GuestState::default(), memory: Page(vec![0; 4096]) };
        guest.start(&mut machine.state, CODE, 0);
        for (name, value) in inputs {
            match name.as_str() {
                "mem" => {
                    let bytes: Vec<u8> = (0..value.len()).step_by(2).map(|i| number(&value[i..i + 2]) as u8).collect();
                    machine.memory.0[..bytes.len()].copy_from_slice(&bytes);
                }
                "fcsr" => machine.set_fcsr(number(value) as u32),
                _ => {
                    let slot = machine.slot(name);
                    machine.state.set(slot, number(value) as u128);
                }
            }
        }
        machine
    }

    fn slot(&self, name: &str) -> &'static SlotDef {
        self.guest.slots().iter().find(|slot| slot.name == name).unwrap_or_else(|| panic!("no register {name}"))
    }

    fn frm(&self) -> &'static SlotDef {
        &self.guest.slots()[state::FRM.0 as usize]
    }

    fn set_fcsr(&mut self, fcsr: u32) {
        self.state.set(self.frm(), (fcsr >> 5) as u128);
        self.state.fp_flags =
            FLAGS.iter().filter(|(_, bit)| fcsr & bit != 0).fold(0, |flags, (host, _)| flags | 1 << host);
    }

    fn fcsr(&self) -> u32 {
        let flags = FLAGS.iter().filter(|(host, _)| self.state.fp_flags >> host & 1 != 0);
        (self.state.get(self.frm()) as u32) << 5 | flags.fold(0, |fcsr, (_, bit)| fcsr | bit)
    }

    /// What the case shows: everything but zeros.
    fn values(&self) -> Values {
        let mut values = Values::new();
        for slot in &self.guest.slots()[..64] {
            values.insert(slot.name.to_owned(), format!("{:x}", self.state.get(slot)));
        }
        values.insert("fcsr".to_owned(), format!("{:x}", self.fcsr()));
        values.insert("mem".to_owned(), self.memory.0[..32].iter().map(|byte| format!("{byte:02x}")).collect());
        values
    }

    /// Runs the code to its end, or to where it leaves it; what is different then.
    fn run(&mut self, code: &[u8], passes: Passes) -> Values {
        let before = self.values();
        let tables = Tables { slots: self.guest.slots(), helpers: self.guest.helpers() };
        let mut builder = Builder::new(self.guest.slots(), passes);
        let end = CODE + code.len() as u64;
        let mut exit = Exit::Jump;
        while exit == Exit::Jump && (CODE..end).contains(&self.state.pc) {
            let (pc, mode) = (self.state.pc, self.guest.mode(&self.state));
            translate(&self.guest, &mut builder, &code[(pc - CODE) as usize..], pc, mode, Limits::DEFAULT).unwrap();
            ir::verify::assert(builder.block(), &tables);
            let control = self.guest.fp_control(&self.state);
            exit = Interp::new().run(builder.block(), &tables, control, &mut self.state, &mut self.memory);
        }
        let mut after = self.values();
        after.retain(|name, value| before[name] != *value);
        if self.state.pc != end {
            after.insert("pc".to_owned(), format!("{:x}", self.state.pc));
        }
        if let Some(end) = name_of(exit) {
            after.insert("end".to_owned(), end);
        }
        after
    }
}

fn name_of(exit: Exit) -> Option<String> {
    Some(match exit {
        Exit::Jump => return None,
        Exit::Syscall => "syscall".to_owned(),
        Exit::Trap(Trap::Illegal) => "illegal".to_owned(),
        Exit::Trap(Trap::Breakpoint) => "breakpoint".to_owned(),
        Exit::Invalidate { .. } => "invalidate".to_owned(),
        Exit::Fault { addr } => format!("fault:{addr:x}"),
        Exit::Trap(Trap::Misaligned) | Exit::Interrupted => panic!("no instruction ends so: {exit:?}"),
    })
}

/// Why a line's outcome is wrong.
fn check(line: &str) -> Result<(), String> {
    let (words, rest) = line.split_once(" \"").expect("WORDS \"TEXT\"");
    let (_, rest) = rest.split_once('"').expect("a closing quote");
    let (inputs, outputs) = rest.split_once("=>").expect("inputs => outputs");
    let mut code = Vec::new();
    for word in words.split(' ') {
        code.extend_from_slice(&number(word).to_le_bytes()[..word.len() / 2]);
    }
    let (inputs, outputs) = (parse(inputs), parse(outputs));
    for passes in [Passes::ALL, Passes::NONE] {
        let found = Machine::new(&inputs).run(&code, passes);
        if found != outputs {
            return Err(format!("{line}\n  yields {found:?}\n  with {passes:?}"));
        }
    }
    Ok(())
}

#[test]
fn cases() {
    let folder = std::env::var_os("CASES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases/riscv64"), PathBuf::from);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    files.sort();
    let (mut count, mut failures) = (0, Vec::new());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            count += 1;
            failures.extend(check(line).err());
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases fail:\n{}", failures.len(), failures.join("\n"));
}
