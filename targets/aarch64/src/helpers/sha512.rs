//! Steps of SHA-512 (Arm ARM, SHA512H, SHA512H2, SHA512SU0, SHA512SU1; FIPS 180-4, 4.1.3): v[0] is Vd, v[1]
//! Vn, v[2] Vm.

use ir::VecArgs;

/// The operands as double-words, low one first.
fn halves(args: &VecArgs) -> [[u64; 2]; 3] {
    args.v.map(|v| [v as u64, (v >> 64) as u64])
}

fn finish(args: &mut VecArgs, low: u64, high: u64) {
    args.v[0] = low as u128 | (high as u128) << 64;
}

fn big_sigma0(x: u64) -> u64 {
    x.rotate_right(28) ^ x.rotate_right(34) ^ x.rotate_right(39)
}

fn big_sigma1(x: u64) -> u64 {
    x.rotate_right(14) ^ x.rotate_right(18) ^ x.rotate_right(41)
}

fn sigma0(x: u64) -> u64 {
    x.rotate_right(1) ^ x.rotate_right(8) ^ x >> 7
}

fn sigma1(x: u64) -> u64 {
    x.rotate_right(19) ^ x.rotate_right(61) ^ x >> 6
}

fn choose(x: u64, y: u64, z: u64) -> u64 {
    x & y ^ !x & z
}

fn majority(x: u64, y: u64, z: u64) -> u64 {
    x & y ^ x & z ^ y & z
}

/// SHA512H
pub extern "C" fn hash(args: &mut VecArgs) {
    let [w, x, y] = halves(args);
    let high = choose(y[1], x[0], x[1]).wrapping_add(big_sigma1(y[1])).wrapping_add(w[1]);
    let next = high.wrapping_add(y[0]);
    let low = choose(next, y[1], x[0]).wrapping_add(big_sigma1(next)).wrapping_add(w[0]);
    finish(args, low, high);
}

/// SHA512H2
pub extern "C" fn hash2(args: &mut VecArgs) {
    let [w, x, y] = halves(args);
    let high = majority(x[0], y[1], y[0]).wrapping_add(big_sigma0(y[0])).wrapping_add(w[1]);
    let low = majority(high, y[0], y[1]).wrapping_add(big_sigma0(high)).wrapping_add(w[0]);
    finish(args, low, high);
}

/// SHA512SU0
pub extern "C" fn schedule0(args: &mut VecArgs) {
    let [w, x, _] = halves(args);
    finish(args, w[0].wrapping_add(sigma0(w[1])), w[1].wrapping_add(sigma0(x[0])));
}

/// SHA512SU1
pub extern "C" fn schedule1(args: &mut VecArgs) {
    let [w, x, y] = halves(args);
    let word = |i: usize| w[i].wrapping_add(sigma1(x[i])).wrapping_add(y[i]);
    finish(args, word(0), word(1));
}
