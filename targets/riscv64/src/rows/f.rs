//! F: single precision (unprivileged ISA, chapter F), and the meanings that all formats share.

use ir::{Access, FCond, HelperId, Mem, Op, Round, Ty, Val};
use target::{Lower, instructions};

use self::Sign::{Minus, Plus};
use crate::cpu;
use crate::fields::{F, I, S};
use crate::float::{self, Fmt, Fregs, rounding, soft, wide_ty};
use crate::helpers;
use crate::masking::mask_operand;
use crate::regs::Regs;

instructions! {
    /// Loads and stores, arithmetic, conversion, comparison, classification.
    pub F_ROWS: cpu::F;
    flw       "iiiiiiiiiiii sssss 010 ddddd 0000111"   |b, f: I| load(b, f, Fmt::S);
    fsw       "iiiiiii ttttt sssss 010 iiiii 0100111"  |b, f: S| store(b, f, Fmt::S);
    fadd_s    "0000000 ttttt sssss mmm ddddd 1010011"  |b, f: F| arith(b, f, Fmt::S, Op::FAdd, helpers::ADD);
    fsub_s    "0000100 ttttt sssss mmm ddddd 1010011"  |b, f: F| arith(b, f, Fmt::S, Op::FSub, helpers::SUB);
    fmul_s    "0001000 ttttt sssss mmm ddddd 1010011"  |b, f: F| arith(b, f, Fmt::S, Op::FMul, helpers::MUL);
    fdiv_s    "0001100 ttttt sssss mmm ddddd 1010011"  |b, f: F| arith(b, f, Fmt::S, Op::FDiv, helpers::DIV);
    fsqrt_s   "0101100 00000 sssss mmm ddddd 1010011"  |b, f: F| sqrt(b, f, Fmt::S);
    fsgnj_s   "0010000 ttttt sssss 000 ddddd 1010011"  |b, f: F| sign_copy(b, f, Fmt::S);
    fsgnjn_s  "0010000 ttttt sssss 001 ddddd 1010011"  |b, f: F| sign_not(b, f, Fmt::S);
    fsgnjx_s  "0010000 ttttt sssss 010 ddddd 1010011"  |b, f: F| sign_xor(b, f, Fmt::S);
    fmin_s    "0010100 ttttt sssss 000 ddddd 1010011"  |b, f: F| choose(b, f, Fmt::S, Op::FMinNum, 1);
    fmax_s    "0010100 ttttt sssss 001 ddddd 1010011"  |b, f: F| choose(b, f, Fmt::S, Op::FMaxNum, 1);
    feq_s     "1010000 ttttt sssss 010 ddddd 1010011"  |b, f: F| compare(b, f, Fmt::S, FCond::Eq);
    flt_s     "1010000 ttttt sssss 001 ddddd 1010011"  |b, f: F| compare(b, f, Fmt::S, FCond::LtSig);
    fle_s     "1010000 ttttt sssss 000 ddddd 1010011"  |b, f: F| compare(b, f, Fmt::S, FCond::LeSig);
    fclass_s  "1110000 00000 sssss 001 ddddd 1010011"  |b, f: F| class(b, f, Fmt::S);
    fmadd_s   "rrrrr 00 ttttt sssss mmm ddddd 1000011" |b, f: F| mul_add(b, f, Fmt::S, Plus, Plus);
    fmsub_s   "rrrrr 00 ttttt sssss mmm ddddd 1000111" |b, f: F| mul_add(b, f, Fmt::S, Plus, Minus);
    fnmsub_s  "rrrrr 00 ttttt sssss mmm ddddd 1001011" |b, f: F| mul_add(b, f, Fmt::S, Minus, Plus);
    fnmadd_s  "rrrrr 00 ttttt sssss mmm ddddd 1001111" |b, f: F| mul_add(b, f, Fmt::S, Minus, Minus);
    fcvt_w_s  "1100000 00000 sssss mmm ddddd 1010011"  |b, f: F| to_int(b, f, Fmt::S, Op::FToS, Ty::I32);
    fcvt_wu_s "1100000 00001 sssss mmm ddddd 1010011"  |b, f: F| to_int(b, f, Fmt::S, Op::FToU, Ty::I32);
    fcvt_l_s  "1100000 00010 sssss mmm ddddd 1010011"  |b, f: F| to_int(b, f, Fmt::S, Op::FToS, Ty::I64);
    fcvt_lu_s "1100000 00011 sssss mmm ddddd 1010011"  |b, f: F| to_int(b, f, Fmt::S, Op::FToU, Ty::I64);
    fcvt_s_w  "1101000 00000 sssss mmm ddddd 1010011"  |b, f: F| from_int(b, f, Fmt::S, Op::SToF, Ty::I32);
    fcvt_s_wu "1101000 00001 sssss mmm ddddd 1010011"  |b, f: F| from_int(b, f, Fmt::S, Op::UToF, Ty::I32);
    fcvt_s_l  "1101000 00010 sssss mmm ddddd 1010011"  |b, f: F| from_int(b, f, Fmt::S, Op::SToF, Ty::I64);
    fcvt_s_lu "1101000 00011 sssss mmm ddddd 1010011"  |b, f: F| from_int(b, f, Fmt::S, Op::UToF, Ty::I64);
    fmv_x_w   "1110000 00000 sssss 000 ddddd 1010011"  |b, f: F| move_to_x(b, f, Fmt::S);
    fmv_w_x   "1111000 00000 sssss 000 ddddd 1010011"  |b, f: F| move_from_x(b, f, Fmt::S);
}

