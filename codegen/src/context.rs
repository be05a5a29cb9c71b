//! The memory behind `rbp`: guest state, what the run loop and emitted code tell each other, and
//! the constants that emitted code reads.
//!
//! `rbp` points 128 bytes into it, so that the first 256 bytes have 8-bit displacements: what polls and exits name, and
//! the first 192 bytes of guest state. Emitted code names fields by the offsets in [`field`].

use crate::constants::Constants;
use crate::direct::{CLOSED, DirectCalls};
use crate::lookup::Lookup;
use ir::{GuestState, VecArgs};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Helpers a target may declare.
pub const MAX_HELPERS: usize = 256;
/// Values that one block may have in memory because registers ran out.
pub(crate) const SPILL_WORDS: usize = 256;
/// The bias of `rbp`.
pub const BIAS: i32 = 128;

/// The state of one guest thread as emitted code sees it.
///
/// A run loop owns it; the signal handler of the same thread writes [`Context::stack_limit`] and
/// [`Context::fault`] while emitted code runs.
///
/// All zeros is a context that [`Context::set_up`] was not called on yet. It is aligned no more than allocators
/// align, so that they can give zeroed memory that was not touched: most of it is a table that fills slowly.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct Context {
    /// Polls leave emitted code while `rsp` is below this.
    stack_limit: AtomicU64,
    /// Addresses of the runtime's entries for exits, see [`crate::Stubs`].
    pub(crate) exits: ExitEntries,
    /// Guest registers. Exact whenever no emitted code is running.
    pub guest: GuestState,
    /// What `stack_limit` is without a request.
    normal_limit: u64,
    /// Where the empty stack of call pairs begins.
    stack_base: u64,
    /// `rsp` of emitted code while it does not run.
    code_rsp: u64,
    /// `rsp` of the run loop while emitted code runs.
    host_rsp: u64,
    host_mxcsr: u32,
    /// MXCSR of emitted code: the guest's modes; the sticky flags are [`GuestState::fp_flags`].
    guest_mxcsr: u32,
    /// Room for stmxcsr.
    mxcsr_scratch: u32,
    /// EFLAGS at a fault, as `lahf; seto al` leaves them in AX.
    pub(crate) fault_flags: u32,
    /// Address of the exit of the linkable jump that was left through, 0 if none.
    pub(crate) exit_link: u64,
    /// Operands of [`ir::Exit::Invalidate`].
    pub(crate) exit_addr: u64,
    pub(crate) exit_len: u64,
    /// Addresses of what [`Context::set_calls`] was told.
    calls: u64,
    pending: u64,
    running: u64,
    /// What the SIGSEGV handler saw.
    pub fault: FaultInfo,
    /// Addresses of the runtime's other entries.
    pub(crate) entries: Entries,
    /// Operands and result of a call with integers.
    call_args: [u64; 4],
    /// Operands and result of a call with vectors.
    vec_args: VecArgs,
    /// Registers that a called function may change, while it runs; vector registers at a fault.
    pub(crate) save: [u128; Context::SAVED],
    /// What was in the memory of pinned slots at a fault, by [`crate::faults::saved_at`]; in the places of other
    /// general registers, these.
    pub(crate) fault_slots: [u128; 48],
    spill: [u128; SPILL_WORDS / 2],
    /// Functions of the code generator, then those of the target.
    functions: [u64; crate::runtime::BUILTINS + MAX_HELPERS],
    constants: Constants,
    /// What indirect branches find code by.
    pub lookup: Lookup,
}

/// Where a memory access of emitted code faulted.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C)]
pub struct FaultInfo {
    /// Host address of the instruction.
    pub rip: u64,
    /// Guest address it accessed.
    pub addr: u64,
}

/// Addresses that emitted code leaves by, through `rbp`.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C)]
pub(crate) struct ExitEntries {
    pub link: u64,
    pub code: u64,
    pub link_low: u64,
    pub code_low: u64,
    pub link_near: u64,
    pub code_near: u64,
    pub return_miss: u64,
}

/// Other addresses that it jumps to.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C)]
pub(crate) struct Entries {
    pub miss: u64,
    pub syscall: u64,
    pub call_int: u64,
    pub call_vec: u64,
}

impl Context {
    pub(crate) const SAVED: usize = 32;

    /// Makes a context that is all zeros ready for a target with these helpers.
    pub fn set_up(&mut self, helpers: &[ir::Helper]) {
        crate::runtime::fill(&mut self.functions);
        for (entry, helper) in self.functions[crate::runtime::BUILTINS..].iter_mut().zip(helpers) {
            *entry = match helper.function {
                ir::HelperFn::Int(f) => f as usize as u64,
                ir::HelperFn::Vec(f) => f as usize as u64,
            };
        }
        self.stack_limit = AtomicU64::new(u64::MAX);
        self.normal_limit = u64::MAX;
        (self.host_mxcsr, self.guest_mxcsr) = (MXCSR_DEFAULT, MXCSR_DEFAULT);
        self.constants = Constants::NEW;
        self.calls = (&raw const CLOSED) as u64;
        self.lookup.set_up();
    }

    /// Has emitted code make system calls itself: those of `calls`, unless `pending` is not 0; meanwhile `running` is
    /// [`OUTSIDE`](crate::OUTSIDE). All three must be there for as long as emitted code runs on this context.
    pub fn set_calls(&mut self, calls: &'static DirectCalls, pending: &AtomicU32, running: &AtomicU64) {
        self.calls = (&raw const *calls) as u64;
        self.pending = pending.as_ptr() as u64;
        self.running = running.as_ptr() as u64;
    }

