//! D: double precision (unprivileged ISA, chapter D). The meanings are those of [`super::f`].

use ir::{FCond, Op, Ty};
use target::instructions;

use super::f::{self, Sign::*};
use crate::cpu;
use crate::fields::{F, I, S};
use crate::float::Fmt;
use crate::helpers;

instructions! {
    /// As in F, and conversions between the two.
    pub D_ROWS: cpu::D;
    fld       "iiiiiiiiiiii sssss 011 ddddd 0000111"   |b, f: I| f::load(b, f, Fmt::D);
    fsd       "iiiiiii ttttt sssss 011 iiiii 0100111"  |b, f: S| f::store(b, f, Fmt::D);
    fadd_d    "0000001 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::D, Op::FAdd, helpers::ADD);
    fsub_d    "0000101 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::D, Op::FSub, helpers::SUB);
    fmul_d    "0001001 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::D, Op::FMul, helpers::MUL);
    fdiv_d    "0001101 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::D, Op::FDiv, helpers::DIV);
    fsqrt_d   "0101101 00000 sssss mmm ddddd 1010011"  |b, f: F| f::sqrt(b, f, Fmt::D);
    fsgnj_d   "0010001 ttttt sssss 000 ddddd 1010011"  |b, f: F| f::sign_copy(b, f, Fmt::D);
    fsgnjn_d  "0010001 ttttt sssss 001 ddddd 1010011"  |b, f: F| f::sign_not(b, f, Fmt::D);
    fsgnjx_d  "0010001 ttttt sssss 010 ddddd 1010011"  |b, f: F| f::sign_xor(b, f, Fmt::D);
    fmin_d    "0010101 ttttt sssss 000 ddddd 1010011"  |b, f: F| f::choose(b, f, Fmt::D, Op::FMinNum, 1);
    fmax_d    "0010101 ttttt sssss 001 ddddd 1010011"  |b, f: F| f::choose(b, f, Fmt::D, Op::FMaxNum, 1);
    feq_d     "1010001 ttttt sssss 010 ddddd 1010011"  |b, f: F| f::compare(b, f, Fmt::D, FCond::Eq);
    flt_d     "1010001 ttttt sssss 001 ddddd 1010011"  |b, f: F| f::compare(b, f, Fmt::D, FCond::LtSig);
    fle_d     "1010001 ttttt sssss 000 ddddd 1010011"  |b, f: F| f::compare(b, f, Fmt::D, FCond::LeSig);
    fclass_d  "1110001 00000 sssss 001 ddddd 1010011"  |b, f: F| f::class(b, f, Fmt::D);
    fmadd_d   "rrrrr 01 ttttt sssss mmm ddddd 1000011" |b, f: F| f::mul_add(b, f, Fmt::D, Plus, Plus);
    fmsub_d   "rrrrr 01 ttttt sssss mmm ddddd 1000111" |b, f: F| f::mul_add(b, f, Fmt::D, Plus, Minus);
    fnmsub_d  "rrrrr 01 ttttt sssss mmm ddddd 1001011" |b, f: F| f::mul_add(b, f, Fmt::D, Minus, Plus);
    fnmadd_d  "rrrrr 01 ttttt sssss mmm ddddd 1001111" |b, f: F| f::mul_add(b, f, Fmt::D, Minus, Minus);
    fcvt_w_d  "1100001 00000 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::D, Op::FToS, Ty::I32);
    fcvt_wu_d "1100001 00001 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::D, Op::FToU, Ty::I32);
    fcvt_l_d  "1100001 00010 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::D, Op::FToS, Ty::I64);
    fcvt_lu_d "1100001 00011 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::D, Op::FToU, Ty::I64);
    fcvt_d_w  "1101001 00000 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::D, Op::SToF, Ty::I32);
    fcvt_d_wu "1101001 00001 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::D, Op::UToF, Ty::I32);
    fcvt_d_l  "1101001 00010 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::D, Op::SToF, Ty::I64);
    fcvt_d_lu "1101001 00011 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::D, Op::UToF, Ty::I64);
    fcvt_s_d  "0100000 00001 sssss mmm ddddd 1010011"  |b, f: F| f::convert(b, f, Fmt::S, Fmt::D);
    fcvt_d_s  "0100001 00000 sssss mmm ddddd 1010011"  |b, f: F| f::convert(b, f, Fmt::D, Fmt::S);
    fmv_x_d   "1110001 00000 sssss 000 ddddd 1010011"  |b, f: F| f::move_to_x(b, f, Fmt::D);
    fmv_d_x   "1111001 00000 sssss 000 ddddd 1010011"  |b, f: F| f::move_from_x(b, f, Fmt::D);
}