/// f[rd] = memory at rs1 + imm, boxed.
pub fn load(b: &mut Lower, f: I, fmt: Fmt) {
    let base = b.x(f.rs1);
    let mem = mask_operand(b, Mem::disp(base, f.imm));
    let val = b.load(fmt.ty(), access(fmt), mem);
    b.set_f(fmt, f.rd, val);
}

/// Memory at rs1 + imm = the low bits of f[rs2], boxed or not.
pub fn store(b: &mut Lower, f: S, fmt: Fmt) {
    let base = b.x(f.rs1);
    let mem = mask_operand(b, Mem::disp(base, f.imm));
    let known = if fmt == Fmt::D { Some(b.f(fmt, f.rs2)) } else { b.known(fmt, f.rs2) };
    if let Some(val) = known {
        b.store(fmt.ty(), access(fmt), mem, val);
    } else {
        let val = b.raw(f.rs2);
        b.store(Ty::I64, access(fmt), mem, val);
    }
}

const fn access(fmt: Fmt) -> Access {
    match fmt {
        Fmt::H => Access::U16,
        Fmt::S => Access::U32,
        Fmt::D => Access::B64,
    }
}

/// f[rd] = f[rs1] `op` f[rs2]. Half precision is computed in single and rounded again: with more than
/// twice its bits and two, the first rounding never shows.
pub fn arith(b: &mut Lower, f: F, fmt: Fmt, op: Op, helper: HelperId) {
    match rounding(b, f.rm) {
        None => b.undefined(),
        Some(Round::Dynamic) => {
            let (rs1, rs2) = (b.wide(fmt, f.rs1), b.wide(fmt, f.rs2));
            let val = b.bin(op, wide_ty(fmt), rs1, rs2);
            b.set_wide(fmt, f.rd, val);
        }
        Some(round) => {
            let (rs1, rs2) = (b.f(fmt, f.rs1), b.f(fmt, f.rs2));
            let val = soft(b, helper, fmt, round, [rs1, rs2, Val::NONE]);
            b.set_f(fmt, f.rd, val);
        }
    }
}

/// f[rd] = the square root of f[rs1].
pub fn sqrt(b: &mut Lower, f: F, fmt: Fmt) {
    match rounding(b, f.rm) {
        None => b.undefined(),
        Some(Round::Dynamic) => {
            let rs1 = b.wide(fmt, f.rs1);
            let val = b.un(Op::FSqrt, wide_ty(fmt), rs1);
            b.set_wide(fmt, f.rd, val);
        }
        Some(round) => {
            let rs1 = b.f(fmt, f.rs1);
            let val = soft(b, helpers::SQRT, fmt, round, [rs1, Val::NONE, Val::NONE]);
            b.set_f(fmt, f.rd, val);
        }
    }
}

/// The sign with which the product or the addend enters a fused operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// As it is.
    Plus,
    /// Negated.
    Minus,
}

impl Sign {
    fn apply(self, b: &mut Lower, fmt: Fmt, val: Val) -> Val {
        match (self, fmt) {
            (Plus, _) => val,
            (Minus, Fmt::H) => {
                // Bits of half precision can only be reached through their box.
                let boxed = b.fbox(Ty::F16, val);
                let flipped = flip(b, fmt, boxed);
                b.funbox(Ty::F16, flipped)
            }
            (Minus, _) => b.un(Op::FNeg, fmt.ty(), val),
        }
    }
}

