//! What vector instructions ask for that is rare, or no packed operation.

use ir::Lane;
use ir::eval::lanes::build;
use ir::helper::VecArgs;

use crate::vector::{VILL, VLEN, decode, elements};

/// The most a vector load of consecutive elements reads: eight registers.
const GROUP_BYTES: usize = VLEN as usize;

pub extern "C" fn vtype(wanted: u64, _: u64, _: u64, _: u64) -> u64 {
    if decode(wanted).is_some() { wanted } else { VILL }
}

pub extern "C" fn vlmax(vtype: u64, _: u64, _: u64, _: u64) -> u64 {
    decode(vtype).map_or(0, |(sew, lmul)| elements(sew, lmul).into())
}

pub extern "C" fn readable(addr: u64, bytes: u64, _: u64, _: u64) -> u64 {
    let mut out = [0; GROUP_BYTES];
    let wanted = out.len().min(bytes as usize);
    memory::copy::read_some(memory::GuestAddr(addr), &mut out[..wanted]) as u64
}

/// `VLEN` where all of them can be read.
pub extern "C" fn unreadable(addr: u64, low: u64, high: u64, bytes: u64) -> u64 {
    let active = u128::from(high) << 64 | u128::from(low);
    let count = u64::from(VLEN - active.leading_zeros());
    let whole = readable(addr, count * bytes, 0, 0) / bytes;
    let is_active = |n: &u64| active >> n & 1 != 0;
    let mut others = (whole..count).filter(is_active);
    // Behind what can't be read there may be more that can.
    others.find(|n| readable(addr.wrapping_add(n * bytes), bytes, 0, 0) < bytes).unwrap_or(VLEN.into())
}

/// For a register of lanes of the constant's first width: how many of the bits are set before each of its elements, of
/// which the first one's number is in the bits above.
pub extern "C" fn iota(args: &mut VecArgs) {
    let (lane, first) = (Lane::from_u8(args.imm as u8), (args.imm >> 8) as u32);
    let bits = args.v[0];
    args.v[0] = build(lane, |i| (bits & ((1 << (first + i)) - 1)).count_ones().into());
}

/// The numbers of the set bits, a byte each, from the one on that the constant says; 255 behind the last.
pub extern "C" fn compress(args: &mut VecArgs) {
    let bits = args.v[0];
    let mut bytes = [u8::MAX; 16];
    let numbers = (0..VLEN as u8).filter(|n| bits >> n & 1 != 0).skip(args.imm as usize);
    bytes.iter_mut().zip(numbers).for_each(|(byte, number)| *byte = number);
    args.v[0] = u128::from_le_bytes(bytes);
}
