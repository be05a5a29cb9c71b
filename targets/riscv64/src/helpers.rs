//! Table: the functions that lowering calls for what is rare. A row is a constant for the lowering, the
//! name in the IR's text form, and the function.

pub mod fixed;
pub mod float_lanes;
mod sm4;
mod vector;

use ir::fp::{self, Env, Format};
use ir::helper::{HelperFn, VecArgs};
use ir::{Helper, HelperId, NanRule, Round, Ty};

macro_rules! helpers {
    ($( #[doc = $about:literal] $konst:ident $name:literal $kind:ident($function:path); )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "counts the rows")]
        #[repr(u16)]
        enum Index { $($konst),* }
        $( #[doc = $about] pub const $konst: HelperId = HelperId(Index::$konst as u16); )*

        /// The helper table, by number.
        pub const TABLE: &[Helper] = &[$( Helper { name: $name, about: $about.trim_ascii(), function: HelperFn::$kind($function) } ),*];
    };
}

helpers! {
    /// a + b in a rounding mode of its own.
    ADD "soft.add" Vec(add);
    /// a - b
    SUB "soft.sub" Vec(sub);
    /// a * b
    MUL "soft.mul" Vec(mul);
    /// a / b
    DIV "soft.div" Vec(div);
    /// Square root.
    SQRT "soft.sqrt" Vec(sqrt);
    /// a * b + c
    MULADD "soft.muladd" Vec(mul_add);
    /// Between formats.
    CONVERT "soft.convert" Vec(convert);
    /// From an i64 (in an f64's bits).
    FROM_SIGNED "soft.from_signed" Vec(from_signed);
    /// From a u64 (in an f64's bits).
    FROM_UNSIGNED "soft.from_unsigned" Vec(from_unsigned);
    /// FCVTMOD.W.D; the result is the integer in an f64's bits.
    CVTMOD "fcvtmod" Vec(cvtmod);
    /// FCLASS of the register in the first operand.
    CLASS "fclass" Int(class);
    /// The time on a clock.
    CLOCK "clock" Int(target::vdso_clock::nanoseconds);
    /// What `vtype` becomes when this is written to it.
    VTYPE "vtype" Int(vector::vtype);
    /// Elements of a group of that type.
    VLMAX "vlmax" Int(vector::vlmax);
    /// How many of so many bytes at an address can be read.
    READABLE "readable" Int(vector::readable);
    /// Of the elements of so many bytes at an address of which bits are set, the number of the first that can't be read whole.
    UNREADABLE "unreadable" Int(vector::unreadable);
    /// Set bits before each element.
    IOTA "iota" Vec(vector::iota);
    /// Where the elements of a set bit each are.
    COMPRESS "compress" Vec(vector::compress);
    /// Fixed-point operations that round or saturate.
    FIXED "fixed" Vec(fixed::compute);
    /// Whether any of them saturates.
    SATURATES "saturates" Vec(fixed::saturates);
    /// Floating-point operations in a rounding mode or a format of which there is none packed.
    FLOAT_LANES "float.lanes" Vec(float_lanes::compute);
    /// SM4ED, but for its sum with rs1.
    SM4ED "sm4ed" Int(sm4::encrypt_byte);
    /// SM4KS, but for its sum with rs1.
    SM4KS "sm4ks" Int(sm4::expand_byte);
    /// VSM4R
    VSM4R "vsm4r" Vec(sm4::encrypt);
    /// VSM4K
    VSM4K "vsm4k" Vec(sm4::expand_key);
}

/// The constant a helper is called with: formats of operand and result, rounding.
pub const fn pack(from: Ty, to: Ty, round: Round) -> i64 {
    (from as i64) | (to as i64) << 8 | (round as i64) << 16
}

/// A call's operands cut to their format, and the environment to compute in.
struct Call {
    from: Format,
    to: Format,
    env: Env,
    v: [u64; 3],
}

fn unpack(args: &VecArgs) -> Call {
    let byte = |n: u32| (args.imm >> n) as u8;
    let (from, to) = (Format::of(Ty::from_u8(byte(0))), Format::of(Ty::from_u8(byte(8))));
    let env = Env::from_mxcsr(NanRule::Canonical, args.mxcsr).rounding(Round::from_u8(byte(16)));
    let mask = !0 >> (64 - from.bits());
    Call { from, to, env, v: args.v.map(|v| v as u64 & mask) }
}

fn finish(args: &mut VecArgs, call: Call, result: u64) {
    args.v[0] = result as u128;
    args.raised |= call.env.raised;
}

macro_rules! arithmetic {
    ($($name:ident($($i:literal),*);)*) => { $(
        extern "C" fn $name(args: &mut VecArgs) {
            let mut call = unpack(args);
            let result = fp::$name(&mut call.env, call.from, $(call.v[$i]),*);
            finish(args, call, result);
        }
    )* };
}

arithmetic! {
    add(0, 1);
    sub(0, 1);
    mul(0, 1);
    div(0, 1);
    sqrt(0);
    mul_add(0, 1, 2);
}

extern "C" fn convert(args: &mut VecArgs) {
    let mut call = unpack(args);
    let result = fp::convert(&mut call.env, call.from, call.to, call.v[0]);
    finish(args, call, result);
}

extern "C" fn from_signed(args: &mut VecArgs) {
    let mut call = unpack(args);
    let result = fp::from_i64(&mut call.env, call.to, call.v[0] as i64);
    finish(args, call, result);
}

extern "C" fn from_unsigned(args: &mut VecArgs) {
    let mut call = unpack(args);
    let result = fp::from_u64(&mut call.env, call.to, call.v[0]);
    finish(args, call, result);
}

/// Towards zero, modulo 2 to the power 32; the exceptions are those of FCVT.W.D (chapter Zfa).
extern "C" fn cvtmod(args: &mut VecArgs) {
    let bits = args.v[0] as u64;
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1075;
    let significand = bits & ((1 << 52) - 1) | 1 << 52;
    let magnitude = match exponent {
        // NaN, infinity, and what has no bit below 2 to the power 32.
        32.. => 0,
        0..32 => significand << exponent,
        -63..0 => significand >> -exponent,
        _ => 0,
    };
    let word = if bits >> 63 != 0 { magnitude.wrapping_neg() } else { magnitude } as i32;
    let mut env = Env::from_mxcsr(NanRule::Canonical, args.mxcsr).rounding(Round::Zero);
    fp::to_int(&mut env, Format::F64, bits, fp::IntWidth { bits: 32, signed: true }, fp::NanTo::Zero);
    args.raised |= env.raised;
    args.v[0] = word as i64 as u64 as u128;
}

/// One bit of ten says what kind of number it is (chapter F, Classify). The constant is the format's type.
extern "C" fn class(raw: u64, _: u64, _: u64, ty: u64) -> u64 {
    let format = Format::of(Ty::from_u8(ty as u8));
    let mask: u64 = !0 >> (64 - format.bits());
    let bits = if raw | mask == !0 { raw & mask } else { format.default_nan() };
    let negative = bits & format.sign_bit() != 0;
    let magnitude = bits & !format.sign_bit();
    let infinity = format.infinity(false);
    let quiet = format.default_nan() & !infinity;
    let smallest_normal = infinity & infinity.wrapping_neg();
    let class = match magnitude {
        m if m > infinity => return if m & quiet != 0 { 1 << 9 } else { 1 << 8 },
        m if m == infinity => 0,
        m if m >= smallest_normal => 1,
        m if m != 0 => 2,
        _ => 3,
    };
    1 << if negative { class } else { 7 - class }
}
