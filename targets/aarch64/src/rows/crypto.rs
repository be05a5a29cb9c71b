//! Cryptographic instructions (Arm ARM C4.1.96, the groups named "Cryptographic").

use ir::{HelperId, Inst, Lane, Op, Ty, Val};
use target::{Lower, instructions};

use crate::cpu;
use crate::fields::Word;
use crate::float;
use crate::helpers::{self, sm3};
use crate::state::v;

instructions! {
    /// Steps of AES.
    pub AES: cpu::AES;
    aese   "01001110 0010100 00100 10 nnnnn ddddd" |b, f: Word| aes_round(b, f, Op::AesSub);
    aesd   "01001110 0010100 00101 10 nnnnn ddddd" |b, f: Word| aes_round(b, f, Op::AesInvSub);
    aesmc  "01001110 0010100 00110 10 nnnnn ddddd" |b, f: Word| one(b, f, Op::AesMix);
    aesimc "01001110 0010100 00111 10 nnnnn ddddd" |b, f: Word| one(b, f, Op::AesInvMix);
}

instructions! {
    /// SHA-1.
    pub SHA1: cpu::SHA1;
    sha1c   "01011110 000 mmmmm 000000 nnnnn ddddd" |b, f: Word| three(b, f, Op::Sha1Hash, 0);
    sha1p   "01011110 000 mmmmm 000100 nnnnn ddddd" |b, f: Word| three(b, f, Op::Sha1Hash, 1);
    sha1m   "01011110 000 mmmmm 001000 nnnnn ddddd" |b, f: Word| three(b, f, Op::Sha1Hash, 2);
    sha1su0 "01011110 000 mmmmm 001100 nnnnn ddddd" |b, f: Word| three(b, f, Op::Sha1Su0, 0);
    sha1h   "01011110 0010100 00000 10 nnnnn ddddd" |b, f: Word| fixed_rotate(b, f);
    sha1su1 "01011110 0010100 00001 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::Sha1Su1);
}

instructions! {
    /// SHA-256.
    pub SHA256: cpu::SHA2;
    sha256h   "01011110 000 mmmmm 010000 nnnnn ddddd" |b, f: Word| sha256_hash(b, f, false);
    sha256h2  "01011110 000 mmmmm 010100 nnnnn ddddd" |b, f: Word| sha256_hash(b, f, true);
    sha256su1 "01011110 000 mmmmm 011000 nnnnn ddddd" |b, f: Word| three(b, f, Op::Sha256Su1, 0);
    sha256su0 "01011110 0010100 00010 10 nnnnn ddddd" |b, f: Word| two(b, f, Op::Sha256Su0);
}

instructions! {
    /// The bitwise operations of SHA-3.
    pub SHA3: cpu::SHA3;
    eor3 "11001110000 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| exclusive_or_three(b, f);
    bcax "11001110001 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| clear_and_exclusive_or(b, f);
    rax1 "11001110011 mmmmm 100011 nnnnn ddddd" |b, f: Word| rotate_and_exclusive_or(b, f);
    xar  "11001110100 mmmmm iiiiii nnnnn ddddd" |b, f: Word| exclusive_or_and_rotate(b, f);
}

instructions! {
    /// SM3.
    pub SM3: cpu::SM3;
    sm3ss1   "11001110010 mmmmm 0 aaaaa nnnnn ddddd" |b, f: Word| sm3_sum(b, f);
    sm3tt1a  "11001110010 mmmmm 10 ii 00 nnnnn ddddd" |b, f: Word| sm3_round(b, f, sm3::TT1A);
    sm3tt1b  "11001110010 mmmmm 10 ii 01 nnnnn ddddd" |b, f: Word| sm3_round(b, f, sm3::TT1B);
    sm3tt2a  "11001110010 mmmmm 10 ii 10 nnnnn ddddd" |b, f: Word| sm3_round(b, f, sm3::TT2A);
    sm3tt2b  "11001110010 mmmmm 10 ii 11 nnnnn ddddd" |b, f: Word| sm3_round(b, f, sm3::TT2B);
    sm3partw1 "11001110011 mmmmm 110000 nnnnn ddddd" |b, f: Word| called(b, f, helpers::SM3PARTW1);
    sm3partw2 "11001110011 mmmmm 110001 nnnnn ddddd" |b, f: Word| called(b, f, helpers::SM3PARTW2);
}

instructions! {
    /// SM4.
    pub SM4: cpu::SM4;
    sm4ekey "11001110011 mmmmm 110010 nnnnn ddddd" |b, f: Word| called(b, f, helpers::SM4EKEY);
    sm4e    "11001110110 00000 100001 nnnnn ddddd" |b, f: Word| called(b, f, helpers::SM4E);
}

/// AESE, AESD: the round key first.
fn aes_round(b: &mut Lower, f: Word, op: Op) {
    let (d, n) = (b.get(v(f.rd())), b.get(v(f.rn())));
    let keyed = b.xor(Ty::V128, d, n);
    let result = b.un(op, Ty::V128, keyed);
    b.put(v(f.rd()), result);
}

fn one(b: &mut Lower, f: Word, op: Op) {
    let n = b.get(v(f.rn()));
    let result = b.un(op, Ty::V128, n);
    b.put(v(f.rd()), result);
}

