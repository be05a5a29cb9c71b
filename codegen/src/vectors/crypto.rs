//! AES and SHA rounds by AES-NI and the SHA extensions.
//!
//! The host keeps SHA state in registers that hold other words in other orders than the guest's; each
//! function says how they map (Intel SDM 2, SHA1RNDS4, SHA256RNDS2; Arm ARM, SHA1hash).

use super::{Vop, rows::*};
use crate::emitter::Emitter;
use crate::encode::Rm;
use crate::regs::{RAX, X0, X1};
use dynasmrt::DynasmApi;
use ir::{Inst, Lane, Op, Val};

const ADD: Vop = row(&PADD, Lane::S);
const SUB: Vop = row(&PSUB, Lane::S);
const SHIFT: Vop = row(&PSHIFT, Lane::S);
const SHIFT_BYTES: Vop = row(&PSHIFT, Lane::D);
/// FIPS 180-4, 4.2.1: the constants the host adds for its functions 0, 1 and 2.
const SHA1_K: [u32; 3] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc];
/// Words of a register in reverse.
const REVERSE: u8 = 0x1b;

impl Emitter<'_, '_> {
    pub(super) fn aes(&mut self, val: Val, inst: &Inst) {
        if !self.config.features.aes {
            return self.evaluate(val);
        }
        let a = self.reg(inst.args[0]);
        let zero = self.zero_rm();
        match inst.op {
            Op::AesInvMix => {
                let dst = self.def_after(val, inst);
                self.v2(AESIMC, dst, Rm::Reg(a));
            }
            // The host has MixColumns only behind SubBytes and ShiftRows: undo these before.
            Op::AesMix => {
                let dst = self.def_after(val, inst);
                self.v3(AESDECLAST, dst, a, zero);
                self.v3(AESENC, dst, dst, zero);
            }
            sub => {
                let dst = self.def_after(val, inst);
                self.v3(if sub == Op::AesSub { AESENCLAST } else { AESDECLAST }, dst, a, zero);
            }
        }
    }

    pub(super) fn aes_round(&mut self, val: Val, inst: &Inst) {
        if !self.config.features.aes {
            return self.evaluate(val);
        }
        let key = *self.block.inst(inst.args[1]);
        let op = if inst.op == Op::AesRound { AESENC } else { AESDEC };
        if (key.op, key.imm) != (Op::VConst, 0) {
            return self.binary(val, inst, op);
        }
        let a = self.reg(inst.args[0]);
        let zero = self.zero_rm();
        let dst = self.def_after(val, inst);
        self.v3(op, dst, a, zero);
    }

    pub(super) fn sha1(&mut self, val: Val, inst: &Inst) {
        match inst.op {
            Op::Sha1Su0 => self.sha1_schedule0(val, inst),
            Op::Sha1Su1 => self.sha1_schedule1(val, inst),
            _ if self.config.features.sha => self.sha1_rounds(val, inst),
            _ => self.evaluate(val),
        }
    }

    /// The host takes A in the top word, E added to the first schedule word, and adds the constant
    /// itself, which the guest has added already.
    fn sha1_rounds(&mut self, val: Val, inst: &Inst) {
        let abcd = self.reg(inst.args[0]);
        let e = self.reg(inst.args[1]);
        let words = self.reg(inst.args[2]);
        let function = inst.imm.clamp(0, 2) as u8;
        self.buf.mov_imm(RAX, SHA1_K[function as usize] as i64);
        self.gpr_to_vec(X0, RAX, false);
        self.v2i(PSHUFD, X0, X0, 0);
        self.vrr(SUB, X1, words, X0);
        // E alone, the other words zero.
        self.vrri(INSERTPS, X0, e, e, 0x0e);
        self.vrr(ADD, X1, X1, X0);
        self.v2i(PSHUFD, X1, X1, REVERSE);
        self.v2i(PSHUFD, X0, abcd, REVERSE);
        self.buf.legacy(SHA1RNDS4, X0, Rm::Reg(X1));
        self.buf.push(function);
        let dst = self.def_after(val, inst);
        self.v2i(PSHUFD, dst, X0, REVERSE);
    }

    /// Vd ^ Vm ^ (high half of Vd, low half of Vn).
    fn sha1_schedule0(&mut self, val: Val, inst: &Inst) {
        let d = self.reg(inst.args[0]);
        let n = self.reg(inst.args[1]);
        let m = self.reg(inst.args[2]);
        self.vrri(SHUFPD, X0, d, n, 1);
        self.vrr(PXOR, X0, X0, d);
        let dst = self.def_after(val, inst);
        self.vrr(PXOR, dst, X0, m);
    }

    /// Vd ^ (Vn down one word), rotated by one; the last word takes in the first, rotated by two.
    fn sha1_schedule1(&mut self, val: Val, inst: &Inst) {
        let d = self.reg(inst.args[0]);
        let n = self.reg(inst.args[1]);
        let sum = self.xtmp();
        self.vshift(SHIFT_BYTES, 3, X0, n, 4);
        self.vrr(PXOR, X0, X0, d);
        self.rotate(sum, X0, 1);
        self.vshift(SHIFT_BYTES, 7, X0, X0, 12);
        let last = self.xtmp();
        self.rotate(last, X0, 2);
        let dst = self.def_after(val, inst);
        self.vrr(PXOR, dst, sum, last);
    }

    /// Words of `a` rotated left; goes through [`X1`].
    fn rotate(&mut self, dst: u8, a: u8, count: u8) {
        self.vshift(SHIFT, SLL, dst, a, count);
        self.vshift(SHIFT, SRL, X1, a, 32 - count);
        self.vrr(POR, dst, dst, X1);
    }

    pub(super) fn sha256(&mut self, val: Val, inst: &Inst) {
        if !self.config.features.sha {
            return self.evaluate(val);
        }
        match inst.op {
            Op::Sha256Rounds2 => self.sha256_two_rounds(val, inst),
            Op::Sha256Su0 => {
                let d = self.reg(inst.args[0]);
                let n = self.reg(inst.args[1]);
                self.vmov(X0, d);
                let n = self.low(n, X1);
                self.buf.legacy(SHA256MSG1, X0, Rm::Reg(n));
                let dst = self.def_after(val, inst);
                self.vmov(dst, X0);
            }
            _ => {
                let d = self.reg(inst.args[0]);
                let n = self.reg(inst.args[1]);
                let m = self.reg(inst.args[2]);
                self.vrri(PALIGNR, X0, m, n, 4);
                self.vrr(ADD, X0, X0, d);
                let m = self.low(m, X1);
                self.buf.legacy(SHA256MSG2, X0, Rm::Reg(m));
                let dst = self.def_after(val, inst);
                self.vmov(dst, X0);
            }
        }
    }

    /// The halves of the state are as the host has them; the words have to be in xmm0.
    fn sha256_two_rounds(&mut self, val: Val, inst: &Inst) {
        let [old, state, words] = inst.args.map(|arg| self.reg(arg));
        let saved = self.xtmp();
        self.vmov(X0, old);
        let state = match state {
            0 => {
                self.vmov(X1, 0);
                X1
            }
            state => self.low(state, X1),
        };
        self.vmov(saved, 0);
        match inst.imm {
            0 => self.vmov(0, words),
            _ => self.v2i(PSHUFD, 0, words, 0xee),
        }
        self.buf.legacy(SHA256RNDS2, X0, Rm::Reg(state));
        self.vmov(0, saved);
        let dst = self.def_after(val, inst);
        self.vmov(dst, X0);
    }
}
