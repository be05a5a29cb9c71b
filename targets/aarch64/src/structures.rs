//! Between structures in memory, whose elements lie side by side, and registers that hold one element each.
//!
//! Two and four elements are zips. Three are a permutation of three registers, applied once for each
//! doubling of the number of lanes; storing applies its inverse.

use ir::{Lane, Op, Val};
use target::Lower;

/// Registers of `count` elements from memory. `full` registers have 128 bits. For 64 bits an even count
/// comes as half as many whole vectors; what is above 64 bits of the results is not of interest.
pub fn deinterleave(b: &mut Lower, lane: Lane, full: bool, count: u32, memory: [Val; 4]) -> [Val; 4] {
    match (count, full) {
        (2, true) => with_rest(unzip(b, lane, memory[0], memory[1])),
        (2, false) => with_rest(unzip(b, lane, memory[0], memory[0])),
        (3, _) => (0..rounds(lane, full)).fold(memory, |m, _| split_three(b, lane, full, m)),
        (_, true) => {
            let (evens, odds) = (unzip(b, lane, memory[0], memory[1]), unzip(b, lane, memory[2], memory[3]));
            unzip_four(b, lane, evens, odds)
        }
        (_, false) => {
            let [even, odd] = unzip(b, lane, memory[0], memory[1]);
            unzip_four(b, lane, [even, odd], [even, odd])
        }
    }
}

/// Memory from registers: the inverse of [`deinterleave`].
pub fn interleave(b: &mut Lower, lane: Lane, full: bool, count: u32, values: [Val; 4]) -> [Val; 4] {
    let [v0, v1, v2, v3] = values;
    match (count, full) {
        (2, _) => with_rest(zip(b, lane, v0, v1)),
        (3, _) => (0..rounds(lane, full)).fold(values, |v, _| join_three(b, lane, full, v)),
        (_, true) => {
            let (even, odd) = (zip(b, lane, v0, v2), zip(b, lane, v1, v3));
            let ([m0, m1], [m2, m3]) = (zip(b, lane, even[0], odd[0]), zip(b, lane, even[1], odd[1]));
            [m0, m1, m2, m3]
        }
        (_, false) => {
            let (even, odd) = (b.vbin(Op::VZip1, lane, v0, v2), b.vbin(Op::VZip1, lane, v1, v3));
            with_rest(zip(b, lane, even, odd))
        }
    }
}

fn with_rest([first, second]: [Val; 2]) -> [Val; 4] {
    [first, second, Val::NONE, Val::NONE]
}

fn zip(b: &mut Lower, lane: Lane, x: Val, y: Val) -> [Val; 2] {
    [b.vbin(Op::VZip1, lane, x, y), b.vbin(Op::VZip2, lane, x, y)]
}

fn unzip(b: &mut Lower, lane: Lane, x: Val, y: Val) -> [Val; 2] {
    [b.vbin(Op::VUzp1, lane, x, y), b.vbin(Op::VUzp2, lane, x, y)]
}

/// From the elements with even and odd numbers of the first and second half of memory.
fn unzip_four(b: &mut Lower, lane: Lane, first: [Val; 2], second: [Val; 2]) -> [Val; 4] {
    let [v0, v2] = unzip(b, lane, first[0], second[0]);
    let [v1, v3] = unzip(b, lane, first[1], second[1]);
    [v0, v1, v2, v3]
}

/// How often the lanes of a register halve down to one.
fn rounds(lane: Lane, full: bool) -> u32 {
    (if full { 4 } else { 3 }) - lane as u32
}

/// The half of a register as a lane.
fn half(full: bool) -> Lane {
    if full { Lane::D } else { Lane::S }
}

/// With x, y, z in halves x0 x1 y0 y1 z0 z1: x0 and y1 in turns, x1 and z0, y0 and z1.
fn split_three(b: &mut Lower, lane: Lane, full: bool, [x, y, z, rest]: [Val; 4]) -> [Val; 4] {
    let half = half(full);
    let (x1, y1, z1) = (b.vimm(Op::VDup, half, x, 1), b.vimm(Op::VDup, half, y, 1), b.vimm(Op::VDup, half, z, 1));
    let first = b.vbin(Op::VZip1, lane, x, y1);
    let second = b.vbin(Op::VZip1, lane, x1, z);
    [first, second, b.vbin(Op::VZip1, lane, y, z1), rest]
}

/// The inverse: x from the even lanes of the first and second, z from the odd ones of the second and third,
/// y from the even ones of the third and the odd ones of the first.
fn join_three(b: &mut Lower, lane: Lane, full: bool, [first, second, third, rest]: [Val; 4]) -> [Val; 4] {
    let x = halves(b, lane, full, (Op::VUzp1, first), (Op::VUzp1, second));
    let y = halves(b, lane, full, (Op::VUzp1, third), (Op::VUzp2, first));
    let z = halves(b, lane, full, (Op::VUzp2, second), (Op::VUzp2, third));
    [x, y, z, rest]
}

/// A register from the even or odd lanes of two.
fn halves(b: &mut Lower, lane: Lane, full: bool, (low_op, low): (Op, Val), (high_op, high): (Op, Val)) -> Val {
    if full && low_op == high_op {
        return b.vbin(low_op, lane, low, high);
    }
    let (low, high) = (b.vbin(low_op, lane, low, low), b.vbin(high_op, lane, high, high));
    b.vbin(Op::VZip1, half(full), low, high)
}
