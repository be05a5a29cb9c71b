//! Steps of the hash SM3 (Arm ARM, SM3SS1, SM3TT1A to SM3TT2B, SM3PARTW1, SM3PARTW2; GB/T 32905).

use ir::VecArgs;
use target::sm4::{vector, words};

/// Kinds of [`round`]: SM3TT1A …
pub const TT1A: i64 = 0;
/// … SM3TT1B …
pub const TT1B: i64 = 4;
/// … SM3TT2A …
pub const TT2A: i64 = 8;
/// … and SM3TT2B; the word of Vm is in the two bits below.
pub const TT2B: i64 = 12;

/// SM3SS1 of Vn, Vm and Va.
pub extern "C" fn sum(args: &mut VecArgs) {
    let [n, m, a] = args.v.map(|v| words(v)[3]);
    let result = n.rotate_left(12).wrapping_add(m).wrapping_add(a).rotate_left(7);
    args.v[0] = vector([0, 0, 0, result]);
}

/// SM3TT1A, SM3TT1B, SM3TT2A, SM3TT2B of Vd, Vn and Vm.
pub extern "C" fn round(args: &mut VecArgs) {
    let [d, n, m] = args.v.map(words);
    let (which, word) = (args.imm as i64 & 12, m[args.imm as usize & 3]);
    let mixed = match which {
        TT1A | TT2A => d[1] ^ d[3] ^ d[2],
        TT1B => d[3] & d[1] | d[3] & d[2] | d[1] & d[2],
        _ => d[3] & d[2] | !d[3] & d[1],
    };
    let first = which == TT1A || which == TT1B;
    let key = if first { n[3] ^ d[3].rotate_left(12) } else { n[3] };
    let total = mixed.wrapping_add(d[0]).wrapping_add(key).wrapping_add(word);
    args.v[0] = match first {
        true => vector([d[1], d[2].rotate_left(9), d[3], total]),
        false => vector([d[1], d[2].rotate_left(19), d[3], total ^ total.rotate_left(9) ^ total.rotate_left(17)]),
    };
}

/// The permutation P1 of the message expansion.
fn permute(x: u32) -> u32 {
    x ^ x.rotate_left(15) ^ x.rotate_left(23)
}

/// SM3PARTW1 of Vd, Vn and Vm.
pub extern "C" fn expand1(args: &mut VecArgs) {
    let [d, n, m] = args.v.map(words);
    let mut result = [0; 4];
    for i in 0..4 {
        // The last word takes part in what the first has become.
        let next = if i < 3 { m[i + 1] } else { result[0] };
        result[i] = permute(d[i] ^ n[i] ^ next.rotate_left(15));
    }
    args.v[0] = vector(result);
}

/// SM3PARTW2 of Vd, Vn and Vm.
pub extern "C" fn expand2(args: &mut VecArgs) {
    let [d, n, m] = args.v.map(words);
    let mixed: [u32; 4] = std::array::from_fn(|i| n[i] ^ m[i].rotate_left(7));
    let mut result: [u32; 4] = std::array::from_fn(|i| d[i] ^ mixed[i]);
    result[3] ^= permute(mixed[0].rotate_left(15));
    args.v[0] = vector(result);
}