    /// Gives emitted code its stack, `low..high`. It holds call pairs and the frames of helpers
    /// (the low 64 KiB are kept for these), nothing of the guest's.
    pub fn set_stack(&mut self, low: u64, high: u64) {
        self.normal_limit = low + HELPER_STACK;
        self.stack_base = (high - 64) & !15;
        self.code_rsp = self.stack_base;
        self.clear_request();
    }

    /// Forgets the call pairs: after code was freed that they return to, and when they are too many.
    pub fn reset_calls(&mut self) {
        self.code_rsp = self.stack_base;
    }

    /// Whether the call pairs reached their bound; an `Interrupted` exit then is for [`Context::reset_calls`].
    #[inline]
    pub fn calls_exhausted(&self) -> bool {
        self.code_rsp < self.normal_limit
    }

    /// The word a signal handler sets to `u64::MAX` to have polls leave emitted code.
    pub fn stack_limit(&self) -> &AtomicU64 {
        &self.stack_limit
    }

    /// Withdraws the request to leave.
    #[inline]
    pub fn clear_request(&self) {
        self.stack_limit.store(self.normal_limit, Ordering::Relaxed);
    }

    /// Sets the guest's rounding and flush modes.
    #[inline]
    pub fn set_fp_control(&mut self, control: ir::FpControl) {
        self.guest_mxcsr = control.mxcsr();
    }
}

/// Stack kept for the frames of helpers below the last call pair.
const HELPER_STACK: u64 = 64 << 10;
/// All exceptions masked, to nearest even.
pub const MXCSR_DEFAULT: u32 = 0x1f80;
/// The sticky exceptions in MXCSR.
pub const MXCSR_FLAGS: u32 = 0x3f;

/// Displacements from `rbp`.
pub(crate) mod field {
    use super::{BIAS, Context, Entries, ExitEntries, FaultInfo};
    use crate::lookup::Entry;
    use std::mem::offset_of;

    macro_rules! fields {
        ($($name:ident = $($path:tt).+;)*) => {
            $( pub const $name: i32 = offset_of!(Context, $($path).+) as i32 - BIAS; )*
        };
    }

    /// Of a field that is near.
    const fn near(offset: usize) -> i8 {
        let disp = offset as i32 - BIAS;
        assert!(disp as i8 as i32 == disp, "an 8-bit displacement");
        disp as i8
    }

    fields! {
        GUEST = guest;
        PC = guest.pc;
        FP_FLAGS = guest.fp_flags;
        STACK_BASE = stack_base;
        CODE_RSP = code_rsp;
        HOST_RSP = host_rsp;
        HOST_MXCSR = host_mxcsr;
        GUEST_MXCSR = guest_mxcsr;
        MXCSR_SCRATCH = mxcsr_scratch;
        FAULT_FLAGS = fault_flags;
        LEFT_BY = exit_link;
        EXIT_ADDR = exit_addr;
        EXIT_LEN = exit_len;
        CALLS = calls;
        PENDING = pending;
        RUNNING = running;
        ENTRIES = entries;
        CALL_ARGS = call_args;
        VEC_ARGS = vec_args;
        VEC_IMM = vec_args.imm;
        VEC_MXCSR = vec_args.mxcsr;
        VEC_RAISED = vec_args.raised;
        SAVE = save;
        FAULT_SLOTS = fault_slots;
        SPILL = spill;
        FUNCTIONS = functions;
        CONSTANTS = constants;
        LOOKUP = lookup.near;
        LOOKUP_FAR = lookup.far;
    }

    pub const LOOKUP_CODE: i32 = LOOKUP + offset_of!(Entry, code) as i32;
    pub const LOOKUP_FAR_CODE: i32 = LOOKUP_FAR + offset_of!(Entry, code) as i32;
    pub const ENTRY_MISS: i32 = ENTRIES + offset_of!(Entries, miss) as i32;
    pub const ENTRY_SYSCALL: i32 = ENTRIES + offset_of!(Entries, syscall) as i32;
    pub const ENTRY_CALL_INT: i32 = ENTRIES + offset_of!(Entries, call_int) as i32;
    pub const ENTRY_CALL_VEC: i32 = ENTRIES + offset_of!(Entries, call_vec) as i32;

    pub const STACK_LIMIT: i8 = near(offset_of!(Context, stack_limit));
    pub const EXIT_LINK: i8 = exit(offset_of!(ExitEntries, link));
    pub const EXIT_CODE: i8 = exit(offset_of!(ExitEntries, code));
    pub const EXIT_LINK_LOW: i8 = exit(offset_of!(ExitEntries, link_low));
    pub const EXIT_CODE_LOW: i8 = exit(offset_of!(ExitEntries, code_low));
    pub const EXIT_LINK_NEAR: i8 = exit(offset_of!(ExitEntries, link_near));
    pub const EXIT_CODE_NEAR: i8 = exit(offset_of!(ExitEntries, code_near));
    pub const EXIT_RETURN_MISS: i8 = exit(offset_of!(ExitEntries, return_miss));

    const fn exit(entry: usize) -> i8 {
        near(offset_of!(Context, exits) + entry)
    }

    const _: () = assert!(size_of::<FaultInfo>() == 16);
}
