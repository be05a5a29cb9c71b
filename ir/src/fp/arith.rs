//! Addition, multiplication, division, square root and the fused multiply-add.

use super::number::{Class, Number, high_sticky, shift_right_sticky, unpack};
use super::round::pack;
use super::{Env, Format, flags, nan};
use crate::types::Round;

/// An exact finite intermediate: `sig`, whose leading one is bit 125, times 2 to the power `exp` - 125.
/// Bits 127 and 126 are headroom; products of f64 leave the low 20 bits clear.
#[derive(Clone, Copy)]
struct Wide {
    negative: bool,
    exp: i32,
    sig: u128,
}

impl Wide {
    fn of(n: Number) -> Wide {
        Wide { negative: n.negative, exp: n.exp, sig: (n.sig as u128) << 62 }
    }

    fn product(a: Number, b: Number) -> Wide {
        let product = a.sig as u128 * b.sig as u128;
        let carry = product.leading_zeros() == 0;
        Wide {
            negative: a.negative != b.negative,
            exp: a.exp + b.exp + carry as i32,
            sig: product >> (1 + carry as u32),
        }
    }

    fn pack(self, env: &mut Env, format: Format) -> u64 {
        let zeros = self.sig.leading_zeros();
        let exp = self.exp + 2 - zeros as i32;
        pack(env, format, self.negative, exp, high_sticky(self.sig << zeros))
    }
}

/// The sign of an exact zero sum of numbers with different signs (IEEE 754-2019, 6.3).
fn zero_sum(env: &Env, format: Format) -> u64 {
    format.zero(env.round == Round::Down)
}

/// The sum, rounded. A sticky bit is safe: where the exponents differ by more than one, cancellation
/// takes one bit at most; where they do not, no bit is shifted out.
fn sum(env: &mut Env, format: Format, a: Wide, b: Wide) -> u64 {
    let (big, small) = if a.exp >= b.exp { (a, b) } else { (b, a) };
    let addend = shift_right_sticky(small.sig, (big.exp - small.exp) as u32);
    if big.negative == small.negative {
        return Wide { sig: big.sig + addend, ..big }.pack(env, format);
    }
    match big.sig.cmp(&addend) {
        std::cmp::Ordering::Equal => zero_sum(env, format),
        std::cmp::Ordering::Greater => Wide { sig: big.sig - addend, ..big }.pack(env, format),
        std::cmp::Ordering::Less => {
            Wide { negative: small.negative, exp: big.exp, sig: addend - big.sig }.pack(env, format)
        }
    }
}

/// The sum of numbers that are not both finite and nonzero, by class.
fn sum_special(env: &mut Env, format: Format, a: (Class, bool), b: (Class, bool)) -> Option<u64> {
    match (a.0, b.0) {
        (Class::Infinite, Class::Infinite) if a.1 != b.1 => Some(nan::invalid(env, format)),
        (Class::Infinite, _) => Some(format.infinity(a.1)),
        (_, Class::Infinite) => Some(format.infinity(b.1)),
        (Class::Zero, Class::Zero) if a.1 == b.1 => Some(format.zero(a.1)),
        (Class::Zero, Class::Zero) => Some(zero_sum(env, format)),
        _ => None,
    }
}

/// a + b
pub fn add(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    add_signed(env, format, a, b, false)
}

/// a - b
pub fn sub(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    add_signed(env, format, a, b, true)
}

fn add_signed(env: &mut Env, format: Format, a: u64, b: u64, negate: bool) -> u64 {
    let (x, mut y) = (unpack(env, format, a), unpack(env, format, b));
    if x.class == Class::Nan || y.class == Class::Nan {
        return nan::process(env, format, &[a, b]).unwrap_or(format.default_nan());
    }
    y.negative ^= negate;
    if let Some(bits) = sum_special(env, format, (x.class, x.negative), (y.class, y.negative)) {
        return bits;
    }
    match (x.class, y.class) {
        (Class::Zero, _) => pack(env, format, y.negative, y.exp, y.sig),
        (_, Class::Zero) => pack(env, format, x.negative, x.exp, x.sig),
        _ => sum(env, format, Wide::of(x), Wide::of(y)),
    }
}

