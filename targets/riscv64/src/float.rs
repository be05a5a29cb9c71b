//! What all floating-point instructions share: formats, NaN-boxed registers, rounding modes
//! (unprivileged ISA, chapters F, D, Zfh).

use ir::{HelperId, Op, Round, Ty, Val};
use target::{Lower, Mode};

use crate::helpers;
use crate::state;

/// The format of an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fmt {
    /// Half precision.
    H,
    /// Single precision.
    S,
    /// Double precision.
    D,
}

impl Fmt {
    /// The type of its values.
    pub const fn ty(self) -> Ty {
        match self {
            Fmt::H => Ty::F16,
            Fmt::S => Ty::F32,
            Fmt::D => Ty::F64,
        }
    }

    /// The sign bit of a value in its register.
    pub const fn sign(self) -> u64 {
        match self {
            Fmt::H => 1 << 15,
            Fmt::S => 1 << 31,
            Fmt::D => 1 << 63,
        }
    }

    /// What a register holds above a value.
    pub const fn boxing(self) -> u64 {
        match self {
            Fmt::H => !0 << 16,
            Fmt::S => !0 << 32,
            Fmt::D => 0,
        }
    }
}

/// Floating-point registers as operands.
pub trait Fregs {
    /// The value in f`n`: the canonical NaN where none of this format is boxed there (chapter D, NaN boxing).
    fn f(&mut self, fmt: Fmt, n: u32) -> Val;
    /// The same as arithmetic takes it: half precision is computed in single.
    fn wide(&mut self, fmt: Fmt, n: u32) -> Val;
    /// The same with its box.
    fn boxed(&mut self, fmt: Fmt, n: u32) -> Val;
    /// The value in f`n` where it was boxed in this block.
    fn known(&mut self, fmt: Fmt, n: u32) -> Option<Val>;
    /// All 64 bits of f`n`, as an integer.
    fn raw(&mut self, n: u32) -> Val;
    /// Sets f`n` to a value.
    fn set_f(&mut self, fmt: Fmt, n: u32, val: Val);
    /// Sets f`n` to a value with its box.
    fn set_boxed(&mut self, n: u32, boxed: Val);
    /// Sets f`n` to what arithmetic yields.
    fn set_wide(&mut self, fmt: Fmt, n: u32, val: Val);
    /// Sets f`n` to the low bits of a 64-bit integer, boxed.
    fn set_bits(&mut self, fmt: Fmt, n: u32, bits: Val);
}

impl Fregs for Lower<'_> {
    fn f(&mut self, fmt: Fmt, n: u32) -> Val {
        let raw = self.get(state::f(n));
        if fmt == Fmt::D {
            return raw;
        }
        self.funbox(fmt.ty(), raw)
    }

    fn wide(&mut self, fmt: Fmt, n: u32) -> Val {
        let val = self.f(fmt, n);
        if fmt == Fmt::H { self.fcvt(Ty::F32, Ty::F16, val) } else { val }
    }

    fn boxed(&mut self, fmt: Fmt, n: u32) -> Val {
        let raw = self.get(state::f(n));
        if fmt == Fmt::D || self.known(fmt, n).is_some() {
            return raw;
        }
        let val = self.funbox(fmt.ty(), raw);
        self.fbox(fmt.ty(), val)
    }

    fn known(&mut self, fmt: Fmt, n: u32) -> Option<Val> {
        let raw = self.get(state::f(n));
        let inst = self.inst(raw);
        (inst.op == Op::FBox && inst.ty == fmt.ty()).then_some(inst.args[0])
    }

    fn raw(&mut self, n: u32) -> Val {
        let raw = self.get(state::f(n));
        self.un(Op::Bitcast, Ty::I64, raw)
    }

    fn set_f(&mut self, fmt: Fmt, n: u32, val: Val) {
        let raw = if fmt == Fmt::D { val } else { self.fbox(fmt.ty(), val) };
        self.put(state::f(n), raw);
    }

    fn set_boxed(&mut self, n: u32, boxed: Val) {
        self.put(state::f(n), boxed);
    }

    fn set_wide(&mut self, fmt: Fmt, n: u32, val: Val) {
        let val = if fmt == Fmt::H { self.fcvt(Ty::F16, Ty::F32, val) } else { val };
        self.set_f(fmt, n, val);
    }

    fn set_bits(&mut self, fmt: Fmt, n: u32, bits: Val) {
        let all = self.bin_imm(Op::Or, Ty::I64, bits, fmt.boxing() as i64);
        let raw = self.un(Op::Bitcast, Ty::F64, all);
        self.put(state::f(n), raw);
    }
}

/// The type arithmetic on a format is done in.
pub const fn wide_ty(fmt: Fmt) -> Ty {
    match fmt {
        Fmt::D => Ty::F64,
        _ => Ty::F32,
    }
}

/// The rounding mode that a register's or an instruction's field encodes (chapter F, table of rounding modes).
const fn round_of(field: u32) -> Option<Round> {
    match field {
        0 => Some(Round::NearestEven),
        1 => Some(Round::Zero),
        2 => Some(Round::Down),
        3 => Some(Round::Up),
        4 => Some(Round::NearestAway),
        _ => None,
    }
}

/// The block's mode: fcsr's rounding mode.
pub const fn mode(frm: u32) -> Mode {
    Mode(frm & 7)
}

/// How MXCSR rounds while frm holds this. It has no mode for ties away from zero, and nothing rounds
/// dynamically while frm is invalid.
pub fn host_round(frm: u32) -> Round {
    match round_of(frm) {
        None | Some(Round::NearestAway) => Round::NearestEven,
        Some(round) => round,
    }
}

/// Whether the host rounds to nearest even in this block.
pub fn host_rounds_to_even(b: &Lower) -> bool {
    host_round(mode(b.mode.0).0) == Round::NearestEven
}

/// How an instruction with this `rm` rounds: [`Round::Dynamic`] where the host does it so, the mode itself
/// where not, `None` where the mode is reserved and the instruction illegal. frm is known: it is part of the block's key.
pub fn rounding(b: &Lower, rm: u32) -> Option<Round> {
    const DYNAMIC: u32 = 7;
    let frm = mode(b.mode.0).0;
    let round = round_of(if rm == DYNAMIC { frm } else { rm })?;
    Some(if round == host_round(frm) { Round::Dynamic } else { round })
}

/// An operation in a rounding mode that the host is not in, or on half precision where single is not exact enough.
pub fn soft(b: &mut Lower, helper: HelperId, fmt: Fmt, round: Round, args: [Val; 3]) -> Val {
    b.call_vec(helper, fmt.ty(), args, helpers::pack(fmt.ty(), fmt.ty(), round))
}

/// An operation by bits on boxed values.
pub fn bits(b: &mut Lower, op: Op, a: Val, c: Val) -> Val {
    b.bin(op, Ty::V128, a, c)
}

/// A boxed value as a vector.
pub fn vector(b: &mut Lower, boxed: Val) -> Val {
    b.un(Op::VZext, Ty::F64, boxed)
}

/// The low lane of a vector as a boxed value.
pub fn unvector(b: &mut Lower, vector: Val) -> Val {
    b.un(Op::VLow, Ty::F64, vector)
}
