//! Fixed-point arithmetic lane by lane (unprivileged ISA, chapter V, vector fixed-point arithmetic instructions).

use ir::Lane;
use ir::eval::lanes::{build, get, get_signed};
use ir::helper::VecArgs;

/// What is computed of two lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Fixed {
    /// (a + b) / 2, rounded.
    AverageU,
    /// The same, signed.
    AverageS,
    /// (a - b) / 2, rounded.
    HalfDifferenceU,
    /// The same, signed.
    HalfDifferenceS,
    /// a × b / 2^(SEW - 1), rounded and saturated.
    Multiply,
    /// a >> b, rounded.
    ShiftU,
    /// The same, signed.
    ShiftS,
    /// a >> b, rounded and saturated to half the width.
    ClipU,
    /// The same, signed.
    ClipS,
}

impl Fixed {
    const ALL: [Fixed; 9] = [
        Fixed::AverageU,
        Fixed::AverageS,
        Fixed::HalfDifferenceU,
        Fixed::HalfDifferenceS,
        Fixed::Multiply,
        Fixed::ShiftU,
        Fixed::ShiftS,
        Fixed::ClipU,
        Fixed::ClipS,
    ];

    const fn is_signed(self) -> bool {
        matches!(self, Fixed::AverageS | Fixed::HalfDifferenceS | Fixed::Multiply | Fixed::ShiftS | Fixed::ClipS)
    }

    /// The constant for the helpers: what is to be done on lanes of which width.
    pub const fn constant(self, lane: Lane) -> i64 {
        self as i64 | (lane as i64) << 8
    }

    /// The exact result, and how far it is to be shifted right with rounding.
    fn exact(self, lane: Lane, a: i128, b: i128) -> (i128, u32) {
        match self {
            Fixed::AverageU | Fixed::AverageS => (a + b, 1),
            Fixed::HalfDifferenceU | Fixed::HalfDifferenceS => (a - b, 1),
            Fixed::Multiply => (a * b, lane.bits() - 1),
            _ => (a, b as u32 & (lane.bits() - 1)),
        }
    }

    /// The range of results, for what saturates.
    fn range(self, lane: Lane) -> Option<(i128, i128)> {
        let half = 1i128 << (lane.bits() / 2);
        match self {
            Fixed::Multiply => Some((-(1 << (lane.bits() - 1)), (1 << (lane.bits() - 1)) - 1)),
            Fixed::ClipU => Some((0, half - 1)),
            Fixed::ClipS => Some((-half / 2, half / 2 - 1)),
            _ => None,
        }
    }
}

/// A shift to the right by vxrm's rule: to nearest and up, to nearest and even, down, to odd.
fn rounded(value: i128, shift: u32, vxrm: u32) -> i128 {
    if shift == 0 {
        return value;
    }
    let (kept, lost) = (value >> shift, value & ((1 << shift) - 1));
    let half = 1 << (shift - 1);
    let up = match vxrm & 3 {
        0 => lost >= half,
        1 => lost > half || lost == half && kept & 1 != 0,
        2 => false,
        _ => lost != 0 && kept & 1 == 0,
    };
    kept + i128::from(up)
}

/// Each lane's rounded result and whether it is out of range.
fn results(args: &VecArgs) -> (Lane, impl Fn(u32) -> (u64, bool) + use<>) {
    let fixed = Fixed::ALL[args.imm as u8 as usize % Fixed::ALL.len()];
    let lane = Lane::from_u8((args.imm >> 8) as u8);
    let (a, b, vxrm) = (args.v[0], args.v[1], args.v[2] as u32);
    let signed = fixed.is_signed();
    let get = move |vector: u128, i: u32| match signed {
        true => i128::from(get_signed(vector, lane, i)),
        false => i128::from(get(vector, lane, i)),
    };
    let result = move |i| {
        let (exact, shift) = fixed.exact(lane, get(a, i), get(b, i));
        let value = rounded(exact, shift, vxrm);
        let clamped = fixed.range(lane).map_or(value, |(least, most)| value.clamp(least, most));
        (clamped as u64, clamped != value)
    };
    (lane, result)
}

/// The results: of two vectors, with vxrm in the third operand.
pub extern "C" fn compute(args: &mut VecArgs) {
    let (lane, result) = results(args);
    args.v[0] = build(lane, |i| result(i).0);
}

/// The lanes that saturate, as all ones.
pub extern "C" fn saturates(args: &mut VecArgs) {
    let (lane, result) = results(args);
    args.v[0] = build(lane, |i| if result(i).1 { u64::MAX } else { 0 });
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn four_ways_to_round() {
        let all = |value| [0, 1, 2, 3].map(|vxrm| rounded(value, 2, vxrm));
        assert_eq!(all(6), [2, 2, 1, 1]);
        assert_eq!(all(10), [3, 2, 2, 3]);
        assert_eq!(all(-6), [-1, -2, -2, -1]);
        assert_eq!(rounded(7, 0, 0), 7);
    }
}
