//! What the tests of the rows share: a guest with everything, one-instruction blocks, random words.
#![allow(dead_code, reason = "each test uses a part")]

use std::process::Command;

use aarch64::{Aarch64, Cpu};
use ir::tables::Tables;
use ir::{Block, Builder, Passes};
use target::translate::{Limits, translate};
use target::{Feature, Mode, Row, Target};

/// Where test code lies.
pub const CODE: u64 = 0x40_0000;

/// A guest with every feature whose rows are there.
pub fn guest() -> Aarch64 {
    let mut cpu = Cpu::default();
    for i in 0..aarch64::cpu::TABLE.len() {
        cpu.features = cpu.features.with(Feature(i as u8));
    }
    Aarch64::new(cpu)
}

pub fn tables() -> Tables<'static> {
    Tables { slots: aarch64::state::SLOTS, helpers: aarch64::helpers::TABLE }
}

/// The block of these words.
pub fn block(guest: &Aarch64, words: &[u32], mode: Mode, passes: Passes) -> Block {
    block_at(guest, words, CODE, mode, passes)
}

/// The block of these words at `pc`.
pub fn block_at(guest: &Aarch64, words: &[u32], pc: u64, mode: Mode, passes: Passes) -> Block {
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut builder = Builder::new(guest.slots(), passes);
    translate(guest, &mut builder, &code[..], pc, mode, Limits { insts: 1000, ir_insts: 100_000 })
        .expect("there is an instruction");
    builder.block().clone()
}

/// Data processing of general registers (op0 = 100x, x101), but what depends on its address.
pub fn is_integer(row: &Row) -> bool {
    let group = row.pattern.value >> 25 & 15;
    (matches!(group, 8 | 9) || group & 7 == 5) && !row.name().starts_with("adr")
}

/// A generator of numbers (splitmix64), the same on every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A word of this row, its fields at random.
    pub fn word(&mut self, row: &Row) -> Option<u32> {
        (0..64).map(|_| row.pattern.value | self.next() as u32 & !row.pattern.mask).find(|&word| row.matches(word))
    }
}

/// Integers and halves of vectors that are likely to be special.
pub fn hard_value(random: &mut Random) -> u64 {
    const SPECIAL: [u64; 24] = [
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0x1_0000_0000,
        i64::MAX as u64,
        i64::MIN as u64,
        u64::MAX,
        0x3ff0_0000_0000_0000,
        0x7ff8_0000_0000_0001,
        0x7ff0_0000_0000_0001,
        0xfff0_0000_0000_0000,
        0x7f80_0001_7fc0_0001,
        0x3f80_0000_bf80_0000,
        0x0000_0000_0000_0001,
        0x8000_0000_0080_0000,
    ];
    match random.below(10) {
        8 => lanes(random, 16, &[0x7c00, 0x7e01, 0x7d01, 0x7bff, 0x0400, 0x03ff, 0x0001, 0x3c00, 0x3801, 0]),
        9 => lanes(
            random,
            32,
            &[
                0x7f80_0000,
                0x7fc0_0001,
                0x7f80_0001,
                0x7f7f_ffff,
                0x80_0000,
                0x7f_ffff,
                1,
                0x3f80_0000,
                0x4f00_0000,
                0x5f00_0000,
                0,
            ],
        ),
        0..=3 => SPECIAL[random.below(SPECIAL.len() as u64) as usize],
        4 => random.next() >> random.below(64),
        5 => float(random),
        _ => random.next(),
    }
}

/// Lanes of special values of either sign, or next to them.
fn lanes(random: &mut Random, bits: u32, special: &[u64]) -> u64 {
    (0..64 / bits).fold(0, |value, i| {
        let lane = special[random.below(special.len() as u64) as usize];
        let near = if random.below(4) == 0 { lane ^ random.below(8) } else { lane };
        value | (near | random.below(2) << (bits - 1)) << (i * bits)
    })
}

/// A number of moderate size as two singles or as a double.
fn float(random: &mut Random) -> u64 {
    let integer = random.next() as i32 >> random.below(32);
    let number = integer as f64 / (1u64 << random.below(12)) as f64;
    if random.below(2) == 0 {
        return number.to_bits();
    }
    (number as f32).to_bits() as u64 | (((number * 1.5) as f32).to_bits() as u64) << 32
}

/// Data processing of SIMD and floating point (op0 = x111), and loads and stores of structures (0q00110).
pub fn is_simd(word: u32) -> bool {
    word >> 25 & 7 == 7 || word & 0xbe00_0000 == 0x0c00_0000
}

/// What the default CPU offers, in LLVM's words.
const FEATURES: &str = "+fp-armv8,+neon,+aes,+sha2,+sha3,+sm4,+rdm,+dotprod,+i8mm,+jsconv,+fptoint,+fullfp16,+fp16fml,+bf16,+complxnum,+rcpc3";

/// LLVM's text for every word; `<unknown>` where it has none.
pub fn disassemble(objdump: &str, words: &[u32]) -> Vec<String> {
    let base = format!("{}/disassembler-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let (source, object) = (format!("{base}.s"), format!("{base}.o"));
    let text: String = words.iter().map(|word| format!(".inst {word:#x}\n")).collect();
    std::fs::write(&source, text).expect("the source can be written");
    let assembled = Command::new("aarch64-linux-gnu-as").args(["-o", &object, &source]).status();
    assert!(assembled.is_ok_and(|status| status.success()), "the words assemble");
    let mattr = format!("--mattr={FEATURES}");
    let args = ["-d", "-M", "no-aliases", "--no-show-raw-insn", "--no-leading-addr", &mattr, &object];
    let output = Command::new(objdump).args(args).output().expect("llvm-objdump runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with([' ', '\t'])).map(str::to_owned).collect();
    assert_eq!(lines.len(), words.len(), "one line a word");
    [source, object].iter().for_each(|path| drop(std::fs::remove_file(path)));
    lines
}
