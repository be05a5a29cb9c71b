//! What a vector helper's constant says: the lanes, whether only the lowest counts, the NaN rule and flush
//! mode of the block, and what is the helper's own.

use ir::eval::lanes;
use ir::fp::{Env, Format, Tininess};
use ir::{Lane, NanRule, VecArgs};
use target::Lower;

use crate::FLUSH16;
use crate::vector::Shape;

/// Bits from here on are the helper's own; the lane is in the two below.
const KIND: i64 = 1 << 2;
pub(super) const ONE_LANE: i64 = 1 << 12;
const CANONICAL: i64 = 1 << 13;
const FLUSH_HALF: i64 = 1 << 14;

/// A flag or number of a helper's own, as it goes into the constant.
pub const fn kind(number: i64) -> i64 {
    number * KIND
}

/// The constant for a call in this block.
pub fn request(b: &Lower, shape: Shape, lane: Lane, kind: i64) -> i64 {
    let one = if shape == Shape::Scalar { ONE_LANE } else { 0 };
    let nan = if b.block().nan == NanRule::Canonical { CANONICAL } else { 0 };
    let flush = if b.mode.0 & FLUSH16.0 != 0 { FLUSH_HALF } else { 0 };
    lane as i64 | kind | one | nan | flush
}

/// A call's constant, read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// The lanes.
    pub lane: Lane,
    /// How many of them count.
    pub count: u32,
    /// Whether half precision flushes denormals.
    pub flush_half: bool,
    bits: i64,
    nan: NanRule,
}

impl Request {
    pub fn of(args: &VecArgs) -> Request {
        let bits = args.imm as i64;
        let lane = Lane::from_u8((bits & 3) as u8);
        Request {
            lane,
            count: if bits & ONE_LANE != 0 { 1 } else { lane.count() },
            flush_half: bits & FLUSH_HALF != 0,
            nan: if bits & CANONICAL != 0 { NanRule::Canonical } else { NanRule::Propagate },
            bits,
        }
    }

    /// Whether the helper's own flag is set.
    pub fn has(&self, flag: i64) -> bool {
        self.bits & flag != 0
    }

    /// The helper's own number.
    pub fn number(&self) -> i64 {
        self.bits % ONE_LANE / KIND
    }

    /// The guest's floating-point environment. Tininess is Arm's.
    pub fn env(&self, args: &VecArgs) -> Env {
        Env { tiny: Tininess::BeforeRounding, ..Env::from_mxcsr(self.nan, args.mxcsr) }
    }
}

/// Sets the result to `op` on every lane that counts, zeros in the others.
pub(super) fn map_float(args: &mut VecArgs, op: impl Fn(&mut Env, Format, Request, [u64; 3]) -> u64) {
    let request = Request::of(args);
    let mut env = request.env(args);
    let format = Format::of_lane(request.lane);
    let result = lanes::build(request.lane, |i| {
        if i >= request.count {
            return 0;
        }
        op(&mut env, format, request, args.v.map(|v| lanes::get(v, request.lane, i)))
    });
    args.v[0] = result;
    args.raised |= env.raised;
}

/// The same for integers: every lane counts, the results are cut to it.
pub(super) fn map_int(args: &mut VecArgs, op: impl Fn(Request, [u64; 3]) -> u64) {
    let request = Request::of(args);
    args.v[0] = lanes::build(request.lane, |i| op(request, args.v.map(|v| lanes::get(v, request.lane, i))));
}
