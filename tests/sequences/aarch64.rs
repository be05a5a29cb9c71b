//! Sequences of AArch64 instructions. X28 points at the data of the sequence and X26 is the link register of the
//! code around it; no instruction of a sequence touches them.

use target::{Row, Target};

use super::elf::{CODE, DATA};
use super::guest::{self, FIRST, Field, Guest, INPUT, OUTPUT, SIGNALS, STRIDE, WINDOW_MIDDLE};
use crate::support::random::Random;

const BASE: u32 = 28;
const LINK: u32 = 26;
const SP: u32 = 31;

/// Offsets in an input or an output: X0 to X30 and SP, NZCV, FPCR, FPSR, the counter of signals, V0 to V31.
const X: usize = 0;
const NZCV: usize = 256;
const FPCR: usize = 264;
const FPSR: usize = 272;
const COUNT: usize = 280;
const V: usize = 288;

const MRS: u32 = 0xd530_0000;
const MSR: u32 = 0xd510_0000;
const NZCV_REGISTER: u32 = 0x1b4200;
const FPCR_REGISTER: u32 = 0x1b4400;
const FPSR_REGISTER: u32 = 0x1b4420;
const STATUS: [(usize, u32); 3] = [(NZCV, NZCV_REGISTER), (FPCR, FPCR_REGISTER), (FPSR, FPSR_REGISTER)];

const SYS_EXIT_GROUP: u32 = 94;
const SYS_WRITE: u32 = 64;
const SYS_SIGALTSTACK: u32 = 132;
const SYS_RT_SIGACTION: u32 = 134;
const SVC: u32 = 0xd400_0001;
const RET_LINK: u32 = 0xd61f_0000 | LINK << 5;
const RET: u32 = 0xd65f_03c0;
const ADD_X0_1: u32 = 0x9100_0400;

pub struct Aarch64 {
    pub target: Box<dyn Target>,
}

/// With pointer authentication, which is not there by default.
const CPU: &str = "max,+pauth";

impl Aarch64 {
    pub fn new() -> Aarch64 {
        let cpu = ::aarch64::Cpu::parse(CPU).expect("a valid description");
        Aarch64 { target: Box::new(::aarch64::Aarch64::new(cpu)) }
    }
}

fn push(code: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| code.extend(word.to_le_bytes()));
}

/// `movz` and `movk` of a value below 2^32.
fn mov(register: u32, value: u64) -> [u32; 2] {
    let (low, high) = ((value & 0xffff) as u32, (value >> 16 & 0xffff) as u32);
    [0xd280_0000 | low << 5 | register, 0xf2a0_0000 | high << 5 | register]
}

fn ldr(register: u32, base: u32, offset: usize) -> u32 {
    0xf940_0000 | (offset as u32 / 8) << 10 | base << 5 | register
}

fn str(register: u32, base: u32, offset: usize) -> u32 {
    0xf900_0000 | (offset as u32 / 8) << 10 | base << 5 | register
}

fn ldr_q(register: u32, base: u32, offset: usize) -> u32 {
    0x3dc0_0000 | (offset as u32 / 16) << 10 | base << 5 | register
}

fn str_q(register: u32, base: u32, offset: usize) -> u32 {
    0x3d80_0000 | (offset as u32 / 16) << 10 | base << 5 | register
}

/// `add register, x28, #offset`, the offset a multiple of 4096; register 31 is SP.
fn from_base(register: u32, offset: usize) -> u32 {
    0x9140_0000 | (offset as u32 >> 12) << 10 | BASE << 5 | register
}

fn mov_to_sp(register: u32) -> u32 {
    0x9100_0000 | register << 5 | SP
}

fn mov_from_sp(register: u32) -> u32 {
    0x9100_0000 | SP << 5 | register
}

/// The general registers that the sequence may use.
fn registers() -> impl Iterator<Item = u32> {
    (0..31).filter(|n| ![BASE, LINK].contains(n))
}

