//! Zfh and Zfhmin: half precision (unprivileged ISA, chapters Zfh and Zfhmin). The meanings are those of [`super::f`].

use ir::{FCond, Op, Ty};
use target::instructions;

use super::f::{self, Sign::*};
use crate::cpu;
use crate::fields::{F, I, S};
use crate::float::Fmt;
use crate::helpers;

instructions! {
    /// Moving 16 bits, whichever format they are of.
    pub HALVES: cpu::ZFHMIN_OR_ZFBFMIN;
    flh      "iiiiiiiiiiii sssss 001 ddddd 0000111"  |b, f: I| f::load(b, f, Fmt::H);
    fsh      "iiiiiii ttttt sssss 001 iiiii 0100111" |b, f: S| f::store(b, f, Fmt::H);
    fmv_x_h  "1110010 00000 sssss 000 ddddd 1010011" |b, f: F| f::move_to_x(b, f, Fmt::H);
    fmv_h_x  "1111010 00000 sssss 000 ddddd 1010011" |b, f: F| f::move_from_x(b, f, Fmt::H);
}

instructions! {
    /// Converting.
    pub ZFHMIN: cpu::ZFHMIN;
    fcvt_s_h "0100000 00010 sssss mmm ddddd 1010011" |b, f: F| f::convert(b, f, Fmt::S, Fmt::H);
    fcvt_h_s "0100010 00000 sssss mmm ddddd 1010011" |b, f: F| f::convert(b, f, Fmt::H, Fmt::S);
    fcvt_d_h "0100001 00010 sssss mmm ddddd 1010011" |b, f: F| f::convert(b, f, Fmt::D, Fmt::H);
    fcvt_h_d "0100010 00001 sssss mmm ddddd 1010011" |b, f: F| f::convert(b, f, Fmt::H, Fmt::D);
}

instructions! {
    /// As in F.
    pub ZFH: cpu::ZFH;
    fadd_h    "0000010 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::H, Op::FAdd, helpers::ADD);
    fsub_h    "0000110 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::H, Op::FSub, helpers::SUB);
    fmul_h    "0001010 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::H, Op::FMul, helpers::MUL);
    fdiv_h    "0001110 ttttt sssss mmm ddddd 1010011"  |b, f: F| f::arith(b, f, Fmt::H, Op::FDiv, helpers::DIV);
    fsqrt_h   "0101110 00000 sssss mmm ddddd 1010011"  |b, f: F| f::sqrt(b, f, Fmt::H);
    fsgnj_h   "0010010 ttttt sssss 000 ddddd 1010011"  |b, f: F| f::sign_copy(b, f, Fmt::H);
    fsgnjn_h  "0010010 ttttt sssss 001 ddddd 1010011"  |b, f: F| f::sign_not(b, f, Fmt::H);
    fsgnjx_h  "0010010 ttttt sssss 010 ddddd 1010011"  |b, f: F| f::sign_xor(b, f, Fmt::H);
    fmin_h    "0010110 ttttt sssss 000 ddddd 1010011"  |b, f: F| f::choose(b, f, Fmt::H, Op::FMinNum, 1);
    fmax_h    "0010110 ttttt sssss 001 ddddd 1010011"  |b, f: F| f::choose(b, f, Fmt::H, Op::FMaxNum, 1);
    feq_h     "1010010 ttttt sssss 010 ddddd 1010011"  |b, f: F| f::compare(b, f, Fmt::H, FCond::Eq);
    flt_h     "1010010 ttttt sssss 001 ddddd 1010011"  |b, f: F| f::compare(b, f, Fmt::H, FCond::LtSig);
    fle_h     "1010010 ttttt sssss 000 ddddd 1010011"  |b, f: F| f::compare(b, f, Fmt::H, FCond::LeSig);
    fclass_h  "1110010 00000 sssss 001 ddddd 1010011"  |b, f: F| f::class(b, f, Fmt::H);
    fmadd_h   "rrrrr 10 ttttt sssss mmm ddddd 1000011" |b, f: F| f::mul_add(b, f, Fmt::H, Plus, Plus);
    fmsub_h   "rrrrr 10 ttttt sssss mmm ddddd 1000111" |b, f: F| f::mul_add(b, f, Fmt::H, Plus, Minus);
    fnmsub_h  "rrrrr 10 ttttt sssss mmm ddddd 1001011" |b, f: F| f::mul_add(b, f, Fmt::H, Minus, Plus);
    fnmadd_h  "rrrrr 10 ttttt sssss mmm ddddd 1001111" |b, f: F| f::mul_add(b, f, Fmt::H, Minus, Minus);
    fcvt_w_h  "1100010 00000 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::H, Op::FToS, Ty::I32);
    fcvt_wu_h "1100010 00001 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::H, Op::FToU, Ty::I32);
    fcvt_l_h  "1100010 00010 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::H, Op::FToS, Ty::I64);
    fcvt_lu_h "1100010 00011 sssss mmm ddddd 1010011"  |b, f: F| f::to_int(b, f, Fmt::H, Op::FToU, Ty::I64);
    fcvt_h_w  "1101010 00000 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::H, Op::SToF, Ty::I32);
    fcvt_h_wu "1101010 00001 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::H, Op::UToF, Ty::I32);
    fcvt_h_l  "1101010 00010 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::H, Op::SToF, Ty::I64);
    fcvt_h_lu "1101010 00011 sssss mmm ddddd 1010011"  |b, f: F| f::from_int(b, f, Fmt::H, Op::UToF, Ty::I64);
}
