//! System calls that emitted code makes itself: those that the host takes with the guest's own arguments.
//!
//! A block that ends in a system call calls the runtime's routine ([`emit`]). It looks the number up in the process'
//! [`DirectCalls`]; where the call is one of them, it brings the guest's state up to date, declares that the thread is
//! out of emitted code, makes the call, and goes back to the block, which jumps on to the next one. Anything else it
//! leaves to the run loop. What is saved is the run loop's round, and reading back the vector registers, which the
//! kernel keeps.
//!
//! The call stands in a restart range as the run loop's own do (memory/src/sys.rs): a signal that comes between the last
//! look at the pending flag and the `syscall` instruction, or that makes the kernel restart the call, has the handler go
//! to [`Range::stop`].

use crate::buffer::{CodeBuf, asm};
use crate::context::{MXCSR_FLAGS, field};
use crate::exit::RawExit;
use crate::flags::cc;
use crate::regs::{Pins, RDI, RDX, RSI};
use crate::stubs::{load, store};
use dynasmrt::DynasmApi;
use std::mem::offset_of;
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls there is room for.
pub const MAX_CALLS: usize = 512;
/// `running` of a thread that is not in emitted code ([`Context::set_calls`](crate::Context::set_calls)).
pub const OUTSIDE: u64 = u64::MAX;

/// Where in the guest's state a system call's registers are, as offsets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallRegs {
    /// The number.
    pub number: u16,
    /// The arguments.
    pub args: [u16; 6],
    /// The result.
    pub result: u16,
}

/// What an argument must be for the host to get it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Limit {
    /// Anything.
    None,
    /// An address without a tag.
    Address,
    /// A descriptor below those that are not the guest's.
    Descriptor,
}

/// A call: the host's number and what its arguments must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct DirectCall {
    number: u16,
    limits: [Limit; 6],
}

impl DirectCall {
    /// One that is not made directly.
    const NONE: DirectCall = DirectCall { number: NO_CALL, limits: [Limit::None; 6] };

    /// The host's call `number`.
    pub fn new(number: u16, limits: [Limit; 6]) -> DirectCall {
        DirectCall { number, limits }
    }
}

const NO_CALL: u16 = u16::MAX;

/// The calls of a process that emitted code makes itself.
#[derive(Debug)]
#[repr(C)]
pub struct DirectCalls {
    /// Numbers below this are looked at; 0 where the run loop is to see all calls.
    bound: AtomicU64,
    /// No argument may be larger, by [`Limit`].
    limits: [u64; 3],
    calls: [DirectCall; MAX_CALLS],
}

impl DirectCalls {
    /// None.
    pub const fn closed() -> DirectCalls {
        DirectCalls { bound: AtomicU64::new(0), limits: [u64::MAX; 3], calls: [DirectCall::NONE; MAX_CALLS] }
    }

    /// Those that `calls` names by the guest's numbers, where addresses and descriptors are no larger than said.
    pub fn new(calls: impl Iterator<Item = (usize, DirectCall)>, address: u64, descriptor: u64) -> Box<DirectCalls> {
        let mut all = Box::new(DirectCalls::closed());
        all.limits = [u64::MAX, address, descriptor];
        for (number, call) in calls {
            if let Some(to) = all.calls.get_mut(number) {
                *to = call;
            }
        }
        *all.bound.get_mut() = MAX_CALLS as u64;
        all
    }

    /// Has all threads leave all calls to the run loop from now on.
    pub fn close(&self) {
        self.bound.store(0, Ordering::SeqCst);
    }
}

/// Of a context that was told of no calls.
pub(crate) static CLOSED: DirectCalls = DirectCalls::closed();

const BOUND: i32 = offset_of!(DirectCalls, bound) as i32;
const LIMITS: i32 = offset_of!(DirectCalls, limits) as i32;
const CALLS: i32 = offset_of!(DirectCalls, calls) as i32;
const CALL_LIMITS: i32 = offset_of!(DirectCall, limits) as i32;
const _: () = assert!(size_of::<DirectCall>() == 8 && offset_of!(DirectCall, number) == 0);

