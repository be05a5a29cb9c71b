//! Table: the vector instructions that ops map to, by lane where they come in widths.

use super::encode::{Vop, op, op3a, op38};
use ir::Lane;

/// An instruction for each lane width that the host has one for: b, h, s, d.
pub(crate) type ByLane = [Option<Vop>; 4];

const fn all(b: Vop, h: Vop, s: Vop, d: Vop) -> ByLane {
    [Some(b), Some(h), Some(s), Some(d)]
}

const fn upto_s(b: Vop, h: Vop, s: Vop) -> ByLane {
    [Some(b), Some(h), Some(s), None]
}

const fn upto_h(b: Vop, h: Vop) -> ByLane {
    [Some(b), Some(h), None, None]
}

/// `66 0F code`, commutative.
const fn com(code: u8) -> Vop {
    op(code).commutative()
}

/// `66 0F code`, commutative, without an EVEX form of the same meaning.
const fn mask(code: u8) -> Vop {
    com(code).no_evex()
}

/// The row for a lane, which the table must have.
pub(crate) const fn row(table: &ByLane, lane: Lane) -> Vop {
    match table[lane as usize] {
        Some(op) => op,
        None => panic!("the table has no such instruction"),
    }
}

/// `66 0F 38 code`, commutative.
const fn com38(code: u8) -> Vop {
    op38(code).commutative()
}

pub(crate) const PADD: ByLane = all(com(0xfc), com(0xfd), com(0xfe), com(0xd4).evex_w1());
pub(crate) const PSUB: ByLane = all(op(0xf8), op(0xf9), op(0xfa), op(0xfb).evex_w1());
pub(crate) const PMULL: ByLane = [None, Some(com(0xd5)), Some(com38(0x40)), None];
pub(crate) const PABS: ByLane = upto_s(op38(0x1c), op38(0x1d), op38(0x1e));
pub(crate) const PMINS: ByLane = upto_s(com38(0x38), com(0xea), com38(0x39));
pub(crate) const PMINU: ByLane = upto_s(com(0xda), com38(0x3a), com38(0x3b));
pub(crate) const PMAXS: ByLane = upto_s(com38(0x3c), com(0xee), com38(0x3d));
pub(crate) const PMAXU: ByLane = upto_s(com(0xde), com38(0x3e), com38(0x3f));
pub(crate) const PADDS: ByLane = upto_h(com(0xec), com(0xed));
pub(crate) const PADDUS: ByLane = upto_h(com(0xdc), com(0xdd));
pub(crate) const PSUBS: ByLane = upto_h(op(0xe8), op(0xe9));
pub(crate) const PSUBUS: ByLane = upto_h(op(0xd8), op(0xd9));
pub(crate) const PAVG: ByLane = upto_h(com(0xe0), com(0xe3));
/// Comparisons: their EVEX forms have a mask register as result.
pub(crate) const PCMPEQ: ByLane = all(mask(0x74), mask(0x75), mask(0x76), com38(0x29).no_evex());
pub(crate) const PCMPGT: ByLane = all(op(0x64).no_evex(), op(0x65).no_evex(), op(0x66).no_evex(), op38(0x37).no_evex());
pub(crate) const PUNPCKL: ByLane = all(op(0x60), op(0x61), op(0x62), op(0x6c).evex_w1());
pub(crate) const PUNPCKH: ByLane = all(op(0x68), op(0x69), op(0x6a), op(0x6d).evex_w1());
pub(crate) const PMOVSX: ByLane = upto_s(op38(0x20), op38(0x23), op38(0x25));
pub(crate) const PMOVZX: ByLane = upto_s(op38(0x30), op38(0x33), op38(0x35));
/// AVX2.
pub(crate) const PBROADCAST: ByLane = all(op38(0x78), op38(0x79), op38(0x58), op38(0x59).evex_w1());
/// Shifts by a constant: `psrl` is number 2 of the group, `psra` 4, `psll` 6; `psra` has no d.
pub(crate) const PSHIFT: ByLane = [None, Some(op(0x71)), Some(op(0x72)), Some(op(0x73).evex_w1())];
/// AVX-512: rotations are number 1 of the group of double-words, those of quad-words have W set.
pub(crate) const PROL: ByLane = [None, None, Some(op(0x72)), Some(op(0x72).wide())];
/// To an integer register or memory, with the lane as constant; 0F C5 has its operands the other way round.
pub(crate) const PEXTR: ByLane = all(op3a(0x14), op3a(0x15), op3a(0x16), op3a(0x16).wide());
/// AVX-512: moves that a mask register can be given to.
pub(crate) const MASKED_LOAD: ByLane =
    all(op(0x6f).prefix(3), op(0x6f).prefix(3).wide(), op(0x6f).prefix(2), op(0x6f).prefix(2).wide());
pub(crate) const MASKED_STORE: ByLane =
    all(op(0x7f).prefix(3), op(0x7f).prefix(3).wide(), op(0x7f).prefix(2), op(0x7f).prefix(2).wide());
