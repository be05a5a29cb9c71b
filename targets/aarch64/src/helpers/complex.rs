//! Complex arithmetic (FEAT_FCMA): pairs of lanes are real and imaginary part.

use ir::VecArgs;
use ir::eval::lanes;
use ir::fp::{self, Env, Format};

use super::half::flushing;
use super::request::{Request, kind};

/// The rotation, in quarters of a turn.
pub const fn rotation(quarters: u32) -> i64 {
    kind(quarters as i64)
}

/// The result of each lane: `operands` are that lane's, `op` the arithmetic on them.
fn map_pairs(
    args: &mut VecArgs,
    operands: impl Fn(Format, Request, u32) -> [u64; 3],
    op: impl Fn(&mut Env, Format, [u64; 3]) -> u64,
) {
    let request = Request::of(args);
    let mut env = request.env(args);
    let format = Format::of_lane(request.lane);
    let flush = request.flush_half && format == Format::F16;
    let lane = |i| flushing(&mut env, flush, true, operands(format, request, i), |env, v| op(env, format, v));
    args.v[0] = lanes::build(request.lane, lane);
    args.raised |= env.raised;
}

/// FCADD: v[0] plus v[1] turned by one or three quarters.
pub extern "C" fn add(args: &mut VecArgs) {
    let [n, m, _] = args.v;
    let operands = |format: Format, request: Request, i| {
        // A quarter takes the imaginary part to the real one, negated, three the other.
        let negate = (request.number() == 1) == (i % 2 == 0);
        let turned = lanes::get(m, request.lane, i ^ 1) ^ if negate { format.sign_bit() } else { 0 };
        [lanes::get(n, request.lane, i), turned, 0]
    };
    map_pairs(args, operands, |env, format, [n, m, _]| fp::add(env, format, n, m));
}

/// FCMLA: v[2] plus one part of v[0] times v[1], turned.
pub extern "C" fn multiply_onto(args: &mut VecArgs) {
    let [n, m, d] = args.v;
    let operands = |format: Format, request: Request, i| {
        let quarters = request.number();
        // An odd number of quarters takes n's imaginary part, and m's parts crosswise.
        let (factor, part) = if quarters % 2 == 0 { (i & !1, i) } else { (i | 1, i ^ 1) };
        let negate = match quarters {
            0 => false,
            1 => i % 2 == 0,
            2 => true,
            _ => i % 2 == 1,
        };
        let part = lanes::get(m, request.lane, part) ^ if negate { format.sign_bit() } else { 0 };
        [lanes::get(n, request.lane, factor), part, lanes::get(d, request.lane, i)]
    };
    map_pairs(args, operands, |env, format, [n, m, d]| fp::mul_add(env, format, n, m, d));
}
