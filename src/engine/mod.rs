//! What runs guest code: translation to machine code, or the interpreter.

mod ahead;
mod asked;
pub mod breakpoints;
pub mod fetch;
pub mod interp;
pub mod stats;
mod trace;
mod translate;
pub mod watch;

use codegen::{CallRegs, CodeBuf, Compiler, Config, Context, DirectCalls, Stubs, emit_runtime};
use memory::{AddressSpace, Errno, GuestAddr, Lock, Range};
use syscalls::HiddenFds;
use target::{Limits, Target};

use crate::cache::{Arena, CodeCache};
use crate::filter::Addresses;
use crate::host;
use crate::log::Log;
use crate::options::{Engine as Kind, Options};
use crate::persist::Persist;
use crate::profile::Profile;

use breakpoints::Breakpoints;
pub use fetch::FetchFault;
use stats::Translation;
pub use trace::Tracer;
use translate::Workshop;

/// The engine: shared by all guest threads of the process, and for the process' life.
pub struct Engine {
    /// The guest.
    pub target: &'static dyn Target,
    /// Machine code.
    pub cache: CodeCache,
    /// Whether the interpreter runs blocks.
    pub interprets: bool,
    /// Whether code is watched for writes that nobody announces.
    pub watches: bool,
    /// The system calls that emitted code makes itself.
    pub calls: Box<DirectCalls>,
    /// Where the guest stops for a debugger.
    pub breakpoints: Breakpoints,
    /// What is printed of code, if anything is.
    pub tracer: Option<Tracer>,
    /// How long blocks may get.
    pub limits: Limits,
    stats: bool,
    /// Whether perf is told of blocks.
    profiles: bool,
    workshop: Lock<Workshop>,
    runtime: Runtime,
    /// Offset in the guest's state of its flags slot, if it has one.
    flags_slot: Option<u16>,
    /// Code on disk.
    persist: Option<Persist>,
}

/// The code by which emitted code is entered and left.
struct Runtime {
    base: u64,
    stubs: Stubs,
}

/// Why no code could be had for an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoCode {
    /// The guest can't execute there.
    Fetch(FetchFault),
    /// The host has no memory for code.
    Memory(Errno),
    /// A debugger wants the guest to stop there.
    Breakpoint,
}

impl Engine {
    /// An engine for one guest.
    pub fn new(
        target: &'static dyn Target,
        options: &Options,
        calls: Box<DirectCalls>,
        persist: Option<Persist>,
        log: Log,
        mut profile: Option<Profile>,
    ) -> Result<Engine, Errno> {
        let config = Config {
            slots: target.slots(),
            pc_shift: target.code_shift() as u8,
            features: host::features(),
            call_pairs: true,
        };
        let compiler = Box::new(Compiler::new(config));
        let cache = CodeCache::default();
        let runtime = Runtime::emit(&compiler, &config, &call_regs(target), &cache, profile.as_mut())?;
        let addresses = Addresses::parse(&options.trace_filter).unwrap_or_default();
        let flags = target.slots().iter().find(|slot| slot.ty == ir::Ty::Flags);
        Ok(Engine {
            target,
            cache,
            // Machine code runs from block to block without a word.
            interprets: options.engine == Kind::Interp || options.trace.runs(),
            watches: target.runs_unannounced_code(),
            calls,
            breakpoints: Breakpoints::default(),
            tracer: Tracer::new(target, options.trace, addresses, log),
            limits: if options.one_insn { Limits { insts: 1, ..Limits::DEFAULT } } else { Limits::DEFAULT },
            stats: options.stats,
            profiles: profile.is_some(),
            workshop: Lock::new(Workshop::new(target, compiler, profile)),
            runtime,
            flags_slot: flags.map(|slot| slot.offset),
            persist,
        })
    }

    /// Tells a thread's context where the runtime is.
    pub fn equip(&self, context: &mut Context) {
        context.set_runtime(self.runtime.base, &self.runtime.stubs);
    }

