//! Lanes moved about: unzip, transpose, extract, table look-up, reversal, splat, insert.

use super::shift::rows_b;
use super::{lane, rows::*};
use crate::alloc::Class;
use crate::constants::{REV_B2, REV_B4, REV_B8, REV_H4, REV_H8, TBL_LIMIT};
use crate::emitter::Emitter;
use crate::encode::{Opcode, Rm};
use crate::regs::{RAX, X0, X1};
use dynasmrt::DynasmApi;
use ir::{Inst, Lane, Op, Ty, Val};

const fn rows_hs(table: &ByLane, lane: Lane) -> super::Vop {
    match table[lane as usize] {
        Some(op) => op,
        None => panic!("the table has no such instruction"),
    }
}

const SHIFT_H: super::Vop = rows_hs(&PSHIFT, Lane::H);
const SHIFT_S: super::Vop = rows_hs(&PSHIFT, Lane::S);
const SHIFT_D: super::Vop = rows_hs(&PSHIFT, Lane::D);

impl Emitter<'_, '_> {
    pub(super) fn vector_unzip(&mut self, val: Val, inst: &Inst) {
        let odd = inst.op == Op::VUzp2;
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        match lane(inst) {
            Lane::D => {
                let op = if odd { rows_hs(&PUNPCKH, Lane::D) } else { rows_hs(&PUNPCKL, Lane::D) };
                let dst = self.def_first(val, inst);
                self.vrr(op, dst, a, b);
            }
            Lane::S => {
                let dst = self.def_first(val, inst);
                self.vrri(SHUFPS, dst, a, b, if odd { 0xdd } else { 0x88 });
            }
            Lane::H => {
                self.sign_halves(X0, a, odd);
                self.sign_halves(X1, b, odd);
                let dst = self.def_after(val, inst);
                self.vrr(PACKSSDW, dst, X0, X1);
            }
            Lane::B => {
                self.zero_halves(X0, a, odd);
                self.zero_halves(X1, b, odd);
                let dst = self.def_after(val, inst);
                self.vrr(PACKUSWB, dst, X0, X1);
            }
        }
    }

    /// The result's register where the first operand may be overwritten by it, and with AVX the second.
    pub(super) fn def_first(&mut self, val: Val, inst: &Inst) -> u8 {
        let allow = if self.config.features.avx { self.dying_all(inst) } else { self.dying(inst.args[0]) };
        self.def(val, allow)
    }

    /// Even or odd 16-bit lanes, sign-extended to 32 bits.
    fn sign_halves(&mut self, dst: u8, a: u8, odd: bool) {
        if !odd {
            self.vshift(SHIFT_S, SLL, dst, a, 16);
        }
        self.vshift(SHIFT_S, SRA, dst, if odd { a } else { dst }, 16);
    }

    /// Even or odd bytes, zero-extended to 16 bits.
    fn zero_halves(&mut self, dst: u8, a: u8, odd: bool) {
        if !odd {
            self.vshift(SHIFT_H, SLL, dst, a, 8);
        }
        self.vshift(SHIFT_H, SRL, dst, if odd { a } else { dst }, 8);
    }

    /// Even (odd) lanes of a and b in turns: one of them shifted to its place, then blended.
    pub(super) fn vector_transpose(&mut self, val: Val, inst: &Inst) {
        let odd = inst.op == Op::VTrn2;
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        let (shift, bits, blend) = match lane(inst) {
            Lane::D => return self.transpose_d(val, inst, a, b),
            Lane::B => return self.transpose_b(val, inst, a, b),
            Lane::S => (SHIFT_D, 32, 0xcc),
            Lane::H => (SHIFT_S, 16, 0xaa),
        };
        self.vshift(shift, if odd { SRL } else { SLL }, X0, if odd { a } else { b }, bits);
        let (low, high) = if odd { (X0, b) } else { (a, X0) };
        let dst = if odd { self.def_avx(val, inst) } else { self.def_after(val, inst) };
        self.vrri(PBLENDW, dst, low, high, blend);
    }

    /// The result's register where operands may only be overwritten by a three-operand form.
    fn def_avx(&mut self, val: Val, inst: &Inst) -> u8 {
        let allow = if self.config.features.avx { self.dying_all(inst) } else { 0 };
        self.def(val, allow)
    }