impl Guest for Aarch64 {
    fn name(&self) -> &'static str {
        "aarch64"
    }

    fn target(&self) -> &dyn Target {
        &*self.target
    }

    fn elf_flags(&self) -> u32 {
        0
    }

    fn qemu_arguments(&self) -> &'static [&'static str] {
        // With SME but without SVE, qemu 11.1 refuses the signal frames that it made itself.
        &["-cpu", "max,sve=off,sme=off"]
    }

    fn cpu(&self) -> &'static str {
        CPU
    }

    fn has_random_results(&self, row: &Row) -> bool {
        [::aarch64::cpu::PACA, ::aarch64::cpu::PACG].contains(&row.feature)
    }

    fn unknown_to_qemu(&self) -> &'static [&'static str] {
        // FPSR's bits 31 to 28 are AArch32's, which qemu lets programs keep.
        &["lrcpc3", "msr_fpsr"]
    }

    fn begin(&self, code: &mut Vec<u8>) {
        // b over the handler.
        const HANDLER_WORDS: u32 = 10;
        push(code, &[0x1400_0000 | (HANDLER_WORDS + 1)]);
        let handler = CODE + code.len() as u64;
        // The handler: X0 is the signal, X2 the ucontext, in which the pc is at 440.
        push(code, &[ldr(3, 2, 440), 0x9100_1063, str(3, 2, 440)]);
        push(code, &mov(4, DATA + guest::COUNTER as u64));
        // x3 = count * 3 + signal, so that the order tells too.
        push(code, &[ldr(3, 4, 0), 0x8b03_0463, 0x8b00_0063, str(3, 4, 0), RET]);
        // sigaltstack(&{sp, flags, size}, 0), built where the counter's page has room.
        let table = DATA + 64;
        push(code, &mov(0, table));
        push(code, &mov(1, DATA + guest::SIGNAL_STACK as u64));
        push(code, &[str(1, 0, 0), str(31, 0, 8)]);
        push(code, &mov(1, guest::SIGNAL_STACK_SIZE as u64));
        push(code, &[str(1, 0, 16), 0xaa1f_03e1]);
        push(code, &mov(8, SYS_SIGALTSTACK.into()));
        push(code, &[SVC]);
        // rt_sigaction(signal, &{handler, SA_SIGINFO | SA_ONSTACK, restorer, mask}, 0, 8).
        for signal in SIGNALS {
            push(code, &mov(1, table));
            push(code, &mov(0, handler));
            push(code, &[str(0, 1, 0)]);
            push(code, &mov(0, 0x0800_0004));
            push(code, &[str(0, 1, 8), str(31, 1, 16), str(31, 1, 24)]);
            push(code, &mov(0, signal.into()));
            push(code, &[0xaa1f_03e2]);
            push(code, &mov(3, 8));
            push(code, &mov(8, SYS_RT_SIGACTION.into()));
            push(code, &[SVC]);
        }
        push(code, &mov(BASE, DATA + FIRST as u64));
    }

    fn load(&self, code: &mut Vec<u8>) {
        for (at, register) in STATUS {
            push(code, &[ldr(0, BASE, INPUT + at), MSR | register]);
        }
        (0..32).for_each(|n| push(code, &[ldr_q(n, BASE, INPUT + V + 16 * n as usize)]));
        push(code, &[ldr(0, BASE, INPUT + X + 8 * SP as usize), mov_to_sp(0)]);
        registers().for_each(|n| push(code, &[ldr(n, BASE, INPUT + X + 8 * n as usize)]));
        push(code, &[RET_LINK]);
    }

    fn store(&self, code: &mut Vec<u8>) {
        registers().for_each(|n| push(code, &[str(n, BASE, OUTPUT + X + 8 * n as usize)]));
        push(code, &[mov_from_sp(0), str(0, BASE, OUTPUT + X + 8 * SP as usize)]);
        for (at, register) in STATUS {
            push(code, &[MRS | register, str(0, BASE, OUTPUT + at)]);
        }
        // Back to the default modes: the code around the sequences must not depend on them.
        push(code, &[MSR | FPCR_REGISTER | 31]);
        (0..32).for_each(|n| push(code, &[str_q(n, BASE, OUTPUT + V + 16 * n as usize)]));
        push(code, &mov(1, DATA + guest::COUNTER as u64));
        push(code, &[ldr(0, 1, 0), str(0, BASE, OUTPUT + COUNT), str(31, 1, 0)]);
        push(code, &[from_base(BASE, STRIDE), RET_LINK]);
    }

    fn end(&self, code: &mut Vec<u8>, size: usize) {
        push(code, &mov(0, 1));
        push(code, &mov(1, DATA + FIRST as u64));
        push(code, &mov(2, size as u64));
        push(code, &mov(8, SYS_WRITE.into()));
        push(code, &[SVC]);
        push(code, &mov(0, 0));
        push(code, &mov(8, SYS_EXIT_GROUP.into()));
        push(code, &[SVC]);
    }

    fn call(&self, from: u64, to: u64) -> Vec<u8> {
        let mut code = Vec::new();
        // adr x26, behind the branch; b to.
        let distance = (to.wrapping_sub(from + 4) as i64 >> 2) as u32 & 0x03ff_ffff;
        push(&mut code, &[0x1000_0040 | LINK, 0x1400_0000 | distance]);
        code
    }

    fn fields(&self) -> Vec<Field> {
        let x = registers().map(|n| n as usize).map(|n| (format!("x{n}"), X + 8 * n, 8));
        let v = (0..32).map(|n| (format!("v{n}"), V + 16 * n, 16));
        let others = [
            ("sp", X + 8 * SP as usize, 8),
            ("nzcv", NZCV, 8),
            ("fpcr", FPCR, 8),
            ("fpsr", FPSR, 8),
            ("signals", COUNT, 8),
        ];
        x.chain(v)
            .chain(others.map(|(name, at, size)| (name.to_owned(), at, size)))
            .map(|(name, at, size)| Field { name, at, size })
            .collect()
    }

    fn is_status(&self, field: &Field) -> bool {
        (NZCV..V).contains(&field.at)
    }

    fn fill(&self, random: &mut Random, input: &mut [u8]) {
        let mut put = |at: usize, value: u64| input[at..at + 8].copy_from_slice(&value.to_le_bytes());
        (0..32).for_each(|n| put(X + 8 * n, guest::integer(random)));
        (0..64).for_each(|n| put(V + 8 * n, guest::lanes(random)));
        put(NZCV, (random.below(16) as u64) << 28);
        put(FPSR, random.next() & 0x0800_009f);
        // FZ16 at 19, rounding mode at 22, FZ 24, DN 25, AHP 26; mostly the default.
        let modes = [0, 0, 0, 0, 1 << 22, 2 << 22, 3 << 22, 1 << 24, 1 << 25, 3 << 24 | 1 << 22, 1 << 26, 1 << 19];
        put(FPCR, modes[random.below(modes.len())]);
    }

    fn is_fit(&self, row: &Row) -> bool {
        let value = row.pattern.value;
        let is_forward = is_conditional_branch(value);
        let is_system = value & 0x1c00_0000 == 0x1400_0000;
        (is_forward || !is_system || PLAIN_SYSTEM.contains(&row.name())) && !MOPS_REST.contains(&row.name())
    }

    fn fit(&self, random: &mut Random, row: &Row, mut word: u32) -> Option<Vec<u8>> {
        let mut code = Vec::new();
        if is_conditional_branch(word) {
            // To the word behind the next.
            let imm = if word & 0x7e00_0000 == 0x3600_0000 { 0x0007_ffe0 } else { 0x00ff_ffe0 };
            word = word & !imm | 2 << 5;
        }
        if is_literal(word) {
            // To words of the code, the next hundred or so.
            word &= !(0x7_ffe0 << 5);
        } else if is_mops(word) {
            code = mops(random, word)?;
        } else if is_memory(word) {
            word = tame(row, word)?;
            let base = word >> 5 & 31;
            if is_register_offset(word) {
                let index = word >> 16 & 31;
                (index != base).then_some(())?;
                push(&mut code, &mov(index, random.below(64) as u64));
            }
            push(&mut code, &[from_base(base, WINDOW_MIDDLE)]);
            // A store whose load faulted may fault too, or fail (Arm ARM, AArch64.ExclusiveMonitorsPass).
            if base != SP && !is_store_exclusive(word) && random.below(4) == 0 {
                push(&mut code, &[0x9100_0000 | (random.below(32) as u32) << 10 | base << 5 | base]);
            }
            if is_store_exclusive(word) {
                // The load that it needs; of the same registers, which are all ones where a load has none.
                push(&mut code, &[word | 1 << 22 | 0x1f << 16]);
            }
        }
        let free = !row.pattern.mask;
        // Where only bit 0 is fixed the field names a pair (CASP).
        let uses_reserved =
            [0, 5, 10, 16].iter().any(|at| free >> at & 30 == 30 && [BASE, LINK].contains(&(word >> at & 31)));
        if uses_reserved || !row.matches(word) {
            return None;
        }
        match is_mops(word) {
            true => push(&mut code, &mops_triple(word)),
            false => push(&mut code, &[word]),
        }
        if is_conditional_branch(word) {
            push(&mut code, &[ADD_X0_1]);
        }
        Some(code)
    }
}

