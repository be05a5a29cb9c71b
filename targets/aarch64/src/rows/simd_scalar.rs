//! Advanced SIMD scalar forms of integer instructions (Arm ARM C4.1.96): three registers, two registers,
//! pairwise and shifts. The meanings are those of the vector groups, on one lane.

use ir::{Lane, Op};
use target::{Lower, instructions};

use super::simd_shift::{self as shift, Saturation};
use super::simd_shift_reg as by_reg;
use super::simd_three_same as same;
use super::simd_two_misc as misc;
use crate::cpu;
use crate::fields::Word;
use crate::helpers::simd_shift::SIGNED;
use crate::state::v;
use crate::vector::{D, high_half, low64, unary};

instructions! {
    /// Integer scalar forms.
    pub ROWS: cpu::ASIMD;
    sqadd_scalar        "010 11110 zz1 mmmmm 000011 nnnnn ddddd" |b, f: Word| same::saturating(b, f, Op::VQAddS, Op::VAdd);
    uqadd_scalar        "011 11110 zz1 mmmmm 000011 nnnnn ddddd" |b, f: Word| same::saturating(b, f, Op::VQAddU, Op::VAdd);
    sqsub_scalar        "010 11110 zz1 mmmmm 001011 nnnnn ddddd" |b, f: Word| same::saturating(b, f, Op::VQSubS, Op::VSub);
    uqsub_scalar        "011 11110 zz1 mmmmm 001011 nnnnn ddddd" |b, f: Word| same::saturating(b, f, Op::VQSubU, Op::VSub);
    cmgt_scalar         "010 11110 111 mmmmm 001101 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VCmpGtS);
    cmhi_scalar         "011 11110 111 mmmmm 001101 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VCmpGtU);
    cmge_scalar         "010 11110 111 mmmmm 001111 nnnnn ddddd" |b, f: Word| same::greater_equal(b, f, Op::VCmpGtS);
    cmhs_scalar         "011 11110 111 mmmmm 001111 nnnnn ddddd" |b, f: Word| same::greater_equal(b, f, Op::VCmpGtU);
    cmtst_scalar        "010 11110 111 mmmmm 100011 nnnnn ddddd" |b, f: Word| same::compare_test(b, f);
    cmeq_scalar         "011 11110 111 mmmmm 100011 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VCmpEq);
    sshl_scalar         "010 11110 111 mmmmm 010001 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VShlVarS);
    ushl_scalar         "011 11110 111 mmmmm 010001 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VShlVarU);
    sqshl_scalar        "010 11110 zz1 mmmmm 010011 nnnnn ddddd" |b, f: Word| by_reg::saturating(b, f, by_reg::SIGNED);
    uqshl_scalar        "011 11110 zz1 mmmmm 010011 nnnnn ddddd" |b, f: Word| by_reg::saturating(b, f, by_reg::UNSIGNED);
    srshl_scalar        "010 11110 111 mmmmm 010101 nnnnn ddddd" |b, f: Word| by_reg::rounding(b, f, by_reg::SIGNED);
    urshl_scalar        "011 11110 111 mmmmm 010101 nnnnn ddddd" |b, f: Word| by_reg::rounding(b, f, by_reg::UNSIGNED);
    sqrshl_scalar       "010 11110 zz1 mmmmm 010111 nnnnn ddddd" |b, f: Word| by_reg::saturating_rounding(b, f, by_reg::SIGNED);
    uqrshl_scalar       "011 11110 zz1 mmmmm 010111 nnnnn ddddd" |b, f: Word| by_reg::saturating_rounding(b, f, by_reg::UNSIGNED);
    add_scalar          "010 11110 111 mmmmm 100001 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VAdd);
    sub_scalar          "011 11110 111 mmmmm 100001 nnnnn ddddd" |b, f: Word| same::plain(b, f, D, Op::VSub);
    sqdmulh_scalar      "010 11110 zz1 mmmmm 101101 nnnnn ddddd" |b, f: Word| same::doubling_high(b, f, false);
    sqrdmulh_scalar     "011 11110 zz1 mmmmm 101101 nnnnn ddddd" |b, f: Word| same::doubling_high(b, f, true);

    suqadd_scalar       "010 11110 zz10000 00011 10 nnnnn ddddd" |b, f: Word| misc::mixed_sign_add(b, f, SIGNED);
    usqadd_scalar       "011 11110 zz10000 00011 10 nnnnn ddddd" |b, f: Word| misc::mixed_sign_add(b, f, 0);
    sqabs_scalar        "010 11110 zz10000 00111 10 nnnnn ddddd" |b, f: Word| misc::saturating_abs(b, f);
    sqneg_scalar        "011 11110 zz10000 00111 10 nnnnn ddddd" |b, f: Word| misc::saturating_neg(b, f);
    cmgt_zero_scalar    "010 11110 1110000 01000 10 nnnnn ddddd" |b, f: Word| unary(b, f, D, misc::greater_zero);
    cmge_zero_scalar    "011 11110 1110000 01000 10 nnnnn ddddd" |b, f: Word| unary(b, f, D, misc::greater_equal_zero);
    cmeq_zero_scalar    "010 11110 1110000 01001 10 nnnnn ddddd" |b, f: Word| unary(b, f, D, misc::equal_zero);
    cmle_zero_scalar    "011 11110 1110000 01001 10 nnnnn ddddd" |b, f: Word| unary(b, f, D, misc::less_equal_zero);
    cmlt_zero_scalar    "010 11110 1110000 01010 10 nnnnn ddddd" |b, f: Word| unary(b, f, D, misc::less_zero);
    abs_scalar          "010 11110 1110000 01011 10 nnnnn ddddd" |b, f: Word| misc::plain(b, f, D, Op::VAbs);
    neg_scalar          "011 11110 1110000 01011 10 nnnnn ddddd" |b, f: Word| misc::plain(b, f, D, Op::VNeg);
    sqxtun_scalar       "011 11110 zz10000 10010 10 nnnnn ddddd" |b, f: Word| misc::saturating_extract_narrow(b, f, misc::TO_UNSIGNED);
    sqxtn_scalar        "010 11110 zz10000 10100 10 nnnnn ddddd" |b, f: Word| misc::saturating_extract_narrow(b, f, misc::SIGNED);
    uqxtn_scalar        "011 11110 zz10000 10100 10 nnnnn ddddd" |b, f: Word| misc::saturating_extract_narrow(b, f, misc::UNSIGNED);
    addp_scalar         "010 11110 1111000 11011 10 nnnnn ddddd" |b, f: Word| add_pair(b, f);

    sshr_scalar         "010 111110 hhhh bbb 000001 nnnnn ddddd" |b, f: Word| shift::right(b, f, Op::VShrS);
    ushr_scalar         "011 111110 hhhh bbb 000001 nnnnn ddddd" |b, f: Word| shift::right(b, f, Op::VShrU);
    ssra_scalar         "010 111110 hhhh bbb 000101 nnnnn ddddd" |b, f: Word| shift::right_onto(b, f, Op::VShrS);
    usra_scalar         "011 111110 hhhh bbb 000101 nnnnn ddddd" |b, f: Word| shift::right_onto(b, f, Op::VShrU);
    srshr_scalar        "010 111110 hhhh bbb 001001 nnnnn ddddd" |b, f: Word| shift::rounding_right(b, f, Op::VShrS);
    urshr_scalar        "011 111110 hhhh bbb 001001 nnnnn ddddd" |b, f: Word| shift::rounding_right(b, f, Op::VShrU);
    srsra_scalar        "010 111110 hhhh bbb 001101 nnnnn ddddd" |b, f: Word| shift::rounding_right_onto(b, f, Op::VShrS);
    ursra_scalar        "011 111110 hhhh bbb 001101 nnnnn ddddd" |b, f: Word| shift::rounding_right_onto(b, f, Op::VShrU);
    sri_scalar          "011 111110 hhhh bbb 010001 nnnnn ddddd" |b, f: Word| shift::right_insert(b, f);
    shl_scalar          "010 111110 hhhh bbb 010101 nnnnn ddddd" |b, f: Word| shift::left(b, f);
    sli_scalar          "011 111110 hhhh bbb 010101 nnnnn ddddd" |b, f: Word| shift::left_insert(b, f);
    sqshlu_imm_scalar   "011 111110 hhhh bbb 011001 nnnnn ddddd" |b, f: Word| shift::saturating_left(b, f, Saturation::SignedToUnsigned);
    sqshl_imm_scalar    "010 111110 hhhh bbb 011101 nnnnn ddddd" |b, f: Word| shift::saturating_left(b, f, Saturation::Signed);
    uqshl_imm_scalar    "011 111110 hhhh bbb 011101 nnnnn ddddd" |b, f: Word| shift::saturating_left(b, f, Saturation::Unsigned);
    sqshrun_scalar      "011 111110 hhhh bbb 100001 nnnnn ddddd" |b, f: Word| shift::saturating_right_narrow(b, f, misc::TO_UNSIGNED, Op::VShrS, false);
    sqrshrun_scalar     "011 111110 hhhh bbb 100011 nnnnn ddddd" |b, f: Word| shift::saturating_right_narrow(b, f, misc::TO_UNSIGNED, Op::VShrS, true);
    sqshrn_scalar       "010 111110 hhhh bbb 100101 nnnnn ddddd" |b, f: Word| shift::saturating_right_narrow(b, f, misc::SIGNED, Op::VShrS, false);
    sqrshrn_scalar      "010 111110 hhhh bbb 100111 nnnnn ddddd" |b, f: Word| shift::saturating_right_narrow(b, f, misc::SIGNED, Op::VShrS, true);
    uqshrn_scalar       "011 111110 hhhh bbb 100101 nnnnn ddddd" |b, f: Word| shift::saturating_right_narrow(b, f, misc::UNSIGNED, Op::VShrU, false);
    uqrshrn_scalar      "011 111110 hhhh bbb 100111 nnnnn ddddd" |b, f: Word| shift::saturating_right_narrow(b, f, misc::UNSIGNED, Op::VShrU, true);
    scvtf_fixed_scalar  "010 111110 hhhh bbb 111001 nnnnn ddddd" unless "010 111110 001x bbb 111001 nnnnn ddddd" |b, f: Word| shift::from_fixed(b, f, Op::VSToF);
    ucvtf_fixed_scalar  "011 111110 hhhh bbb 111001 nnnnn ddddd" unless "011 111110 001x bbb 111001 nnnnn ddddd" |b, f: Word| shift::from_fixed(b, f, Op::VUToF);
    fcvtzs_fixed_scalar "010 111110 hhhh bbb 111111 nnnnn ddddd" unless "010 111110 001x bbb 111111 nnnnn ddddd" |b, f: Word| shift::to_fixed(b, f, Op::VFToS);
    fcvtzu_fixed_scalar "011 111110 hhhh bbb 111111 nnnnn ddddd" unless "011 111110 001x bbb 111111 nnnnn ddddd" |b, f: Word| shift::to_fixed(b, f, Op::VFToU);
}

/// ADDP of the two double-words of Vn.
fn add_pair(b: &mut Lower, f: Word) {
    let n = b.get(v(f.rn()));
    let high = high_half(b, n);
    let sum = b.vbin(Op::VAdd, Lane::D, n, high);
    let result = low64(b, sum);
    b.put(v(f.rd()), result);
}
