//! Soft floating point against two independent answers: LLVM's APFloat in every format and rounding mode,
//! with exceptions, and the host's own arithmetic. What neither knows (which NaN, flushing, tininess)
//! is tested by cases out of the manuals.

mod common;

use common::random::Rng;
use ir::fp::{self, Env, Format, IntWidth, NanTo, NumRule, Order, Tininess, flags};
use ir::{FpControl, NanRule, Round};
use rustc_apfloat::ieee::{Double, Half, Single};
use rustc_apfloat::{Float, FloatConvert, Round as ApRound, Status, StatusAnd};

const OPERANDS: usize = 60_000;
const MODES: [(Round, ApRound); 5] = [
    (Round::NearestEven, ApRound::NearestTiesToEven),
    (Round::Down, ApRound::TowardNegative),
    (Round::Up, ApRound::TowardPositive),
    (Round::Zero, ApRound::TowardZero),
    (Round::NearestAway, ApRound::NearestTiesToAway),
];

fn env(round: Round) -> Env {
    Env::new(NanRule::Propagate, FpControl { round, flush: false })
}

fn flags_of(status: Status) -> u32 {
    [
        (Status::INVALID_OP, flags::INVALID),
        (Status::DIV_BY_ZERO, flags::DIVIDE),
        (Status::OVERFLOW, flags::OVERFLOW),
        (Status::UNDERFLOW, flags::UNDERFLOW),
        (Status::INEXACT, flags::INEXACT),
    ]
    .into_iter()
    .filter(|(bit, _)| status.contains(*bit))
    .fold(0, |all, (_, flag)| all | flag)
}

/// A format under test.
#[derive(Clone, Copy)]
struct Fmt {
    format: Format,
    exp: u32,
    frac: u32,
}

const F16: Fmt = Fmt { format: Format::F16, exp: 5, frac: 10 };
const F32: Fmt = Fmt { format: Format::F32, exp: 8, frac: 23 };
const F64: Fmt = Fmt { format: Format::F64, exp: 11, frac: 52 };

impl Fmt {
    fn is_nan(self, bits: u64) -> bool {
        bits & (self.format.sign_bit() - 1) > self.format.infinity(false)
    }

    /// Whether two results agree, but for what APFloat has its own rule for: whether a result is tiny that
    /// rounds up to the smallest normal number, and overflow where the result is the largest finite one.
    fn agrees(self, found: (u64, u32), expected: (u64, u32)) -> bool {
        let magnitude = found.0 & (self.format.sign_bit() - 1);
        let ignored = match magnitude {
            _ if magnitude == 1 << self.frac => flags::UNDERFLOW,
            _ if magnitude == self.format.infinity(false) - 1 => flags::OVERFLOW,
            _ => 0,
        };
        let same = found.0 == expected.0 || self.is_nan(found.0) && self.is_nan(expected.0);
        same && (found.1 ^ expected.1) & !ignored == 0
    }
}

