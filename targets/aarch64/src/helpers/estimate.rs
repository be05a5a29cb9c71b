//! Estimates of reciprocals and reciprocal square roots, and the steps that refine them: to the bit as the
//! Arm ARM's shared pseudocode has them (RecipEstimate, FPRecipEstimate, FPRSqrtEstimate, FPRecpX,
//! FPRecipStepFused, FPRSqrtStepFused, FPMulX).

use ir::fp::{self, Env, Format, flags};
use ir::{Round, VecArgs};

use super::request::map_float;

/// The layout of a format: bits of exponent and fraction.
#[derive(Clone, Copy)]
struct Layout {
    exp: u32,
    frac: u32,
}

impl Layout {
    fn of(format: Format) -> Layout {
        match format.bits() {
            16 => Layout { exp: 5, frac: 10 },
            32 => Layout { exp: 8, frac: 23 },
            _ => Layout { exp: 11, frac: 52 },
        }
    }

    fn exp_max(self) -> i64 {
        (1 << self.exp) - 1
    }

    fn bias(self) -> i64 {
        self.exp_max() >> 1
    }

    fn exponent(self, bits: u64) -> i64 {
        (bits >> self.frac) as i64 & self.exp_max()
    }

    /// The fraction, aligned as a double's.
    fn fraction(self, bits: u64) -> u64 {
        bits << (52 - self.frac) & FRACTION
    }

    /// A number from its parts, the fraction aligned as a double's.
    fn number(self, negative: bool, exponent: i64, fraction: u64) -> u64 {
        (negative as u64) << (self.exp + self.frac) | (exponent as u64) << self.frac | fraction >> (52 - self.frac)
    }
}

const FRACTION: u64 = (1 << 52) - 1;

/// What an operand is, denormals flushed where the environment says so.
enum Kind {
    Nan,
    Zero,
    Infinite,
    Number,
}

fn classify(env: &mut Env, format: Format, flush_half: bool, bits: u64) -> Kind {
    let layout = Layout::of(format);
    let (exponent, fraction) = (layout.exponent(bits), layout.fraction(bits));
    let flush = if format == Format::F16 { flush_half } else { env.flush };
    match (exponent, fraction) {
        (0, 0) => Kind::Zero,
        (0, _) if flush => {
            if format != Format::F16 {
                env.raise(flags::DENORMAL);
            }
            Kind::Zero
        }
        (e, 0) if e == layout.exp_max() => Kind::Infinite,
        (e, _) if e == layout.exp_max() => Kind::Nan,
        _ => Kind::Number,
    }
}

/// The NaN that an operation on this NaN alone yields.
fn process_nan(env: &mut Env, format: Format, bits: u64) -> u64 {
    fp::round_to_integral(env, format, bits, false)
}

/// For 256 to 511, nine bits of 2^17 / (a + 1/2).
fn recip_estimate(a: u32) -> u32 {
    ((1 << 19) / (2 * a + 1)).div_ceil(2)
}

/// For 128 to 511, nine bits of the reciprocal square root: the manual counts b up from 512 while
/// a (b + 1)^2 is below 2^28.
fn recip_sqrt_estimate(a: u32) -> u32 {
    let a = if a < 256 { 2 * a + 1 } else { 2 * ((a & !1) + 1) };
    let b = (((1 << 28) - 1) / a).isqrt();
    b.div_ceil(2)
}

/// Lane by lane, FRECPE.
pub extern "C" fn frecpe(args: &mut VecArgs) {
    map_float(args, |env, format, request, [n, ..]| reciprocal(env, format, request.flush_half, n));
}

fn reciprocal(env: &mut Env, format: Format, flush_half: bool, n: u64) -> u64 {
    let layout = Layout::of(format);
    let negative = n & format.sign_bit() != 0;
    match classify(env, format, flush_half, n) {
        Kind::Nan => return process_nan(env, format, n),
        Kind::Infinite => return format.zero(negative),
        Kind::Zero => {
            env.raise(flags::DIVIDE);
            return format.infinity(negative);
        }
        Kind::Number => {}
    }
    let (mut exponent, mut fraction) = (layout.exponent(n), layout.fraction(n));
    if exponent == 0 && fraction < 1 << 50 {
        return reciprocal_overflow(env, format, negative);
    }
    let flush = if format == Format::F16 { flush_half } else { env.flush };
    if flush && exponent >= 2 * layout.bias() - 1 {
        env.raise(flags::UNDERFLOW);
        return format.zero(negative);
    }
    if exponent == 0 {
        let by = if fraction >> 51 == 0 { 2 } else { 1 };
        exponent = 1 - by;
        fraction = fraction << by & FRACTION;
    }
    let estimate = recip_estimate(256 | (fraction >> 44) as u32) as u64;
    let result = (estimate & 0xff) << 44;
    match 2 * layout.bias() - 1 - exponent {
        0 => layout.number(negative, 0, 1 << 51 | result >> 1),
        -1 => layout.number(negative, 0, 1 << 50 | result >> 2),
        exponent => layout.number(negative, exponent, result),
    }
}

/// The reciprocal is beyond the largest number.
fn reciprocal_overflow(env: &mut Env, format: Format, negative: bool) -> u64 {
    env.raise(flags::OVERFLOW | flags::INEXACT);
    let infinite = match env.round {
        Round::Up => !negative,
        Round::Down => negative,
        Round::Zero => false,
        Round::Dynamic | Round::NearestEven | Round::NearestAway => true,
    };
    format.infinity(negative) - !infinite as u64
}

