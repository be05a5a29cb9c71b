//! Time per guest instruction of each stage of translation, over the code of real programs:
//! `cargo bench --bench translate -- [PROGRAM] [ROUNDS]`

use std::time::{Duration, Instant};

use codegen::{CodeBuf, Compiler, Config, HostFeatures};
use ir::{Builder, Liveness, Passes, Tables};
use target::{Limits, Mode, Target};

const DEFAULT: &str = "testdata/programs/bin/aarch64/hello.glibc";
/// Measurements of each block.
const ROUNDS: usize = 30;
/// More than a block's code takes.
const ROOM: usize = 128 << 10;

/// What translation took at best, by block, and what it was about.
#[derive(Default)]
struct Sum {
    /// Of lowering, and of passes and compilation.
    times: Vec<[Duration; 2]>,
    guest_insts: u64,
    ir_insts: u64,
    dead: u64,
    code_bytes: usize,
}

/// A number of `N` bytes in a file.
fn number<const N: usize>(file: &[u8], at: usize) -> u64 {
    file[at..at + N].iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

fn target_of(file: &[u8]) -> Box<dyn Target> {
    match number::<2>(file, 18) {
        183 => Box::new(aarch64::Aarch64::new(aarch64::Cpu::default())),
        243 => Box::new(riscv64::Riscv64::new(riscv64::Cpu::default())),
        machine => panic!("no guest for ELF machine {machine}"),
    }
}

/// Address and bytes of an ELF file's largest section that has the flag SHF_EXECINSTR.
fn code_of(file: &[u8]) -> (u64, &[u8]) {
    let (table, count) = (number::<8>(file, 40) as usize, number::<2>(file, 60) as usize);
    let sections = (0..count).map(|i| table + i * 64).filter(|&at| number::<8>(file, at + 8) & 4 != 0);
    let Some(at) = sections.max_by_key(|&at| number::<8>(file, at + 32)) else { panic!("no code") };
    let (offset, len) = (number::<8>(file, at + 24) as usize, number::<8>(file, at + 32) as usize);
    (number::<8>(file, at + 16), &file[offset..offset + len])
}

/// Translates all of `code`, a block behind the other. The best times of all rounds count: others run on the
/// machine too.
fn round(
    target: &dyn Target,
    shop: &mut (Builder, Liveness, Compiler),
    start: u64,
    code: &[u8],
    best: &[[Duration; 2]],
) -> Sum {
    let (builder, live, compiler) = shop;
    let tables = Tables { slots: target.slots(), helpers: target.helpers() };
    let mut room = vec![0; ROOM];
    let mut sum = Sum::default();
    let mut at = 0;
    while code.len() - at >= 4 {
        let bytes = &code[at..code.len().min(at + 512)];
        let begin = Instant::now();
        if target::translate(target, builder, bytes, start + at as u64, Mode::default(), Limits::DEFAULT).is_err() {
            break;
        }
        let lowered = Instant::now();
        let block = builder.block();
        let len = compiler.compile(block, &mut CodeBuf::new(&mut room)).map_or(0, |compiled| compiled.len);
        let (lower, compile) = (lowered - begin, lowered.elapsed());
        let before = best.get(sum.times.len()).copied().unwrap_or([Duration::MAX; 2]);
        sum.times.push([lower.min(before[0]), compile.min(before[1])]);
        ir::passes::run(block, &tables, live);
        sum.guest_insts += u64::from(block.guest_insts);
        sum.ir_insts += block.insts.len() as u64;
        sum.dead += (0..block.insts.len() as u32).filter(|&i| live.is_dead(ir::Val(i))).count() as u64;
        sum.code_bytes += len;
        at = (block.end - start) as usize;
    }
    sum
}

fn main() {
    // Cargo adds `--bench`.
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let path = args.next().unwrap_or_else(|| DEFAULT.to_owned());
    let rounds = args.next().and_then(|count| count.parse().ok()).unwrap_or(ROUNDS);
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let target = target_of(&file);
    let (start, code) = code_of(&file);
    let config = Config {
        slots: target.slots(),
        pc_shift: target.code_shift() as u8,
        features: HostFeatures::detect(),
        call_pairs: true,
    };
    let builder = Builder::new(target.slots(), Passes::ALL);
    let mut shop = (builder, Liveness::default(), Compiler::new(config));
    let mut sum = Sum::default();
    for _ in 0..rounds {
        sum = round(&*target, &mut shop, start, code, &sum.times);
    }
    let per = |of: f64| of / sum.guest_insts.max(1) as f64;
    let time = |stage: usize| sum.times.iter().map(|times| times[stage].as_nanos() as f64).sum::<f64>();
    println!("guest instructions        {:8} in {} blocks", sum.guest_insts, sum.times.len());
    println!("decode, lower             {:8.2} ns per guest instruction", per(time(0)));
    println!("passes, compile           {:8.2} ns", per(time(1)));
    println!("IR                        {:8.2} per guest instruction", per(sum.ir_insts as f64));
    println!("  of it dead              {:8.2}", per(sum.dead as f64));
    println!("code bytes                {:8.2}", per(sum.code_bytes as f64));
}
