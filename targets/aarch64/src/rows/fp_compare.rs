//! Floating-point compare and conditional compare (Arm ARM C4.1.96).

use ir::{Lane, Op, Ty, Underflow, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::float::{constant, get, precision};
use crate::helpers::{self, request};
use crate::state::NZCV;
use crate::vector::Shape;

instructions! {
    /// Single and double precision. Rm should be zero where the other operand is; CPUs do not look.
    pub ROWS: cpu::FP;
    fcmp       "00011110 0t1 mmmmm 00 1000 nnnnn 00000" |b, f: Word| compare(b, f, false);
    fcmp_zero  "00011110 0t1 xxxxx 00 1000 nnnnn 01000" |b, f: Word| compare_zero(b, f, false);
    fcmpe      "00011110 0t1 mmmmm 00 1000 nnnnn 10000" |b, f: Word| compare(b, f, true);
    fcmpe_zero "00011110 0t1 xxxxx 00 1000 nnnnn 11000" |b, f: Word| compare_zero(b, f, true);
    fccmp      "00011110 0t1 mmmmm cccc 01 nnnnn 0 ffff" |b, f: Word| conditional_compare(b, f, false);
    fccmpe     "00011110 0t1 mmmmm cccc 01 nnnnn 1 ffff" |b, f: Word| conditional_compare(b, f, true);
}

/// The flags of a comparison; where `signal`, quiet NaNs are invalid too.
pub fn compare_values(b: &mut Lower, ty: Ty, n: Val, m: Val, signal: bool) -> Val {
    if b.block().underflow == Underflow::Evaluated {
        let lane = if ty == Ty::F64 { Lane::D } else { Lane::S };
        let request = request(b, Shape::Scalar, lane, 0);
        b.call_vec(helpers::DENORMALS, Ty::V128, [n, m, Val::NONE], request);
    }
    b.op(Op::FcmpF, ty, 0, [n, m, Val::NONE], signal as i64)
}

fn compare(b: &mut Lower, f: Word, signal: bool) {
    let ty = precision(f);
    let (n, m) = (get(b, ty, f.rn()), get(b, ty, f.rm()));
    let flags = compare_values(b, ty, n, m, signal);
    b.put(NZCV, flags);
}

fn compare_zero(b: &mut Lower, f: Word, signal: bool) {
    let ty = precision(f);
    let (n, zero) = (get(b, ty, f.rn()), constant(b, ty, 0));
    let flags = compare_values(b, ty, n, zero, signal);
    b.put(NZCV, flags);
}

fn conditional_compare(b: &mut Lower, f: Word, signal: bool) {
    let ty = precision(f);
    conditional(b, f, ty, signal, |b, holds, n| {
        let (n, zero) = (get(b, ty, n), constant(b, ty, 0));
        b.select(ty, holds, n, zero)
    });
}

/// FCCMP, FCCMPE. Where the condition fails nothing may be raised: `operand` yields zeros then.
pub fn conditional(b: &mut Lower, f: Word, ty: Ty, signal: bool, operand: impl Fn(&mut Lower, Val, u32) -> Val) {
    let before = b.get(NZCV);
    let holds = b.cond(f.cond(), before);
    let (n, m) = (operand(b, holds, f.rn()), operand(b, holds, f.rm()));
    let compared = compare_values(b, ty, n, m, signal);
    let compared = b.un(Op::ToNzcv, Ty::I32, compared);
    let otherwise = b.i32((f.bits(0, 4) << 28) as i32);
    let nzcv = b.select(Ty::I32, holds, compared, otherwise);
    let flags = b.un(Op::FromNzcv, Ty::I32, nzcv);
    b.put(NZCV, flags);
}
