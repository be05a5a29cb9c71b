//! Sequences of RISC-V instructions. X31 points at the data of the sequence and X29 is the link register of the code
//! around it; no instruction of a sequence touches them.

use target::{Row, Target};

use super::elf::{CODE, DATA};
use super::guest::{self, FIRST, Field, Guest, INPUT, OUTPUT, SIGNALS, STRIDE, WINDOW_MIDDLE};
use crate::support::random::Random;

const BASE: u32 = 31;
const LINK: u32 = 29;
const SP: u32 = 2;

/// Offsets in an input or an output: X0 to X31, F0 to F31, fcsr, the counter of signals, vtype, vl, vcsr, V0 to V31.
const X: usize = 0;
const F: usize = 256;
const FCSR: usize = 512;
const COUNT: usize = 520;
const VTYPE: usize = 528;
const VL: usize = 536;
const VCSR: usize = 544;
const V: usize = 560;

const SYS_EXIT_GROUP: u32 = 94;
const SYS_WRITE: u32 = 64;
const SYS_SIGALTSTACK: u32 = 132;
const SYS_RT_SIGACTION: u32 = 134;
const ECALL: u32 = 0x73;
const FCSR_REGISTER: u32 = 3;
const VCSR_REGISTER: u32 = 15;
const VL_REGISTER: u32 = 0xc20;
const VTYPE_REGISTER: u32 = 0xc21;
/// `vsetvl`, and loads and stores of elements and of eight registers.
const VSET: u32 = 0x57;
const VECTOR_LOAD: u32 = 0x07;
const VECTOR_STORE: u32 = 0x27;
const EF_RISCV_RVC: u32 = 1;
const EF_RISCV_FLOAT_ABI_DOUBLE: u32 = 4;

const T0: u32 = 5;
const T1: u32 = 6;
const A0: u32 = 10;
const A7: u32 = 17;

pub struct Riscv64 {
    pub target: Box<dyn Target>,
}

fn push(code: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| code.extend(word.to_le_bytes()));
}

fn i_type(opcode: u32, funct3: u32, rd: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

fn addi(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x13, 0, rd, rs1, imm)
}

fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    rs2 << 20 | rs1 << 15 | rd << 7 | 0x33
}

fn lui(rd: u32, value: usize) -> u32 {
    value as u32 & 0xffff_f000 | rd << 7 | 0x37
}

/// A value below 2^31.
fn li(rd: u32, value: u64) -> [u32; 2] {
    let high = (value as usize + 0x800) & !0xfff;
    [lui(rd, high), addi(rd, rd, (value as i64 - high as i64) as i32)]
}

fn ld(rd: u32, rs1: u32, offset: usize) -> u32 {
    i_type(0x03, 3, rd, rs1, offset as i32)
}

fn s_type(opcode: u32, rs2: u32, rs1: u32, offset: usize) -> u32 {
    let offset = offset as u32;
    (offset >> 5) << 25 | rs2 << 20 | rs1 << 15 | 3 << 12 | (offset & 31) << 7 | opcode
}

fn sd(rs2: u32, rs1: u32, offset: usize) -> u32 {
    s_type(0x23, rs2, rs1, offset)
}

fn fld(rd: u32, rs1: u32, offset: usize) -> u32 {
    i_type(0x07, 3, rd, rs1, offset as i32)
}

fn fsd(rs2: u32, rs1: u32, offset: usize) -> u32 {
    s_type(0x27, rs2, rs1, offset)
}

fn csrrw(rd: u32, csr: u32, rs1: u32) -> u32 {
    csr << 20 | rs1 << 15 | 1 << 12 | rd << 7 | 0x73
}

fn csrr(rd: u32, csr: u32) -> u32 {
    csr << 20 | 2 << 12 | rd << 7 | 0x73
}

/// `vsetvl zero, rs1, rs2`
fn vsetvl(rs1: u32, rs2: u32) -> u32 {
    0x40 << 25 | rs2 << 20 | rs1 << 15 | 7 << 12 | VSET
}

/// `vl8re8.v` and `vs8r.v`
fn eight_registers(opcode: u32, first: u32, rs1: u32) -> u32 {
    7 << 29 | 1 << 25 | 8 << 20 | rs1 << 15 | first << 7 | opcode
}

/// Loads or stores the vector registers at an offset from the base.
fn all_vectors(code: &mut Vec<u8>, opcode: u32, offset: usize) {
    push(code, &[addi(T0, BASE, offset as i32)]);
    [0, 8, 16, 24].into_iter().for_each(|n| push(code, &[eight_registers(opcode, n, T0), addi(T0, T0, 8 * 16)]));
}