    fn transpose_d(&mut self, val: Val, inst: &Inst, a: u8, b: u8) {
        let table = if inst.op == Op::VTrn2 { &PUNPCKH } else { &PUNPCKL };
        let dst = self.def_first(val, inst);
        self.vrr(rows_hs(table, Lane::D), dst, a, b);
    }

    fn transpose_b(&mut self, val: Val, inst: &Inst, a: u8, b: u8) {
        if inst.op == Op::VTrn2 {
            self.vshift(SHIFT_H, SRL, X0, a, 8);
            self.vshift(SHIFT_H, SRL, X1, b, 8);
            self.vshift(SHIFT_H, SLL, X1, X1, 8);
        } else {
            self.vshift(SHIFT_H, SLL, X0, a, 8);
            self.vshift(SHIFT_H, SRL, X0, X0, 8);
            self.vshift(SHIFT_H, SLL, X1, b, 8);
        }
        let dst = self.def_after(val, inst);
        self.vrr(POR, dst, X0, X1);
    }

    pub(super) fn vector_bytes(&mut self, val: Val, inst: &Inst) {
        match inst.op {
            Op::VExt => self.vector_ext(val, inst),
            Op::VTbl => self.vector_table(val, inst),
            _ => self.vector_rev(val, inst),
        }
    }

    fn vector_ext(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        let allow = if self.config.features.avx { self.dying_all(inst) } else { self.dying(inst.args[1]) };
        let dst = self.def(val, allow);
        self.vrri(PALIGNR, dst, b, a, inst.imm as u8);
    }

    /// The host zeroes where bit 7 of the index is set: a saturating addition sets it above 15.
    fn vector_table(&mut self, val: Val, inst: &Inst) {
        let table = self.reg(inst.args[0]);
        let index = self.reg(inst.args[1]);
        self.v3(rows_b(&PADDUS), X0, index, self.pool(TBL_LIMIT));
        let dst = self.def_after(val, inst);
        self.vrr(PSHUFB, dst, table, X0);
    }

    fn vector_rev(&mut self, val: Val, inst: &Inst) {
        let mask = match (lane(inst), inst.imm) {
            (Lane::B, 2) => REV_B2,
            (Lane::B, 4) => REV_B4,
            (Lane::B, 8) => REV_B8,
            (Lane::S, 8) => return self.vector_rev_words(val, inst),
            (Lane::H, 4) => REV_H4,
            (Lane::H, 8) => REV_H8,
            _ => return self.evaluate(val),
        };
        let a = self.reg(inst.args[0]);
        let dst = self.def_after(val, inst);
        self.v3(PSHUFB, dst, a, self.pool(mask));
    }

    fn vector_rev_words(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let dst = self.def_after(val, inst);
        self.v2i(PSHUFD, dst, a, 0xb1);
    }

    // ---- splat

    pub(super) fn vector_splat(&mut self, val: Val, inst: &Inst) {
        if inst.op == Op::VDup {
            let a = self.reg(inst.args[0]);
            let dst = self.def_after(val, inst);
            return self.splat_lane(dst, a, lane(inst), inst.imm as u8);
        }
        let a = self.reg(inst.args[0]);
        let dst = self.def(val, 0);
        self.gpr_to_vec(dst, a, lane(inst) == Lane::D);
        self.splat_lane(dst, dst, lane(inst), 0);
    }

    /// `movd` or `movq` from a general register.
    pub(super) fn gpr_to_vec(&mut self, dst: u8, src: u8, wide: bool) {
        self.v2(if wide { MOVD_FROM_GPR.wide() } else { MOVD_FROM_GPR }, dst, Rm::Reg(src));
    }

    /// Every lane of `dst` is lane `index` of `a`.
    fn splat_lane(&mut self, dst: u8, a: u8, lane: Lane, index: u8) {
        if index == 0 && self.config.features.avx2 {
            return self.v2(rows_hs(&PBROADCAST, lane), dst, Rm::Reg(a));
        }
        match lane {
            Lane::D => self.v2i(PSHUFD, dst, a, if index == 0 { 0x44 } else { 0xee }),
            Lane::S => self.v2i(PSHUFD, dst, a, index * 0x55),
            Lane::H if index < 4 => {
                self.v2i(PSHUFLW, dst, a, index * 0x55);
                self.v2i(PSHUFD, dst, dst, 0);
            }
            Lane::H => {
                self.v2i(PSHUFHW, dst, a, (index - 4) * 0x55);
                self.v2i(PSHUFD, dst, dst, 0xaa);
            }
            Lane::B => {
                self.vrri(PALIGNR, X0, a, a, index);
                self.vzero(X1);
                self.vrr(PSHUFB, dst, X0, X1);
            }
        }
    }

