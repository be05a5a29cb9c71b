//! Classic BPF as seccomp takes it (Documentation/networking/filter.rst; kernel/seccomp.c, seccomp_check_filter;
//! net/core/filter.c, bpf_check_classic): checked once, then interpreted over `struct seccomp_data`.

use memory::Errno;

memory::abi_struct! {
    /// `struct sock_filter`.
    pub struct Insn: 8 {
        pub code: u16,
        pub jt: u8,
        pub jf: u8,
        pub k: u32,
    }

    /// `struct seccomp_data`.
    pub struct Data: 64 {
        pub nr: i32,
        pub arch: u32,
        pub instruction_pointer: u64,
        pub args: [u64; 6],
    }
}

/// Longest program (BPF_MAXINSNS).
pub const MAX_INSNS: usize = 4096;
/// Words of scratch memory (BPF_MEMWORDS).
const MEMORY: usize = 16;

// linux/bpf_common.h: the class is in the low three bits.
const LD: u16 = 0x00;
const LDX: u16 = 0x01;
const ST: u16 = 0x02;
const STX: u16 = 0x03;
pub(super) const ALU: u16 = 0x04;
pub(super) const JMP: u16 = 0x05;
const RET: u16 = 0x06;
const MISC: u16 = 0x07;
const LD_IMM: u16 = LD;
pub(super) const LD_ABS: u16 = LD | 0x20;
const LD_MEM: u16 = LD | 0x60;
const LD_LEN: u16 = LD | 0x80;
const LDX_IMM: u16 = LDX;
const LDX_MEM: u16 = LDX | 0x60;
const LDX_LEN: u16 = LDX | 0x80;
/// The operand is X instead of the instruction's constant.
const X: u16 = 0x08;
pub(super) const RET_K: u16 = RET;
const RET_A: u16 = RET | 0x10;
const TAX: u16 = MISC;
const TXA: u16 = MISC | 0x80;
const NEG: u16 = 0x80;
const JA: u16 = JMP;
/// Of ALU.
pub(super) const AND: u16 = 0x50;
/// Of JMP.
pub(super) const EQUAL: u16 = 0x10;

/// A program that was checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Program(Box<[Insn]>);

impl Program {
    /// Checks a program as the kernel does.
    pub fn new(insns: Vec<Insn>) -> Result<Program, Errno> {
        let valid = (1..=MAX_INSNS).contains(&insns.len())
            && insns.iter().enumerate().all(|(at, insn)| is_valid(insn, insns.len() - at - 1))
            && insns.last().is_some_and(|last| matches!(last.code, RET_K | RET_A))
            && memory_is_set_before_use(&insns);
        if valid { Ok(Program(insns.into())) } else { Err(Errno::EINVAL) }
    }

    /// The instructions.
    pub fn insns(&self) -> &[Insn] {
        &self.0
    }

    /// What the program returns for a call.
    pub fn run(&self, data: &Data) -> u32 {
        let (mut a, mut x, mut memory) = (0u32, 0u32, [0u32; MEMORY]);
        let mut at = 0;
        // Jumps go forward only, and the last instruction returns: that is checked.
        while let Some(insn) = self.0.get(at) {
            at += 1;
            let operand = if insn.code & X != 0 { x } else { insn.k };
            match insn.code {
                LD_IMM => a = insn.k,
                LD_ABS => a = word(data, insn.k),
                LD_MEM => a = memory[insn.k as usize % MEMORY],
                LD_LEN => a = size_of::<Data>() as u32,
                LDX_IMM => x = insn.k,
                LDX_MEM => x = memory[insn.k as usize % MEMORY],
                LDX_LEN => x = size_of::<Data>() as u32,
                ST => memory[insn.k as usize % MEMORY] = a,
                STX => memory[insn.k as usize % MEMORY] = x,
                TAX => x = a,
                TXA => a = x,
                RET_K => return insn.k,
                RET_A => return a,
                JA => at += insn.k as usize,
                code if code & 7 == ALU => match compute(code & 0xf0, a, operand) {
                    Some(result) => a = result,
                    None => return 0,
                },
                code => at += usize::from(if holds(code & 0xf0, a, operand) { insn.jt } else { insn.jf }),
            }
        }
        0
    }
}