/// f[rd] = ±(f[rs1] × f[rs2]) ± f[rs3], rounded once. Single precision is too narrow for that in half.
pub fn mul_add(b: &mut Lower, f: F, fmt: Fmt, product: Sign, addend: Sign) {
    let Some(round) = rounding(b, f.rm) else { return b.undefined() };
    let (rs1, rs2, rs3) = (b.f(fmt, f.rs1), b.f(fmt, f.rs2), b.f(fmt, f.rs3));
    let (rs1, rs3) = (product.apply(b, fmt, rs1), addend.apply(b, fmt, rs3));
    let val = match round {
        Round::Dynamic if fmt != Fmt::H => b.tern(Op::FMulAdd, fmt.ty(), rs1, rs2, rs3),
        _ => soft(b, helpers::MULADD, fmt, round, [rs1, rs2, rs3]),
    };
    b.set_f(fmt, f.rd, val);
}

/// The minimum or maximum, by `op` and its constant.
pub fn choose(b: &mut Lower, f: F, fmt: Fmt, op: Op, imm: i64) {
    let (rs1, rs2) = (b.wide(fmt, f.rs1), b.wide(fmt, f.rs2));
    let val = b.op(op, wide_ty(fmt), 0, [rs1, rs2, Val::NONE], imm);
    b.set_wide(fmt, f.rd, val);
}

/// x[rd] = whether the predicate holds.
pub fn compare(b: &mut Lower, f: F, fmt: Fmt, cond: FCond) {
    let (rs1, rs2) = (b.wide(fmt, f.rs1), b.wide(fmt, f.rs2));
    let holds = b.fcmp(cond, wide_ty(fmt), rs1, rs2);
    b.set_bool(f.rd, holds);
}

/// x[rd] = a bit that says which class of ten f[rs1] is of.
pub fn class(b: &mut Lower, f: F, fmt: Fmt) {
    let raw = b.raw(f.rs1);
    let val = b.call_int(helpers::CLASS, [raw, Val::NONE, Val::NONE], fmt.ty() as i64);
    b.set_x(f.rd, val);
}

fn flip(b: &mut Lower, fmt: Fmt, boxed: Val) -> Val {
    let (val, sign) = (float::vector(b, boxed), b.vconst(fmt.sign()));
    let flipped = float::bits(b, Op::Xor, val, sign);
    float::unvector(b, flipped)
}

/// f[rd] = f[rs1] with the sign of f[rs2].
pub fn sign_copy(b: &mut Lower, f: F, fmt: Fmt) {
    if f.rs1 == f.rs2 {
        let val = b.boxed(fmt, f.rs1);
        return b.set_boxed(f.rd, val);
    }
    let (val, sign) = (b.boxed(fmt, f.rs1), b.boxed(fmt, f.rs2));
    let val = copy_sign(b, fmt, val, sign);
    b.set_boxed(f.rd, val);
}

fn copy_sign(b: &mut Lower, fmt: Fmt, val: Val, sign: Val) -> Val {
    let (val, sign, mask) = (float::vector(b, val), float::vector(b, sign), b.vconst(fmt.sign()));
    let magnitude = float::bits(b, Op::AndNot, val, mask);
    let sign = float::bits(b, Op::And, sign, mask);
    let both = float::bits(b, Op::Or, magnitude, sign);
    float::unvector(b, both)
}

/// f[rd] = f[rs1] with the opposite of the sign of f[rs2].
pub fn sign_not(b: &mut Lower, f: F, fmt: Fmt) {
    if f.rs1 == f.rs2 && fmt != Fmt::H {
        let val = b.f(fmt, f.rs1);
        let val = b.un(Op::FNeg, fmt.ty(), val);
        return b.set_f(fmt, f.rd, val);
    }
    let (val, sign) = (b.boxed(fmt, f.rs1), b.boxed(fmt, f.rs2));
    let sign = flip(b, fmt, sign);
    let val = copy_sign(b, fmt, val, sign);
    b.set_boxed(f.rd, val);
}

