//! The runtime: the code by which emitted code is entered, left, and calls functions. It is emitted
//! once per process and the same for all threads; blocks reach it through [`Context`].

use crate::buffer::{CodeBuf, Full, asm};
use crate::context::{Context, Entries, ExitEntries, field};
use crate::direct::{self, CallRegs, Range};
use crate::encode::{Amode, Rm};
use crate::exit::RawExit;
use crate::flags::cc;
use crate::lookup;
use crate::regs::{Pin, Pins};
use crate::vectors::Vop;
use crate::vectors::rows::{MOVAPS, MOVSD, MOVSS};
use dynasmrt::DynasmApi;
use ir::Ty;

/// Offsets of the runtime's entries.
#[derive(Clone, Copy, Debug)]
pub struct Stubs {
    /// `extern "C" fn(context: *mut Context, code: u64) -> u32`: runs emitted code from `code` until it
    /// leaves. [`Context::left`] says what the result means.
    pub enter: usize,
    /// Where the SIGSEGV handler sends `rip` after a fault in emitted code, once it has
    /// filled [`Context::fault`].
    pub fault: usize,
    /// Where emitted code makes system calls.
    pub calls: Range,
    /// Bytes of code.
    pub len: usize,
    link: usize,
    code: usize,
    link_low: usize,
    code_low: usize,
    link_near: usize,
    code_near: usize,
    miss: usize,
    return_miss: usize,
    syscall: usize,
    call_int: usize,
    call_vec: usize,
}

impl Context {
    /// Tells emitted code where the runtime is: `stubs` emitted at host address `base`.
    pub fn set_runtime(&mut self, base: u64, stubs: &Stubs) {
        self.exits = ExitEntries {
            link: base + stubs.link as u64,
            code: base + stubs.code as u64,
            link_low: base + stubs.link_low as u64,
            code_low: base + stubs.code_low as u64,
            link_near: base + stubs.link_near as u64,
            code_near: base + stubs.code_near as u64,
            return_miss: base + stubs.return_miss as u64,
        };
        self.entries = Entries {
            miss: base + stubs.miss as u64,
            syscall: base + stubs.syscall as u64,
            call_int: base + stubs.call_int as u64,
            call_vec: base + stubs.call_vec as u64,
        };
    }
}

