//! RV32I and RV64I, the base integer instructions (unprivileged ISA). The shared meanings
//! of this file serve the compressed instructions too.

use ir::{Access, Icond, Mem, Near, Op, Term, Trap, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::{B, Fence, I, J, R, S, Shamt5, Shamt6, U};
use crate::masking::mask_operand;
use crate::regs::Regs;
use crate::vector::{forget_at_call, leaves_for_jump};

instructions! {
    /// Integer computational instructions.
    pub COMPUTE: cpu::I;
    lui   "iiiiiiiiiiiiiiiiiiii ddddd 0110111" |b, f: U| lui(b, f);
    auipc "iiiiiiiiiiiiiiiiiiii ddddd 0010111" |b, f: U| auipc(b, f);

    addi  "iiiiiiiiiiii sssss 000 ddddd 0010011" |b, f: I| alui(b, f, Op::Add);
    slti  "iiiiiiiiiiii sssss 010 ddddd 0010011" |b, f: I| set_less_imm(b, f, Icond::LtS);
    sltiu "iiiiiiiiiiii sssss 011 ddddd 0010011" |b, f: I| set_less_imm(b, f, Icond::LtU);
    xori  "iiiiiiiiiiii sssss 100 ddddd 0010011" |b, f: I| alui(b, f, Op::Xor);
    ori   "iiiiiiiiiiii sssss 110 ddddd 0010011" |b, f: I| or_immediate(b, f);
    andi  "iiiiiiiiiiii sssss 111 ddddd 0010011" |b, f: I| alui(b, f, Op::And);
    slli  "000000 hhhhhh sssss 001 ddddd 0010011" |b, f: Shamt6| alui(b, f.0, Op::Shl);
    srli  "000000 hhhhhh sssss 101 ddddd 0010011" |b, f: Shamt6| alui(b, f.0, Op::Shr);
    srai  "010000 hhhhhh sssss 101 ddddd 0010011" |b, f: Shamt6| alui(b, f.0, Op::Sar);

    add   "0000000 ttttt sssss 000 ddddd 0110011" |b, f: R| alu(b, f, Op::Add);
    sub   "0100000 ttttt sssss 000 ddddd 0110011" |b, f: R| alu(b, f, Op::Sub);
    sll   "0000000 ttttt sssss 001 ddddd 0110011" |b, f: R| alu(b, f, Op::Shl);
    slt   "0000000 ttttt sssss 010 ddddd 0110011" |b, f: R| set_less(b, f, Icond::LtS);
    sltu  "0000000 ttttt sssss 011 ddddd 0110011" |b, f: R| set_less(b, f, Icond::LtU);
    xor   "0000000 ttttt sssss 100 ddddd 0110011" |b, f: R| alu(b, f, Op::Xor);
    srl   "0000000 ttttt sssss 101 ddddd 0110011" |b, f: R| alu(b, f, Op::Shr);
    sra   "0100000 ttttt sssss 101 ddddd 0110011" |b, f: R| alu(b, f, Op::Sar);
    or    "0000000 ttttt sssss 110 ddddd 0110011" |b, f: R| alu(b, f, Op::Or);
    and   "0000000 ttttt sssss 111 ddddd 0110011" |b, f: R| alu(b, f, Op::And);

    addiw "iiiiiiiiiiii sssss 000 ddddd 0011011"  |b, f: I| aluiw(b, f, Op::Add);
    slliw "0000000 hhhhh sssss 001 ddddd 0011011" |b, f: Shamt5| aluiw(b, f.0, Op::Shl);
    srliw "0000000 hhhhh sssss 101 ddddd 0011011" |b, f: Shamt5| aluiw(b, f.0, Op::Shr);
    sraiw "0100000 hhhhh sssss 101 ddddd 0011011" |b, f: Shamt5| aluiw(b, f.0, Op::Sar);
    addw  "0000000 ttttt sssss 000 ddddd 0111011" |b, f: R| aluw(b, f, Op::Add);
    subw  "0100000 ttttt sssss 000 ddddd 0111011" |b, f: R| aluw(b, f, Op::Sub);
    sllw  "0000000 ttttt sssss 001 ddddd 0111011" |b, f: R| aluw(b, f, Op::Shl);
    srlw  "0000000 ttttt sssss 101 ddddd 0111011" |b, f: R| aluw(b, f, Op::Shr);
    sraw  "0100000 ttttt sssss 101 ddddd 0111011" |b, f: R| aluw(b, f, Op::Sar);
}

instructions! {
    /// Control transfer.
    pub JUMPS: cpu::I;
    jal  "iiiiiiiiiiiiiiiiiiii ddddd 1101111"   |b, f: J| jal(b, f);
    jalr "iiiiiiiiiiii sssss 000 ddddd 1100111" |b, f: I| jalr(b, f);
    beq  "iiiiiii ttttt sssss 000 iiiii 1100011" |b, f: B| branch(b, f, Icond::Eq);
    bne  "iiiiiii ttttt sssss 001 iiiii 1100011" |b, f: B| branch(b, f, Icond::Ne);
    blt  "iiiiiii ttttt sssss 100 iiiii 1100011" |b, f: B| branch(b, f, Icond::LtS);
    bge  "iiiiiii ttttt sssss 101 iiiii 1100011" |b, f: B| branch(b, f, Icond::GeS);
    bltu "iiiiiii ttttt sssss 110 iiiii 1100011" |b, f: B| branch(b, f, Icond::LtU);
    bgeu "iiiiiii ttttt sssss 111 iiiii 1100011" |b, f: B| branch(b, f, Icond::GeU);
}

instructions! {
    /// Loads and stores.
    pub MEMORY: cpu::I;
    lb  "iiiiiiiiiiii sssss 000 ddddd 0000011" |b, f: I| load(b, f, Access::S8);
    lh  "iiiiiiiiiiii sssss 001 ddddd 0000011" |b, f: I| load(b, f, Access::S16);
    lw  "iiiiiiiiiiii sssss 010 ddddd 0000011" |b, f: I| load(b, f, Access::S32);
    ld  "iiiiiiiiiiii sssss 011 ddddd 0000011" |b, f: I| load(b, f, Access::B64);
    lbu "iiiiiiiiiiii sssss 100 ddddd 0000011" |b, f: I| load(b, f, Access::U8);
    lhu "iiiiiiiiiiii sssss 101 ddddd 0000011" |b, f: I| load(b, f, Access::U16);
    lwu "iiiiiiiiiiii sssss 110 ddddd 0000011" |b, f: I| load(b, f, Access::U32);
    sb  "iiiiiii ttttt sssss 000 iiiii 0100011" |b, f: S| store(b, f, Access::U8);
    sh  "iiiiiii ttttt sssss 001 iiiii 0100011" |b, f: S| store(b, f, Access::U16);
    sw  "iiiiiii ttttt sssss 010 iiiii 0100011" |b, f: S| store(b, f, Access::U32);
    sd  "iiiiiii ttttt sssss 011 iiiii 0100011" |b, f: S| store(b, f, Access::B64);
}

instructions! {
    /// Memory ordering, environment call and breakpoint.
    pub SYSTEM: cpu::I;
    fence  "mmmm pppp uuuu sssss 000 ddddd 0001111" unless "0000 0001 0000 00000 000 00000 0001111" |b, f: Fence| fence(b, f);
    ecall  "000000000000 00000 000 00000 1110011" |b, _f: u32| ecall(b);
    ebreak "000000000001 00000 000 00000 1110011" |b, _f: u32| ebreak(b);
}

instructions! {
    /// Zihintpause: the `fence` that orders nothing.
    pub ZIHINTPAUSE: cpu::ZIHINTPAUSE;
    pause "0000 0001 0000 00000 000 00000 0001111" |b, _f: u32| { b.op(Op::Pause, Ty::None, 0, [Val::NONE; 3], 0); };
}

instructions! {
    /// Zifencei. The fields are reserved for finer fences and ignored.
    pub ZIFENCEI: cpu::ZIFENCEI;
    fence_i "iiiiiiiiiiii sssss 001 ddddd 0001111" |b, _f: u32| fence_i(b);
}

/// rd = rs1 `op` rs2
pub fn alu(b: &mut Lower, f: R, op: Op) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let val = b.bin(op, Ty::I64, rs1, rs2);
    b.set_x(f.rd, val);
}

