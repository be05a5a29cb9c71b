//! Time per guest instruction of building, folding, the backward pass and the interpreter, over blocks
//! such as AArch64 code gives. `cargo bench -p transom-ir`

use ir::interp::{Interp, Memory, cas_unshared};
use ir::{
    Access, Block, Builder, Cond, FpControl, GuestState, Liveness, Mem, NanRule, Op, Passes, SlotDef, SlotId, Tables,
    Term, Ty, passes,
};
use std::hint::black_box;
use std::time::Instant;

const fn register(name: &'static str, index: u16) -> SlotDef {
    SlotDef { name, ty: Ty::I64, offset: 8 * index, pin: 0 }
}

const SLOTS: &[SlotDef] = &[
    register("x0", 0),
    register("x1", 1),
    register("x2", 2),
    register("x3", 3),
    register("x4", 4),
    register("x5", 5),
    SlotDef { name: "nzcv", ty: Ty::Flags, offset: 48, pin: 0 },
];
const NZCV: SlotId = SlotId(6);
const TABLES: Tables<'static> = Tables { slots: SLOTS, helpers: &[] };
/// Guest instructions of a block.
const INSTS: u64 = 32;
const ROUNDS: u64 = 2_000;
/// Measurements, of which the best counts: others run on the machine too.
const REPEATS: u64 = 50;

fn add_imm(b: &mut Builder, to: SlotId, from: SlotId, imm: i64) {
    let a = b.get(from);
    let sum = b.bin_imm(Op::Add, Ty::I64, a, imm);
    b.put(to, sum);
}

fn add_word(b: &mut Builder, to: SlotId, x: SlotId, y: SlotId) {
    let (x, y) = (b.get(x), b.get(y));
    let (x, y) = (b.trunc(x), b.trunc(y));
    let sum = b.add(Ty::I32, x, y);
    let wide = b.zext32(sum);
    b.put(to, wide);
}

fn load(b: &mut Builder, to: SlotId, base: SlotId, index: SlotId) {
    let (base, index) = (b.get(base), b.get(index));
    let three = b.i64(3);
    let scaled = b.bin(Op::Shl, Ty::I64, index, three);
    let address = b.add(Ty::I64, base, scaled);
    let value = b.load(Ty::I64, Access::B64, Mem::at(address));
    b.put(to, value);
}

fn store(b: &mut Builder, value: SlotId, base: SlotId) {
    let (value, base) = (b.get(value), b.get(base));
    let word = b.trunc(value);
    b.store(Ty::I32, Access::U32, Mem::disp(base, 16), word);
}

fn compare_and_exit(b: &mut Builder, x: SlotId, y: SlotId) {
    let (x, y) = (b.get(x), b.get(y));
    let flags = b.bin(Op::SubF, Ty::I64, x, y);
    b.put(NZCV, flags);
    b.insn(0x2000);
    let flags = b.get(NZCV);
    // Not taken, so that the interpreter sees the whole block.
    let cond = b.cond(Cond::Vs, flags);
    b.exit_if(cond, 0x8000);
}

/// The instructions of a block, eight kinds in turn.
fn build(b: &mut Builder) {
    let x = |i: u64| SlotId((i % 6) as u16);
    b.begin(0x1000, NanRule::Propagate);
    let mut count = 0;
    while count < INSTS {
        b.insn(0x1000 + 4 * count);
        match count % 8 {
            0 | 4 => add_imm(b, x(count), x(count + 1), 16),
            1 => load(b, x(count), x(0), x(1)),
            2 => add_word(b, x(count), x(count + 2), x(count + 3)),
            3 => store(b, x(count), x(0)),
            5 => {
                let (y, z) = (b.get(x(3)), b.get(x(4)));
                let xor = b.xor(Ty::I64, y, z);
                b.put(x(count), xor);
            }
            _ => {
                compare_and_exit(b, x(1), x(2));
                count += 1;
            }
        }
        count += 1;
    }
    b.end(Term::Jump { target: 0x1000 + 4 * INSTS });
}

/// Prints what `f`, which handles one block, takes for a guest instruction.
fn measure(name: &str, mut f: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            f();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / (ROUNDS * INSTS) as f64);
    }
    println!("{name:24} {best:6.2} ns per guest instruction");
}

struct Flat(Vec<u8>);

impl Memory for Flat {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        let at = addr as usize & 0xfff;
        Ok(self.0[at..at + bytes as usize].iter().rev().fold(0, |value, &byte| value << 8 | byte as u128))
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        let at = addr as usize & 0xfff;
        self.0[at..at + bytes as usize].copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
        cas_unshared(self, addr, bytes, expected, new)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        0
    }
}

fn interpret(name: &str, block: &Block) {
    let mut interp = Interp::new();
    let mut state = GuestState::default();
    let mut memory = Flat(vec![0; 0x1010]);
    measure(name, || {
        black_box(interp.run(block, &TABLES, FpControl::DEFAULT, &mut state, &mut memory));
    });
}

fn main() {
    let mut plain = Builder::new(SLOTS, Passes::NONE);
    let mut all = Builder::new(SLOTS, Passes::ALL);
    let mut forward = Builder::new(SLOTS, Passes { forward: true, fold: false });
    measure("build, no passes", || build(black_box(&mut plain)));
    measure("build, forwarding", || build(black_box(&mut forward)));
    measure("build, all passes", || build(black_box(&mut all)));
    let mut live = Liveness::default();
    let per_inst = |block: &Block| block.insts.len() as f64 / INSTS as f64;
    println!(
        "IR per guest instruction: {:.2} plain, {:.2} with passes",
        per_inst(plain.block()),
        per_inst(all.block())
    );
    measure("backward pass", || passes::backward::run(black_box(all.block()), &mut live, &mut ()));
    let dead = (0..all.block().insts.len()).filter(|&i| live.is_dead(ir::Val(i as u32))).count();
    println!("dead: {:.2} per guest instruction", dead as f64 / INSTS as f64);
    interpret("interpreter, plain", plain.block());
    interpret("interpreter", all.block());
}