/// f[rd] = f[rs1] with its sign flipped by that of f[rs2].
pub fn sign_xor(b: &mut Lower, f: F, fmt: Fmt) {
    if f.rs1 == f.rs2 && fmt != Fmt::H {
        let val = b.f(fmt, f.rs1);
        let val = b.un(Op::FAbs, fmt.ty(), val);
        return b.set_f(fmt, f.rd, val);
    }
    let (val, sign) = (b.boxed(fmt, f.rs1), b.boxed(fmt, f.rs2));
    let (val, sign, mask) = (float::vector(b, val), float::vector(b, sign), b.vconst(fmt.sign()));
    let sign = float::bits(b, Op::And, sign, mask);
    let val = float::bits(b, Op::Xor, val, sign);
    let val = float::unvector(b, val);
    b.set_boxed(f.rd, val);
}

/// x[rd] = f[rs1] as an integer; 32-bit results are sign-extended, unsigned ones too.
pub fn to_int(b: &mut Lower, f: F, fmt: Fmt, op: Op, ty: Ty) {
    const NAN_IS_MAX: i64 = 1;
    let Some(round) = rounding(b, f.rm) else { return b.undefined() };
    let rs1 = b.wide(fmt, f.rs1);
    let val = b.fround(op, ty, round, rs1, NAN_IS_MAX);
    match ty {
        Ty::I32 => b.set_w(f.rd, val),
        _ => b.set_x(f.rd, val),
    }
}

/// f[rd] = x[rs1], rounded.
pub fn from_int(b: &mut Lower, f: F, fmt: Fmt, op: Op, ty: Ty) {
    let Some(round) = rounding(b, f.rm) else { return b.undefined() };
    let rs1 = if ty == Ty::I32 { b.w(f.rs1) } else { b.x(f.rs1) };
    if fmt != Fmt::H || round == Round::Dynamic {
        // What single precision has to round is beyond the range of half.
        let val = b.fround(op, wide_ty(fmt), round, rs1, 0);
        return b.set_wide(fmt, f.rd, val);
    }
    let wide = match (ty, op) {
        (Ty::I64, _) => rs1,
        (_, Op::SToF) => b.sext32(rs1),
        _ => b.zext32(rs1),
    };
    let helper = if op == Op::SToF { helpers::FROM_SIGNED } else { helpers::FROM_UNSIGNED };
    let val = b.call_vec(helper, Ty::F16, [wide, Val::NONE, Val::NONE], helpers::pack(Ty::F64, Ty::F16, round));
    b.set_f(fmt, f.rd, val);
}

/// f[rd] = f[rs1] in another format.
pub fn convert(b: &mut Lower, f: F, to: Fmt, from: Fmt) {
    let Some(round) = rounding(b, f.rm) else { return b.undefined() };
    let rs1 = b.f(from, f.rs1);
    let widens = from.boxing().count_ones() > to.boxing().count_ones();
    let val = if widens || round == Round::Dynamic {
        b.fcvt(to.ty(), from.ty(), rs1)
    } else {
        let constant = helpers::pack(from.ty(), to.ty(), round);
        b.call_vec(helpers::CONVERT, to.ty(), [rs1, Val::NONE, Val::NONE], constant)
    };
    b.set_f(to, f.rd, val);
}

/// x[rd] = the low bits of f[rs1], boxed or not, sign-extended.
pub fn move_to_x(b: &mut Lower, f: F, fmt: Fmt) {
    if let (Fmt::S, Some(val)) = (fmt, b.known(fmt, f.rs1)) {
        let val = b.un(Op::Bitcast, Ty::I32, val);
        return b.set_w(f.rd, val);
    }
    let raw = b.raw(f.rs1);
    match fmt {
        Fmt::D => b.set_x(f.rd, raw),
        Fmt::S => {
            let val = b.trunc(raw);
            b.set_w(f.rd, val);
        }
        Fmt::H => {
            let val = b.un(Op::Ext16S, Ty::I64, raw);
            b.set_x(f.rd, val);
        }
    }
}

/// f[rd] = the low bits of x[rs1], boxed.
pub fn move_from_x(b: &mut Lower, f: F, fmt: Fmt) {
    if fmt == Fmt::S {
        let rs1 = b.w(f.rs1);
        let val = b.un(Op::Bitcast, Ty::F32, rs1);
        return b.set_f(fmt, f.rd, val);
    }
    let rs1 = b.x(f.rs1);
    b.set_bits(fmt, f.rd, rs1);
}
