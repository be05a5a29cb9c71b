//! Pointer authentication, of all groups (Arm ARM D8.10): hints and branches (C4.1.93), loads (C4.1.94), data processing of one
//! source and of two (C4.1.95). Codes are QARMA5's; no oracle can tell what they are, as keys are random.

use ir::{Access, Icond, Mem, Op, SlotId, Term, Trap, Ty, Val};
use target::{Lower, instructions};

use super::branches::put_link;
use crate::fields::Word;
use crate::pauth::{MASK, UPPER};
use crate::regs::{reg, reg_sp, set_reg, set_reg_sp, untag};
use crate::state::{APDA, APDB, APGA, APIA, APIB, LR, SP, x};
use crate::{KEYS_OFF, cpu, helpers};

/// A key of addresses: its slot, and its number in [`KEYS_OFF`].
type Key = (SlotId, u32);
const IA: Key = (APIA, 0);
const IB: Key = (APIB, 1);
const DA: Key = (APDA, 2);
const DB: Key = (APDB, 3);

const X16: SlotId = x(16);
const X17: SlotId = x(17);

instructions! {
    /// Hints, which CPUs without pointer authentication take for NOPs.
    pub HINTS: cpu::BASE;
    xpaclri   "1101010100 0 00 011 0010 0000 111 11111" |b, _f: Word| xpaclri(b);
    pacia1716 "1101010100 0 00 011 0010 0001 000 11111" |b, _f: Word| hint_sign(b, IA, X17, Some(X16));
    pacib1716 "1101010100 0 00 011 0010 0001 010 11111" |b, _f: Word| hint_sign(b, IB, X17, Some(X16));
    autia1716 "1101010100 0 00 011 0010 0001 100 11111" |b, _f: Word| hint_authenticate(b, IA, X17, Some(X16));
    autib1716 "1101010100 0 00 011 0010 0001 110 11111" |b, _f: Word| hint_authenticate(b, IB, X17, Some(X16));
    hint_1716 "1101010100 0 00 011 0010 0001 pp1 11111" |_b, _f: Word| ();
    paciaz    "1101010100 0 00 011 0010 0011 000 11111" |b, _f: Word| hint_sign(b, IA, LR, None);
    paciasp   "1101010100 0 00 011 0010 0011 001 11111" |b, _f: Word| hint_sign(b, IA, LR, Some(SP));
    pacibz    "1101010100 0 00 011 0010 0011 010 11111" |b, _f: Word| hint_sign(b, IB, LR, None);
    pacibsp   "1101010100 0 00 011 0010 0011 011 11111" |b, _f: Word| hint_sign(b, IB, LR, Some(SP));
    autiaz    "1101010100 0 00 011 0010 0011 100 11111" |b, _f: Word| hint_authenticate(b, IA, LR, None);
    autiasp   "1101010100 0 00 011 0010 0011 101 11111" |b, _f: Word| hint_authenticate(b, IA, LR, Some(SP));
    autibz    "1101010100 0 00 011 0010 0011 110 11111" |b, _f: Word| hint_authenticate(b, IB, LR, None);
    autibsp   "1101010100 0 00 011 0010 0011 111 11111" |b, _f: Word| hint_authenticate(b, IB, LR, Some(SP));
}

instructions! {
    /// Branches to addresses that are authenticated.
    pub BRANCHES: cpu::PACA;
    braaz  "1101011 0000 11111 000010 nnnnn 11111" |b, f: Word| branch(b, f, IA, zero);
    brabz  "1101011 0000 11111 000011 nnnnn 11111" |b, f: Word| branch(b, f, IB, zero);
    braa   "1101011 1000 11111 000010 nnnnn mmmmm" |b, f: Word| branch(b, f, IA, modifier_m);
    brab   "1101011 1000 11111 000011 nnnnn mmmmm" |b, f: Word| branch(b, f, IB, modifier_m);
    blraaz "1101011 0001 11111 000010 nnnnn 11111" |b, f: Word| call(b, f, IA, zero);
    blrabz "1101011 0001 11111 000011 nnnnn 11111" |b, f: Word| call(b, f, IB, zero);
    blraa  "1101011 1001 11111 000010 nnnnn mmmmm" |b, f: Word| call(b, f, IA, modifier_m);
    blrab  "1101011 1001 11111 000011 nnnnn mmmmm" |b, f: Word| call(b, f, IB, modifier_m);
    retaa  "1101011 0010 11111 000010 11111 11111" |b, _f: Word| ret(b, IA);
    retab  "1101011 0010 11111 000011 11111 11111" |b, _f: Word| ret(b, IB);
}

