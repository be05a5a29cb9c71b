//! Which NaN an operation on NaNs yields.

use super::{Env, Format, flags};
use crate::types::NanRule;

/// The result for `operands`, in the order of preference, if one is a NaN (Arm ARM, FPProcessNaNs): the
/// first signalling one, else the first quiet one, quieted; or the default NaN by the environment's rule.
pub(super) fn process(env: &mut Env, format: Format, operands: &[u64]) -> Option<u64> {
    let first = operands.iter().copied().find(|&bits| format.is_nan(bits))?;
    let signalling = operands.iter().copied().find(|&bits| format.is_signalling(bits));
    if signalling.is_some() {
        env.raise(flags::INVALID);
    }
    Some(match env.nan {
        NanRule::Propagate => signalling.unwrap_or(first) | format.quiet_bit(),
        NanRule::Canonical => format.default_nan(),
    })
}

/// The result of an invalid operation on numbers.
pub(super) fn invalid(env: &mut Env, format: Format) -> u64 {
    env.raise(flags::INVALID);
    format.default_nan()
}