/// The general registers that the sequence may use.
fn registers() -> impl Iterator<Item = u32> {
    (1..32).filter(|n| ![BASE, LINK].contains(n))
}

impl Guest for Riscv64 {
    fn name(&self) -> &'static str {
        "riscv64"
    }

    fn target(&self) -> &dyn Target {
        &*self.target
    }

    fn elf_flags(&self) -> u32 {
        EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE
    }

    fn qemu_arguments(&self) -> &'static [&'static str] {
        &["-cpu", "max,vlen=128"]
    }

    fn unknown_to_qemu(&self) -> &'static [&'static str] {
        // Linux lets programs flush cache blocks (since 6.15); qemu-user does not. The flag that
        // its FROUND and FROUNDNX raise (11.1) is lost again by what comes after. Of a scalar that is no boxed BFloat16 it makes
        // the NaN of half precision.
        &["vfwmaccbf16_vf", "zicbom", "fround_h", "fround_s", "fround_d", "froundnx_h", "froundnx_s", "froundnx_d"]
    }

    fn begin(&self, code: &mut Vec<u8>) {
        // jal over the handler of 14 instructions.
        const HANDLER_BYTES: u32 = 14 * 4;
        push(code, &[(HANDLER_BYTES + 4) << 20 | 0x6f]);
        let handler = CODE + code.len() as u64;
        // The handler: a0 is the signal, a2 the ucontext, in which the pc is at 176. The instruction has 4 bytes
        // if its two low bits are set, else 2.
        push(code, &[ld(T0, A0 + 2, 176), i_type(0x03, 5, T1, T0, 0), i_type(0x13, 7, T1, T1, 3)]);
        push(code, &[i_type(0x13, 3, T1, T1, 3), i_type(0x13, 4, T1, T1, 1), i_type(0x13, 1, T1, T1, 1)]);
        push(code, &[addi(T0, T0, 2), add(T0, T0, T1), sd(T0, A0 + 2, 176)]);
        push(code, &[lui(T1, (DATA as usize) + guest::COUNTER), ld(T0, T1, 0), add(T0, T0, A0)]);
        push(code, &[sd(T0, T1, 0), 0x0000_8067]);
        let table = DATA + 64;
        push(code, &li(A0, table));
        push(code, &li(A0 + 1, DATA + guest::SIGNAL_STACK as u64));
        push(code, &[sd(A0 + 1, A0, 0), sd(0, A0, 8)]);
        push(code, &li(A0 + 1, guest::SIGNAL_STACK_SIZE as u64));
        push(code, &[sd(A0 + 1, A0, 16), addi(A0 + 1, 0, 0)]);
        push(code, &li(A7, SYS_SIGALTSTACK.into()));
        push(code, &[ECALL]);
        for signal in SIGNALS {
            push(code, &li(A0 + 1, table));
            push(code, &li(A0, handler));
            push(code, &[sd(A0, A0 + 1, 0)]);
            push(code, &li(A0, 0x0800_0004));
            push(code, &[sd(A0, A0 + 1, 8), sd(0, A0 + 1, 16)]);
            push(code, &li(A0, signal.into()));
            push(code, &[addi(A0 + 2, 0, 0), addi(A0 + 3, 0, 8)]);
            push(code, &li(A7, SYS_RT_SIGACTION.into()));
            push(code, &[ECALL]);
        }
        push(code, &li(BASE, DATA + FIRST as u64));
    }

    fn load(&self, code: &mut Vec<u8>) {
        push(code, &[ld(T0, BASE, INPUT + FCSR), csrrw(0, FCSR_REGISTER, T0)]);
        (0..32).for_each(|n| push(code, &[fld(n, BASE, INPUT + F + 8 * n as usize)]));
        all_vectors(code, VECTOR_LOAD, INPUT + V);
        push(code, &[ld(T0, BASE, INPUT + VCSR), csrrw(0, VCSR_REGISTER, T0)]);
        push(code, &[ld(T0, BASE, INPUT + VL), ld(T1, BASE, INPUT + VTYPE), vsetvl(T0, T1)]);
        registers().for_each(|n| push(code, &[ld(n, BASE, INPUT + X + 8 * n as usize)]));
        push(code, &[LINK << 15 | 0x67]);
    }

    fn store(&self, code: &mut Vec<u8>) {
        registers().for_each(|n| push(code, &[sd(n, BASE, OUTPUT + X + 8 * n as usize)]));
        (0..32).for_each(|n| push(code, &[fsd(n, BASE, OUTPUT + F + 8 * n as usize)]));
        push(code, &[csrrw(T0, FCSR_REGISTER, 0), sd(T0, BASE, OUTPUT + FCSR)]);
        for (register, at) in [(VTYPE_REGISTER, VTYPE), (VL_REGISTER, VL), (VCSR_REGISTER, VCSR)] {
            push(code, &[csrr(T0, register), sd(T0, BASE, OUTPUT + at)]);
        }
        all_vectors(code, VECTOR_STORE, OUTPUT + V);
        push(
            code,
            &[lui(T1, (DATA as usize) + guest::COUNTER), ld(T0, T1, 0), sd(T0, BASE, OUTPUT + COUNT), sd(0, T1, 0)],
        );
        push(code, &[lui(T0, STRIDE), add(BASE, BASE, T0), LINK << 15 | 0x67]);
    }

    fn end(&self, code: &mut Vec<u8>, size: usize) {
        push(code, &li(A0, 1));
        push(code, &li(A0 + 1, DATA + FIRST as u64));
        push(code, &li(A0 + 2, size as u64));
        push(code, &li(A7, SYS_WRITE.into()));
        push(code, &[ECALL]);
        push(code, &li(A0, 0));
        push(code, &li(A7, SYS_EXIT_GROUP.into()));
        push(code, &[ECALL]);
    }

    fn call(&self, from: u64, to: u64) -> Vec<u8> {
        let offset = to.wrapping_sub(from) as u32;
        let imm = (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 | offset & 0xf_f000;
        (imm | LINK << 7 | 0x6f).to_le_bytes().to_vec()
    }

    fn fields(&self) -> Vec<Field> {
        let x = registers().map(|n| n as usize).map(|n| (format!("x{n}"), X + 8 * n));
        let f = (0..32).map(|n| (format!("f{n}"), F + 8 * n));
        let others = [("fcsr", FCSR), ("signals", COUNT), ("vtype", VTYPE), ("vl", VL), ("vcsr", VCSR)];
        let others = others.map(|(name, at)| (name.to_owned(), at));
        let v = (0..32).map(|n| Field { name: format!("v{n}"), at: V + 16 * n, size: 16 });
        x.chain(f).chain(others).map(|(name, at)| Field { name, at, size: 8 }).chain(v).collect()
    }

    fn is_status(&self, field: &Field) -> bool {
        (FCSR..V).contains(&field.at)
    }

    fn fill(&self, random: &mut Random, input: &mut [u8]) {
        let mut put = |at: usize, value: u64| input[at..at + 8].copy_from_slice(&value.to_le_bytes());
        (0..32).for_each(|n| put(X + 8 * n, guest::integer(random)));
        // Mostly boxed singles and doubles; now and then a single that is not boxed.
        for n in 0..32 {
            let value = guest::lanes(random);
            put(F + 8 * n, if random.below(2) == 0 { value | 0xffff_ffff << 32 } else { value });
        }
        let modes = [0, 0, 0, 1, 2, 3, 4];
        put(FCSR, modes[random.below(modes.len())] << 5);
        let lmul = [0, 0, 0, 0, 1, 2, 3, 5, 6, 7];
        let (lmul, sew) = (lmul[random.below(lmul.len())], random.below(4) as u64);
        put(VTYPE, lmul | sew << 3 | (random.below(4) as u64) << 6);
        put(VL, [u64::MAX, random.below(20) as u64][random.below(2)]);
        put(VCSR, (random.below(4) as u64) << 1);
        (0..64).for_each(|n| put(V + 8 * n, guest::lanes(random)));
    }

    fn is_fit(&self, row: &Row) -> bool {
        let value = row.pattern.value;
        if row.pattern.width == 16 {
            // c.j, c.jr, c.jalr, c.ebreak: quadrant 1 with funct3 101, quadrant 2 with funct3 100 and no rs2.
            let jumps = value & 0xe003 == 0xa001;
            let to_register = value & 0xe003 == 0x8002 && row.pattern.mask & 0x7c == 0x7c && value & 0x7c == 0;
            return !jumps && !to_register;
        }
        let is_reservation =
            row.name().starts_with("lr") || row.name().starts_with("sc_") || row.name().starts_with("sc.");
        // Types in registers are reserved ones, and indices far away; both have cases.
        let is_wild = row.name() == "vsetvl" || row.name().contains("xei") || row.name().contains("xsegei");
        // Jumps leave the sequence; ecall, and counters among the CSRs, are no computation.
        !is_reservation && !is_wild && ![0x6f, 0x67, 0x73].contains(&(value & 0x7f))
    }

    fn fit(&self, _random: &mut Random, row: &Row, word: u32) -> Option<Vec<u8>> {
        let mut code = Vec::new();
        let is_short = row.pattern.width == 16;
        let word = if is_short { short_forward(word) } else { forward(valid_type(row, word)) };
        // qemu 11.1 lets an AMOCAS to x0 overwrite the zero that later instructions of its block read.
        let spoils_qemu = row.name().starts_with("amocas") && word >> 7 & 31 == 0;
        if uses_reserved(row, word) || !row.matches(word) || spoils_qemu {
            return None;
        }
        if let Some(base) = if is_short { short_address(word) } else { address(word) } {
            // Addresses near 0 fault, as they should, but x0 cannot be set.
            (base != 0).then_some(())?;
            push(&mut code, &[lui(base, WINDOW_MIDDLE), add(base, base, BASE)]);
        }
        if let Some(stride) = stride(row, word) {
            (stride != word >> 15 & 31).then_some(())?;
            // andi: so that all elements are in the window.
            push(&mut code, &[i_type(0x13, 7, stride, stride, 15)]);
        }
        match is_short {
            true => code.extend((word as u16).to_le_bytes()),
            false => push(&mut code, &[word]),
        }
        if word & 0x7f == 0x63 || is_short && is_short_branch(word) {
            push(&mut code, &[addi(A0, A0, 1)]);
        }
        Some(code)
    }
}

