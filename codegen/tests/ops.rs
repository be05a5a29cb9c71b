//! Every op that computes, by itself, on adversarial operands: machine code against the IR's own meaning.

mod common;

use codegen::HostFeatures;
use common::machine::Machine;
use common::random::Rng;
use common::{SLOTS, TABLES};
use ir::interp::Interp;
use ir::ops::{Aux, Effect};
use ir::signature::{self, Want};
use ir::{Block, FpControl, GuestState, Inst, NanRule, Op, Round, Term, Ty, Val, text, verify};

/// Forms of each op, and states each runs on.
const FORMS: usize = 60;
const RUNS: usize = 20;

fn push(block: &mut Block, op: Op, ty: Ty, args: &[Val], imm: i64) -> Val {
    let mut all = [Val::NONE; 3];
    all[..args.len()].copy_from_slice(args);
    block.push(Inst { op, ty, aux: 0, args: all, imm })
}

/// A block that reads every slot, and a value of every type.
fn sources(rng: &mut Rng) -> Block {
    let mut block = Block::default();
    block.clear(0x1000, rng.one_of(NanRule::ALL));
    block.guest_insts = 1;
    push(&mut block, Op::Insn, Ty::None, &[], 0x1000);
    for (i, slot) in SLOTS.iter().enumerate() {
        let val = push(&mut block, Op::Get, slot.ty, &[], i as i64);
        if slot.ty == Ty::V128 {
            for ty in [Ty::F16, Ty::F32, Ty::F64] {
                push(&mut block, Op::VLow, ty, &[val], 0);
            }
        }
    }
    let imm = rng.word() as i64;
    push(&mut block, Op::Const, Ty::I64, &[], imm);
    push(&mut block, Op::Const, Ty::I32, &[], imm as i32 as i64);
    push(&mut block, Op::VConst, Ty::V128, &[], imm);
    block
}

/// A value that will do, or none.
fn operand(rng: &mut Rng, block: &Block, want: Want) -> Val {
    for _ in 0..200 {
        let val = Val(rng.below(block.insts.len()) as u32);
        let ty = block.inst(val).result();
        if ty != Ty::None && want.accepts(ty) {
            return val;
        }
    }
    Val::NONE
}

/// A block with one form of `op`, whose result goes to a slot.
fn form(rng: &mut Rng, op: Op) -> Option<Block> {
    let mut block = sources(rng);
    block.term = Some(Term::Jump { target: 0x2000 });
    let aux = match op.info().aux {
        Aux::None => 0,
        Aux::Lane => rng.below(4) as u8,
        _ => rng.below(16) as u8,
    };
    let imm = match op {
        Op::CcmpF | Op::CcmnF => (rng.below(16) as i64) << 28,
        Op::VInsLane => (rng.below(16) << 8 | rng.below(16)) as i64,
        _ if rng.below(2) == 0 => 0,
        _ => rng.below(65) as i64,
    };
    let mut inst = Inst { op, ty: Ty::I64, aux, args: [Val::NONE; 3], imm };
    inst.ty = rng.one_of(signature::of(&inst).types);
    for (i, want) in signature::of(&inst).operands.into_iter().enumerate() {
        inst.args[i] = operand(rng, &block, want);
    }
    // The row gives no meaning to a lane wider than the result.
    if matches!(op, Op::VExtractU | Op::VExtractS) && inst.ty == Ty::I32 && aux == 3 {
        return None;
    }
    if op == Op::FCvt && !matches!(Ty::from_u8(aux), Ty::F16 | Ty::F32 | Ty::F64) {
        return None;
    }
    let val = block.push(inst);
    let mut put = |ty: Ty, val: Val| {
        let slots: Vec<usize> = (0..SLOTS.len()).filter(|&i| SLOTS[i].ty == ty).collect();
        push(&mut block, Op::Put, ty, &[val], rng.one_of(&slots) as i64);
    };
    match inst.result() {
        Ty::F16 => {
            let wide = push(&mut block, Op::VZext, Ty::F16, &[val], 0);
            push(&mut block, Op::Put, Ty::V128, &[wide], 8);
        }
        ty => put(ty, val),
    }
    block.end = 0x1004;
    verify::verify(&block, &TABLES).is_ok().then_some(block)
}