/// Instructions of the system group whose effect the sequence's registers show.
const PLAIN_SYSTEM: [&str; 16] = [
    "clrex",
    "dsb",
    "dmb",
    "isb",
    "sb",
    "cfinv",
    "axflag",
    "xaflag",
    "mrs_nzcv",
    "msr_nzcv",
    "mrs_fpcr",
    "mrs_fpsr",
    "msr_fpsr",
    "mrs_dit",
    "msr_dit",
    "msr_dit_imm",
];

/// The second and third of three instructions that stand together only.
const MOPS_REST: [&str; 6] = ["cpyfm", "cpyfe", "cpym", "cpye", "setm", "sete"];

fn is_mops(word: u32) -> bool {
    word & 0xfb20_0c00 == 0x1900_0400
}

fn is_set(word: u32) -> bool {
    word & 0x00c0_0000 == 0x00c0_0000
}

/// Prologue, main part and epilogue for the prologue.
fn mops_triple(word: u32) -> [u32; 3] {
    let step = if is_set(word) { 1 << 14 } else { 1 << 22 };
    [word, word + step, word + 2 * step]
}

/// Addresses and a size for the registers of such instructions.
fn mops(random: &mut Random, word: u32) -> Option<Vec<u8>> {
    let (to, from, size) = (word & 31, word >> 16 & 31, word >> 5 & 31);
    let is_distinct = to != from && from != size && to != size;
    (is_distinct && ![to, size].contains(&SP) && (is_set(word) || from != SP)).then_some(())?;
    let mut code = Vec::new();
    let mut address = |register: u32, offset: u32| {
        let add = 0x9100_0000 | (offset + random.below(200) as u32) << 10 | register << 5 | register;
        push(&mut code, &[from_base(register, WINDOW_MIDDLE), add]);
    };
    address(to, 0);
    if !is_set(word) {
        // What a copy that is said to go forward makes of an overlap is free.
        let goes_either_way = word & 1 << 26 != 0;
        address(from, if goes_either_way { 0 } else { 1024 });
    }
    push(&mut code, &mov(size, random.below(300) as u64));
    Some(code)
}

