//! Random blocks over all ops, compiled and run, against the interpreter.

mod common;

use codegen::HostFeatures;
use common::arena::{Arena, BASE, SIZE};
use common::machine::{Code, Machine, fill, memory};
use common::random::Rng;
use common::{SLOTS, TABLES};
use ir::interp::Interp;
use ir::{Block, Exit, FpControl, GuestState, Inst, Op, Round, Term, Ty, Val, text};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

/// States each block runs on.
const RUNS: usize = 3;

/// Guest memory is one.
static MEMORY: Mutex<()> = Mutex::new(());

/// Blocks to try, and the first seed: `SEED=n COUNT=m` to look at one again.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(default);
    let first = number("SEED", 0);
    first..first + number("COUNT", count)
}

/// Has most memory accesses go where there is memory, and no op that reads a clock.
fn tame(rng: &mut Rng, block: &Block) -> Block {
    let mut new = Block { insts: Vec::new(), ..block.clone() };
    let mut names: Vec<Val> = Vec::new();
    let pure = |op, ty, args, imm| Inst { op, ty, aux: 0, args, imm };
    let none = [Val::NONE; 3];
    for inst in &block.insts {
        let mut inst =
            Inst { args: inst.args.map(|arg| if arg.is_some() { names[arg.index()] } else { arg }), ..*inst };
        let is_access = matches!(inst.op, Op::Load | Op::Store | Op::LoadLanes | Op::StoreLanes | Op::Rmw | Op::Cas);
        if is_access && rng.below(8) != 0 {
            let mask = new.push(pure(Op::Const, Ty::I64, none, if inst.ty == Ty::V128 { 0x7f0 } else { 0x7ff }));
            let base = new.push(pure(Op::Const, Ty::I64, none, BASE as i64 + 0x400));
            let low = new.push(pure(Op::And, Ty::I64, [inst.args[0], mask, Val::NONE], 0));
            inst.args[0] = new.push(pure(Op::Add, Ty::I64, [low, base, Val::NONE], 0));
            if matches!(inst.op, Op::Load | Op::Store) {
                if inst.args[1].is_some() {
                    let mask = new.push(pure(Op::Const, Ty::I64, none, 0x1f));
                    inst.args[1] = new.push(pure(Op::And, Ty::I64, [inst.args[1], mask, Val::NONE], 0));
                }
                inst.imm = inst.imm & 3 | (inst.imm >> 2 & 0xff) << 2;
            }
        }
        // The row gives no meaning to a lane wider than the result.
        if matches!(inst.op, Op::VExtractU | Op::VExtractS) && inst.ty == Ty::I32 && inst.aux == 3 {
            inst.aux = 2;
        }
        if inst.op == Op::Cycles {
            inst = pure(Op::Const, Ty::I64, none, 7);
        }
        let mut val = new.push(inst);
        if inst.op == Op::GetFpFlags {
            // The denormal flag means nothing while nothing is flushed.
            let others = new.push(pure(Op::Const, Ty::I32, none, 0x3d));
            val = new.push(pure(Op::And, Ty::I32, [val, others, Val::NONE], 0));
        }
        names.push(val);
    }
    new.term = block.term.map(|term| term.map_operand(|val| names[val.index()]));
    new
}

/// Makes `block` one that has something else in pinned registers: most accesses go to slots that are not
/// pinned, and it loops to itself or is long, by instructions that do nothing.
fn crowd(rng: &mut Rng, block: &mut Block) {
    for inst in block.insts.iter_mut().filter(|inst| matches!(inst.op, Op::Get | Op::Put)) {
        let ty = SLOTS[inst.imm as usize].ty;
        let others: Vec<usize> = (0..SLOTS.len()).filter(|&i| SLOTS[i].ty == ty && SLOTS[i].pin == 0).collect();
        if rng.below(4) != 0 {
            inst.imm = rng.one_of(&others) as i64;
        }
    }
    while block.guest_insts < 1000 {
        let nothing = Inst { op: Op::Insn, ty: Ty::None, aux: 0, args: [Val::NONE; 3], imm: block.end as i64 };
        block.push(nothing);
        block.end += 4;
        block.guest_insts += 1;
    }
    let here = block.pc;
    if rng.below(2) == 0 {
        block.term = Some(match block.term {
            Some(Term::Branch { cond, fall, .. }) if rng.below(2) == 0 => Term::Branch { cond, taken: here, fall },
            Some(Term::Branch { cond, taken, .. }) => Term::Branch { cond, taken, fall: here },
            _ => Term::Jump { target: here },
        });
    }
}

