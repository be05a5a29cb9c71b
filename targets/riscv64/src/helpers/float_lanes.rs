//! Floating-point operations on lanes of any format in any rounding mode, and the estimates (unprivileged ISA, chapter V,
//! vector floating-point instructions).

use ir::eval::lanes::{build, get, get_signed};
use ir::fp::{self, Env, Format, IntWidth, NanTo, NumRule, flags};
use ir::helper::VecArgs;
use ir::{Lane, NanRule, Round, Ty};

use super::class;

/// What is computed of lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FloatOp {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a × b
    Mul,
    /// a / b
    Div,
    /// a × b + c, rounded once.
    MulAdd,
    /// Minimum of numbers.
    Min,
    /// Maximum of numbers.
    Max,
    /// Square root.
    Sqrt,
    /// Estimate of the reciprocal square root.
    Rsqrt7,
    /// Estimate of the reciprocal.
    Rec7,
    /// Which of ten classes.
    Class,
    /// To a signed integer.
    ToS,
    /// To an unsigned one.
    ToU,
    /// From a signed integer.
    FromS,
    /// From an unsigned one.
    FromU,
    /// To another format.
    Convert,
    /// The same, rounded to odd.
    ConvertOdd,
    /// From BFloat16 to single precision.
    FromBf16,
    /// From single precision to BFloat16.
    ToBf16,
}

impl FloatOp {
    const ALL: [FloatOp; 19] = {
        use FloatOp::*;
        [
            Add, Sub, Mul, Div, MulAdd, Min, Max, Sqrt, Rsqrt7, Rec7, Class, ToS, ToU, FromS, FromU, Convert,
            ConvertOdd, FromBf16, ToBf16,
        ]
    };

    /// The constant for the helper: operands and results are lanes of these widths.
    pub const fn constant(self, from: Lane, to: Lane, round: Round) -> i64 {
        self as i64 | (from as i64) << 8 | (to as i64) << 16 | (round as i64) << 24
    }

    fn of(self, env: &mut Env, (from, to): (Lane, Lane), [a, b, c]: [u64; 3], signed: i64) -> u64 {
        let (format, result) = (Format::of_lane(from), Format::of_lane(to));
        let to_int =
            |env: &mut Env, signed| fp::to_int(env, format, a, IntWidth { bits: to.bits(), signed }, NanTo::Max);
        match self {
            FloatOp::Add => fp::add(env, format, a, b),
            FloatOp::Sub => fp::sub(env, format, a, b),
            FloatOp::Mul => fp::mul(env, format, a, b),
            FloatOp::Div => fp::div(env, format, a, b),
            FloatOp::MulAdd => fp::mul_add(env, format, a, b, c),
            FloatOp::Min => fp::minnum(env, format, a, b, NumRule::Ieee2019),
            FloatOp::Max => fp::maxnum(env, format, a, b, NumRule::Ieee2019),
            FloatOp::Sqrt => fp::sqrt(env, format, a),
            FloatOp::Rsqrt7 => rsqrt7(env, format, a),
            FloatOp::Rec7 => rec7(env, format, a),
            FloatOp::Class => classify(from, a),
            FloatOp::ToS => to_int(env, true),
            FloatOp::ToU => to_int(env, false),
            FloatOp::FromS => fp::from_i64(env, result, signed),
            FloatOp::FromU => fp::from_u64(env, result, a),
            FloatOp::Convert => fp::convert(env, format, result, a),
            FloatOp::ConvertOdd => convert_odd(env, format, result, a),
            FloatOp::FromBf16 => fp::convert(env, Format::BF16, Format::F32, a),
            FloatOp::ToBf16 => fp::convert(env, Format::F32, Format::BF16, a),
        }
    }
}

/// Lanes of one width to the low lanes of another.
pub extern "C" fn compute(args: &mut VecArgs) {
    let byte = |at: u32| (args.imm >> at) as u8;
    let op = FloatOp::ALL[byte(0) as usize % FloatOp::ALL.len()];
    let (from, to) = (Lane::from_u8(byte(8)), Lane::from_u8(byte(16)));
    let mut env = Env::from_mxcsr(NanRule::Canonical, args.mxcsr).rounding(Round::from_u8(byte(24)));
    let v = args.v;
    args.v[0] = build(to, |i| match i < from.count() {
        true => op.of(&mut env, (from, to), v.map(|v| get(v, from, i)), get_signed(v[0], from, i)),
        false => 0,
    });
    args.raised |= env.raised;
}

fn classify(lane: Lane, bits: u64) -> u64 {
    let (ty, boxing) = match lane {
        Lane::H => (Ty::F16, !0 << 16),
        Lane::S => (Ty::F32, !0 << 32),
        _ => (Ty::F64, 0),
    };
    class(bits | boxing, 0, 0, ty as u64)
}

/// What is inexact becomes the neighbour whose last bit is set.
fn convert_odd(env: &mut Env, from: Format, to: Format, bits: u64) -> u64 {
    let mut towards_zero = env.rounding(Round::Zero);
    towards_zero.raised = 0;
    let result = fp::convert(&mut towards_zero, from, to, bits);
    env.raise(towards_zero.raised);
    if towards_zero.raised & flags::INEXACT != 0 { result | 1 } else { result }
}

/// A number's sign, exponent, and fraction, the fraction shifted to the top of 64 bits; subnormal ones are made normal.
struct Parts {
    negative: bool,
    exponent: i64,
    fraction: u64,
}

/// Bits of the exponent and of the fraction.
const fn widths(format: Format) -> (u32, u32) {
    match format.bits() {
        16 => (5, 10),
        32 => (8, 23),
        _ => (11, 52),
    }
}

