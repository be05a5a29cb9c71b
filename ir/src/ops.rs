//! Table: the ops. One row is an op's name in the text form, its number of value operands, the type
//! of its result, its effect, and as documentation its meaning. Everything that enumerates ops (printer,
//! parser, verifier, passes, tests) derives from these rows.
//!
//! Notation: `ty` is the instruction's type, `aux` its parameter, `imm` its constant; `a b c` are
//! its operands. Integer ops work on 32 or 64 bits as `ty` says; vector ops on the lanes `aux` says.

use crate::types::Ty;

/// What an op does beside yielding its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing: it can be removed, repeated and moved.
    Pure,
    /// Reads a slot.
    Get,
    /// Writes a slot.
    Put,
    /// May raise a sticky floating-point exception: it can't be removed.
    Fp,
    /// Reads guest memory and may fault.
    Load,
    /// Writes guest memory and may fault; atomics too.
    Store,
    /// Orders memory accesses, reads a clock, marks an instruction or calls a helper: it stays where it is.
    Fixed,
    /// May leave the block.
    Exit,
}

impl Effect {
    /// Whether the guest's state must be exact here: a fault or an exit may show it.
    pub const fn observes_state(self) -> bool {
        matches!(self, Effect::Load | Effect::Store | Effect::Exit)
    }

    /// Whether an op with this effect can go when its value is unused.
    pub const fn is_removable(self) -> bool {
        matches!(self, Effect::Pure | Effect::Get)
    }
}

/// The type of an op's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultTy {
    /// The instruction's type.
    Same,
    /// Always this one; the instruction's type then is that of the operands.
    Is(Ty),
}

/// An op's row.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name in the text form.
    pub name: &'static str,
    /// Number of value operands at the most; trailing ones of memory ops and calls may be absent.
    pub args: u8,
    /// The result's type.
    pub result: ResultTy,
    /// What it does.
    pub effect: Effect,
    /// Which enum `aux` belongs to, for the text form.
    pub aux: Aux,
}

/// What an instruction's `aux` byte encodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each names the enum of `types` it encodes")]
pub enum Aux {
    None,
    Lane,
    Icond,
    Cond,
    FCond,
    Round,
    Access,
    RmwOp,
    CallArgs,
    Ty,
    Near,
    Trap,
}

macro_rules! result_ty {
    (same) => {
        ResultTy::Same
    };
    ($ty:ident) => {
        ResultTy::Is(Ty::$ty)
    };
}

macro_rules! ops {
    ($( $(#[$meta:meta])* $variant:ident $name:literal $args:literal $result:ident $effect:ident $aux:ident; )*) => {
        /// What an instruction does; see the table's rows.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Op { $( $(#[$meta])* $variant ),* }

        impl Op {
            /// Every op.
            pub const ALL: &'static [Op] = &[$(Op::$variant),*];

            const INFO: &'static [OpInfo] = &[$( OpInfo {
                name: $name, args: $args, result: result_ty!($result), effect: Effect::$effect, aux: Aux::$aux,
            } ),*];
        }
    };
}

impl Op {
    /// The op's row.
    #[inline]
    pub const fn info(self) -> &'static OpInfo {
        &Self::INFO[self as usize]
    }
}

