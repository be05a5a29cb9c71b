//! The interpreter: runs a block as its ops' rows say. It is the first oracle of the code generator and
//! the engine `interp`.

mod memory;

pub use memory::{Memory, cas_unshared, rmw_value};

use crate::block::{Block, Exit, Inst, Term, Trap, Val};
use crate::builder::Mem;
use crate::eval::{self, lanes, mask};
use crate::fp::{self, Env, Tininess};
use crate::helper::{HelperFn, VecArgs};
use crate::ops::{Effect, Op, WITHIN_16};
use crate::slot::GuestState;
use crate::tables::Tables;
use crate::types::{Access, FpControl, Lane, RmwOp, Ty};

/// An interpreter; it keeps its memory from one block to the next.
#[derive(Clone, Debug, Default)]
pub struct Interp {
    values: Vec<u128>,
}

/// How an instruction ends the block.
enum Leave {
    /// A memory access faulted at this address.
    Fault(u64),
    /// A side exit is taken, and why.
    To(u64, Exit),
}

/// Where an op with a condition that holds goes.
fn leave(inst: &Inst) -> Leave {
    let exit = if inst.op == Op::TrapIf { Exit::Trap(Trap::from_u8(inst.aux)) } else { Exit::Jump };
    Leave::To(inst.imm as u64, exit)
}

impl Interp {
    /// An interpreter.
    pub fn new() -> Interp {
        Interp::default()
    }

    /// Runs `block` on `state`. At a fault the state is that of before the instruction at `state.pc`.
    ///
    /// # Panics
    /// If the block does not verify.
    pub fn run(
        &mut self,
        block: &Block,
        tables: &Tables<'_>,
        control: FpControl,
        state: &mut GuestState,
        memory: &mut dyn Memory,
    ) -> Exit {
        let tiny = Tininess::of(block.underflow);
        let env = Env { tiny, raised: state.fp_flags, ..Env::new(block.nan, control) };
        let mut run = Run { values: &mut self.values, block, tables, control, env, state, memory };
        let left = run.insts();
        let raised = run.env.raised;
        state.fp_flags = raised;
        match left {
            Err((at, Leave::Fault(addr))) => {
                state.pc = pc_of(block, at);
                Exit::Fault { addr }
            }
            Err((_, Leave::To(pc, exit))) => {
                state.pc = pc;
                exit
            }
            Ok(()) => self.terminate(block, state),
        }
    }

    fn terminate(&self, block: &Block, state: &mut GuestState) -> Exit {
        let value = |val: Val| self.values[val.index()] as u64;
        let (pc, exit) = match block.term.expect("a verified block has its terminator") {
            Term::Jump { target } | Term::Call { target, .. } => (target, Exit::Jump),
            Term::Branch { cond, taken, fall } => (if value(cond) != 0 { taken } else { fall }, Exit::Jump),
            Term::JumpIndirect { target } | Term::CallIndirect { target, .. } | Term::Return { target } => {
                (value(target), Exit::Jump)
            }
            Term::Syscall { next } => (next, Exit::Syscall),
            Term::Trap { kind, pc } => (pc, Exit::Trap(kind)),
            Term::Sync { next } | Term::Switch { next, .. } => (next, Exit::Jump),
            Term::Invalidate { addr, len, next } => (next, Exit::Invalidate { addr: value(addr), len }),
        };
        state.pc = pc;
        exit
    }
}

/// The address of the guest instruction that instruction `at` belongs to.
fn pc_of(block: &Block, at: usize) -> u64 {
    let marker = block.insts[..at].iter().rev().find(|inst| inst.op == Op::Insn);
    marker.map_or(block.pc, |inst| inst.imm as u64)
}

/// A block under way.
struct Run<'a> {
    values: &'a mut Vec<u128>,
    block: &'a Block,
    tables: &'a Tables<'a>,
    control: FpControl,
    env: Env,
    state: &'a mut GuestState,
    memory: &'a mut dyn Memory,
}

