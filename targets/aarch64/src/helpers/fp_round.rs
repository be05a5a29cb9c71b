//! Conversions that no other architecture has: to integral numbers within the range of an integer
//! (FEAT_FRINTTS), JavaScript's ToInt32 (FEAT_JSCVT), and to single precision by rounding to odd.

use ir::fp::{self, Env, Format, IntWidth, NanTo, flags};
use ir::{Round, VecArgs};

use super::request::{Request, kind, map_float};

/// The range is that of 32 bits, not 64.
pub const TO_32: i64 = kind(1);
/// Rounding is the guest's, not towards zero.
pub const DYNAMIC: i64 = kind(2);

/// Lane by lane, FRINT32Z and its family (Arm ARM, FPRoundIntN).
pub extern "C" fn int_range(args: &mut VecArgs) {
    map_float(args, |env, format, request, [n, ..]| {
        let bits = if request.has(TO_32) { 32 } else { 64 };
        let mode = if request.has(DYNAMIC) { env.round } else { Round::Zero };
        let mut inner = Env { raised: 0, ..env.rounding(mode) };
        let rounded = fp::round_to_integral(&mut inner, format, n, true);
        let mut range = Env { raised: 0, ..inner };
        fp::to_int(&mut range, format, rounded, IntWidth { bits, signed: true }, NanTo::Zero);
        if range.raised & flags::INVALID != 0 {
            env.raise(inner.raised & flags::DENORMAL | flags::INVALID);
            return fp::from_i64(&mut range, format, i64::MIN >> (64 - bits));
        }
        env.raise(inner.raised);
        rounded
    });
}

/// Raises what operands raise that are denormal and flushed: an operation that reads them does so, though the host's
/// comparison does not.
pub extern "C" fn denormals(args: &mut VecArgs) {
    map_float(args, |env, format, _, [n, m, _]| {
        fp::compare(env, format, n, m, false);
        0
    });
    args.raised &= flags::DENORMAL;
}

/// v[0]'s double to an integer modulo 2 to the power 32 in word 0, NZCV in bits 31 to 28 of word 1
/// (Arm ARM, FPToFixedJS).
pub extern "C" fn javascript(args: &mut VecArgs) {
    let mut env = Request::of(args).env(args);
    let (value, exact) = to_int32(&mut env, args.v[0] as u64);
    let z = (exact as u128) << 30;
    args.v[0] = value as u128 | z << 32;
    args.raised |= env.raised;
}

/// The low 32 bits of the number cut to an integer, and whether that is the number itself; -0 is not.
fn to_int32(env: &mut Env, bits: u64) -> (u32, bool) {
    let (negative, exponent, fraction) = (bits >> 63 != 0, (bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    match (exponent, fraction) {
        (0, 0) => return (0, !negative),
        (0, _) if env.flush => {
            env.raise(flags::DENORMAL);
            return (0, false);
        }
        (0x7ff, _) => {
            env.raise(flags::INVALID);
            return (0, false);
        }
        _ => {}
    }
    // The number is significand * 2^(exponent - 1075).
    let significand = fraction | 1 << 52;
    let shift = exponent - 1075;
    let (magnitude, inexact) = match shift {
        0.. => (significand.checked_shl(shift as u32).unwrap_or(0), false),
        -52..0 => (significand >> -shift, significand << (64 + shift) != 0),
        _ => (0, true),
    };
    let limit = (1 << 31) - !negative as u64;
    if shift > 0 || magnitude > limit {
        env.raise(flags::INVALID);
    } else if inexact {
        env.raise(flags::INEXACT);
    }
    let exact = !inexact && shift <= 0 && magnitude <= limit;
    let value = magnitude as u32;
    (if negative { value.wrapping_neg() } else { value }, exact)
}

/// Double-words to words in the low 64 bits, rounding to odd: towards zero, and the last bit set where
/// that was inexact (Arm ARM, FPRound with FPRounding_ODD). One lane or two.
pub extern "C" fn to_odd(args: &mut VecArgs) {
    let request = Request::of(args);
    let mut env = request.env(args);
    let mut result = 0;
    for i in 0..request.count {
        let mut inner = Env { raised: 0, ..env.rounding(Round::Zero) };
        let bits = fp::convert(&mut inner, Format::F64, Format::F32, (args.v[0] >> (64 * i)) as u64);
        let odd = inner.raised & flags::INEXACT != 0;
        result |= ((bits | odd as u64) as u128) << (32 * i);
        env.raise(inner.raised);
    }
    args.v[0] = result;
    args.raised |= env.raised;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: extern "C" fn(&mut VecArgs), bits: u64, imm: i64) -> (u128, u32) {
        let mut args = VecArgs { v: [bits as u128, 0, 0], imm: imm as u64, mxcsr: 0x1f80, ..VecArgs::default() };
        function(&mut args);
        (args.v[0], args.raised)
    }

    #[test]
    fn javascript_wraps_and_says_when_exact() {
        let js = |value: f64| {
            let (result, raised) = call(javascript, value.to_bits(), 3);
            (result as u32 as i32, result >> 62 & 1 != 0, raised)
        };
        assert_eq!(js(5.0), (5, true, 0));
        assert_eq!(js(-5.5), (-5, false, flags::INEXACT));
        assert_eq!(js(0.0), (0, true, 0));
        assert_eq!(js(-0.0), (0, false, 0));
        assert_eq!(js(4294967297.0), (1, false, flags::INVALID));
        assert_eq!(js(-2147483648.0), (i32::MIN, true, 0));
        assert_eq!(js(2147483648.0), (i32::MIN, false, flags::INVALID));
        assert_eq!(js(2f64.powi(60) + 2f64.powi(31)), (i32::MIN, false, flags::INVALID));
        assert_eq!(js(2f64.powi(84)), (0, false, flags::INVALID));
        assert_eq!(js(2f64.powi(-1)), (0, false, flags::INEXACT));
        assert_eq!(js(f64::NAN), (0, false, flags::INVALID));
        assert_eq!(js(f64::INFINITY), (0, false, flags::INVALID));
    }

    #[test]
    fn integral_numbers_stay_in_range() {
        let round = |value: f64, kind| {
            let (result, raised) = call(int_range, value.to_bits(), kind | 3);
            (f64::from_bits(result as u64), raised)
        };
        assert_eq!(round(-1.5, TO_32), (-1.0, flags::INEXACT));
        assert_eq!(round(-1.5, TO_32 | DYNAMIC), (-2.0, flags::INEXACT));
        assert_eq!(round(2147483647.5, TO_32), (2147483647.0, flags::INEXACT));
        assert_eq!(round(2147483647.5, TO_32 | DYNAMIC), (-2147483648.0, flags::INVALID));
        assert_eq!(round(f64::NAN, 0), (i64::MIN as f64, flags::INVALID));
        assert_eq!(round(f64::INFINITY, 0), (i64::MIN as f64, flags::INVALID));
    }

    #[test]
    fn rounding_to_odd_keeps_a_trace() {
        let odd = |value: f64| {
            let (result, raised) = call(to_odd, value.to_bits(), 3 | 1 << 12);
            (result as u32, raised)
        };
        assert_eq!(odd(1.0), (0x3f80_0000, 0));
        assert_eq!(odd(1.0 + 2f64.powi(-40)), (0x3f80_0001, flags::INEXACT));
        assert_eq!(odd(1e300), (0x7f7f_ffff, flags::OVERFLOW | flags::INEXACT));
        assert_eq!(odd(1e-300), (1, flags::UNDERFLOW | flags::INEXACT));
    }
}
