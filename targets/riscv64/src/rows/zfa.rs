//! Zfa: additional floating-point instructions (unprivileged ISA, chapter Zfa).

use ir::fp::{self, Env, Format};
use ir::{FCond, FpControl, NanRule, Op, Ty, Val};
use target::{Lower, instructions};

use super::f;
use crate::cpu;
use crate::fields::F;
use crate::float::{Fmt, Fregs, rounding, wide_ty};
use crate::helpers;
use crate::regs::Regs;

instructions! {
    /// Of single and double precision. FMVH.X.D and FMVP.D.X are RV32's.
    pub ZFA: cpu::ZFA;
    fli_s       "1111000 00001 sssss 000 ddddd 1010011" |b, f: F| load_immediate(b, f, Fmt::S);
    fminm_s     "0010100 ttttt sssss 010 ddddd 1010011" |b, f: F| f::choose(b, f, Fmt::S, Op::FMin, 0);
    fmaxm_s     "0010100 ttttt sssss 011 ddddd 1010011" |b, f: F| f::choose(b, f, Fmt::S, Op::FMax, 0);
    fround_s    "0100000 00100 sssss mmm ddddd 1010011" |b, f: F| round(b, f, Fmt::S, 0);
    froundnx_s  "0100000 00101 sssss mmm ddddd 1010011" |b, f: F| round(b, f, Fmt::S, 1);
    fleq_s      "1010000 ttttt sssss 100 ddddd 1010011" |b, f: F| f::compare(b, f, Fmt::S, FCond::Le);
    fltq_s      "1010000 ttttt sssss 101 ddddd 1010011" |b, f: F| f::compare(b, f, Fmt::S, FCond::Lt);
    fli_d       "1111001 00001 sssss 000 ddddd 1010011" |b, f: F| load_immediate(b, f, Fmt::D);
    fminm_d     "0010101 ttttt sssss 010 ddddd 1010011" |b, f: F| f::choose(b, f, Fmt::D, Op::FMin, 0);
    fmaxm_d     "0010101 ttttt sssss 011 ddddd 1010011" |b, f: F| f::choose(b, f, Fmt::D, Op::FMax, 0);
    fround_d    "0100001 00100 sssss mmm ddddd 1010011" |b, f: F| round(b, f, Fmt::D, 0);
    froundnx_d  "0100001 00101 sssss mmm ddddd 1010011" |b, f: F| round(b, f, Fmt::D, 1);
    fleq_d      "1010001 ttttt sssss 100 ddddd 1010011" |b, f: F| f::compare(b, f, Fmt::D, FCond::Le);
    fltq_d      "1010001 ttttt sssss 101 ddddd 1010011" |b, f: F| f::compare(b, f, Fmt::D, FCond::Lt);
    fcvtmod_w_d "1100001 01000 sssss 001 ddddd 1010011" |b, f: F| convert_modular(b, f);
}

instructions! {
    /// Of half precision, with Zfh.
    pub ZFA_ZFH: cpu::ZFA_AND_ZFH;
    fli_h      "1111010 00001 sssss 000 ddddd 1010011" |b, f: F| load_immediate(b, f, Fmt::H);
    fminm_h    "0010110 ttttt sssss 010 ddddd 1010011" |b, f: F| f::choose(b, f, Fmt::H, Op::FMin, 0);
    fmaxm_h    "0010110 ttttt sssss 011 ddddd 1010011" |b, f: F| f::choose(b, f, Fmt::H, Op::FMax, 0);
    fround_h   "0100010 00100 sssss mmm ddddd 1010011" |b, f: F| round(b, f, Fmt::H, 0);
    froundnx_h "0100010 00101 sssss mmm ddddd 1010011" |b, f: F| round(b, f, Fmt::H, 1);
    fleq_h     "1010010 ttttt sssss 100 ddddd 1010011" |b, f: F| f::compare(b, f, Fmt::H, FCond::Le);
    fltq_h     "1010010 ttttt sssss 101 ddddd 1010011" |b, f: F| f::compare(b, f, Fmt::H, FCond::Lt);
}

/// What FLI loads, by its field (table of immediates). Entry 1 is the format's smallest normal number; half precision
/// takes 2 to the power 16 as infinity.
#[rustfmt::skip]
const IMMEDIATES: [f64; 32] = [
    -1.0, 0.0, 1.0 / 65536.0, 1.0 / 32768.0, 1.0 / 256.0, 1.0 / 128.0, 0.0625, 0.125,
    0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
    1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0,
    8.0, 16.0, 128.0, 256.0, 32768.0, 65536.0, f64::INFINITY, f64::NAN,
];

/// The bits of an immediate.
fn immediate(fmt: Fmt, index: u32) -> u64 {
    let format = Format::of(fmt.ty());
    if index == 1 {
        let exponent = format.infinity(false);
        return exponent & exponent.wrapping_neg();
    }
    let mut env = Env::new(NanRule::Canonical, FpControl::DEFAULT);
    fp::convert(&mut env, Format::F64, format, IMMEDIATES[index as usize].to_bits())
}

/// f[rd] = a constant.
fn load_immediate(b: &mut Lower, f: F, fmt: Fmt) {
    let bits = immediate(fmt, f.rs1) as i64;
    if fmt == Fmt::S {
        let val = b.i32(bits as i32);
        let val = b.un(Op::Bitcast, Ty::F32, val);
        return b.set_f(fmt, f.rd, val);
    }
    let val = b.i64(bits);
    b.set_bits(fmt, f.rd, val);
}

/// f[rd] = f[rs1] as an integral number; `exact` 1 where inexact is to be raised.
fn round(b: &mut Lower, f: F, fmt: Fmt, exact: i64) {
    let Some(round) = rounding(b, f.rm) else { return b.undefined() };
    let rs1 = b.wide(fmt, f.rs1);
    let val = b.fround(Op::FRound, wide_ty(fmt), round, rs1, exact);
    b.set_wide(fmt, f.rd, val);
}

/// x[rd] = f[rs1] towards zero, modulo 2 to the power 32.
fn convert_modular(b: &mut Lower, f: F) {
    let rs1 = b.f(Fmt::D, f.rs1);
    let val = b.call_vec(helpers::CVTMOD, Ty::F64, [rs1, Val::NONE, Val::NONE], 0);
    let val = b.un(Op::Bitcast, Ty::I64, val);
    b.set_x(f.rd, val);
}