/// Lane by lane, FRSQRTE.
pub extern "C" fn frsqrte(args: &mut VecArgs) {
    map_float(args, |env, format, request, [n, ..]| reciprocal_root(env, format, request.flush_half, n));
}

fn reciprocal_root(env: &mut Env, format: Format, flush_half: bool, n: u64) -> u64 {
    let layout = Layout::of(format);
    let negative = n & format.sign_bit() != 0;
    match classify(env, format, flush_half, n) {
        Kind::Nan => return process_nan(env, format, n),
        Kind::Zero => {
            env.raise(flags::DIVIDE);
            return format.infinity(negative);
        }
        _ if negative => {
            env.raise(flags::INVALID);
            return format.default_nan();
        }
        Kind::Infinite => return 0,
        Kind::Number => {}
    }
    let (mut exponent, mut fraction) = (layout.exponent(n), layout.fraction(n));
    if exponent == 0 {
        let by = fraction.leading_zeros() as i64 - 11;
        exponent = 1 - by;
        fraction = fraction << by & FRACTION;
    }
    let significand = 1 << 52 | fraction;
    let scaled = if exponent & 1 == 0 { significand >> 44 } else { significand >> 45 };
    let estimate = recip_sqrt_estimate(scaled as u32) as u64;
    layout.number(false, (3 * layout.bias() - 1 - exponent) >> 1, (estimate & 0xff) << 44)
}

/// Lane by lane, FRECPX: a power of two near the reciprocal.
pub extern "C" fn frecpx(args: &mut VecArgs) {
    map_float(args, |env, format, request, [n, ..]| {
        let layout = Layout::of(format);
        if let Kind::Nan = classify(env, format, request.flush_half, n) {
            return process_nan(env, format, n);
        }
        let exponent = match layout.exponent(n) {
            0 => layout.exp_max() - 1,
            exponent => layout.exp_max() - exponent,
        };
        layout.number(n & format.sign_bit() != 0, exponent, 0)
    });
}

/// Words, URECPE.
pub extern "C" fn urecpe(args: &mut VecArgs) {
    map_float(
        args,
        |_, _, _, [n, ..]| {
            if n >> 31 == 0 { u64::MAX } else { (recip_estimate((n >> 23) as u32) as u64) << 23 }
        },
    );
}

/// Words, URSQRTE.
pub extern "C" fn ursqrte(args: &mut VecArgs) {
    map_float(
        args,
        |_, _, _, [n, ..]| {
            if n >> 30 == 0 { u64::MAX } else { (recip_sqrt_estimate((n >> 23) as u32) as u64) << 23 }
        },
    );
}

/// Whether one factor is infinite and the other zero, denormals flushed where the environment says so. Halves
/// come here flushed.
fn is_undefined_product(env: &mut Env, format: Format, a: u64, b: u64) -> bool {
    let mut inner = *env;
    let kinds = (classify(&mut inner, format, false, a), classify(&mut inner, format, false, b));
    let undefined = matches!(kinds, (Kind::Infinite, Kind::Zero) | (Kind::Zero, Kind::Infinite));
    if undefined {
        *env = inner;
    }
    undefined
}

/// Lane by lane, FMULX.
pub extern "C" fn fmulx(args: &mut VecArgs) {
    map_float(args, |env, format, _, [n, m, _]| multiply_extended(env, format, n, m));
}

/// n m, where infinity times zero is two.
pub(super) fn multiply_extended(env: &mut Env, format: Format, n: u64, m: u64) -> u64 {
    if is_undefined_product(env, format, n, m) {
        let layout = Layout::of(format);
        return layout.number((n ^ m) & format.sign_bit() != 0, layout.bias() + 1, 0);
    }
    fp::mul(env, format, n, m)
}

/// Lane by lane, FRECPS.
pub extern "C" fn frecps(args: &mut VecArgs) {
    map_float(args, |env, format, _, [n, m, _]| reciprocal_step(env, format, n, m));
}

/// 2 - n m, rounded once; infinity times zero counts as zero.
pub(super) fn reciprocal_step(env: &mut Env, format: Format, n: u64, m: u64) -> u64 {
    let layout = Layout::of(format);
    let two = layout.number(false, layout.bias() + 1, 0);
    if is_undefined_product(env, format, n, m) {
        return two;
    }
    fp::mul_add(env, format, n ^ format.sign_bit(), m, two)
}

/// Lane by lane, FRSQRTS.
pub extern "C" fn frsqrts(args: &mut VecArgs) {
    map_float(args, |env, format, _, [n, m, _]| reciprocal_root_step(env, format, n, m));
}

/// (3 - n m) / 2, rounded once, which is 1.5 - (n / 2) m; infinity times zero counts as zero. The larger factor
/// is halved, so that it stays exact; if both are too small for that the product is lost beside 1.5 in any case.
pub(super) fn reciprocal_root_step(env: &mut Env, format: Format, n: u64, m: u64) -> u64 {
    let layout = Layout::of(format);
    let one_and_half = layout.number(false, layout.bias(), 1 << 51);
    if is_undefined_product(env, format, n, m) {
        return one_and_half;
    }
    let halved = |bits: u64| match layout.exponent(bits) {
        e if e > 1 && e < layout.exp_max() => bits - (1 << layout.frac),
        _ => bits,
    };
    let (n, m) = if layout.exponent(n) >= layout.exponent(m) { (halved(n), m) } else { (n, halved(m)) };
    fp::mul_add(env, format, n ^ format.sign_bit(), m, one_and_half)
}