/// rd = rs1 `op` imm
pub fn alui(b: &mut Lower, f: I, op: Op) {
    let rs1 = b.x(f.rs1);
    let val = b.bin_imm(op, Ty::I64, rs1, f.imm);
    b.set_x(f.rd, val);
}

/// rd = rs1 `op` rs2 on words
pub fn aluw(b: &mut Lower, f: R, op: Op) {
    let (rs1, rs2) = (b.w(f.rs1), b.w(f.rs2));
    let val = b.bin(op, Ty::I32, rs1, rs2);
    b.set_w(f.rd, val);
}

/// rd = rs1 `op` imm on words
pub fn aluiw(b: &mut Lower, f: I, op: Op) {
    let rs1 = b.w(f.rs1);
    let val = b.bin_imm(op, Ty::I32, rs1, f.imm);
    b.set_w(f.rd, val);
}

/// `ori`; to x0 it is a prefetch, the lowest bits of whose offset say for what (Zicbop 2.7).
fn or_immediate(b: &mut Lower, f: I) {
    if f.rd != 0 {
        return alui(b, f, Op::Or);
    }
    let near = match f.imm & 31 {
        1 => Near::First,
        3 => Near::Write,
        _ => return,
    };
    let base = b.x(f.rs1);
    let mem = mask_operand(b, Mem::disp(base, f.imm & !31));
    b.prefetch(near, mem);
}

