//! Rounds of the cipher SM4 (Arm ARM, SM4E, SM4EKEY).

use ir::VecArgs;
use target::sm4;

/// SM4E: Vd with the round keys in Vn.
pub extern "C" fn encrypt(args: &mut VecArgs) {
    args.v[0] = sm4::encrypt(args.v[0], args.v[1]);
}

/// SM4EKEY: Vn with the constants in Vm.
pub extern "C" fn expand_key(args: &mut VecArgs) {
    args.v[0] = sm4::expand_key(args.v[1], sm4::words(args.v[2]));
}