ops! {
    // ---- constants, slots, markers
    /// `imm`, truncated to `ty`.
    Const "const" 0 same Pure None;
    /// `imm`, an address in the guest's code or data that moves with the program: relocatable.
    Addr "addr" 0 I64 Pure None;
    /// Both 64-bit halves are `imm`.
    VConst "vconst" 0 V128 Pure None;
    /// The value of slot `imm`; a vector slot read as `f32` or `f64` yields its low lane.
    Get "get" 0 same Get None;
    /// Slot `imm` becomes `a`, of the slot's type.
    Put "put" 1 None Put None;
    /// A guest instruction begins, at address `imm`.
    Insn "insn" 0 None Fixed None;

    // ---- integers
    /// a + b
    Add "add" 2 same Pure None;
    /// a - b
    Sub "sub" 2 same Pure None;
    /// a * b, low half
    Mul "mul" 2 same Pure None;
    /// High half of the unsigned product (i64).
    MulHU "mulhu" 2 same Pure None;
    /// High half of the signed product (i64).
    MulHS "mulhs" 2 same Pure None;
    /// High half of the product of signed a and unsigned b (i64).
    MulHSU "mulhsu" 2 same Pure None;
    /// a / b, unsigned; 0 where b is 0.
    UDiv "udiv" 2 same Pure None;
    /// a / b, signed, towards zero; 0 where b is 0, the minimum where it overflows.
    SDiv "sdiv" 2 same Pure None;
    /// a mod b, unsigned; a where b is 0.
    URem "urem" 2 same Pure None;
    /// a mod b with the sign of a; a where b is 0, 0 where the quotient overflows.
    SRem "srem" 2 same Pure None;
    /// a & b; also v128.
    And "and" 2 same Pure None;
    /// a | b; also v128.
    Or "or" 2 same Pure None;
    /// a ^ b; also v128.
    Xor "xor" 2 same Pure None;
    /// a & !b; also v128.
    AndNot "andnot" 2 same Pure None;
    /// !a; also v128.
    Not "not" 1 same Pure None;
    /// -a
    Neg "neg" 1 same Pure None;
    /// a << (b mod width); b has the same type.
    Shl "shl" 2 same Pure None;
    /// a >> (b mod width), zeros in.
    Shr "shr" 2 same Pure None;
    /// a >> (b mod width), sign in.
    Sar "sar" 2 same Pure None;
    /// a rotated right by b mod width.
    Ror "ror" 2 same Pure None;
    /// Leading zeros; the width for 0.
    Clz "clz" 1 same Pure None;
    /// Trailing zeros; the width for 0.
    Ctz "ctz" 1 same Pure None;
    /// Number of set bits.
    Popcnt "popcnt" 1 same Pure None;
    /// Bytes reversed.
    Bswap "bswap" 1 same Pure None;
    /// Bits reversed.
    Rbit "rbit" 1 same Pure None;
    /// Low byte, zero-extended within `ty`.
    Ext8U "ext8u" 1 same Pure None;
    /// Low byte, sign-extended within `ty`.
    Ext8S "ext8s" 1 same Pure None;
    /// Low 16 bits, zero-extended within `ty`.
    Ext16U "ext16u" 1 same Pure None;
    /// Low 16 bits, sign-extended within `ty`.
    Ext16S "ext16s" 1 same Pure None;
    /// i32 to i64, zero-extended.
    Zext32 "zext32" 1 I64 Pure None;
    /// i32 to i64, sign-extended.
    Sext32 "sext32" 1 I64 Pure None;
    /// i64 to i32: the low half.
    Trunc "trunc" 1 I32 Pure None;
    /// Carry-less product, low half (i64).
    ClmulLo "clmul.lo" 2 same Pure None;
    /// Carry-less product, high half (i64).
    ClmulHi "clmul.hi" 2 same Pure None;
    /// CRC-32C (Castagnoli) of the i32 sum a over the low bytes of b, i64; `aux` says how many. No final inversion.
    Crc32c "crc32c" 2 I32 Pure Access;
    /// 1 where `a aux b`, else 0; the operands are of type `ty`.
    Icmp "icmp" 2 I32 Pure Icond;
    /// b where the i32 a is not 0, else c; `ty` is any type but flags.
    Select "select" 3 same Pure None;

    // ---- flags (Arm ARM, AddWithCarry); `ty` is that of the operands
    /// Flags of a + b.
    AddF "addf" 2 Flags Pure None;
    /// Flags of a - b.
    SubF "subf" 2 Flags Pure None;
    /// a + b + C of flags c.
    Adc "adc" 3 same Pure None;
    /// a - b - 1 + C of flags c.
    Sbc "sbc" 3 same Pure None;
    /// Flags of a + b + C of flags c.
    AdcF "adcf" 3 Flags Pure None;
    /// Flags of a - b - 1 + C of flags c.
    SbcF "sbcf" 3 Flags Pure None;
    /// N and Z of a; C and V clear.
    LogicF "logicf" 1 Flags Pure None;
    /// Flags of b - c where the i32 a is not 0, else those in bits 31 to 28 of `imm`.
    CcmpF "ccmpf" 3 Flags Pure None;
    /// Flags of b + c where the i32 a is not 0, else those in bits 31 to 28 of `imm`.
    CcmnF "ccmnf" 3 Flags Pure None;
    /// Flags of a floating-point comparison (Arm ARM, FPCompare); `imm` 1: quiet NaNs are invalid too.
    FcmpF "fcmpf" 2 Flags Fp None;
    /// Flags from bits 31 to 28 of an i32.
    FromNzcv "from_nzcv" 1 Flags Pure None;
    /// The flags in bits 31 to 28.
    ToNzcv "to_nzcv" 1 I32 Pure None;
    /// 1 where the condition holds for flags a, else 0.
    Cond "cond" 1 I32 Pure Cond;

    // ---- floating point, scalar (`ty` f32 or f64); NaNs by the block's rule
    /// a + b
    FAdd "fadd" 2 same Fp None;
    /// a - b
    FSub "fsub" 2 same Fp None;
    /// a * b
    FMul "fmul" 2 same Fp None;
    /// a / b
    FDiv "fdiv" 2 same Fp None;
    /// Square root.
    FSqrt "fsqrt" 1 same Fp None;
    /// a * b + c, rounded once.
    FMulAdd "fmuladd" 3 same Fp None;
    /// Minimum, -0 < +0; a NaN operand makes a NaN (Arm FMIN).
    FMin "fmin" 2 same Fp None;
    /// Maximum, -0 < +0; a NaN operand makes a NaN (Arm FMAX).
    FMax "fmax" 2 same Fp None;
    /// Minimum, -0 < +0; a quiet NaN loses against a number, a signalling one makes a NaN (Arm FMINNM).
    /// `imm` 1: any NaN loses against a number, signalling ones raise invalid (RISC-V FMIN).
    FMinNum "fminnum" 2 same Fp None;
    /// Maximum, likewise.
    FMaxNum "fmaxnum" 2 same Fp None;
    /// Sign flipped, NaNs too.
    FNeg "fneg" 1 same Pure None;
    /// Sign cleared, NaNs too.
    FAbs "fabs" 1 same Pure None;
    /// To an integral value in rounding `aux`; `imm` 1: inexact is raised.
    FRound "fround" 1 same Fp Round;
    /// Between f16, f32 and f64: from type `aux` to `ty`.
    FCvt "fcvt" 1 same Fp Ty;
    /// f32 or f64 to signed integer `ty`, rounding `aux`, saturating with invalid; a NaN gives 0, or the maximum where `imm` is 1.
    FToS "ftos" 1 same Fp Round;
    /// f32 or f64 to unsigned integer `ty`, likewise.
    FToU "ftou" 1 same Fp Round;
    /// Signed integer to f32 or f64 `ty`, rounding `aux`.
    SToF "stof" 1 same Fp Round;
    /// Unsigned integer to f32 or f64 `ty`, rounding `aux`.
    UToF "utof" 1 same Fp Round;
    /// 1 where `a aux b`, else 0; the operands are of type `ty`.
    FCmp "fcmp" 2 I32 Fp FCond;
    /// Same bits, other class: i32 and f32, i64 and f64.
    Bitcast "bitcast" 1 same Pure None;
    /// The narrow value a (f16, f32; `ty`) in the low bits of 64, the bits above all ones (RISC-V D, NaN boxing).
    FBox "fbox" 1 F64 Pure None;
    /// The narrow value (f16, f32; `ty`) in the low bits of the f64 a where the bits above are all ones, else its canonical NaN.
    FUnbox "funbox" 1 same Pure None;
    /// f32 or f64 to v128: the rest is zero.
    VZext "vzext" 1 V128 Pure None;
    /// The low lane of a v128 as f32 or f64.
    VLow "vlow" 1 same Pure None;
    /// The sticky exceptions, as MXCSR's low six bits (IE DE ZE OE UE PE from bit 0).
    GetFpFlags "get_fpflags" 0 I32 Fixed None;
    /// Sets the sticky exceptions to the low six bits of a.
    SetFpFlags "set_fpflags" 1 None Fixed None;

    // ---- vectors: integer lanes
    /// a + b
    VAdd "vadd" 2 V128 Pure Lane;
    /// a - b
    VSub "vsub" 2 V128 Pure Lane;
    /// a * b, low half (b, h, s)
    VMul "vmul" 2 V128 Pure Lane;
    /// -a
    VNeg "vneg" 1 V128 Pure Lane;
    /// |a|, the minimum staying what it is
    VAbs "vabs" 1 V128 Pure Lane;
    /// Signed minimum.
    VMinS "vmins" 2 V128 Pure Lane;
    /// Unsigned minimum.
    VMinU "vminu" 2 V128 Pure Lane;
    /// Signed maximum.
    VMaxS "vmaxs" 2 V128 Pure Lane;
    /// Unsigned maximum.
    VMaxU "vmaxu" 2 V128 Pure Lane;
    /// a + b, signed saturating.
    VQAddS "vqadds" 2 V128 Pure Lane;
    /// a + b, unsigned saturating.
    VQAddU "vqaddu" 2 V128 Pure Lane;
    /// a - b, signed saturating.
    VQSubS "vqsubs" 2 V128 Pure Lane;
    /// a - b, unsigned saturating.
    VQSubU "vqsubu" 2 V128 Pure Lane;
    /// (a + b + 1) >> 1 without overflow, unsigned (b, h).
    VAvgU "vavgu" 2 V128 Pure Lane;
    /// All ones where a = b, else zeros.
    VCmpEq "vcmpeq" 2 V128 Pure Lane;
    /// All ones where a > b, signed.
    VCmpGtS "vcmpgts" 2 V128 Pure Lane;
    /// All ones where a > b, unsigned.
    VCmpGtU "vcmpgtu" 2 V128 Pure Lane;
    /// a << imm, imm below the lane's width.
    VShl "vshl" 1 V128 Pure Lane;
    /// a >> imm, zeros in; imm up to the lane's width.
    VShrU "vshru" 1 V128 Pure Lane;
    /// a >> imm, sign in; imm up to the lane's width.
    VShrS "vshrs" 1 V128 Pure Lane;
    /// a rotated left by imm, 0 < imm < the lane's width (h, s, d).
    VRol "vrol" 1 V128 Pure Lane;
    /// a << the low byte of b's lane, signed; right with zeros in where negative (Arm USHL).
    VShlVarU "vshlvaru" 2 V128 Pure Lane;
    /// a << the low byte of b's lane, signed; right with sign in where negative (Arm SSHL).
    VShlVarS "vshlvars" 2 V128 Pure Lane;
    /// Low lanes of a and b, in turns (Arm ZIP1).
    VZip1 "vzip1" 2 V128 Pure Lane;
    /// High lanes of a and b, in turns (Arm ZIP2).
    VZip2 "vzip2" 2 V128 Pure Lane;
    /// Even lanes of a, then of b (Arm UZP1).
    VUzp1 "vuzp1" 2 V128 Pure Lane;
    /// Odd lanes of a, then of b (Arm UZP2).
    VUzp2 "vuzp2" 2 V128 Pure Lane;
    /// Even lanes of a and b, in turns (Arm TRN1).
    VTrn1 "vtrn1" 2 V128 Pure Lane;
    /// Odd lanes of a and b, in turns (Arm TRN2).
    VTrn2 "vtrn2" 2 V128 Pure Lane;
    /// Bytes imm to imm + 15 of b:a, a the low half; imm up to 16 (Arm EXT).
    VExt "vext" 2 V128 Pure None;
    /// Lanes reversed within containers of imm bytes.
    VRev "vrev" 1 V128 Pure Lane;
    /// Byte b[i] of a, 0 where b[i] > 15.
    VTbl "vtbl" 2 V128 Pure None;
    /// Every lane is the low bits of integer a (type `ty`).
    VSplat "vsplat" 1 V128 Pure Lane;
    /// Every lane is lane imm of a.
    VDup "vdup" 1 V128 Pure Lane;
    /// a with lane imm set to the low bits of integer b.
    VInsert "vinsert" 2 V128 Pure Lane;
    /// a with lane imm & 15 set to lane imm >> 8 of b.
    VInsLane "vinslane" 2 V128 Pure Lane;
    /// Lane imm, zero-extended to integer `ty`.
    VExtractU "vextractu" 1 same Pure Lane;
    /// Lane imm, sign-extended to integer `ty`.
    VExtractS "vextracts" 1 same Pure Lane;
    /// Low lanes (of width `aux`), sign-extended to twice the width.
    VExtLoS "vextlos" 1 V128 Pure Lane;
    /// Low lanes, zero-extended to twice the width.
    VExtLoU "vextlou" 1 V128 Pure Lane;
    /// High lanes, sign-extended to twice the width.
    VExtHiS "vexthis" 1 V128 Pure Lane;
    /// High lanes, zero-extended to twice the width.
    VExtHiU "vexthiu" 1 V128 Pure Lane;
    /// Lanes of width `aux` (h, s, d) cut to half, in the low 64 bits; the rest is zero.
    VNarrow "vnarrow" 1 V128 Pure Lane;
    /// The same, signed to signed, saturating.
    VNarrowSS "vnarrowss" 1 V128 Pure Lane;
    /// The same, signed to unsigned, saturating.
    VNarrowSU "vnarrowsu" 1 V128 Pure Lane;
    /// The same, unsigned to unsigned, saturating.
    VNarrowUU "vnarrowuu" 1 V128 Pure Lane;
    /// Signed products of the low lanes (b, h, s), twice as wide; `imm` 1: of the even ones (s).
    VMulLoS "vmullos" 2 V128 Pure Lane;
    /// Unsigned products of the low lanes, twice as wide; `imm` likewise.
    VMulLoU "vmullou" 2 V128 Pure Lane;
    /// Signed products of the high lanes, twice as wide.
    VMulHiS "vmulhis" 2 V128 Pure Lane;
    /// Unsigned products of the high lanes, twice as wide.
    VMulHiU "vmulhiu" 2 V128 Pure Lane;
    /// High halves of the doubled signed products, saturating; `imm` 1: rounded (h, s; Arm SQDMULH, SQRDMULH).
    VQDMulH "vqdmulh" 2 V128 Pure Lane;
    /// Carry-less products of bytes, low half (Arm PMUL).
    VPmul "vpmul" 2 V128 Pure None;
    /// Carry-less products of the low lanes (b, d), twice as wide (Arm PMULL).
    VPmullLo "vpmull.lo" 2 V128 Pure Lane;
    /// Carry-less products of the high lanes (b, d), twice as wide (Arm PMULL2).
    VPmullHi "vpmull.hi" 2 V128 Pure Lane;
    /// Set bits of each lane (b).
    VCnt "vcnt" 1 V128 Pure Lane;
    /// Leading zeros of each lane (b, h, s).
    VClz "vclz" 1 V128 Pure Lane;
    /// Bits of each byte reversed.
    VRbit "vrbit" 1 V128 Pure None;
    /// Sum of all lanes in the low lane, cut to its width; the rest is zero (b, h, s).
    VAddAcross "vaddacross" 1 V128 Pure Lane;
    /// Sums of neighbouring lanes, signed, twice as wide (b, h, s; Arm SADDLP).
    VAddPairS "vaddpairs" 1 V128 Pure Lane;
    /// Sums of neighbouring lanes, unsigned, twice as wide (b, h, s; Arm UADDLP).
    VAddPairU "vaddpairu" 1 V128 Pure Lane;

    // ---- vectors: floating-point lanes (s, d); NaNs by the block's rule
    /// a + b
    VFAdd "vfadd" 2 V128 Fp Lane;
    /// a - b
    VFSub "vfsub" 2 V128 Fp Lane;
    /// a * b
    VFMul "vfmul" 2 V128 Fp Lane;
    /// a / b
    VFDiv "vfdiv" 2 V128 Fp Lane;
    /// Square root.
    VFSqrt "vfsqrt" 1 V128 Fp Lane;
    /// a * b + c, rounded once.
    VFMulAdd "vfmuladd" 3 V128 Fp Lane;
    /// As `fmin`.
    VFMin "vfmin" 2 V128 Fp Lane;
    /// As `fmax`.
    VFMax "vfmax" 2 V128 Fp Lane;
    /// As `fminnum`.
    VFMinNum "vfminnum" 2 V128 Fp Lane;
    /// As `fmaxnum`.
    VFMaxNum "vfmaxnum" 2 V128 Fp Lane;
    /// Sign flipped.
    VFNeg "vfneg" 1 V128 Pure Lane;
    /// Sign cleared.
    VFAbs "vfabs" 1 V128 Pure Lane;
    /// All ones where a = b; quiet.
    VFCmpEq "vfcmpeq" 2 V128 Fp Lane;
    /// All ones where a >= b; a NaN is invalid.
    VFCmpGe "vfcmpge" 2 V128 Fp Lane;
    /// All ones where a > b; a NaN is invalid.
    VFCmpGt "vfcmpgt" 2 V128 Fp Lane;
    /// To integral values; `imm` is the [`Round`](crate::Round), plus 8 where inexact is raised.
    VFRound "vfround" 1 V128 Fp Lane;
    /// To signed integers of the lane's width, saturating, NaN to 0; `imm` is the [`Round`](crate::Round).
    VFToS "vftos" 1 V128 Fp Lane;
    /// To unsigned integers of the lane's width, likewise.
    VFToU "vftou" 1 V128 Fp Lane;
    /// From signed integers of the lane's width.
    VSToF "vstof" 1 V128 Fp Lane;
    /// From unsigned integers of the lane's width.
    VUToF "vutof" 1 V128 Fp Lane;
    /// Low lanes of the next narrower format, widened to lane `aux` (s from f16, d from f32).
    VFCvtUp "vfcvtup" 1 V128 Fp Lane;
    /// Lanes `aux` (s, d) narrowed to the low 64 bits (f16, f32); the rest is zero.
    VFCvtDown "vfcvtdown" 1 V128 Fp Lane;

    // ---- cryptography
    /// AES SubBytes after ShiftRows (FIPS 197).
    AesSub "aes.sub" 1 V128 Pure None;
    /// Their inverse.
    AesInvSub "aes.invsub" 1 V128 Pure None;
    /// AES MixColumns.
    AesMix "aes.mix" 1 V128 Pure None;
    /// AES InvMixColumns.
    AesInvMix "aes.invmix" 1 V128 Pure None;
    /// aes.mix of aes.sub of a, to which the round key b is added.
    AesRound "aes.round" 2 V128 Pure None;
    /// aes.invmix of aes.invsub of a, to which b is added.
    AesInvRound "aes.invround" 2 V128 Pure None;
    /// SHA1C, SHA1P, SHA1M for `imm` 0, 1, 2: a = Qd, b = Sn (low word), c = Vm (Arm ARM, SHA1hash).
    Sha1Hash "sha1.hash" 3 V128 Pure None;
    /// SHA1SU0: a = Vd, b = Vn, c = Vm.
    Sha1Su0 "sha1.su0" 3 V128 Pure None;
    /// SHA1SU1: a = Vd, b = Vn.
    Sha1Su1 "sha1.su1" 2 V128 Pure None;
    /// Two rounds of SHA-256 with words 0 and 1 of c (`imm` 0) or 2 and 3 (`imm` 1), the round constants added: from the
    /// lowest word up a = h g d c, b = f e b a, and so the result the new f e b a.
    Sha256Rounds2 "sha256.rounds2" 3 V128 Pure None;
    /// SHA256SU0: a = Vd, b = Vn.
    Sha256Su0 "sha256.su0" 2 V128 Pure None;
    /// SHA256SU1: a = Vd, b = Vn, c = Vm.
    Sha256Su1 "sha256.su1" 3 V128 Pure None;

    // ---- memory: base a, index b (absent: none) shifted left by the low two bits of `imm`, displacement the bits above
    /// Loads `aux`, extended to `ty`.
    Load "load" 2 same Load Access;
    /// Stores the low bytes of c.
    Store "store" 3 None Store Access;
    /// Lanes `aux` at address a whose bits in b are set, the lowest bit for the lowest lane; the others are those of c, and
    /// memory is not touched for them.
    LoadLanes "loadlanes" 3 V128 Load Lane;
    /// Stores the lanes of c whose bits in b are set; other memory is not touched.
    StoreLanes "storelanes" 3 None Store Lane;
    /// Memory there is brought as near as `aux` says; it never faults.
    Prefetch "prefetch" 2 None Fixed Near;
    /// Every access before it is seen before every access after it.
    Fence "fence" 0 None Fixed None;
    /// Atomic `aux` of memory at a with b; yields the old value, zero-extended to `ty`. `imm` is the [`Access`](crate::Access).
    Rmw "rmw" 2 same Store RmwOp;
    /// Where memory at a holds b it becomes c, atomically; yields the old value, zero-extended to `ty` (v128: 16-byte aligned, else it faults).
    Cas "cas" 3 same Store Access;

    // ---- the rest
    /// Faults, as a misaligned access of 16 bytes does, where the address a is not a multiple of `imm` & 0xff (a power
    /// of two); with [`WITHIN_16`] only where so many bytes do not lie within 16 aligned ones.
    Aligned "aligned" 1 None Load None;

    /// A counter that runs at the rate of the host's TSC.
    Cycles "cycles" 0 I64 Fixed None;
    /// A hint that this is a spin loop.
    Pause "pause" 0 None Fixed None;
    /// Calls helper `imm` & 0xffff with the operands and the constant `imm` >> 16, signed.
    Call "call" 3 same Fixed CallArgs;
    /// Leaves the block for the guest address `imm` where the i32 a is not 0.
    ExitIf "exit_if" 1 None Exit None;
    /// Ends with the trap `aux` of the guest instruction at address `imm` where the i32 a is not 0.
    TrapIf "trap_if" 1 None Exit Trap;
}

// `aux` and `op` are bytes of an instruction.
const _: () = assert!(Op::ALL.len() <= 256);

/// In the constant of [`Op::Aligned`]: it is enough that the bytes do not cross a multiple of 16.
pub const WITHIN_16: i64 = 0x100;
