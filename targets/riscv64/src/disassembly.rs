//! Instructions as text, for `--trace=guest`: as GNU's objdump prints them with `-M no-aliases` (the assembler's manual of
//! the unprivileged ISA), register names by the psABI.

use target::Row;

use crate::fields::{B, Csr, F, Fence, I, J, R, S, U};
use crate::fields16::{
    Addi4spn, Addi16sp, Ca, Cb, CbShift, Ci, CiShift, Cj, ClB, ClD, ClH, ClW, CsB, CsD, CsH, CsW, LdSp, Lui, LwSp,
    SdSp, SwSp,
};
use crate::rows::zicsr::NAMES as CSR_NAMES;
use crate::state::{F_NAMES, X_NAMES};
use crate::vector;

/// Rounding modes as F's `rm` field has them; 7 is frm's, and not said.
const ROUNDINGS: [&str; 8] = ["rne", "rtz", "rdn", "rup", "rmm", "5", "6", ""];

/// Conversions that are exact in each rounding mode: mode 0, which assemblers put there, is not said.
const EXACT: [&str; 5] = ["fcvt_d_w", "fcvt_d_wu", "fcvt_d_s", "fcvt_s_h", "fcvt_d_h"];

/// The instruction `word` of `row` at `pc`.
pub fn text(row: &Row, word: u32, pc: u64) -> String {
    let operands = match row.pattern.width {
        16 => compressed(row.name(), word, pc),
        _ if row.name().starts_with('v') => vector::text::operands(row, word),
        _ => full(row, word, pc),
    };
    let mut name = row.name().replace('_', ".");
    if opcode(word) == AMO && row.pattern.width == 32 {
        name += ["", ".rl", ".aq", ".aqrl"][(word >> 25 & 3) as usize];
    }
    if operands.is_empty() { name } else { format!("{name} {operands}") }
}

const AMO: u32 = 0x2f;

/// The major opcode (unprivileged ISA, table of the RISC-V base opcode map).
fn opcode(word: u32) -> u32 {
    word & 0x7f
}

fn x(n: u32) -> &'static str {
    X_NAMES[n as usize & 31]
}

fn f(n: u32) -> &'static str {
    F_NAMES[n as usize & 31]
}

/// A register that is one of floating point or not.
fn register(is_float: bool, n: u32) -> &'static str {
    if is_float { f(n) } else { x(n) }
}

fn target(pc: u64, displacement: i64) -> String {
    format!("{:#x}", pc.wrapping_add_signed(displacement))
}

fn load(is_float: bool, i: I) -> String {
    format!("{},{}({})", register(is_float, i.rd), i.imm, x(i.rs1))
}

fn store(is_float: bool, s: S) -> String {
    format!("{},{}({})", register(is_float, s.rs2), s.imm, x(s.rs1))
}

fn upper(u: U) -> String {
    format!("{},{:#x}", x(u.rd), u.imm >> 12 & 0xf_ffff)
}

/// Of 32 bits, by the opcode and by what fields the row's pattern has: `t` the second source, `i` an immediate, `h` a shift
/// count, `m` a rounding mode.
fn full(row: &Row, word: u32, pc: u64) -> String {
    let has = |field: char| row.bits().contains(field);
    let (r, i) = (R::from(word), I::from(word));
    match opcode(word) {
        0x37 | 0x17 => upper(U::from(word)),
        0x6f => {
            let j = J::from(word);
            format!("{},{}", x(j.rd), target(pc, j.imm))
        }
        0x63 => {
            let b = B::from(word);
            format!("{},{},{}", x(b.rs1), x(b.rs2), target(pc, b.imm))
        }
        0x67 | 0x03 => load(false, i),
        0x07 => load(true, i),
        0x23 => store(false, S::from(word)),
        0x27 => store(true, S::from(word)),
        0x0f => ordering(row, word),
        AMO if has('t') => format!("{},{},({})", x(r.rd), x(r.rs2), x(r.rs1)),
        AMO => format!("{},({})", x(r.rd), x(r.rs1)),
        0x73 if has('c') => csr(row, Csr::from(word)),
        0x53 => floating(row, F::from(word), word),
        0x43 | 0x47 | 0x4b | 0x4f => {
            let m = F::from(word);
            format!("{},{},{},{}{}", f(m.rd), f(m.rs1), f(m.rs2), f(m.rs3), rounding(m.rm))
        }
        _ if row.bits().contains("hhhhhh") => format!("{},{},{:#x}", x(r.rd), x(r.rs1), i.imm & 63),
        _ if has('h') => format!("{},{},{:#x}", x(r.rd), x(r.rs1), i.imm & 31),
        _ if has('i') => format!("{},{},{}", x(r.rd), x(r.rs1), i.imm),
        _ if row.name() == "aes64ks1i" => format!("{},{},{:#x}", x(r.rd), x(r.rs1), i.imm & 15),
        _ if has('t') => format!("{},{},{}", x(r.rd), x(r.rs1), x(r.rs2)),
        _ if has('d') => format!("{},{}", x(r.rd), x(r.rs1)),
        _ => String::new(),
    }
}

