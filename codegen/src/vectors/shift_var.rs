//! Shifts by a signed count in each lane: left where positive, right where negative (Arm USHL, SSHL).
//!
//! The host's variable shifts give 0 (or the sign) for counts beyond the lane, unsigned, so both directions are
//! computed and the count's sign chooses. It has none of bytes, and of half-words with AVX-512 alone: those are shifted in
//! lanes of twice the width, even and odd ones apart.

use super::arith::rows_d;
use super::{lane, rows::*};
use crate::constants::{LOW16, LOW32};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::{X0, X1};
use ir::{Inst, Lane, Op, Val};

const DWORDS: super::Vop = row(&PSHIFT, Lane::S);
const QWORDS: super::Vop = rows_d(&PSHIFT);

impl Emitter<'_, '_> {
    pub(super) fn vector_shift_var(&mut self, val: Val, inst: &Inst) {
        let features = self.config.features;
        if !features.avx2 || lane(inst) == Lane::B && !features.avx512 {
            return self.evaluate(val);
        }
        let a = self.reg(inst.args[0]);
        let b = self.reg(inst.args[1]);
        match lane(inst) {
            Lane::H if !features.avx512 => self.shift_var_halves(val, inst, a, b),
            Lane::B => self.shift_var_halves(val, inst, a, b),
            Lane::D => self.shift_var_d(val, inst, a, b),
            lane => {
                let left = self.xtmp();
                let unused = lane.bits() as u8 - 8;
                self.vshift(row(&PSHIFT, lane), SLL, X0, b, unused);
                self.vshift(row(&PSHIFT, lane), SRA, X0, X0, unused);
                self.shift_both_ways(inst, lane, left, a);
                let dst = self.def_after(val, inst);
                self.vblendv(dst, left, X1, X0);
            }
        }
    }

    /// `left` = `a` shifted left by the lanes of `X0`, `X1` = `a` shifted right by their opposites.
    fn shift_both_ways(&mut self, inst: &Inst, lane: Lane, left: u8, a: u8) {
        let signed = inst.op == Op::VShlVarS;
        let sub = row(&PSUB, lane);
        if lane == Lane::H {
            self.buf.evex(VPSLLVW, left, a, Rm::Reg(X0));
            self.vzero(X1);
            self.vrr(sub, X1, X1, X0);
            self.buf.evex(if signed { VPSRAVW } else { VPSRLVW }, X1, a, Rm::Reg(X1));
        } else {
            self.vrr(VPSLLVD, left, a, X0);
            self.vzero(X1);
            self.vrr(sub, X1, X1, X0);
            self.vrr(if signed { VPSRAVD } else { VPSRLVD }, X1, a, X1);
        }
    }

    fn shift_var_halves(&mut self, val: Val, inst: &Inst, a: u8, b: u8) {
        let wide = lane(inst).wider();
        let (shift, bits) = (row(&PSHIFT, wide), lane(inst).bits() as u8);
        let right = if inst.op == Op::VShlVarS { SRA } else { SRL };
        let (left, lanes, even) = (self.xtmp(), self.xtmp(), self.xtmp());
        let unused = 2 * bits - 8;
        self.vshift(shift, SLL, X0, b, unused);
        self.vshift(shift, SRA, X0, X0, unused);
        self.vshift(shift, SLL, lanes, a, bits);
        self.vshift(shift, right, lanes, lanes, bits);
        self.shift_both_ways(inst, wide, left, lanes);
        self.vblendv(even, left, X1, X0);
        self.v3(PAND, even, even, self.pool(if wide == Lane::H { LOW16 } else { LOW32 }));
        self.vshift(shift, SLL, X0, b, bits - 8);
        self.vshift(shift, SRA, X0, X0, unused);
        self.vshift(shift, right, lanes, a, bits);
        self.shift_both_ways(inst, wide, left, lanes);
        self.vblendv(left, left, X1, X0);
        self.vshift(shift, SLL, left, left, bits);
        let dst = self.def_after(val, inst);
        self.vrr(POR, dst, even, left);
    }

    fn shift_var_d(&mut self, val: Val, inst: &Inst, a: u8, b: u8) {
        let (left, sign) = (self.xtmp(), self.xtmp());
        // The count's byte, sign-extended to 64 bits: the upper words from the sign alone.
        self.vshift(QWORDS, SLL, X0, b, 56);
        self.vshift(DWORDS, SRA, X1, X0, 31);
        self.vshift(DWORDS, SRA, X0, X0, 24);
        self.v2i(PSHUFD, X0, X0, 0xf5);
        self.vrri(PBLENDW, X0, X0, X1, 0xcc);
        self.vrr(VPSLLVD.wide(), left, a, X0);
        self.vzero(X1);
        self.vrr(rows_d(&PSUB), X1, X1, X0);
        if inst.op == Op::VShlVarS {
            // Right with the sign: invert negative lanes before and after.
            self.vzero(sign);
            self.vrr(rows_d(&PCMPGT), sign, sign, a);
            let flipped = self.xtmp();
            self.vrr(PXOR, flipped, a, sign);
            self.vrr(VPSRLVD.wide(), X1, flipped, X1);
            self.vrr(PXOR, X1, X1, sign);
        } else {
            self.vrr(VPSRLVD.wide(), X1, a, X1);
        }
        let dst = self.def_after(val, inst);
        self.vblendv(dst, left, X1, X0);
    }

    /// `dst` = the bytes of `b` where the sign bit of `mask`'s is set, else those of `a` (AVX).
    fn vblendv(&mut self, dst: u8, a: u8, b: u8, mask: u8) {
        self.vrri(VPBLENDVB, dst, a, b, mask << 4);
    }
}