/// A branch to the instruction behind the next.
fn forward(word: u32) -> u32 {
    if word & 0x7f == 0x63 { word & 0x01ff_f07f | 8 << 7 } else { word }
}

/// Not so many reserved types, after which no vector instruction is legal.
fn valid_type(row: &Row, word: u32) -> u32 {
    let kept = if row.name() == "vsetvli" {
        0x8df
    } else if row.name() == "vsetivli" {
        0xcdf
    } else {
        return word;
    };
    let word = word & (kept << 20 | 0xf_ffff);
    // LMUL 4 is none.
    if word >> 20 & 7 == 4 { word & !(7 << 20) } else { word }
}

/// The register with the stride of a vector load or store.
fn stride(row: &Row, word: u32) -> Option<u32> {
    let strided = [VECTOR_LOAD, VECTOR_STORE].contains(&(word & 0x7f)) && row.pattern.mask >> 20 & 31 == 0;
    let register = word >> 20 & 31;
    (strided && word >> 26 & 3 == 2 && register != 0).then_some(register)
}

/// `c.beqz` and `c.bnez`.
fn is_short_branch(word: u32) -> bool {
    word & 0xc003 == 0xc001
}

fn short_forward(word: u32) -> u32 {
    // imm[2:1] at bits 4 and 3: 6 bytes on.
    if is_short_branch(word) { word & !0x1c7c | 0x18 } else { word }
}