type Arith<F> = (&'static str, fn(&mut Env, Format, [u64; 3]) -> u64, fn([F; 3], ApRound) -> StatusAnd<F>);

fn arithmetic<F: Float>(fmt: Fmt, seed: u64) {
    let ops: [Arith<F>; 5] = [
        ("add", |e, f, v| fp::add(e, f, v[0], v[1]), |v, r| v[0].add_r(v[1], r)),
        ("sub", |e, f, v| fp::sub(e, f, v[0], v[1]), |v, r| v[0].sub_r(v[1], r)),
        ("mul", |e, f, v| fp::mul(e, f, v[0], v[1]), |v, r| v[0].mul_r(v[1], r)),
        ("div", |e, f, v| fp::div(e, f, v[0], v[1]), |v, r| v[0].div_r(v[1], r)),
        ("mul_add", |e, f, v| fp::mul_add(e, f, v[0], v[1], v[2]), |v, r| v[0].mul_add_r(v[1], v[2], r)),
    ];
    let mut rng = Rng::new(seed);
    for i in 0..OPERANDS {
        let mut v: [u64; 3] = std::array::from_fn(|_| rng.float(fmt.exp, fmt.frac));
        if i % 4 == 0 {
            // Near cancellation.
            v[1] = v[0] ^ fmt.format.sign_bit() ^ (rng.u64() & 3);
        }
        if v.iter().any(|&bits| fmt.is_nan(bits)) {
            continue;
        }
        let (round, ap_round) = MODES[i % 5];
        for (name, ours, theirs) in ops {
            let mut env = env(round);
            let found = ours(&mut env, fmt.format, v);
            let expected = theirs(v.map(|bits| F::from_bits(bits as u128)), ap_round);
            let expected = (expected.value.to_bits() as u64, flags_of(expected.status));
            assert!(
                fmt.agrees((found, env.raised), expected),
                "{name} {round:?} {v:x?}: {found:x} {:#x}, not {expected:x?}",
                env.raised
            );
        }
    }
}

#[test]
fn arithmetic_is_exact() {
    arithmetic::<Half>(F16, 1);
    arithmetic::<Single>(F32, 2);
    arithmetic::<Double>(F64, 3);
}

fn to_integers<F: Float>(fmt: Fmt, seed: u64) {
    let mut rng = Rng::new(seed);
    for i in 0..OPERANDS {
        let bits = rng.float(fmt.exp, fmt.frac);
        let (round, ap_round) = MODES[i % 5];
        let number = F::from_bits(bits as u128);
        for width in [16, 32, 64] {
            for signed in [false, true] {
                let mut env = env(round);
                let found = fp::to_int(&mut env, fmt.format, bits, IntWidth { bits: width, signed }, NanTo::Zero);
                let mut exact = false;
                let (value, status) = if signed {
                    let result = number.to_i128_r(width as usize, ap_round, &mut exact);
                    (result.value as u64, result.status)
                } else {
                    let result = number.to_u128_r(width as usize, ap_round, &mut exact);
                    (result.value as u64, result.status)
                };
                let value = value & (u64::MAX >> (64 - width));
                assert_eq!((found, env.raised), (value, flags_of(status)), "{bits:x} {round:?} {width} {signed}");
            }
        }
        let mut env = env(round);
        let found = fp::round_to_integral(&mut env, fmt.format, bits, true);
        let expected = number.round_to_integral(ap_round);
        let expected = (expected.value.to_bits() as u64, flags_of(expected.status));
        assert!(fmt.agrees((found, env.raised), expected), "{bits:x} {round:?}: {found:x} {expected:x?}");
    }
}

#[test]
fn conversions_to_integers_are_exact() {
    to_integers::<Half>(F16, 4);
    to_integers::<Single>(F32, 5);
    to_integers::<Double>(F64, 6);
}

fn from_integers<F: Float>(fmt: Fmt, seed: u64) {
    let mut rng = Rng::new(seed);
    for i in 0..OPERANDS {
        let value = rng.word();
        let (round, ap_round) = MODES[i % 5];
        let mut e = env(round);
        let found = fp::from_u64(&mut e, fmt.format, value);
        let expected = F::from_u128_r(value as u128, ap_round);
        let expected = (expected.value.to_bits() as u64, flags_of(expected.status));
        assert!(fmt.agrees((found, e.raised), expected), "{value:x} {round:?}: {found:x} {expected:x?}");
        let mut e = env(round);
        let found = fp::from_i64(&mut e, fmt.format, value as i64);
        let expected = F::from_i128_r(value as i64 as i128, ap_round);
        let expected = (expected.value.to_bits() as u64, flags_of(expected.status));
        assert!(fmt.agrees((found, e.raised), expected), "{value:x} {round:?}: {found:x} {expected:x?}");
    }
}

#[test]
fn conversions_from_integers_are_exact() {
    from_integers::<Half>(F16, 7);
    from_integers::<Single>(F32, 8);
    from_integers::<Double>(F64, 9);
}

fn between<F: Float + FloatConvert<T>, T: Float>(from: Fmt, to: Fmt, seed: u64) {
    let mut rng = Rng::new(seed);
    for i in 0..OPERANDS {
        let bits = rng.float(from.exp, from.frac);
        if from.is_nan(bits) {
            continue;
        }
        let (round, ap_round) = MODES[i % 5];
        let mut env = env(round);
        let found = fp::convert(&mut env, from.format, to.format, bits);
        let expected = F::from_bits(bits as u128).convert_r(ap_round, &mut false);
        let expected = (expected.value.to_bits() as u64, flags_of(expected.status));
        assert!(to.agrees((found, env.raised), expected), "{bits:x} {round:?}: {found:x} {expected:x?}");
    }
}

#[test]
fn conversions_between_formats_are_exact() {
    between::<Half, Single>(F16, F32, 10);
    between::<Half, Double>(F16, F64, 11);
    between::<Single, Half>(F32, F16, 12);
    between::<Single, Double>(F32, F64, 13);
    between::<Double, Half>(F64, F16, 14);
    between::<Double, Single>(F64, F32, 15);
}

#[test]
fn the_host_agrees() {
    let mut rng = Rng::new(16);
    for _ in 0..200_000 {
        let [a, b, c]: [u64; 3] = std::array::from_fn(|_| rng.float(11, 52));
        let (x, y, z) = (f64::from_bits(a), f64::from_bits(b), f64::from_bits(c));
        let same = |found: u64, expected: f64| {
            assert!(found == expected.to_bits() || F64.is_nan(found) && expected.is_nan(), "{x} {y} {z}: {found:x}");
        };
        let e = &mut env(Round::NearestEven);
        same(fp::add(e, Format::F64, a, b), x + y);
        same(fp::mul(e, Format::F64, a, b), x * y);
        same(fp::div(e, Format::F64, a, b), x / y);
        same(fp::sqrt(e, Format::F64, a), x.sqrt());
        same(fp::mul_add(e, Format::F64, a, b, c), x.mul_add(y, z));
        let order = fp::compare(e, Format::F64, a, b, false);
        let expected = x.partial_cmp(&y).map_or(Order::Unordered, |order| match order {
            std::cmp::Ordering::Less => Order::Less,
            std::cmp::Ordering::Equal => Order::Equal,
            std::cmp::Ordering::Greater => Order::Greater,
        });
        assert_eq!(order, expected);

        let [a, b] = [rng.float(8, 23), rng.float(8, 23)];
        let (x, y) = (f32::from_bits(a as u32), f32::from_bits(b as u32));
        let same = |found: u64, expected: f32| {
            assert!(found == expected.to_bits() as u64 || F32.is_nan(found) && expected.is_nan(), "{x} {y}: {found:x}");
        };
        same(fp::sub(e, Format::F32, a, b), x - y);
        same(fp::div(e, Format::F32, a, b), x / y);
        same(fp::sqrt(e, Format::F32, a), x.sqrt());
    }
}

/// The root is the number whose square is nearest, by mode: checked by exact squares.
#[test]
fn square_roots_round_by_mode() {
    let mut rng = Rng::new(17);
    for i in 0..OPERANDS {
        let bits = rng.float(11, 52) & !(1 << 63);
        if F64.is_nan(bits) || bits == Format::F64.infinity(false) || bits == 0 {
            continue;
        }
        let below = fp::sqrt(&mut env(Round::Down), Format::F64, bits);
        let above = fp::sqrt(&mut env(Round::Up), Format::F64, bits);
        let square = |root: u64, round| fp::mul_add(&mut env(round), Format::F64, root, root, bits ^ 1 << 63);
        let sign = |bits: u64| bits >> 63 != 0;
        // root^2 - x in one rounding has the right sign.
        assert!(below == above || above == below + 1, "{bits:x}");
        let (low, high) = (square(below, Round::Down), square(above, Round::Up));
        assert!(low & !(1 << 63) == 0 || sign(low), "{bits:x} {i}");
        assert!(high & !(1 << 63) == 0 || !sign(high), "{bits:x} {i}");
        let nearest = fp::sqrt(&mut env(Round::NearestEven), Format::F64, bits);
        assert!(nearest == below || nearest == above);
    }
}

const SNAN: u64 = 0x7fa0_0001;
const QNAN: u64 = 0x7fc0_0002;
const QNAN2: u64 = 0xffc0_0003;
const INF: u64 = 0x7f80_0000;
const ONE: u64 = 0x3f80_0000;
const DEFAULT: u64 = 0x7fc0_0000;
const MINUS_ZERO: u64 = 0x8000_0000;
const DENORMAL: u64 = 0x0000_0001;

type Case = (fn(&mut Env, Format, u64, u64, u64) -> u64, [u64; 3], u64, u32);

/// Arm ARM, FPProcessNaNs, FPMulAdd, FPMin, FPMinNum; `check` of f32 cases.
fn check_cases(rule: NanRule, cases: &[Case]) {
    for (i, &(f, [a, b, c], result, raised)) in cases.iter().enumerate() {
        let mut env = Env::new(rule, FpControl::DEFAULT);
        let found = f(&mut env, Format::F32, a, b, c);
        assert_eq!((found, env.raised), (result, raised), "{rule:?} case {i}: {found:x}");
    }
}

#[test]
fn nans_propagate_as_on_arm() {
    let add: fn(&mut Env, Format, u64, u64, u64) -> u64 = |e, f, a, b, _| fp::add(e, f, a, b);
    let min: fn(&mut Env, Format, u64, u64, u64) -> u64 = |e, f, a, b, _| fp::min(e, f, a, b);
    let minnum: fn(&mut Env, Format, u64, u64, u64) -> u64 = |e, f, a, b, _| fp::minnum(e, f, a, b, NumRule::Ieee2008);
    check_cases(
        NanRule::Propagate,
        &[
            (add, [QNAN, QNAN2, 0], QNAN, 0),
            (add, [QNAN, SNAN, 0], SNAN | 0x40_0000, flags::INVALID),
            (add, [ONE, QNAN2, 0], QNAN2, 0),
            (add, [INF, INF | MINUS_ZERO, 0], DEFAULT, flags::INVALID),
            (fp::mul_add, [QNAN, ONE, QNAN2], QNAN2, 0),
            (fp::mul_add, [INF, 0, QNAN], DEFAULT, flags::INVALID),
            (fp::mul_add, [INF, 0, SNAN], SNAN | 0x40_0000, flags::INVALID),
            (fp::mul_add, [SNAN, ONE, QNAN], SNAN | 0x40_0000, flags::INVALID),
            (min, [ONE, QNAN, 0], QNAN, 0),
            (min, [0, MINUS_ZERO, 0], MINUS_ZERO, 0),
            (minnum, [ONE, QNAN, 0], ONE, 0),
            (minnum, [SNAN, ONE, 0], SNAN | 0x40_0000, flags::INVALID),
            (minnum, [QNAN, QNAN2, 0], QNAN, 0),
            (minnum, [QNAN, SNAN, 0], SNAN | 0x40_0000, flags::INVALID),
        ],
    );
}

#[test]
fn nans_are_canonical_as_on_risc_v() {
    let add: fn(&mut Env, Format, u64, u64, u64) -> u64 = |e, f, a, b, _| fp::add(e, f, a, b);
    let minnum: fn(&mut Env, Format, u64, u64, u64) -> u64 = |e, f, a, b, _| fp::minnum(e, f, a, b, NumRule::Ieee2019);
    let maxnum: fn(&mut Env, Format, u64, u64, u64) -> u64 = |e, f, a, b, _| fp::maxnum(e, f, a, b, NumRule::Ieee2019);
    check_cases(
        NanRule::Canonical,
        &[
            (add, [QNAN2, ONE, 0], DEFAULT, 0),
            (fp::mul_add, [INF, 0, QNAN], DEFAULT, flags::INVALID),
            (minnum, [SNAN, ONE, 0], ONE, flags::INVALID),
            (minnum, [QNAN, SNAN, 0], DEFAULT, flags::INVALID),
            (minnum, [0, MINUS_ZERO, 0], MINUS_ZERO, 0),
            (maxnum, [MINUS_ZERO, 0, 0], 0, 0),
            (maxnum, [QNAN, MINUS_ZERO, 0], MINUS_ZERO, 0),
        ],
    );
}

#[test]
fn nan_payloads_convert() {
    let mut env = env(Round::NearestEven);
    assert_eq!(fp::convert(&mut env, Format::F32, Format::F64, SNAN), 0x7ffc_0000_2000_0000);
    assert_eq!(env.raised, flags::INVALID);
    assert_eq!(fp::convert(&mut env, Format::F64, Format::F32, 0xfff8_0000_4000_0000), 0xffc0_0002);
    assert_eq!(fp::convert(&mut env, Format::F64, Format::F16, 0x7ff0_0000_0000_0001), 0x7e00);
}

#[test]
fn nans_convert_to_integers() {
    let to = IntWidth { bits: 32, signed: true };
    for (nan_to, result) in [(NanTo::Zero, 0), (NanTo::Max, 0x7fff_ffff)] {
        let mut env = env(Round::Zero);
        assert_eq!(fp::to_int(&mut env, Format::F32, QNAN2, to, nan_to), result);
        assert_eq!(env.raised, flags::INVALID);
    }
}

#[test]
fn flushing() {
    let flushing = |tiny| Env { tiny, ..Env::new(NanRule::Propagate, FpControl { flush: true, ..FpControl::DEFAULT }) };
    // An operand (Arm ARM, FPUnpack).
    let mut env = flushing(Tininess::BeforeRounding);
    assert_eq!(fp::add(&mut env, Format::F32, DENORMAL, MINUS_ZERO | DENORMAL), 0);
    assert_eq!(env.raised, flags::DENORMAL);
    assert_eq!(fp::compare(&mut env, Format::F32, DENORMAL, 0, false), Order::Equal);
    assert_eq!(fp::max(&mut env, Format::F32, DENORMAL, MINUS_ZERO), 0);
    // A result: underflow alone on Arm (FPRound), inexact too on the host (Intel SDM 1, 10.2.3.3).
    for (tiny, raised) in
        [(Tininess::BeforeRounding, flags::UNDERFLOW), (Tininess::AfterRounding, flags::UNDERFLOW | flags::INEXACT)]
    {
        let mut env = flushing(tiny);
        let smallest = 0x0080_0000 | MINUS_ZERO;
        assert_eq!(fp::mul(&mut env, Format::F32, smallest, 0x3f00_0000), MINUS_ZERO);
        assert_eq!(env.raised, raised);
    }
    // Half precision is out of its reach.
    let mut env = flushing(Tininess::BeforeRounding);
    assert_eq!(fp::convert(&mut env, Format::F16, Format::F32, 1), 0x3380_0000);
    assert_eq!(fp::convert(&mut env, Format::F32, Format::F16, 0x3380_0000), 1);
    assert_eq!(env.raised, 0);
}

#[test]
fn tininess() {
    // The product lies less than half a unit below the smallest normal number, and rounds up to it with
    // the exponent unlimited: tiny before rounding, not after.
    let (a, b) = (0x3f80_0001, 0x007f_ffff);
    for (tiny, raised) in
        [(Tininess::BeforeRounding, flags::UNDERFLOW | flags::INEXACT), (Tininess::AfterRounding, flags::INEXACT)]
    {
        let mut env = Env { tiny, ..env(Round::NearestEven) };
        let found = fp::mul(&mut env, Format::F32, a, b);
        assert_eq!((found, env.raised), (0x0080_0000, raised), "{tiny:?} {found:x}");
    }
}