instructions! {
    /// Loads by an address that is authenticated, with the modifier zero.
    pub LOADS: cpu::PACA;
    ldraa     "11 111 0 00 0 s 1 iiiiiiiii 0 1 nnnnn ttttt" |b, f: Word| load(b, f, DA);
    ldraa_pre "11 111 0 00 0 s 1 iiiiiiiii 1 1 nnnnn ttttt" |b, f: Word| load(b, f, DA);
    ldrab     "11 111 0 00 1 s 1 iiiiiiiii 0 1 nnnnn ttttt" |b, f: Word| load(b, f, DB);
    ldrab_pre "11 111 0 00 1 s 1 iiiiiiiii 1 1 nnnnn ttttt" |b, f: Word| load(b, f, DB);
}

instructions! {
    /// Data processing of one source.
    pub DATA: cpu::PACA;
    pacia  "1 1 0 11010110 00001 000000 nnnnn ddddd" |b, f: Word| register(b, f, IA, modifier_n, sign);
    pacib  "1 1 0 11010110 00001 000001 nnnnn ddddd" |b, f: Word| register(b, f, IB, modifier_n, sign);
    pacda  "1 1 0 11010110 00001 000010 nnnnn ddddd" |b, f: Word| register(b, f, DA, modifier_n, sign);
    pacdb  "1 1 0 11010110 00001 000011 nnnnn ddddd" |b, f: Word| register(b, f, DB, modifier_n, sign);
    autia  "1 1 0 11010110 00001 000100 nnnnn ddddd" |b, f: Word| register(b, f, IA, modifier_n, authenticate);
    autib  "1 1 0 11010110 00001 000101 nnnnn ddddd" |b, f: Word| register(b, f, IB, modifier_n, authenticate);
    autda  "1 1 0 11010110 00001 000110 nnnnn ddddd" |b, f: Word| register(b, f, DA, modifier_n, authenticate);
    autdb  "1 1 0 11010110 00001 000111 nnnnn ddddd" |b, f: Word| register(b, f, DB, modifier_n, authenticate);
    paciza "1 1 0 11010110 00001 001000 11111 ddddd" |b, f: Word| register(b, f, IA, zero, sign);
    pacizb "1 1 0 11010110 00001 001001 11111 ddddd" |b, f: Word| register(b, f, IB, zero, sign);
    pacdza "1 1 0 11010110 00001 001010 11111 ddddd" |b, f: Word| register(b, f, DA, zero, sign);
    pacdzb "1 1 0 11010110 00001 001011 11111 ddddd" |b, f: Word| register(b, f, DB, zero, sign);
    autiza "1 1 0 11010110 00001 001100 11111 ddddd" |b, f: Word| register(b, f, IA, zero, authenticate);
    autizb "1 1 0 11010110 00001 001101 11111 ddddd" |b, f: Word| register(b, f, IB, zero, authenticate);
    autdza "1 1 0 11010110 00001 001110 11111 ddddd" |b, f: Word| register(b, f, DA, zero, authenticate);
    autdzb "1 1 0 11010110 00001 001111 11111 ddddd" |b, f: Word| register(b, f, DB, zero, authenticate);
    xpaci  "1 1 0 11010110 00001 010000 11111 ddddd" |b, f: Word| xpac(b, f);
    xpacd  "1 1 0 11010110 00001 010001 11111 ddddd" |b, f: Word| xpac(b, f);
}

instructions! {
    /// The code of any data.
    pub GENERIC: cpu::PACG;
    pacga "1 0 0 11010110 mmmmm 001100 nnnnn ddddd" |b, f: Word| pacga(b, f);
}

/// Where the modifier is.
type Modifier = fn(&mut Lower, Word) -> Val;

fn zero(b: &mut Lower, _: Word) -> Val {
    b.i64(0)
}

fn modifier_n(b: &mut Lower, f: Word) -> Val {
    reg_sp(b, Ty::I64, f.rn())
}

/// Xm of branches, in the place of Rd.
fn modifier_m(b: &mut Lower, f: Word) -> Val {
    reg_sp(b, Ty::I64, f.rd())
}

/// AddPAC and Auth alike: with FEAT_PAuth2 both add the code to the address. A disabled key leaves it as it is.
fn sign(b: &mut Lower, (slot, number): Key, address: Val, modifier: Val) -> Val {
    if is_off(b, number) {
        return address;
    }
    let key = b.get(slot);
    b.call_vec(helpers::PAC, Ty::I64, [address, modifier, key], 0)
}