/// The base register of a load or store, of an atomic operation, or of one on a cache block.
fn address(word: u32) -> Option<u32> {
    let is_cache_block = word & 0x707f == 0x200f;
    (is_cache_block || [0x03, 0x07, 0x23, 0x27, 0x2f].contains(&(word & 0x7f))).then_some(word >> 15 & 31)
}

fn short_address(word: u32) -> Option<u32> {
    let is_addi4spn = word & 0xe003 == 0;
    let is_memory_by_sp = word & 3 == 2 && ![0, 4].contains(&(word >> 13));
    match word & 3 {
        0 if !is_addi4spn => Some(8 + (word >> 7 & 7)),
        2 if is_memory_by_sp => Some(SP),
        _ => None,
    }
}

/// Whether a field names a reserved register; in other formats the same bits may be an operand of another kind.
fn uses_reserved(row: &Row, word: u32) -> bool {
    let free = !row.pattern.mask;
    let fields: &[u32] = if row.pattern.width == 16 { &[7, 2] } else { &[7, 15, 20, 27] };
    // AMOCAS.Q has pairs, named by the even register.
    let second = u32::from(row.name() == "amocas_q");
    let is_named = |register: u32| [register, register | second].iter().any(|named| [BASE, LINK].contains(named));
    fields.iter().any(|at| free >> at & 31 != 0 && is_named(word >> at & 31))
}