    /// Runs emitted code from `code` on until it leaves; what [`Context::left`] takes.
    ///
    /// # Safety
    /// `code` must be from the cache, by a thread that is entered in [`CodeCache::residents`], and
    /// `context` equipped and with a stack.
    #[inline]
    pub unsafe fn run(&self, context: &mut Context, code: u64) -> u32 {
        let entry = self.runtime.base + self.runtime.stubs.enter as u64;
        // SAFETY: the runtime emitted a function of this signature there.
        let enter: extern "C" fn(*mut Context, u64) -> u32 = unsafe { std::mem::transmute(entry) };
        enter(context, code)
    }

    /// Where the signal handler sends emitted code that faulted.
    pub fn fault_entry(&self) -> u64 {
        self.runtime.base + self.runtime.stubs.fault as u64
    }

    /// Where a thread that a signal found at host address `rip`, about to make a system call from emitted code, gives it up.
    pub fn call_exit(&self, rip: u64) -> Option<u64> {
        let (base, calls) = (self.runtime.base, self.runtime.stubs.calls);
        let within = (base + calls.begin as u64..base + calls.end as u64).contains(&rip);
        within.then_some(base + calls.stop as u64)
    }

    /// The program counter of a thread in a system call of emitted code's.
    pub fn call_end(&self) -> u64 {
        self.runtime.base + self.runtime.stubs.calls.end as u64
    }

    /// Completes the guest's state after a fault of emitted code. False if the fault is a bug of ours.
    pub fn recover(&self, context: &mut Context) -> bool {
        let locked = self.cache.lock();
        match locked.locate(context.fault.rip) {
            Some(at) => context.recover(at.faults, at.key.pc, at.offset, self.flags_slot),
            None => false,
        }
    }

    /// The guest says that it wrote code: drops the translations that are no longer right, also those that were
    /// made through other mappings of the same memory.
    pub fn code_written(&self, space: &AddressSpace, addr: u64, len: u64) {
        if self.interprets {
            return self.cache.bump();
        }
        let written = match len {
            0 => Range::new(0, u64::MAX),
            _ => Range { start: GuestAddr(addr), end: GuestAddr(addr.saturating_add(len)) },
        };
        let views = if len == 0 { Vec::new() } else { space.code_views(written) };
        let mut locked = self.cache.lock();
        for range in std::iter::once(written).filter(|_| len != 0).chain(views.iter().copied()) {
            // What else knows of a file's code does not notice that the file was changed.
            if locked.units_within(range) {
                locked.detach(range);
                locked.refuse(range);
            }
        }
        for range in std::iter::once(written).chain(views) {
            locked.verify(range, |start, end| fetch::digest_of_code(space, start, end));
        }
    }

    /// A tracer wrote to code, whether the guest may or not: no file says any more what is in these mappings.
    pub fn code_poked(&self, space: &AddressSpace, addr: u64, len: u64) {
        let written = Range { start: GuestAddr(addr), end: GuestAddr(addr.saturating_add(len)) };
        let regions = space.regions();
        let mut locked = self.cache.lock();
        for region in regions.iter().filter(|region| region.range.overlaps(written)) {
            locked.detach(region.range);
            locked.refuse(region.range);
        }
        drop(locked);
        self.code_written(space, addr, len);
    }

    /// The guest's mappings changed: suspends the translations of what was executable there.
    pub fn mappings_changed(&self, space: &AddressSpace, changed: &memory::Changed) {
        if changed.is_empty() {
            return;
        }
        if self.interprets {
            return self.cache.bump();
        }
        let views: Vec<Range> = changed.ranges.iter().flat_map(|&range| space.code_views(range)).collect();
        let mut locked = self.cache.lock();
        changed.ranges.iter().chain(&views).for_each(|&range| {
            locked.detach(range);
            locked.suspend(range);
        });
    }

