//! Runs the cases of `flow.case`, control flow that single instructions have no place for, in the interpreter with forward
//! passes and without. Their format is that of `tests/cases.rs` of the workspace, which runs `testdata/cases`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ir::interp::{Interp, Memory, cas_unshared};
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
        cas_unshared(self, addr, bytes, expected, new)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        0x0123_4567_89ab_cdef
    }
}

/// What a case names, by name: registers, memory, `pc`, how it ends.
type Values = BTreeMap<String, Value>;

#[derive(Clone, PartialEq, Eq, Debug)]
enum Value {
    Number(u64),
    Memory(Vec<u8>),
    End(String),
}

fn parse(text: &str) -> Values {
    text.split_whitespace()
        .map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("`{pair}` is not NAME=VALUE")))
        .map(|(name, text)| {
            let value = match name {
                "end" => Value::End(text.to_owned()),
                _ if name.starts_with('[') => Value::Memory(bytes(text)),
                _ => Value::Number(number(text)),
            };
            (name.to_owned(), value)
        })
        .collect()
}

fn bytes(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// `12`, `0xc`, or `mem` with an offset.
fn number(text: &str) -> u64 {
    if let Some(offset) = text.strip_prefix("mem") {
        return BUFFER.wrapping_add_signed(match offset.strip_prefix('-') {
            Some(offset) => -(number(offset) as i64),
            None if offset.is_empty() => 0,
            None => number(&offset[1..]) as i64,
        });
    }
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}

/// The place in memory that `[mem+8]` names.
fn place(name: &str) -> usize {
    (number(&name[1..name.len() - 1]) - BUFFER) as usize
}

/// The slot that the case calls `x10` or `f10`.
fn slot(name: &str) -> &'static SlotDef {
    let (class, n) = name.split_at(1);
    let n = n.parse().unwrap_or_else(|_| panic!("no register {name}"));
    &state::SLOTS[if class == "x" { state::x(n) } else { state::f(n) }.0 as usize]
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
            match value {
                Value::Memory(bytes) => machine.memory.0[place(name)..][..bytes.len()].copy_from_slice(bytes),
                Value::Number(fcsr) if name == "fcsr" => machine.set_fcsr(*fcsr as u32),
                Value::Number(number) => machine.state.set(slot(name), *number as u128),
                Value::End(_) => panic!("no case begins with `end`"),
            }
        }
        machine
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

    /// What a case can show; of memory the places that it names.
    fn values(&self, places: &[(String, usize)]) -> Values {
        let mut values = Values::new();
        for n in 0..32 {
            for (name, slot) in [("x", state::x(n)), ("f", state::f(n))] {
                let value = self.state.get(&self.guest.slots()[slot.0 as usize]);
                values.insert(format!("{name}{n}"), Value::Number(value as u64));
            }
        }
        values.insert("fcsr".to_owned(), Value::Number(self.fcsr() as u64));
        for (name, len) in places {
            values.insert(name.clone(), Value::Memory(self.memory.0[place(name)..][..*len].to_vec()));
        }
        values
    }

    /// Runs the code to its end, or to where it leaves it.
    fn run(&mut self, code: &[u8], passes: Passes) -> Option<String> {
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
        name_of(exit)
    }
}

fn name_of(exit: Exit) -> Option<String> {
    Some(match exit {
        Exit::Jump => return None,
        Exit::Syscall => "syscall".to_owned(),
        Exit::Trap(Trap::Illegal) => "illegal".to_owned(),
        Exit::Trap(Trap::Breakpoint) => "breakpoint".to_owned(),
        Exit::Invalidate { .. } => "invalidate".to_owned(),
        Exit::Fault { addr } => format!("fault:{addr:#x}"),
        Exit::Trap(Trap::Misaligned | Trap::Authentication) | Exit::Interrupted | Exit::Restart => {
            panic!("no instruction ends so: {exit:?}")
        }
    })
}

/// Why a line's outcome is wrong.
fn check(line: &str) -> Result<(), String> {
    let (words, rest) = line.split_once(" \"").expect("WORDS \"TEXT\"");
    let (_, rest) = rest.split_once('"').expect("a closing quote");
    let (inputs, outputs) = rest.split_once("=>").expect("inputs => outputs");
    let mut code = Vec::new();
    for word in words.split_whitespace() {
        let number = u32::from_str_radix(word, 16).unwrap();
        code.extend_from_slice(&number.to_le_bytes()[..word.len() / 2]);
    }
    let (inputs, mut outputs) = (parse(inputs), parse(outputs));
    // A signal is the only way a case can show how a block was left.
    if let Some(Value::Number(4)) = outputs.remove("signals") {
        outputs.extend([("end".to_owned(), Value::End("illegal".to_owned())), ("pc".to_owned(), Value::Number(CODE))]);
    }
    let places: Vec<_> = inputs
        .iter()
        .chain(&outputs)
        .filter_map(|(name, value)| match value {
            Value::Memory(bytes) => Some((name.clone(), bytes.len())),
            _ => None,
        })
        .collect();
    for passes in [Passes::ALL, Passes::NONE] {
        let mut machine = Machine::new(&inputs);
        let mut expected = machine.values(&places);
        expected.insert("pc".to_owned(), Value::Number(CODE + code.len() as u64));
        expected.extend(outputs.clone());
        let end = machine.run(&code, passes);
        let mut found = machine.values(&places);
        found.insert("pc".to_owned(), Value::Number(machine.state.pc));
        found.extend(end.map(|end| ("end".to_owned(), Value::End(end))));
        if found != expected {
            found.retain(|name, value| expected.get(name) != Some(value));
            return Err(format!("{line}\n  yields {found:x?}\n  with {passes:?}"));
        }
    }
    Ok(())
}

/// Why lines of a file are wrong, and how many it has.
fn check_file(path: &Path) -> (usize, Vec<String>) {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    (lines.len(), lines.iter().filter_map(|line| check(line).err()).collect())
}

#[test]
fn flow() {
    let (_, failures) = check_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow.case"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