/// Vd and Vn.
fn two(b: &mut Lower, f: Word, op: Op) {
    let (d, n) = (b.get(v(f.rd())), b.get(v(f.rn())));
    let result = b.bin(op, Ty::V128, d, n);
    b.put(v(f.rd()), result);
}

/// Vd, Vn and Vm.
fn three(b: &mut Lower, f: Word, op: Op, imm: i64) {
    let (d, n, m) = (b.get(v(f.rd())), b.get(v(f.rn())), b.get(v(f.rm())));
    let result = b.op(op, Ty::V128, 0, [d, n, m], imm);
    b.put(v(f.rd()), result);
}

/// SHA256H, SHA256H2: four rounds, by twos; each yields one half of the state, from a and from e up. For two rounds the
/// words of both are interleaved, which the next instruction undoes again.
fn sha256_hash(b: &mut Lower, f: Word, second: bool) {
    let (d, n, m) = (b.get(v(f.rd())), b.get(v(f.rn())), b.get(v(f.rm())));
    let (abcd, efgh) = if second { (n, d) } else { (d, n) };
    let mut once = |op, lane, args, imm| b.emit_once(Inst { op, ty: Ty::V128, aux: lane as u8, args, imm });
    let mut swapped = |x| once(Op::VRev, Lane::S, [x, Val::NONE, Val::NONE], 8);
    let (badc, fehg) = (swapped(abcd), swapped(efgh));
    let feba = once(Op::VZip1, Lane::D, [fehg, badc, Val::NONE], 0);
    let hgdc = once(Op::VZip2, Lane::D, [fehg, badc, Val::NONE], 0);
    let middle = once(Op::Sha256Rounds2, Lane::B, [hgdc, feba, m], 0);
    let last = once(Op::Sha256Rounds2, Lane::B, [feba, middle, m], 1);
    let half = b.vbin(if second { Op::VZip1 } else { Op::VZip2 }, Lane::D, last, middle);
    let result = b.vimm(Op::VRev, Lane::S, half, 8);
    b.put(v(f.rd()), result);
}

/// A helper on Vd, Vn and Vm.
fn called(b: &mut Lower, f: Word, helper: HelperId) {
    call(b, f, helper, 0);
}

fn call(b: &mut Lower, f: Word, helper: HelperId, imm: i64) {
    let (d, n, m) = (b.get(v(f.rd())), b.get(v(f.rn())), b.get(v(f.rm())));
    let result = b.call_vec(helper, Ty::V128, [d, n, m], imm);
    b.put(v(f.rd()), result);
}

/// SHA1H: a word rotated left by 30.
fn fixed_rotate(b: &mut Lower, f: Word) {
    let n = float::get(b, Ty::F32, f.rn());
    let word = b.un(Op::Bitcast, Ty::I32, n);
    let rotated = b.bin_imm(Op::Ror, Ty::I32, word, 2);
    let result = b.un(Op::Bitcast, Ty::F32, rotated);
    float::set(b, Ty::F32, f.rd(), result);
}

fn exclusive_or_three(b: &mut Lower, f: Word) {
    let (n, m, a) = (b.get(v(f.rn())), b.get(v(f.rm())), b.get(v(f.ra())));
    let both = b.xor(Ty::V128, n, m);
    let result = b.xor(Ty::V128, both, a);
    b.put(v(f.rd()), result);
}

fn clear_and_exclusive_or(b: &mut Lower, f: Word) {
    let (n, m, a) = (b.get(v(f.rn())), b.get(v(f.rm())), b.get(v(f.ra())));
    let cleared = b.bin(Op::AndNot, Ty::V128, m, a);
    let result = b.xor(Ty::V128, n, cleared);
    b.put(v(f.rd()), result);
}

/// Double-words rotated right by `amount`, below 64.
pub(super) fn rotate_right(b: &mut Lower, value: Val, amount: i64) -> Val {
    if amount == 0 {
        return value;
    }
    let low = b.vimm(Op::VShrU, Lane::D, value, amount);
    let high = b.vimm(Op::VShl, Lane::D, value, 64 - amount);
    b.or(Ty::V128, low, high)
}

fn rotate_and_exclusive_or(b: &mut Lower, f: Word) {
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    let rotated = rotate_right(b, m, 63);
    let result = b.xor(Ty::V128, n, rotated);
    b.put(v(f.rd()), result);
}

fn exclusive_or_and_rotate(b: &mut Lower, f: Word) {
    let (n, m) = (b.get(v(f.rn())), b.get(v(f.rm())));
    let both = b.xor(Ty::V128, n, m);
    let result = rotate_right(b, both, f.imms() as i64);
    b.put(v(f.rd()), result);
}

fn sm3_sum(b: &mut Lower, f: Word) {
    let (n, m, a) = (b.get(v(f.rn())), b.get(v(f.rm())), b.get(v(f.ra())));
    let result = b.call_vec(helpers::SM3SS1, Ty::V128, [n, m, a], 0);
    b.put(v(f.rd()), result);
}

/// The constant says which round function, and which word of Vm.
fn sm3_round(b: &mut Lower, f: Word, which: i64) {
    call(b, f, helpers::SM3TT, which | f.bits(12, 2) as i64);
}