fn parts(format: Format, bits: u64) -> Parts {
    let (exp_bits, frac_bits) = widths(format);
    let exponent = (bits >> frac_bits & ((1 << exp_bits) - 1)) as i64;
    let fraction = bits << (64 - frac_bits);
    let negative = bits & format.sign_bit() != 0;
    if exponent != 0 {
        return Parts { negative, exponent, fraction };
    }
    let zeros = fraction.leading_zeros();
    Parts { negative, exponent: -i64::from(zeros), fraction: fraction.checked_shl(zeros + 1).unwrap_or(0) }
}

/// What both estimates do with NaNs.
fn nan(env: &mut Env, format: Format, bits: u64) -> Option<u64> {
    let class = classify(lane_of(format), bits);
    const SIGNALLING: u64 = 1 << 8;
    const QUIET: u64 = 1 << 9;
    if class == SIGNALLING {
        env.raise(flags::INVALID);
    }
    (class & (SIGNALLING | QUIET) != 0).then(|| format.default_nan())
}

fn lane_of(format: Format) -> Lane {
    match format.bits() {
        16 => Lane::H,
        32 => Lane::S,
        _ => Lane::D,
    }
}

/// The reciprocal square root to 7 bits.
fn rsqrt7(env: &mut Env, format: Format, bits: u64) -> u64 {
    let ((exp_bits, frac_bits), magnitude) = (widths(format), bits & !format.sign_bit());
    let negative = magnitude != bits;
    if let Some(nan) = nan(env, format, bits) {
        return nan;
    }
    if magnitude == 0 {
        env.raise(flags::DIVIDE);
        return format.infinity(negative);
    }
    if negative {
        env.raise(flags::INVALID);
        return format.default_nan();
    }
    if magnitude == format.infinity(false) {
        return 0;
    }
    let Parts { exponent, fraction, .. } = parts(format, bits);
    let index = (exponent as u64 & 1) << 6 | fraction >> 58;
    let bias = (1i64 << (exp_bits - 1)) - 1;
    let exponent = (3 * bias - 1 - exponent) >> 1;
    (exponent as u64) << frac_bits | u64::from(RSQRT7[index as usize]) << (frac_bits - 7)
}

/// The reciprocal to 7 bits.
fn rec7(env: &mut Env, format: Format, bits: u64) -> u64 {
    let (exp_bits, frac_bits) = widths(format);
    let Parts { negative, exponent, fraction } = parts(format, bits);
    if let Some(nan) = nan(env, format, bits) {
        return nan;
    }
    let magnitude = bits & !format.sign_bit();
    if magnitude == 0 {
        env.raise(flags::DIVIDE);
        return format.infinity(negative);
    }
    let sign = format.zero(negative);
    if magnitude == format.infinity(false) {
        return sign;
    }
    if exponent < -1 {
        // Too small by more than the estimate's range: the reciprocal overflows.
        env.raise(flags::OVERFLOW | flags::INEXACT);
        let infinite = match env.round {
            Round::Zero => false,
            Round::Down => negative,
            Round::Up => !negative,
            _ => true,
        };
        return if infinite { format.infinity(negative) } else { format.infinity(negative) - 1 };
    }
    let bias = (1i64 << (exp_bits - 1)) - 1;
    let exponent = 2 * bias - 1 - exponent;
    let fraction = u64::from(REC7[(fraction >> 57) as usize]) << (frac_bits - 7);
    // Results below the normal range lose bits without rounding.
    let (exponent, fraction) = match exponent {
        1.. => (exponent as u64, fraction),
        0 => (0, (fraction | 1 << frac_bits) >> 1),
        _ => (0, (fraction | 1 << frac_bits) >> 2),
    };
    sign | exponent << frac_bits | fraction
}

/// 128 × (2 / x - 1), to nearest, for the middles of 128 parts of [1, 2).
const REC7: [u8; 128] = {
    let mut table = [0; 128];
    let mut i = 0;
    while i < 128 {
        let doubled = 2 * 65536 / (257 + 2 * i as u32);
        table[i] = (doubled.div_ceil(2) - 128) as u8;
        i += 1;
    }
    table
};

/// 128 × (2 / √x - 1), to nearest, for the middles of 64 parts of [2, 4), where exponents are even, and of [1, 2).
const RSQRT7: [u8; 128] = {
    let mut table = [0; 128];
    let mut i = 0;
    while i < 128 {
        // The middle of the part in units of 1/128.
        let middle = (129 + 2 * (i as u64 % 64)) * if i < 64 { 2 } else { 1 };
        let mut estimate = 256;
        while (2 * estimate - 1) * (2 * estimate - 1) * middle > 4 * 65536 * 128 {
            estimate -= 1;
        }
        table[i] = (estimate - 128) as u8;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::{REC7, RSQRT7};

    /// The first and last values of the manual's tables (chapter V, vector floating-point reciprocal estimates).
    #[test]
    fn tables_are_the_manuals() {
        assert_eq!((&REC7[..8], &REC7[124..]), (&[127, 125, 123, 121, 119, 117, 116, 114][..], &[2, 1, 1, 0][..]));
        assert_eq!((&RSQRT7[..8], &RSQRT7[60..64]), (&[52, 51, 50, 48, 47, 46, 44, 43][..], &[2, 1, 1, 0][..]));
        assert_eq!((&RSQRT7[64..70], &RSQRT7[125..]), (&[127, 125, 123, 121, 119, 118][..], &[55, 54, 53][..]));
    }
}
