//! Loads and stores of one register (Arm ARM C4.1.94), a table for each addressing mode.

use ir::{Access, Ty};
use target::instructions;

use crate::cpu;
use crate::fields::Word;
use crate::memory_ops::{
    IntLoad, literal, load, load_vector, post_index, pre_index, prefetch, register, scaled, store, store_vector,
    unscaled,
};

const LDRB: IntLoad = IntLoad(Access::U8, Ty::I64);
const LDRH: IntLoad = IntLoad(Access::U16, Ty::I64);
const LDR_W: IntLoad = IntLoad(Access::U32, Ty::I64);
const LDR_X: IntLoad = IntLoad(Access::B64, Ty::I64);
const LDRSB_W: IntLoad = IntLoad(Access::S8, Ty::I32);
const LDRSB_X: IntLoad = IntLoad(Access::S8, Ty::I64);
const LDRSH_W: IntLoad = IntLoad(Access::S16, Ty::I32);
const LDRSH_X: IntLoad = IntLoad(Access::S16, Ty::I64);
const LDRSW: IntLoad = IntLoad(Access::S32, Ty::I64);

instructions! {
    /// Unsigned offset, scaled by the size.
    pub SCALED: cpu::BASE;
    strb_imm    "00 111 0 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store(b, f, Access::U8, scaled);
    ldrb_imm    "00 111 0 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRB, scaled);
    ldrsb_x_imm "00 111 0 01 10 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_X, scaled);
    ldrsb_w_imm "00 111 0 01 11 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_W, scaled);
    strh_imm    "01 111 0 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store(b, f, Access::U16, scaled);
    ldrh_imm    "01 111 0 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRH, scaled);
    ldrsh_x_imm "01 111 0 01 10 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_X, scaled);
    ldrsh_w_imm "01 111 0 01 11 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_W, scaled);
    str_w_imm   "10 111 0 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store(b, f, Access::U32, scaled);
    ldr_w_imm   "10 111 0 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDR_W, scaled);
    ldrsw_imm   "10 111 0 01 10 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDRSW, scaled);
    str_x_imm   "11 111 0 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store(b, f, Access::B64, scaled);
    ldr_x_imm   "11 111 0 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load(b, f, LDR_X, scaled);
    prfm_imm    "11 111 0 01 10 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| prefetch(b, f, scaled);
    str_vb_imm  "00 111 1 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U8, scaled);
    ldr_vb_imm  "00 111 1 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U8, scaled);
    str_vh_imm  "01 111 1 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U16, scaled);
    ldr_vh_imm  "01 111 1 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U16, scaled);
    str_vs_imm  "10 111 1 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U32, scaled);
    ldr_vs_imm  "10 111 1 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U32, scaled);
    str_vd_imm  "11 111 1 01 00 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B64, scaled);
    ldr_vd_imm  "11 111 1 01 01 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B64, scaled);
    str_vq_imm  "00 111 1 01 10 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B128, scaled);
    ldr_vq_imm  "00 111 1 01 11 iiiiiiiiiiii nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B128, scaled);
}

instructions! {
    /// Signed offset, unscaled.
    pub UNSCALED: cpu::BASE;
    sturb    "00 111 0 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store(b, f, Access::U8, unscaled);
    ldurb    "00 111 0 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRB, unscaled);
    ldursb_x "00 111 0 00 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_X, unscaled);
    ldursb_w "00 111 0 00 11 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_W, unscaled);
    sturh    "01 111 0 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store(b, f, Access::U16, unscaled);
    ldurh    "01 111 0 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRH, unscaled);
    ldursh_x "01 111 0 00 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_X, unscaled);
    ldursh_w "01 111 0 00 11 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_W, unscaled);
    stur_w   "10 111 0 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store(b, f, Access::U32, unscaled);
    ldur_w   "10 111 0 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDR_W, unscaled);
    ldursw   "10 111 0 00 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDRSW, unscaled);
    stur_x   "11 111 0 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store(b, f, Access::B64, unscaled);
    ldur_x   "11 111 0 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load(b, f, LDR_X, unscaled);
    prfum    "11 111 0 00 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| prefetch(b, f, unscaled);
    stur_vb  "00 111 1 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U8, unscaled);
    ldur_vb  "00 111 1 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U8, unscaled);
    stur_vh  "01 111 1 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U16, unscaled);
    ldur_vh  "01 111 1 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U16, unscaled);
    stur_vs  "10 111 1 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U32, unscaled);
    ldur_vs  "10 111 1 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U32, unscaled);
    stur_vd  "11 111 1 00 00 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B64, unscaled);
    ldur_vd  "11 111 1 00 01 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B64, unscaled);
    stur_vq  "00 111 1 00 10 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B128, unscaled);
    ldur_vq  "00 111 1 00 11 0 iiiiiiiii 00 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B128, unscaled);
}

