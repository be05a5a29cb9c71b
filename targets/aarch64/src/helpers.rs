//! Table: the functions that lowering calls for what is rare. A row is a constant for the lowering, the
//! name in the IR's text form, and the function.

mod alternative_half;
pub mod complex;
pub mod estimate;
pub mod fp_round;
pub mod half;
pub mod narrow_products;
mod request;
pub mod simd_shift;
pub mod sm3;
mod sm4;

use ir::helper::HelperFn;
use ir::{Helper, HelperId};

pub use request::request;

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
    /// A random number; 0 where the host's source failed.
    RNDR "rndr" Int(crate::random::rndr);
    /// The time on a clock.
    CLOCK "clock" Int(target::vdso_clock::nanoseconds);
    /// Adds the code of an address to it (QARMA5): PACIA, AUTIA and their like.
    PAC "pac" Vec(crate::pauth::address);
    /// PACGA
    PACGA "pacga" Vec(crate::pauth::generic);
    /// Sums of lanes of unlike signs.
    VADD_MIXED "vadd_mixed" Vec(simd_shift::add_mixed);
    /// Rounding doubling products, accumulated.
    VRDM "vrdm" Vec(simd_shift::doubling_onto);
    /// FRINT32Z and its family.
    FRINT_RANGE "frint_range" Vec(fp_round::int_range);
    /// FJCVTZS: integer and flags.
    FJCVTZS "fjcvtzs" Vec(fp_round::javascript);
    /// FCVTXN
    FCVTXN "fcvtxn" Vec(fp_round::to_odd);
    /// Tells of denormal operands of a comparison.
    DENORMALS "denormals" Vec(fp_round::denormals);
    /// Halves of FPCR.AHP to singles or doubles.
    AHP_WIDEN "ahp_widen" Vec(alternative_half::widen);
    /// Singles or doubles to such halves.
    AHP_NARROW "ahp_narrow" Vec(alternative_half::narrow);
    /// FRECPE
    FRECPE "frecpe" Vec(estimate::frecpe);
    /// FRSQRTE
    FRSQRTE "frsqrte" Vec(estimate::frsqrte);
    /// FRECPX
    FRECPX "frecpx" Vec(estimate::frecpx);
    /// URECPE
    URECPE "urecpe" Vec(estimate::urecpe);
    /// URSQRTE
    URSQRTE "ursqrte" Vec(estimate::ursqrte);
    /// FMULX
    FMULX "fmulx" Vec(estimate::fmulx);
    /// FRECPS
    FRECPS "frecps" Vec(estimate::frecps);
    /// FRSQRTS
    FRSQRTS "frsqrts" Vec(estimate::frsqrts);
    /// SM3SS1
    SM3SS1 "sm3ss1" Vec(sm3::sum);
    /// SM3TT1A and its family.
    SM3TT "sm3tt" Vec(sm3::round);
    /// SM3PARTW1
    SM3PARTW1 "sm3partw1" Vec(sm3::expand1);
    /// SM3PARTW2
    SM3PARTW2 "sm3partw2" Vec(sm3::expand2);
    /// SM4E
    SM4E "sm4e" Vec(sm4::encrypt);
    /// SM4EKEY
    SM4EKEY "sm4ekey" Vec(sm4::expand_key);
    /// Arithmetic on halves.
    HALF "half" Vec(half::arithmetic);
    /// Halves to integers.
    HALF_TO_INT "half_to_int" Vec(half::to_int);
    /// Integers to halves.
    HALF_FROM_INT "half_from_int" Vec(half::from_int);
    /// FMLAL and its family.
    FMLAL "fmlal" Vec(narrow_products::halves_onto);
    /// BFMLALB, BFMLALT
    BFMLAL "bfmlal" Vec(narrow_products::bf16_onto);
    /// BFDOT
    BFDOT "bfdot" Vec(narrow_products::bf16_dot);
    /// BFMMLA
    BFMMLA "bfmmla" Vec(narrow_products::bf16_matrix);
    /// BFCVT, BFCVTN
    BFCVT "bfcvt" Vec(narrow_products::to_bf16);
    /// FCADD
    FCADD "fcadd" Vec(complex::add);
    /// FCMLA
    FCMLA "fcmla" Vec(complex::multiply_onto);
}
