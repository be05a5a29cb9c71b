//! Rounding and packing, once per operation (Arm ARM, FPRound).

use super::{Env, Format, Tininess, flags};
use crate::types::Round;

/// `sig` without its low `drop` bits (1 to 63), rounded, and whether that was inexact.
pub(super) fn round_off(round: Round, negative: bool, sig: u64, drop: u32) -> (u64, bool) {
    let kept = sig >> drop;
    let rest = sig & ((1 << drop) - 1);
    let half = 1 << (drop - 1);
    let up = match round {
        Round::Dynamic | Round::NearestEven => rest > half || rest == half && kept & 1 != 0,
        Round::NearestAway => rest >= half,
        Round::Down => negative && rest != 0,
        Round::Up => !negative && rest != 0,
        Round::Zero => false,
    };
    (kept + up as u64, rest != 0)
}

/// Packs `sig`, whose leading one is bit 63 and whose bit 0 is sticky, times 2 to the power `exp` - 63.
pub(super) fn pack(env: &mut Env, format: Format, negative: bool, exp: i32, sig: u64) -> u64 {
    if exp < format.min_exp() {
        return pack_tiny(env, format, negative, exp, sig);
    }
    let (kept, inexact) = round_off(env.round, negative, sig, 63 - format.frac_bits);
    // The leading one of `kept`, or its carry, adds to the exponent field.
    let magnitude = (((exp + format.bias() - 1) as u64) << format.frac_bits) + kept;
    if exp > format.bias() || magnitude >= format.infinity(false) {
        return overflow(env, format, negative);
    }
    if inexact {
        env.raise(flags::INEXACT);
    }
    magnitude | format.zero(negative)
}

fn overflow(env: &mut Env, format: Format, negative: bool) -> u64 {
    env.raise(flags::OVERFLOW | flags::INEXACT);
    let to_infinity = match env.round {
        Round::Dynamic | Round::NearestEven | Round::NearestAway => true,
        Round::Up => !negative,
        Round::Down => negative,
        Round::Zero => false,
    };
    if to_infinity { format.infinity(negative) } else { format.largest(negative) }
}

/// The exponent lies below the smallest normal number's.
#[cold]
fn pack_tiny(env: &mut Env, format: Format, negative: bool, exp: i32, sig: u64) -> u64 {
    let drop = 63 - format.frac_bits;
    let tiny = match env.tiny {
        Tininess::BeforeRounding => true,
        Tininess::AfterRounding => {
            // Not tiny if it rounds up to the smallest normal number with the exponent unlimited.
            let (kept, _) = round_off(env.round, negative, sig, drop);
            exp + 1 < format.min_exp() || kept >> (format.frac_bits + 1) == 0
        }
    };
    if env.flush && tiny && format != Format::F16 {
        let inexact = if env.tiny == Tininess::AfterRounding { flags::INEXACT } else { 0 };
        env.raise(flags::UNDERFLOW | inexact);
        return format.zero(negative);
    }
    let shift = (format.min_exp() - exp) as u32;
    let sig = if shift < 64 { sig >> shift | (sig << (64 - shift) != 0) as u64 } else { 1 };
    let (kept, inexact) = round_off(env.round, negative, sig, drop);
    if inexact {
        env.raise(flags::INEXACT | if tiny { flags::UNDERFLOW } else { 0 });
    }
    kept | format.zero(negative)
}