/// Emits the runtime for a target with these pins and registers of system calls; `pc_shift` as in [`crate::Config`].
pub fn emit_runtime(buf: &mut CodeBuf<'_>, pins: &Pins, regs: &CallRegs, pc_shift: u8) -> Result<Stubs, Full> {
    let enter = buf.len();
    emit_enter(buf, pins);
    let leave = buf.len();
    let stored = emit_leave(buf, pins);
    let mut at = [0; 10];
    let leave_by = |buf: &mut CodeBuf<'_>| {
        asm!(buf; jmp DWORD 0);
        let field = buf.len() - 4;
        buf.bind_to(field, leave);
    };
    let forms = [Named::Whole, Named::Low, Named::Near];
    for (at, (form, links)) in at.iter_mut().zip(forms.into_iter().flat_map(|form| [(form, true), (form, false)])) {
        *at = buf.len();
        emit_exit(buf, form, links);
        leave_by(buf);
    }
    let emitters: [fn(&mut CodeBuf<'_>, &Pins); 2] = [emit_miss, emit_fault];
    for (at, emit) in at[6..].iter_mut().zip(emitters) {
        *at = buf.len();
        emit(buf, pins);
        leave_by(buf);
    }
    for (at, vectors) in at[8..].iter_mut().zip([false, true]) {
        *at = buf.len();
        emit_call(buf, vectors, pins.xmm_count());
    }
    let [link, code, link_low, code_low, link_near, code_near, miss, fault, call_int, call_vec] = at;
    let return_miss = buf.len();
    emit_return_miss(buf, pc_shift, miss);
    let (syscall, calls) = direct::emit(buf, pins, regs, stored);
    buf.written()?;
    let len = buf.len();
    Ok(Stubs {
        enter,
        fault,
        calls,
        len,
        link,
        code,
        link_low,
        code_low,
        link_near,
        code_near,
        miss,
        return_miss,
        syscall,
        call_int,
        call_vec,
    })
}

fn emit_enter(buf: &mut CodeBuf<'_>, pins: &Pins) {
    asm!(buf
        ; push rbx ; push rbp ; push r12 ; push r13 ; push r14 ; push r15
        ; lea rbp, [rdi + crate::context::BIAS]
        ; mov [rbp + field::HOST_RSP], rsp
        ; stmxcsr [rbp + field::HOST_MXCSR]
        ; mov eax, [rbp + field::GUEST_MXCSR]
        ; or eax, [rbp + field::FP_FLAGS]
        ; mov [rbp + field::MXCSR_SCRATCH], eax
        ; ldmxcsr [rbp + field::MXCSR_SCRATCH]
        ; mov rsp, [rbp + field::CODE_RSP]
        // The pair at the stack's base matches one return at the most, which finds no call.
        ; mov rax, [rbp + field::STACK_BASE]
        ; mov rcx, [BYTE rbp + field::EXIT_RETURN_MISS]
        ; mov [rax], rcx
        ; mov QWORD [rax + 8], -1
        ; mov rax, rsi
    );
    pins.iter().for_each(|pin| load(buf, pin));
    asm!(buf; jmp rax);
}

/// What all exits end in; `eax` is the result. Returns where those begin that have stored the pinned registers.
fn emit_leave(buf: &mut CodeBuf<'_>, pins: &Pins) -> usize {
    pins.iter().for_each(|pin| store(buf, pin));
    let stored = buf.len();
    asm!(buf
        ; mov [rbp + field::CODE_RSP], rsp
        ; stmxcsr [rbp + field::MXCSR_SCRATCH]
        ; ldmxcsr [rbp + field::HOST_MXCSR]
        ; mov ecx, [rbp + field::MXCSR_SCRATCH]
        ; and ecx, crate::context::MXCSR_FLAGS as i32
        ; mov [rbp + field::FP_FLAGS], ecx
        ; mov rsp, [rbp + field::HOST_RSP]
        ; pop r15 ; pop r14 ; pop r13 ; pop r12 ; pop rbp ; pop rbx
        ; ret
    );
    stored
}

pub(crate) fn load(buf: &mut CodeBuf<'_>, pin: &Pin) {
    let (reg, at) = (pin.reg, field::GUEST + pin.offset as i32);
    match pin.ty {
        Ty::I64 => asm!(buf; mov Rq(reg), [rbp + at]),
        Ty::I32 => asm!(buf; mov Rd(reg), [rbp + at]),
        Ty::V128 => move_xmm(buf, MOVAPS, reg, at),
        Ty::F64 => move_xmm(buf, MOVSD, reg, at),
        _ => move_xmm(buf, MOVSS, reg, at),
    }
}

pub(crate) fn store(buf: &mut CodeBuf<'_>, pin: &Pin) {
    let (reg, at) = (pin.reg, field::GUEST + pin.offset as i32);
    match pin.ty {
        Ty::I64 => asm!(buf; mov [rbp + at], Rq(reg)),
        Ty::I32 => asm!(buf; mov [rbp + at], Rd(reg)),
        Ty::V128 => move_xmm(buf, MOVAPS.next(), reg, at),
        Ty::F64 => move_xmm(buf, MOVSD.next(), reg, at),
        _ => move_xmm(buf, MOVSS.next(), reg, at),
    }
}

/// Between a vector register and the context; registers from 16 on are there with AVX-512 alone.
fn move_xmm(buf: &mut CodeBuf<'_>, row: Vop, reg: u8, at: i32) {
    let at = Rm::Mem(Amode::context(at));
    if reg < 16 { buf.legacy(row, reg, at) } else { buf.vex(row, reg, 0, at) }
}

/// Bytes of the call that an exit begins with.
pub const EXIT_CALL: usize = 3;

/// How an exit names a guest address, behind the call that it is.
#[derive(Clone, Copy)]
enum Named {
    /// By eight bytes.
    Whole,
    /// By its lower four; the others are zero.
    Low,
    /// By its distance from there, in four bytes.
    Near,
}

/// An exit with a known address. That of an unlinked jump tells where it is, any other one its number, in the byte behind
/// the address.
fn emit_exit(buf: &mut CodeBuf<'_>, named: Named, links: bool) {
    asm!(buf; pop rcx);
    match named {
        Named::Whole => asm!(buf; mov rax, [rcx]),
        Named::Low => asm!(buf; mov eax, [rcx]),
        Named::Near => asm!(buf; movsxd rax, DWORD [rcx] ; add rax, rcx),
    }
    asm!(buf; mov [rbp + field::PC], rax);
    if links {
        asm!(buf
            ; sub rcx, EXIT_CALL as i32
            ; mov [rbp + field::LEFT_BY], rcx
            ; mov eax, RawExit::Link as i32
        );
    } else {
        let behind = if matches!(named, Named::Whole) { 8 } else { 4 };
        asm!(buf; movzx eax, BYTE [rcx + behind]);
    }
}

/// An indirect branch to `rax` that the inline table doesn't know, or whose poll saw a request: both go on at `rax`.
fn emit_miss(buf: &mut CodeBuf<'_>, _: &Pins) {
    asm!(buf; cmp rsp, [BYTE rbp + field::STACK_LIMIT]);
    let polled = buf.jcc8(cc::B);
    lookup::far_offset(buf);
    asm!(buf; cmp rax, [rbp + rcx + field::LOOKUP_FAR]);
    let missed = buf.jcc8(cc::NE);
    asm!(buf; jmp QWORD [rbp + rcx + field::LOOKUP_FAR_CODE]);
    buf.bind8(polled);
    buf.bind8(missed);
    asm!(buf
        ; mov [rbp + field::PC], rax
        ; mov ecx, RawExit::Miss as i32
        ; mov eax, RawExit::Interrupted as i32
        ; cmp rsp, [BYTE rbp + field::STACK_LIMIT]
        ; cmovae eax, ecx
    );
}

/// A return to `rax` that does not match the latest call: the pairs are of no use, it is an indirect branch.
fn emit_return_miss(buf: &mut CodeBuf<'_>, pc_shift: u8, miss: usize) {
    asm!(buf ; mov rsp, [rbp + field::STACK_BASE] ; cmp rsp, [BYTE rbp + field::STACK_LIMIT]);
    let polled = buf.jcc(cc::B);
    lookup::near_offset(buf, pc_shift);
    asm!(buf; cmp rax, [rbp + rcx + field::LOOKUP]);
    let missed = buf.jcc(cc::NE);
    asm!(buf; jmp QWORD [rbp + rcx + field::LOOKUP_CODE]);
    buf.bind_to(polled, miss);
    buf.bind_to(missed, miss);
}

/// A fault: pinned registers may be in use for something else, and the memory of their slots, which leaving
/// overwrites, hold what [`Context::recover`] needs. So may temporaries, which leaving loses.
fn emit_fault(buf: &mut CodeBuf<'_>, pins: &Pins) {
    asm!(buf
        ; lahf
        ; seto al
        ; mov [rbp + field::FAULT_FLAGS], eax
    );
    for pin in pins.iter() {
        let (from, to) = (
            field::GUEST + pin.offset as i32,
            field::FAULT_SLOTS + crate::faults::saved_at(pin.reg, pin.ty) as i32 * 16,
        );
        if pin.ty == Ty::I32 {
            // It is nobody else's inside a block, and may hold more than its slot.
            asm!(buf; mov [rbp + to], Rq(pin.reg));
            continue;
        }
        for half in (0..pin.ty.bytes() as i32).step_by(8) {
            asm!(buf; mov rax, [rbp + from + half] ; mov [rbp + to + half], rax);
        }
    }
    let temps = |class: u32| (0..32).filter(move |&reg| class >> reg & 1 != 0);
    let [gprs, xmms] = pins.temps();
    for reg in temps(gprs) {
        asm!(buf; mov [rbp + field::FAULT_SLOTS + reg as i32 * 16], Rq(reg));
    }
    let narrow = pins.iter().filter(|pin| pin.ty.is_vec() && !crate::late::is_shown(pin)).map(|pin| pin.reg);
    for reg in temps(xmms).chain(narrow) {
        move_xmm(buf, MOVAPS.next(), reg, field::SAVE + reg as i32 * 16);
    }
    asm!(buf; mov eax, RawExit::Fault as i32);
}

/// Calls function number `eax` with the operands in the context, changing no register but `rax`.
fn emit_call(buf: &mut CodeBuf<'_>, vectors: bool, xmms: u8) {
    asm!(buf; push rcx ; push rdx ; push rsi ; push rdi ; push r8 ; push r9 ; push r10 ; push r11 ; sub rsp, 8);
    for reg in 0..xmms {
        move_xmm(buf, MOVAPS.next(), reg, field::SAVE + reg as i32 * 16);
    }
    if vectors {
        asm!(buf
            ; stmxcsr [rbp + field::VEC_MXCSR]
            ; mov DWORD [rbp + field::VEC_RAISED], 0
            ; lea rdi, [rbp + field::VEC_ARGS]
            ; call QWORD [rbp + rax * 8 + field::FUNCTIONS]
            ; stmxcsr [rbp + field::MXCSR_SCRATCH]
            ; mov eax, [rbp + field::VEC_RAISED]
            ; or [rbp + field::MXCSR_SCRATCH], eax
            ; ldmxcsr [rbp + field::MXCSR_SCRATCH]
        );
    } else {
        asm!(buf
            ; mov rdi, [rbp + field::CALL_ARGS]
            ; mov rsi, [rbp + field::CALL_ARGS + 8]
            ; mov rdx, [rbp + field::CALL_ARGS + 16]
            ; mov rcx, [rbp + field::CALL_ARGS + 24]
            ; call QWORD [rbp + rax * 8 + field::FUNCTIONS]
        );
    }
    for reg in 0..xmms {
        move_xmm(buf, MOVAPS, reg, field::SAVE + reg as i32 * 16);
    }
    asm!(buf; add rsp, 8 ; pop r11 ; pop r10 ; pop r9 ; pop r8 ; pop rdi ; pop rsi ; pop rdx ; pop rcx ; ret);
}