fn set_less(b: &mut Lower, f: R, cond: Icond) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let less = b.icmp(cond, Ty::I64, rs1, rs2);
    b.set_bool(f.rd, less);
}

fn set_less_imm(b: &mut Lower, f: I, cond: Icond) {
    let (rs1, imm) = (b.x(f.rs1), b.i64(f.imm));
    let less = b.icmp(cond, Ty::I64, rs1, imm);
    b.set_bool(f.rd, less);
}

/// rd = imm
pub fn lui(b: &mut Lower, f: U) {
    let val = b.i64(f.imm);
    b.set_x(f.rd, val);
}

fn auipc(b: &mut Lower, f: U) {
    let pc = b.pc;
    let val = b.addr(pc.wrapping_add_signed(f.imm));
    b.set_x(f.rd, val);
}

/// rd = memory at rs1 + imm. A load to x0 still may fault.
pub fn load(b: &mut Lower, f: I, access: Access) {
    let base = b.x(f.rs1);
    let mem = mask_operand(b, Mem::disp(base, f.imm));
    let val = b.load(Ty::I64, access, mem);
    b.set_x(f.rd, val);
}

/// Memory at rs1 + imm = rs2.
pub fn store(b: &mut Lower, f: S, access: Access) {
    let (base, val) = (b.x(f.rs1), b.x(f.rs2));
    let mem = mask_operand(b, Mem::disp(base, f.imm));
    b.store(Ty::I64, access, mem, val);
}

/// Goes to pc + imm where the condition holds.
pub fn branch(b: &mut Lower, f: B, cond: Icond) {
    let (rs1, rs2) = (b.x(f.rs1), b.x(f.rs2));
    let holds = b.icmp(cond, Ty::I64, rs1, rs2);
    let taken = b.pc.wrapping_add_signed(f.imm);
    b.branch(holds, taken);
}

/// Whether the calling convention uses x`n` for return addresses (x1, and x5 as the alternate).
pub const fn is_link(n: u32) -> bool {
    n == 1 || n == 5
}

fn set_link(b: &mut Lower, rd: u32) {
    if rd != 0 {
        let next = b.next;
        let next = b.addr(next);
        b.set_x(rd, next);
    }
}

/// Goes to pc + imm; rd = the address behind.
pub fn jal(b: &mut Lower, f: J) {
    if is_link(f.rd) && leaves_for_jump(b) {
        return;
    }
    let (target, ret) = (b.pc.wrapping_add_signed(f.imm), b.next);
    set_link(b, f.rd);
    b.end(if is_link(f.rd) { Term::Call { target, ret } } else { Term::Jump { target } });
}

/// Goes to rs1 + imm with bit 0 cleared; rd = the address behind. Which jumps are calls and returns: RV32I,
/// unconditional jumps, table of return-address stack hints.
/// A return that calls at once (a coroutine's switch) is neither.
pub fn jalr(b: &mut Lower, f: I) {
    if leaves_for_jump(b) {
        return;
    }
    let base = b.x(f.rs1);
    let sum = b.bin_imm(Op::Add, Ty::I64, base, f.imm);
    // `auipc` and `jalr` together: the target is known.
    let known = match b.inst(base).op {
        Op::Addr => Some((b.inst(base).imm as u64).wrapping_add_signed(f.imm) & !1),
        _ => None,
    };
    let target = b.bin_imm(Op::And, Ty::I64, sum, !1);
    let ret = b.next;
    set_link(b, f.rd);
    b.end(match (is_link(f.rd), is_link(f.rs1) && f.rd != f.rs1, known) {
        (true, false, Some(target)) => Term::Call { target, ret },
        (_, _, Some(target)) => Term::Jump { target },
        (true, false, None) => Term::CallIndirect { target, ret },
        (false, true, None) => Term::Return { target },
        _ => Term::JumpIndirect { target },
    });
}

/// The host orders everything but a store before a later load (Intel SDM volume 3, 9.2.2).
fn fence(b: &mut Lower, f: Fence) {
    const TSO: u32 = 8;
    const WRITES: u32 = 0b0101;
    const READS: u32 = 0b1010;
    if f.fm != TSO && f.pred & WRITES != 0 && f.succ & READS != 0 {
        b.fence();
    }
}

fn fence_i(b: &mut Lower) {
    let (addr, next) = (b.i64(0), b.next);
    b.end(Term::Invalidate { addr, len: 0, next });
}

fn ecall(b: &mut Lower) {
    if b.has(cpu::V) {
        forget_at_call(b);
    }
    let next = b.next;
    b.end(Term::Syscall { next });
}

/// Raises the debugger's signal here.
pub fn ebreak(b: &mut Lower) {
    let pc = b.pc;
    b.end(Term::Trap { kind: Trap::Breakpoint, pc });
}