/// a * b
pub fn mul(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    let (x, y) = (unpack(env, format, a), unpack(env, format, b));
    let negative = x.negative != y.negative;
    match (x.class, y.class) {
        (Class::Finite, Class::Finite) => Wide::product(x, y).pack(env, format),
        (Class::Nan, _) | (_, Class::Nan) => nan::process(env, format, &[a, b]).unwrap_or(format.default_nan()),
        (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) => nan::invalid(env, format),
        (Class::Infinite, _) | (_, Class::Infinite) => format.infinity(negative),
        (Class::Zero, _) | (_, Class::Zero) => format.zero(negative),
    }
}

/// a / b
pub fn div(env: &mut Env, format: Format, a: u64, b: u64) -> u64 {
    let (x, y) = (unpack(env, format, a), unpack(env, format, b));
    let negative = x.negative != y.negative;
    match (x.class, y.class) {
        (Class::Finite, Class::Finite) => quotient(env, format, negative, x, y),
        (Class::Nan, _) | (_, Class::Nan) => nan::process(env, format, &[a, b]).unwrap_or(format.default_nan()),
        (Class::Infinite, Class::Infinite) | (Class::Zero, Class::Zero) => nan::invalid(env, format),
        (Class::Infinite, _) => format.infinity(negative),
        (_, Class::Infinite) | (Class::Zero, _) => format.zero(negative),
        (Class::Finite, Class::Zero) => {
            env.raise(flags::DIVIDE);
            format.infinity(negative)
        }
    }
}

fn quotient(env: &mut Env, format: Format, negative: bool, a: Number, b: Number) -> u64 {
    // Shifted so that the quotient's leading one is bit 63.
    let less = a.sig < b.sig;
    let dividend = (a.sig as u128) << (63 + less as u32);
    let divisor = b.sig as u128;
    let sig = (dividend / divisor) as u64 | !dividend.is_multiple_of(divisor) as u64;
    pack(env, format, negative, a.exp - b.exp - less as i32, sig)
}

/// Square root.
pub fn sqrt(env: &mut Env, format: Format, a: u64) -> u64 {
    let x = unpack(env, format, a);
    match x.class {
        Class::Nan => nan::process(env, format, &[a]).unwrap_or(format.default_nan()),
        Class::Zero => format.zero(x.negative),
        _ if x.negative => nan::invalid(env, format),
        Class::Infinite => format.infinity(false),
        Class::Finite => {
            // An even exponent halves; the root's leading one is bit 63.
            let radicand = (x.sig as u128) << (63 + (x.exp & 1) as u32);
            let root = radicand.isqrt();
            let sig = root as u64 | (root * root != radicand) as u64;
            pack(env, format, false, x.exp >> 1, sig)
        }
    }
}

/// a * b + c, rounded once (Arm ARM, FPMulAdd).
pub fn mul_add(env: &mut Env, format: Format, a: u64, b: u64, c: u64) -> u64 {
    let (x, y, z) = (unpack(env, format, a), unpack(env, format, b), unpack(env, format, c));
    let undefined = matches!((x.class, y.class), (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite));
    if undefined && !format.is_signalling(c) {
        // Invalid even where the addend is a quiet NaN, which then does not win (RISC-V unprivileged 20.6 agrees).
        return nan::invalid(env, format);
    }
    if x.class == Class::Nan || y.class == Class::Nan || z.class == Class::Nan {
        return nan::process(env, format, &[c, a, b]).unwrap_or(format.default_nan());
    }
    let negative = x.negative != y.negative;
    let class = match (x.class, y.class) {
        (Class::Infinite, _) | (_, Class::Infinite) => Class::Infinite,
        (Class::Zero, _) | (_, Class::Zero) => Class::Zero,
        _ => Class::Finite,
    };
    if let Some(bits) = sum_special(env, format, (class, negative), (z.class, z.negative)) {
        return bits;
    }
    match (class, z.class) {
        (Class::Zero, _) => pack(env, format, z.negative, z.exp, z.sig),
        (_, Class::Zero) => Wide::product(x, y).pack(env, format),
        _ => sum(env, format, Wide::product(x, y), Wide::of(z)),
    }
}