/// Floating-point operands in every slot half of the time.
fn state(rng: &mut Rng) -> GuestState {
    let mut state = rng.state();
    if rng.below(2) == 0 {
        for slot in SLOTS.iter().filter(|slot| slot.ty.is_vec()) {
            let double = (rng.float(11, 52) as u128) << 64 | rng.float(11, 52) as u128;
            let mut single = || (rng.float(8, 23) << 32 | rng.float(8, 23)) as u128;
            let single = single() << 64 | single();
            let half = (0..8).fold(0, |halves, _| halves << 16 | rng.float(5, 10) as u128);
            state.set(slot, rng.one_of(&[double, single, half]));
        }
    }
    state
}

/// What both must agree on.
fn essence(state: &GuestState) -> (Vec<u128>, u32) {
    let value = |slot: &ir::SlotDef| {
        let value = state.get(slot);
        if slot.ty == Ty::Flags { ir::Nzcv(value as u32).bits() as u128 } else { value }
    };
    (SLOTS.iter().map(value).collect(), state.fp_flags & 0x3d)
}

/// The first difference of a form, described.
fn check(machine: &mut Machine, rng: &mut Rng, block: &Block) -> Result<(), String> {
    machine.clear();
    if std::env::var_os("OP").is_some() {
        println!("{}", text::print(block, &TABLES));
    }
    let code = machine.compile(block);
    for _ in 0..RUNS {
        let before = state(rng);
        let control = FpControl { round: rng.one_of(&Round::ALL[1..5]), flush: rng.below(4) == 0 };
        let mut expected = before.clone();
        let mut memory = common::arena::Arena(Vec::new());
        Interp::new().run(block, &TABLES, control, &mut expected, &mut memory);
        let (_, found) = machine.run(block, &code, control, &before);
        let (a, b) = (essence(&expected), essence(&found));
        if a != b {
            let slots: String = SLOTS
                .iter()
                .enumerate()
                .map(|(i, slot)| {
                    let mark = if a.0[i] == b.0[i] { ' ' } else { '*' };
                    format!(
                        "{mark} {:5} was {:032x} expected {:032x} found {:032x}\n",
                        slot.name,
                        before.get(slot),
                        a.0[i],
                        b.0[i]
                    )
                })
                .collect();
            let hex: String = machine.bytes(&code).iter().map(|byte| format!("{byte:02x}")).collect();
            return Err(format!(
                "{control:?} flags {:#x} {:#x}\n{}\n{slots}{hex}",
                a.1,
                b.1,
                text::print(block, &TABLES)
            ));
        }
    }
    Ok(())
}

fn run(features: HostFeatures) {
    let only = std::env::var("OP").ok();
    let mut machine = Machine::new(features);
    let mut failed = Vec::new();
    for &op in Op::ALL {
        let computes = matches!(op.info().effect, Effect::Pure | Effect::Fp);
        if !computes || only.as_ref().is_some_and(|name| name != op.info().name) {
            continue;
        }
        let mut rng = Rng::new(op as u64);
        let wrong = (0..FORMS * 4)
            .filter_map(|_| form(&mut rng, op))
            .take(FORMS)
            .collect::<Vec<_>>()
            .iter()
            .filter_map(|block| check(&mut machine, &mut rng, block).err())
            .collect::<Vec<_>>();
        if let Some(first) = wrong.first() {
            println!("{}: {} of {FORMS} forms\n{first}\n", op.info().name, wrong.len());
            failed.push(op.info().name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn ops_on_this_host() {
    run(HostFeatures::detect());
}

#[test]
fn ops_without_avx512() {
    run(HostFeatures { avx512: false, vaes: false, ..HostFeatures::detect() });
}

/// As it is on hosts that have AVX-512 but no VAES.
#[test]
fn ops_without_vaes() {
    run(HostFeatures { vaes: false, ..HostFeatures::detect() });
}

#[test]
fn ops_on_the_least_host() {
    run(HostFeatures::BASELINE);
}