/// Fences, and what is done to a block of the cache.
fn ordering(row: &Row, word: u32) -> String {
    let set = |bits: u32| -> String {
        "iorw".chars().enumerate().filter(|(at, _)| bits & 8 >> at != 0).map(|(_, letter)| letter).collect()
    };
    match row.name() {
        "fence" => {
            let Fence { pred, succ, .. } = Fence::from(word);
            format!("{},{}", set(pred), set(succ))
        }
        name if name.starts_with("cbo") => format!("0({})", x(R::from(word).rs1)),
        _ => String::new(),
    }
}

fn csr(row: &Row, csr: Csr) -> String {
    let name = CSR_NAMES.iter().find(|(number, _)| *number == csr.csr);
    let name = name.map_or_else(|| format!("{:#x}", csr.csr), |(_, name)| (*name).to_owned());
    match row.name().ends_with('i') {
        true => format!("{},{name},{}", x(csr.rd), csr.rs1),
        false => format!("{},{name},{}", x(csr.rd), x(csr.rs1)),
    }
}

fn rounding(rm: u32) -> String {
    let name = ROUNDINGS[rm as usize & 7];
    if name.is_empty() { String::new() } else { format!(",{name}") }
}

/// Which of two registers are integer ones tells the operation, bits 31 to 27 (unprivileged ISA, F: RV32/64G opcodes).
fn floating(row: &Row, fields: F, word: u32) -> String {
    let (to_integer, from_integer) = match word >> 27 {
        0b10100 | 0b11000 | 0b11100 => (true, false),
        0b11010 | 0b11110 => (false, true),
        _ => (false, false),
    };
    let rd = register(!to_integer, fields.rd);
    if row.name().starts_with("fli") {
        return format!("{rd},{}", fields.rs1);
    }
    let second = if row.bits().contains('t') { format!(",{}", f(fields.rs2)) } else { String::new() };
    let is_said = row.bits().contains('m') && !(fields.rm == 0 && EXACT.contains(&row.name()));
    let rounding = if is_said { rounding(fields.rm) } else { String::new() };
    format!("{rd},{}{second}{rounding}", register(!from_integer, fields.rs1))
}

/// Of 16 bits: operands that the instruction has once are told once.
fn compressed(name: &str, w: u32, pc: u64) -> String {
    let of_immediate = |i: I| format!("{},{}", x(i.rd), i.imm);
    let of_shift = |i: I| format!("{},{:#x}", x(i.rd), i.imm);
    let is_float = name.starts_with("c_f");
    match name {
        "c_lw" => load(false, ClW::from(w).0),
        "c_ld" | "c_fld" => load(is_float, ClD::from(w).0),
        "c_sw" => store(false, CsW::from(w).0),
        "c_sd" | "c_fsd" => store(is_float, CsD::from(w).0),
        "c_lwsp" => load(false, LwSp::from(w).0),
        "c_ldsp" | "c_fldsp" => load(is_float, LdSp::from(w).0),
        "c_swsp" => store(false, SwSp::from(w).0),
        "c_sdsp" | "c_fsdsp" => store(is_float, SdSp::from(w).0),
        "c_lbu" => load(false, ClB::from(w).0),
        "c_lhu" | "c_lh" => load(false, ClH::from(w).0),
        "c_sb" => store(false, CsB::from(w).0),
        "c_sh" => store(false, CsH::from(w).0),
        "c_j" => target(pc, Cj::from(w).0.imm),
        "c_beqz" | "c_bnez" => {
            let b = Cb::from(w).0;
            format!("{},{}", x(b.rs1), target(pc, b.imm))
        }
        "c_addi4spn" => {
            let i = Addi4spn::from(w).0;
            format!("{},{},{}", x(i.rd), x(i.rs1), i.imm)
        }
        "c_addi16sp" => of_immediate(Addi16sp::from(w).0),
        "c_lui" => upper(Lui::from(w).0),
        "c_addi" | "c_addiw" | "c_li" => of_immediate(Ci::from(w).0),
        "c_andi" => of_immediate(I { imm: Ci::from(w).0.imm, ..CbShift::from(w).0 }),
        "c_slli" => of_shift(CiShift::from(w).0),
        "c_srli" | "c_srai" => of_shift(CbShift::from(w).0),
        "c_mv" | "c_add" => format!("{},{}", x(w >> 7), x(w >> 2)),
        "c_jr" | "c_jalr" => x(w >> 7).to_owned(),
        "c_sub" | "c_xor" | "c_or" | "c_and" | "c_subw" | "c_addw" | "c_mul" => {
            let r = Ca::from(w).0;
            format!("{},{}", x(r.rd), x(r.rs2))
        }
        "c_zext_b" | "c_sext_b" | "c_zext_h" | "c_sext_h" | "c_zext_w" | "c_not" => x(Ca::from(w).0.rd).to_owned(),
        _ => String::new(),
    }
}