    // ---- insert and extract

    pub(super) fn vector_insert(&mut self, val: Val, inst: &Inst) {
        let [a, b, _] = inst.args;
        if inst.op == Op::VInsLane {
            return self.insert_lane(val, inst);
        }
        let into = self.inst(a);
        if lane(inst) == Lane::D && inst.imm == 0 && (into.op, into.imm) == (Op::VConst, 0) {
            return self.vector_of(val, b);
        }
        let vector = self.reg(a);
        // Of a narrower lane a slot may hold less than the instruction reads.
        let scalar = if matches!(lane(inst), Lane::S | Lane::D) { self.rm_src(b) } else { Rm::Reg(self.reg(b)) };
        let allow = self.dying(a);
        let dst = self.def(val, allow);
        self.vinsert(rows_hs(&PINSR, lane(inst)), dst, vector, scalar, inst.imm as u8);
    }

    /// A general register's 64 bits, the others zero.
    fn vector_of(&mut self, val: Val, scalar: Val) {
        let scalar = self.rm_src(scalar);
        let dst = self.def(val, 0);
        match scalar {
            Rm::Reg(reg) => self.movq_from_gpr(dst, reg),
            Rm::Mem(at) => self.load_xmm(8, dst, at),
        }
    }

    fn insert_lane(&mut self, val: Val, inst: &Inst) {
        let (to, from) = ((inst.imm & 15) as u8, (inst.imm >> 8) as u8);
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        match (lane(inst), to, from) {
            (Lane::S, ..) => {
                let dst = self.def_first(val, inst);
                self.vrri(INSERTPS, dst, a, b, from << 6 | to << 4);
            }
            (Lane::D, 0, 0) => {
                let dst = self.def_first(val, inst);
                self.vrri(PBLENDW, dst, a, b, 0x0f);
            }
            (Lane::D, 1, 1) => {
                let dst = self.def_first(val, inst);
                self.vrri(PBLENDW, dst, a, b, 0xf0);
            }
            (Lane::D, 1, _) => {
                let dst = self.def_first(val, inst);
                self.vrr(rows_hs(&PUNPCKL, Lane::D), dst, a, b);
            }
            (Lane::D, ..) => {
                let allow = if self.config.features.avx { self.dying_all(inst) } else { self.dying(inst.args[1]) };
                let dst = self.def(val, allow);
                self.vrri(SHUFPD, dst, b, a, 3);
            }
            (narrow, ..) => {
                self.lane_to_gpr(RAX, b, narrow, from);
                let dst = self.def_first(val, inst);
                self.vinsert(rows_hs(&PINSR, narrow), dst, a, Rm::Reg(RAX), to);
            }
        }
    }

    /// Lane `index` of `src`, zero-extended, in a general register.
    fn lane_to_gpr(&mut self, dst: u8, src: u8, lane: Lane, index: u8) {
        match (lane, index) {
            (Lane::S, 0) => self.v2(MOVD_TO_GPR, src, Rm::Reg(dst)),
            (Lane::D, 0) => self.v2(MOVD_TO_GPR.wide(), src, Rm::Reg(dst)),
            _ => {
                self.v2(rows_hs(&PEXTR, lane), src, Rm::Reg(dst));
                self.buf.push(index);
            }
        }
    }

    pub(super) fn vector_extract(&mut self, val: Val, inst: &Inst) {
        let a = self.reg(inst.args[0]);
        let dst = self.def(val, 0);
        let lane = lane(inst);
        self.lane_to_gpr(dst, a, lane, inst.imm as u8);
        let wide = inst.ty == Ty::I64;
        if inst.op == Op::VExtractS {
            match lane {
                Lane::B => self.buf.rm(Opcode::MOVSX8, wide, dst, Rm::Reg(dst)),
                Lane::H => self.buf.rm(Opcode::MOVSX16, wide, dst, Rm::Reg(dst)),
                Lane::S if wide => self.buf.rm(Opcode::MOVSXD, true, dst, Rm::Reg(dst)),
                _ => {}
            }
        }
        if !wide {
            self.zero_above(val);
        }
        debug_assert_eq!(Class::of(inst.ty), Class::Gpr);
    }
}