    /// The guest is about to write to `range`: suspends the translations of what is watched there, and lets it write.
    /// True if anything was watched.
    pub fn open_watched(&self, space: &AddressSpace, range: Range) -> bool {
        // Held, so that nobody translates the bytes between.
        let mut locked = self.cache.lock();
        let changed = space.watched(range);
        if changed.is_empty() {
            return false;
        }
        match self.interprets {
            true => self.cache.bump(),
            false => changed.ranges.iter().for_each(|&code| {
                locked.detach(code);
                locked.suspend(code);
            }),
        }
        space.open(range)
    }

    /// Keeps on disk what was translated, for other runs: when the process ends or becomes another program.
    pub fn save(&self) {
        if let Some(persist) = &self.persist {
            let _in_order = self.workshop.lock();
            persist.save(&mut self.cache.lock());
        }
    }

    /// Takes over what forked children kept on disk, for those to come: each time that the number of them is a power of two.
    pub fn catch_up(&self, forks: u32) {
        if let Some(persist) = self.persist.as_ref().filter(|_| forks.is_power_of_two()) {
            let _in_order = self.workshop.lock();
            persist.catch_up_with_all(&mut self.cache.lock());
        }
    }

    /// What was translated so far.
    pub fn translation(&self) -> Translation {
        self.workshop.lock().counts
    }

    /// Holds still what a forked child must not find locked.
    pub fn lock_for_fork(&self) -> impl Sized + '_ {
        let workshop = self.workshop.lock();
        let cache = self.cache.lock();
        let residents = self.cache.residents.lock_for_fork();
        (residents, cache, workshop, self.breakpoints.lock_for_fork(), self.tracer.as_ref().map(Tracer::lock_for_fork))
    }

    /// The process is a forked child: what its parent has translated the parent will keep, and what perf is told of it is its
    /// own, and so is its code.
    pub fn begin_child(&self, hidden: &HiddenFds) {
        {
            let mut cache = self.cache.lock();
            cache.mark_saved();
            cache.outdate_units();
        }
        if !self.profiles {
            return;
        }
        if let Some(profile) = &mut self.workshop.lock().profile {
            profile.in_child(hidden);
        }
        // There are new hidden descriptors.
        self.calls.close();
        self.cache.lock().flush();
    }

    /// Releases the locks if a vfork child died holding them.
    pub fn recover_after_vfork(&self) {
        self.workshop.recover();
        self.cache.recover_after_vfork();
        self.breakpoints.recover_after_vfork();
    }

    /// Has the guest stop at `addr`, or no longer. False where nothing changed.
    pub fn set_breakpoint(&self, addr: u64, wanted: bool) -> bool {
        let changed = self.breakpoints.set(addr, wanted);
        if changed {
            self.cache.lock().suspend(Range::new(addr, addr + 1));
            self.cache.bump();
        }
        changed
    }
}

/// Where the registers of a target's system calls are.
fn call_regs(target: &dyn Target) -> CallRegs {
    let at = |slot: ir::SlotId| target.slots()[slot.0 as usize].offset;
    let slots = target.syscall_slots();
    CallRegs { number: at(slots.number), args: slots.args.map(at), result: at(slots.result) }
}

impl Runtime {
    fn emit(
        compiler: &Compiler,
        config: &Config,
        regs: &CallRegs,
        cache: &CodeCache,
        profile: Option<&mut Profile>,
    ) -> Result<Runtime, Errno> {
        let mut arena = Arena::map()?;
        cache.ranges.add(arena.base(), crate::cache::ARENA as u64);
        let (base, room) = arena.free().ok_or(Errno::ENOMEM)?;
        let mut buf = CodeBuf::new(room);
        let stubs = emit_runtime(&mut buf, compiler.pins(), regs, config.pc_shift).map_err(|_| Errno::ENOMEM)?;
        if let (Some(profile), Ok(bytes)) = (profile, buf.written()) {
            profile.runtime(base, bytes);
        }
        // It serves for the life of the process.
        std::mem::forget(arena);
        Ok(Runtime { base, stubs })
    }
}