instructions! {
    /// Write-back after the access.
    pub POST_INDEX: cpu::BASE;
    strb_post    "00 111 0 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store(b, f, Access::U8, post_index);
    ldrb_post    "00 111 0 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRB, post_index);
    ldrsb_x_post "00 111 0 00 10 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_X, post_index);
    ldrsb_w_post "00 111 0 00 11 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_W, post_index);
    strh_post    "01 111 0 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store(b, f, Access::U16, post_index);
    ldrh_post    "01 111 0 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRH, post_index);
    ldrsh_x_post "01 111 0 00 10 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_X, post_index);
    ldrsh_w_post "01 111 0 00 11 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_W, post_index);
    str_w_post   "10 111 0 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store(b, f, Access::U32, post_index);
    ldr_w_post   "10 111 0 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDR_W, post_index);
    ldrsw_post   "10 111 0 00 10 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDRSW, post_index);
    str_x_post   "11 111 0 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store(b, f, Access::B64, post_index);
    ldr_x_post   "11 111 0 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load(b, f, LDR_X, post_index);
    str_vb_post  "00 111 1 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U8, post_index);
    ldr_vb_post  "00 111 1 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U8, post_index);
    str_vh_post  "01 111 1 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U16, post_index);
    ldr_vh_post  "01 111 1 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U16, post_index);
    str_vs_post  "10 111 1 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U32, post_index);
    ldr_vs_post  "10 111 1 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U32, post_index);
    str_vd_post  "11 111 1 00 00 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B64, post_index);
    ldr_vd_post  "11 111 1 00 01 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B64, post_index);
    str_vq_post  "00 111 1 00 10 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B128, post_index);
    ldr_vq_post  "00 111 1 00 11 0 iiiiiiiii 01 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B128, post_index);
}

instructions! {
    /// Unprivileged: at EL0 plain accesses.
    pub UNPRIVILEGED: cpu::BASE;
    sttrb    "00 111 0 00 00 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::U8, unscaled);
    ldtrb    "00 111 0 00 01 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRB, unscaled);
    ldtrsb_x "00 111 0 00 10 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_X, unscaled);
    ldtrsb_w "00 111 0 00 11 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_W, unscaled);
    sttrh    "01 111 0 00 00 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::U16, unscaled);
    ldtrh    "01 111 0 00 01 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRH, unscaled);
    ldtrsh_x "01 111 0 00 10 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_X, unscaled);
    ldtrsh_w "01 111 0 00 11 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_W, unscaled);
    sttr_w   "10 111 0 00 00 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::U32, unscaled);
    ldtr_w   "10 111 0 00 01 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDR_W, unscaled);
    ldtrsw   "10 111 0 00 10 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSW, unscaled);
    sttr_x   "11 111 0 00 00 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::B64, unscaled);
    ldtr_x   "11 111 0 00 01 0 iiiiiiiii 10 nnnnn ttttt" |b, f: Word| load(b, f, LDR_X, unscaled);
}