/// Where a call is made: a signal whose program counter is within `begin..end` goes to `stop`.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The look at the pending flag.
    pub begin: usize,
    /// Behind the `syscall` instruction.
    pub end: usize,
    /// Where the call is given up.
    pub stop: usize,
}

/// Registers of the host's arguments (x86-64 psABI, A.2.1).
const ARGS: [u8; 6] = [RDI, RSI, RDX, 10, 8, 9];

/// Emits the routine: `rax` is the guest's address behind the call. `leave` is what exits end in once the pinned
/// registers were stored.
pub(crate) fn emit(buf: &mut CodeBuf<'_>, pins: &Pins, regs: &CallRegs, leave: usize) -> (usize, Range) {
    let entry = buf.len();
    let refused = prepare(buf, pins, regs);
    asm!(buf
        ; mov r13, [rbp + field::PENDING]
        ; mov r14, [rbp + field::RUNNING]
        ; mov r15, [r14]
        ; mov QWORD [r14], OUTSIDE as i32
    );
    let begin = buf.len();
    asm!(buf; cmp DWORD [r13], 0);
    let pending = buf.jcc(cc::NE);
    asm!(buf; syscall);
    let end = buf.len();
    asm!(buf
        ; mov [rbp + field::GUEST + regs.result as i32], rax
        // Back in code, then a look whether that is still right: the order in which who frees code does the two.
        ; xchg [r14], r15
        ; cmp rsp, [BYTE rbp + field::STACK_LIMIT]
    );
    let asked = buf.jcc(cc::B);
    pins.iter().filter(|pin| pin.ty.is_int()).for_each(|pin| load(buf, pin));
    asm!(buf; ret);
    for field in refused {
        buf.bind(field);
    }
    asm!(buf; mov eax, RawExit::Syscall as i32);
    let out = buf.jmp();
    buf.bind(asked);
    asm!(buf; mov eax, RawExit::Interrupted as i32);
    let out_too = buf.jmp();
    buf.bind(pending);
    let stop = buf.len();
    // The kernel leaves the address behind the instruction in `rcx`, where it would restart the call.
    asm!(buf; lea rdx, [rip + 0]);
    buf.bind_to(buf.len() - 4, end);
    asm!(buf
        ; mov eax, RawExit::Syscall as i32
        ; mov esi, RawExit::Restart as i32
        ; cmp rcx, rdx
        ; cmove eax, esi
    );
    buf.bind(out);
    buf.bind(out_too);
    asm!(buf; add rsp, 8);
    let left = buf.jmp();
    buf.bind_to(left, leave);
    (entry, Range { begin, end, stop })
}

/// Brings the guest's state up to date and loads number and arguments; the jumps that are taken if the call is not one
/// that is made directly.
fn prepare(buf: &mut CodeBuf<'_>, pins: &Pins, regs: &CallRegs) -> Vec<usize> {
    asm!(buf; mov [rbp + field::PC], rax);
    pins.iter().for_each(|pin| store(buf, pin));
    asm!(buf
        ; stmxcsr [rbp + field::MXCSR_SCRATCH]
        ; mov ecx, [rbp + field::MXCSR_SCRATCH]
        ; and ecx, MXCSR_FLAGS as i32
        ; mov [rbp + field::FP_FLAGS], ecx
        ; mov rbx, [rbp + field::CALLS]
        ; mov rax, [rbp + field::GUEST + regs.number as i32]
        ; cmp rax, [rbx + BOUND]
    );
    let mut refused = vec![buf.jcc(cc::AE)];
    asm!(buf
        ; lea r12, [rbx + rax * 8 + CALLS]
        ; movzx eax, WORD [r12]
        ; cmp eax, NO_CALL as i32
    );
    refused.push(buf.jcc(cc::E));
    for (i, reg) in ARGS.into_iter().enumerate() {
        asm!(buf
            ; mov Rq(reg), [rbp + field::GUEST + regs.args[i] as i32]
            ; movzx ecx, BYTE [r12 + CALL_LIMITS + i as i32]
            ; cmp Rq(reg), [rbx + rcx * 8 + LIMITS]
        );
        refused.push(buf.jcc(cc::A));
    }
    refused
}
