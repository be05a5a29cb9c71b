//! `--engine interp`: the same blocks, run by the IR's interpreter. Also how the address of a fault is
//! learnt where the host does not tell it.

use std::collections::HashMap;
use std::rc::Rc;

use ir::interp::{Interp, Memory};
use ir::{Block, Builder, Exit, FpControl, GuestState, Passes, Tables};
use memory::copy::Atomic;
use memory::{AddressSpace, GuestAddr, Range};
use target::{Access, Limits, Target};

use super::asked::Asked;
use super::breakpoints::Breakpoints;
use super::fetch::{self, FetchFault, MAX_BLOCK};
use super::trace::Tracer;
use super::watch::{Watched, Watches};
use crate::cache::Key;

/// One thread's interpreter with the blocks it has met.
#[derive(Default)]
pub struct Interpreter {
    interp: Interp,
    blocks: HashMap<Key, Rc<Block>>,
    /// The cache's epoch that the blocks are of.
    epoch: u64,
}

/// Guest memory, by the fault-safe accesses of `memory`.
struct Guest;

fn load<T: memory::Pod + Into<u128>>(addr: u64) -> Result<u128, u64> {
    memory::read::<T>(GuestAddr(addr)).map(Into::into).map_err(|_| addr)
}

fn store<T: memory::Pod>(addr: u64, value: T) -> Result<(), u64> {
    memory::write(GuestAddr(addr), value).map_err(|_| addr)
}

fn swap<T: Atomic + Into<u128>>(addr: u64, expected: T, new: T) -> Result<u128, u64> {
    memory::copy::compare_exchange(GuestAddr(addr), expected, new).map(Into::into).map_err(|_| addr)
}

impl Memory for Guest {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        match bytes {
            1 => load::<u8>(addr),
            2 => load::<u16>(addr),
            4 => load::<u32>(addr),
            8 => load::<u64>(addr),
            _ => load::<u128>(addr),
        }
    }

    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64> {
        match bytes {
            1 => store(addr, value as u8),
            2 => store(addr, value as u16),
            4 => store(addr, value as u32),
            8 => store(addr, value as u64),
            _ => store(addr, value),
        }
    }

    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
        match bytes {
            1 => swap(addr, expected as u8, new as u8),
            2 => swap(addr, expected as u16, new as u16),
            4 => swap(addr, expected as u32, new as u32),
            8 => swap(addr, expected as u64, new as u64),
            _ => swap(addr, expected, new),
        }
    }

    fn fence(&mut self) {
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    }

    fn cycles(&mut self) -> u64 {
        // SAFETY: every x86-64 has the time-stamp counter.
        unsafe { std::arch::x86_64::_rdtsc() }
    }
}

fn build(
    target: &dyn Target,
    space: &AddressSpace,
    stops: &Breakpoints,
    key: Key,
    limits: Limits,
) -> Result<Block, FetchFault> {
    if key.pc & ((1 << target.code_shift()) - 1) != 0 {
        return Err(FetchFault::Misaligned(key.pc));
    }
    let mut buf = [0; MAX_BLOCK];
    let bytes = fetch::until_stop(target, stops, key.pc, fetch::fetch(space, key.pc, &mut buf));
    let bytes = fetch::within(target, limits, bytes);
    let mut builder = Builder::new(target.slots(), Passes::ALL);
    let mode = target.masking(key.mode);
    target::translate(target, &mut builder, bytes, key.pc, mode, limits)
        .map_err(|target::Stop::Fetch { addr }| fetch::why_not(space, addr))?;
    Ok(std::mem::take(builder.block_mut()))
}

/// A block to be kept: writes to its code are seen. Bytes that were not watched when they were read may be others by now.
fn build_watched(ground: &Ground<'_>, key: Key) -> Result<Block, FetchFault> {
    let Ground { target, space, stops, limits, .. } = *ground;
    loop {
        let block = build(target, space, stops, key, limits)?;
        if !target.runs_unannounced_code() || !space.watch(Range::new(block.pc, block.end)) {
            return Ok(block);
        }
    }
}

fn tables(target: &dyn Target) -> Tables<'static> {
    Tables { slots: target.slots(), helpers: target.helpers() }
}

/// Where and how the interpreter runs.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The guest.
    pub target: &'a dyn Target,
    /// Its memory.
    pub space: &'a AddressSpace,
    /// Addresses that blocks end before.
    pub stops: &'a Breakpoints,
    /// How long blocks may get.
    pub limits: Limits,
    /// What is printed of blocks.
    pub tracer: Option<&'a Tracer>,
    /// Accesses that are not to be made; they end the block as faults do.
    pub watches: Option<&'a Watches>,
}

impl Interpreter {
    /// Runs the block at `key`.
    pub fn step(
        &mut self,
        ground: &Ground<'_>,
        epoch: u64,
        key: Key,
        state: &mut GuestState,
    ) -> Result<Exit, FetchFault> {
        if self.epoch != epoch {
            self.blocks.clear();
            self.epoch = epoch;
        }
        let block = match self.blocks.get(&key) {
            Some(block) => Rc::clone(block),
            None => {
                let block = Rc::new(build_watched(ground, key)?);
                if let Some(tracer) = ground.tracer {
                    let mut buf = [0; MAX_BLOCK];
                    tracer.made(ground.space, &block, fetch::fetch(ground.space, key.pc, &mut buf), None);
                }
                self.blocks.insert(key, Rc::clone(&block));
                block
            }
        };
        if let Some(tracer) = ground.tracer {
            tracer.runs(ground.space, key, state);
        }
        Ok(self.run(ground, &block, state))
    }

    fn run(&mut self, ground: &Ground<'_>, block: &Block, state: &mut GuestState) -> Exit {
        let control = ground.target.fp_control(state);
        let tables = tables(ground.target);
        match ground.watches {
            None => self.interp.run(block, &tables, control, state, &mut Guest),
            Some(watches) => {
                self.interp.run(block, &tables, control, state, &mut Watched { watches, memory: &mut Guest })
            }
        }
    }
}

/// Runs the one instruction at `state.pc`.
pub fn step_one(target: &dyn Target, space: &AddressSpace, state: &mut GuestState) -> Result<Exit, FetchFault> {
    one(target, space, state, &mut Guest)
}

fn one(
    target: &dyn Target,
    space: &AddressSpace,
    state: &mut GuestState,
    memory: &mut dyn Memory,
) -> Result<Exit, FetchFault> {
    let key = Key { pc: state.pc, mode: target.mode(state) };
    let block = build(target, space, &Breakpoints::default(), key, Limits { insts: 1, ..Limits::DEFAULT })?;
    let control: FpControl = target.fp_control(state);
    Ok(Interp::new().run(&block, &tables(target), control, state, memory))
}

/// The address that the instruction at `state.pc` faults at, by running it on a copy of the state. `None` if it does
/// not fault there.
pub fn fault_address(target: &dyn Target, space: &AddressSpace, state: &GuestState) -> Option<u64> {
    match step_one(target, space, &mut state.clone()) {
        Ok(Exit::Fault { addr }) => Some(addr),
        _ => None,
    }
}

/// What the instruction at `state.pc`, which faults at `addr`, wants there. It is run on a copy of the state, and writes nothing.
pub fn access(target: &dyn Target, space: &AddressSpace, state: &GuestState, addr: u64) -> Access {
    let mut asked = Asked { addr, wanted: None, memory: &mut Guest };
    // Where others changed the code meanwhile nothing is wanted any more.
    let _ = one(target, space, &mut state.clone(), &mut asked);
    asked.wanted.unwrap_or(Access::Read)
}