/// What both must agree on; the address of a fault is not always known to the host, and the
/// denormal flag means nothing while nothing is flushed.
fn essence(exit: Exit, state: &GuestState) -> (Exit, Vec<u128>, u64, u32) {
    let exit = match exit {
        Exit::Fault { .. } => Exit::Fault { addr: 0 },
        // Polls are asked to leave, so that loops end.
        Exit::Interrupted => Exit::Jump,
        exit => exit,
    };
    let value = |slot: &ir::SlotDef| {
        let value = state.get(slot);
        if slot.ty == Ty::Flags { ir::Nzcv(value as u32).bits() as u128 } else { value }
    };
    (exit, SLOTS.iter().map(value).collect(), state.pc, state.fp_flags & 0x3d)
}

fn check(machine: &mut Machine, rng: &mut Rng, block: &Block, code: &Code, seed: u64) {
    for run in 0..RUNS {
        let state = rng.state();
        let control = FpControl { round: rng.one_of(&Round::ALL[1..5]), flush: rng.below(4) == 0 };
        let bytes: Vec<u8> = (0..SIZE).map(|_| rng.word() as u8).collect();
        fill(&bytes);
        let mut arena = Arena(bytes);
        let mut expected = state.clone();
        let exit = Interp::new().run(block, &TABLES, control, &mut expected, &mut arena);
        machine.context.stack_limit().store(u64::MAX, Ordering::Relaxed);
        let (left, found) = machine.run(block, code, control, &state);
        let (expected, found) = (essence(exit, &expected), essence(left.exit, &found));
        let same_memory = arena.0 == memory();
        if expected != found || !same_memory {
            println!("seed {seed} run {run} {control:?}\n{}", text::print(block, &TABLES));
            for (slot, (a, b)) in SLOTS.iter().zip(expected.1.iter().zip(&found.1)) {
                let mark = if a == b { ' ' } else { '*' };
                println!("{mark} {:5} was {:032x} expected {a:032x} found {b:032x}", slot.name, state.get(slot));
            }
            let hex: String = machine.bytes(code).iter().map(|byte| format!("{byte:02x}")).collect();
            std::fs::write("/tmp/transom-block.hex", hex).ok();
            panic!(
                "expected {:?} {:#x} {:#x}, found {:?} {:#x} {:#x}, memory {same_memory}",
                expected.0, expected.2, expected.3, found.0, found.2, found.3
            );
        }
    }
}

fn run(features: HostFeatures, guest_insts: usize, change: fn(&mut Rng, &mut Block)) {
    let _lock = MEMORY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    memory();
    let mut machine = Machine::new(features);
    // Longer blocks take longer.
    for seed in seeds(24_000 / guest_insts as u64) {
        let mut rng = Rng::new(seed);
        let mut block = rng.block(guest_insts);
        change(&mut rng, &mut block);
        // The row gives no meaning to a conversion of what is no number.
        if block
            .insts
            .iter()
            .any(|inst| inst.op == Op::FCvt && !matches!(Ty::from_u8(inst.aux), Ty::F16 | Ty::F32 | Ty::F64))
        {
            continue;
        }
        let block = tame(&mut rng, &block);
        machine.clear();
        println!("seed {seed}");
        let code = machine.compile(&block);
        if std::env::var_os("SEED").is_some() {
            println!("{}", text::print(&block, &TABLES));
            let hex: String = machine.bytes(&code).iter().map(|byte| format!("{byte:02x}")).collect();
            std::fs::write("/tmp/transom-block.hex", hex).ok();
        }
        check(&mut machine, &mut rng, &block, &code, seed);
    }
}

#[test]
fn blocks_on_this_host() {
    run(HostFeatures::detect(), 8, |_, _| {});
}

/// What this host has, but for AVX-512.
fn narrow() -> HostFeatures {
    HostFeatures { avx512: false, vaes: false, ..HostFeatures::detect() }
}

#[test]
fn blocks_without_avx512() {
    run(narrow(), 8, |_, _| {});
}

#[test]
fn crowded_blocks_without_avx512() {
    run(narrow(), 32, crowd);
}

#[test]
fn blocks_on_the_least_host() {
    run(HostFeatures::BASELINE, 8, |_, _| {});
}

#[test]
fn crowded_blocks_on_this_host() {
    run(HostFeatures::detect(), 32, crowd);
}

#[test]
fn crowded_blocks_on_the_least_host() {
    run(HostFeatures::BASELINE, 32, crowd);
}