fn word(data: &Data, offset: u32) -> u32 {
    let bytes = memory::bytes_of(data);
    let at = offset as usize;
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

/// None where X is zero in a division: the program then returns 0.
fn compute(op: u16, a: u32, operand: u32) -> Option<u32> {
    Some(match op {
        0x00 => a.wrapping_add(operand),
        0x10 => a.wrapping_sub(operand),
        0x20 => a.wrapping_mul(operand),
        0x30 => a.checked_div(operand)?,
        0x40 => a | operand,
        0x50 => a & operand,
        0x60 => a.wrapping_shl(operand),
        0x70 => a.wrapping_shr(operand),
        NEG => a.wrapping_neg(),
        _ => a ^ operand,
    })
}

fn holds(op: u16, a: u32, operand: u32) -> bool {
    match op {
        0x10 => a == operand,
        0x20 => a > operand,
        0x30 => a >= operand,
        _ => a & operand != 0,
    }
}

/// Whether an instruction is known and its constant in range; `left` instructions follow it.
fn is_valid(insn: &Insn, left: usize) -> bool {
    let k = insn.k as usize;
    match insn.code {
        LD_ABS => k < size_of::<Data>() && k.is_multiple_of(4),
        LD_MEM | LDX_MEM | ST | STX => k < MEMORY,
        LD_IMM | LD_LEN | LDX_IMM | LDX_LEN | TAX | TXA | RET_K | RET_A => true,
        JA => k < left,
        code if code & 7 == ALU => match code & !(7 | X) {
            0x30 => code & X != 0 || k != 0,
            0x60 | 0x70 => code & X != 0 || k < 32,
            NEG => code & X == 0,
            0x00 | 0x10 | 0x20 | 0x40 | 0x50 | 0xa0 => true,
            _ => false,
        },
        code if code & 7 == JMP => {
            let taken = usize::from(insn.jt).max(usize::from(insn.jf));
            matches!(code & !(7 | X), 0x10 | 0x20 | 0x30 | 0x40) && taken < left
        }
        _ => false,
    }
}

/// Whether every load of scratch memory is of a word that was stored on every way there (check_load_and_stores).
fn memory_is_set_before_use(insns: &[Insn]) -> bool {
    // The words that are set on all ways that lead to each instruction.
    let mut set_at = vec![u16::MAX; insns.len()];
    let mut set = 0u16;
    for (at, insn) in insns.iter().enumerate() {
        set &= set_at[at];
        let distances = match insn.code {
            ST | STX => {
                set |= 1 << insn.k;
                continue;
            }
            LD_MEM | LDX_MEM if set >> insn.k & 1 == 0 => return false,
            JA => [insn.k as usize; 2],
            code if code & 7 == JMP => [insn.jt.into(), insn.jf.into()],
            _ => continue,
        };
        distances.iter().for_each(|distance| set_at[at + 1 + distance] &= set);
        // What follows is reached by other jumps alone.
        set = u16::MAX;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u16, jt: u8, jf: u8, k: u32) -> Insn {
        Insn { code, jt, jf, k }
    }

    #[test]
    fn programs_compute() {
        let data =
            Data { nr: 63, arch: 0xc000_00b7, instruction_pointer: 0x1_0000, args: [7 << 32 | 5, 0, 0, 0, 0, 0] };
        let run = |body: &[Insn]| Program::new(body.to_vec()).map(|program| program.run(&data));
        let ret_a = insn(RET_A, 0, 0, 0);
        assert_eq!(run(&[insn(LD_ABS, 0, 0, 0), ret_a]), Ok(63));
        assert_eq!(run(&[insn(LD_ABS, 0, 0, 20), insn(ALU | 0x20, 0, 0, 6), ret_a]), Ok(42));
        assert_eq!(run(&[insn(LD_LEN, 0, 0, 0), insn(TAX, 0, 0, 0), insn(ALU | X, 0, 0, 0), ret_a]), Ok(128));
        assert_eq!(run(&[insn(LD_IMM, 0, 0, 9), insn(ALU | 0x30 | X, 0, 0, 0), ret_a]), Ok(0));
        let jump = [insn(LD_ABS, 0, 0, 4), insn(JMP | 0x10, 0, 1, 0xc000_00b7), insn(RET_K, 0, 0, 1), ret_a];
        assert_eq!(run(&jump), Ok(1));
        assert_eq!(
            run(&[insn(LD_IMM, 0, 0, 3), insn(ST, 0, 0, 2), insn(LDX_MEM, 0, 0, 2), insn(TXA, 0, 0, 0), ret_a]),
            Ok(3)
        );
    }

    #[test]
    fn what_the_kernel_refuses_is_refused() {
        let ret = insn(RET_K, 0, 0, 0);
        let refused: [&[Insn]; 9] = [
            &[],
            &[insn(LD_IMM, 0, 0, 0)],
            &[insn(LD_ABS, 0, 0, 64), ret],
            &[insn(LD_ABS, 0, 0, 2), ret],
            &[insn(ALU | 0x90, 0, 0, 3), ret],
            &[insn(ALU | 0x30, 0, 0, 0), ret],
            &[insn(JA, 0, 0, 1), ret],
            &[insn(JMP | 0x10, 1, 0, 0), ret],
            &[insn(LD_MEM, 0, 0, 0), ret],
        ];
        assert!(refused.iter().all(|body| Program::new(body.to_vec()) == Err(Errno::EINVAL)));
    }
}