/// STXR, STXP and their releasing forms.
fn is_store_exclusive(word: u32) -> bool {
    word & 0x3fc0_0000 == 0x0800_0000 && !is_cas_pair(word)
}

/// CASP shares the bits of the exclusives of pairs, but for the size.
fn is_cas_pair(word: u32) -> bool {
    word & 0x8020_0000 == 0x0020_0000
}

/// Loads of what lies by the instruction.
fn is_literal(word: u32) -> bool {
    word & 0x3b00_0000 == 0x1800_0000
}

/// `b.cond`, `cbz`, `cbnz`, `tbz`, `tbnz`.
fn is_conditional_branch(word: u32) -> bool {
    word & 0xff00_0010 == 0x5400_0000 || word & 0x7c00_0000 == 0x3400_0000
}

/// The group of loads and stores (Arm ARM C4.1).
fn is_memory(word: u32) -> bool {
    word & 0x0a00_0000 == 0x0800_0000
}

fn is_register_offset(word: u32) -> bool {
    word & 0x3b20_0c00 == 0x3820_0800
}

/// Keeps offsets small and leaves out what is constrained unpredictable: the same register twice.
fn tame(row: &Row, word: u32) -> Option<u32> {
    let is_unsigned_offset = word & 0x3b00_0000 == 0x3900_0000;
    let word = if is_unsigned_offset { word & !(0xfc0 << 10) } else { word };
    let free = !row.pattern.mask;
    let mut seen = Vec::new();
    for at in [0, 5, 10, 16] {
        // A field of which a bit is fixed is no register.
        if free >> at & 31 == 31 && !is_unsigned_offset {
            let register = word >> at & 31;
            if seen.contains(&register) {
                return None;
            }
            seen.push(register);
        }
    }
    let same = is_unsigned_offset && word & 31 == word >> 5 & 31;
    (!same).then_some(word)
}
