//! Rounds of the cipher SM4 (unprivileged ISA, cryptography extensions, Zksed and Zvksed).

use ir::VecArgs;
use target::sm4;

/// vsm4r: a state with four round keys.
pub extern "C" fn encrypt(args: &mut VecArgs) {
    args.v[0] = sm4::encrypt(args.v[0], args.v[1]);
}

/// vsm4k: the next four round keys; the constant is their group's number.
pub extern "C" fn expand_key(args: &mut VecArgs) {
    args.v[0] = sm4::expand_key(args.v[0], sm4::constants(args.imm as u32));
}

/// sm4ed: what the lowest byte adds to a word that is about to be encrypted, in the order of memory.
pub extern "C" fn encrypt_byte(word: u64, _: u64, _: u64, _: u64) -> u64 {
    of_byte(word, sm4::mix)
}

/// sm4ks: the same for the key schedule.
pub extern "C" fn expand_byte(word: u64, _: u64, _: u64, _: u64) -> u64 {
    of_byte(word, sm4::mix_key)
}

fn of_byte(word: u64, mix: fn(u32) -> u32) -> u64 {
    let substituted = sm4::substitute(word as u32) & 0xff;
    mix(substituted.swap_bytes()).swap_bytes().into()
}