/// Auth, with its exception where the CPU has that: where a code is left.
fn authenticate(b: &mut Lower, key: Key, address: Val, modifier: Val) -> Val {
    let result = sign(b, key, address, modifier);
    if b.has(cpu::FPAC) && !is_off(b, key.1) {
        let stripped = strip(b, result);
        let failed = b.icmp(Icond::Ne, Ty::I64, stripped, result);
        let pc = b.pc;
        b.trap_if(failed, Trap::Authentication, pc);
    }
    result
}

fn is_off(b: &Lower, number: u32) -> bool {
    b.mode.0 >> (KEYS_OFF.0.trailing_zeros() + number) & 1 != 0
}

/// Strip: bits 54 to 48 become like bit 55, and where that is set the top byte too.
fn strip(b: &mut Lower, address: Val) -> Val {
    let up = b.bin_imm(Op::Shl, Ty::I64, address, 8);
    let half = b.bin_imm(Op::Sar, Ty::I64, up, 63);
    let upper = b.bin_imm(Op::And, Ty::I64, half, UPPER as i64);
    let low = b.bin_imm(Op::And, Ty::I64, address, !(MASK as i64));
    b.or(Ty::I64, low, upper)
}

fn xpaclri(b: &mut Lower) {
    if b.has(cpu::PACA) {
        let address = b.get(LR);
        let stripped = strip(b, address);
        b.put(LR, stripped);
    }
}

fn xpac(b: &mut Lower, f: Word) {
    let address = reg(b, Ty::I64, f.rd());
    let stripped = strip(b, address);
    set_reg(b, Ty::I64, f.rd(), stripped);
}

fn hint_sign(b: &mut Lower, key: Key, slot: SlotId, modifier: Option<SlotId>) {
    hint(b, key, slot, modifier, sign);
}

fn hint_authenticate(b: &mut Lower, key: Key, slot: SlotId, modifier: Option<SlotId>) {
    hint(b, key, slot, modifier, authenticate);
}

/// [`sign`] or [`authenticate`].
type Act = fn(&mut Lower, Key, Val, Val) -> Val;

/// `None`: the modifier zero.
fn hint(b: &mut Lower, key: Key, slot: SlotId, modifier: Option<SlotId>, act: Act) {
    if b.has(cpu::PACA) {
        let address = b.get(slot);
        let modifier = match modifier {
            Some(slot) => b.get(slot),
            None => b.i64(0),
        };
        let result = act(b, key, address, modifier);
        b.put(slot, result);
    }
}

fn register(b: &mut Lower, f: Word, key: Key, modifier: Modifier, act: Act) {
    let address = reg(b, Ty::I64, f.rd());
    let modifier = modifier(b, f);
    let result = act(b, key, address, modifier);
    set_reg(b, Ty::I64, f.rd(), result);
}

fn pacga(b: &mut Lower, f: Word) {
    let (data, modifier) = (reg(b, Ty::I64, f.rn()), reg_sp(b, Ty::I64, f.rm()));
    let key = b.get(APGA);
    let result = b.call_vec(helpers::PACGA, Ty::I64, [data, modifier, key], 0);
    set_reg(b, Ty::I64, f.rd(), result);
}

fn target(b: &mut Lower, f: Word, key: Key, modifier: Modifier) -> Val {
    let address = reg(b, Ty::I64, f.rn());
    let modifier = modifier(b, f);
    authenticate(b, key, address, modifier)
}

fn branch(b: &mut Lower, f: Word, key: Key, modifier: Modifier) {
    let target = target(b, f, key, modifier);
    b.end(Term::JumpIndirect { target });
}

fn call(b: &mut Lower, f: Word, key: Key, modifier: Modifier) {
    let target = target(b, f, key, modifier);
    let ret = put_link(b);
    b.end(Term::CallIndirect { target, ret });
}

fn ret(b: &mut Lower, key: Key) {
    let (address, modifier) = (b.get(LR), b.get(SP));
    let target = authenticate(b, key, address, modifier);
    b.end(Term::Return { target });
}

fn load(b: &mut Lower, f: Word, key: Key) {
    let offset = (f.sbits(22, 1) << 9 | i64::from(f.bits(12, 9))) << 3;
    let (address, modifier) = (reg_sp(b, Ty::I64, f.rn()), b.i64(0));
    let address = authenticate(b, key, address, modifier);
    let mem = untag(b, Mem::disp(address, offset));
    let value = b.load(Ty::I64, Access::B64, mem);
    if f.bit(11) {
        let new = b.bin_imm(Op::Add, Ty::I64, address, offset);
        set_reg_sp(b, Ty::I64, f.rn(), new);
    }
    set_reg(b, Ty::I64, f.rt(), value);
}
