//! Conversions to and from the alternative half precision of FPCR.AHP: no infinities, no NaNs, and the exponent that
//! would stand for them one more for numbers (Arm ARM A1.4.3, FPConvert, FPRoundBase).

use ir::eval::lanes;
use ir::fp::{self, Env, Format, flags};
use ir::{Lane, VecArgs};

use super::request::Request;

const SIGN: u64 = 1 << 15;
/// The exponent field of numbers from 2^16 on.
const TOP: u64 = 0x7c00;
/// What saturates.
const LARGEST: u64 = 0x7fff;

/// Halves to the request's lanes; the lowest alone or as many as fill the vector.
pub extern "C" fn widen(args: &mut VecArgs) {
    let request = Request::of(args);
    let (format, n) = (Format::of_lane(request.lane), args.v[0]);
    let unit = if request.lane == Lane::D { 1 << 52 } else { 1 << 23 };
    args.v[0] = lanes::build(request.lane, |i| {
        if i >= request.count {
            return 0;
        }
        let half = lanes::get(n, Lane::H, i);
        // Exact. Half of what is 2^16 and more is an ordinary number.
        let (half, twice) = if half & TOP == TOP { (half - 0x400, unit) } else { (half, 0) };
        let mut env = Env { flush: false, ..request.env(args) };
        fp::convert(&mut env, Format::F16, format, half) + twice
    });
}

/// The request's lanes to halves, zeros above.
pub extern "C" fn narrow(args: &mut VecArgs) {
    let request = Request::of(args);
    let (format, n) = (Format::of_lane(request.lane), args.v[0]);
    let mut env = request.env(args);
    args.v[0] = lanes::build(Lane::H, |i| match i < request.count {
        true => to_half(&mut env, format, lanes::get(n, request.lane, i)),
        false => 0,
    });
    args.raised |= env.raised;
}

fn to_half(env: &mut Env, format: Format, bits: u64) -> u64 {
    let magnitude = bits & (format.sign_bit() - 1);
    let sign = if bits == magnitude { 0 } else { SIGN };
    let infinity = format.infinity(false);
    if magnitude >= infinity {
        env.raise(flags::INVALID);
        return if magnitude == infinity { sign | LARGEST } else { sign };
    }
    // Numbers from 2^15 on are converted by half.
    let (large, unit) = match format {
        Format::F64 => (1038 << 52, 1 << 52),
        _ => (142 << 23, 1 << 23),
    };
    if magnitude < large {
        return fp::convert(env, format, Format::F16, bits);
    }
    let mut inner = Env { raised: 0, ..*env };
    let half = fp::convert(&mut inner, format, Format::F16, bits - unit);
    if inner.raised & flags::OVERFLOW != 0 {
        env.raise(flags::INVALID);
        return sign | LARGEST;
    }
    env.raise(inner.raised);
    half + 0x400
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helpers::request::ONE_LANE;

    fn call(function: extern "C" fn(&mut VecArgs), bits: u64, lane: Lane) -> (u64, u32) {
        let imm = lane as u64 | ONE_LANE as u64;
        let mut args = VecArgs { v: [bits as u128, 0, 0], imm, mxcsr: 0x1f80, ..VecArgs::default() };
        function(&mut args);
        (args.v[0] as u64, args.raised)
    }

    #[test]
    fn the_top_exponent_is_for_numbers() {
        let narrowed = |value: f64| call(narrow, value.to_bits(), Lane::D);
        assert_eq!(narrowed(131008.0), (0x7fff, 0));
        assert_eq!(narrowed(131040.0), (0x7fff, flags::INVALID));
        assert_eq!(narrowed(-131030.0), (0xffff, flags::INEXACT));
        assert_eq!(narrowed(65536.0), (0x7c00, 0));
        assert_eq!(narrowed(65504.0), (0x7bff, 0));
        assert_eq!(narrowed(f64::NEG_INFINITY), (0xffff, flags::INVALID));
        assert_eq!(narrowed(-f64::NAN), (0x8000, flags::INVALID));
        let widened = |half| f64::from_bits(call(widen, half, Lane::D).0);
        assert_eq!((widened(0x7c00), widened(0xffff), widened(0x3c00)), (65536.0, -131008.0, 1.0));
        assert_eq!(widened(1), 2f64.powi(-24));
    }
}