impl Run<'_> {
    /// Runs the instructions; how one of them left the block, and its index.
    fn insts(&mut self) -> Result<(), (usize, Leave)> {
        self.values.clear();
        for (at, inst) in self.block.insts.iter().enumerate() {
            let value = match inst.op.info().effect {
                Effect::Pure | Effect::Fp => self.compute(inst),
                Effect::Get => self.state.get(&self.tables.slots[inst.imm as usize]) & mask(inst.ty),
                Effect::Put => {
                    self.state.set(&self.tables.slots[inst.imm as usize], self.arg(inst, 0));
                    0
                }
                Effect::Load | Effect::Store => self.access(inst).map_err(|addr| (at, Leave::Fault(addr)))?,
                Effect::Exit if self.arg(inst, 0) != 0 => return Err((at, leave(inst))),
                Effect::Exit => 0,
                Effect::Fixed => self.fixed(inst),
            };
            self.values.push(value);
        }
        Ok(())
    }

    /// Operand `i`; 0 where it is absent.
    #[inline]
    fn arg(&self, inst: &Inst, i: usize) -> u128 {
        self.values.get(inst.args[i].index()).copied().unwrap_or(0)
    }

    fn args(&self, inst: &Inst) -> [u128; 3] {
        [self.arg(inst, 0), self.arg(inst, 1), self.arg(inst, 2)]
    }

    fn compute(&mut self, inst: &Inst) -> u128 {
        // Only conversions look at the type of their operand.
        let from = match inst.op {
            Op::FToS | Op::FToU | Op::SToF | Op::UToF => self.block.inst(inst.args[0]).result(),
            _ => Ty::None,
        };
        let args = self.args(inst);
        eval::eval(inst, from, args, &mut self.env)
    }

    /// A memory access.
    fn access(&mut self, inst: &Inst) -> Result<u128, u64> {
        let [a, b, c] = self.args(inst);
        let access = Access::from_u8(inst.aux);
        match inst.op {
            Op::Load => {
                let value = self.memory.load(address(inst, a, b), access.bytes())?;
                Ok(extend(access, value) & mask(inst.ty))
            }
            Op::Store => {
                self.memory.store(address(inst, a, b), access.bytes(), c & low_bytes(access.bytes())).map(|()| 0)
            }
            Op::LoadLanes => self.load_lanes(inst),
            Op::StoreLanes => self.store_lanes(inst),
            Op::Rmw => {
                let bytes = Access::from_u8(inst.imm as u8).bytes();
                self.memory.rmw(RmwOp::from_u8(inst.aux), a as u64, bytes, b as u64).map(u128::from)
            }
            Op::Aligned if is_aligned(a as u64, inst.imm) => Ok(0),
            // Not aligned, it faults for certain, and as the guest's own access would.
            Op::Aligned => self.memory.cas(a as u64, 16, 0, 0),
            _ => {
                let bytes = access.bytes();
                self.memory.cas(a as u64, bytes, b & low_bytes(bytes), c & low_bytes(bytes))
            }
        }
    }

    fn load_lanes(&mut self, inst: &Inst) -> Result<u128, u64> {
        let [addr, bits, old] = self.args(inst);
        let lane = Lane::from_u8(inst.aux);
        active(lane, bits).try_fold(old, |value, i| {
            let loaded = self.memory.load(lane_address(addr, lane, i), lane.bits() / 8)?;
            Ok(lanes::set(value, lane, i, loaded as u64))
        })
    }

    fn store_lanes(&mut self, inst: &Inst) -> Result<u128, u64> {
        let [addr, bits, value] = self.args(inst);
        let lane = Lane::from_u8(inst.aux);
        for i in active(lane, bits) {
            self.memory.store(lane_address(addr, lane, i), lane.bits() / 8, lanes::get(value, lane, i).into())?;
        }
        Ok(0)
    }

    /// An op that stays where it is.
    fn fixed(&mut self, inst: &Inst) -> u128 {
        match inst.op {
            Op::Fence => self.memory.fence(),
            Op::Pause => self.memory.pause(),
            Op::Cycles => return self.memory.cycles() as u128,
            Op::GetFpFlags => return self.env.raised as u128,
            Op::SetFpFlags => self.env.raised = self.arg(inst, 0) as u32 & fp::flags::ALL,
            Op::Call => return self.call(inst),
            // A marker.
            _ => {}
        }
        0
    }

    fn call(&mut self, inst: &Inst) -> u128 {
        let [a, b, c] = self.args(inst);
        let imm = (inst.imm >> 16) as u64;
        let result = match self.tables.helpers[(inst.imm & 0xffff) as usize].function {
            HelperFn::Int(function) => function(a as u64, b as u64, c as u64, imm) as u128,
            HelperFn::Vec(function) => {
                let mut args = VecArgs { v: [a, b, c], imm, mxcsr: self.control.mxcsr(), raised: 0 };
                function(&mut args);
                self.env.raise(args.raised & fp::flags::ALL);
                args.v[0]
            }
        };
        result & mask(inst.ty)
    }
}

/// The lanes whose bits are set.
fn active(lane: Lane, bits: u128) -> impl Iterator<Item = u32> {
    (0..lane.count()).filter(move |i| bits >> i & 1 != 0)
}

fn lane_address(addr: u128, lane: Lane, index: u32) -> u64 {
    (addr as u64).wrapping_add(u64::from(index * lane.bits() / 8))
}

fn low_bytes(bytes: u32) -> u128 {
    u128::MAX >> (128 - 8 * bytes)
}

/// Whether [`Op::Aligned`] with this constant lets the address pass.
fn is_aligned(addr: u64, imm: i64) -> bool {
    let bytes = imm as u64 & 0xff;
    addr & (bytes - 1) == 0 || imm & WITHIN_16 != 0 && addr % 16 + bytes <= 16
}

/// The address of a load or store.
fn address(inst: &Inst, base: u128, index: u128) -> u64 {
    let Mem { scale, disp, .. } = Mem::of(inst);
    (base as u64).wrapping_add((index as u64) << scale).wrapping_add(disp as u64)
}

/// A loaded value, extended.
fn extend(access: Access, value: u128) -> u128 {
    match access {
        Access::S8 => value as i8 as u128,
        Access::S16 => value as i16 as u128,
        Access::S32 => value as i32 as u128,
        _ => value,
    }
}