instructions! {
    /// Write-back before the access.
    pub PRE_INDEX: cpu::BASE;
    strb_pre    "00 111 0 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store(b, f, Access::U8, pre_index);
    ldrb_pre    "00 111 0 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRB, pre_index);
    ldrsb_x_pre "00 111 0 00 10 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_X, pre_index);
    ldrsb_w_pre "00 111 0 00 11 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_W, pre_index);
    strh_pre    "01 111 0 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store(b, f, Access::U16, pre_index);
    ldrh_pre    "01 111 0 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRH, pre_index);
    ldrsh_x_pre "01 111 0 00 10 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_X, pre_index);
    ldrsh_w_pre "01 111 0 00 11 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_W, pre_index);
    str_w_pre   "10 111 0 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store(b, f, Access::U32, pre_index);
    ldr_w_pre   "10 111 0 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDR_W, pre_index);
    ldrsw_pre   "10 111 0 00 10 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDRSW, pre_index);
    str_x_pre   "11 111 0 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store(b, f, Access::B64, pre_index);
    ldr_x_pre   "11 111 0 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load(b, f, LDR_X, pre_index);
    str_vb_pre  "00 111 1 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U8, pre_index);
    ldr_vb_pre  "00 111 1 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U8, pre_index);
    str_vh_pre  "01 111 1 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U16, pre_index);
    ldr_vh_pre  "01 111 1 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U16, pre_index);
    str_vs_pre  "10 111 1 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U32, pre_index);
    ldr_vs_pre  "10 111 1 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U32, pre_index);
    str_vd_pre  "11 111 1 00 00 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B64, pre_index);
    ldr_vd_pre  "11 111 1 00 01 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B64, pre_index);
    str_vq_pre  "00 111 1 00 10 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B128, pre_index);
    ldr_vq_pre  "00 111 1 00 11 0 iiiiiiiii 11 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B128, pre_index);
}

instructions! {
    /// Register offset.
    pub REGISTER: cpu::BASE;
    strb_reg    "00 111 0 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::U8, register);
    ldrb_reg    "00 111 0 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRB, register);
    ldrsb_x_reg "00 111 0 00 10 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_X, register);
    ldrsb_w_reg "00 111 0 00 11 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSB_W, register);
    strh_reg    "01 111 0 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::U16, register);
    ldrh_reg    "01 111 0 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRH, register);
    ldrsh_x_reg "01 111 0 00 10 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_X, register);
    ldrsh_w_reg "01 111 0 00 11 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSH_W, register);
    str_w_reg   "10 111 0 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::U32, register);
    ldr_w_reg   "10 111 0 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDR_W, register);
    ldrsw_reg   "10 111 0 00 10 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDRSW, register);
    str_x_reg   "11 111 0 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store(b, f, Access::B64, register);
    ldr_x_reg   "11 111 0 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load(b, f, LDR_X, register);
    prfm_reg    "11 111 0 00 10 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| prefetch(b, f, register);
    str_vb_reg  "00 111 1 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U8, register);
    ldr_vb_reg  "00 111 1 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U8, register);
    str_vh_reg  "01 111 1 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U16, register);
    ldr_vh_reg  "01 111 1 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U16, register);
    str_vs_reg  "10 111 1 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::U32, register);
    ldr_vs_reg  "10 111 1 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::U32, register);
    str_vd_reg  "11 111 1 00 00 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B64, register);
    ldr_vd_reg  "11 111 1 00 01 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B64, register);
    str_vq_reg  "00 111 1 00 10 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| store_vector(b, f, Access::B128, register);
    ldr_vq_reg  "00 111 1 00 11 1 mmmmm o1o S 10 nnnnn ttttt" |b, f: Word| load_vector(b, f, Access::B128, register);
}

instructions! {
    /// Relative to the program counter.
    pub LITERAL: cpu::BASE;
    ldr_w_lit "00 011 0 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| load(b, f, LDR_W, literal);
    ldr_x_lit "01 011 0 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| load(b, f, LDR_X, literal);
    ldrsw_lit "10 011 0 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| load(b, f, LDRSW, literal);
    prfm_lit "11 011 0 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| prefetch(b, f, literal);
    ldr_s_lit "00 011 1 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| load_vector(b, f, Access::U32, literal);
    ldr_d_lit "01 011 1 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| load_vector(b, f, Access::B64, literal);
    ldr_q_lit "10 011 1 00 iiiiiiiiiiiiiiiiiii ttttt" |b, f: Word| load_vector(b, f, Access::B128, literal);
}