/// A mask register of a general one's low 32 bits.
pub(crate) const KMOV: Vop = op(0x92).prefix(3);
pub(crate) const PINSR: ByLane = all(op3a(0x20), op(0xc4), op3a(0x22), op3a(0x22).wide());

/// Numbers of the shifts in their groups.
pub(crate) const SRL: u8 = 2;
pub(crate) const SRA: u8 = 4;
pub(crate) const SLL: u8 = 6;
pub(crate) const ROL: u8 = 1;

pub(crate) const PAND: Vop = com(0xdb);
/// The first operand is the one that is inverted.
pub(crate) const PANDN: Vop = op(0xdf);
pub(crate) const POR: Vop = com(0xeb);
pub(crate) const PXOR: Vop = com(0xef);
pub(crate) const PSHUFB: Vop = op38(0x00);
pub(crate) const PSHUFD: Vop = op(0x70);
pub(crate) const PSHUFLW: Vop = op(0x70).prefix(3);
pub(crate) const PSHUFHW: Vop = op(0x70).prefix(2);
pub(crate) const SHUFPS: Vop = op(0xc6).prefix(0);
pub(crate) const SHUFPD: Vop = op(0xc6).evex_w1();
pub(crate) const INSERTPS: Vop = op3a(0x21);
pub(crate) const PBLENDW: Vop = op3a(0x0e).no_evex();
/// AVX: with the register of the mask in the constant byte's upper half.
pub(crate) const VPBLENDVB: Vop = op3a(0x4c).no_evex();
pub(crate) const PALIGNR: Vop = op3a(0x0f);
pub(crate) const PACKSSWB: Vop = op(0x63);
pub(crate) const PACKSSDW: Vop = op(0x6b);
pub(crate) const PACKUSWB: Vop = op(0x67);
pub(crate) const PACKUSDW: Vop = op38(0x2b);
pub(crate) const PMULHW: Vop = com(0xe5);
pub(crate) const PMULHUW: Vop = com(0xe4);
pub(crate) const PMULHRSW: Vop = com38(0x0b);
pub(crate) const PMULUDQ: Vop = com(0xf4).evex_w1();
pub(crate) const PMULDQ: Vop = com38(0x28).evex_w1();
pub(crate) const PMADDWD: Vop = com(0xf5);
/// Unsigned bytes of the first operand by signed ones of the second.
pub(crate) const PMADDUBSW: Vop = op38(0x04);
pub(crate) const PSADBW: Vop = com(0xf6);
pub(crate) const PCLMULQDQ: Vop = op3a(0x44).evex_vaes();
/// The low half of its operand, twice.
pub(crate) const MOVDDUP: Vop = op(0x12).prefix(3).evex_w1().unit(8);
/// The low 64 bits; the rest becomes zero.
pub(crate) const MOVQ: Vop = op(0x7e).prefix(2).evex_w1();
/// From and to a general register.
pub(crate) const MOVD_FROM_GPR: Vop = op(0x6e);
pub(crate) const MOVD_TO_GPR: Vop = op(0x7e);
/// AVX2.
pub(crate) const VPSLLVD: Vop = op38(0x47);
pub(crate) const VPSRLVD: Vop = op38(0x45);
pub(crate) const VPSRAVD: Vop = op38(0x46);
/// AVX-512, in the EVEX form alone.
pub(crate) const VPSLLVW: Vop = op38(0x12).wide();
pub(crate) const VPSRLVW: Vop = op38(0x10).wide();
pub(crate) const VPSRAVW: Vop = op38(0x11).wide();

pub(crate) const AESENC: Vop = op38(0xdc).evex_vaes();
pub(crate) const AESENCLAST: Vop = op38(0xdd).evex_vaes();
pub(crate) const AESDEC: Vop = op38(0xde).evex_vaes();
pub(crate) const AESDECLAST: Vop = op38(0xdf).evex_vaes();
pub(crate) const AESIMC: Vop = op38(0xdb).no_evex();
/// The SHA instructions exist in the legacy form alone.
pub(crate) const SHA1RNDS4: Vop = op3a(0xcc).prefix(0);
pub(crate) const SHA256RNDS2: Vop = op38(0xcb).prefix(0);
pub(crate) const SHA256MSG1: Vop = op38(0xcc).prefix(0);
pub(crate) const SHA256MSG2: Vop = op38(0xcd).prefix(0);

/// Rows of the tables above for one lane.
pub(crate) const PCMPEQ_S: Vop = mask(0x76);
pub(crate) const PUNPCKL_D: Vop = op(0x6c).evex_w1();
pub(crate) const PEXTR_D: Vop = op3a(0x16).wide();
pub(crate) const PINSR_D: Vop = op3a(0x22).wide();
/// Whole registers, the low double, the low single: to the register, and with the code after it from it.
pub(crate) const MOVAPS: Vop = op(0x28).prefix(0).unit(16);
pub(crate) const MOVUPS: Vop = op(0x10).prefix(0).unit(16);
pub(crate) const MOVSD: Vop = op(0x10).prefix(3).evex_w1().unit(8);
pub(crate) const MOVSS: Vop = op(0x10).prefix(2).unit(4);
