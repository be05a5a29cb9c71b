//! Sums of operands of unlike signs (Arm ARM, SUQADD, USQADD), and rounding doubling products that are accumulated.

use ir::{Lane, VecArgs};

use super::request::{Request, kind, map_int};

/// The sum's destination is signed.
pub const SIGNED: i64 = kind(1);
/// The result saturates.
pub const SATURATE: i64 = kind(4);
/// The result is not the value but all ones where it saturated.
pub const OVERFLOW: i64 = kind(8);

/// The integer in the low bits of `bits`.
pub(super) fn integer(lane: Lane, bits: u64, signed: bool) -> i128 {
    let unused = 64 - lane.bits();
    if signed { ((bits << unused) as i64 >> unused) as i128 } else { bits as i128 }
}

/// The nearest integer that the lane holds (Arm ARM, SatQ).
pub(super) fn saturate(lane: Lane, value: i128, signed: bool) -> i128 {
    let (min, max) = match signed {
        true => (-1 << (lane.bits() - 1), (1 << (lane.bits() - 1)) - 1),
        false => (0, (1 << lane.bits()) - 1),
    };
    value.clamp(min, max)
}

fn finish(request: Request, exact: i128, signed: bool) -> u64 {
    if !request.has(SATURATE) {
        return exact as u64;
    }
    let nearest = saturate(request.lane, exact, signed);
    match (request.has(OVERFLOW), nearest == exact) {
        (false, _) => nearest as u64,
        (true, true) => 0,
        (true, false) => u64::MAX,
    }
}

/// Lane by lane: v[0] + v[1] saturated; one is signed, the other not.
pub extern "C" fn add_mixed(args: &mut VecArgs) {
    map_int(args, |request, [d, n, _]| {
        let signed = request.has(SIGNED);
        let sum = integer(request.lane, d, signed) + integer(request.lane, n, !signed);
        saturate(request.lane, sum, signed) as u64
    });
}

/// Lane by lane, signed: (v[2] << width) plus or minus 2 v[0] v[1], rounded, the high half, saturated (Arm ARM,
/// SQRDMLAH, SQRDMLSH). `SUBTRACT` and `OVERFLOW` apply.
pub extern "C" fn doubling_onto(args: &mut VecArgs) {
    map_int(args, |request, [n, m, d]| {
        let lane = request.lane;
        let (n, m, d) = (integer(lane, n, true), integer(lane, m, true), integer(lane, d, true));
        let product = if request.has(SUBTRACT) { -2 * n * m } else { 2 * n * m };
        let sum = (d << lane.bits()) + product + (1 << (lane.bits() - 1));
        finish(request, sum >> lane.bits(), true)
    });
}

/// The product is subtracted.
pub const SUBTRACT: i64 = kind(16);

#[cfg(test)]
mod tests {
    use super::*;

    fn lane0(function: extern "C" fn(&mut VecArgs), lane: Lane, flags: i64, v: [u64; 3]) -> u64 {
        let mut args = VecArgs { v: v.map(u128::from), imm: (lane as i64 | flags) as u64, ..VecArgs::default() };
        function(&mut args);
        ir::eval::lanes::get(args.v[0], lane, 0)
    }

    #[test]
    fn unlike_signs_add() {
        assert_eq!(lane0(add_mixed, Lane::B, SIGNED, [0x80, 0xff, 0]), 0x7f);
        assert_eq!(lane0(add_mixed, Lane::B, 0, [1, 0x80, 0]), 0);
        assert_eq!(lane0(add_mixed, Lane::D, 0, [u64::MAX, 1, 0]), u64::MAX);
    }

    #[test]
    fn doubling_products_accumulate() {
        let saturate = SIGNED | SATURATE;
        assert_eq!(lane0(doubling_onto, Lane::H, saturate, [0x8000, 0x8000, 0]), 0x7fff);
        assert_eq!(lane0(doubling_onto, Lane::H, saturate | SUBTRACT, [0x8000, 0x8000, 0]), 0x8000);
        assert_eq!(lane0(doubling_onto, Lane::S, saturate, [0x4000_0000, 0x4000_0000, 1]), 0x2000_0001);
    }
}
