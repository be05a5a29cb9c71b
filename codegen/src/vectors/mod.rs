//! Vector ops on integer lanes, and cryptography.
//!
//! What the host has an instruction for is a row of [`rows`]; what takes a few is a function here. The
//! rest, and what an older host lacks, is evaluated by the IR's own meaning ([`Emitter::evaluate`]).

mod across;
mod arith;
mod crypto;
mod encode;
mod masked;
mod multiply;
mod permute;
pub(crate) mod rows;
mod saturate;
mod shift;
mod shift_var;
mod widen;
mod zeros;

pub(crate) use encode::{Vop, op, op3a, op38};

use crate::alloc::{Class, Home};
use crate::emitter::Emitter;
use crate::encode::{Amode, Rm};
use crate::regs::NONE;
use ir::{Inst, Lane, Op, Val};
use rows::*;

/// The lane an op works on.
fn lane(inst: &Inst) -> Lane {
    Lane::from_u8(inst.aux)
}

impl Emitter<'_, '_> {
    /// Emits a vector-integer or cryptographic op.
    pub(crate) fn vector(&mut self, val: Val, inst: &Inst) {
        match inst.op {
            Op::And | Op::Or | Op::Xor | Op::AndNot | Op::Not => self.vector_logic(val, inst),
            Op::VAdd => self.by_lane(val, inst, &PADD),
            Op::VSub => self.by_lane(val, inst, &PSUB),
            Op::VMinS => self.by_lane(val, inst, &PMINS),
            Op::VMinU => self.by_lane(val, inst, &PMINU),
            Op::VMaxS => self.by_lane(val, inst, &PMAXS),
            Op::VMaxU => self.by_lane(val, inst, &PMAXU),
            Op::VQAddS | Op::VQAddU | Op::VQSubS | Op::VQSubU => self.vector_saturating(val, inst),
            Op::VAvgU => self.by_lane(val, inst, &PAVG),
            Op::VCmpEq => self.by_lane(val, inst, &PCMPEQ),
            Op::VCmpGtS => self.by_lane(val, inst, &PCMPGT),
            Op::VZip1 => self.by_lane(val, inst, &PUNPCKL),
            Op::VZip2 => self.by_lane(val, inst, &PUNPCKH),
            Op::VNeg | Op::VAbs | Op::VCmpGtU => self.vector_arith(val, inst),
            Op::VShl | Op::VShrU | Op::VShrS => self.vector_shift(val, inst),
            Op::VRol => self.vector_rotate(val, inst),
            Op::VShlVarU | Op::VShlVarS => self.vector_shift_var(val, inst),
            Op::VUzp1 | Op::VUzp2 => self.vector_unzip(val, inst),
            Op::VTrn1 | Op::VTrn2 => self.vector_transpose(val, inst),
            Op::VExt | Op::VRev | Op::VTbl => self.vector_bytes(val, inst),
            Op::VSplat | Op::VDup => self.vector_splat(val, inst),
            Op::VInsert | Op::VInsLane => self.vector_insert(val, inst),
            Op::VExtractU | Op::VExtractS => self.vector_extract(val, inst),
            Op::VExtLoS | Op::VExtLoU | Op::VExtHiS | Op::VExtHiU => self.vector_extend(val, inst),
            Op::VNarrow | Op::VNarrowSS | Op::VNarrowSU | Op::VNarrowUU => self.vector_narrow(val, inst),
            Op::VMul | Op::VMulLoS | Op::VMulLoU | Op::VMulHiS | Op::VMulHiU | Op::VQDMulH => {
                self.vector_multiply(val, inst);
            }
            Op::VPmullLo | Op::VPmullHi => self.vector_carryless(val, inst),
            Op::VCnt | Op::VRbit => self.vector_nibbles(val, inst),
            Op::VClz => self.vector_leading_zeros(val, inst),
            Op::VAddAcross | Op::VAddPairS | Op::VAddPairU => self.vector_sum(val, inst),
            Op::AesSub | Op::AesInvSub | Op::AesMix | Op::AesInvMix => self.aes(val, inst),
            Op::AesRound | Op::AesInvRound => self.aes_round(val, inst),
            Op::Sha1Hash | Op::Sha1Su0 | Op::Sha1Su1 => self.sha1(val, inst),
            Op::Sha256Rounds2 | Op::Sha256Su0 | Op::Sha256Su1 => self.sha256(val, inst),
            _ => self.evaluate(val),
        }
    }

    /// One instruction where the host has it for the lane.
    fn by_lane(&mut self, val: Val, inst: &Inst, table: &ByLane) {
        match table[lane(inst) as usize] {
            Some(op) => self.binary(val, inst, op),
            None => self.evaluate(val),
        }
    }

    /// `val = a op b` by one instruction.
    fn binary(&mut self, val: Val, inst: &Inst, op: Vop) {
        let [a, b, _] = inst.args;
        // Only the second operand may be memory.
        let is_saved = |this: &Self, v| {
            let e = this.alloc.get(this.alloc.ent(v));
            e.reg == NONE && e.home != Home::None
        };
        let (a, b) = if op.commutes && is_saved(self, a) && !is_saved(self, b) { (b, a) } else { (a, b) };
        let a_reg = self.reg(a);
        let b_rm = self.rm_src(b);
        let in_place = if self.config.features.avx || op.commutes { self.dying(b) } else { 0 };
        let allow = self.dying(a) | in_place;
        let dst = self.def(val, allow);
        self.v3(op, dst, a_reg, b_rm);
    }

    /// The registers of operands whose last use this is: for results that are written last.
    fn dying_all(&self, inst: &Inst) -> u32 {
        inst.args.iter().filter(|arg| arg.is_some()).map(|&arg| self.dying(arg)).fold(0, |all, reg| all | reg)
    }

    /// A constant of the context's pool as an operand.
    fn pool(&self, disp: i32) -> Rm {
        Rm::Mem(Amode::context(disp))
    }

    fn vector_logic(&mut self, val: Val, inst: &Inst) {
        match inst.op {
            Op::And => self.binary(val, inst, PAND),
            Op::Or => self.binary(val, inst, POR),
            Op::Xor => self.binary(val, inst, PXOR),
            Op::AndNot => {
                // a & !b: the host inverts its first operand.
                let b = self.reg(inst.args[1]);
                let a = self.rm_src(inst.args[0]);
                let in_place = if self.config.features.avx { self.dying_all(inst) } else { self.dying(inst.args[1]) };
                let dst = self.def(val, in_place);
                self.v3(PANDN, dst, b, a);
            }
            _ => {
                let a = self.reg(inst.args[0]);
                let allow = self.dying(inst.args[0]);
                let dst = self.def(val, allow);
                self.v3(PXOR, dst, a, self.pool(crate::constants::ONES));
            }
        }
    }

    /// A vector register for the length of this instruction.
    fn xtmp(&mut self) -> u8 {
        self.tmp(Class::Xmm)
    }
}
